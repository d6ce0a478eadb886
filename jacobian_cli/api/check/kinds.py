"""The kinds of mistake: what is said of each, and which of them are met more often."""

from __future__ import annotations

PREFERENCE = (
    "silent_zero sign factor outer_lost inner_for_outer term_transposed transposed outer_swapped order "
    "missing_derivative upstream_forgotten input_for_output sum_term_forgotten diagonal_only "
    "variable_for_derivative hadamard_for_matmul matmul_for_hadamard local_forgotten missing_term missing_branch "
    "mean_for_sum missing_sum wrong_axis ones_for_identity symmetric_form unit_factor wrong_node "
    "sigma_of_minus inverse_power constant_inner extra_derivative wrong_contraction wrong_derivative shape "
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
    "extra_derivative": "a factor too many",
    "missing_term": "a term is left out",
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
