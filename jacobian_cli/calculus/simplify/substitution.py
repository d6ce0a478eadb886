"""Tensors built again from other parts: templates, such as the derivatives of the table, filled with tensors."""

from __future__ import annotations

from collections.abc import Mapping

from jacobian_cli.calculus.index.tensor import Alias, Apply, Factor, Leaf, Product, Reshape, Sum, Tensor, walk
from jacobian_cli.calculus.simplify.normal_form import add, apply, product, reshape, spread
from jacobian_cli.shape import Shape


def rebuilt(node: Tensor, made: Mapping[Tensor, Tensor]) -> Tensor:
    """A node made of what its parts have become, in normal form; the node itself where these are the same."""
    if all(made[child] is child for child in node.children):
        return node
    match node:
        case Alias(name, body, source, free):
            return Alias(name, made[body], source, free)
        case Product(coefficient, factors, shape):
            return product(shape, [(made[part], labels, power) for part, labels, power in factors], coefficient)
        case Sum(terms, shape):
            return add(shape, [(c, made[term]) for c, term in terms])
        case Apply(function, arguments, loop, shape):
            return apply(function, tuple(made[argument] for argument in arguments), loop, shape)
        case Reshape(body, loop, shape):
            return reshape(made[body], shape, loop)
    raise AssertionError(node)


def replaced(tensor: Tensor, values: Mapping[Tensor, Tensor]) -> Tensor:
    """A tensor with others in place of some of its parts."""
    if not values:
        return tensor
    made: dict[Tensor, Tensor] = {}
    for node in walk([tensor], lambda part: () if part in values else part.children):
        made[node] = values[node] if node in values else rebuilt(node, made)
    return made[tensor]


def substitute(template: Tensor, values: dict[str, Tensor], loop: Shape) -> Tensor:
    """A template in leaves with values for them, all entries running along the axes `loop` in front."""
    count_loop = len(loop)
    front = tuple(range(count_loop))
    made: dict[Tensor, tuple[Tensor, bool]] = {}

    def whole(node: Tensor) -> Tensor:
        new, looped = made[node]
        if looped:
            return new
        return spread(new, tuple(range(count_loop, count_loop + len(new.shape))), loop + new.shape)

    for node in walk([template]):
        looped = any(made[child][1] for child in node.children)
        match node:
            case Leaf(name=name) if name in values:
                made[node] = values[name], True
            case _ if not looped:
                made[node] = node, False
            case Product(coefficient, factors, shape):
                inside: list[Factor] = []
                for part, labels, power in factors:
                    new, new_looped = made[part]
                    shifted = tuple(k + count_loop for k in labels)
                    inside.append((new, front + shifted if new_looped else shifted, power))
                made[node] = product(loop + shape, inside, coefficient), True
            case Sum(terms, shape):
                made[node] = add(loop + shape, [(c, whole(t)) for c, t in terms]), True
            case Apply(function, arguments, inner, shape):
                new_arguments = tuple(whole(a) for a in arguments)
                made[node] = apply(function, new_arguments, inner + count_loop, loop + shape), True
            case Reshape(body, inner, shape):
                made[node] = reshape(whole(body), loop + shape, inner + count_loop), True
            case _:
                raise AssertionError(f"a template cannot hold {node}")
    return whole(template)
