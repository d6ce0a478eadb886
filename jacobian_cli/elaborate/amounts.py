"""Capitals that are numbers because they meet nothing but numbers that vectors make: `-J*sum(s[:-1]*s[1:])`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from jacobian_cli.elaborate.habits import HABITS, MATRIX, SCALAR, VECTOR, Default, habit
from jacobian_cli.elaborate.quoting import Typed, row_of
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise, is_number
from jacobian_cli.ops import Kind
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, parts_of

SCALED = "it scales numbers only"
_DATA = re.compile(r"[XYZW]([_\d]\w*|train|test|hat)?")
"""Names of data and weights."""
PLAIN_CAPITALS = ("C", "N")
"""Capitals that nobody takes for matrices where they scale."""
_COUNTED = re.compile(r"[NTDMKP](_?\d+|_\w)?")
"""Letters of how many there are, which scale log-determinants and traces."""
_OF_MATRIX = frozenset("det logdet trace".split())
_OURS = ("math", "latex")
_MARKED = ("matlab", "julia")
_SOLVING = frozenset(("solve", "?mldivide"))
_MADE, _REDUCED, _PLAIN, _OTHER = "made", "reduced", "plain", "other"
"""Numbers that vectors make, those that matrices make, others, and what is no number."""


def amounts(
    statements: Sequence[Definition], guessed: Mapping[str, Default], declared: Mapping[str, Shape]
) -> dict[str, Default]:
    """The capitals that stand in nothing but sums and products of numbers, one of which a vector makes.

    Mathematics asks for these itself.
    """
    if any(statement.notation in _OURS for statement in statements):
        return {}
    orders = {name: len(shape) for name, shape in declared.items()} | {n: g.order for n, g in guessed.items()}
    capitals = {name for name, guess in guessed.items() if guess.why == HABITS[MATRIX]}
    loose = {name for name, guess in guessed.items() if guess.why == HABITS[VECTOR]}
    found = _scaling(statements, orders, capitals, loose)
    return {name.removeprefix("@"): Default(VECTOR if name[0] == "@" else SCALAR, SCALED) for name in found}


def amplified(typed: Typed) -> Iterator[Doubt]:
    """What capitals were taken for numbers so, which may be matrices."""
    numbers = [n for n, shape in typed.assumed.items() if habit(n) == MATRIX and not shape and n in typed.demanded]
    if not numbers or any(statement.notation in _OURS for statement in typed.statements):
        return
    orders = {name: len(shape) for name, shape in (*typed.assumed.items(), *typed.declared.items())}
    found = _scaling(typed.statements, orders, {*numbers}, set[str]())
    halved = {name for statement in typed.statements for name in _halved(statement)}
    names = [n for n in numbers if n in found and n not in halved and key(n)[0] not in PLAIN_CAPITALS]
    if names:
        said = " and ".join(f"`{name}`" for name in names)
        taken = "is taken for a number, for it meets" if len(names) == 1 else "are taken for numbers, for they meet"
        ways = " ".join(f"`-s {name}=n,m`" for name in names)
        what = "a matrix is" if len(names) == 1 else "matrices are"
        yield Doubt(f"{said} {taken} only numbers in `{spelled(found[names[0]])}`; {what} declared: {ways}")


def _scaling(
    statements: Sequence[Definition], orders: Mapping[str, int], capitals: set[str], loose: set[str]
) -> dict[str, Term]:
    """These capitals, each with a part that it stands in."""
    capitals = {name for name in capitals if not _DATA.fullmatch(name)}
    if not capitals:
        return {}
    every = Counter(name.text for s in statements for name in s.names)
    inside = {name for s in statements for name in _inside(s.value, s.notation in _MARKED)}
    found: dict[str, Term] = {}
    kept: set[str] = set()
    walks = {marked: _Leaves({**orders}, capitals, loose - inside, marked) for marked in (False, True)}
    for statement in statements:  # in their order, so that what a definition is made of is known where it is used
        walk = walks[statement.notation in _MARKED]
        for root in _roots(statement.value, walk):
            leaves = {*walk.leaves(root)}
            names = {leaf for leaf in leaves if leaf in capitals or (leaf[0] == "@" and every[leaf[1:]] == 1)}
            if len(names) < len(leaves - {_OTHER, _MADE, _REDUCED, _PLAIN}):
                leaves.add(_OTHER)
            scaled = _MADE in leaves or (_REDUCED in leaves and all(map(_COUNTED.fullmatch, names)))
            if root is not statement.value or _OTHER in leaves or not scaled:  # a factor of @ is no number
                kept |= names
            else:
                found.update(dict.fromkeys(names, root))
        for each in walks.values() if statement.name else ():
            each.defined[statement.name or ""] = frozenset(each.leaves(statement.value))
    return {name: whole for name, whole in found.items() if name not in kept}


class _Leaves:
    """What a part is made of entry by entry."""

    def __init__(self, orders: Mapping[str, int], capitals: set[str], loose: set[str], marked: bool) -> None:
        self.orders = orders
        self.defined: dict[str, frozenset[str]] = {}
        """What definitions are made of."""
        self.capitals = capitals
        self.loose = loose
        self.marked = marked
        """Whether one sign stands for products with numbers and for those of matrices."""

    def joins(self, term: Call) -> bool:
        """Whether a part is computed entry by entry, or may be."""
        if elementwise(term):
            return True
        sides = term.arguments
        capitals = [isinstance(side, Name) and side.text in self.capitals for side in sides]
        return self.marked and term.function == "@" and not all(capitals) and not self.squared(term)

    def leaves(self, term: Term) -> Iterator[str]:
        """What a part is made of: capitals by their names, with @ in front those behind a vector, else the classes."""
        match term:
            case Literal():
                yield _PLAIN
            case Name(text=text):
                yield from self.named(text)
            case Call() if self.joins(term):
                for part in term.arguments:
                    yield from self.leaves(part)
            case Call():
                yield self.kind(term)
            case _:
                yield _OTHER

    def named(self, text: str) -> Iterator[str]:
        if text in self.defined:
            yield from self.defined[text]
        elif text in self.capitals:
            yield text
        else:
            yield _OTHER if self.orders.get(text, 0) and text not in self.loose else _PLAIN

    def kind(self, term: Call) -> str:
        """Whether a call makes a number of vectors, is one, or has axes."""
        orders = [self.orders.get(name, 0) for name in names_in(term)]
        row = row_of(term)
        if term.function in _OF_MATRIX:
            return _REDUCED
        total = row is not None and row.kind is Kind.REDUCTION and len(term.arguments) == 1
        total = total and {name for name, _ in term.keywords}.isdisjoint(("axis", "keepdims"))
        if term.function == "@" or term.function == "?inner":
            total = self.vector(_first(term)) and self.column(term.arguments[-1])
            right = term.arguments[-1]
            if self.vector(term.arguments[0]) and isinstance(right, Name) and right.text in self.capitals:
                return f"@{right.text}"  # p@E
        if not total:
            return _OTHER
        return _MADE if max(orders, default=0) == VECTOR else _PLAIN

    def squared(self, term: Call) -> bool:
        """Whether a product starts with a row and ends with a vector."""
        first = _first(term)
        return _turned(first) and self.vector(first) and self.column(term.arguments[-1])

    def column(self, term: Term) -> bool:
        """Whether a factor is a vector that is not transposed, as the last in u@v.T, or is made of one by a matrix."""
        while isinstance(term, Call) and term.function in _SOLVING:
            term = term.arguments[-1]
        return self.vector(term) and not _turned(term)

    def vector(self, term: Term) -> bool:
        while isinstance(term, Call) and (term.function in (".T", "?turn", "u-", "?upto")):
            term = term.arguments[0]
        parts = term.arguments if isinstance(term, Call) and elementwise(term) else ()
        return any(map(self.vector, parts)) or (isinstance(term, Name) and self.orders.get(term.text) == VECTOR)


def _halved(statement: Definition) -> Iterator[str]:
    """T/2*log(det(S)): what is divided so before the logarithm of a determinant counts something."""
    for call in statement.calls:
        match call:
            case Call(function="/", arguments=(part, Literal())):
                part = part.arguments[0] if isinstance(part, Call) and part.function == "u-" else part
                if isinstance(part, Name) and _COUNTED.fullmatch(part.text):
                    yield part.text


def _first(term: Call) -> Term:
    """The first factor of a product with matrices in the middle."""
    first: Term = term.arguments[0]
    while isinstance(first, Call) and first.function == "@" and not isinstance(first.arguments[-1], Name):
        first = first.arguments[0]
    while isinstance(first, Call) and first.function == "*" and is_number(first.arguments[0]):
        first = first.arguments[1]
    return first


def _turned(term: Term) -> bool:
    return isinstance(term, Call) and term.function in (".T", "?turn")


def _roots(value: Term, walk: _Leaves) -> Iterator[Term]:
    """The largest parts that are computed entry by entry."""
    stack = [value]
    while stack:
        root = stack.pop()
        yield root
        inner = [root]
        while inner:
            part = inner.pop()
            if isinstance(part, Call) and walk.joins(part):
                inner.extend(part.arguments)
            elif not isinstance(part, Name):
                stack.extend(parts_of(part))


def _inside(value: Term, marked: bool) -> Iterator[str]:
    """The names that stand in what is not computed entry by entry; behind a product, where one sign is all of them."""
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, Call) and elementwise(part):
            stack.extend(part.arguments)
        elif marked and isinstance(part, Call) and part.function == "@":
            first, last = part.arguments
            stack.append(first)
            stack.append(Call("sum", (last,), (), part.span) if isinstance(last, Name) else last)
        elif not isinstance(part, Name):
            yield from names_in(part)
