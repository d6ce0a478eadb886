"""What changes an array that has other names: functions that end in _, and views of a part."""

from __future__ import annotations

import ast

_VIEWS = frozenset(
    "view reshape t transpose swapaxes permute squeeze unsqueeze ravel flatten expand narrow select diagonal "
    "detach".split()
)
"""Methods whose value is another view of the same array."""


def in_place(name: str) -> bool:
    """Whether a function of PyTorch changes its first argument: `add_`."""
    return name[-1:] == "_" and name[-2:-1].isalnum()


def copied(node: ast.expr) -> bool:
    """Whether an expression is a copy of an array: `x.copy()`, `np.copy(x)`, `torch.clone(x)`."""
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("copy", "clone")


def seen_through(node: ast.expr) -> str | None:
    """The name of the array of which an expression is a view: `x[0]`, `x.T`, `x.view(-1)`."""
    inside = node
    while True:
        match inside:
            case ast.Subscript(value=value) | ast.Attribute(value=value, attr="T" | "mT" | "data"):
                inside = value
            case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _VIEWS:
                inside = value
            case ast.Name(id=name) if inside is not node:
                return name
            case _:
                return None
