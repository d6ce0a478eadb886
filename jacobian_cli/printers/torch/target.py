"""What the functions of the language are in PyTorch.

Everything is a tensor but numbers that are written out: those are made tensors where a function takes nothing else, of
the type of the arguments, so that single precision stays single.
"""

from __future__ import annotations

from jacobian_cli.calculus.derivative.solutions import lower_factor
from jacobian_cli.expr import Apply, Expr
from jacobian_cli.ops import Kind, row
from jacobian_cli.printers.numpy.calls import FORMS, each, helped
from jacobian_cli.printers.numpy.module import unwritten
from jacobian_cli.printers.numpy.numbers import is_known
from jacobian_cli.printers.numpy.picking import at_places, places
from jacobian_cli.printers.numpy.products import Inverse, Source, call, multiply, of_numbers, pair_by_pair, subscript
from jacobian_cli.printers.numpy.target import Target
from jacobian_cli.printers.numpy.writer import Writer
from jacobian_cli.printers.precedence import PYTHON, Level, Piece
from jacobian_cli.shape import Shape

_SAME = (
    "exp log log1p expm1 sqrt square abs sign sin cos tan sinh cosh tanh arcsin arccos arctan logaddexp maximum"
    " minimum log2 log10 exp2 arcsinh arccosh arctanh reciprocal hypot arctan2 sinc sigmoid relu erf erfc erfinv"
    " lgamma digamma rsqrt floor ceil round trunc frac logit sum mean prod logsumexp softmax log_softmax cumsum"
    " cumprod argsort logdet inner tril triu ones_like zeros_like"
)
NATIVE = {
    **{name: name for name in _SAME.split()},
    "mod": "remainder", "max": "amax", "min": "amin", "det": "linalg.det", "inv": "linalg.inv", "cross": "linalg.cross",
    "log_sigmoid": "nn.functional.logsigmoid", "norm": "linalg.vector_norm",
}  # fmt: skip
"""The name of each function that PyTorch has too."""
_ALONG = frozenset({"softmax", "log_softmax", "cumsum", "logsumexp", "cross"})
"""Functions that must be told along which axis."""
_EXTREME = """def {{name}}(x, axis=None):
    along = tuple(range(x.ndim)) if axis is None else axis
    found = (x == {{np}}.{which}(x, dim=along, keepdim=True)).to(x.dtype)
    return found / {{np}}.sum(found, dim=along, keepdim=True)"""
