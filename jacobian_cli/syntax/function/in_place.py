"""What changes an array that has other names: functions that end in _, and views of a part."""

from __future__ import annotations

import ast

from jacobian_cli.syntax.libraries import MODULES

_VIEWS = frozenset(
    "view reshape t transpose swapaxes permute squeeze unsqueeze ravel flatten expand narrow select diagonal "
    "detach swapdims moveaxis movedim permute_dims expand_dims flip fliplr flipud rot90 diag real broadcast_to "
    "view_as expand_as split array_split chunk tensor_split unbind unfold asarray asanyarray as_tensor".split()
)
"""Methods and functions whose value is another view of the same array, or several."""


def in_place(name: str) -> bool:
    """Whether a function of PyTorch changes its first argument: `add_`."""
    return name[-1:] == "_" and name[-2:-1].isalnum()


def copied(node: ast.expr) -> bool:
    """Whether an expression is a copy of an array: `x.copy()`, `np.array(x)`, `torch.clone(x)`, `+x`."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.UAdd)
    if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") not in ("copy", "clone", "array", "astype"):
        return False
    return all(not (word.arg == "copy" and getattr(word.value, "value", True) is False) for word in node.keywords)


def seen_through(node: ast.expr) -> str | None:
    """The name of the array of which an expression is a view: `x[0]`, `x.T`, `x.view(-1)`."""
    inside = node
    while True:
        match inside:
            case ast.Subscript(value=value) | ast.Attribute(value=value, attr="T" | "mT" | "data"):
                inside = value
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name), args=[value, *_]) if (
                name in _VIEWS and module in MODULES
            ):
                inside = value
            case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _VIEWS:
                inside = value
            case ast.Name(id=name) if inside is not node:
                return name
            case _:
                return None


def used_before(statement: ast.AST | None, names: set[str], node: ast.expr) -> bool:
    """Whether a statement holds one of these names before a part of it."""
    inside = {id(part) for part in ast.walk(node)}
    start = (node.lineno, node.col_offset)
    return any(
        isinstance(part, ast.Name)
        and isinstance(part.ctx, ast.Load)
        and part.id in names
        and (part.lineno, part.col_offset) < start
        and id(part) not in inside
        for part in (ast.walk(statement) if statement is not None else ())
    )


def used_beside(
    function: ast.AST | None, names: set[str], name: str, current: ast.stmt | None, argument: ast.expr
) -> bool:
    """Whether an array is used in the current statement of a function or behind it, but as this argument; it has these
    names. After `x = g(x)` it is another one.
    """
    itself = {id(part) for part in ast.walk(argument)}
    start = current.lineno if current is not None else 0
    stop: float = float("inf")
    match current:
        case ast.Assign(targets=[ast.Name(id=target)]) if target == name and names == {name}:
            stop = current.end_lineno or start
    return any(
        isinstance(part, ast.Name)
        and isinstance(part.ctx, ast.Load)
        and part.id in names
        and start <= part.lineno <= stop
        and id(part) not in itself
        for part in (ast.walk(function) if function is not None else ())
    )
