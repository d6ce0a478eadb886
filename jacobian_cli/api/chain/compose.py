"""f∘g: formulas without names, outermost first, as the definitions that they stand for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import count

from jacobian_cli.elaborate.builder import CONSTANTS
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.tree import Call, Definition, Name


def composed(statements: Sequence[Definition], known: Collection[str]) -> tuple[list[Definition], str]:
    """The statements as definitions, innermost first, and how they were read.

    Definitions (`z = W@x + b`) are left alone; so is one bare formula behind them, the output. Two or more bare
    formulas, or one in front of definitions, are a composition, outermost first: each uses the value of the next by
    the one name in it that means nothing else (`known` names do), or is the bare name of a function.

    Raises `InputError` where that name is not to be told.
    """
    bare = [s for s in statements if s.name is None]
    if not bare or (len(bare) == 1 and statements[-1] is bare[0]):
        return list(statements), ""
    named = {s.name for s in statements if s.name}
    taken = {*named, *known, *(name for s in statements for name in names_in(s.value))}
    inner: list[Definition] = []
    read: list[str] = []
    name: str | None = None  # that of the stage being read
    for k, stage in enumerate(statements):
        if stage.name is not None:
            inner.append(stage)
            if name is not None and name != stage.name:
                raise _unclear(statements[k - 1], [name], f"the next stage is called {stage.name}")
            name = None
            continue
        following = next((s for s in statements[k + 1 :]), None)
        if following is None:
            inner.append(_named(name, stage))
            break
        if following.name is not None:  # it is used by its own name
            if not named & set(names_in(stage.value)):
                raise InputError(
                    "this formula uses none of the definitions behind it",
                    text=stage.source,
                    hint="the output is the last formula, or the first where it is the only one without a name",
                )
            inner.append(_named(name, stage))
            name = None
            continue
        later = {n for s in statements[k + 1 :] for n in names_in(s.value)}
        outer, placeholder = _placeholder(stage, following, {*known, *named, *later}, taken)
        taken.add(placeholder)
        inner.append(_named(name, outer))
        read.append(f"{placeholder} = {following.source.strip()}")
        name = placeholder
    first, *rest = inner
    said = f"read as f∘g, outermost first: {'; '.join(read)}" if read else "read outermost first"
    return [*rest[::-1], first], said


def _placeholder(
    stage: Definition, following: Definition, known: Collection[str], taken: Collection[str]
) -> tuple[Definition, str]:
    """The name by which a stage calls the value of the next one; a bare function is applied to it."""
    value = stage.value
    if isinstance(value, Name) and ALIASES.get(value.text, value.text) in FUNCTIONS:
        made = next(name for k in count() if (name := f"z{k or ''}") not in taken)
        call = Call(value.text, (Name(made, value.span),), (), value.span)
        return Definition(stage.name, call, f"{value.text}({made})"), made
    own = [name for name in names_in(value) if name[0] != "?"]  # which are those of shapes to settle
    free = [name for name in own if name not in known and name not in CONSTANTS]
    if len(free) != 1:
        raise _unclear(stage, free, following.source.strip())
    return stage, free[0]


def _unclear(stage: Definition, free: Sequence[str], following: str) -> InputError:
    if not free:
        return InputError(
            f"no name in this formula is free to stand for the next one, {following}",
            text=stage.source,
            hint='formulas without names are composed, outermost first: "sigmoid(z)" "W@x + b"; '
            "of several outputs, ask for one at a time",
        )
    return InputError(
        f"which name stands for the next stage, {following}: {' or '.join(free)}?",
        text=stage.source,
        span=Span(0, len(stage.source)),
        hint=f'write definitions: "{free[-1]} = …" before the formula that uses it',
    )


def _named(name: str | None, stage: Definition) -> Definition:
    """A stage as a definition, whose parts stand where its text has them."""
    if name is None:
        return replace(stage, name=None)
    head, body = f"{name} = ", stage.source.strip()
    value = stage.value if stage.notation else parse(" " * len(head) + body)
    return replace(stage, name=name, value=value, source=head + body)
