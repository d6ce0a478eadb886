"""What a name is taken for where nothing is declared of it, and what decided the shape of the answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import linalg, special, stats

import jacobian_cli as jac
from jacobian_cli.elaborate.habits import habit
from jacobian_cli.ops import FUNCTIONS
from tests.elaborate.test_shapes import inferred, program

ROLES = {
    # what scales a scalar is one
    "sf**2*exp(-norm(x - z)**2/2)": "sf scalar, x n, z n -> scalar",
    "det(L)**c1": "L n × n, c1 scalar -> scalar",
    "exp(-s)*norm(x - y)**2 + s": "s scalar, x n, y n -> scalar",
    "(1 - t)*norm(x) + t*norm(y)": "t scalar, x n, y m -> scalar",
    "a*b*sum(x)": "a scalar, b scalar, x n -> scalar",
    "z = u.T@h; c*z": "u n, h n, c scalar -> scalar",
    "sum(abs(x)**p)**(1/p)": "x n, p scalar -> scalar",
    "t*log(sum(exp(x/t)))": "t scalar, x n -> scalar",
    "where(norm(g) > c, c*g/norm(g), g)": "g n, c scalar -> n",
    # and so is what is added to one
    "-k + trace(V)": "k scalar, V n × n -> scalar",
    "u.T@h + b": "u n, h n, b scalar -> scalar",
    "max(0, 1 - y*(w.T@x + b))": "y scalar, w n, x n, b scalar -> scalar",
    "inv(h.T@P@h + r)": "h n, P n × n, r scalar -> scalar",
    "x/(norm(x) + c)": "x n, c scalar -> n",
    "norm(a - p)**2 - norm(a - q)**2 + r": "a n, p n, q n, r scalar -> scalar",
    # but not where something with axes stands beside it, or where its own entries are summed
    "W@x + norm(y)*b": "W n × m, x m, y k, b n -> n",
    "x - (x.T@u)*v": "x n, u n, v n -> n",
    "x/norm(x)": "x n -> n",
    "x - mean(x)": "x n -> n",
    "a*sum(exp(a*x))": "a n, x n -> n",
    "sigmoid(z)": "z n -> n",
    "x*x": "x n -> n",
    "a*x": "a n, x n -> n",
    "A*trace(B)": "A n × m, B k × k -> n × m",
    # rows and arrays of constants
    "k*x.T@y": "k scalar, x n, y n -> scalar",
    "k/2*x.T@A@x": "k scalar, x n, A n × n -> scalar",
    "logdet(K + s*eye(n))": "K n × n, s scalar -> scalar",
    "c*ones(n, m)": "c scalar -> n × m",
    # names that bear a number
    "n/2*logdet(S)": "n scalar, S m × m -> scalar",
    "N/2*logdet(S)": "N scalar, S n × n -> scalar",
    "softmax(Q@K.T/sqrt(d_k))@V": "Q n × m, K k × m, d_k scalar, V k × p -> n × p",
    "X/sqrt(s2)": "X n × m, s2 scalar -> n × m",
    "sqrt(x.T@x + eps)": "x n, eps scalar -> scalar",
    "(x - mu)/sqrt(v + eps)": "x n, mu n, v n, eps scalar -> n",
    "X/sqrt(var(X, axis=0) + t)": "X n × m, t scalar -> n × m",
    "log(x + eps)": "x n, eps scalar -> n",
    "w - lr*g": "w n, lr scalar, g n -> n",
    "reg*norm(w)**2 + mse(X@w, y)": "reg scalar, w n, X m × n, y m -> scalar",
    "norm(w)**2/2 + C*sum(relu(1 - y*(X@w)))": "w n, C scalar, y m, X m × n -> scalar",
    "C*w": "C scalar, w n -> n",
    "A*C": "A n × m, C n × m -> n × m",
    "sum(x)/n": "x m, n scalar -> scalar",
    "x + n": "x m, n m -> m",
    "n@x": "n m, x m -> scalar",
    # Greek names beside vectors
    "x - mu": "x n, mu n -> n",
    "mu + exp(s/2)*epsilon": "mu n, s n, epsilon n -> n",
    "(x - mu).T@inv(S)@(x - mu)": "x n, mu n, S n × n -> scalar",
    "lam*x + mu_1*y": "lam scalar, x n, mu_1 scalar, y n -> n",
    "trace(A) + alpha": "A n × n, alpha scalar -> scalar",
    "x/sqrt(v + epsilon)": "x n, v n, epsilon scalar -> n",
    "sigma*(x - mu)": "sigma scalar, x n, mu n -> n",
    "alpha*x + alpha": "alpha scalar, x n -> n",
    # a lower-case vector stays one: a 1 × 1 matrix is a scalar
    "trace(x.T@A@x)": "x n, A n × n -> scalar",
    "det(x.T@y)": "x n, y n -> scalar",
}


@pytest.mark.parametrize("text", ROLES)
def test_what_a_name_is_taken_for(text: str) -> None:
    assert inferred(program(text)) == ROLES[text]


def test_what_the_formula_demands_beats_every_default() -> None:
    assert inferred(program("c*norm(x) + c.T@x")) == "c n, x n -> n"
    assert inferred(program("X@theta")) == "X n × m, theta m -> n"


def test_what_is_declared_beats_every_default() -> None:
    assert inferred(program("c*norm(x)", c="n")) == "c n, x m -> n"
    assert inferred(program("x - mu", mu="")) == "x n, mu scalar -> n"
    assert inferred(program("n/2*logdet(S)", n="k")) == "n k, S m × m -> k"


def test_every_assumption_has_a_reason() -> None:
    for text in ROLES:
        found = program(text)
        assert all(found.whys.get(name) for name, origin in found.origins.items() if origin == "assumed"), text


DECIDED = {
    "a*sum(exp(a*x))": "a",
    "exp(s)*sqrt(z)": None,
    "sigmoid(z)": "z",
    "W@x + b": None,
    "u.T@h + b": None,
    "z = c*x.T@y; z*exp(t)": None,
    "mu + exp(s/2)*epsilon": "s",
}


@pytest.mark.parametrize("text", DECIDED)
def test_the_name_that_made_the_answer_a_vector(text: str) -> None:
    assert program(text).decided_by == DECIDED[text]


SCALARS = [row.name for row in FUNCTIONS.values() if row.of_scalar]


@pytest.mark.parametrize("name", SCALARS)
def test_a_function_of_matrices_takes_a_scalar_for_a_matrix_of_one_entry(name: str) -> None:
    """Against NumPy's own function of the 1 × 1 matrix, by differences."""
    logarithms = dict.fromkeys(("logdet", "slogdet"), lambda a: np.linalg.slogdet(a)[1])
    library = next((room for room in (np.linalg, linalg) if hasattr(room, name)), None)
    ours: Any = logarithms.get(name) or (getattr(library, name) if library else np.trace)
    point = {"x": np.array([0.7, 1.3]), "y": np.array([0.4, 0.9])}

    def value(x: Any) -> float:
        return float(np.sum(ours(np.array([[x @ point["y"]]]))))

    step = 1e-6
    slopes = [(value(point["x"] + d) - value(point["x"] - d)) / (2 * step) for d in step * np.eye(2)]
    plain: dict[str, str] = {}
    for text, shapes in ((f"{name}(x.T@y)", plain), (f"sum({name}(x.T@y))", {"x": "n,1", "y": "n,1"})):
        found: dict[str, Any] = {}
        exec(jac.derive(text, wrt="x", shapes=shapes).to_python(), found)
        given = {n: v[:, None] if shapes else v for n, v in point.items()}
        assert np.allclose(np.ravel(found["gradient"](**given)), slopes, rtol=1e-6)


