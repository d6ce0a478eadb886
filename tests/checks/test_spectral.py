"""Decompositions and functions of whole matrices: values by NumPy and SciPy, derivatives by differences, and what is
said where there is no derivative.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import linalg

import jacobian_cli as jac
from jacobian_cli.cli.run import run
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.syntax.errors import InputError

RNG = np.random.default_rng(0)
SQUARE = RNG.standard_normal((4, 4))
SPD = SQUARE @ SQUARE.T + np.eye(4)
TALL, WIDE = RNG.standard_normal((5, 3)), RNG.standard_normal((3, 5))
x, y = RNG.standard_normal(3), RNG.standard_normal(3)


def turned(v: Any) -> Any:
    return v * np.sign(v[np.argmax(np.abs(v), axis=0), range(len(v))])


def r_of(a: Any) -> Any:
    r = np.linalg.qr(a)[1]
    return r * np.sign(np.diag(r))[:, None]


VALUES: list[tuple[str, dict[str, Any], Callable[..., Any]]] = [
    ("eigvalsh(A)", {"A": SQUARE}, lambda a: np.linalg.eigvalsh((a + a.T) / 2)),
    ("eigvecs(A)", {"A": SQUARE}, lambda a: turned(np.linalg.eigh((a + a.T) / 2)[1])),
    ("svdvals(A)", {"A": TALL}, lambda a: np.linalg.svd(a)[1]),
    ("norm(A, 2)", {"A": WIDE}, lambda a: np.linalg.norm(a, 2)),
    ('norm(A, ord="nuc")', {"A": WIDE}, lambda a: np.linalg.norm(a, "nuc")),
    ("polar(A)", {"A": TALL}, lambda a: linalg.polar(a)[0]),
    ("polar(A)", {"A": WIDE}, lambda a: linalg.polar(a)[0]),
    ("pinv(A)", {"A": TALL}, np.linalg.pinv),
    ("pinv(A)", {"A": WIDE}, np.linalg.pinv),
    ("lstsq(A, b)", {"A": TALL, "b": RNG.standard_normal(5)}, lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0]),
    ("qr(A)", {"A": TALL}, r_of),
    ("sqrtm(A)", {"A": SPD}, lambda a: linalg.sqrtm((a + a.T) / 2).real),
    ("expm(A)", {"A": SQUARE}, linalg.expm),
    ("expm(A)", {"A": 40 * SQUARE / 7}, linalg.expm),
    ("slogdet(A)", {"A": SQUARE}, lambda a: np.linalg.slogdet(a)[1]),
    ("inv_gaps(x)", {"x": x}, lambda x: np.array([[a != b and 1 / (b - a) for b in x] for a in x])),
    ("cov(A)", {"A": TALL}, np.cov),
    ("cov(A, ddof=0)", {"A": TALL}, lambda a: np.cov(a, ddof=0)),
    ("corrcoef(A)", {"A": TALL}, np.corrcoef),
    ("batchnorm(A, eps=0.1)", {"A": TALL}, lambda a: (a - a.mean(0)) / np.sqrt(a.var(0) + 0.1)),
    ("cross(x, y)", {"x": x, "y": y}, np.cross),
    ("skew(x)@y", {"x": x, "y": y}, np.cross),
    ("rot2(t)", {"t": np.array(0.3)}, lambda t: linalg.expm(t * np.array([[0, -1], [1, 0]]))),
    ("inner(A, B)", {"A": TALL, "B": WIDE.T}, np.inner),
    ("inner(A, x)", {"A": TALL, "x": x}, np.inner),
    ("dot(A, B)", {"A": TALL, "B": WIDE}, np.dot),
    ("dot(x, B)", {"x": x, "B": WIDE}, np.dot),
    ("vdot(A, B)", {"A": TALL, "B": TALL + 1}, np.vdot),
    ("bilinear(x, y, A)", {"x": x, "y": y, "A": SQUARE[:3, :3]}, lambda x, y, a: x @ a @ y),
    (
        "bilinear(x, y, T)",
        {"x": x, "y": y, "T": RNG.standard_normal((2, 3, 3))},
        lambda x, y, t: np.array([x @ part @ y for part in t]),
    ),
    (
        "cosine_similarity(A, B)",
        {"A": TALL, "B": WIDE.T},
        lambda a, b: np.array([v @ w / np.linalg.norm(v) / np.linalg.norm(w) for v, w in zip(a, b, strict=True)]),
    ),
]


@pytest.mark.parametrize(("formula", "point", "meant"), VALUES, ids=[f"{f} {k}" for k, (f, *_) in enumerate(VALUES)])
def test_value_and_derivatives(formula: str, point: dict[str, Any], meant: Callable[..., Any]) -> None:
    shapes = {name: np.shape(value) for name, value in point.items()}
    for wrt, x0 in point.items():
        derivation = jac.derive(formula, wrt=wrt, shapes=shapes)
        source: dict[str, Any] = {}
        exec(derivation.to_python("numpy"), source)
        given = {name: point[name] for name in derivation.shapes}
        scale = np.max(np.abs(meant(*point.values())))
        np.testing.assert_allclose(
            source["value"](**given) / scale, meant(*point.values()) / scale, rtol=1e-11, atol=1e-12
        )

        def moved(value: Any, wrt: str = wrt) -> Any:
            return np.ravel(meant(*{**point, wrt: value}.values()))

        steps = 1e-5 * np.eye(np.size(x0)).reshape(-1, *np.shape(x0))
        expected = np.stack([(moved(x0 + h) - moved(x0 - h)) / 2e-5 for h in steps], axis=1)
        found = source["jacobian"](**given)
        np.testing.assert_allclose(found / scale, expected / scale, rtol=1e-5, atol=1e-6)
        assert derivation.check(points=2).passed


@pytest.mark.parametrize(
    ("formula", "shape"),
    [
        ("sum(exp(eigvalsh(A)))", "n,n"),
        ("x.T@eigvecs(A)@x", "n,n"),
        ("sum(svdvals(A)**3)", "3,2"),
        ('norm(A, "nuc")', "2,3"),
        ('norm(A, "nuc")', "3,2"),
        ("norm(A, 2)", "2,4"),
        ("x.T@sqrtm(A)@x", "n,n"),
        ("x.T@pinv(A)@y", "n,m"),
        ("x.T@cross(y, cross(x, y))", ""),
    ],
)
def test_second_derivatives(formula: str, shape: str) -> None:
    wrt = "A" if shape else "x"
    derivation = jac.derive(formula, wrt=wrt, order=2, shapes={"A": shape} if shape else {})
    assert derivation.check(points=2).passed


ROTATION = np.linalg.qr(SQUARE)[0]
TWICE = ROTATION @ np.diag([1.0, 2.0, 2.0 + 1e-12, 3.0]) @ ROTATION.T
FLAT = np.outer([1.0, 2.0, 3.0, 1.0], [1.0, -1.0, 0.5])


@pytest.mark.parametrize(
    ("formula", "value", "said"),
    [
        ("eigvalsh(A)", TWICE, "two eigenvalues of the symmetric part are equal"),
        ("eigvecs(A)", TWICE, "two eigenvalues of the symmetric part are equal"),
        ("svdvals(A)", TWICE, "two singular values are equal"),
        ("svdvals(A)", FLAT, "the rank drops"),
        ("norm(A, 2)", ROTATION, "its two largest singular values are equal"),
        ('norm(A, "nuc")', FLAT, "the rank drops"),
        ("pinv(A)", FLAT, "the rank drops"),
        ("sqrtm(A)", np.diag([1.0, 2.0, 0.0]), "the least eigenvalue of the symmetric part is not positive"),
        ("slogdet(A)", np.ones((2, 2)), "det(A) must not be zero"),
    ],
)
def test_where_there_is_no_derivative_it_is_said(
    formula: str, value: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(["derive", formula, "--wrt", "A", "--at", f"A={json.dumps(value.tolist())}"])
    printed = capsys.readouterr()
    assert caught.value.code == 2
    assert said in printed.err + printed.out


def test_exponential_of_batches() -> None:
    kernel = FUNCTIONS["expm"].kernel
    assert kernel is not None
    batch = np.stack([SQUARE, 9 * SQUARE])
    np.testing.assert_allclose(kernel(np, batch), np.stack([linalg.expm(a) for a in batch]), rtol=1e-10)


@pytest.mark.parametrize(
    ("formula", "hint"), [("eig(A)", "eigvalsh"), ("svd(A)", "svdvals"), ("fft(x)", "complex"), ("eigh(A)", "eigvecs")]
)
def test_what_cannot_be_had_is_refused_with_a_way_out(formula: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        jac.derive(formula, wrt="A" if "A" in formula else "x")
    assert hint in (caught.value.quoted or "")


@pytest.mark.parametrize(
    ("formula", "wrt", "text"),
    [
        ("trace(expm(A))", "A", "expm(A).T"),
        ("trace(sqrtm(A))", "A", "inv(sqrtm(A)).T/2"),
        ("expm(t*A)@x", "t", "expm(t*A)@A@x"),
        ("x.T@expm(t**2*A)@x", "t", "2*t*(x.T@expm(t**2*A)@A@x)"),
        ("c*trace(expm(A@B))", "A", None),
        ("trace(expm(t*A))", "t", None),
        ("sum(sqrtm(t*A))", "t", None),
        ("trace(expm(A)@B)", "A", None),
        ("sum(expm(t*A + B))", "t", None),
    ],
)
def test_under_a_trace_and_by_a_number(formula: str, wrt: str, text: str | None) -> None:
    shapes = {"A": "n,n", "B": "n,n", "t": "", "c": ""}
    derivation = jac.derive(formula, wrt=wrt, shapes={name: s for name, s in shapes.items() if name in formula[5:]})
    assert text in (
        None,
        derivation.jacobian.closed_form if derivation.gradient is None else derivation.gradient.closed_form,
    )
    assert derivation.check(points=2).passed
