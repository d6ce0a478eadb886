"""Identities of the language read: their two sides in index form, and where it is worth asking for the left one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from jacobian_cli.calculus.index.tensor import Apply, Leaf, Product, Sum, Tensor
from jacobian_cli.calculus.simplify.literal import literal
from jacobian_cli.elaborate import Builder, Scope
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.facts import FACTS
from jacobian_cli.ops.identities import Identity
from jacobian_cli.ops.read import read
from jacobian_cli.records import record
from jacobian_cli.shape import Size, size_of
from jacobian_cli.syntax.declarations import parse_sizes
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, parts_of


@record(frozen=True, eq=False)
class Stated:
    """An identity, read when it is first asked for."""

    identity: Identity

    @cached_property
    def heads(self) -> frozenset[str]:
        """Of a call its function, of a product what one of its factors must be."""
        facts = frozenset(self.identity.where.values()) & frozenset(FACTS)
        root = read(self.identity.left)
        if self.identity.alone:
            return frozenset({"+" + next(_heads(root, within=True))})
        if self.of_call:
            assert isinstance(root, Call)
            return frozenset({root.function})
        return facts or frozenset({next(_heads(root, within=self.of_sum))})

    @cached_property
    def needs(self) -> frozenset[str]:
        """What must be there beside: the functions, and kinds, of all that the left side is made of."""
        left = self.left
        if self.of_call:
            return frozenset()
        terms = [term for _, term in left.terms] if isinstance(left, Sum) else [left]
        parts = [node for term in terms if isinstance(term, Product) for node, _, _ in term.factors]
        kinds = {kind for part in parts if not isinstance(part, Leaf) for kind in made_of(part)}
        return frozenset(kinds) | (frozenset(self.identity.where.values()) & frozenset(FACTS))

    @cached_property
    def of_call(self) -> bool:
        """Whether the left side is a function of its arguments, rather than a product or a sum."""
        root = read(self.identity.left)
        return isinstance(root, Call) and not _is_made_of_factors(root)

    @cached_property
    def of_sum(self) -> bool:
        """Whether the left side is a sum."""
        return _adds(read(self.identity.left))

    @cached_property
    def absorbs(self) -> bool:
        """Whether the right side is a factor of the left one."""
        text = self.identity.left
        root = read(text)
        factors = root.arguments if isinstance(root, Call) and _is_made_of_factors(root) else ()
        return self.identity.right in [text[factor.span.start : factor.span.stop] for factor in factors]

    @cached_property
    def applies(self) -> bool:
        """Whether the left side is a matrix without names times a vector: all factors on its columns are the vector."""
        root = read(self.identity.left)
        if not isinstance(root, Call) or len(root.arguments) != 2 or not isinstance(root.arguments[1], Name):
            return False
        waiting, names = [root.arguments[0]], set[str]()
        while waiting:
            term = waiting.pop()
            names |= {term.text} if isinstance(term, Name) else set()
            waiting += parts_of(term)
        return bool(names) and names <= _SIZES

    @cached_property
    def left(self) -> Tensor:
        return self._side(self.identity.left)

    @cached_property
    def right(self) -> Tensor:
        return self._side(self.identity.right)

    def _side(self, text: str) -> Tensor:
        shapes = {n: tuple(size_of(s) for s in parse_sizes(sizes)) for n, sizes in self.identity.shapes.items()}
        values = _Holes({name: Variable(name, shape) for name, shape in shapes.items()})
        sizes = {name: Size.named(name) for name in _SIZES}
        return literal(Builder(Scope(values, sizes), text).build(read(text)))


_SIZES = frozenset("nm")


class _Holes(dict[str, Expr]):
    """The names of an identity, which sizes and infinity are not: a number unless a shape was given."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name not in (*_SIZES, "inf")

    def __missing__(self, name: str) -> Variable:
        return Variable(name, ())


def made_of(node: Tensor) -> Iterator[str]:
    """The kind of a tensor and its function; of a sum, or a product inside a product, the functions one level below."""
    yield type(node).__name__
    match node:
        case Apply(function=function):
            yield function
        case Sum(terms=terms):
            yield from ("+" + term.function for _, term in terms if isinstance(term, Apply))
        case Product(factors=factors):
            yield from ("*" + inner.function for inner, _, _ in factors if isinstance(inner, Apply))


def _adds(term: Term) -> bool:
    """Whether an operator is a sum, or short for one."""
    if not isinstance(term, Call):
        return False
    entry = FUNCTIONS[term.function]
    return entry.is_arithmetic and (entry.algebra == "sum" or bool(entry.definition and _adds(read(entry.definition))))


def _is_made_of_factors(term: Call) -> bool:
    """Whether index calculus makes a sum or a product of it, which no function is left of."""
    entry = FUNCTIONS[term.function]
    if entry.algebra == "power" and not isinstance(term.arguments[1], Literal):
        return False
    return entry.is_arithmetic or (entry.kind is Kind.CONTRACTION and not entry.called)


def _heads(term: Term, within: bool = False) -> Iterator[str]:
    """What the factors of a product are: functions, and sums; or what they are in the terms of a sum."""
    if isinstance(term, Call):
        if not _is_made_of_factors(term):
            yield term.function
        elif _adds(term) and not within:
            yield "Sum"
        else:
            for argument in term.arguments:
                yield from _heads(argument)
