"""Functions that rearrange arrays or make them."""

from __future__ import annotations

import ast
from fractions import Fraction

from jacobian_cli.syntax.code.arguments import Arguments, is_, whole
from jacobian_cli.syntax.libraries import TORCH
from jacobian_cli.syntax.tree import Call, Dots, Flag, Group, Literal, Slice, Term, Text

SWAPS = ("swapaxes", "swapdims", "moveaxis", "movedim")
"""Functions that are told which two axes change places."""


def transpose(call: Arguments) -> Term:
    """NumPy names the new order of axes, PyTorch the two that change places."""
    terms = [call.code.term(a) for a in call.arguments]
    terms += [
        call.code.term(value)
        for name, value in call.keywords.items()
        if name in ("axis", "axes", "perm", "dim0", "dim1")
    ]
    x, order = terms[0], terms[1:]
    if not order:
        return call.call(".T", x) if call.name != "permute" else call.call("?turn", x)
    if len(order) == 1 and isinstance(order[0], Group):
        order = list(order[0].items)
    swaps = call.name in SWAPS or (call.name == "transpose" and call.library == TORCH)
    if call.name == "transpose" and not call.library and len(order) == 2:
        if [whole(axis) for axis in order] == [0, 1]:
            call.code.doubt("the two axes change places, as in PyTorch: `X.T`; in NumPy transpose(0, 1) leaves `X`")
        swaps = True
    if swaps and len(order) == 2:
        return call.call("?swap", x, *order)
    return call.call("transpose", x, Group(tuple(order), call.span))


def reshape(call: Arguments) -> Term:
    order = call.keywords.pop("order", None)
    x, *sizes = [call.code.term(a) for a in call.arguments]
    if sizes and isinstance(sizes[-1], Text):
        order = call.arguments.pop()
        sizes.pop()
    if order is not None and not (isinstance(order, ast.Constant) and order.value == "C"):
        raise call.refuse("entries are rearranged row by row in the language", "column by column it is `vec(A)`")
    sizes += [call.code.term(value) for value in call.keywords.values()]
    if call.name in ("flatten", "ravel") and sizes:
        raise call.refuse(
            "only whole arrays are laid out, row by row", "as in `reshape(X, -1)`; by columns it is `vec(X)`"
        )
    if not sizes:
        sizes = [Literal(Fraction(-1), call.span)]
    return call.call("reshape", x, *sizes)


def repeated(call: Arguments) -> Term:
    """Each entry so many times; a PyTorch tensor's own `repeat` is NumPy's `tile`."""
    many = len(call.arguments) > 2
    if call.method and call.name == "repeat" and (call.library == TORCH or (many and not call.library)):
        x, *times = (call.code.term(a) for a in call.arguments)
        if not times or call.keywords:
            raise call.refuse("a tensor's repeat takes how often it stands along each axis", "as in `tile(x, 2)`")
        return call.call("tile", x, Group(tuple(times), call.span) if many else times[0])
    if call.method and not call.library and not call.keywords:
        call.code.doubt("`repeat(x, 2)` is read, each entry so many times, as in NumPy; PyTorch's is `tile(x, 2)`")
    given = call.bound("x", "repeats", "axis")
    if isinstance(given["repeats"], Group | Flag):
        raise call.refuse("how often an entry is repeated is one number here", "as in `repeat(x, 2)`")
    return call.call("repeat", given["x"], given["repeats"], axis=given.get("axis"))


def joined(call: Arguments) -> Term:
    given = call.bound("x", "axis")
    parts = given["x"]
    if isinstance(parts, Call) and parts.function == "stack" and not parts.keywords:
        items = parts.arguments
    elif isinstance(parts, Group):
        items = parts.items
    else:
        raise call.refuse("what is joined is listed", "as in np.concatenate([x, y])")
    match call.name:
        case "hstack" | "vstack" | "column_stack" | "row_stack":
            return call.call(f"?{call.name}", *items)
        case "stack":
            return call.call("stack", *items, axis=given.get("axis"))
    return call.call("concat", *items, axis=given.get("axis"))


def grown(call: Arguments) -> Term:
    """A new axis of length one."""
    given = call.bound("x", "axis")
    place = whole(given.get("axis", Flag(None, call.span)))
    span = call.span
    every = Slice(None, None, span)
    picks: dict[int | None, tuple[Term, ...]] = {
        0: (Flag(None, span),),
        1: (every, Flag(None, span)),
        2: (every, every, Flag(None, span)),
        -1: (Dots(span), Flag(None, span)),
    }
    if place not in picks:
        raise call.refuse("where does the new axis belong?", "as in x[:, None]")
    return call.call("[]", given["x"], Group(picks[place], span))


def squeezed(call: Arguments) -> Term:
    given = call.bound("x", "axis")
    if "axis" not in given:
        return call.call("squeeze", given["x"])
    if whole(given["axis"]) is None:
        raise call.refuse("which axis goes?", "as in x.squeeze(-1)")
    return call.call("?squeeze", given["x"], given["axis"])


def filled_array(call: Arguments) -> Term:
    """Arrays of constants, of sizes that are listed."""
    terms = [call.code.term(a) for a in call.arguments] + [call.code.term(v) for v in call.keywords.values()]
    sizes = [item for term in terms for item in (term.items if isinstance(term, Group) else (term,))]
    match call.name:
        case "eye" | "identity":
            return call.call("eye", *sizes[:1])
        case "full":
            *sizes, value = sizes
            return call.call("*", value, call.call("ones", *sizes))
        case "empty":
            raise call.refuse("an array without values is no formula")
    return call.call(call.name, *sizes)


def chained(call: Arguments) -> Term:
    parts = call.bound("x")["x"]
    if not isinstance(parts, Call) or parts.function != "stack":
        raise call.refuse("what is multiplied is listed", "as in np.linalg.multi_dot([A, B, C])")
    total, *rest = parts.arguments
    for part in rest:
        total = call.call("?matmul", total, part)
    return total


def contracted(call: Arguments) -> Term:
    """Axes are a number, or a list of two."""
    given = call.bound("x", "y", "axis")
    return call.call("tensordot", given["x"], given["y"], axes=given.get("axis"))


def multiplied(call: Arguments) -> Term:
    """The matrix product; TensorFlow's may transpose a factor first."""
    words = ("transpose_a", "transpose_b", "adjoint_a", "adjoint_b")
    given = call.bound("x", "y", *words)
    turned = {word[-1]: is_(given[word], True) for word in words if word in given}
    x, y = (
        call.call("?turn", part) if turned.get(side) else part for part, side in ((given["x"], "a"), (given["y"], "b"))
    )
    return call.call("?matmul", x, y)


def matrix_power(call: Arguments) -> Term:
    given = call.bound("x", "n")
    return call.call("?mpower", given["x"], given["n"])


def same(call: Arguments) -> Term:
    """What changes neither values nor shape: casts and copies."""
    return call.code.term(call.arguments[0])
