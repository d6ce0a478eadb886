"""Calls that are only short for something, as a cross-entropy or a layer norm: written out by their definitions."""

from __future__ import annotations

from functools import lru_cache

from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.differentiate.pullback import jacobian
from jacobian_cli.calculus.index.tensor import Leaf
from jacobian_cli.calculus.index.tensor import walk as walk_tensor
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.expr import Apply, Expr, Variable, rebuild, walk, with_parts
from jacobian_cli.ops import Kind, row
from jacobian_cli.shape import Shape, product


def active_nodes(output: Expr, wrt: Variable) -> set[Expr]:
    """The nodes that depend on a variable."""
    active: set[Expr] = {wrt}
    for node in walk([output]):
        if any(child in active for child in node.children):
            active.add(node)
    return active


def expanded(output: Expr, wrt: Variable) -> tuple[Expr, dict[Expr, Apply]]:
    """The formula with calls that are only short for something written out; and for each the call it was."""
    active = active_nodes(output, wrt)
    made: dict[Expr, Expr] = {}
    calls: dict[Expr, Apply] = {}
    for node in walk([output]):
        new = with_parts(node, made)
        if isinstance(new, Apply) and node in active and _is_short(new):
            body, inside = _definition(new.function, tuple(a.shape for a in new.arguments), new.shape)
            values: dict[Expr, Expr] = {Variable(f"?{k}", a.shape): a for k, a in enumerate(new.arguments)}
            for short, call in inside.items():
                written = rebuild(call, values.get)
                assert isinstance(written, Apply)
                calls[rebuild(short, values.get)] = written
            if isinstance(body, Apply):
                call, new = new, rebuild(body, values.get)
                calls[new] = call
        made[node] = new
    return made[output], calls


@lru_cache(maxsize=256)
def _definition(function: str, shapes: tuple[Shape, ...], shape: Shape) -> tuple[Expr, dict[Expr, Apply]]:
    """A definition of the table for arguments `?0`, `?1`, … of these shapes; what is short in it written out."""
    entry = row(function)
    arguments = [Variable(f"?{k}", s) for k, s in enumerate(shapes)]
    entries = product(size for s in shapes for size in s)
    names: dict[Expr, Expr] = {Variable(p, a.shape): a for p, a in zip(entry.parameters, arguments, strict=True)}
    body = _plainer(rebuild(meaning(entry.definition, entry.parameters, shapes, entries), names.get))
    if body.shape != shape:  # a definition of single rows, where there are many
        return Apply(function, tuple(arguments), (), shape), {}
    return expanded(body, arguments[0])


def _is_short(node: Apply) -> bool:
    entry = row(node.function)
    if not entry.definition or entry.derivative or node.parameters:
        return False
    whole = entry.kind in (Kind.ROW, Kind.REDUCTION) and len(node.arguments[0].shape) == 1
    return entry.kind is Kind.FORMULA or (whole and not _linear(node.function, node.arguments[0].shape, node.shape))


@lru_cache(maxsize=256)
def _linear(function: str, argument: Shape, shape: Shape) -> bool:
    """Whether the derivative does not depend on where it is taken, as that of a mean."""
    variable = Variable("?", argument)
    leaf = lower(variable)
    assert isinstance(leaf, Leaf)
    (local,) = jacobian(lower(Apply(function, (variable,), (), shape)), [leaf])
    return leaf not in walk_tensor([local])


def _plainer(expr: Expr) -> Expr:
    """Without functions that do nothing here, as the mean of one number, and options that say nothing."""
    made: dict[Expr, Expr] = {}
    for node in walk([expr]):
        new = with_parts(node, made)
        if isinstance(new, Apply) and row(new.function).kind is Kind.REDUCTION:
            (argument,) = new.arguments
            bare = Apply(new.function, new.arguments, (), new.shape)
            if new.shape == argument.shape and lower(new) is lower(argument):
                new = argument
            elif not new.shape and lower(new) is lower(bare):
                new = bare
        made[node] = new
    return made[expr]
