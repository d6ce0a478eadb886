"""The naive softmax loss in the ways people write it: p − y, whatever stands for the class."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import jacobian_cli as jac

LOGITS = {
    "-log(softmax(z)[o])": "softmax(z) - eye(n)[o]",
    "-log(softmax(z)@y)": "softmax(z) - y",
    "-log(y.T@softmax(z))": "softmax(z) - y",
    "-log(sum(softmax(z)*y))": "softmax(z) - y",
    "-sum(y*log(softmax(z)))": "softmax(z) - y",
}
SCORES = {
    "-log(softmax(U@v)[o])": {"v": "U.T@(softmax(U@v) - eye(n)[o])", "U": "(softmax(U@v) - eye(n)[o])@v.T"},
    "-log(softmax(U@v)@y)": {"v": "U.T@(softmax(U@v) - y)", "U": "(softmax(U@v) - y)@v.T"},
}


def facts(expression: str) -> dict[str, str]:
    return {"y": "one_hot"} if "y" in expression else {}


@pytest.mark.parametrize("expression", LOGITS)
def test_by_the_logits(expression: str) -> None:
    found = jac.derive(expression, wrt="z", assume=facts(expression))
    assert found.gradient is not None
    assert found.gradient.closed_form == LOGITS[expression]
    assert found.check(points=2).passed
    assert {fact for used in found.assumed.values() for fact in used.values()} <= {"used"}


@pytest.mark.parametrize(("expression", "wrt"), [(e, w) for e, forms in SCORES.items() for w in forms])
def test_by_what_they_are_made_of(expression: str, wrt: str) -> None:
    found = jac.derive(expression, wrt=wrt, assume=facts(expression))
    assert found.gradient is not None
    assert found.gradient.closed_form == SCORES[expression][wrt]
    assert found.check(points=2).passed
    assert {fact for used in found.assumed.values() for fact in used.values()} <= {"used"}


def test_it_is_the_slope_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    u, v, o, step = rng.normal(size=(4, 3)), rng.normal(size=3), 2, 1e-6

    def loss(v: NDArray[np.float64]) -> float:
        scores = np.exp(u @ v)
        return float(-np.log(scores[o] / scores.sum()))

    slopes = [(loss(v + step * e) - loss(v - step * e)) / (2 * step) for e in np.eye(3)]
    names: dict[str, object] = {}
    exec(jac.derive("-log(softmax(U@v)@y)", wrt="v", assume={"y": "one_hot"}).to_python(), names)
    gradient = names["gradient"]
    assert callable(gradient)
    np.testing.assert_allclose(gradient(U=u, v=v, y=np.eye(4)[o]), slopes, atol=1e-8)
