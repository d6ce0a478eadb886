"""What was typed in mathematics or LaTeX and may not have been meant: squares of vectors, means, states, ⊗."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jacobian_cli.elaborate.board_factors import of_factors
from jacobian_cli.elaborate.board_sums import of_sums
from jacobian_cli.elaborate.habits import DENSITIES, habit
from jacobian_cli.elaborate.quoting import Typed, row_of
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.elaborate.trees import call_of, inner_text
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, terms_in

BOARDS = ("math", "latex")
_BOLD = re.compile(r"\\(?:mathbf|boldsymbol|bm|pmb|symbf|bold|vb)\s*\{?\s*$")
_CAPITALS = re.compile(r"(?<![A-Za-z_\\])[A-Z]{2}(?![A-Za-z_({])")
"""Names of two letters, as of rates."""
_GLUED = re.compile(r"\(")
_OPENED = re.compile(r"[}\s]*(?:\\left\s*|\\[Bb]igg?l?\s*)?\(")
"""A bracket behind a letter: in LaTeX a blank between them says nothing."""
_LINEAR = ("+", "-")
_MEAN = "bar"
_FORCE = 3
"""So many letters above a line are those of a law of physics, GMm, where none of them stands below it."""


def of_boards(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """The doubts of one statement."""
    yield from _squares(typed, statement, statement.value)
    yield from _words(typed, statement)
    yield from of_factors(typed, statement)
    yield from of_sums(typed, statement)
    for term in statement.terms:
        if isinstance(term, Call):
            for consider in (_mean, _state, _gated, _divided, _imaginary):
                yield from consider(typed, term)
            yield from _called(typed, statement, term)


def _squares(typed: Typed, statement: Definition, term: Term) -> Iterator[Doubt]:
    """p²/2m of a bold p, a vector only because the square is taken entry by entry: physicists mean p·p."""
    match term:
        case Call(function="**", arguments=(base, Literal(value=power))) if power == 2 and typed.order(base) == 1:
            if any(_bold(statement, part) for part in terms_in(base) if isinstance(part, Name)):
                yield Doubt(f"`{spelled(term)}` is read, entry by entry; the dot product is `{inner_text(base, base)}`")
        case Call(function="u-", arguments=(inner,)):
            yield from _squares(typed, statement, inner)
        case Call(function="+" | "-" | "*" | "/", arguments=(left, right)):
            for part, other in ((left, right), (right, left)):
                if not typed.order(other):
                    yield from _squares(typed, statement, part)


def _words(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """The FP in TP/(TP + FP), a product although TP is a name."""
    known = {*typed.names, *(one.name for one in typed.statements)}
    words = dict.fromkeys(_CAPITALS.findall(statement.source))
    if any(name and _CAPITALS.fullmatch(name) for name in known):
        for word in words:
            if word not in known and {*word} <= typed.assumed.keys():
                yield Doubt(f"`{'@'.join(word)}` is read, a product; one name is declared: `-s {word}=()`")


def _imaginary(typed: Typed, term: Call) -> Iterator[Doubt]:
    """e^{jωt}, of a j that nothing else is said of."""
    inner = term.arguments[0] if term.function == "exp" else None
    while isinstance(inner, Call) and inner.function in ("u-", "*", "/"):
        inner = inner.arguments[0]
    if isinstance(inner, Name) and inner.text in ("i", "j") and len(typed.assumed.get(inner.text, ())) == 1:
        others = {part.text for part in terms_in(term) if isinstance(part, Name)} - {inner.text}
        if any(habit(name) == 0 or name in ("t", "x", "k") for name in others):
            unit = "the imaginary unit, which is not in the language"
            yield Doubt(f"`{inner.text}` is a vector here, and not {unit}; a number is declared: `-s {inner.text}=()`")


def _bold(statement: Definition, name: Name) -> bool:
    start = name.span.start
    return _BOLD.search(statement.source[max(0, start - 30) : start]) is not None


def _called(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """Λ(xᵀβ), a matrix times a number: as likely a function of it, if the letter stands nowhere else."""
    match term:
        case Call(function="*", arguments=(Name(text=name) as letter, Call() as inside)):
            opens = _OPENED if statement.notation == "latex" else _GLUED
            alone = sum(isinstance(part, Name) and part.text == name for part in statement.terms) == 1
            matrix = name in typed.assumed and (typed.order(letter), typed.order(inside)) == (2, 0)
            if matrix and alone and not _bold(statement, letter) and opens.match(statement.source, letter.span.stop):
                yield Doubt(f"`{spelled(term)}` is read, a product; a function called {name} is not known")


def _mean(typed: Typed, term: Call) -> Iterator[Doubt]:
    """x − x̄, whose x̄ is a name of its own."""
    match term:
        case Call(function="-", arguments=(Name(text=name) as one, Name(text=other) as two)):
            first, second = key(name), key(other)
            if second == (*first, _MEAN) and other in typed.assumed and typed.order(two) < 2:
                mean = f"mean({name}, axis=0)" if typed.order(one) == 2 else f"mean({name})"
                taken = f"`{other}` is a name of its own in `{spelled(term)}`"
                yield Doubt(f"{taken}; less the mean it is `{name} - {mean}`")


def _state(typed: Typed, term: Call) -> Iterator[Doubt]:
    """tr(ρH), whose ρ is taken for a number."""
    row = row_of(term)
    if row is None or not row.of_scalar or typed.order(term):
        return
    for part in terms_in(term):
        match part:
            case Call(function="*", arguments=(Name(text=name), Name() as other)):
                if key(name)[0] in DENSITIES and typed.assumed.get(name) == () and typed.order(other) == 2:
                    yield Doubt(f"`{name}` is a number in `{spelled(term)}`; a matrix is declared: `-s {name}=n,n`")


def _divided(typed: Typed, term: Call) -> Iterator[Doubt]:
    """GMm/r and GMm/‖x‖, whose letters are a matrix and vectors: physicists mean numbers."""
    if term.function != "/" or [typed.order(part) for part in term.arguments] not in ([1, 1], [1, 0]):
        return
    above, below = term.arguments
    number = not typed.order(below)
    parts = [part for part in terms_in(above if number else term) if not isinstance(part, Literal)]
    names = list(dict.fromkeys(part.text for part in parts if isinstance(part, Name)))
    if number and (len(names) < _FORCE or not any(map(typed.order, terms_in(below))) or {*names_in(below)} & {*names}):
        return
    plain = all(part.function in ("@", "/", "u-", "*") for part in parts if isinstance(part, Call))
    letters = all(len(name) == 1 and name.isascii() and name in typed.assumed for name in names)
    if plain and letters and any(len(typed.assumed[name]) == 2 for name in names):
        numbers = " ".join(f"`-s {name}=()`" for name in reversed(names))
        taken = f"`{spelled(above)}` is a vector" if number else f"`{spelled(term)}` divides entry by entry"
        yield Doubt(f"{taken}; numbers are declared: {numbers}")


def _gated(typed: Typed, term: Call) -> Iterator[Doubt]:
    """SiLU(xW) ⊗ xV: others write ⊗ for the product entry by entry."""
    if term.function != "kron" or len(term.arguments) != 2:
        return
    left, right = term.arguments
    parts = [*term.arguments]
    for part in parts:  # xU * SiLU(xW)
        parts += part.arguments if isinstance(part, Call) and part.function == "*" else ()
    computed = any(isinstance(p, Call) and p.function.isidentifier() and elementwise(p) for p in parts)
    if computed and typed.order(left) == typed.order(right):
        yield Doubt(f"`{spelled(term)}` is read; entry by entry it is `{spelled(call_of('*', left, right))}`")