_KERNELS = {
    "largest": _EXTREME.format(which="amax"),
    "smallest": _EXTREME.format(which="amin"),
    "std": """def {name}(x, axis=None, keepdims=False):
    return {np}.std(x, dim=axis, correction=0, keepdim=keepdims)""",
    "cholesky": """def {name}(x):
    return {np}.linalg.cholesky((x + x.mT) / 2)""",
    "slogdet": """def {name}(x):
    return {np}.linalg.slogdet(x)[1]""",
    "eigvalsh": """def {name}(x):
    return {np}.linalg.eigvalsh((x + x.mT) / 2)""",
    "eigvecs": """def {name}(x):
    v = {np}.linalg.eigh((x + x.mT) / 2)[1]
    largest = {np}.take_along_dim(v, {np}.argmax({np}.abs(v), dim=-2, keepdim=True), -2)
    return v * {np}.sign(largest)""",
    "inv_gaps": """def {name}(x):
    one = {np}.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    return (1 - one) / (one + x[..., None, :] - x[..., :, None])""",
    "svdvals": """def {name}(x):
    return {np}.linalg.svdvals(x)""",
    "spectral_norm": """def {name}(x):
    return {np}.linalg.svdvals(x)[..., 0]""",
    "nuclear_norm": """def {name}(x):
    return {np}.sum({np}.linalg.svdvals(x), dim=-1)""",
    "polar": """def {name}(x):
    u, _, v = {np}.linalg.svd(x, full_matrices=False)
    return u @ v""",
    "pinv": """def {name}(x):
    u, s, v = {np}.linalg.svd(x, full_matrices=False)
    return v.mT / s[..., None, :] @ u.mT""",
    "sqrtm": """def {name}(x):
    w, v = {np}.linalg.eigh((x + x.mT) / 2)
    return v * {np}.sqrt(w[..., None, :]) @ v.mT""",
    "bilinear": """def {name}(x, y, z):
    if z.ndim == 2:
        return x @ (z @ y)
    return {np}.einsum("...i,...j,kij->...k", x, y, z)""",
    "expm": """def {name}(x):
    return {np}.linalg.matrix_exp(x)""",
    "vech": """def {name}(x):
    column, row = {np}.triu_indices(x.shape[0], x.shape[0], device=x.device)
    return x[row, column]""",
    "elimination": """def {name}(sizes):
    n = sizes[0]
    column, row = {np}.triu_indices(n, n)
    return {np}.eye(n * n)[column * n + row]""",
    "duplication": """def {name}(sizes):
    n = sizes[0]
    i = {np}.arange(n)
    row, column = {np}.maximum(i[:, None], i), {np}.minimum(i[:, None], i)
    return {np}.eye(n * (n + 1) // 2)[(column * n - column * (column + 1) // 2 + row).reshape(-1)]""",
    "cofactors": """def {name}(x):
    u, s, v = {np}.linalg.svd(x, full_matrices=False)
    one = {np}.eye(s.shape[-1], dtype={np}.bool, device=x.device)
    others = {np}.prod({np}.where(one, 1.0, s[..., None, :]), dim=-1)
    sign = ({np}.linalg.det(u) * {np}.linalg.det(v))[..., None, None]
    return sign * (u * others[..., None, :]) @ v""",
    "prod_of_others": """def {name}(x, axis=None):
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    ends = tuple(range(-len(axes), 0))
    moved = {np}.movedim(x, axes, ends)
    rows = moved.flatten(x.ndim - len(axes))
    first = {np}.ones_like(rows[..., :1])
    before = {np}.cumprod({np}.cat([first, rows[..., :-1]], dim=-1), dim=-1)
    behind = {np}.cumprod({np}.cat([first, rows[..., 1:].flip(-1)], dim=-1), dim=-1).flip(-1)
    return {np}.movedim((before * behind).reshape(moved.shape), ends, axes)""",
    "sort": """def {name}(x, axis=-1):
    return {np}.sort(x, dim=axis).values""",
    "scatter_add": """def {name}(x, i, count):
    found = {np}.zeros((count, *x.shape[i.ndim:]), dtype=x.dtype, device=x.device)
    return found.index_put((i,), x, accumulate=True)""",
    "unfold": """def {name}(x, count):
    return x.unfold(-1, count, 1)""",
    "fold": """def {name}(x):
    count = x.shape[-1]
    return sum({np}.nn.functional.pad(x[..., t], (t, count - 1 - t)) for t in range(count))""",
    "correlate": """def {name}(x, y):
    return {np}.nn.functional.conv1d(x[None, None], y[None, None])[0, 0]""",
    "convolve": """def {name}(x, y):
    return {np}.nn.functional.conv1d(x[None, None], y.flip(0)[None, None], padding=y.shape[0] - 1)[0, 0]""",
    "polygamma": """def {name}(k, x):
    return {np}.polygamma(int(k), x)""",
}


def number(writer: Writer, source: Source) -> str:
    """A number as a tensor."""
    return call(f"{writer.np}.as_tensor", source.piece, *_kind(writer)).text


def _kind(writer: Writer) -> list[str]:
    return [f"dtype={writer.like}.dtype", f"device={writer.like}.device"]


def _tensor(writer: Writer, operand: Source) -> Source:
    return Source(Piece(number(writer, operand)), operand.shape) if operand.plain else operand


