"""Three derivations that share no rule agree, on formulas that use every row of the table."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy

from jacobian_cli.checks.oracles import differences
from jacobian_cli.checks.oracles import hips_autograd as autodiff
from jacobian_cli.checks.oracles.budget import TooLargeError
from jacobian_cli.checks.oracles.symbolic import element_symbols, explicit_jacobian
from jacobian_cli.checks.points.sampling import draw_sizes, fits, sample
from jacobian_cli.elaborate import Program
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import size_names
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.places import places_of
from tests.checks.formulas import functions, typed

FORMULAS: dict[str, dict[str, str]] = {
    "W@x + b": {},
    "u.T@sigmoid(W@x + b)": {},
    "x.T@A@x/(x.T@x)": {"A": "n,n"},
    "x@y.T@z": {"x": "n", "y": "m", "z": "m"},
    "a.T@x@x.T@b": {"a": "n", "x": "n", "b": "n"},
    "A.T@B - 2*A[0, 0]": {"A": "n,m", "B": "n,k"},
    "X@W + b": {"X": "n,m", "W": "m,k", "b": "k"},
    "-x**3/y**2": {"x": "n", "y": "n"},
    "x**y": {"x": "n", "y": "n"},
    "x**c*sqrt(x)": {"x": "n", "c": ""},
    "exp(x)/sum(exp(x))": {"x": "m"},
    "log(sum(exp(X@w)))": {"X": "n,m", "w": "m"},
    "log1p(x) + expm1(x) + square(x)": {"x": "n"},
    "abs(x)*sign(x - 1)*x": {"x": "n"},
    "sin(x)*cos(y) - tan(x*y/4)": {"x": "n", "y": "n"},
    "tanh(x)*sinh(x)/cosh(x)": {"x": "n"},
    "arcsin(x)*arccos(y) + arctan(x/y)": {"x": "n", "y": "n"},
    "erf(x*y)": {"x": "n", "y": "n"},
    "logaddexp(A@x, b)": {"A": "n,m", "x": "m", "b": "n"},
    "maximum(x, y) - 3*minimum(x, 2*y)": {"x": "n", "y": "n"},
    "where(x > y, x**2, x*y)": {"x": "n", "y": "n"},
    "(x < y)*x + (x >= y)*y**2 + (x <= 1)*y": {"x": "n", "y": "n"},
    "(x == y)*x + (x != y)*y**2": {"x": "n", "y": "n"},
    "relu(W@x) + leaky_relu(W@x) + leaky_relu(b, c)": {"W": "n,m", "x": "m", "b": "n", "c": ""},
    "softplus(x)*elu(x)": {"x": "n"},
    "gelu(x) + silu(x)*sigmoid(x)": {"x": "n"},
    "mean(A, axis=0) + mean(A)": {"A": "n,m"},
    "sum(A**2, axis=1, keepdims=True)*A": {"A": "n,m"},
    "norm(A)*norm(A, axis=1)": {"A": "n,m"},
    "trace(A@B)": {"A": "n,m", "B": "m,n"},
    "outer(x, y)@y": {"x": "n", "y": "m"},
    "dot(x, x)**2": {"x": "m"},
    "diag(x)@A@diag(diag(S))": {"x": "n", "A": "n,m", "S": "m,m"},
    'einsum("ij,jk->ki", A, B)': {"A": "n,m", "B": "m,k"},
    "kron(A, x)": {"A": "n,m", "x": "n"},
    "kron(x, y)": {"x": "n", "y": "m"},
    "kron(A, B)": {"A": "n,m", "B": "m,n"},
    "vec(A)": {"A": "n,m"},
    "reshape(A, (m, n))": {"A": "n,m"},
    "reshape(A, (m, n))@x": {"A": "n,m", "x": "n"},
    "A[:, 1:m]": {"A": "n,m"},
    "x[:, None]*A": {"x": "n", "A": "n,m"},
    "eye(n)@x*ones(n) + zeros(n)": {"x": "n"},
    "z = W@x; h = tanh(z); h.T@h": {},
    "norm1(A)*norm1(A, axis=0)": {"A": "n,m"},
    "var(x)*std(A, axis=1) + var(A)": {"x": "m", "A": "n,m"},
    "prod(x)*prod(A, axis=0)": {"x": "n", "A": "n,m"},
    "logsumexp(A, axis=1) - logsumexp(A)": {"A": "n,m"},
    "max(A)*min(A, axis=0) + max(A, axis=1, keepdims=True)": {"A": "n,m"},
    "max(x, y)*min(x, 2*y)": {"x": "n", "y": "n"},
    "softmax(x)@log_softmax(y)": {"x": "m", "y": "m"},
    "softmax(A, axis=0) + log_softmax(A)": {"A": "n,m"},
    "cumsum(x)*x + cumsum(A, axis=0)": {"x": "m", "A": "n,m"},
    "normalize(A)@normalize(x)": {"x": "m", "A": "n,m"},
    "layernorm(x)": {"x": "4"},
    "rmsnorm(A)": {"A": "n,m"},
    "det(A)*logdet(A@A.T)": {"A": "n,n"},
    "inv(A@A.T + eye(n))@x": {"A": "n,n", "x": "n"},
    "solve(A@A.T + eye(n), b)": {"A": "n,n", "b": "n"},
    "cross_entropy(X, Y)": {"X": "n,m", "Y": "n,m"},
    "binary_cross_entropy(x, y)": {"x": "n", "y": "n"},
    "mse(x, y)*hinge(x, y)": {"x": "n", "y": "n"},
    "concat(x, c, y)": {"x": "n", "y": "m", "c": ""},
    "concat(A, B)": {"A": "n,m", "B": "k,m"},
    "concat([A, B], axis=1)": {"A": "n,m", "B": "n,k"},
    "stack(x, 2*x, y)": {"x": "n", "y": "n"},
    "stack([x, y], axis=-1)": {"x": "n", "y": "n"},
    "cholesky(S@S.T + eye(n))": {"S": "n,n"},
    "tril(A)@tril(A).T": {"A": "n,n"},
    "A@transpose(B, (0, 2, 1))": {"A": "2,n,m", "B": "2,k,m"},
    "A@x": {"A": "2,n,m", "x": "m"},
    "solve(A@transpose(A, (0, 2, 1)) + eye(2), B)": {"A": "3,2,2", "B": "3,2,2"},
    "diag(A)": {"A": "3,2,2"},
    "logdet(A@transpose(A, (0, 2, 1)))": {"A": "3,2,4"},
    "trace(A)": {"A": "2,n,n"},
    "cholesky(A@transpose(A, (0, 2, 1)))": {"A": "3,2,4"},
}


@cache
def program(text: str) -> Program:
    return typed(text, **FORMULAS.get(text, {}))


def sizes_of(program: Program) -> dict[str, int]:
    names = size_names([*program.variables.values(), program.output])
    return next(dict(sizes) for sizes in draw_sizes(names, 9, 0, set()) if fits([program.output], sizes))


EVERYTHING = list(dict.fromkeys([*FORMULAS, *(row.example for row in FUNCTIONS.values() if row.example)]))


def test_every_row_of_the_table_is_used() -> None:
    used = set[str]().union(*(functions(program(text)) for text in EVERYTHING))
    alone = {name for name, row in FUNCTIONS.items() if row.called and row.kind is Kind.ELEMENTWISE}
    read = {name for name, row in FUNCTIONS.items() if row.reads and row.example in EVERYTHING}  # as other rows
    assert not set(FUNCTIONS) - used - alone - read, "give these rows an example, or add a formula here"


@pytest.mark.parametrize("name", [r.name for r in FUNCTIONS.values() if r.called and r.kind is Kind.ELEMENTWISE])
def test_every_entrywise_function_alone(name: str) -> None:
    """So that a new row of the table cannot go untested."""
    row = FUNCTIONS[name]
    arguments = ", ".join("1" if p in row.whole else v for p, v in zip(row.parameters, "xyz", strict=False))
    agree(typed(f"{name}({arguments})", x="n", y="n", z="n"))


@pytest.mark.parametrize("text", EVERYTHING)
def test_the_oracles_agree(text: str) -> None:
    agree(program(text))


WITHOUT_ENTRIES = set(
    "eigvalsh eigvecs svdvals spectral_norm nuclear_norm polar pinv lstsq sqrtm expm sort argsort".split()
)
"""Functions whose entries are not written out."""


@pytest.mark.parametrize("name", sorted(WITHOUT_ENTRIES))
def test_what_cannot_be_written_out_says_so(name: str) -> None:
    program = typed(FUNCTIONS[name].example or f"{name}(A)", A="2,2", b="2")
    table = explicit_jacobian(program.output, program.variables["A"], {})
    with pytest.raises(TooLargeError, match="SymPy knows no"):
        table.expanded  # noqa: B018 - asked for, so that it is worked out


def agree(program: Program, seed: int = 3) -> None:
    sizes, output = sizes_of(program), program.output
    values = sample(output, sizes, np.random.default_rng(seed))
    picking = places_of([output])
    for name, among in picking.items():  # the table is written out for places in turn
        values[name] = np.arange(values[name].size).reshape(values[name].shape) % min(n.at(sizes) for n in among)
    for name in (name for name in values if name not in picking):
        variable = program.variables[name]

        def function(x: Any, name: str = name) -> Any:
            return evaluate(output, {**values, name: x}, sizes)

        rows = int(np.prod([s.at(sizes) for s in output.shape], dtype=int))
        traced = autodiff.jacobian(output, values, sizes, name)
        assert traced.shape == (rows, values[name].size)
        scale = 1 + np.abs(traced).max()
        np.testing.assert_allclose(differences.central(function, values[name]) / scale, traced / scale, atol=1e-7)
        table = explicit_jacobian(output, variable, sizes)
        assert (len(table.rows), len(table.columns)) == traced.shape
        for matrix in (table.expanded, table.matrix) if not functions(program) & WITHOUT_ENTRIES else ():
            np.testing.assert_allclose(at_point(matrix, values) / scale, traced / scale, atol=1e-9)
        upstream = np.linspace(-1.0, 1.0, rows).reshape(np.shape(function(values[name])))
        pulled = autodiff.vjp(output, values, sizes, name, upstream)
        assert pulled.shape == values[name].shape
        np.testing.assert_allclose(pulled.ravel() / scale, upstream.ravel() @ traced / scale, atol=1e-9)


NAMES = {row.math or row.name: row for row in FUNCTIONS.values() if row.definition and row.called}


def at_point(matrix: sympy.Matrix, values: dict[str, Any]) -> Any:
    """The numbers of a table at a point; what stands there under a name of the table's has NumPy's value."""
    point = {
        symbol: sympy.Float(float(number), 30)
        for name, array in values.items()
        for symbol, number in zip(np.ravel(element_symbols(name, array.shape)), np.ravel(array), strict=True)
    }

    def named(entry: Any) -> bool:
        return type(entry).__name__ in NAMES and not hasattr(sympy, type(entry).__name__)

    def valued(entry: Any) -> Any:
        row = NAMES[type(entry).__name__]
        arguments = [float(sympy.N(argument)) for argument in entry.args]
        body = meaning(row.definition, row.parameters)
        return sympy.Float(float(evaluate(body, dict(zip(row.parameters, arguments, strict=True)), {})))

    return np.array([[float(sympy.N(e.xreplace(point).replace(named, valued))) for e in r] for r in matrix.tolist()])


def test_an_output_that_does_not_depend_on_a_variable_has_a_zero_jacobian_and_no_warning() -> None:
    constant = typed("ones(n)*c", c="", x="n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = autodiff.jacobian(constant.output, {"c": 2.0, "x": np.ones(2)}, {"n": 2}, "x")
        assert found.tolist() == [[0, 0], [0, 0]]
        assert autodiff.vjp(constant.output, {"c": 2.0, "x": np.ones(2)}, {"n": 2}, "x", np.ones(2)).tolist() == [0, 0]


def test_directional_differences() -> None:
    """A direction's length counts, whatever it is."""
    for length in (1e-3, 1.0, 4.0):
        slope = differences.directional(np.sin, np.array([0.3, 0.4]), length * np.array([1.0, 2.0]))
        np.testing.assert_allclose(slope, length * np.cos([0.3, 0.4]) * [1, 2], rtol=1e-7)
