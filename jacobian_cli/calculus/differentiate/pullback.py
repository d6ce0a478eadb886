"""The pullback: one backward sweep over the graph, each node visited once.

With the identity as seed it yields the Jacobian (axes out + in), with an upstream gradient the gradient of the
variable. Downstream = upstream × local at each node, and what comes back along several paths adds up
(CS224N lecture 3; Griewank & Walther, Evaluating Derivatives, ch. 3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from jacobian_cli.calculus.differentiate.commuting import through_commuting
from jacobian_cli.calculus.differentiate.lower import partial
from jacobian_cli.calculus.differentiate.path import LONG, Path
from jacobian_cli.calculus.index.tensor import Alias, Apply, Factor, Leaf, Product, Reshape, Sum, Tensor, is_zero, walk
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.calculus.simplify.substitution import substitute
from jacobian_cli.ops import row
from jacobian_cli.shape import Shape


def identity(shape: Shape) -> Tensor:
    """∂y/∂y: a product of Kronecker deltas, axes out + out."""
    order = len(shape)
    return algebra.product(shape + shape, [(algebra.delta(size), (k, order + k), 1) for k, size in enumerate(shape)])


def jacobian(
    output: Tensor,
    wrt: Sequence[Leaf],
    values: Mapping[Tensor, Tensor] | None = None,
    *,
    everywhere: bool = False,
) -> list[Tensor]:
    """∂output/∂v for each variable, with the axes of the output in front of those of the variable."""
    return pullback(output, identity(output.shape), wrt, values, everywhere=everywhere)


def pullback(
    output: Tensor,
    seed: Tensor,
    wrt: Sequence[Leaf],
    values: Mapping[Tensor, Tensor] | None = None,
    *,
    everywhere: bool = False,
) -> list[Tensor]:
    """What the seed, whose last axes are those of the output, becomes at each variable.

    `values` are names under which values of the graph are known: tanh's slope is 1 − h² where h is known. With
    `everywhere` the rules of the table are those that have a value wherever there is a derivative.
    """
    front = seed.shape[: len(seed.shape) - len(output.shape)]
    order = list(walk([output]))
    active = active_in(order, wrt)
    named: dict[Tensor, Tensor] = {node.body: node for node in order if isinstance(node, Alias)}
    named.update(values or {})
    upstream: dict[Tensor, list[Tensor | Path]] = {output: [seed]}
    found: dict[Leaf, Tensor] = {}
    for node in reversed(order):
        if node not in active or node not in upstream:
            continue
        value = named.get(node, node)
        arriving = upstream.pop(node)
        passed = passed_on(node, arriving, len(front), active, value, everywhere)
        if passed is not None:
            for child, further in passed:
                upstream.setdefault(child, []).append(further)
            continue
        total = arrived(node, front, arriving)
        if isinstance(node, Leaf):
            found[node] = total
        elif not is_zero(total):
            for child, sent in downstream(node, total, len(front), active, value, everywhere):
                upstream.setdefault(child, []).append(sent)
    return [found.get(leaf, algebra.zeros(front + leaf.shape)) for leaf in wrt]


def active_in(order: Sequence[Tensor], wrt: Sequence[Leaf]) -> set[Tensor]:
    """Of nodes, children first, those that the variables reach."""
    active: set[Tensor] = set(wrt)
    for node in order:
        if node not in active and not active.isdisjoint(node.children):
            active.add(node)
    return active


def arrived(node: Tensor, front: Shape, arriving: Sequence[Tensor | Path]) -> Tensor:
    """All that arrives at a node, multiplied out and added up."""
    shape = front + node.shape
    return algebra.add(shape, [(1, t.tensor(node.shape) if isinstance(t, Path) else t) for t in arriving])


def passed_on(
    node: Tensor,
    arriving: Sequence[Tensor | Path],
    front: int,
    active: Collection[Tensor],
    value: Tensor,
    everywhere: bool,
) -> list[tuple[Tensor, Path]] | None:
    """For each active child what goes on to it as a list of factors; None where what arrives is short, or must be
    multiplied out.
    """
    if len(arriving) > 1:
        return None
    (path,) = arriving
    if isinstance(path, Product) and len(path.factors) >= LONG:
        path = Path.of(path, front)
    if not isinstance(path, Path):
        return None
    match node:
        case Alias(body=body):
            return [(body, path)]
        case Sum(terms=terms):
            return [(term, path.scaled(coefficient)) for coefficient, term in terms if term in active]
        case Product(factors=factors):
            passed = [(child, path.through(node, k)) for k, (child, _, _) in enumerate(factors) if child in active]
            return None if any(sent is None for _, sent in passed) else passed  # type: ignore[return-value]  # none is None then
        case Apply(arguments=arguments, shape=shape, loop=loop) if loop == len(shape):
            if any(argument.shape != shape for argument in arguments):
                return None
            return [
                (child, path.times(local))
                for k, child in enumerate(arguments)
                if child in active and not is_zero(local := _local(node, k, value, everywhere))
            ]
    return None


@lru_cache(maxsize=1024)
def _local(node: Apply, place: int, value: Tensor, everywhere: bool) -> Tensor:
    """The derivative of a function by one of its arguments, axes loop + out + in. `value` is the node by its name."""
    entry = row(node.function)
    cores = tuple(a.shape[node.loop :] for a in node.arguments)
    rule = partial(entry, place, cores, node.shape[node.loop :], everywhere=everywhere)
    values = dict(zip(entry.parameters, node.arguments, strict=True)) | {"ans": value}
    return substitute(rule, values, node.shape[: node.loop])


def downstream(
    node: Tensor, upstream: Tensor, front: int, active: set[Tensor], value: Tensor, everywhere: bool
) -> Iterable[tuple[Tensor, Tensor]]:
    """For each active child: upstream × local. `value` is the node, under its name if it has one."""
    match node:
        case Alias(body=body):
            yield body, upstream
        case Sum(terms=terms):
            for coefficient, term in terms:
                if term in active:
                    yield term, algebra.scale(coefficient, upstream)
        case Product():
            yield from _through_product(node, upstream, front, active)
        case Apply():
            yield from _through_function(node, upstream, front, active, value, everywhere)
        case Reshape(body=body, loop=loop):
            yield body, algebra.reshape(upstream, upstream.shape[:front] + body.shape, front + loop)
        case _:
            raise AssertionError(f"no pullback for {type(node).__name__}")


def _through_product(
    node: Product, upstream: Tensor, front: int, active: set[Tensor]
) -> Iterable[tuple[Tensor, Tensor]]:
    """Product rule, occurrence by occurrence: ∂(a_i^p b_i)/∂a_i = p a_i^(p−1) b_i."""
    order = len(node.shape)
    seed: Factor = (upstream, tuple(range(front + order)), 1)
    # the axes of the child come behind `front`; everything the product already names is pushed past them
    for k, (child, labels, power) in enumerate(node.factors):
        if child not in active:
            continue
        width = len(labels)
        offset = front + width
        moved = [(f, tuple(label + offset for label in ls), p) for f, ls, p in node.factors]
        head: Factor = (seed[0], (*range(front), *(i + offset for i in range(order))), 1)
        rest = moved[:k] + moved[k + 1 :]
        if power != 1:
            rest.append((child, moved[k][1], power - 1))
        ties: list[Factor] = [
            (algebra.delta(size), (front + axis, label + offset), 1)
            for axis, (label, size) in enumerate(zip(labels, child.shape, strict=True))
        ]
        shape = upstream.shape[:front] + child.shape
        yield child, algebra.product(shape, [head, *rest, *ties], node.coefficient * power)


def _through_function(
    node: Apply, upstream: Tensor, front: int, active: set[Tensor], value: Tensor, everywhere: bool
) -> Iterable[tuple[Tensor, Tensor]]:
    """Chain rule: the upstream gradient times the row's own derivative."""
    if (short := through_commuting(node, upstream, front, active, value)) is not None:
        yield from short
        return
    out = len(node.shape) - node.loop
    entry = row(node.function)
    for k, child in enumerate(node.arguments):
        if child not in active or entry.parameters[k] in entry.places:
            continue
        local = _local(node, k, value, everywhere)
        if is_zero(local):
            continue
        width = len(child.shape) - node.loop
        # axes of the result: front, loop, in; summed: out
        fronts, loops = tuple(range(front)), tuple(range(front, front + node.loop))
        ins = tuple(range(front + node.loop, front + node.loop + width))
        outs = tuple(range(front + node.loop + width, front + node.loop + width + out))
        shape = upstream.shape[:front] + child.shape
        # a sum that no matrix holds, such as that of a Cholesky factor, is multiplied out
        terms = local.terms if isinstance(local, Sum) and width + out > 2 else ((1, local),)
        yield (
            child,
            algebra.add(
                shape,
                [
                    (c, algebra.product(shape, [(upstream, fronts + loops + outs, 1), (t, loops + outs + ins, 1)]))
                    for c, t in terms
                ],
            ),
        )
