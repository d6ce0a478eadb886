"""Block stacks: Σ Eᵀ A over windows E of an identity is the A's below each other, with zeros where no window lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jacobian_cli.calculus.index.tensor import Factor, Product, Rational, Tensor, Unit, Window
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.ops.cuts import Cut
from jacobian_cli.shape import ONE, Size


@dataclass(frozen=True, slots=True)
class Block:
    """What stands in the rows `start:stop`; zeros if there is no tensor. A single row has no axis for rows."""

    start: Size
    stop: Size
    tensor: Tensor | None

    @property
    def rows(self) -> Size:
        return self.stop - self.start


def blocks(terms: Sequence[tuple[Rational, Tensor]]) -> list[Block] | None:
    """The blocks of a sum, from the first row to the last, if every term has a place of its own; single rows only if
    they leave no gap. None if the sum is no such stack.
    """
    shape = terms[0][1].shape
    places: dict[tuple[Size, Size], list[tuple[Rational, Tensor]]] = {}
    for coefficient, term in terms:
        found = _placed(term)
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


def _placed(term: Tensor) -> tuple[Size, Size, Tensor] | None:
    """The rows in which a product stands, and what stands there."""
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
            case Unit(index=index) if isinstance(index, Size) or index >= 0:
                start = index if isinstance(index, Size) else Size.number(index)
                inside = [(n, tuple(label - 1 for label in ls), p) for n, ls, p in rest]
                return start, start + ONE, algebra.product(term.shape[1:], inside, term.coefficient)
    return None
