"""The sign of each sum in a product: `1 - h`, as the user did, or `ŷ - y` rather than -(y - ŷ)."""

from __future__ import annotations

from collections.abc import Collection
from math import inf

from jacobian_cli.calculus.cost import MINUS, NOTHING_ELSE, signs
from jacobian_cli.calculus.index.tensor import Apply, Factor, Labels, Product, Rational, Sum, Tensor
from jacobian_cli.calculus.simplify.calls import is_negative, is_power
from jacobian_cli.calculus.simplify.recipe import opposite


def signed(
    product: Product, times: Rational, minus: float, given: Collection[Tensor], turned: Collection[Tensor]
) -> tuple[Rational, list[Factor]]:
    """The number and the factors of a multiple of a product, each sum with the sign in which people write it. A minus
    in front costs `minus`; what is `given` was typed, and before what is `turned` a minus was.
    """
    coefficient, factors = times * product.coefficient, [_below(*factor, given) for factor in product.factors]
    if minus == MINUS and sum(bool(labels) for _, labels, _ in factors) < 2:
        minus += NOTHING_ELSE
    gains: dict[int, float] = {}
    for k, (node, _, power) in enumerate(factors):
        if isinstance(power, int) and (gain := _gain(node, given, turned)) > -inf:
            gains[k] = gain
    better = {k for k, gain in gains.items() if gain > 0}
    odd = [k for k in gains if factors[k][2] % 2]
    if odd and (coefficient < 0) != (len(better.intersection(odd)) % 2 == 1):
        least = min(odd, key=lambda k: abs(gains[k]))  # one more or one less, and no minus is left in front
        if abs(gains[least]) < minus:
            better ^= {least}
    for k in better:
        node, labels, power = factors[k]
        factors[k] = (opposite(node), labels, power)
        coefficient = -coefficient if power % 2 else coefficient
    return coefficient, factors


def _below(node: Tensor, labels: Labels, power: Rational, given: Collection[Tensor]) -> Factor:
    """A factor of a product; y x**(-1 − c) is y/x**(1 + c)."""
    if is_power(node) and node not in given and is_negative(node.arguments[1]):
        base, exponent = node.arguments
        return Apply(node.function, (base, opposite(exponent)), node.loop, node.shape), labels, -power
    return node, labels, power


def _gain(node: Tensor, given: Collection[Tensor], turned: Collection[Tensor]) -> float:
    """How much better a factor reads with the opposite sign; one without a sum does not read better."""
    if isinstance(node, Sum):
        other = opposite(node)
        assert isinstance(other, Sum)
        return _cost(node, given, turned) - _cost(other, given, turned)
    if isinstance(node, Product) and node not in given:
        odd = [inner for inner, _, p in node.factors if isinstance(p, int) and p % 2]
        return max((_gain(inner, given, turned) for inner in odd), default=-inf) + (node.coefficient < 0)
    return -inf


def _cost(node: Sum, given: Collection[Tensor], turned: Collection[Tensor]) -> float:
    """What the signs of a sum cost; less those that the user typed, least those before which a minus was typed."""
    return signs(node, typed=node in given) - (node in turned)
