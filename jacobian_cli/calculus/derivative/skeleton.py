"""Which adjoints have names: the skeleton of a backward pass.

The adjoint of every definition of the user, and of each argument of a function on the way to several variables, is
held under a name of its own; it melts into what comes after where that is shorter, as the slope of a logarithm does
into that of a softmax.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from jacobian_cli.calculus.cost import DEFINITION, cost_together
from jacobian_cli.calculus.derivative.shared_totals import shared_totals
from jacobian_cli.calculus.differentiate.adjoints import Backward, Swept
from jacobian_cli.calculus.index.tensor import Alias, Leaf, Sum, Tensor
from jacobian_cli.calculus.simplify.substitution import replaced
from jacobian_cli.expr import Defined, Expr, Variable, visible
from jacobian_cli.shape import Shape

_MANY = 48
"""Of more adjoints nobody tries which of them melt."""
_ROUNDS = 3
PLACE = "?"
"""With what the names begin that hold a place until adjoints are numbered."""
_AGAIN = 2
"""How much longer an answer may be for an adjoint that it says by name more than once."""

Write = Callable[[Tensor, Shape], Expr]
"""How a tensor is written in a shape."""


class Held(NamedTuple):
    """An adjoint with a name of its own: `delta_Z` for that of a definition; that of a part without a name is
    `numbered`, and `variable` only holds its place.
    """

    variable: Variable
    tensor: Tensor
    numbered: bool


class Skeleton(NamedTuple):
    """The adjoints that have names, from the output backwards, and the gradients in terms of them."""

    held: Sequence[Held]
    gradients: Sequence[Tensor]
    numbers: Sequence[Tensor] = ()
    """The adjoints in place of which a number stands, since that is what they are throughout."""


class _Pass(NamedTuple):
    """What one sweep found, without the adjoints that are numbers."""

    adjoints: Mapping[Tensor, Tensor]
    gradients: Sequence[Tensor]
    numbers: Sequence[Tensor] = ()


def skeleton(
    backward: Backward,
    shapes: Sequence[Shape],
    write: Write,
    taken: Collection[str],
    constant: Callable[[Tensor], Tensor | None],
) -> Skeleton:
    """The adjoints of a graph that are worth names. `shapes` are those of the variables, `write` writes, `taken` are
    names that mean something, `constant` tells the number that a tensor is throughout, or None.
    """
    leaves = {node: _leaf(backward, node, k, taken) for k, node in enumerate(backward.candidates)}
    if not leaves:
        return Skeleton((), backward.swept({}).gradients)

    @cache
    def priced(held: frozenset[Tensor]) -> tuple[int, _Pass]:
        swept = backward.swept({node: leaves[node] for node in leaves if node in held})
        found = _varying(swept, leaves, constant)
        adjoints = {leaves[node].name: write(tensor, leaves[node].typed) for node, tensor in found.adjoints.items()}
        return price(adjoints, [write(t, shape) for t, shape in zip(found.gradients, shapes, strict=True)]), found

    def melted(held: frozenset[Tensor]) -> tuple[int, _Pass]:
        """The shortest that is reached from here by holding one more or one less at a time."""
        best, swept = priced(held)
        for _ in range(_ROUNDS if len(leaves) <= _MANY else 0):
            before = best
            for node in reversed(leaves):
                cost, other = priced(held ^ {node})
                if cost < best:
                    held, best, swept = held ^ {node}, cost, other
            if best == before:
                break
        return best, swept

    # two that pay only together bar the way from all of them to those of the user
    starts = dict.fromkeys((frozenset(leaves), frozenset(n for n in leaves if not _numbered(leaves[n]))))
    _, swept = min(map(melted, starts), key=lambda found: found[0])
    found = [
        Held(Variable(leaves[node].name, leaves[node].typed), tensor, _numbered(leaves[node]))
        for node, tensor in swept.adjoints.items()
    ]
    return Skeleton(found, swept.gradients, swept.numbers)


def _varying(swept: Swept, leaves: Mapping[Tensor, Leaf], constant: Callable[[Tensor], Tensor | None]) -> _Pass:
    """What one sweep found, the adjoints that are one number throughout, such as 0, being put in."""
    values: dict[Tensor, Tensor] = {}
    numbers: list[Tensor] = []
    adjoints: dict[Tensor, Tensor] = {}
    for node, arrived in swept.adjoints.items():
        tensor = replaced(arrived, values)
        whole = tensor
        if isinstance(tensor, Sum) and len(tensor.terms) == 2:  # two terms may cancel, of which one is called by a name
            whole = replaced(
                tensor, {leaves[held]: known for held, known in adjoints.items() if leaves[held] in tensor.children}
            )
        if (value := constant(whole)) is not None:
            values[leaves[node]] = value
            numbers.append(whole)
        else:
            adjoints[node] = tensor
    return _Pass(adjoints, [replaced(tensor, values) for tensor in swept.gradients], numbers)


def price(adjoints: Mapping[str, Expr], others: Sequence[Expr]) -> int:
    """What a backward pass costs its reader. An adjoint that is used again costs no more than a part that repeats, and
    that of a definition reads better; one that is the same as another reads worse.
    """
    whole = shared_totals({**adjoints, **{str(k): form for k, form in enumerate(others)}})
    adjoints = {name: whole[name] for name in adjoints}
    forms = list(whole.values())
    uses = Counter[str]()
    for node in visible(*forms):
        uses.update(child.name for child in node.children if isinstance(child, Variable))
    uses.update(form.name for form in forms if isinstance(form, Variable))
    total = cost_together(forms)
    for name, form in adjoints.items():
        if uses[name] < 2 or isinstance(form, Variable | Defined):
            total += DEFINITION
        elif not name.startswith(PLACE):
            total -= _AGAIN
    return total


def _leaf(backward: Backward, node: Tensor, number: int, taken: Collection[str]) -> Leaf:
    """The variable that stands for the adjoint of a part: that of a definition of the user is called after it."""
    if isinstance(node, Alias) and node.name in taken and (name := f"delta_{node.name}") not in taken:
        return Leaf(name, node.shape, node.source.shape)
    shape = node.shape[::-1] if backward.lies_turned(node) else node.shape
    return Leaf(f"{PLACE}{number}", shape, shape)


def _numbered(leaf: Leaf) -> bool:
    return leaf.name.startswith(PLACE)
