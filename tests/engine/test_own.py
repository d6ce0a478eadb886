"""Functions of the user's own: compared with differences before they are used, refused when they are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.cli.run import run
from jacobian_cli.ops import FUNCTIONS


@pytest.fixture(autouse=True)
def table_as_it_was() -> Iterator[None]:
    before = dict(FUNCTIONS)
    yield
    FUNCTIONS.clear()
    FUNCTIONS.update(before)


class Cube:
    """x³"""

    def forward(self, x: Any) -> Any:
        self.x = x
        return x**3

    def backward(self, upstream: Any) -> Any:
        return [upstream * 3 * self.x**2]


class Gate:
    """x y, the multiply gate of the lecture"""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        return x * y

    def backward(self, upstream: Any) -> Any:
        return upstream * self.y, upstream * self.x


def test_an_own_function_is_used_like_any_other() -> None:
    jac.register("cube")(Cube)
    jac.register("gate")(Gate)
    run = jac.backprop("sum(gate(cube(x), c)*x)", at={"x": [1, 2], "c": 3})
    np.testing.assert_allclose(run.gradients["x"], 12 * np.array([1, 2]) ** 3)
    assert float(run.gradients["c"]) == 1 + 16
    assert run.check.passed is True
    assert set(run.check.engines) == {"differences"}
    assert "autograd does not know cube, gate" in run.check.notes[0]
    assert {node.flow for node in run.nodes if node.operation == "cube"} == {"cube: its own backward"}
    again = jac.tape("cube(x)").gradients(x=np.ones((2,)))[1]["x"]
    assert again.tolist() == [3, 3]


def test_with_a_signature() -> None:
    class Twice:
        def forward(self, matrix: Any, x: Any) -> Any:
            self.matrix, self.x = matrix, x
            return 2 * matrix @ x

        def backward(self, upstream: Any) -> Any:
            return 2 * np.outer(upstream, self.x), 2 * self.matrix.T @ upstream

    jac.register("twice", signature="ij,j->i")(Twice)
    run = jac.backprop("u.T@twice(W, x)", at={"u": [1, -1], "W": [[1, 2, 3], [4, 5, 6]], "x": [1, 0, 2]})
    assert run.gradients["W"].tolist() == [[2, 0, 4], [-2, 0, -4]]
    assert run.check.passed is True
    with pytest.raises(jac.InputError, match="these sizes do not match"):
        jac.tape("twice(W, x)", shapes={"W": "n,m", "x": "n"})


def test_a_derivation_says_that_it_has_none() -> None:
    jac.register("cube")(Cube)
    with pytest.raises(jac.InputError, match="cube is a function of your own"):
        jac.derive("cube(x)*x", wrt="x")


def test_a_slightly_wrong_backward_is_refused_with_the_worst_entry() -> None:
    class Wrong(Cube):
        def backward(self, upstream: Any) -> Any:
            return [upstream * 3.001 * self.x**2]

    with pytest.raises(jac.InputError, match=r"cube is refused.*\n.*the gradient of x at x = .* central differences"):
        jac.register("cube")(Wrong)
    assert "cube" not in FUNCTIONS


def test_a_backward_that_is_wrong_in_broadcasting_only_is_refused() -> None:
    class Wrong(Gate):
        def backward(self, upstream: Any) -> Any:
            return upstream * self.y, np.sum(upstream * self.x) * (1 if np.ndim(self.y) == 0 else self.y / self.y)

    with pytest.raises(jac.InputError, match="gate"):
        jac.register("gate")(Wrong)


def changed(**methods: Any) -> type:
    return type("Changed", (Cube,), methods)


def raising(*_: Any) -> Any:
    raise KeyError("what")


def spoiling(self: Any, x: Any) -> Any:
    self.x = np.array(x)
    value = x**3
    x += 1
    return value


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (changed(backward=lambda _, upstream: [upstream, upstream]), "gives 2 gradients for 1 inputs"),
        (changed(backward=lambda _, upstream: [np.ones(7)]), r"the gradient of x has shape \(7,\)"),
        (changed(backward=lambda _, upstream: ["a"]), "gives no array of numbers"),
        (changed(backward=raising), "backward failed with KeyError"),
        (changed(forward=lambda self, x: np.zeros(9)), "forward gives shape"),
        (changed(forward=spoiling), "changes its inputs"),
        (changed(forward=lambda self, *x: x), "one by one"),
        (changed(forward=lambda self, x: x * np.nan), "cannot be checked"),
        (changed(forward=lambda self, x: np.random.default_rng().random(np.shape(x))), "another value each time"),
        (changed(backward=None), "the class has no backward"),
    ],
)
def test_what_cannot_be_used_is_refused(operation: type, message: str) -> None:
    with pytest.raises(jac.InputError, match=message):
        jac.register("own")(operation)
    assert "own" not in FUNCTIONS


def test_points_for_a_function_that_is_seldom_finite() -> None:
    class Far:
        def forward(self, x: Any) -> Any:
            self.x = x
            return np.sqrt(x - 100)

        def backward(self, upstream: Any) -> Any:
            return [upstream / (2 * np.sqrt(self.x - 100))]

    with pytest.raises(jac.InputError, match="say where to check it"):
        jac.register("far")(Far)
    jac.register("far", at={"x": [101, 105]})(Far)
    assert float(jac.backprop("far(x)", at={"x": 104}).gradients["x"]) == 0.25
    with pytest.raises(jac.InputError, match="no value is given for x"):
        jac.register("far", at={"y": 1})(Far)


@pytest.mark.parametrize("name", ["exp", "pi", "tr", "a b", "lambda", "+"])
def test_names_that_are_taken(name: str) -> None:
    with pytest.raises(jac.InputError):
        jac.register(name)


def test_an_own_function_can_be_replaced_and_taken_out() -> None:
    jac.register("cube")(Cube)
    jac.register("cube")(Cube)
    jac.unregister("cube")
    with pytest.raises(jac.InputError, match="there is no function 'cube'"):
        jac.backprop("cube(x)", at={"x": 1})
    with pytest.raises(jac.InputError, match="no function 'exp' was registered"):
        jac.unregister("exp")


@pytest.mark.parametrize("signature", ["ij,j", "ij->i", "1j,j->", "i,j->k", "->->"])
def test_signatures_that_do_not_fit(signature: str) -> None:
    with pytest.raises(jac.InputError, match="gate"):
        jac.register("gate", signature=signature)(Gate)


PLUGIN = """
import jacobian_cli as jac

@jac.register("double")
class Double:
    def forward(self, x):
        return 2*x
    def backward(self, upstream):
        return [FACTOR*upstream]
"""


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        (PLUGIN.replace("FACTOR", "2"), 0, "∂f/∂x  =  6"),
        (PLUGIN.replace("FACTOR", "2.01"), 2, "double is refused"),
        ("def broken(:", 2, "is not Python"),
        ("\n1/0\n", 2, "failed at line 2 with ZeroDivisionError"),
        ("raise SystemExit(0)", 2, "failed at line 1 with SystemExit"),
        ("x = 1", 2, "registers no function"),
    ],
)
def test_plugins(source: str, status: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plugin.py"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        run(["backprop", "3*double(x)", "--at", "x=1", "--plugin", str(path)])
    captured = capsys.readouterr()
    assert ended.value.code == status
    assert said in captured.out + captured.err


def test_a_plugin_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["backprop", "x", "--at", "x=1", "--plugin", "nowhere.py"])
    assert ended.value.code == 2
    assert "there is no file nowhere.py" in capsys.readouterr().err
