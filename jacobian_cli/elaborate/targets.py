"""Capitals that are vectors because they are added to a product of a matrix and a vector: `mean((X@w - Y)**2)`.

A matrix fits beside a vector in every notation, as rows or columns are repeated, and nobody means that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from jacobian_cli.elaborate.habits import HABITS, MATRIX, VECTOR, Default
from jacobian_cli.elaborate.shaped import BEHIND, LEANING
from jacobian_cli.elaborate.terms import elementwise, summands
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.tree import Call, Definition, Group, Literal, Name, Term, parts_of

ADDED = "it is added to the product of a matrix and a vector"
_SUMS = ("+", "-", "u-")
_JOINING = ("+", "-", "u-", "*", "/")
_OVER_ALL = frozenset("sum mean norm max min var std median ?extent ?count ?inner softmax".split())
"""Functions of all entries, which say nothing of how many axes there are."""
_TARGETS = re.compile(r"Y([_\d]\w*|train|test|hat|pred|true)?")
"""Names of labels, by which scores are multiplied: log(1 + exp(-Y*(X@w)))."""
_WITHIN = (".T", "?turn", "?upto")


def targets(
    statements: Sequence[Definition], guessed: Mapping[str, Default], declared: Mapping[str, Shape]
) -> dict[str, Default]:
    """The capitals that are nowhere used as matrices, and are added to a vector that a matrix makes.

    Mathematics asks for these itself.
    """
    capitals = {name for name, guess in guessed.items() if guess.why == HABITS[MATRIX]}
    if not capitals or all(s.notation in ("math", "latex") for s in statements):
        return {}
    if capitals.isdisjoint(_beside_others(statements)):
        return {}
    orders = {name: len(shape) for name, shape in declared.items()} | {n: g.order for n, g in guessed.items()}
    walk = _Orders(orders)
    found: dict[str, None] = {}
    for statement in statements:  # in their order, so that what a definition is is known where it is used
        walk.marked = statement.notation in ("matlab", "julia")
        if statement.notation not in ("math", "latex"):
            for call in statement.calls:
                found |= dict.fromkeys(name for name in walk.beside(call) if name in capitals)
        walk.learn(statement)
    kept = {name for s in statements for name in _matrices(s.value)} if found else set[str]()
    return {name: Default(VECTOR, ADDED) for name in found if name not in kept}


def _beside_others(statements: Sequence[Definition]) -> Iterator[str]:
    """The names that are added, or multiplied entry by entry."""
    for statement in statements:
        for call in statement.calls:
            if call.function in _JOINING:
                for part in call.arguments:
                    if isinstance(part, Name):
                        yield part.text


class _Orders:
    """How many axes parts have by what names suggest; None where that is open."""

    def __init__(self, orders: Mapping[str, int]) -> None:
        self.orders: dict[str, int | None] = {**orders}
        self.made: set[str] = set()
        """The definitions in which a matrix product stands."""
        self.marked = False
        """Whether one sign stands for products with numbers and for those of matrices."""

    def learn(self, statement: Definition) -> None:
        """What a definition says of its name."""
        if statement.name:
            self.orders[statement.name] = self.order(statement.value)
            if self.multiplied(statement.value):
                self.made.add(statement.name)

    def order(self, term: Term) -> int | None:
        match term:
            case Literal():
                return 0
            case Name(text=text):
                return self.orders.get(text)
            case Call(function="@", arguments=(left, right)):
                return self.product(left, right)
            case Call(function=".T" | "?turn", arguments=(inner, *_)):
                return MATRIX if self.order(inner) == MATRIX else None
            case Call(function="?upto", arguments=(inner, *_)):
                return self.order(inner)
            case Call() if elementwise(term):
                found = [self.order(part) for part in term.arguments]
                if None in found or (self.marked and term.function not in _SUMS and not self.multiplied(term)):
                    return None
                return max(part for part in found if part is not None)
        return None

    def product(self, left: Term, right: Term) -> int | None:
        before, behind = self.order(left), self.order(right)
        if before == MATRIX and isinstance(right, Name) and not behind and key(right.text)[0] in LEANING | BEHIND:
            behind = VECTOR if behind == 0 else None  # X*theta
        match before, behind:
            case (0, order) | (order, 0):
                return order
            case (2, 2):
                return MATRIX
            case (2, 1):
                return VECTOR
            case (1, 2):
                return MATRIX if self.marked else VECTOR  # t*A, where one sign stands for both
        return None

    def scores(self, term: Term) -> bool:
        """Whether a part is a vector that is made by a matrix."""
        return self.order(term) == VECTOR and self.multiplied(term)

    def multiplied(self, term: Term) -> bool:
        """Whether a matrix product stands in a part that is computed entry by entry of it."""
        stack = [term]
        while stack:
            match stack.pop():
                case Call(function="@"):
                    return True
                case Name(text=text) if text in self.made:
                    return True
                case Call() as part if elementwise(part) or part.function in _WITHIN:
                    stack.extend(part.arguments)
        return False

    def beside(self, term: Call) -> Iterator[str]:
        """The names that are added to scores, or multiply them as labels do."""
        if len(term.arguments) != 2:
            return
        for one, other in (term.arguments, term.arguments[::-1]):
            if term.function in _SUMS:
                names = [name for part in summands(one) if (name := self.scaled(part))]
                if any(map(self.scores, summands(other))):
                    yield from names
                elif isinstance(other, Name) and other.text == "y" and self.order(other) == VECTOR:  # y - Yhat
                    yield from (name for name in names if _TARGETS.fullmatch(name))
            elif term.function == "*" and self.scores(other):
                yield from (name for part in summands(one) if (name := self.scaled(part)) and _TARGETS.fullmatch(name))

    def scaled(self, term: Term) -> str:
        """The name that a part is, whatever numbers scale it."""
        while isinstance(term, Call) and term.function in ("*", "/", "u-"):
            large = [part for part in term.arguments if self.order(part) != 0]
            if len(large) != 1 or large[0] is not term.arguments[0 if term.function == "/" else -1]:
                return ""
            (term,) = large
        return term.text if isinstance(term, Name) else ""


def _matrices(value: Term) -> Iterator[str]:
    """The names that stand where matrices do: as factors, transposed, indexed, in functions of matrices."""
    stack: list[tuple[Term, bool]] = [(value, False)]
    while stack:
        term, used = stack.pop()
        if isinstance(term, Name):
            if used:
                yield term.text
        elif not isinstance(term, Call):
            stack.extend((part, used) for part in parts_of(term))
        elif elementwise(term):
            stack.extend((part, used) for part in term.arguments)
        elif term.function in ("@", *_WITHIN):
            stack.extend((part, used or isinstance(part, Name)) for part in term.arguments)
        else:
            whole = term.function in _OVER_ALL and not any(isinstance(part, Group) for part in term.arguments)
            told = {name for name, _ in term.keywords} & {"axis", "keepdims"}
            stack.extend((part, not whole or bool(told)) for part in parts_of(term))
