"""Claims by the file and by the class, numbers for formulas, and assertions for pytest."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from click.testing import CliRunner

import jacobian_cli as jac
from jacobian_cli.api.check.answer import Graded, summary
from jacobian_cli.api.check.derivation_file import Grader, read_derivation
from jacobian_cli.api.check.judged import judged_source
from jacobian_cli.api.check.many import read_claims
from jacobian_cli.api.check.numbers import judged_numbers, read_array
from jacobian_cli.api.check.report import junit, markdown
from jacobian_cli.api.check.run import judge_of
from jacobian_cli.cli.main import jac as jac_command
from jacobian_cli.testing import assert_gradient, assert_jacobian, assert_vjp

NEURON = """
z = W@x + b
h = sigmoid(z)
s = u.T@h
"""


def _graded(text: str) -> list[Graded]:
    return list(Grader(read_derivation(NEURON + text)).graded())


def test_a_right_derivation() -> None:
    found = _graded("ds/dz = u.T@diag(h*(1-h))\ndelta = u*h*(1-h)\n∂s/∂W = delta@x.T\nds/db = delta\n")
    assert [one.verdict for one in found] == ["right"] * 3
    assert summary(found) == {}


def test_a_slip_is_told_once() -> None:
    """The local Jacobian is wrong in line 5; lines 6 and 7 only follow from it."""
    found = _graded("dh/dz = diag(h)\nds/dz = u.T@diag(h)\nds/dW = (u*h)@x.T\nds/dx = W.T@(u*h*(1-h))\n")
    assert [(one.line, one.verdict, one.follows) for one in found] == [
        (5, "wrong", None),
        (6, "wrong", 5),
        (7, "wrong", 5),
        (8, "right", None),
    ]
    assert sum(summary(found).values()) == 1


def test_a_slip_in_a_name_of_ones_own() -> None:
    found = _graded("delta = u*h*(1 + h)\nds/dW = delta@x.T\nds/db = delta\n")
    first, second = found
    assert first.check is not None
    assert first.check.diagnosis[0].kind == "sign"
    assert "line 5" in first.check.diagnosis[0].place
    assert first.check.diagnosis[0].fix == "delta = u*h*(1 - h)"
    assert second.follows == 5


def test_adjoints_by_their_name_are_claims() -> None:
    right, wrong = _graded("ds/db = u*h*(1-h)\ndelta_z = u*h\n")
    assert right.passed
    assert (wrong.wrt, wrong.verdict) == ("z", "wrong")


def test_a_line_that_cannot_be_read_does_not_stop_the_rest() -> None:
    unread, other, right = _graded("ds/dq = 2*x\nds/dW = (u*\nds/db = u*h*(1-h)\n")
    assert (unread.verdict, other.verdict, right.verdict) == ("unreadable", "unreadable", "right")
    assert unread.error is not None
    assert "'q'" in unread.error


CLASS: list[dict[str, Any]] = [
    {"id": "ann", "expression": "x.T@A@x", "wrt": "x", "claim": "(A + A.T)@x", "points": 2},
    {"id": "bob", "expression": "x.T@A@x", "wrt": "x", "claim": "2*A@x"},
    {"id": "cy", "expression": "x.T@A@x", "wrt": "A", "claim": "x@x"},
    {"id": "dee", "expression": "x.T@A@x", "wrt": "A", "claim": "outer(x, y)"},
    {"id": "eve", "expression": "x.T@(", "wrt": "x", "claim": "x"},
]
VERDICTS = ["right", "right if", "wrong", "unreadable", "unreadable"]


def test_a_class() -> None:
    found = list(jac.check_all(CLASS))
    assert [one.verdict for one in found] == VERDICTS
    assert [one.id for one in found] == ["ann", "bob", "cy", "dee", "eve"]


def test_an_executor_gives_the_same() -> None:
    with ThreadPoolExecutor(2) as executor:
        assert [one.verdict for one in jac.check_all(CLASS, executor)] == VERDICTS


def test_reports() -> None:
    found = list(jac.check_all(CLASS))
    suite = Xml.fromstring(junit(found))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "2", "2")
    assert "2 of 6 points" in markdown(found, summary(found))


def test_files_of_claims() -> None:
    assert read_claims('{"id": "a", "claim": "2*x"}\n\n{"id": "b", "claim": "x"}\n')[1]["claim"] == "x"
    for text in ("id,answer\n1,x\n", "id,claim\n", '{"claim": \n'):
        with pytest.raises(jac.InputError):
            read_claims(text)


def test_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    at = {"W": rng.standard_normal((2, 3)), "x": rng.standard_normal(3), "u": rng.standard_normal(2)}
    h = 1 / (1 + np.exp(-at["W"] @ at["x"]))
    right = np.outer(at["u"] * h * (1 - h), at["x"])
    judge = judge_of("u.T@sigmoid(W@x)", "W")
    judge.at = at
    assert judged_numbers(judge, right, "g").verdict == "right"
    assert judged_numbers(judge, right.astype(np.float32), "g").verdict == "right"
    assert judged_numbers(judge, right.T, "g").verdict == "right if"
    assert judged_numbers(judge, -right, "g").diagnosis[0].kind == "sign"
    both = judged_numbers(judge, -2 * right.astype(np.float32), "g").diagnosis
    assert [(told.kind, told.certain) for told in both] == [("sign", True), ("factor", True)]
    missing = judged_numbers(judge, np.outer(at["u"], at["x"]), "g")
    assert missing.diagnosis[0].kind == "missing_derivative"
    assert judged_numbers(judge, right[:1], "g").diagnosis[0].kind == "shape"
    np.save(tmp_path / "g.npy", right)
    np.testing.assert_array_equal(read_array(str(tmp_path / "g.npy")), right)
    (tmp_path / "bad.npy").write_text("no array")
    for name in ("bad.npy", "nowhere.npy"):
        with pytest.raises(jac.InputError):
            read_array(str(tmp_path / name))


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _right(W: Any, x: Any, u: Any) -> Any:  # noqa: N803 - a matrix
    h = _sigmoid(W @ x)
    return np.outer(u * h * (1 - h), x)


def test_assertions_pass_what_is_right() -> None:
    assert_gradient(_right, "u.T@sigmoid(W@x)", "W")
    assert_jacobian(_jacobian, "W@x", "W")
    assert_vjp(lambda delta, z: _softmax(z) * (delta - _softmax(z) @ delta), "softmax(z)", "z")


def _jacobian(W: Any, x: Any) -> Any:  # noqa: N803 - a matrix
    return np.kron(np.eye(len(W)), x[None, :])


def _turned(W: Any, x: Any, u: Any) -> Any:  # noqa: N803 - a matrix
    return _right(W, x, u).T


def _negative(W: Any, x: Any, u: Any) -> Any:  # noqa: N803 - a matrix
    return -_right(W, x, u)


def _softmax(z: Any) -> Any:
    e = np.exp(z - z.max())
    return e / e.sum()


def _mutating(x: Any) -> Any:
    x *= 2
    return x


def _only_square(W: Any, x: Any, u: Any) -> Any:  # noqa: N803 - a matrix
    found = _right(W, x, u)
    return found.T if found.shape[0] == found.shape[1] else found


BAD: list[tuple[Callable[..., Any], str, str, str]] = [
    (_negative, "u.T@sigmoid(W@x)", "W", "sign"),
    (_turned, "u.T@sigmoid(W@x)", "W", "laid out"),
    (_only_square, "u.T@sigmoid(W@x)", "W", "n = 3, m = 3"),
    (lambda x: x, "x.T@x", "x", "factor"),
    (_mutating, "x.T@x", "x", "changes its argument"),
    (lambda x: [None], "x.T@x", "x", "not an array of numbers"),
    (lambda x: x / 0.0 if x.size else x, "x.T@x", "x", "not finite"),
    (lambda x: x[99], "x.T@x", "x", "raises IndexError"),
    (lambda x: np.zeros(7), "x.T@x", "x", "shape"),
]


@pytest.mark.parametrize(("claimed", "function", "wrt", "message"), BAD)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_assertions_catch_what_is_wrong(claimed: Callable[..., Any], function: str, wrt: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        assert_gradient(claimed, function, wrt)


def test_as_json() -> None:
    told = [one.to_dict() for one in jac.check_all(CLASS)]
    assert json.loads(json.dumps(told))[2]["diagnosis"][0]["kind"] == "inner_for_outer"


SOLUTION = """
import numpy as np

