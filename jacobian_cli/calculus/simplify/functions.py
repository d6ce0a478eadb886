"""Identities between functions, as rows of the table state them: x/|x| = sign x, f/Σf = softmax, log Σf = logsumexp.

Each takes factors, or an argument, in normal form and says what they are; building is left to the algebra.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from jacobian_cli.calculus.index.tensor import Apply, Factor, Labels, Product, Rational, Sum, Tensor
from jacobian_cli.ops import FUNCTIONS, Kind, Row, row

Uses = dict[str, tuple[int, int]]
"""Where functions of one argument stand in a list of factors, and their powers."""


@cache
def _by_products() -> tuple[tuple[Row, dict[str, int]], ...]:
    return tuple((entry, dict(product)) for entry in FUNCTIONS.values() for product in entry.products)


@cache
def _stating(field: str, function: str, kind: Kind) -> str:
    """The function of one argument whose row says `function` in this field, if there is one."""
    for entry in FUNCTIONS.values():
        if getattr(entry, field) == function and entry.kind is kind and len(entry.parameters) == 1:
            return entry.name
    return ""


def combined(factors: list[Factor]) -> list[Factor] | None:
    """sinh(x)/cosh(x) = tanh(x), x sign(x) = |x|, sign(x)² = 1; None where nothing of the kind is there."""
    for k, (node, labels, power) in enumerate(factors):
        if not isinstance(node, Apply) or not isinstance(power, int):
            continue
        entry = row(node.function)
        if entry.indicator and power > 1:
            return _replaced(factors, {k: 1}, [])
        if entry.even_powers and power > 1:
            argument: Factor = (node.arguments[0], labels, power - power % 2)
            return _replaced(factors, {k: power % 2}, [] if entry.even_powers == "1" else [argument])
        if len(node.arguments) == 1 and node.loop == len(node.shape):
            found = _one_function(factors, node.arguments[0], labels)
            if found is not None:
                return found
    return None


def _one_function(factors: list[Factor], argument: Tensor, labels: Labels) -> list[Factor] | None:
    """A product of functions of one argument that is one function of it."""
    uses: Uses = {}
    for k, (node, ls, power) in enumerate(factors):
        if ls != labels or not isinstance(power, int):
            continue
        if node is argument:
            uses[""] = (k, power)
        elif isinstance(node, Apply) and node.arguments == (argument,) and node.loop == len(node.shape):
            uses[node.function] = (k, power)
    if len(uses) < 2:
        return None
    for entry, powers in _by_products():
        if all(name in uses and uses[name][1] * p > 0 and abs(uses[name][1]) >= abs(p) for name, p in powers.items()):
            left: dict[int, Rational] = {uses[name][0]: uses[name][1] - p for name, p in powers.items()}
            merged = Apply(entry.name, (argument,), len(argument.shape), argument.shape)
            return _replaced(factors, left, [(merged, labels, 1)])
    return None


def _replaced(factors: list[Factor], powers: dict[int, Rational], new: list[Factor]) -> list[Factor]:
    """The factors with other powers at some places, and new ones."""
    kept = [(n, ls, powers.get(k, p)) for k, (n, ls, p) in enumerate(factors)]
    return [factor for factor in kept if factor[2]] + new


def shares(factors: list[Factor], negative: Callable[[Tensor], Tensor]) -> list[Factor] | None:
    """exp(x)/(1 + exp(x)) = σ(x), 1/(1 + exp(x)) = σ(−x), exp(x)_i/Σ exp(x) = softmax(x)_i."""
    for k, (total, labels, power) in enumerate(factors):
        if not isinstance(power, int):
            continue
        if isinstance(total, Apply) and power > 0 and row(total.function).share_of and len(total.arguments) == 1:
            found = _turned_share(factors, k, total, negative)
            if found is not None:
                return found
        if power > 0:
            continue
        part = _part_of_one(total)
        if part is not None and (name := _stating("share_of", part.function, Kind.ELEMENTWISE)):
            return _share_of_one(factors, k, part, name, negative)
        part = _part_of_row(total)
        if part is not None and (name := _stating("share_of", part.function, Kind.ROW)):
            for j, (node, ls, p) in enumerate(factors):
                if node is part and ls[:-1] == labels and isinstance(p, int) and p > 0:
                    taken = min(p, -power)
                    share = Apply(name, part.arguments, len(part.shape) - 1, part.shape)
                    return _replaced(factors, {k: power + taken, j: p - taken}, [(share, ls, taken)])
    return None


def _turned_share(
    factors: list[Factor], k: int, share: Apply, negative: Callable[[Tensor], Tensor]
) -> list[Factor] | None:
    """exp(x) σ(−x) = σ(x)."""
    if share.loop != len(share.shape):
        return None
    _, labels, power = factors[k]
    of = row(share.function).share_of
    for j, (node, ls, p) in enumerate(factors):
        if not isinstance(node, Apply) or node.function != of or ls != labels or not isinstance(p, int) or p < 0:
            continue
        opposite = negative(share.arguments[0])
        if node.arguments == (opposite,):
            taken = min(p, int(power))
            turned = Apply(share.function, (opposite,), share.loop, share.shape)
            return _replaced(factors, {k: power - taken, j: p - taken}, [(turned, labels, taken)])
    return None


def _share_of_one(
    factors: list[Factor], k: int, part: Apply, name: str, negative: Callable[[Tensor], Tensor]
) -> list[Factor]:
    """f^p/(1 + f)^q = σ^p (1 − σ)^(q − p), and σ(−x)^q where no f stands above."""
    _, labels, power = factors[k]
    q = -int(power)
    above = next((j for j, (node, ls, p) in enumerate(factors) if node is part and ls == labels and p > 0), None)
    (argument,) = part.arguments
    if above is None:
        return _replaced(factors, {k: 0}, [(Apply(name, (negative(argument),), part.loop, part.shape), labels, q)])
    taken = min(q, int(factors[above][2]))
    share = Apply(name, (argument,), part.loop, part.shape)
    new: list[Factor] = [(share, labels, taken)]
    if q > taken:
        terms = [(1, Product(1, (), part.shape)), (-1, share)]
        new.append((Sum(tuple(sorted(terms, key=lambda term: term[1].digest)), part.shape), labels, q - taken))
    return _replaced(factors, {k: 0, above: int(factors[above][2]) - taken}, new)


def _part_of_one(total: Tensor) -> Apply | None:
    """The f of 1 + f, a function that runs along all axes."""
    if not isinstance(total, Sum) or len(total.terms) != 2 or any(c != 1 for c, _ in total.terms):
        return None
    parts = [t for _, t in total.terms if not (isinstance(t, Product) and not t.factors)]
    if len(parts) == 1 and isinstance(parts[0], Apply) and parts[0].loop == len(parts[0].shape):
        return parts[0]
    return None


def _part_of_row(total: Tensor) -> Apply | None:
    """The f of Σ_j f(x)_..j."""
    if not isinstance(total, Product) or total.coefficient != 1 or len(total.factors) != 1:
        return None
    part, labels, power = total.factors[0]
    plain = power == 1 and labels == tuple(range(len(labels))) and len(labels) == len(total.shape) + 1
    return part if plain and isinstance(part, Apply) and part.loop == len(part.shape) else None


def of_argument(function: str, argument: Tensor) -> Apply | Tensor | None:
    """log(exp(x)) = x, log Σ exp(x) = logsumexp(x), log(1 + exp(x)) = softplus(x): the value, where it has a name."""
    inner = row(function).undoes
    if not inner:
        return None
    if isinstance(argument, Apply) and argument.function == inner:
        return argument.arguments[0]
    for part, kind in ((_part_of_row(argument), Kind.REDUCTION), (_part_of_one(argument), Kind.ELEMENTWISE)):
        if part is not None and part.function == inner and (name := _stating("log_total_of", inner, kind)):
            return Apply(name, part.arguments, len(argument.shape), argument.shape)
    return None
