"""Sizes, facts, and files of both with definitions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from jacobian_cli.syntax.errors import InputError, Mistakes, Span, together
from jacobian_cli.syntax.parser import DEFINITION, normal_name, parse, statements
from jacobian_cli.syntax.tree import Assumption, Declaration, Definition, Group, Name, Term

MAX_LINES = 5_000

_DECLARATION = re.compile(r"\s*([^\W\d]\w*)\s*:(.*)", re.DOTALL)
_ASSUMPTION = re.compile(r"\s*assume\s+(?=[^\W\d])")
_FACT = re.compile(r"\s*(?:([^\W\d]\w*)\s*[=:])?\s*([^\W\d]\w*)\s*")


@lru_cache(maxsize=1024)
def parse_sizes(text: str) -> tuple[Term, ...]:
    """`n, 3*m`, or `()` for a scalar: the sizes of a declaration.

    >>> len(parse_sizes("n, 3*m")), parse_sizes("()")
    (2, ())
    """
    if text.strip() in ("", "()", "scalar"):
        return ()
    tree = parse(text)
    return tree.items if isinstance(tree, Group) else (tree,)


def _declared(separator: str, *examples: tuple[str, str]) -> str:
    """Declarations to paste: in a file, or as options."""
    before, between = ("-s ", "=") if separator == "=" else ("", ": ")
    return "  ".join(f"`{before}{name}{between}{sizes}`" for name, sizes in examples)


def parse_declaration(text: str, separator: str = ":") -> Declaration:
    """`W: 8, 20` (or, from an option, `W=8,20`)."""
    name, _, sizes = text.partition(separator)
    if not sizes.strip() or not normal_name(name.strip()).isidentifier():
        raise InputError(
            "a declaration is a name and its sizes",
            text=text,
            hint=f"as in {_declared(separator, ('W', 'n,m'), ('x', 'm'), ('c', '()'))}",
        )
    try:
        # blanks in front, so that carets count from the start of the line
        return Declaration(normal_name(name.strip()), parse_sizes(" " * (len(name) + 1) + sizes), text)
    except InputError as error:
        raise InputError(
            error.message,
            text=text,
            span=error.span,
            hint=f"sizes are letters, numbers, sums and products: {_declared(separator, ('W', 'n,3*m'))}",
        ) from None


def parse_assumptions(text: str) -> list[Assumption]:
    """`S=spd, y=one_hot` or, in a file, `assume S: spd`. A fact without a name is another one of the last variable.

    >>> [(a.name, a.fact) for a in parse_assumptions("y=sums_to_one,positive, S=spd")]
    [('y', 'sums_to_one'), ('y', 'positive'), ('S', 'spd')]
    """
    head = _ASSUMPTION.match(text)
    found: list[Assumption] = []
    start = head.end() if head else 0
    for part in text[start:].split(","):
        said = _FACT.fullmatch(part)
        if said is None or not (said[1] or found):
            raise InputError(
                "a fact is declared as a name and what holds for it",
                text=text,
                span=Span(start, start + max(1, len(part))),
                hint="as in `--assume S=symmetric` or, in a file, `assume S: symmetric`",
            )
        name = normal_name(said[1]) if said[1] else found[-1].name
        found.append(Assumption(name, said[2], text, Span(start + said.start(2), start + said.end(2))))
        start += len(part) + 1
    return found


_GOES_ON = "..."
"""What ends a line in MATLAB that goes on in the next."""
_REMARK = re.compile(r"\s*%(?!\*%)")
"""A line that is a comment in MATLAB or LaTeX."""


Declared = Declaration | Assumption


def parse_file(
    text: str, read: Callable[[list[str], list[Declared]], list[Definition]] | None = None
) -> tuple[list[Declared], list[Definition]]:
    """A file of declarations (`W: 8, 20`), facts (`assume S: spd`) and definitions (`z = W@x + b`), one a line; `#`
    starts a comment. `read` makes definitions of all lines that are no declarations, in whatever notation they are.
    """
    lines = text.lstrip("\ufeff").splitlines()
    if len(lines) > MAX_LINES:
        raise InputError(f"the file has {len(lines):,} lines; at most {MAX_LINES:,} are read")
    declarations: list[Declared] = []
    formulas: list[str] = []
    definitions: list[Definition] = []
    mistakes = Mistakes()
    begun = ""
    for number, line in enumerate(lines, start=1):
        code = begun + _without_comment(line)
        begun = code[: -len(_GOES_ON)] if code.endswith(_GOES_ON) and number < len(lines) else ""
        if begun:
            continue
        if not code.strip():
            continue
        try:
            if _ASSUMPTION.match(code):
                declarations += parse_assumptions(code)
            elif not DEFINITION.match(code) and _DECLARATION.match(code) and "[" not in code:
                declarations.append(parse_declaration(code))
            else:
                formulas.append(code)
        except InputError as error:
            mistakes.found.append(error.in_text(code, line=number))
    with mistakes.noted():
        _want_no_pair(declarations, alone=not formulas)
    with mistakes.noted():
        definitions = read(formulas, declarations) if read else statements(formulas)
    try:
        mistakes.raised()
    except InputError as error:
        raise located(error, text) from None
    return declarations, definitions


def _want_no_pair(declarations: Sequence[Declared], *, alone: bool) -> None:
    """Refuse `A : B` of two matrices, which a file has as a declaration."""
    names = {item.name for item in declarations if isinstance(item, Declaration)}
    for item in declarations:
        if not (isinstance(item, Declaration) and len(item.sizes) == 1 and isinstance(size := item.sizes[0], Name)):
            continue
        if size.text in names or (alone and size.text.isupper() and item.name.isupper()):
            raise InputError(
                f"in a file this declares {item.name}, of the size {size.text}",
                text=item.source,
                hint=f"the trace of a product is written `trace({item.name}.T@{size.text})`",
            )


def _without_comment(line: str) -> str:
    code = line.split("#", 1)[0].rstrip()
    return "" if _REMARK.match(code) else code


def located(error: InputError, text: str, file: str | None = None) -> InputError:
    """The same mistakes with the lines of a file in which they are, and its name."""
    lines = [_without_comment(line) for line in text.lstrip("\ufeff").splitlines()]
    for one in error.errors:
        if one.line is None and one.text is not None:
            found = [k for k, line in enumerate(lines, start=1) if one.text in (line, *line.split(";"))]
            if found:  # of equal lines the last one, which is the one too many
                one.line = found[-1]
                line = lines[one.line - 1]
                if one.span is not None:
                    at = line.find(one.text)
                    one.span = Span(one.span.start + at, one.span.stop + at)
                one.text = line
        one.file = file if one.line is not None else None
    return together(sorted(error.errors, key=lambda one: one.line or 0))
