"""Capitals of formulas that have nothing of linear algebra: `S*exp(-q*T) - K*exp(-r*T)`, `n*R*T/V`, `beta*S*I/N`.

They are numbers where something in the formula speaks for that, which is said, and matrices else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from jacobian_cli.elaborate.habits import HABITS, MATRIX, SCALAR, VECTOR, Default, habit
from jacobian_cli.elaborate.quoting import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import LITERAL, Call, Definition, Literal, Name, Term, terms_in

FORMULA = "nothing in the formula is of linear algebra"
_BOARDS = ("math", "latex")
_MARKED = ("matlab", "julia", "r")
_LISTS = frozenset(("concat", "stack", LITERAL))
_DATA = re.compile(r"[XYZWUH]([_\d]\w*|train|test|hat)?|Phi|Theta|Sigma|Q_?\w?")
"""Names of data and weights."""
_WORD = re.compile(r"[A-Z][a-z]\w*")
"""Names of constants: Vmax, Km."""
_COUNTS = frozenset("NCnm")
"""Letters by which matrices are divided as well."""
_FACTORS = frozenset("tsck")
"""Lower-case letters that scale matrices as often."""
_SEVERAL = 2
"""So many capitals make a formula of numbers: one alone may be a matrix, A^0.5."""
_CURVES = frozenset("exp log sqrt ndtr sin cos".split())
_DOTTED = re.compile(r"\.[*/^]|[\w)\]] ?\.[-+]|\w\.\(")


def constants(
    statements: Sequence[Definition], guessed: Mapping[str, Default], declared: Mapping[str, Shape]
) -> dict[str, Default]:
    """The names of a formula of numbers, which nothing is declared of; mathematics asks for these itself."""
    open_ones = {name for name, guess in guessed.items() if guess.why in HABITS and guess.order}
    if not any(habit(name) == MATRIX for name in open_ones) or not _plain(statements, declared):
        return {}
    names = {name.text for statement in statements for name in statement.names}
    if sum(habit(name) == MATRIX for name in names) < _SEVERAL:
        return {}
    mixed = any(habit(name) < MATRIX or _WORD.fullmatch(name) for name in names)
    if not any(_speaks(statement.value, mixed) for statement in statements):
        return {}
    return dict.fromkeys(open_ones, Default(SCALAR, FORMULA))


def formulas(typed: Typed) -> Iterator[Doubt]:
    """What was taken for numbers so, or for matrices though a quotient stands there."""
    capitals = [name for name in typed.assumed if habit(name) == MATRIX and name not in _COUNTS]
    if not capitals or not _plain(typed.statements, typed.declared, frozenset(("inv",))):
        return
    last = typed.statements[-1]
    numbers = [name for name in capitals if not typed.assumed[name] and name in typed.demanded]
    if numbers:
        listed, ways = _listed(numbers), " ".join(f"`-s {name}=n,m`" for name in numbers)
        taken = "is taken for a number" if len(numbers) == 1 else "are taken for numbers"
        what = "a matrix is" if len(numbers) == 1 else "matrices are"
        yield Doubt(f"{listed} {taken} in `{spelled(last.value)}`; {what} declared: {ways}")
        return
    divided = any(call.function == "inv" for s in typed.statements for call in s.calls) and "inv" not in last.source
    if divided and len(capitals) > 2 and last.notation in _MARKED:
        listed, ways = _listed(capitals), " ".join(f"`-s {name}=()`" for name in capitals)
        yield Doubt(f"{listed} are taken for matrices in `{spelled(last.value)}`; numbers are declared: {ways}")


def _listed(names: Sequence[str]) -> str:
    *before, last = (f"`{name}`" for name in names)
    return f"{', '.join(before)} and {last}" if before else last


def _plain(
    statements: Sequence[Definition], declared: Mapping[str, Shape], functions: Collection[str] = frozenset()
) -> bool:
    """Whether nothing in statements is of linear algebra or data, but for these functions."""
    if any(declared.values()) or any(s.notation in _BOARDS or _DOTTED.search(s.source) for s in statements):
        return False
    names = {name.text for statement in statements for name in statement.names}
    if any(map(_DATA.fullmatch, names)):
        return False
    for statement in statements:
        inner = {id(call.arguments[0]) for call in statement.calls if call.function == "@"}
        for call in statement.calls:
            if call.function == "@":
                if statement.notation not in _MARKED or (id(call) not in inner and _applied(call)):
                    return False
            elif not elementwise(call) and call.function not in _LISTS and call.function not in functions:
                return False
    return True


def _applied(term: Call) -> bool:
    """A*x, whose last factor is a vector behind a matrix."""
    before, last = term.arguments
    before = before.arguments[-1] if isinstance(before, Call) and before.function == "@" else before
    capital = isinstance(before, Name) and habit(before.text) == MATRIX and not _WORD.fullmatch(before.text)
    return capital and isinstance(last, Name) and habit(last.text) == VECTOR


def _speaks(value: Term, mixed: bool) -> bool:
    """Whether something in a formula speaks for numbers."""
    inner = set[int]()
    for term in terms_in(value):
        match term:
            case Call(function="/", arguments=(_, below)) if mixed and any(map(_divides, names_in(below))):
                return True
            case Call(function="**", arguments=(base, exponent)) if not _whole(exponent):
                if any(habit(name) == MATRIX for name in names_in(base)):
                    return True
            case Call(function="*" | "@") if id(term) not in inner:
                factors = [*_factors(term, inner)]
                if _numbers_beside(factors):
                    return True
            case Call(function=function, arguments=(inside,)) if function in _CURVES:
                if any(_mixed(part) for part in terms_in(inside)):
                    return True
    return False


def _divides(name: str) -> bool:
    return habit(name) == MATRIX and name not in _COUNTS


def _whole(term: Term) -> bool:
    return isinstance(term, Literal) and term.value.denominator == 1


def _mixed(term: Term) -> bool:
    """-r*T and E/T in a function."""
    match term:
        case Call(function="*" | "@", arguments=(first, Name(text=last))):
            first = first.arguments[0] if isinstance(first, Call) and first.function == "u-" else first
            return isinstance(first, Name) and habit(first.text) == VECTOR and _divides(last)
        case Call(function="/", arguments=(_, below)):
            return any(map(_divides, names_in(below)))
    return False


def _factors(term: Term, inner: set[int]) -> Iterator[Term]:
    if isinstance(term, Call) and term.function in ("*", "@"):
        inner.add(id(term))
        for part in term.arguments:
            yield from _factors(part, inner)
    elif isinstance(term, Call) and term.function in ("u-", "**", "/"):
        yield from _factors(term.arguments[0], inner)
    else:
        yield term


def _numbers_beside(factors: Sequence[Term]) -> bool:
    """n*R*T and M*g*L, where a vector does not fit, and currents, V*I."""
    names = [factor.text for factor in factors if isinstance(factor, Name)]
    capitals = [name for name in names if habit(name) == MATRIX]
    if len(capitals) < 2:
        return False
    places = [k for k, name in enumerate(names) if habit(name) == VECTOR and name not in _FACTORS]
    return "I" in capitals or any(k + 1 < len(names) and habit(names[k + 1]) == MATRIX for k in places)
