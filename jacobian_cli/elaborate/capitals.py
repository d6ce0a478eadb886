"""Capitals in MATLAB, Julia and R that may be numbers: amplitudes and constants beside a curve of one vector."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jacobian_cli.elaborate.habits import MATRIX, VECTOR, habit, holds_weights
from jacobian_cli.elaborate.quoting import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.shape import ONE
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Flag, Group, Literal, Name, Term, terms_in

NOTATIONS = ("matlab", "julia", "r")
_DATA = re.compile(r"[XYZ][1-9]?|[XYZ]_?(train|test|hat)")
"""Names of data, whose rows are scaled and shifted by vectors."""
_SUMS = ("+", "-")


def amplitudes(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`A*exp(-x.^2/s) + B`: matrices to MATLAB as to the language, and numbers to most who write it."""
    if statement.notation not in NOTATIONS:
        return
    calls = [term for term in statement.terms if isinstance(term, Call)]
    kept = {name for term in calls for name in _matrices(typed, term)} | statement.settled
    found: dict[str, Call] = {}
    added: dict[str, Call] = {}
    vectors: set[str] = set()
    for term in calls:
        for name, vector in _scaling(typed, statement, term):
            if name not in kept and _open(typed, name):
                found.setdefault(name, term)
                vectors |= {*names_in(vector)}
        for name in _added(typed, term):
            if name not in kept and _open(typed, name):
                added.setdefault(name, term)
    if found:
        others = (*_linear(calls, vectors), *_joined(calls, {*found}))
        beside = {name: term for name, term in others if name not in kept and _open(typed, name)}
        yield _numbers(statement, {**beside, **added, **found}, next(iter(found.values())))
        return
    for name, term in added.items():
        (size,) = (typed.shapes[id(c)][0] for side in term.arguments if (c := _column(side)) is not None)
        ways = f"a vector is declared: `-s {name}={size}`, a number: `-s {name}=()`"
        yield Doubt(f"`{name}` is taken for a matrix in `{spelled(term)}`; {ways}")


def _numbers(statement: Definition, found: dict[str, Call], shown: Call) -> Doubt:
    names = [name for name in dict.fromkeys(names_in(statement.value)) if name in found]
    ways = " ".join(f"`-s {name}=()`" for name in names)
    listed = " and ".join(f"`{name}`" for name in names)
    what, number = ("is taken for a matrix", "a number is")
    if len(names) > 1:
        what, number = ("are taken for matrices", "numbers are")
    return Doubt(f"{listed} {what}, as in `{spelled(shown)}`; {number} declared: {ways}")


def _open(typed: Typed, name: str) -> bool:
    return habit(name) == MATRIX and len(typed.assumed.get(name, ())) == MATRIX


def _scaling(typed: Typed, statement: Definition, term: Call) -> Iterator[tuple[str, Term]]:
    """The capitals that scale a curve, each with the vector that is curved."""
    match term:
        case Call(function="@", arguments=(left, behind)) if typed.order(behind) == VECTOR and _curved(typed, behind):
            if (name := _capital(typed, left)) and not holds_weights(name):
                yield name, behind
        case Call(
            function="*" | "/", arguments=(Call(function="@", arguments=(left, Name() as vector)), Call() as other)
        ):
            name, between = _capital(typed, left), statement.source[vector.span.stop : other.span.start]
            saturates = _of_entries(other) and vector.text in names_in(other)  # V*x./(K + x)
            turns = not typed.order(other) and "." in between and _functional(other)  # F*d.*cos(theta)
            if name and (saturates or turns):
                yield name, vector
        case Call(function="+", arguments=(Call(function="eye"), whole)):  # eye(n) + (P/N)*(H*H')
            name, behind = _fraction(typed, _leading(whole))
            if name:
                yield name, behind
    if term.function in ("*", "/") and len(term.arguments) == 2:
        yield from _columns(term)


def _columns(term: Call) -> Iterator[tuple[str, Term]]:
    """The capitals whose columns a curve scales."""
    match term:
        case Call(function="/", arguments=(Call(function="*", arguments=(Name(), side)) as above, below)):
            column = _column(side)
            if isinstance(column, Name) and _of_columns(below) and column.text in names_in(below):  # Q.*x./(1 + K.*x)
                every = (*names_in(above), *names_in(below))
                yield from ((name, column) for name in every if not _DATA.fullmatch(name))
    for one, other in (term.arguments, term.arguments[::-1]):
        curve, names = _column(other), names_in(one)
        curved = curve is not None and _of_entries(curve) and _bent(curve) and _of_entries(one)
        if curve is not None and curved and not any(_DATA.fullmatch(name) or holds_weights(name) for name in names):
            yield from ((name, curve) for name in names)


