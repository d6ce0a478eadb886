"""Decorators: those that change nothing in what a function computes, and all others."""

from __future__ import annotations

import ast

_HARMLESS = frozenset(
    "jit njit compile function checkpoint remat lru_cache cache script export typechecked beartype jaxtyped "
    "staticmethod classmethod property cached_property override final no_type_check enable_grad".split()
)
"""What compiles, caches or checks, or says how a method is called."""
_HELD = frozenset(("no_grad", "inference_mode"))
"""What holds fixed all that is computed in a function."""


def wrapped(node: ast.expr) -> ast.expr:
    """What a decorator is: the `jax.jit` of `jit(nopython=True)` and of `partial(jax.jit, static_argnums=0)`."""
    while isinstance(node, ast.Call):
        partial = last_word(node.func) == "partial" and node.args
        node = node.args[0] if partial else node.func
    return node


def last_word(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def root(node: ast.AST) -> str:
    """The name that a dotted name, an entry or a call of a method begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def changes(word: str, *, asked: bool) -> bool:
    """Whether a decorator, of which this is the last word, may change what a function computes, or its derivative. Of
    the function that is `asked` for the derivative is meant, though PyTorch would hold it fixed.
    """
    return not (word in _HARMLESS or (asked and word in _HELD))


def harmless(item: ast.withitem) -> bool:
    """Whether a block is one in which other things are said of errors, and nothing else is computed."""
    words = ("errstate", "catch_warnings", "enable_grad", "default_matmul_precision")
    return isinstance(item.context_expr, ast.Call) and last_word(item.context_expr.func) in words
