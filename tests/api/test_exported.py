"""Exported source runs, and computes derivatives: against differences of its own `value`, which is held against the
evaluator. Sizes that no array tells are arguments; sizes at which a formula has no meaning are refused.
"""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.checks.oracles import differences
from jacobian_cli.checks.points.sampling import NoPointError, sample
from jacobian_cli.cli.run import run
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr, variables
from jacobian_cli.printers.language import text
from jacobian_cli.printers.numpy.calls import NumPyWriter
from jacobian_cli.shape import Size
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import parse_statement
from tests.calculus.expressions import expressions
from tests.corpus.test_identities import ENTRIES, Entry, drawn_point
from tests.engine.test_everywhere import POINTS, shapes
from tests.work import operands

Array = Any


def module_of(derivation: jac.Derivation) -> dict[str, Any]:
    """What the exported source defines."""
    names: dict[str, Any] = {}
    exec(compile(derivation.to_python(), "<exported>", "exec"), names)
    return names


def told(module: dict[str, Any], point: dict[str, Array], sizes: dict[str, int]) -> dict[str, Any]:
    """The arguments of the functions: the arrays, and the sizes that they ask for."""
    asked = inspect.signature(module["value"]).parameters
    return {**point, **{name: sizes[name] for name in asked if name not in point}}


def near(found: Array, slope: Array, doubt: Array) -> None:
    gap = np.abs(np.asarray(found, float) - slope) - 20 * doubt
    assert np.max(gap, initial=0) <= 1e-5 * max(1.0, float(np.max(np.abs(slope), initial=0)))


def holds(derivation: jac.Derivation, point: dict[str, Array], sizes: dict[str, int]) -> None:
    """Whether every function of the module computes what it says it does."""
    module, wrt = module_of(derivation), derivation.wrt
    at = told(module, point, sizes)
    value, x = np.asarray(module["value"](**at), float), np.asarray(point[wrt], float)
    output = derivation.problem.output
    np.testing.assert_allclose(value, evaluate(output, point, sizes), rtol=1e-9, atol=1e-9)
    assert value.shape == tuple(size.at(sizes) for size in output.shape)

    def moved(function: str, y: Array) -> Array:
        return np.asarray(module[function](**{**at, wrt: np.reshape(y, x.shape)}), float)

    slope, doubt = differences.with_doubt(lambda y: moved("value", y), x)
    jacobian = np.asarray(module["jacobian"](**at))
    assert jacobian.shape == (value.size, x.size)
    near(jacobian, slope, doubt)
    delta = np.random.default_rng(2).uniform(0.5, 1.5, value.shape)
    down = np.asarray(module["vjp"](delta if value.shape else float(delta), **at))
    assert down.shape == x.shape
    near(down.ravel(), delta.ravel() @ slope, delta.ravel() @ doubt)
    assert ("gradient" in module) is (output.shape == ())
    if "gradient" in module:
        assert np.shape(module["gradient"](**at)) == x.shape
        np.testing.assert_allclose(np.ravel(module["gradient"](**at)), jacobian[0], rtol=1e-9, atol=1e-9)
    if "hessian" in module:
        near(module["hessian"](**at), *differences.with_doubt(lambda y: moved("jacobian", y), x))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
@pytest.mark.filterwarnings("ignore")
def test_published_formulas(entry: Entry) -> None:
    declared = {name: ",".join(sizes) or "()" for name, sizes in entry["shapes"].items()}
    derivation = jac.derive(entry["expr"], wrt=entry["wrt"], shapes=declared, order=entry["order"], check=False)
    holds(derivation, drawn_point(entry, 0), entry["sizes"])


LENGTHS = {"n": 3, "m": 2}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(expressions(depth=3), st.data())
def test_random_formulas(expr: Expr, data: st.DataObject) -> None:
    known = variables(expr)
    if not known:
        return
    wrt = data.draw(st.sampled_from(sorted(known)))
    declared: Any = {name: tuple(size.value or str(size) for size in v.shape) for name, v in known.items()}
    try:
        derivation = jac.derive(text(expr), wrt=wrt, shapes=declared, check=False)
        point = sample(derivation.problem.output, LENGTHS, np.random.default_rng(1))
    except (NoPointError, InputError):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        holds(derivation, point, LENGTHS)


