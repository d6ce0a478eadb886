"""What was asked on the command line, parsed: a syntax error is found before any mathematics is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import wraps
from typing import Any

import click

from jacobian_cli.records import record
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.declarations import Declared, located, parse_assumptions, parse_declaration, parse_file
from jacobian_cli.syntax.errors import InputError, Mistakes
from jacobian_cli.syntax.tree import Assumption, Declaration, Definition

_TAKEN_APART = re.compile(r"[-+*/@=^.]{1,2}|")
_FILE = re.compile(r"[\w./\\ -]*\w\.(jac|txt|py|tex|m|jl)(?::\w+)?")
"""No formula ends so: the only attribute of the language is `.T`."""
_VALUE = re.compile(r"([^\W\d]\w*)\s*=")


@record(frozen=True, slots=True)
class Request:
    """A formula and what every command takes with it: what to differentiate by, shapes and facts, values, how to
    answer.

    `wrt` is empty where the command line named no variable.
    """

    statements: tuple[Definition, ...]
    declarations: tuple[Declaration | Assumption, ...]
    wrt: tuple[str, ...]
    at: tuple[str, ...]
    as_json: bool
    text: str = ""
    """A file of definitions and claims, as it is."""
    path: str = ""


def columns() -> dict[str, int]:
    """How wide lines that are taken away may be, where that was said."""
    found = click.get_current_context().meta.get("jac.width")
    return {} if found is None else {"columns": found}


def _keep_width(context: click.Context, _: click.Parameter, width: int | None) -> None:
    if width is not None:
        context.meta["jac.width"] = width


width_option = click.option(
    "--columns",
    "--width",
    "width",
    type=click.IntRange(20, 1000),
    metavar="N",
    expose_value=False,
    callback=_keep_width,
    help="Columns of the page, instead of those of the terminal; letters in a line of LaTeX, those of a slide if left "
    "out.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a page.")
force_option = click.option("--force", is_flag=True, help="Write over files that are there already.")

_OPTIONS = (
    click.argument("formula", nargs=-1),
    click.option("-f", "--file", "path", metavar="FILE", help="Definitions and declarations, one a line."),
    click.option("--source", metavar="FILE[:NAME]", help="A Python function, read and never run: model.py:loss."),
    click.option("-w", "--wrt", metavar="NAMES", help="Differentiate by these variables: W, or W,b, or all."),
    click.option("-s", "--shape", "shapes", multiple=True, metavar="NAME=SIZES", help="As in W=n,m  x=m  c=()"),
    click.option(
        "--assume",
        multiple=True,
        metavar="NAME=FACT",
        help="Facts, as in S=symmetric  y=one_hot,W=orthogonal (jac functions lists them).",
    ),
    click.option("--at", multiple=True, metavar="VALUES", help="x=4,y=[1,2], W=w.npy, values.npz or values.json"),
    click.option(
        "--syntax",
        metavar="NAME",
        help="The notation, not guessed: language, math, latex, matlab, julia, r, mathematica, numpy, torch or jax.",
    ),
    json_option,
    width_option,
)


@record(frozen=True, slots=True)
class Typed:
    """What was typed of the options that every command on a formula takes."""

    formula: tuple[str, ...]
    path: str | None
    source: str | None
    wrt: str | None
    shapes: tuple[str, ...]
    assume: tuple[str, ...]
    at: tuple[str, ...]
    syntax: str | None
    as_json: bool


def formula_command(command: Callable[..., int]) -> Callable[..., int]:
    """A command on a formula: click's options in, one `Request` out, options of its own handed on by name."""

    def read(typed: Typed, own: dict[str, Any]) -> int:
        return command(read_request(typed), **own)

    return _with_options(command, read)


def race_command(command: Callable[..., int]) -> Callable[..., int]:
    """A command that may bring a formula of its own: what was typed is handed on unread."""

    def read(typed: Typed, own: dict[str, Any]) -> int:
        return command(typed, **own)

    return _with_options(command, read)


def claim_command(command: Callable[..., int]) -> Callable[..., int]:
    """A command on a formula and, behind it, a claim about its derivative: the claim is handed on as typed."""

    def read(typed: Typed, own: dict[str, Any]) -> int:
        formula, file = typed.formula, typed.path or typed.source
        elsewhere = any(own.get(name) for name in ("claims", "values", "claim_source"))
        claim = ""
        if file and not typed.source and not formula and not elsewhere:
            declared = tuple(parse_declaration(text, "=") for text in typed.shapes)
            facts = tuple(fact for text in typed.assume for fact in parse_assumptions(text))
            from jacobian_cli.cli.files import read_file

            request = Request((), (*declared, *facts), (), typed.at, typed.as_json, read_file(file), file)
            return command(request, claim=claim, syntax=typed.syntax, **own)
        if not elsewhere:
            if len(formula) < (1 if file else 2):
                raise InputError(
                    "there is no claim to judge",
                    hint='type your answer behind the formula: jac check "x.T@A@x" --wrt x "2*A@x"',
                )
            *given, claim = formula
            typed = replace(typed, formula=tuple(given))
        return command(read_request(typed, claim), claim=claim, syntax=typed.syntax, **own)

    return _with_options(command, read)


