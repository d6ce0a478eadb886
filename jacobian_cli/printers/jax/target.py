"""What the functions of the language are in JAX: NumPy's, but that arrays made from nothing bear the type of the
arguments, and that nothing may be done to an array in its place.
"""

from __future__ import annotations

from jacobian_cli.expr import Apply
from jacobian_cli.printers.numpy.calls import FORMS, Writer, called, of_numbers
from jacobian_cli.printers.numpy.module import unwritten
from jacobian_cli.printers.numpy.products import Source, call
from jacobian_cli.printers.numpy.target import Target
from jacobian_cli.printers.precedence import Level, Piece

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
    return of_numbers(writer, node, operands) or called(writer, node, operands)


def _joined(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    parts = [o.piece.text if o.shape else f"{writer.np}.reshape({o.piece.text}, 1)" for o in operands]
    axis = [f"axis={axes[0]}" for axes in (dict(node.parameters).get("axis"),) if axes]
    return Source(call(f"{writer.np}.concatenate", f"[{', '.join(parts)}]", *axis), node.shape)


def _refused(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    del writer, operands
    raise unwritten(node.function, JAX)


def _commutation(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    found = FORMS["commutation"](writer, node, operands).piece
    return Source(Piece(f"{found.at(Level.POSTFIX)}.astype({writer.np}.result_type({writer.like}))"), node.shape)


JAX = Target(
    "JAX",
    "jax.numpy",
    "jnp",
    "ndarray",
    forms={
        **dict.fromkeys((">", "<", ">=", "<=", "==", "!="), _compared),
        **dict.fromkeys(("eye", "ones", "zeros"), _typed),
        **dict.fromkeys(("take", "one_hot", "scatter_add", "argsort"), _refused),
        "commutation": _commutation,
        "concat": _joined,
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
        "expm": _SCIPY.format(arguments="x", place="linalg", function="expm"),
    },
    unknown=frozenset({"cofactors", "eigvecs", "prod_of_others", "inv_gaps"}),
    arrays=True,
)
