"""The kinds of mistake: what is said of each, and which of them are met more often."""

from __future__ import annotations

PREFERENCE = (
    "silent_zero wrong_axis mean_for_sum broadcast_axis sigma_of_minus sign factor outer_lost inner_for_outer "
    "term_transposed transposed outer_swapped order missing_derivative input_for_output sum_term_forgotten "
    "diagonal_only variable_for_derivative hadamard_for_matmul matmul_for_hadamard local_forgotten missing_term "
    "missing_branch upstream_forgotten missing_sum ones_for_identity symmetric_form unit_factor wrong_node "
    "inverse_power constant_inner wrong_derivative wrong_contraction chain_link misprint extra_derivative shape "
    "unknown"
).split()
"""Where several kinds explain a claim, those that are met more often stand in front."""


SAID = {
    "sign": "the sign is wrong",
    "factor": "a constant factor is wrong",
    "transposed": "a transpose is wrong",
    "term_transposed": "one term is left transposed",
    "order": "the factors stand in the wrong order",
    "outer_swapped": "the outer product stands the wrong way round",
    "hadamard_for_matmul": "* stands where @ belongs",
    "matmul_for_hadamard": "@ stands where * belongs",
    "inner_for_outer": "an inner product stands where the outer product belongs",
    "outer_lost": "the outer product is lost",
    "missing_derivative": "a derivative is left out",
    "extra_derivative": "there is too much",
    "sum_term_forgotten": "the sum of a normalisation is left out",
    "variable_for_derivative": "the variable stands for a derivative",
    "wrong_derivative": "the derivative of another function",
    "broadcast_axis": "multiplied along the wrong axis",
    "diagonal_only": "only the diagonal is there",
    "misprint": "another name",
    "index": "the index is off",
    "missing_term": "a term is left out",
    "missing_branch": "a branch is left out",
    "unit_factor": "a factor is left out",
    "upstream_forgotten": "the upstream gradient is left out",
    "local_forgotten": "a local Jacobian is left out",
    "input_for_output": "the input stands where the output belongs",
    "wrong_node": "the value is taken at another node",
    "wrong_axis": "the sum runs along the wrong axis",
    "mean_for_sum": "a mean for a sum, or a sum for a mean",
    "missing_sum": "a sum is left out",
    "ones_for_identity": "ones stand where the identity belongs",
    "inverse_power": "the power is wrong",
    "sigma_of_minus": "the sign of the argument is wrong",
    "wrong_contraction": "contracted over the wrong axes",
    "shape": "another shape",
}


def rank(kind: str) -> int:
    """Where a kind stands among those that explain a claim."""
    return PREFERENCE.index(kind) if kind in PREFERENCE else len(PREFERENCE)
