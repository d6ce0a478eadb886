"""A source text to the definitions of one of its functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial

from jacobian_cli.syntax.code import Places, parsed
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.function.body import Function
from jacobian_cli.syntax.function.expressions import Names
from jacobian_cli.syntax.function.module import CONSTANTS, Module
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import normal_name
from jacobian_cli.syntax.tokens import too_deep, want_shallow
from jacobian_cli.syntax.tree import Definition, LeftOut, Name, parts_of

MAX_SOURCE = 400_000


def read_source(
    text: str,
    function: str | None = None,
    *,
    functions: Collection[str] = (),
    file: str | None = None,
    given: frozenset[str] = frozenset(),
) -> list[Definition]:
    """The definitions that a function in a source text makes; the last one is its value. Parameters that are `given`
    are variables, whatever their defaults.

    Raises `InputError`, with line and caret, for what cannot be read, and where it is not clear which one is meant.
    """
    try:
        *before, last = _read(text, function, frozenset(functions), given)
    except RecursionError:
        raise too_deep(text) from None
    except InputError as error:
        raise _located(error, text, file) from None
    if last.left_out is None:
        return [*before, last]
    again = partial(_again, text, function, frozenset(functions), file)
    return [*before, replace(last, left_out=last.left_out._replace(again=again))]


def _again(
    text: str, function: str | None, functions: frozenset[str], file: str | None, given: frozenset[str]
) -> list[Definition]:
    return read_source(text, function, functions=functions, file=file, given=given)


def read(text: str, known: Known, notation: str = "function", guessed: bool = False) -> list[Definition]:
    """The definitions of a function that was typed as a formula."""
    del notation, guessed
    return read_source(text, functions=frozenset(known.functions), given=frozenset(known.names))


def _located(error: InputError, text: str, file: str | None) -> InputError:
    if error.span is None or error.text is not text or ("\n" not in text and file is None):
        return error
    return error.in_text(text, file, text.count("\n", 0, error.span.start) + 1)


def _read(text: str, function: str | None, functions: frozenset[str], given: frozenset[str]) -> list[Definition]:
    if len(text) > MAX_SOURCE:
        raise InputError(f"the source has {len(text):,} characters; at most {MAX_SOURCE:,} are read")
    source = text.removeprefix("\ufeff")
    shift = len(text) - len(source)
    tree = parsed(source, text, shift)
    module = Module(text, Places(source, shift), functions, given=given)
    for statement in tree.body:
        module.take(statement)
    module.names.globals_in(tree)
    chosen = module.chosen(function)
    reader = Names(module)
    value = Function(reader, {}, depth=0, prefix="", owner=module.owner(chosen)).applied_to_names(chosen)
    for star in module.stars:
        if not module.packs[star]:
            raise module.refuse(chosen, "*args and **kwargs cannot be read", "name each parameter")
    defined = {definition.name for definition in module.definitions if not definition.default}
    orders = tuple((name, order) for name, order in module.orders.items() if name not in defined)
    settled = frozenset(name for name, _ in orders)
    doubts = (*reader.doubts, *(doubt for name, doubt in module.unnamed.items() if name not in module.packs))
    last = Definition(None, value, text, doubts, "function", orders=orders, settled=settled, own=frozenset(module.own))
    if module.left_out:
        last = replace(last, left_out=LeftOut(frozenset(module.left_out), _never))
    result = [*module.definitions, last]
    for definition in result:
        want_shallow(definition.value, text)
        _want_one_meaning(definition, module.own)
        _want_parts(definition, module.packs)
    return _used(result)


def _want_one_meaning(definition: Definition, own: Collection[str]) -> None:
    """Refuse a parameter called pi beside the number: what stands for the parameter has its name in the source."""
    for name in definition.names if own else ():
        written = definition.source[name.span.start : name.span.stop]
        if name.text in own and name.text in CONSTANTS and normal_name(written) != name.text:
            message = f"{name.text} is a parameter of the function, and a number here"
            raise InputError(message, text=definition.source, span=name.span, hint="give the parameter another name")


def _want_parts(definition: Definition, packs: Mapping[str, Mapping[str | int, str]]) -> None:
    """Refuse what holds several arrays where it stands as a value itself."""
    for name in definition.names if packs else ():
        if name.text in packs:
            held = ", ".join(packs[name.text].values())
            message = f"{name.text} holds {held or 'several values'} here, and stands for a value"
            raise InputError(message, text=definition.source, span=name.span, hint="name each parameter")


def _never(given: frozenset[str]) -> list[Definition]:
    raise AssertionError(given)


def _used(definitions: list[Definition]) -> list[Definition]:
    """Only what the value needs."""
    needed: set[str] = set()
    kept: list[Definition] = []
    for definition in reversed(definitions):
        if definition.name is None or definition.name in needed:
            kept.append(definition)
            stack = [definition.value]
            while stack:
                term = stack.pop()
                if isinstance(term, Name):
                    needed.add(term.text)
                stack.extend(parts_of(term))
    return kept[::-1]