def _added(typed: Typed, term: Call) -> Iterator[str]:
    """The capitals to whose columns a computed vector is added."""
    if term.function in _SUMS and len(term.arguments) == 2:
        for one, other in (term.arguments, term.arguments[::-1]):
            name = _capital(typed, one)
            if name and isinstance(_column(other), Call) and not _DATA.fullmatch(name):
                yield name


def _linear(calls: list[Call], vectors: set[str]) -> Iterator[tuple[str, Call]]:
    """The capitals before a vector alone, C*x where B*x.^2 stands beside it."""
    for term in calls:
        match term:
            case Call(function="@", arguments=(left, Name(text=behind))) if behind in vectors:
                left = left.arguments[0] if isinstance(left, Call) and left.function == "u-" else left
                if isinstance(left, Name):
                    yield left.text, term


def _joined(calls: list[Call], found: set[str]) -> Iterator[tuple[str, Call]]:
    """The capitals that are added to what such a one scales: A + B*exp(-k*x) in R."""
    for term in calls:
        if term.function in _SUMS and len(term.arguments) == 2:
            for one, other in (term.arguments, term.arguments[::-1]):
                if isinstance(one, Name) and not found.isdisjoint(names_in(other)):
                    yield one.text, term


def _capital(typed: Typed, term: Term) -> str:
    """The name that a part is, whatever numbers scale it."""
    while isinstance(term, Call) and term.function in ("u-", "*", "/"):
        large = [part for part in term.arguments if typed.order(part)]
        if len(large) != 1:
            break
        (term,) = large
    return term.text if isinstance(term, Name) else ""


def _leading(term: Term) -> Term:
    """The first product of matrices in a part."""
    while isinstance(term, Call) and term.function in ("@", "/", "u-") and isinstance(term.arguments[0], Call):
        if term.function == "@" and term.arguments[0].function == "/":
            break
        term = term.arguments[0]
    return term


def _fraction(typed: Typed, term: Term) -> tuple[str, Term]:
    """The capital above a count that stands before a matrix."""
    match term:
        case Call(function="@", arguments=(Call(function="/", arguments=(Name(text=name), Name() as count)), behind)):
            if not typed.order(count) and not _DATA.fullmatch(name):
                return name, behind
    return "", term


def _column(term: Term) -> Term | None:
    """The vector that is laid beside each column of a matrix."""
    match term:
        case Call(function="[]", arguments=(vector, Group(items=(_, Flag(value=None))))):
            return vector
    return None


def _matrices(typed: Typed, term: Call) -> Iterator[str]:
    """The names that are matrices whatever stands beside them: transposed, inverted, multiplied by one."""
    if elementwise(term) or term.function in ("sum", "mean"):
        return
    first = term.function == "@" and typed.order(term.arguments[-1]) == VECTOR
    for part in term.arguments[1 if first else 0 :]:
        if isinstance(part, Name):
            yield part.text


def _of_entries(term: Term) -> bool:
    """Whether a part is computed entry by entry."""
    return all(elementwise(part) for part in terms_in(term) if isinstance(part, Call))


def _of_columns(term: Term) -> bool:
    """Whether a part is computed entry by entry of matrices and columns."""
    calls = (part for part in terms_in(term) if isinstance(part, Call) and _column(part) is None)
    return all(map(elementwise, calls))


def _curved(typed: Typed, term: Term) -> bool:
    """Whether a part is a curve of one vector: (x - mu).^2, exp(-x/tau), x./(k + x); a function of that vector alone
    is not, nor is what several vectors are multiplied to.
    """
    curved = False
    for part in terms_in(term):
        order = typed.order(part)
        if order > VECTOR or (order and ONE in typed.shapes[id(part)]):
            return False
        match part:
            case Call() if not elementwise(part):
                return False
            case Call(function="/", arguments=(above, below)) if typed.order(above) and typed.order(below):
                if {*names_in(above)}.isdisjoint(names_in(below)):
                    return False
                curved = True
            case Call(function="*", arguments=(one, other)) if typed.order(one) and typed.order(other):
                return False
            case Call(function="**", arguments=(base, _)) if typed.order(base):
                curved = True
            case Call(arguments=(inner,)) if order and _function(part):
                curved = curved or any(isinstance(n, Name) and not typed.order(n) for n in terms_in(inner))
    return curved


def _bent(term: Term) -> bool:
    """Whether a power is taken in a part, or a function of what is computed itself."""
    for part in terms_in(term):
        match part:
            case Call(function="**"):
                return True
            case Call(arguments=(Call(function="u-", arguments=(Name(),)),)):
                continue
            case Call(arguments=(Call(),)) if _function(part):
                return True
    return False


def _function(term: Call) -> bool:
    return term.function.isidentifier()


def _functional(term: Call) -> bool:
    """Whether a part is a function of a name that is taken for a number: cos(theta)."""
    return _function(term) and elementwise(term) and any(not isinstance(part, Literal) for part in term.arguments)