SIZED: list[tuple[str, str, dict[str, str]]] = [
    ("concat(x, c)", "c", {"x": "n", "c": ""}),
    ("x[n - 1]", "x", {"x": "n"}),
    ("x[n - 1]*x[0]", "x", {"x": "n"}),
    ("x[i]", "x", {"x": "n"}),
    ("x[i:j]", "x", {"x": "n"}),
    ("sum(x[i:j]**2)", "x", {"x": "n"}),
    ("W[i]", "W", {"W": "n,m"}),
    ("W[:, i]*(W[j]@x)", "W", {"W": "n,m", "x": "m"}),
    ("-log(softmax(U@v)[o])", "U", {"U": "n,m", "v": "m"}),
    ("-log(softmax(U@v)[o])", "v", {"U": "n,m", "v": "m"}),
    ("t*eye(n)", "t", {"t": ""}),
    ("trace((t**2)*eye(n))", "t", {"t": ""}),
    ("inv(t*eye(n))", "t", {"t": ""}),
    ("det(t*eye(n))", "t", {"t": ""}),
    ("t*ones(n, m)", "t", {"t": ""}),
    ("sum(x**2)", "x", {"x": "n*m"}),
    ("sum(x**2)/n", "x", {"x": "n*m"}),
    ("reshape(x, (n, m))", "x", {"x": "n*m"}),
    ("sum(x**3)", "x", {"x": "n**2"}),
    ("trace(reshape(x, (n, n)))", "x", {"x": "n**2"}),
    ("x*ones(n*m)", "x", {"x": "n*m"}),
    ("sum(x**2)*n", "x", {"x": "2*n"}),
    ("concat(x, y)*n", "x", {"x": "n + 1", "y": "n"}),
    ("einsum('ij,jk,kl->il', A, B, A)", "A", {"A": "n,n", "B": "n,n"}),
]
WHOLE = {"n": 4, "m": 3, "i": 1, "j": 2, "o": 2}


@pytest.mark.parametrize(("formula", "wrt", "declared"), SIZED)
@pytest.mark.parametrize("order", [1, 2])
def test_sizes_are_read_off_or_asked_for(formula: str, wrt: str, declared: dict[str, str], order: int) -> None:
    formula = formula.replace("'", '"')
    derivation: jac.Derivation = jac.derive(formula, wrt=wrt, shapes=declared, order=order, check=False)
    point = sample(derivation.problem.output, WHOLE, np.random.default_rng(0))
    holds(derivation, point, WHOLE)


REFUSED: list[tuple[str, dict[str, str], dict[str, Any], str]] = [
    ("x[1:100]", {"x": "n"}, {"x": np.ones(3)}, "n >= 100, and n = 3"),
    ("x[5]", {"x": "n"}, {"x": np.ones(5)}, "n >= 6"),
    ("x[-5]", {"x": "n"}, {"x": np.ones(4)}, "n >= 5"),
    ("A[1:][1:]", {"A": "n,m"}, {"A": np.ones((2, 2))}, "n >= 3"),
    ("x[i]", {"x": "n"}, {"x": np.ones(2), "i": 2}, "n > i"),
    ("x[i]", {"x": "n"}, {"x": np.ones(2), "i": -1}, "i >= 0"),
    ("x[i:j]", {"x": "n"}, {"x": np.ones(4), "i": 2, "j": 2}, "j > i"),
    ("t*eye(n)", {"t": ""}, {"t": 1.0, "n": 0}, "n >= 1"),
    ("sum(x)/n", {"x": "n*m"}, {"x": np.ones(5), "n": 2, "m": 3}, "n\\*m = 6"),
    ("sum(x)/n", {"x": "n**2"}, {"x": np.ones(5), "n": 2}, "n\\*\\*2 = 4"),
    ("sum(x)/n", {"x": "2*n"}, {"x": np.ones(5)}, "2\\*n = 4"),
]


@pytest.mark.parametrize(("formula", "declared", "at", "message"), REFUSED)
def test_sizes_without_a_meaning_are_refused(
    formula: str, declared: dict[str, str], at: dict[str, Any], message: str
) -> None:
    derivation: jac.Derivation = jac.derive(formula, wrt=next(iter(declared)), shapes=declared, check=False)
    module = module_of(derivation)
    for name, function in module.items():
        if inspect.isfunction(function) and function.__doc__:
            upstream = [1.0] if name == "vjp" else []
            with pytest.raises(ValueError, match=message):
                function(*upstream, **at)


