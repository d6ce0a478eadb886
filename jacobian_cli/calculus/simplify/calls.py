"""Functions whose value is known: of what repeats along an axis, and comparisons of what is surely larger."""

from __future__ import annotations

from jacobian_cli.calculus.index.tensor import Apply, Product, Rational, Sum, Tensor
from jacobian_cli.calculus.simplify.assumptions import known
from jacobian_cli.calculus.simplify.factors import axes_of, without_axes
from jacobian_cli.calculus.simplify.recipe import Call, Times, ones, zeros
from jacobian_cli.ops.identities import COMPARED


def repeated(node: Apply) -> Times | None:
    """log(2·1) = log(2)·1: a function of what is repeated along an axis repeats."""
    loop = node.loop
    used = {axis for argument in node.arguments for axis in axes_of(argument)}
    if all(axis in used for axis in range(loop)):
        return None
    kept = [axis for axis in range(loop) if axis in used]
    fewer = tuple(without_axes(a, [*kept, *range(loop, len(a.shape))]) for a in node.arguments)
    behind = list(range(loop, len(node.shape)))
    small = Call(node.function, fewer, len(kept), tuple(node.shape[axis] for axis in [*kept, *behind]))
    return Times(node.shape, [(small, (*kept, *behind), 1)])


def surely_larger(node: Apply) -> Tensor | None:
    """1 − c < 1 + c where c is positive, and −1 < 1: a comparison of terms whose difference has one sign."""
    first, second = node.arguments
    difference = _terms(first)
    for term, number in _terms(second).items():
        difference[term] = difference.get(term, 0) - number
    left = [(number, term) for term, number in difference.items() if number]
    signs = {number > 0 for number, term in left if known(term, "positive")}
    if len(signs) > 1 or not all(known(term, "positive") for _, term in left):
        return None
    sign = 0 if not left else 1 if signs == {True} else -1
    return ones(node.shape) if COMPARED[node.function](sign, 0) else zeros(node.shape)


def _terms(tensor: Tensor) -> dict[Tensor, Rational]:
    """A sum as terms without numbers in front, and their numbers."""
    if isinstance(tensor, Sum):
        return {term: number for number, term in tensor.terms}
    if isinstance(tensor, Product) and tensor.coefficient != 1:
        whole = tuple(range(len(tensor.shape)))
        alone = len(tensor.factors) == 1 and tensor.factors[0][1:] == (whole, 1)
        return {tensor.factors[0][0] if alone else Product(1, tensor.factors, tensor.shape): tensor.coefficient}
    return {tensor: 1}
