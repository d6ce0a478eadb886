"""The statement of an answer against Mathlib, for Lean 4: products, sums, traces, and smooth functions of entries.

For every direction V the derivative of t ↦ f(W + t V) at 0 is the sum of the entries of the gradient times those of V;
of values that are no scalar, that of ⟨δ, f⟩ for every δ, with the backward rule in place of the gradient. Axes of
length one are left out: a row and a column are vectors, `Fin n → ℝ`.

The types are Mathlib's: `Matrix (Fin n) (Fin m) ℝ`, `*ᵥ`, `ᵥ*`, `⬝ᵥ`, `Matrix.trace`. What its functions say outside
of a domain, where 1/0 is 0, is ruled out by hypotheses.
"""
