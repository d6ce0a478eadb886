"""Functions whose value is known: of what repeats along an axis, comparisons of what is surely larger, and choices that
a factor beside them has made.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import is_

from jacobian_cli.calculus.index.tensor import Alias, Apply, Product, Rational, Sum, Tensor
from jacobian_cli.calculus.simplify.assumptions import finite, known
from jacobian_cli.calculus.simplify.factors import axes_of, without_axes
from jacobian_cli.calculus.simplify.recipe import Call, Open, Part, Plus, Rewrite, Times, ones, zeros
from jacobian_cli.ops.identities import COMPARED, DECIDED

_CHOICES = frozenset(name for decided in DECIDED.values() for name in decided)
"""The functions that are one of their two values, as a comparison of these says."""


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


def decided(met: Open) -> Rewrite | None:
    """(x > a) g(max(x, a)) = (x > a) g(x), for sums, products and comparisons g, however deep the maximum stands.

    Not for other functions: exp(min(x, 5)) is finite where exp(x) is not, and 0·∞ is not 0. A comparison is 0 or 1
    whatever is compared.
    """
    for k, (condition, labels, power) in enumerate(met.factors):
        if not isinstance(condition, Apply) or power <= 0 or condition.function not in DECIDED:
            continue
        chosen: dict[Tensor, Tensor] = {
            Apply(name, condition.arguments, condition.loop, condition.shape): condition.arguments[which]
            for name, which in DECIDED[condition.function].items()
        }
        plain = {choice: taken for choice, taken in chosen.items() if finite(taken)}
        for j, (node, ls, p) in enumerate(met.factors):
            compared = isinstance(node, Apply) and node.function in COMPARED
            made = _chosen(node, chosen if compared else plain) if j != k and ls == labels else node
            if made is not node:
                return Rewrite([f for i, f in enumerate(met.factors) if i != j], [(made, ls, p)])
    return None


def _chosen(node: Tensor, chosen: Mapping[Tensor, Tensor]) -> Part:
    """A tensor with other values for some of its parts, as far as its entries depend on theirs one by one."""
    if node in chosen:
        return chosen[node]
    whole = tuple(range(len(node.shape)))
    parts: list[Part]
    match node:
        case Alias(body=Apply() as body):
            opened = _chosen(body, chosen)
            return node if opened is body else opened
        case Apply(function, arguments, loop, shape) if function in COMPARED or function in _CHOICES:
            parts = [_chosen(argument, chosen) for argument in arguments]
            return node if all(map(is_, parts, arguments)) else Call(function, tuple(parts), loop, shape)
        case Product(coefficient, factors, shape):
            plain = [isinstance(p, int) and p > 0 and labels == whole for _, labels, p in factors]
            parts = [_chosen(f[0], chosen) if free else f[0] for f, free in zip(factors, plain, strict=True)]
            if all(made is f[0] for made, f in zip(parts, factors, strict=True)):
                return node
            return Times(shape, [(made, f[1], f[2]) for made, f in zip(parts, factors, strict=True)], coefficient)
        case Sum(terms, shape):
            parts = [_chosen(term, chosen) for _, term in terms]
            if all(made is t[1] for made, t in zip(parts, terms, strict=True)):
                return node
            return Plus(shape, [(t[0], made) for made, t in zip(parts, terms, strict=True)])
    return node
