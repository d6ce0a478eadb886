"""Calls of NumPy, PyTorch and JAX that pick, pad and slide windows, read as the functions of the language."""

from __future__ import annotations

import pytest

import jacobian_cli as jac
from jacobian_cli.syntax.errors import InputError

READ = [
    ("torch.flip(A, [0, 1])", "A", "flip(A, (0, 1))"),
    ("np.flip(x)", "x", "flip(x)"),
    ("x.flip(0)", "x", "flip(x, 0)"),
    ("np.fliplr(A)", "A", "flip(A, 1)"),
    ("torch.roll(x, 1)", "x", "roll(x, 1)"),
    ("np.take(A, i, axis=1)", "A", "take(A, i, axis=1)"),
    ("torch.index_select(A, 1, i)", "A", "take(A, i, axis=1)"),
    ("torch.gather(P, 1, J)", "P", "take_along_axis(P, J)"),
    ("np.take_along_axis(P, J, axis=-1)", "P", "take_along_axis(P, J)"),
    ("P[np.arange(n), y]", "P", "take_along_axis(P, y)"),
    ("P[range(len(y)), y]", "P", "take_along_axis(P, y)"),
    ("P[torch.arange(4), y]", "P", "take_along_axis(P, y)"),
    ("F.one_hot(y, 5).T @ y2", "y2", "one_hot(y, 5).T@y2"),
    ("F.pad(A, (1, 2))", "A", "pad(A, (1, 2), axis=-1)"),
    ("F.pad(A, (1, 2, 0, 1))", "A", "pad(pad(A, (1, 2), axis=1), (0, 1), axis=0)"),
    ("np.pad(A, 1)", "A", "pad(A, 1)"),
    ("np.pad(A, [(1, 2), (0, 1)])", "A", "pad(A, ((1, 2), (0, 1)))"),
    ("np.convolve(x, w)", "w", "convolve(x, w)"),
    ("np.convolve(x, w, 'valid')", "w", "correlate(x, flip(w))"),
    ("np.correlate(x, w)", "x", "correlate(x, w)"),
    ("jnp.correlate(x, w, mode='full')", "x", "correlate(pad(x, 2), w)"),
    ("F.conv1d(X, W, b, stride=2, padding=1)", "W", "conv1d(X, W, stride=2, padding=1) + b[:, None]"),
    ("F.conv2d(I, V)", "V", "conv2d(I, V)"),
    ("F.max_pool1d(x, 2)", "x", "max_pool(x, 2)"),
    ("F.avg_pool2d(A, kernel_size=2)", "A", "avg_pool2d(A, 2)"),
    ("x.unfold(-1, 3, 2)", "x", "unfold(x, 3)[::2]"),
    ("F.cross_entropy(P, y)", "P", "cross_entropy(P, y)"),
    ("F.nll_loss(P, y)", "P", "-mean(take_along_axis(P, y))"),
]
SHAPES = {
    "A": "4,6", "x": "7", "w": "3", "i": "2", "P": "4,5", "J": "4,2", "y": "4", "y2": "4", "X": "2,7", "W": "3,2,3",
    "b": "3", "I": "2,4,4", "V": "3,2,2,2",
}  # fmt: skip
PLACES = {"i": "index", "J": "index", "y": "index"}


@pytest.mark.parametrize(("typed", "wrt", "meant"), READ)
def test_is_read(typed: str, wrt: str, meant: str) -> None:
    shapes = _used(typed, SHAPES) | ({"P": "n,5", "y": "n"} if "arange(n)" in typed else {})
    found, other = (jac.derive(text, wrt=wrt, shapes=shapes, assume=_used(typed, PLACES)) for text in (typed, meant))
    assert found.problem.output.shape == other.problem.output.shape
    assert found.jacobian.closed_form == other.jacobian.closed_form
    assert found.check(points=1).passed


def _used(text: str, told: dict[str, str]) -> dict[str, str]:
    words = set("".join(c if c.isalnum() else " " for c in text).split())
    return {name: value for name, value in told.items() if name in words}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("F.one_hot(y)@x", "how many classes"),
        ("F.one_hot(y, -1)@x", "how many classes"),
        ("F.pad(x, (1, 2), mode='reflect')", "only zeros"),
        ("F.pad(x, (1, 2), value=3)", "only zeros"),
        ("F.pad(x, (1, 2, 3))", "pair of widths"),
        ("torch.gather(P, 0, y)", "last axis"),
        ("np.convolve(x, w, 'circular')", "a mode is"),
        ("F.conv1d(X, W, dilation=2)", "dilation"),
        ("x.unfold(0, 3, 1)", "last axis"),
        ("F.unfold(x, 3)", "last axis"),
    ],
)
def test_is_refused(typed: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        jac.derive(typed, wrt="x", shapes=_used(typed, SHAPES))
    assert said in str(caught.value)


def test_labels_say_that_logits_are_rows() -> None:
    found = jac.derive("cross_entropy(z, y)", wrt="z", assume={"y": "index"})
    assert len(found.problem.variables["z"].shape) == 2
