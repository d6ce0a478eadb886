"""Identities between functions, as rows of the table state them: x/|x| = sign x, f/Σf = softmax, log Σf = logsumexp.

Each takes factors, or a function of arguments, in normal form and says what they are; building is left to the engine.
"""

from __future__ import annotations

from functools import cache

from jacobian_cli.calculus.index.tensor import (
    Apply,
    Delta,
    Factor,
    Labels,
    Product,
    Rational,
    Sum,
    Tensor,
    is_zero,
)
from jacobian_cli.calculus.simplify.factors import axes_of, is_constant, without_axes
from jacobian_cli.calculus.simplify.recipe import Call, Open, Part, Plus, Rewrite, Times, ones, opposite
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


def one_indicator(met: Open) -> Rewrite | None:
    """c² = c for an indicator."""
    for k, (node, _, power) in enumerate(met.factors):
        if isinstance(node, Apply) and isinstance(power, int) and power > 1 and row(node.function).indicator:
            return _replaced(met.factors, {k: 1}, [])
    return None


def even_power(met: Open) -> Rewrite | None:
    """sign(x)² = 1, |x|² = x²."""
    for k, (node, labels, power) in enumerate(met.factors):
        if isinstance(node, Apply) and isinstance(power, int) and power > 1 and (of := row(node.function).even_powers):
            argument: Factor = (node.arguments[0], labels, power - power % 2)
            return _replaced(met.factors, {k: power % 2}, [] if of == "1" else [argument])
    return None


def one_function(met: Open) -> Rewrite | None:
    """sinh(x)/cosh(x) = tanh(x), x sign(x) = |x|: a product of functions of one argument that is one of it."""
    for node, labels, power in met.factors:
        if isinstance(node, Apply) and isinstance(power, int) and len(node.arguments) == 1:
            found = _one_function(met.factors, node.arguments[0], labels) if node.loop == len(node.shape) else None
            if found is not None:
                return found
    return None


def _one_function(factors: list[Factor], argument: Tensor, labels: Labels) -> Rewrite | None:
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


def _replaced(factors: list[Factor], powers: dict[int, Rational], new: list[Factor]) -> Rewrite:
    """The factors with other powers at some places, and new ones."""
    kept = [f for k, f in enumerate(factors) if k not in powers]
    left = [(factors[k][0], factors[k][1], power) for k, power in powers.items() if power]
    return Rewrite(kept, [*left, *new])


def share_of_row(met: Open) -> Rewrite | None:
    """exp(x)_i/Σ exp(x) = softmax(x)_i."""
    for k, (total, labels, power) in enumerate(met.factors):
        if not isinstance(power, int) or power > 0:
            continue
        part = _part_of_row(total)
        if part is not None and (name := _stating("share_of", part.function, Kind.ROW)):
            for j, (node, ls, p) in enumerate(met.factors):
                if node is part and ls[:-1] == labels and isinstance(p, int) and p > 0:
                    taken = min(p, -power)
                    share = Apply(name, part.arguments, len(part.shape) - 1, part.shape)
                    return _replaced(met.factors, {k: power + taken, j: p - taken}, [(share, ls, taken)])
    return None


def turned_share(met: Open) -> Rewrite | None:
    """exp(x) σ(−x) = σ(x)."""
    for k, (share, labels, power) in enumerate(met.factors):
        if not isinstance(share, Apply) or not isinstance(power, int) or power < 0 or len(share.arguments) != 1:
            continue
        of = row(share.function).share_of
        if not of or share.loop != len(share.shape):
            continue
        turned = opposite(share.arguments[0])
        for j, (node, ls, p) in enumerate(met.factors):
            if not isinstance(node, Apply) or node.function != of or ls != labels or not isinstance(p, int) or p < 0:
                continue
            if node.arguments == (turned,):
                taken = min(p, power)
                new = Apply(share.function, (turned,), share.loop, share.shape)
                return _replaced(met.factors, {k: power - taken, j: p - taken}, [(new, labels, taken)])
    return None


def share_of_one(met: Open) -> Rewrite | None:
    """f^p/(1 + f)^q = σ^p (1 − σ)^(q − p), and σ(−x)^q where no f stands above."""
    for k, (total, labels, power) in enumerate(met.factors):
        part = _part_of_one(total) if isinstance(power, int) and power < 0 else None
        name = _stating("share_of", part.function, Kind.ELEMENTWISE) if part is not None else ""
        if part is None or not name:
            continue
        q = -int(power)
        (argument,) = part.arguments
        above = [j for j, (node, ls, p) in enumerate(met.factors) if node is part and ls == labels and p > 0]
        if not above:
            turned = Apply(name, (opposite(argument),), part.loop, part.shape)
            return _replaced(met.factors, {k: 0}, [(turned, labels, q)])
        p = int(met.factors[above[0]][2])
        taken = min(q, p)
        share = Apply(name, (argument,), part.loop, part.shape)
        new: list[Factor] = [(share, labels, taken)]
        if q > taken:
            terms = [(1, ones(part.shape)), (-1, share)]
            new.append((Sum(tuple(sorted(terms, key=lambda term: term[1].digest)), part.shape), labels, q - taken))
        return _replaced(met.factors, {k: 0, above[0]: p - taken}, new)
    return None


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


def undone(node: Apply) -> Tensor | None:
    """log(exp(x)) = x."""
    (argument, *others) = node.arguments
    inner = row(node.function).undoes
    if others or not isinstance(argument, Apply) or argument.function != inner:
        return None
    return argument.arguments[0]


def log_of_total(node: Apply) -> Tensor | None:
    """log Σ exp(x) = logsumexp(x), log(1 + exp(x)) = softplus(x)."""
    (argument, *others) = node.arguments
    inner = row(node.function).undoes
    if others or not inner:
        return None
    for part, kind in ((_part_of_row(argument), Kind.REDUCTION), (_part_of_one(argument), Kind.ELEMENTWISE)):
        if part is not None and part.function == inner and (name := _stating("log_total_of", inner, kind)):
            return Apply(name, part.arguments, len(argument.shape), argument.shape)
    return None


def mirrored(node: Apply) -> Call | None:
    """0 < x is x > 0, max(0, x) is max(x, 0)."""
    first, second = node.arguments
    if not is_constant(first) or is_constant(second):
        return None
    return Call(row(node.function).mirror, (second, first), node.loop, node.shape)


def of_indicator(node: Apply) -> Part | None:
    """An indicator compared with 0 is itself or its complement."""
    first, second = node.arguments
    if not is_zero(second) or not isinstance(first, Apply) or not row(first.function).indicator:
        return None
    if row(node.function).of_indicator == "x":
        return first
    return Plus(node.shape, [(1, ones(node.shape)), (-1, first)])


def of_diagonal(node: Apply) -> Call | None:
    """det(diag(x)) = prod(x)."""
    if node.loop:
        return None
    (matrix,) = node.arguments
    if not isinstance(matrix, Product) or not any(isinstance(part, Delta) for part, _, _ in matrix.factors):
        return None
    scales = [f for f in matrix.factors if not isinstance(f[0], Delta)]
    if not any(ls for _, ls, _ in scales) or any(ls not in ((), (0,)) for _, ls, _ in scales):
        return None
    return Call(row(node.function).of_diagonal, (Times(matrix.shape[:1], scales, matrix.coefficient),), 0, node.shape)


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
