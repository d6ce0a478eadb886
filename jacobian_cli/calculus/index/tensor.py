"""Expressions in index form: tensors whose axes are numbered, shared and immutable.

Axes of length one do not exist here; a row vector is a vector. `digest` orders nodes the same way in every
run, so that sums and products have one normal form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from fractions import Fraction
from functools import lru_cache
from zlib import crc32

from jacobian_cli.expr import Expr
from jacobian_cli.interned import Interned
from jacobian_cli.ops.cuts import Bounds, Cut, Listed
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, Size

Rational = int | Fraction
Labels = tuple[int, ...]
Factor = tuple["Tensor", Labels, Rational]
"""A tensor, the label of each of its axes, and the power to which its entries are raised."""


def magnitude(value: Rational) -> Rational:
    """|value|."""
    return -value if value < 0 else value


def ratio(a: Rational, b: Rational) -> Rational:
    """a/b, a whole number where it is one."""
    if b == 1:
        return a
    quotient = Fraction(a) / Fraction(b)
    return quotient.numerator if quotient.denominator == 1 else quotient


class Tensor(Interned):
    """A node of the index form. Its kinds are those below, and no more."""

    __slots__ = ()
    shape: Shape
    digest: int
    children: tuple[Tensor, ...] = ()
    """What it is made of."""


def _seal(node: Tensor, *parts: object) -> None:
    """Compute the digest from text and numbers; child nodes contribute theirs."""
    object.__setattr__(node, "digest", hash(tuple([p if isinstance(p, int) else _mark(p) for p in parts])))


@lru_cache(maxsize=4096)
def _mark(part: object) -> int:
    """A number for a text, or for what is told by its text, that is the same in every run."""
    return crc32(str(part).encode())


@record(frozen=True, slots=True, eq=False)
class Leaf(Tensor):
    """A variable. `typed` is its shape in the language, where axes of length one count; `facts` is what is known
    of its value.
    """

    name: str
    shape: Shape
    typed: Shape
    facts: frozenset[str] = frozenset()
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        _seal(self, 1, self.name, self.typed, *sorted(self.facts))


@record(frozen=True, slots=True, eq=False)
class Constant(Tensor):
    """`pi`, `e` or `inf`."""

    name: str
    shape: Shape = field(init=False, default=())
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        _seal(self, 2, self.name)


@record(frozen=True, slots=True, eq=False)
class Extent(Tensor):
    """A size as a number."""

    size: Size
    shape: Shape = field(init=False, default=())
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        _seal(self, 3, self.size)


@record(frozen=True, slots=True, eq=False)
class Delta(Tensor):
    """Kronecker's delta: 1 where its two indices agree."""

    size: Size
    shape: Shape = field(init=False)
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", (self.size, self.size))
        _seal(self, 4, self.size)


@record(frozen=True, slots=True, eq=False)
class Window(Tensor):
    """Rows of an identity matrix: those that a slice takes, or a list of places, and what these multiply by."""

    size: Size
    cut: Cut | Listed
    shape: Shape = field(init=False)
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        cut = self.cut
        count = Size.number(len(cut.places)) if isinstance(cut, Listed) else cut.count
        object.__setattr__(self, "shape", (count, self.size))
        _seal(self, 5, self.size, cut)

    @property
    def item(self) -> Bounds | Listed:
        """The index that picks these rows."""
        return self.cut if isinstance(self.cut, Listed) else self.cut.within(self.size)


@record(frozen=True, slots=True, eq=False)
class Unit(Tensor):
    """One row of an identity matrix: what an index multiplies by. Counts from 0."""

    size: Size
    index: int | Size
    shape: Shape = field(init=False)
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", (self.size,))
        _seal(self, 6, self.size, self.index)


@record(frozen=True, slots=True, eq=False)
class Apply(Tensor):
    """A function of the table. The first `loop` axes of each argument and of the value run together."""

    function: str
    arguments: tuple[Tensor, ...]
    loop: int
    shape: Shape
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        _seal(self, 7, self.function, self.loop, *(a.digest for a in self.arguments))


Apply.children = Apply.__dict__["arguments"]  # one slot under two names: walks ask for it all the time


@record(frozen=True, slots=True, eq=False)
class Reshape(Tensor):
    """The same entries row by row in another shape, behind the first `loop` axes."""

    body: Tensor
    loop: int
    shape: Shape
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        _seal(self, 8, self.body.digest, self.loop, self.shape)

    @property
    def children(self) -> tuple[Tensor, ...]:  # type: ignore[override]  # a field of other nodes
        return (self.body,)


@record(frozen=True, slots=True, eq=False)
class Product(Tensor):
    """coefficient · Σ Π factors. Labels below `len(shape)` are the value's axes, the others are summed over."""

    coefficient: Rational
    factors: tuple[Factor, ...]
    shape: Shape
    children: tuple[Tensor, ...] = field(init=False)
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "children", tuple([factor[0] for factor in self.factors]))
        parts = tuple([(f.digest, labels, hash(power)) for f, labels, power in self.factors])
        _seal(self, 9, hash(self.coefficient), hash(parts), self.shape)


@record(frozen=True, slots=True, eq=False)
class Sum(Tensor):
    """Σ coefficient · term, all terms of one shape. No term at all is zero."""

    terms: tuple[tuple[Rational, Tensor], ...]
    shape: Shape
    children: tuple[Tensor, ...] = field(init=False)
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "children", tuple([term for _, term in self.terms]))
        _seal(self, 10, hash(tuple([(hash(c), t.digest) for c, t in self.terms])), self.shape)


@record(frozen=True, slots=True, eq=False)
class Alias(Tensor):
    """A definition of the user, kept under its name. `source` is what was defined. While a formula is differentiated
    its entries are `free`, as those of variables are: that it is symmetric is a fact of its value.
    """

    name: str
    body: Tensor
    source: Expr
    free: bool = False
    shape: Shape = field(init=False)
    digest: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", self.body.shape)
        _seal(self, 11, self.name, self.body.digest)

    @property
    def children(self) -> tuple[Tensor, ...]:  # type: ignore[override]  # a field of other nodes
        return (self.body,)


def is_zero(tensor: Tensor) -> bool:
    """Whether a tensor is zero throughout."""
    return isinstance(tensor, Sum) and not tensor.terms


def walk(roots: Iterable[Tensor], parts: Callable[[Tensor], Iterable[Tensor]] | None = None) -> Iterator[Tensor]:
    """Each node once, children before parents, without recursion. `parts`, asked once, says what counts as children."""
    seen: set[Tensor] = set()
    stack: list[Tensor | None] = list(roots)
    while stack:
        node = stack.pop()
        if node is None:  # what lies below it is done
            done = stack.pop()
            assert done is not None
            yield done
        elif node not in seen:
            seen.add(node)
            children = node.children if parts is None else parts(node)
            if children:
                stack += (node, None, *children)
            else:
                yield node
