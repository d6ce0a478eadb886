"""Letters that are numbers because vectors do not stand so: the t of (1 − t)x + ty, all of ½mv² + mgh, x₁x₂."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeGuard

from jacobian_cli.elaborate.above import vectors_in
from jacobian_cli.elaborate.habits import IN_QUOTIENTS, MATRIX, STEP_LETTERS, VECTOR, habit
from jacobian_cli.elaborate.shaped import StrainedError
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.names import read
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, parts_of

_BOARD = ("math", "latex")
_FACE = re.compile(r"\\(?:mathbf|boldsymbol|bm|pmb|symbf|bold|vb|vec|vect)(?![A-Za-z])|\u20d7")
"""What sets vectors apart."""
_TIME = "t"
_PRODUCT = "?beside"
_SUMS = ("?plus", "?minus", "u-")
_OF_NUMBERS = frozenset((_PRODUCT, *_SUMS, "?power", "/", "?star"))
"""What is written of numbers as of vectors."""


def plain_numbers(
    statements: Sequence[Definition], guessed: Mapping[str, int], declared: Mapping[str, Shape]
) -> list[StrainedError]:
    """The names taken for vectors that are numbers, with what must be said of them."""
    found: list[StrainedError] = []
    for statement in statements:
        if statement.notation in _BOARD:
            taken = [name for name in dict.fromkeys(names_in(statement.value)) if guessed.get(name) == VECTOR]
            steps = _steps(statement)
            mixing = (_mixing(statement.value) | steps.keys()) - vectors_in(statement.value)
            found += [StrainedError(name, 0, because=steps.get(name)) for name in taken if name in mixing]
            names = _quantities(statement, [name for name in taken if name not in mixing], declared)
            if names:
                said = ", ".join(f"`{name}`" for name in names)
                ways = " ".join(f"`-s {name}=n`" for name in names)
                why = f"{said} are taken for numbers, for vectors do not stand side by side"
                found.append(StrainedError(names[0], 0, *names[1:], because=f"{why}; vectors are declared: {ways}"))
    return found


def _mixing(value: Term) -> set[str]:
    """The letters t of (1 − t)x + ty: in a factor made of t and numbers, and alone before another vector."""
    within, alone = set[str](), set[str]()
    for part, behind in _side_by_side(value):
        if isinstance(behind, Call) and (behind.function.isidentifier() or behind.function == "?T"):
            continue  # (1 − y) log(1 − p), t xᵀz
        if isinstance(part, Name | Call) and _power_of(part):
            alone.add(_power_of(part))
        elif isinstance(part, Call):
            names = {*names_in(part)}
            base = part.arguments[0] if part.function == "?power" else part
            made = isinstance(base, Call) and base.function in _SUMS
            if made and len(names) == 1 and any(isinstance(one, Literal) for one in parts_of(base)):
                within |= names
    return {name for name in within & alone if name in IN_QUOTIENTS}


def _steps(statement: Definition) -> dict[str, str | None]:
    """The letters of steps, x + t d, each with what must be said of it."""
    found: dict[str, str | None] = {}
    for term in statement.terms:
        for part in term.arguments if isinstance(term, Call) and term.function in _SUMS[:2] else ():
            factors = [one for one in part.arguments if not _is_number(one)] if _is_product(part) else []
            match factors:
                case [Name(text=name), Name(text=behind)] if name in STEP_LETTERS and habit(behind) == VECTOR:
                    said = (
                        f"`{name}` is taken for a number, a step along `{behind}`; a vector is declared: `-s {name}=n`"
                    )
                    found[name] = said if name != _TIME else None
    return found


def _side_by_side(value: Term) -> Iterator[tuple[Term, Term]]:
    stack = [value]
    while stack:
        term = stack.pop()
        stack += parts_of(term)
        if isinstance(term, Call) and term.function == _PRODUCT:
            yield from pairwise(part for part in term.arguments if not _is_number(part))


def _quantities(statement: Definition, taken: list[str], declared: Mapping[str, Shape]) -> list[str]:
    """All small letters of a formula of numbers: of one with mv² or x₁x₂, in which nothing is an array."""
    names = names_in(statement.value)
    if _FACE.search(statement.source) or any(declared.get(name) or habit(name) == MATRIX for name in names):
        return []
    calls = [term for term in statement.terms if isinstance(term, Call)]
    if not all(call.function in _OF_NUMBERS or (call.function.isidentifier() and elementwise(call)) for call in calls):
        return []
    products = [call for call in calls if call.function == _PRODUCT]
    return taken if any(_of_quantities(call, {*taken}) for call in products) else []


def _of_quantities(product: Call, taken: set[str]) -> bool:
    """Whether a product is mv² or x₁x₂."""
    parts = [part for part in product.arguments if not _is_number(part)]
    powers = [_power_of(part) for part in parts]
    if not all(powers) or len(taken.intersection(powers)) < 2:
        return False
    raised = any(isinstance(part, Call) and name in taken for part, name in zip(parts, powers, strict=True))
    stems = [read(name) for name in powers if name in taken]
    numbered = any(
        one.stem == other.stem and one != other and all(index.isdecimal() for index in (*one.indices, *other.indices))
        for one, other in pairwise(stems)
    )
    return raised or numbered


def _is_product(term: Term) -> TypeGuard[Call]:
    return isinstance(term, Call) and term.function == _PRODUCT


def _is_number(term: Term) -> bool:
    match term:
        case Call(function="/", arguments=(Literal(), Literal())):
            return True
    return isinstance(term, Literal)


def _power_of(term: Term) -> str:
    """The name that a part is, or is a power of."""
    match term:
        case Name(text=name):
            return name
        case Call(function="?power", arguments=(Name(text=name), Literal(value=power))) if power > 0:
            return name
    return ""
