"""What the functions of the language are in JAX: NumPy's, but that arrays made from nothing bear the type of the
arguments, and that nothing may be done to an array in its place.
"""

from __future__ import annotations

from jacobian_cli.calculus.derivative.solutions import lower_factor
from jacobian_cli.expr import Apply
from jacobian_cli.ops.cuts import Listed
from jacobian_cli.printers.numpy.calls import FORMS, called
from jacobian_cli.printers.numpy.numbers import is_known
from jacobian_cli.printers.numpy.picking import at_places, places
from jacobian_cli.printers.numpy.products import Inverse, Source, call, of_numbers, subscript
from jacobian_cli.printers.numpy.target import Target
from jacobian_cli.printers.numpy.writer import Writer
from jacobian_cli.printers.precedence import Level, Piece, index_text

_SCIPY = """def {{name}}({arguments}):
    return jax.scipy.{place}.{function}({arguments})"""
_EXTREME = """def {{name}}(x, axis=None):
    found = (x == {{np}}.{which}(x, axis=axis, keepdims=True)).astype({{np}}.result_type(x))
    return found / {{np}}.sum(found, axis=axis, keepdims=True)"""
_SPECIAL = {"erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "lgamma": "gammaln", "digamma": "digamma"}


def _typed(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """An array made from nothing, of the type of the arguments."""
    made = FORMS[node.function](writer, node, operands).piece.text
    return Source(Piece(f"{made[:-1]}, dtype={writer.np}.result_type({writer.like}))"), node.shape)


def _compared(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    found = FORMS[node.function](writer, node, operands)
    if found.condition is None or all(o.plain for o in operands):
        return found
    kind = f"{writer.np}.result_type({writer.like})"
    return Source(Piece(f"({found.condition.text}).astype({kind})"), node.shape, condition=found.condition)


def _called(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    return of_numbers(writer.math, node, operands) or called(writer, node, operands)


def _joined(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    parts = [o.piece.text if o.shape else f"{writer.np}.reshape({o.piece.text}, 1)" for o in operands]
    axis = [f"axis={axes[0]}" for axes in (dict(node.parameters).get("axis"),) if axes]
    return Source(call(f"{writer.np}.concatenate", f"[{', '.join(parts)}]", *axis), node.shape)


def _indexed(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """Lists of places are arrays."""
    index = dict(node.parameters)["index"]
    if not any(isinstance(item, Listed) for item in index):
        return FORMS["[]"](writer, node, operands)
    parts = [index_text((item,), lambda size: writer.size(size).text) for item in index]
    listed = [f"{writer.np}.array({t})" if isinstance(i, Listed) else t for i, t in zip(index, parts, strict=True)]
    return Source(subscript(operands[0].piece, ", ".join(listed)), node.shape)


def _one_hot(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    kind = f"dtype={writer.np}.result_type({writer.like})"
    if not is_known(node.arguments[0]):
        there = at_places(writer, node, operands[0].piece)
        return Source(Piece(f"({there.text}).astype({writer.np}.result_type({writer.like}))"), node.shape)
    at = places(writer, node.arguments[0], operands[0].piece)
    identity = call(f"{writer.np}.eye", writer.size(node.shape[-1]).text, kind)
    return Source(subscript(identity, at.text), node.shape)


def _of_ones(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """A matrix of zeros and ones, of the type of the arguments."""
    found = FORMS.get(node.function, called)(writer, node, operands).piece
    return Source(Piece(f"{found.at(Level.POSTFIX)}.astype({writer.np}.result_type({writer.like}))"), node.shape)


def _inverted(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """By a Cholesky factor, where that is known, what it multiplies is solved for by substitution."""
    factor = lower_factor(node)
    if factor is None:
        return FORMS["inv"](writer, node, operands)
    lower = writer.source(factor).piece

    def solved(of: Piece, right: Piece, vector: bool) -> Piece:
        del vector
        return call("jax.scipy.linalg.cho_solve", f"({of.text}, True)", right)

    kind = f"dtype={writer.np}.result_type({writer.like})"
    identity = call(f"{writer.np}.eye", writer.size(node.shape[0]).text, kind)
    inverse = Inverse(lower, by_factor=solved)
    return Source(solved(lower, identity, False), node.shape, inverse=inverse)


JAX = Target(
    "JAX",
    "jax.numpy",
    "jnp",
    "ndarray",
    forms={
        **dict.fromkeys((">", "<", ">=", "<=", "==", "!="), _compared),
        **dict.fromkeys(("eye", "ones", "zeros"), _typed),
        "one_hot": _one_hot,
        "[]": _indexed,
        **dict.fromkeys(("commutation", "elimination", "duplication"), _of_ones),
        "concat": _joined,
        "inv": _inverted,
    },
    called=_called,
    kernels={
        **{
            name: _SCIPY.format(arguments="x", place="special", function=function)
            for name, function in _SPECIAL.items()
        },
        "polygamma": _SCIPY.format(arguments="k, x", place="special", function="polygamma"),
        "largest": _EXTREME.format(which="max"),
        "smallest": _EXTREME.format(which="min"),
        "scatter_add": """def {name}(x, i, count):
    return {np}.zeros((count, *x.shape[i.ndim:]), x.dtype).at[i].add(x)""",
        "inv_gaps": """def {name}(x):
    one = {np}.eye(x.shape[-1], dtype=x.dtype)
    return (1 - one) / (one + x[..., None, :] - x[..., :, None])""",
        "cofactors": """def {name}(x):
    u, s, v = {np}.linalg.svd(x, full_matrices=False)
    others = {np}.prod({np}.where({np}.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]), axis=-1)
    sign = ({np}.linalg.det(u) * {np}.linalg.det(v))[..., None, None]
    return sign * (u * others[..., None, :]) @ v""",
        "prod_of_others": """def {name}(x, axis=None):
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    ends = tuple(range(-len(axes), 0))
    moved = {np}.moveaxis(x, axes, ends)
    count = 1
    for size in moved.shape[x.ndim - len(axes):]:
        count *= size
    rows = moved.reshape(*moved.shape[:x.ndim - len(axes)], count)
    first = {np}.ones_like(rows[..., :1])
    before = {np}.cumprod({np}.concatenate([first, rows[..., :-1]], axis=-1), axis=-1)
    behind = {np}.cumprod({np}.concatenate([first, rows[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return {np}.moveaxis((before * behind).reshape(moved.shape), ends, axes)""",
        "expm": _SCIPY.format(arguments="x", place="linalg", function="expm"),
    },
    arrays=True,
    traced=True,
)
