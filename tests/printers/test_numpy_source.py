"""NumPy source: it reads as a person would write it, needs NumPy only, runs, and computes the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from jacobian_cli import derive
from jacobian_cli.checks.points.sampling import fits
from jacobian_cli.elaborate import Builder, Scope
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Defined, Expr, Variable, variables
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.places import places_of
from jacobian_cli.ops.rules import ShapeError
from jacobian_cli.printers.numpy.calls import NumPyWriter
from jacobian_cli.printers.numpy.module import Function, module_source
from jacobian_cli.printers.precedence import default
from jacobian_cli.shape import ONE, Shape, Size
from tests.calculus.expressions import fitting
from tests.printers.typed import LENGTHS, SHAPES, M, N, apply, expressions, typed, values

PRINTED = {
    "W@x + b": "W@x + b",
    "x.T@y": "x@y",
    "x@y": "x@y",
    "b@x.T": "np.outer(b, x)",
    "outer(b, x)": "np.outer(b, x)",
    "dot(x, y)": "x@y",
    "b.T@W": "(b@W)[None, :]",
    "b.T@W@x": "b@W@x",
    "x.T": "x[None, :]",
    "r.T": "r[0]",
    "r@x": "r[0]@x",
    "b@r": "np.outer(b, r[0])",
    "W.T": "W.T",
    "2*x.T": "2*x[None, :]",
    "tanh(x.T)@y": "np.tanh(x)@y",
    "(b.T@W).T": "b@W",
    "diag(x)": "np.diag(x)",
    "diag(S)": "np.diag(S)",
    "diag(b)@W": "b[:, None]*W",
    "W@diag(x)": "W*x",
    "diag(b)@b": "b*b",
    "x.T@diag(x)": "(x*x)[None, :]",
    "kron(eye(n), x.T)": "np.kron(np.eye(n), x[None, :])",
    "kron(x, W)": "np.kron(x[:, None], W)",
    "kron(x, b)": "np.kron(x, b)",
    "diag(b)@kron(eye(n), x.T)": "b[:, None]*np.kron(np.eye(n), x[None, :])",
    "W@B@b": "W@(B@b)",
    "W@(B@b)": "W@(B@b)",
    "W@B@S": "W@B@S",
    "W@B@W@x": "W@(B@(W@x))",
    "b.T@W@B@S": "(b@W@B@S)[None, :]",
    "x.T@y@y.T@x": "x@y*(y@x)",
    "b@x.T@y": "b*(x@y)",
    "(W@x)@b": "W@x@b",
    "c*(b@x.T)": "c*np.outer(b, x)",
    "2*W.T@(W@x - b)": "2*W.T@(W@x - b)",
    "x*(x > 0)": "x*(1.0*(x > 0))",
    "where(x > 0, x, -1)": "np.where(x > 0, x, -1)",
    "where(x, x, y)": "np.where(x != 0, x, y)",
    "max(x, 0)": "np.maximum(x, 0)",
    "log1p(exp(-x))": "np.log1p(np.exp(-x))",
    "sigmoid(x)": "sigmoid(x)",
    "leaky_relu(x)": "leaky_relu(x)",
    "sum(W, axis=1, keepdims=True)": "np.sum(W, axis=1, keepdims=True)",
    "mean(W, axis=(0, 1))": "np.mean(W, axis=(0, 1))",
    "norm(W, axis=-1)": "norm(W, axis=-1)",
    "W[:, 0]": "W[:, 0]",
    "x[m - 2:m]": "x[m - 2:m]",
    "x[:, None]": "x[:, None]",
    "reshape(W, (m, n))": "W.reshape(m, n)",
    "reshape(c, (1, 1))": "np.reshape(c, (1, 1))",
    "vec(W)": "W.T.reshape(-1)",
    "vec(r)": "r[0]",
    'einsum("ij,jk->ik", W, B)': 'np.einsum("ij,jk->ik", W, B)',
    "sum(x)/m": "np.sum(x)/m",
    "x/(n*m)": "x/(n*m)",
    "ones(n)": "np.ones(n)",
    "ones(n, m + 1)": "np.ones((n, m + 1))",
    "0.044715*pi*e": "0.044715*np.pi*np.e",
    "x**(1/2)": "x**(1/2)",
    "12345678901234567890*x": "1.2345678901234567e+19*x",
}


@pytest.mark.parametrize("formula", PRINTED)
def test_is_written_so(formula: str) -> None:
    assert NumPyWriter().text(typed(formula)) == PRINTED[formula]


def places(shapes: dict[str, Shape]) -> dict[str, str]:
    """Where each size symbol can be read off."""
    return {
        size.name: f"{name}.shape[{axis}]"
        for name, shape in shapes.items()
        for axis, size in enumerate(shape)
        if size.name
    }


def function(expr: Expr, name: str = "value", *definitions: tuple[str, Expr]) -> Function:
    """A function of all variables of the tests."""
    return Function(name, tuple(SHAPES), definitions, expr, "of its own", "What was asked.", places(SHAPES))


def run(source: str) -> dict[str, Any]:
    """What a module defines."""
    namespace: dict[str, Any] = {}
    exec(compile(source, "<generated>", "exec"), namespace)
    return namespace


def same(found: Any, expr: Expr, point: dict[str, Any], sizes: dict[str, int] = LENGTHS) -> None:
    expected = evaluate(expr, point, sizes)
    assert np.shape(found) == tuple(size.at(sizes) for size in expr.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("formula", PRINTED)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_computes_what_the_formula_means(formula: str) -> None:
    expr, point = typed(formula), values()
    same(run(module_source([function(expr)]))["value"](**point), expr, point)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions(built=True))
def test_any_expression_computes_what_it_means(expr: Expr) -> None:
    point = values()
    same(run(module_source([function(expr)]))["value"](**point), expr, point)


THREE = Size.number(3)
OPERANDS: tuple[tuple[Shape, ...], ...] = (
    *(((M,),), ((),), ((N, M),), ((M, N),), ((ONE, M),), ((N, N),), ((N, N), (N,)), ((THREE,),)),
    ((N,), (M,), (N, M)),
)
OPTIONS: tuple[dict[str, Any], ...] = ({}, {"axis": (0,)}, {"axis": (-1,)}, {"axis": (0,), "keepdims": True})


def accepted(entry: Row) -> Iterator[Expr]:
    """Calls of a function, with all operands and options above that the table accepts."""
    for shapes, options in product(OPERANDS, OPTIONS):
        count = 2 if entry.parameters == ("...",) else len(entry.parameters) - len(entry.defaults)
        arguments: list[Expr] = [Variable(f"v{k}", shapes[min(k, len(shapes) - 1)]) for k in range(count)]
        if not entry.places:
            arguments = [fitting(entry.name, k, argument) for k, argument in enumerate(arguments)]
        if {*options} <= {*entry.options}:
            with suppress(ShapeError):
                values = (*arguments, *map(default, entry.defaults.values()))
                call = Builder(Scope({}), "").applied(entry, values, options)
                if fits([call], LENGTHS):
                    yield call


def agrees(expr: Expr) -> None:
    """Whether the source says what the evaluator says."""
    rng = np.random.default_rng(1)
    point: dict[str, Any] = {}
    for name, variable in variables(expr).items():
        value = rng.uniform(0.1, 0.9, [size.at(LENGTHS) for size in variable.shape])
        point[name] = value @ value.T + np.eye(3) if value.shape == (3, 3) else value
    for name, among in places_of([expr]).items():
        most = min(size.at(LENGTHS) for size in among)
        point[name] = rng.integers(0, most, np.shape(point[name]))
    sizes = places({name: variable.shape for name, variable in variables(expr).items()})
    source = module_source([Function("value", tuple(point), (), expr, None, "One function.", sizes)])
    same(run(source)["value"](**point), expr, point)


CALLED = [
    entry.name
    for entry in FUNCTIONS.values()  # one that `reads` is replaced by others while typing
    if entry.called and not entry.reads and {*entry.options} <= {"axis", "keepdims"}
]


@pytest.mark.parametrize("name", CALLED)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_every_function_of_the_table(name: str) -> None:
    calls = list(accepted(FUNCTIONS[name]))
    assert calls
    for call in calls:
        agrees(call)


NEW = {
    "soft": Row(
        name="soft",
        summary="a function of rows",
        kind=Kind.CORE,
        options=("axis",),
        signatures=("n->n", "mn->mn"),
        definition="exp(x)/sum(exp(x))",
    ),
    "spread": Row(
        name="spread",
        summary="a reduction that counts, and calls another",
        kind=Kind.REDUCTION,
        options=("axis", "keepdims"),
        definition="sum((x - mean(x))**2)/N + norm(x)",
    ),
    "shift": Row(
        name="shift",
        summary="a function of rows that calls another, with a default",
        kind=Kind.CORE,
        parameters=("x", "k"),
        defaults={"k": "0.5"},
        options=("axis",),
        signatures=("n,->n", "mn,->mn"),
        definition="soft(x) - k*N",
    ),
    "quadratic": Row(
        name="quadratic",
        summary="a function of a matrix and a vector",
        kind=Kind.CORE,
        parameters=("A", "x"),
        signatures=("nn,n->",),
        definition="x.T@(A + A.T)@x/2",
    ),
    "squares": Row(
        name="squares",
        summary="a function of values of any shape",
        kind=Kind.CORE,
        parameters=("x", "y"),
        signatures=("n,n->", "nm,nm->"),
        definition="mean((x - y)**2)",
    ),
}


@pytest.mark.parametrize("name", NEW)
def test_a_new_row_needs_nothing_else(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for entry in NEW.values():
        monkeypatch.setitem(FUNCTIONS, entry.name, entry)
    for call in accepted(NEW[name]):
        agrees(call)


def test_definitions_come_first_and_in_order() -> None:
    h = Defined("h", typed("sigmoid(W@x + b)"))
    p = Defined("p", apply("*", h, h))
    source = module_source([function(apply("+", p, h), "value", ("h", h.body), ("p", p.body))])
    assert source.splitlines()[-3:] == ["    h = sigmoid(W@x + b)", "    p = h*h", "    return p + h"]
    same(run(source)["value"](**values()), apply("+", p, h), values())
    # a definition that was not listed is found
    assert run(module_source([function(apply("+", p, h))]))


MODULE = '''\
import math

import numpy as np


def leaky_relu(x, a=0.01):
    return np.where(x > 0, x, a*x)


def erf(x):
    return np.vectorize(math.erf, otypes=[float])(x)[()]


def gelu(x):
    return x*(1 + erf(x/np.sqrt(2)))/2


def value(W, x):
    """Two activations."""
    n = W.shape[0]
    return gelu(W@x)/n + leaky_relu(W@x)
'''


def test_a_module_as_a_whole() -> None:
    expr = typed("gelu(W@x)/n + leaky_relu(W@x)")
    sizes = places({"W": (N, M)})
    assert module_source([Function("value", ("W", "x"), (), expr, None, "Two activations.", sizes)]) == MODULE


def test_axes_anywhere_give_the_function_its_axes_everywhere() -> None:
    expr = typed("norm(W, axis=1)*norm(x)")
    source = module_source([function(expr)])
    assert source.count("def norm(x, axis=None, keepdims=False):") == 1
    same(run(source)["value"](**values()), expr, values())


def test_names_that_are_taken() -> None:
    shapes: dict[str, Shape] = {name: (Size.named("np_"),) for name in ("np", "sigmoid", "math", "gelu", "erf")}
    body = typed("sigmoid(np) + gelu(sigmoid)*math + erf*gelu", **shapes)
    result = apply("*", Defined("np_", body), Defined("is", body))
    result = apply("+", result, apply("ones", sizes=(Size.named("np_"),)))
    source = module_source([Function("value", tuple(shapes), (), result, None, "All taken.", {"np_": "np.shape[0]"})])
    point = {name: np.linspace(0.1, 1.0, 3) * k for k, name in enumerate(shapes, 1)}
    same(run(source)["value"](**point), result, point, {"np_": 3})


def test_docstrings_are_quoted() -> None:
    doc = 'The rule einsum("ij->ji", A) \\ """more"""'
    for shape in ("n × m", None):
        module = run(module_source([Function("value", ("c",), (), Variable("c", ()), shape, doc, {})]))
        assert module["value"].__doc__.startswith(doc)


def test_needs_numpy_only() -> None:
    source = module_source([function(typed("gelu(norm(W@x) + leaky_relu(b))"))])
    check = f"import sys\n{source}\nassert not any(name.startswith('jacobian') for name in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_costs() -> None:
    """Numbers are compared where sizes are known: a thin product comes first."""
    a, b, c = (Variable(n, (Size.number(i), Size.number(j))) for n, i, j in (("a", 50, 2), ("b", 2, 50), ("c", 50, 3)))
    assert NumPyWriter().text(apply("@", apply("@", a, b), c)) == "a@(b@c)"
    assert NumPyWriter().text(apply("@", a, apply("@", b, c))) == "a@(b@c)"
    row = Variable("row", (ONE, N))
    assert NumPyWriter().text(apply("@", apply("@", row, typed("S")), typed("S"))) == "(row[0]@S@S)[None, :]"


def test_long_chains() -> None:
    expr: Expr = typed("S")
    for _ in range(300):
        expr = Apply("@", (expr, typed("S")), (), (N, N))
    assert NumPyWriter().text(expr).count("@") == 300
    total: Expr = typed("c")
    for _ in range(3000):
        total = Apply("+", (total, typed("c")), (), ())
    assert NumPyWriter().text(total).count("+") == 3000


@pytest.mark.parametrize("shapes", [{"x": "2", "A": "n+1,3"}, {"x": "m", "A": "n*k,3"}])
def test_sizes_of_variables_in_no_form_are_not_asked_for(shapes: dict[str, str]) -> None:
    namespace: dict[str, Any] = {}
    exec(derive("sum(x**2)", "x", shapes, check=False).to_python(), namespace)
    assert namespace["vjp"](1.0, np.array([1.0, 2.0]), np.ones((4, 3))).tolist() == [2.0, 4.0]
