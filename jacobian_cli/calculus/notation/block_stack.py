"""Block stacks: Σ Eᵀ A over windows E of an identity is the A's below each other, with zeros where no window lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from jacobian_cli.calculus.cost import shortest
from jacobian_cli.calculus.index.tensor import Factor, Product, Rational, Sum, Tensor, Unit, Window
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.expr import Expr
from jacobian_cli.ops.cuts import Cut
from jacobian_cli.shape import ONE, Shape, Size


class Block(NamedTuple):
    """What stands in the rows `start:stop`; zeros if there is no tensor. A single row has no axis for rows."""

    start: Size
    stop: Size
    tensor: Tensor | None

    @property
    def rows(self) -> Size:
        return self.stop - self.start


Write = Callable[[Tensor], Expr]


def stacked_blocks(terms: Sequence[tuple[Rational, Tensor]], express: Write) -> Expr | None:
    """A sum of windows as blocks below each other, in columns too where that is shorter. `express` writes a block."""
    found = blocks(terms)
    if found is None:
        return None
    behind = terms[0][1].shape[1:]
    plain = [_written(block, behind, express) for block in found]
    if not behind:
        return write.joined(plain) if len(plain) > 1 else plain[0]
    split = [_split(block, behind, express) or expr for block, expr in zip(found, plain, strict=True)]
    return shortest(write.joined(parts) if len(parts) > 1 else parts[0] for parts in (split, plain))


def _written(block: Block, behind: Shape, express: Write) -> Expr:
    """What stands in some rows; a single row is turned to be one."""
    if block.tensor is None:
        return write.zeros((block.rows, *behind)) if behind or block.rows is not ONE else write.number(0)
    part = express(block.tensor)
    return write.transpose(part) if behind and block.rows is ONE else part


def _split(block: Block, behind: Shape, express: Write) -> Expr | None:
    """The columns of some rows, side by side."""
    if block.tensor is None or block.rows is ONE or len(behind) != 1:
        return None
    found = columns(block.tensor)
    if found is None:
        return None
    return write.apply("concat", *(_column(column, block.rows, express) for column in found), axis=(1,))


def _column(block: Block, rows: Size, express: Write) -> Expr:
    """What stands in some columns, given as rows."""
    if block.tensor is None:
        return write.zeros((rows, block.rows))
    if block.rows is ONE:
        return write.apply("[]", express(block.tensor), index=((None, None), None))
    return express(algebra.permute(block.tensor, (1, 0)))


def columns(tensor: Tensor) -> list[Block] | None:
    """The blocks side by side that a matrix is made of, each turned, if there is more than one."""
    terms = tensor.terms if isinstance(tensor, Sum) else ((1, tensor),)
    if not terms:
        return None
    found = blocks([(c, algebra.permute(t, (1, 0))) for c, t in terms], identities=True)
    return found if found is not None and len(found) > 1 else None


def blocks(terms: Sequence[tuple[Rational, Tensor]], *, identities: bool = False) -> list[Block] | None:
    """The blocks of a sum, from the first row to the last, if every term has a place of its own; single rows only if
    they leave no gap. None if the sum is no such stack. With `identities`, rows of an identity are blocks too.
    """
    shape = terms[0][1].shape
    places: dict[tuple[Size, Size], list[tuple[Rational, Tensor]]] = {}
    for coefficient, term in terms:
        found = _placed(term, identities=identities)
        if found is None:
            return None
        start, stop, part = found
        places.setdefault((start, stop), []).append((coefficient, part))
    waiting = [Block(start, stop, algebra.add(parts[0][1].shape, parts)) for (start, stop), parts in places.items()]
    stacked: list[Block] = []
    at = Size(())
    while waiting:
        following = next(
            (b for b in waiting if all(_not_before(b.stop, other.start) for other in waiting if other is not b)), None
        )
        if following is None or (stacked and not _not_before(at, following.start)):
            return None
        if at is not following.start:
            stacked.append(Block(at, following.start, None))
        stacked.append(following)
        waiting.remove(following)
        at = following.stop
    if at is not shape[0]:
        stacked.append(Block(at, shape[0], None))
    full = all(block.tensor is not None for block in stacked)
    return stacked if full or any(b.rows is not ONE for b in stacked if b.tensor is not None) else None


def _not_before(a: Size, b: Size) -> bool:
    """Whether a ≤ b whatever the sizes are."""
    return all(coefficient > 0 for _, coefficient in (b - a).terms)


def _placed(term: Tensor, *, identities: bool) -> tuple[Size, Size, Tensor] | None:
    """The rows in which a product stands, and what stands there."""
    if isinstance(term, Window) and identities:
        term = Product(1, ((term, (0, 1), 1),), term.shape)
    if not isinstance(term, Product) or not 1 <= len(term.shape) <= 2:
        return None
    order = len(term.shape)
    for k, (node, labels, power) in enumerate(term.factors):
        rest: list[Factor] = [*term.factors[:k], *term.factors[k + 1 :]]
        if power != 1 or labels[-1:] != (0,) or any(0 in ls for _, ls, _ in rest):
            continue
        match node:
            case Window(cut=Cut(start, count, 1)) if labels[0] >= order and any(labels[0] in ls for _, ls, _ in rest):
                stop = start + count
                inside = [(n, tuple(0 if label == labels[0] else label for label in ls), p) for n, ls, p in rest]
                part = algebra.product((stop - start, *term.shape[1:]), inside, term.coefficient)
                return start, stop, part
            case Window(cut=Cut(start, count, 1)) if identities and labels[0] < order:
                inside = [(algebra.delta(count), (0, labels[0]), 1), *rest]
                return start, start + count, algebra.product((count, *term.shape[1:]), inside, term.coefficient)
            case Unit(index=index) if isinstance(index, Size) or index >= 0:
                start = index if isinstance(index, Size) else Size.number(index)
                inside = [(n, tuple(label - 1 for label in ls), p) for n, ls, p in rest]
                return start, start + ONE, algebra.product(term.shape[1:], inside, term.coefficient)
    return None
