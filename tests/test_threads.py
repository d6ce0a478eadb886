"""Several threads at once get the answers that one gets."""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli import interned
from jacobian_cli.shape import Size

THREADS = 8


@pytest.fixture(autouse=True)
def _busy() -> Iterator[None]:
    """Threads are switched as often as can be."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def together(work: Callable[[], Any]) -> list[Any]:
    """What each of the threads got, all having begun at the same moment."""
    start = Barrier(THREADS)

    def begun(_: int) -> Any:
        start.wait()
        return work()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begun, range(THREADS)))


def test_equal_nodes_are_one_node_in_all_threads() -> None:
    for k in range(150):
        found = together(lambda k=k: [Size.named(f"fresh{k}_{i}") for i in range(20)])  # type: ignore[misc]  # a lambda that holds its turn
        assert all(one is other for sizes in found[1:] for one, other in zip(found[0], sizes, strict=True))


def test_what_nobody_holds_is_forgotten() -> None:
    gc.collect()
    before = len(Size.alive)
    for k in range(50):
        together(lambda k=k: [Size.named(f"gone{k}_{i}") for i in range(20)] and None)  # type: ignore[misc]  # a lambda that holds its turn
    gc.collect()
    assert len(Size.alive) <= before


def test_nodes_die_quietly_when_python_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of a module are gone before its last values are."""
    node = Size.named("late")
    monkeypatch.setattr(interned, "_changing", None)
    del node
    gc.collect()
    monkeypatch.undo()
    assert not any("late" in str(key) for key in Size.alive)


def test_a_fresh_formula_is_derived_alike_in_all_threads() -> None:
    for k in range(6):
        formula = f"softmax(A{k}@x + b)*c"

        def derived(formula: str = formula) -> Any:
            found = jac.derive(formula, wrt="x")
            return (
                found.jacobian.closed_form,
                found.vjp.closed_form,
                found.where,
                found.steps("text"),
                found.to_python(),
            )

        answers = together(derived)
        assert all(answer == answers[0] for answer in answers)
        assert "zeros" not in answers[0][0]


def test_answers_are_checked_alike_in_all_threads() -> None:
    """autograd counts its traces, and mpmath keeps its precision, for the whole process."""
    formulas = ("sum(tanh(A@x)**2)", "logsumexp(A@x)/3", "sum(exp(x)*softplus(x))")
    alone = [jac.derive(formula, "x", order=2).check(points=1) for formula in formulas]

    def checked() -> Any:
        return [jac.derive(formula, "x", order=2).check(points=1) for formula in formulas]

    assert all(reports == alone for reports in together(checked))
    assert all(report.passed for report in alone)


def test_a_derivation_and_its_graph_are_shared_by_threads() -> None:
    found = jac.derive("u.T @ sigmoid(W@x + b)", wrt="W")
    shown = together(lambda: (found.to_python(), found.steps("text"), found.check(points=1).passed))
    assert all(one == shown[0] for one in shown)
    values = {"W": np.eye(3), "x": np.ones(3)}
    ran = together(lambda: jac.tape("sum(softmax(W@x)**2)").gradients(**values)[1]["W"])
    assert all(np.array_equal(one, ran[0]) for one in ran)


def test_warnings_are_treated_as_before_when_all_is_done() -> None:
    filters = list(warnings.filters)
    together(lambda: jac.derive("sum(y) + 0*sum(x)", wrt="x").check(points=1).passed)
    assert warnings.filters == filters
