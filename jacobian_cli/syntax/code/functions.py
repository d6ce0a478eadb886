"""The functions of libraries that no row of a table can say, each with its reader."""

from __future__ import annotations

from collections.abc import Callable

from jacobian_cli.syntax.code import arrays, densities, layers, places, reductions, running
from jacobian_cli.syntax.code.arguments import Arguments
from jacobian_cli.syntax.libraries import DENSITIES
from jacobian_cli.syntax.tree import Term

LAYERS: dict[str, Callable[[Arguments], Term]] = {
    **dict.fromkeys(("glu", "swiglu"), layers.gated),
    "kl_div": layers.divergence,
    "batch_norm": layers.batch,
    "group_norm": layers.groups,
    "gelu": layers.gelu,
    **dict.fromkeys(("layer_norm", "rms_norm"), layers.normed),
    "cosine_similarity": layers.cosine,
    "normalize": layers.normalized,
    **dict.fromkeys("mse_loss l1_loss nll_loss huber_loss smooth_l1_loss cross_entropy".split(), layers.loss),
    **dict.fromkeys(layers.MARGINS, layers.loss),
    **dict.fromkeys(("binary_cross_entropy", "binary_cross_entropy_with_logits"), layers.loss),
    "linear": layers.linear,
    "softplus": layers.softplus,
    **dict.fromkeys(("addcmul", "addcdiv"), layers.added),
}
"""Those that no array has as a method."""
HANDLERS: dict[str, Callable[[Arguments], Term]] = {
    **dict.fromkeys(("max", "min"), reductions.extreme),
    **dict.fromkeys(("var", "std"), reductions.spread),
    **dict.fromkeys(("norm", "vector_norm", "matrix_norm"), reductions.norm),
    **dict.fromkeys(("clip", "clamp", "clip_by_value"), reductions.clip),
    **dict.fromkeys(("clamp_min", "clamp_max"), reductions.bounded),
    **dict.fromkeys(("sort", "msort", "argsort"), reductions.ordered),
    **dict.fromkeys(("topk", "top_k"), reductions.topmost),
    **dict.fromkeys(("cummax", "cummin"), running.extreme),
    **dict.fromkeys(("accumulate", "reduce"), running.of_ufunc),
    **dict.fromkeys(("trapezoid", "trapz"), running.trapezoid),
    "diff": running.differences,
    "dist": reductions.distance,
    "cdist": running.distances,
    "median": reductions.median,
    "average": reductions.average,
    "cholesky": reductions.cholesky,
    "matmul": arrays.multiplied,
    "svd": reductions.svd,
    "solve_triangular": reductions.triangular,
    **dict.fromkeys(("std_mean", "var_mean"), reductions.spread_and_mean),
    **dict.fromkeys(("add", "sub", "subtract"), arrays.scaled_sum),
    "embedding": arrays.embedded,
    **dict.fromkeys(("arange", "linspace"), arrays.counted),
    "scaled_dot_product_attention": layers.attention,
    "qr": reductions.qr,
    "cross": reductions.cross,
    **dict.fromkeys(DENSITIES, densities.normal),
    "append": arrays.appended,
    **dict.fromkeys(("transpose", "permute", "permute_dims", *arrays.SWAPS), arrays.transpose),
    **dict.fromkeys(("reshape", "view", "flatten", "ravel"), arrays.reshape),
    **dict.fromkeys("concatenate concat cat stack hstack vstack column_stack row_stack".split(), arrays.joined),
    **dict.fromkeys(("unsqueeze", "expand_dims"), arrays.grown),
    "squeeze": arrays.squeezed,
    **dict.fromkeys(("ones", "zeros", "eye", "identity", "full", "empty"), arrays.filled_array),
    **dict.fromkeys(("repeat", "repeat_interleave"), arrays.repeated),
    "where": arrays.chosen,
    "logsumexp": reductions.logsumexp,
    "einsum": reductions.einsum,
    "slogdet": reductions.slogdet,
    "eigh": reductions.eigh,
    "lstsq": reductions.lstsq,
    **dict.fromkeys(("len", "numel", "size"), reductions.length),
    "multi_dot": arrays.chained,
    "tensordot": arrays.contracted,
    "matrix_power": arrays.matrix_power,
    **dict.fromkeys(
        "astype double half to clone copy contiguous item cuda cpu numpy block_until_ready type".split(), arrays.same
    ),
    **dict.fromkeys(("tensor", "array", "asarray"), arrays.from_values),
    "float": arrays.floating,
    **dict.fromkeys(("flip", "fliplr", "flipud"), places.flipped),
    "index_select": places.selected,
    "take": places.taken,
    **dict.fromkeys(("gather", "take_along_axis"), places.taken_along),
    "one_hot": places.one_hot,
    "pad": places.padded,
    **dict.fromkeys(("split", "array_split", "chunk", "tensor_split"), places.parts),
    **dict.fromkeys(("addmm", "addmv", "baddbmm", "addr"), layers.added),
    **dict.fromkeys(("conv1d", "conv2d"), places.convolved),
    **dict.fromkeys(("convolve", "correlate"), places.slid),
    **dict.fromkeys("max_pool1d max_pool2d avg_pool1d avg_pool2d".split(), places.pooled),
    "unfold": places.unfolded,
    **LAYERS,
}
