"""Functions whose value is known: of what repeats along an axis, comparisons of what is surely larger, and choices that
a factor beside them has made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from operator import is_
from typing import TypeGuard

from jacobian_cli.calculus.index.tensor import Alias, Apply, Factor, Product, Rational, Sum, Tensor
from jacobian_cli.calculus.simplify.assumptions import finite, known
from jacobian_cli.calculus.simplify.factors import axes_of, is_constant, without_axes
from jacobian_cli.calculus.simplify.recipe import Call, Open, Part, Plus, Rewrite, Times, multiple, ones, zeros
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.identities import CHOICES, COMPARED, COMPLEMENTS, DECIDED, chooses

_OPEN = CHOICES.union(COMPARED)


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


def raised(node: Apply) -> Times | None:
    """x**1 = x and x**0 = 1, where an exponent turns out to be a number."""
    base, exponent = node.arguments
    if not is_constant(exponent):
        return None
    number = exponent.coefficient if isinstance(exponent, Product) else 0
    return Times(node.shape, [(base, tuple(range(len(node.shape))), number)] if number else [])


def powers_met(met: Open) -> Rewrite | None:
    """x x**a x**b / x**c = x**(1 + a + b − c): the powers of one base as one."""
    for node, labels, power in met.factors:
        if not is_power(node) or not isinstance(power, int):
            continue
        base, first = node.arguments
        found: list[tuple[Factor, Tensor]] = []
        for factor in met.factors:
            other, theirs, p = factor
            if (
                theirs == labels
                and isinstance(p, int)
                and (other is base or (is_power(other) and other.arguments[0] is base))
            ):
                found.append(
                    (factor, other.arguments[1] if is_power(other) and other is not base else ones(first.shape))
                )
        if len(found) == 1 and power == 1:
            continue
        exponent = Plus(first.shape, [(f[2], by) for f, by in found])
        raised = Call(node.function, (base, exponent), node.loop, node.shape)
        used = [f for f, _ in found]
        return Rewrite([f for f in met.factors if f not in used], [(raised, labels, 1)])
    return None


def is_power(tensor: Tensor) -> TypeGuard[Apply]:
    return isinstance(tensor, Apply) and FUNCTIONS[tensor.function].algebra == "power"


def is_negative(tensor: Tensor) -> bool:
    """Whether a minus stands before all of its terms."""
    if isinstance(tensor, Sum):
        return bool(tensor.terms) and all(c < 0 for c, _ in tensor.terms)
    return isinstance(tensor, Product) and tensor.coefficient < 0


def surely_larger(node: Apply) -> Tensor | None:
    """1 − c < 1 + c where c is positive, and −1 < 1: a comparison of terms whose difference has one sign."""
    sign = sign_of_difference(*node.arguments)
    if sign is None:
        return None
    return ones(node.shape) if COMPARED[node.function](sign, 0) else zeros(node.shape)


def sign_of_difference(first: Tensor, second: Tensor) -> int | None:
    """1, 0 or -1 as the first is surely larger, the same or surely smaller; None where nothing is known."""
    left = _difference(first, second)
    signs = {number > 0 for number, term in left if known(term, "positive")}
    if len(signs) > 1 or not all(known(term, "positive") for _, term in left):
        return None
    return 0 if not left else 1 if signs == {True} else -1


def number_between(first: Tensor, second: Tensor) -> Rational | None:
    """The number by which the first is larger; None where it is none."""
    left = _difference(first, second)
    if any(not is_constant(term) for _, term in left):
        return None
    return sum((number for number, _ in left), Fraction(0))


def _difference(first: Tensor, second: Tensor) -> list[tuple[Rational, Tensor]]:
    difference = _terms(first)
    for term, number in _terms(second).items():
        difference[term] = difference.get(term, 0) - number
    return [(number, term) for term, number in difference.items() if number]


def _terms(tensor: Tensor) -> dict[Tensor, Rational]:
    """A sum as terms without numbers in front, and their numbers; what is one scalar throughout is that scalar."""
    found: dict[Tensor, Rational] = {}
    waiting: list[tuple[Rational, Tensor]] = [(1, tensor)]
    while waiting:
        number, part = waiting.pop()
        if isinstance(part, Product):
            number *= part.coefficient
            part = multiple(1, part.factors, part.shape if any(labels for _, labels, _ in part.factors) else ())
        if isinstance(part, Sum):
            waiting += [(number * c, term) for c, term in part.terms]
        else:
            found[part] = found.get(part, 0) + number
    return found


def decided(met: Open) -> Rewrite | None:
    """(x > a) g(max(x, a)) = (x > a) g(x), for sums, products and comparisons g, however deep the maximum stands, and
    (x > a) where(x > a, y, z) = (x > a) y.

    Not for other functions: exp(min(x, 5)) is finite where exp(x) is not, and 0·∞ is not 0. A comparison is 0 or 1
    whatever is compared.
    """
    for k, (condition, labels, power) in enumerate(met.factors):
        chosen = _held(condition) if power > 0 else {}
        plain = {choice: taken for choice, taken in chosen.items() if finite(taken)}
        for j, (node, ls, p) in enumerate(met.factors) if chosen else ():
            made = _chosen(node, chosen if _compares(node) else plain) if j != k and ls == labels else node
            if made is not node:
                return Rewrite([f for i, f in enumerate(met.factors) if i != j], [(made, ls, p)])
    return None


def decided_by_meaning(met: Open) -> Iterator[Rewrite]:
    """(x > a)(s >= t) = (x > a) where s and t are names of max(x, a)y and xy: names opened where a comparison then says
    nothing more.
    """
    for j, (node, labels, power) in enumerate(met.factors):
        if not isinstance(node, Apply) or not _compares(node) or not any(isinstance(a, Alias) for a in node.arguments):
            continue
        chosen: dict[Tensor, Tensor] = {}
        for k, (condition, ls, p) in enumerate(met.factors):
            if k != j and ls == labels and p > 0:
                chosen |= _held(condition)
        meant = [a.body if isinstance(a, Alias) else a for a in node.arguments]
        parts = tuple(_chosen(part, chosen) for part in meant)
        if not all(map(is_, parts, meant)):
            made = Call(node.function, parts, node.loop, node.shape)
            yield Rewrite([f for i, f in enumerate(met.factors) if i != j], [(made, labels, power)])


def _compares(node: Tensor) -> bool:
    return isinstance(node, Apply) and node.function in COMPARED


def _held(condition: Tensor) -> dict[Tensor, Tensor]:
    """What is known of other tensors wherever a condition holds."""
    if not isinstance(condition, Apply) or condition.function not in COMPARED:
        return {}
    arguments, loop, shape = condition.arguments, condition.loop, condition.shape
    decides = DECIDED.get(condition.function, {})
    return {
        **{Apply(name, arguments, loop, shape): arguments[which] for name, which in decides.items()},
        condition: ones(shape),
        Apply(COMPLEMENTS[condition.function], arguments, loop, shape): zeros(shape),
    }


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
        case Apply(function, arguments, loop, shape) if function in _OPEN or chooses(function):
            parts = [_chosen(argument, chosen) for argument in arguments]
            if all(map(is_, parts, arguments)):
                return node
            call = Call(function, tuple(parts), loop, shape)
            there = tuple(part for part in parts if isinstance(part, Tensor))
            return call if len(there) < len(parts) else chosen.get(Apply(function, there, loop, shape), call)
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