def _with_options(command: Callable[..., int], read: Callable[[Typed, dict[str, Any]], int]) -> Callable[..., int]:
    """The options that every command on a formula takes, put together before they are read."""

    @wraps(command)
    def taken(**given: Any) -> int:
        typed = Typed(**{field.name: given.pop(field.name) for field in fields(Typed)})
        with _in_file(typed.path):
            return read(typed, given)

    for option in reversed(_OPTIONS):
        taken = option(taken)
    return taken


@contextmanager
def _in_file(path: str | None) -> Iterator[None]:
    """What is wrong in a file says in which line."""
    try:
        yield
    except InputError as error:
        from jacobian_cli.cli.files import is_file, read_file

        if path is None or not is_file(path):
            raise
        raise located(error, read_file(path), path) from None


def read_request(typed: Typed, claim: str = "") -> Request:
    """Read the options; a `claim` that stands behind the formula is in the same notation. Raises `InputError` for a
    syntax error anywhere in them.
    """
    formula, path, wrt, syntax, source = typed.formula, typed.path, typed.wrt, typed.syntax, typed.source
    if len(formula) > 1 and any(_TAKEN_APART.fullmatch(part.strip()) for part in formula):
        whole = " ".join(formula)
        raise InputError("the shell took the formula apart", text=whole, hint=f'quote it: jac derive "{whole}"')
    for part in formula:
        if named := _FILE.fullmatch(part.strip()):
            option = "--source" if named[1] == "py" else "-f"
            raise InputError(f"{part.strip()} is a file, not a formula", hint=f"read it with {option} {part.strip()}")
    from jacobian_cli.api.input.problem import marks_of, shapes_of, statements_of  # `jac --help` does without
    from jacobian_cli.elaborate.statement import unknown_functions

    if "-" in formula:
        from jacobian_cli.cli.files import read_file

        formula = tuple(read_file(text) if text == "-" else text for text in formula)
    names = tuple(name.strip() for name in (wrt or "").split(",") if name.strip())
    if wrt is not None and not names:
        raise InputError("which variable?", hint="name it behind --wrt; without --wrt it is every one")
    asked = [*names, *(name for text in typed.at for name in _VALUE.findall(text))]
    beside = marks_of([claim]) if claim else ()
    mistakes = Mistakes()
    given: list[Declared] = []
    for text in typed.shapes:
        with mistakes.noted():
            given.append(parse_declaration(text, "="))
    for text in typed.assume:
        with mistakes.noted():
            given += parse_assumptions(text)

    def read(texts: Sequence[str], said: Sequence[Declared], before: Sequence[Definition] = ()) -> list[Definition]:
        """Formulas, read with what is declared; where that cannot be read, there may be more to say of them."""
        sized: dict[str, Shape] = {}
        with mistakes.noted():
            sized = shapes_of(None, said)
        with mistakes.noted():
            defined = [statement.name for statement in before if statement.name]
            return statements_of(texts, [*asked, *defined], sized, syntax, beside=beside)
        return []

    declarations, statements = list(given), list[Definition]()
    if path is not None:
        from jacobian_cli.cli.files import read_file

        text = read_file(path)
        with mistakes.noted():
            said, statements = parse_file(text, lambda lines, said: read(lines, [*said, *given]))
            declarations = [*said, *given]
    if source is not None:
        if path is not None:
            raise InputError("one file, please: -f holds definitions, --source Python")
        from jacobian_cli.api.input.source import read_source_file  # only where source is read

        with mistakes.noted():
            statements = statements_of(read_source_file(source), asked, shapes_of(None, declarations), syntax)
    if formula:
        statements += read(formula, declarations, statements)
    if mistakes.found:
        mistakes.found += unknown_functions(statements)
        mistakes.raised()
    if not statements:
        raise InputError("there is no formula", hint='type one, as in jac derive "W@x + b" --wrt W')
    return Request(tuple(statements), tuple(declarations), names, typed.at, typed.as_json)


def want_variables(request: Request) -> Request:
    """The request, if it names variables. Raises `InputError` if it does not."""
    if not request.wrt:
        from jacobian_cli.elaborate.builder import CONSTANTS  # `jac --help` does without
        from jacobian_cli.elaborate.statement import names_in

        defined = {statement.name for statement in request.statements}
        held = dict.fromkeys(name for s in request.statements for name in names_in(s.value))
        names = [name for name in held if name not in defined and name not in CONSTANTS]
        several = f", or --wrt {names[0]},{names[1]}" if len(names) > 1 else ""
        raise InputError("which variable?", hint=f"add --wrt {names[0] if names else 'x'}{several}")
    return request