def test_an_answer_says_for_what_sizes_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    derivation: jac.Derivation = jac.derive("x[1:100]", wrt="x", shapes={"x": "n"})
    assert derivation.problem.wants == ("n >= 100",)
    assert derivation.to_dict()["wants"] == ["n >= 100"]
    assert "The formula wants n >= 100." in derivation.to_python()
    with pytest.raises(SystemExit):
        run(["derive", "x[1:100]", "--wrt", "x", "-s", "x=n"])
    assert "where n ≥ 100" in capsys.readouterr().out


EDGES = [(formula, at, name) for formula, at, gradients in POINTS for name in gradients]


@pytest.mark.parametrize(("formula", "at", "wrt"), EDGES)
@pytest.mark.filterwarnings("error")
def test_exported_gradients_at_the_edge(formula: str, at: dict[str, Any], wrt: str) -> None:
    """Without a warning of NumPy's."""
    (right,) = (g[wrt] for f, a, g in POINTS if f == formula and a is at)
    derivation: jac.Derivation = jac.derive(
        formula, wrt=wrt, shapes={} if "det" in formula else shapes(at), check=False
    )
    module, arrays = module_of(derivation), {name: np.asarray(value, float) for name, value in at.items()}
    for found in (
        module["gradient"](**arrays),
        module["vjp"](1.0, **arrays),
        module["jacobian"](**arrays).reshape(np.shape(right)),
    ):
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-13)


PLAIN: dict[str, tuple[str, str]] = {
    "log(prod(x))": ("n", "1/x"),
    "logdet(A)": ("n,n", "np.linalg.inv(A).T"),
    "x**3": ("", "3*x**2"),
}


@pytest.mark.parametrize("formula", PLAIN)
def test_what_is_shorter_and_no_worse_stays(formula: str) -> None:
    """1/x has a value wherever log(prod(x)) has, and where prod(x) overflows too."""
    declared, shown = PLAIN[formula]
    name = "A" if declared == "n,n" else "x"
    source = jac.derive(formula, wrt=name, shapes={name: declared}, check=False).to_python()
    assert f"    return {shown}\n" in source


@pytest.mark.parametrize("formula", ["prod(x)", "x[0]**x[1]", "sum(rmsnorm(x)*x)"])
def test_forms_to_be_computed_pass_the_check_too(formula: str) -> None:
    """They are what is checked before source is written."""
    assert "Not checked" not in jac.derive(formula, wrt="x").to_python()


def test_without_an_inverse_there_is_none() -> None:
    for formula in ("logdet(A)", "sum(inv(A))"):
        module = module_of(jac.derive(formula, wrt="A", check=False))
        with pytest.raises(np.linalg.LinAlgError):
            module["gradient"](np.ones((2, 2)))


@pytest.mark.parametrize("order", [3, 4])
def test_products_of_many_factors_cost_what_pairs_cost(order: int) -> None:
    """Every letter a loop inside all others would be order**12 products."""
    axes = dict(zip("abcdefgh", OPERANDS, strict=True))
    formula = f'einsum("{",".join(OPERANDS)}->ijklmn", {", ".join(axes)})'
    declared = {name: (Size.named("n"),) * len(letters) for name, letters in axes.items()}
    source = NumPyWriter().text(elaborate([parse_statement(formula)], declared).output)
    rng = np.random.default_rng(0)
    at = {name: rng.standard_normal((order,) * len(letters)) for name, letters in axes.items()}
    assert operands(source) == 2
    names: dict[str, Any] = {"np": np, **at}
    exec(f"value = {source}", names)
    whole = np.einsum(f"{','.join(OPERANDS)}->ijklmn", *at.values(), optimize=True)
    np.testing.assert_allclose(names["value"], whole)


OPERANDS = ("i", "iop", "jo", "kn", "l", "lqr", "mq", "pr")


def test_the_hessian_behind_solve_rmsnorm_and_a_slice_is_quick() -> None:
    shapes_of: Any = {"T": "n,m,m", "A": "m,m", "x": "m"}
    derivation: jac.Derivation = jac.derive(
        "sum(solve(A, rmsnorm(T[0]@x)))", wrt="T", shapes=shapes_of, order=2, check=False
    )
    point = sample(derivation.problem.output, {"n": 4, "m": 3}, np.random.default_rng(0))
    assert operands(derivation.to_python()) == 2
    assert module_of(derivation)["hessian"](**point).shape == (36, 36)