def right(delta, W, x):
    h = 1/(1 + np.exp(-(W @ x)))
    d = delta * h * (1 - h)
    return np.outer(d, x)

def wrong(delta, W, x):
    h = 1/(1 + np.exp(-(W @ x)))
    return np.outer(delta * h, x)
"""


def test_a_python_function_is_judged_and_not_run(tmp_path: Path) -> None:
    file = tmp_path / "solution.py"
    file.write_text(SOLUTION + "raise SystemExit('it was run')\n")
    judge = judge_of("sigmoid(W@x)", "W")
    found = judged_source(judge, jac.read_source(file.read_text(), "right"))
    assert (found.verdict, found.form) == ("right", "vjp")
    found = judged_source(judge, jac.read_source(file.read_text(), "wrong"))
    assert found.verdict == "wrong"
    assert "missing_derivative" in {told.kind for told in found.diagnosis}


def test_steps_of_a_function_bear_any_name(tmp_path: Path) -> None:
    """What is called dW or delta in it is no direction and no gradient that arrives."""
    source = "def f(W, x, u):\n    h = sigmoid(W@x)\n    delta = u*h*(1 - h)\n    dW = {}\n    return dW\n"
    judge = judge_of("u.T@sigmoid(W@x)", "W")
    right, wrong = (
        judged_source(judge, jac.read_source(source.format(value), "f"))
        for value in ("np.outer(delta, x)", "np.outer(x, delta)")
    )
    assert (right.verdict, right.form) == ("right", "gradient")
    assert (wrong.verdict, wrong.form) == ("right if", "gradient")


def test_a_line_of_a_class_that_cannot_be_read_does_not_stop_the_rest(tmp_path: Path) -> None:
    rows = ['{"id": "a", "wrt": "x", "claim": "2*x"}', "[1", '{"id": "c", "wrt": "x", "claim": ""}']
    file = tmp_path / "claims.jsonl"
    file.write_text("\n".join(rows), encoding="utf-8")
    done = CliRunner().invoke(jac_command, ["check", "x.T@x", "--claims", str(file), "--json"])
    found = json.loads(done.output)["claims"]
    assert [claim["verdict"] for claim in found] == ["right", "unreadable", "unreadable"]
    assert "claims.jsonl:2: this line is no JSON object" in found[1]["error"]
    assert "there is no answer" in found[2]["error"]


def test_a_line_that_is_no_definition_does_not_stop_the_rest() -> None:
    found = _graded("this is nonsense (((\nds/db = u*h*(1 - h)\nq = 2*(h\nds/dx = W.T@(u*h*(1 - h))\n")
    assert [(one.line, one.verdict) for one in found] == [
        (5, "unreadable"), (6, "right"), (7, "unreadable"), (8, "right")
    ]  # fmt: skip
    assert "words" in str(found[0].error)
    with pytest.raises(jac.InputError, match="ends too early"):
        read_derivation("nonsense (((")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("z = Wx + b\ns = sum(z)\nds/db = ones(n)\nds/dW = ones(n)@x.T", {1: "z = W@x + b"}),
        ("x: n\nz = x^2\ns = sum(z)\nds/dx = 2x", {2: "z = x**2"}),
        ("s = xᵀAx\nds/dx = (A + A^T)x", {1: "s = x.T@A@x"}),
        ("s = np.sum(x**2)\nds/dx = 2*x", {1: "s = sum(x**2)"}),
        ("t = x'*A*x\ndt/dx = A*x + A'*x", {1: "t = x.T@A@x"}),
    ],
)
def test_definitions_of_a_file_are_read_in_whatever_notation_they_are(text: str, read: dict[int, str]) -> None:
    grader = Grader(read_derivation(text))
    assert all(one.passed for one in grader.graded())
    assert grader.read == read


def test_a_file_tells_how_it_was_read_and_what_it_warns_of(tmp_path: Path) -> None:
    file = tmp_path / "own.txt"
    file.write_text("z = A*x\nt = u^T z\ns = norm(z)**2\nds/dz = 2*z\ndt/dz = u\n", encoding="utf-8")
    for options in ([], ["--json"], ["--to", "markdown"]):
        done = CliRunner().invoke(jac_command, ["check", "-f", str(file), *options])
        assert "with the matrix product it is z = A@x" in done.output.replace("\\", "").replace("\n", " ")
    said = json.loads(CliRunner().invoke(jac_command, ["check", "-f", str(file), "--json"]).output)
    assert said["read"] == {"2": "t = u.T@z"}
    named = read_derivation("s = x'*x\nds/dx = 2*x", syntax="matlab")
    assert named.definitions[0].notation == "matlab"


@pytest.mark.parametrize("size", ["matrix", "vector", "number", "spd", "positive"])
def test_a_kind_or_a_fact_is_no_size(size: str) -> None:
    with pytest.raises(jac.InputError, match="here sizes belong"):
        jac.derive("A@x", wrt="x", shapes={"A": size})


def test_what_is_declared_in_a_file_holds_of_names_without_a_shape() -> None:
    text = "assume y: sums_to_one\np = softmax(z)\nJ = -sum(y*log(p))\ndJ/dz = p - y\n"
    assert [one.verdict for one in Grader(read_derivation(text)).graded()] == ["right"]


def test_a_factor_that_is_forgotten_in_all_places_is_named() -> None:
    claim = "(eye(n) - ones(n,n)/n - outer((x-mean(x))/std(x), (x-mean(x))/std(x))/n)/std(x)"
    found = jac.check("g*(x - mean(x))/std(x)", "x", claim, shapes={"g": "n"})
    assert (found.diagnosis[0].kind, found.diagnosis[0].certain) == ("unit_factor", True)
    assert "g" in found.diagnosis[0].explanation


def test_a_text_that_many_hand_in_is_judged_once() -> None:
    class Counting(ThreadPoolExecutor):
        jobs = 0

        def submit(self, *args: Any, **kwargs: Any) -> Any:
            self.jobs += 1
            return super().submit(*args, **kwargs)

    claims = [
        {"expression": "x.T@x", "wrt": "x", "claim": "2*x" if k % 2 else "x", "id": str(k), "points": k + 1}
        for k in range(200)
    ]
    with Counting(2) as executor:
        found = list(jac.check_all(claims, executor))
        assert executor.jobs == 1
    assert [(one.id, one.points, one.verdict) for one in found] == [
        (str(k), k + 1, "right" if k % 2 else "wrong") for k in range(200)
    ]
