"""Sums of products by their letters. A backward rule is the same sum with letters exchanged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

Array = Any
Contraction = Callable[..., Array]


@lru_cache(maxsize=1024)
def contraction(inputs: tuple[str, ...], output: str) -> Contraction:
    """What computes `ij,jk->ik` and its like: a matrix product where it is one, else `einsum`.

    >>> contraction(("ij", "kj"), "ik")(np.eye(2), np.ones((3, 2))).shape
    (2, 3)
    """
    if len(set(output)) < len(output):
        return _on_diagonal(inputs, output)
    if inputs == (output,):
        return lambda x: x
    if len(inputs) == 1 and sorted(inputs[0]) == sorted(output):
        axes = tuple(inputs[0].index(letter) for letter in output)
        return lambda x: np.transpose(x, axes)
    if len(inputs) == 2 and all(len(set(letters)) == len(letters) <= 2 for letters in inputs):
        found = _matrix_product(*inputs, output)
        if found is not None:
            return found
    signature, many = f"{','.join(inputs)}->{output}", len(inputs) > 2
    return lambda *operands: np.einsum(signature, *operands, optimize=many)


def exchanged(inputs: tuple[str, ...], output: str, k: int) -> Contraction:
    """The gradient of operand k: called with the upstream gradient, then with all operands.

    y_ik = Σ_j a_ij b_jk gives ā_ij = Σ_k ȳ_ik b_jk: output and operand change places.

    >>> exchanged(("ij", "jk"), "ik", 0)(np.ones((2, 3)), np.ones((2, 4)), np.ones((4, 3))).tolist()[0]
    [3.0, 3.0, 3.0, 3.0]
    """
    others = [j for j in range(len(inputs)) if j != k]
    met = output + "".join(inputs[j] for j in others)
    alone = "".join(letter for letter in dict.fromkeys(inputs[k]) if letter not in met)
    compute = contraction((output, *(inputs[j] for j in others), *alone), inputs[k])
    axes = [inputs[k].index(letter) for letter in alone]

    def gradient(upstream: Array, *operands: Array) -> Array:
        lengths = np.shape(operands[k])
        return compute(upstream, *(operands[j] for j in others), *(np.ones(lengths[axis]) for axis in axes))

    return gradient


def _matrix_product(left: str, right: str, output: str) -> Contraction | None:
    """Two operands of at most two axes each as one matrix product, or as an outer product."""
    shared = set(left) & set(right)
    if shared & set(output) or (set(left) ^ set(right)) - set(output):
        return None
    if len(shared) > 1:
        return None
    if not shared:
        if output == left + right:
            return np.multiply.outer
        return (lambda x, y: np.multiply.outer(y, x)) if output == right + left else None
    (summed,) = shared
    first, second = left.replace(summed, ""), right.replace(summed, "")
    if output == first + second:
        return _matmul(left.endswith(summed), right.startswith(summed))
    swapped = _matmul(right.endswith(summed), left.startswith(summed))
    return lambda x, y: swapped(y, x)


def _matmul(plain_left: bool, plain_right: bool) -> Contraction:
    """x @ y, either turned first; turning a vector leaves it as it is."""
    if plain_left and plain_right:
        return np.matmul
    if plain_left:
        return lambda x, y: np.matmul(x, y.T)
    if plain_right:
        return lambda x, y: np.matmul(x.T, y)
    return lambda x, y: np.matmul(x.T, y.T)


def _on_diagonal(inputs: Sequence[str], output: str) -> Contraction:
    """A value whose letters repeat, `i->ii`: zero off the diagonal."""
    letters = "".join(dict.fromkeys(output))
    compute = contraction(tuple(inputs), letters)

    def spread(*operands: Array) -> Array:
        entries = compute(*operands)
        lengths = dict(zip(letters, np.shape(entries), strict=True))
        whole = np.zeros([lengths[letter] for letter in output])
        np.einsum(f"{output}->{letters}", whole)[...] = entries
        return whole

    return spread