def test_habits() -> None:
    names = {"W1": 2, "x_t": 1, "lam": 0, "λ2": 0, "Sigma": 2, "Σ": 2, "d_k": 1}
    assert {name: habit(name) for name in names} == names


@pytest.mark.parametrize(
    ("text", "by_hand"),
    [
        ("Phi(x) + phi(x)", lambda x: stats.norm.cdf(x) + stats.norm.pdf(x)),
        ("beta(exp(x), exp(-x))", lambda x: special.beta(np.exp(x), np.exp(-x))),
        ("phi*x + beta*x", lambda x, phi, beta: phi * x + beta * x),
    ],
)
def test_a_greek_name_is_a_function_where_it_is_called_only(text: str, by_hand: Any) -> None:
    derivation = jac.derive(text, wrt="x")
    point: dict[str, Any] = {"x": np.array([-0.4, 0.3, 1.2]), "phi": np.array(0.7), "beta": np.array(1.3)}
    point = {name: point[name] for name in derivation.shapes}
    functions: dict[str, Any] = {}
    exec(derivation.to_python("numpy"), functions)
    np.testing.assert_allclose(functions["value"](**point), by_hand(**point), rtol=1e-12)
    assert derivation.check().passed


@pytest.mark.parametrize("text", ["phi*x + phi(x)", "beta*x + beta(x, x)"])
def test_a_greek_variable_cannot_be_called(text: str) -> None:
    with pytest.raises(jac.InputError, match="is a value and cannot be called"):
        jac.derive(text, wrt="x")
