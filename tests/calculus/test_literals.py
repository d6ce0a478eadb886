"""Vectors and matrices written out: read in every notation, differentiated, and printed as they are published."""

from __future__ import annotations

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.elaborate import elaborate
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.latex import latex
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import parse_statement

UNICYCLE = "[p[0] + v*cos(p[2])*dt, p[1] + v*sin(p[2])*dt, p[2] + w*dt]"
ROTATION = "[[cos(t), -sin(t)], [sin(t), cos(t)]]"
JACOBIANS = [
    (UNICYCLE, "p", {}, "[[1, 0, -v*dt*sin(p[2])], [0, 1, v*cos(p[2])*dt], [0, 0, 1]]"),
    (UNICYCLE, "w", {}, "[0, 0, dt]"),
    ("[r*cos(t), r*sin(t)]", "t", {}, "[-r*sin(t), r*cos(t)]"),
    (ROTATION + "@p", "p", {}, ROTATION),
    (ROTATION + "@p", "t", {}, "cos(t)*[-p[1], p[0]] - sin(t)*p"),
    ("[z[0] + z[1]*dt, z[1]]", "z", {}, "[[1, dt], [0, 1]]"),
    ("concat(z[:3] + dt*z[3:], z[3:])", "z", {"z": "6", "dt": ""}, "[[eye(3), dt*eye(3)], [0, eye(3)]]"),
    ("concat(A@z[:n], B@z[n:])", "z", {"z": "n+k", "A": "m,n", "B": "q,k"}, "[[A, 0], [0, B]]"),
    ("concat(A@x[1:] + x[0]*b, u.T@x)", "x", {}, "[[b, A], [u.T]]"),
    ("[[A, b], [0, 1]]@x", "x", {}, "[[A, b], [0, 1]]"),
    ("concat(A@x, B@x)", "x", {}, "concat(A, B)"),
]


@pytest.mark.parametrize(("formula", "wrt", "shapes", "published"), JACOBIANS)
def test_jacobians_look_as_published(formula: str, wrt: str, shapes: dict[str, str], published: str) -> None:
    found = jac.derive(formula, wrt=wrt, shapes=shapes)
    assert found.jacobian.closed_form == published
    assert found.check().passed


def test_a_jacobian_in_latex() -> None:
    found = jac.derive(UNICYCLE, wrt="p")
    assert r"\begin{bmatrix} 1 & 0 & " in found.jacobian.latex
    assert r" \\ 0 & 0 & 1 \end{bmatrix}" in found.jacobian.latex


@pytest.mark.parametrize(
    "formula",
    [
        ROTATION,
        UNICYCLE,
        "[[A, b], [c.T, 1]]",
        "[[A, 0], [0, D]]",
        "[[A, zeros(2, k)]]@ones(3 + k)",
        "norm([x, y])*[x, y]",
        "[[x, y], [y, x]].T[0]",
        "concat([x, y], [1, 2])",
        "stack([x, y])",
        "stack([[x, y]])",
        "[[ones(n), ones(n)], [1, 0]]",
        "[[zeros(2, 3), 0], [0, 0*A]]",
    ],
)
def test_what_is_printed_is_the_same_node(formula: str) -> None:
    program = elaborate([parse_statement(formula)])
    shapes = {name: node.shape for name, node in program.variables.items()}
    assert elaborate([parse_statement(text(program.output))], shapes).output is program.output


@pytest.mark.parametrize(
    ("written", "syntax"),
    [
        (r"\begin{bmatrix} \cos t & -\sin t \\ \sin t & \cos t \end{bmatrix} p", "latex"),
        (r"\left[\begin{array}{cc} \cos t & -\sin t \\[2pt] \sin t & \cos t \\ \end{array}\right] p", "latex"),
        ("[cos t, −sin t; sin t, cos t]p", "math"),
        ("[[cos t, −sin t], [sin t, cos t]]p", "math"),
        ("[cos(t), -sin(t); sin(t), cos(t)]*p", "matlab"),
        ("np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]) @ p", "numpy"),
        ("torch.stack([torch.stack([t.cos(), -t.sin()]), torch.stack([t.sin(), t.cos()])]) @ p", "torch"),
    ],
)
def test_a_rotation_in_every_notation(written: str, syntax: str) -> None:
    found = jac.derive(written, wrt="p", shapes={"t": "", "p": "2"}, syntax=syntax)
    assert found.jacobian.closed_form == ROTATION


@pytest.mark.parametrize("rows", [r"\begin{bmatrix} A \\ B \end{bmatrix} x", "[A; B]x"])
def test_one_column_is_below_each_other(rows: str) -> None:
    assert jac.derive(rows, wrt="x").jacobian.closed_form == "concat(A, B)"


def test_latex_of_blocks_is_read_again() -> None:
    program = elaborate([parse_statement("[[A, b], [0, 1]]")])
    assert latex(program.output) == r"\begin{bmatrix} A & b \\ 0 & 1 \end{bmatrix}"
    found = jac.derive(latex(program.output) + " x", wrt="x")
    assert found.jacobian.closed_form == "[[A, b], [0, 1]]"


def test_source_that_runs() -> None:
    found = jac.derive(UNICYCLE, wrt="p")
    names: dict[str, object] = {}
    exec(found.to_python("numpy"), names)
    point = {"p": np.array([1.0, 2.0, 0.5]), "v": 3.0, "dt": 0.1, "w": 0.2}
    expected = [[1, 0, -0.3 * np.sin(0.5)], [0, 1, 0.3 * np.cos(0.5)], [0, 0, 1]]
    np.testing.assert_allclose(names["jacobian"](**point), expected)  # type: ignore[operator]  # of a module that was just run


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("[]", "empty list"),
        ("[[a, b], [c]]", "equally long"),
        ("[[a, b], c]", "in the place of an entry"),
        ("[[[a]]]", "in the place of an entry"),
        ("[x[:2], y[:2]]", "side by side"),
        ("[[0, A], [A, 0, 0]]", ""),
        ("[[0, 0], [0, A]]", "zeros(n, m)"),
        ("[[], [A]]", "holds something"),
        ("[[A, B], [A, ones(2, 3)@B]]", ""),
        ("[A@A, x]", "list of scalars"),
        ("(a, b) + c", "round brackets"),
    ],
)
def test_what_cannot_be_meant(formula: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        jac.derive(formula, wrt="A")
    assert said in str(caught.value).replace("`", "")