def _called(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """A function of PyTorch, or one that is defined beside the expression."""
    entry = row(node.function)
    if found := of_numbers(writer.math, node, operands):
        return found
    operands = [_tensor(writer, o) for o in operands]
    if entry.name not in NATIVE:
        return helped(writer, node, operands)
    function = f"{writer.np}.{NATIVE[entry.name]}"
    if entry.kind is Kind.ELEMENTWISE:
        return each(node, operands, lambda *pieces: call(function, *pieces))
    return Source(call(function, *(o.piece for o in operands), *_dims(writer, node, operands[0].shape)), node.shape)


def _dims(writer: Writer, node: Apply, shape: Shape) -> list[str]:
    entry, options = row(node.function), dict(node.parameters)
    if "axis" not in entry.options or not shape:
        return []
    if writer.along:
        return ["dim=axis", "keepdim=True"] if entry.kind is Kind.REDUCTION else ["dim=axis"]
    axes = options.get("axis")
    rows = entry.kind not in (Kind.REDUCTION, Kind.SHARE)
    if axes is None and (rows or entry.name in _ALONG or "keepdims" in options):
        axes = (-1,) if rows else tuple(range(len(shape)))
    if axes is not None and len(axes) > 1 and entry.name == "prod":
        raise unwritten("prod over several axes", TORCH)
    found = [] if axes is None else [f"dim={axes[0] if len(axes) == 1 else axes}"]
    return [*found, f"keepdim={options['keepdims']}"] if "keepdims" in options else found


def _compared(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    if all(o.plain for o in operands):
        return Source(FORMS[node.function](writer, node, operands).piece, (), plain=True)
    condition = PYTHON[node.function].join(*(o.piece for o in operands))
    return Source(Piece(f"({condition.text}).to({writer.like}.dtype)"), node.shape, condition=condition)


def _times(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """A comparison times an array picks its entries, in one run over them."""
    for chosen, other in (operands, operands[::-1]):
        if chosen.condition and not other.condition and not other.plain and node.shape:
            return Source(call(f"{writer.np}.where", chosen.condition, other.piece, "0"), node.shape)
    return FORMS["*"](writer, node, operands)


def _where(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    chosen, *values = operands
    condition = chosen.condition or PYTHON["!="].join(_tensor(writer, chosen).piece, Piece("0"))
    values = [_tensor(writer, v) for v in values]
    return Source(call(f"{writer.np}.where", condition, *(v.piece for v in values)), node.shape)


def _permuted(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    axes = dict(node.parameters)["axes"]
    return Source(
        call(f"{writer.np}.permute", operands[0].piece, f"({', '.join(map(str, axes))}{',' * (len(axes) == 1)})"),
        node.shape,
    )


def _indexed(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    found = FORMS["[]"](writer, node, [_tensor(writer, o) for o in operands])
    if "::-" not in found.piece.text:
        return found
    taken = found.piece.text[found.piece.text.rindex("[") + 1 : -1].split(", ")
    if not {*taken} <= {":", "::-1"}:
        raise unwritten("a slice with a negative step", TORCH)
    axes = ", ".join(str(axis) for axis, part in enumerate(taken) if part == "::-1")
    return Source(call(f"{writer.np}.flip", _tensor(writer, operands[0]).piece, f"[{axes}]"), node.shape)


def _diag(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    if len(operands[0].shape) < 3:
        return FORMS["diag"](writer, node, operands)
    return Source(_diagonals(writer, operands[0]), node.shape)


def _diagonals(writer: Writer, operand: Source) -> Piece:
    return call(f"{writer.np}.diagonal", operand.piece, "dim1=-2", "dim2=-1")


def _traced(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    if len(operands[0].shape) < 3:
        return Source(call(f"{writer.np}.trace", operands[0].piece), node.shape)
    return Source(Piece(f"{_diagonals(writer, operands[0]).text}.sum(-1)"), node.shape)


def _einsum(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    return pair_by_pair(writer.np, node, [_tensor(writer, o) for o in operands])


def _filled(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    del operands
    sizes = [writer.size(size).text for size in dict(node.parameters)["sizes"]]
    shape = ", ".join(sizes) if len(sizes) == 1 else f"({', '.join(sizes)})"
    return Source(call(f"{writer.np}.{node.function}", shape, *_kind(writer)), node.shape)


def _of_ones(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """A matrix of zeros and ones, of the type of the arguments."""
    return Source(Piece(f"{helped(writer, node, operands).piece.at(Level.POSTFIX)}.to({writer.like})"), node.shape)


def _commutation(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    del operands
    rows, columns = (writer.size(size).text for size in dict(node.parameters)["sizes"])
    count = writer.size(node.shape[0]).text
    identity = f"{call(f'{writer.np}.eye', count, *_kind(writer)).text}.reshape({columns}, {rows}, {count})"
    return Source(Piece(f"{identity}.swapaxes(0, 1).reshape({count}, {count})"), node.shape)


def _joined(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    parts = [_tensor(writer, o) for o in operands]
    texts = [o.piece.text if o.shape else f"{o.piece.at(Level.POSTFIX)}[None]" for o in parts]
    return _listed(writer, node, "cat", texts)


def _stacked(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    return _listed(writer, node, "stack", [_tensor(writer, o).piece.text for o in operands])


def _listed(writer: Writer, node: Apply, function: str, parts: list[str]) -> Source:
    dims = [f"dim={axes[0]}" for axes in (dict(node.parameters).get("axis"),) if axes]
    return Source(call(f"{writer.np}.{function}", f"[{', '.join(parts)}]", *dims), node.shape)


def _reshaped(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    sizes = ", ".join(writer.size(size).text for size in node.shape) or "()"
    piece = _tensor(writer, operands[0]).piece
    return Source(Piece(f"{piece.at(Level.POSTFIX)}.reshape({sizes})"), node.shape)


def _dot(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    if any(len(argument.shape) != 1 for argument in node.arguments):
        raise unwritten("dot of anything but two vectors", TORCH)
    first, second = operands
    return multiply(first, second, writer.np)


def _vdot(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    product = PYTHON["*"].join(*(o.piece for o in operands))
    return Source(call(f"{writer.np}.sum", product), node.shape)


def _outer(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    flat = [o.piece if len(o.shape) == 1 else Piece(f"{o.piece.at(Level.POSTFIX)}.reshape(-1)") for o in operands]
    return Source(call(f"{writer.np}.outer", *flat), node.shape)


def _columns(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """A Kronecker product, of whose factors PyTorch wants that their entries lie row by row."""
    pairs = zip(node.arguments, operands, strict=True)
    return FORMS["kron"](writer, node, [_row_by_row(a, _tensor(writer, o)) for a, o in pairs])


def _row_by_row(expr: Expr, operand: Source) -> Source:
    made = isinstance(expr, Apply) and row(expr.function).kind is not Kind.SHAPE and not row(expr.function).moves
    if made or len(operand.shape) < 2 or (isinstance(expr, Apply) and not expr.arguments):
        return operand
    return Source(Piece(f"{operand.piece.at(Level.POSTFIX)}.contiguous()"), operand.shape)


def _one_hot(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    if is_known(node.arguments[0]):
        identity = call(f"{writer.np}.eye", writer.size(node.shape[-1]).text, *_kind(writer))
        return Source(subscript(identity, places(writer, node.arguments[0], operands[0].piece).text), node.shape)
    there = at_places(writer, node, operands[0].piece, f"device={writer.like}.device")
    return Source(Piece(f"({there.text}).to({writer.like}.dtype)"), node.shape)


def _ordered(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    x = _tensor(writer, operands[0]).piece
    axes = dict(node.parameters).get("axis", (-1,))
    return Source(
        Piece(f"{call(f'{writer.np}.argsort', x, f'dim={axes[0]}').text}.to({writer.like}.dtype)"), node.shape
    )


def _inverted(writer: Writer, node: Apply, operands: list[Source]) -> Source:
    """By a Cholesky factor, where that is known, what it multiplies is solved for by substitution."""
    factor, np = lower_factor(node), writer.np
    if factor is None:
        return FORMS["inv"](writer, node, operands)
    lower = writer.source(factor).piece

    def solved(of: Piece, right: Piece, vector: bool) -> Piece:
        if not vector:
            return call(f"{np}.cholesky_solve", right, of)
        return subscript(call(f"{np}.cholesky_solve", subscript(right, ":, None"), of), ":, 0")

    inverse = Inverse(lower, by_factor=solved)
    return Source(call(f"{np}.cholesky_inverse", lower), node.shape, inverse=inverse)


TORCH = Target(
    "PyTorch",
    "torch",
    "torch",
    "Tensor",
    forms={
        **dict.fromkeys((">", "<", ">=", "<=", "==", "!="), _compared),
        **dict.fromkeys(("eye", "ones", "zeros"), _filled),
        "one_hot": _one_hot,
        "argsort": _ordered,
        "where": _where,
        "*": _times,
        "transpose": _permuted,
        "[]": _indexed,
        "diag": _diag,
        "trace": _traced,
        "einsum": _einsum,
        "commutation": _commutation,
        **dict.fromkeys(("elimination", "duplication"), _of_ones),
        "concat": _joined,
        "stack": _stacked,
        "reshape": _reshaped,
        "dot": _dot,
        "vdot": _vdot,
        "outer": _outer,
        "kron": _columns,
        "inv": _inverted,
    },
    called=_called,
    number=number,
    kernels=_KERNELS,
    arrays=True,
    foreign=True,
    count="{x}.numel()",
    count_along="//max({np}.sum({x}, dim=axis).numel(), 1)",
    top="{np}.amax({x})",
    top_along="{np}.amax({x}, dim=axis, keepdim=True)",
    places="{name} = {name}.long()",
    whole=".long()",
    take="take_along_dim",
    squeezed="{np}.squeeze(value, dim=axis)",
)
