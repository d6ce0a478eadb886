"""What a check may take: time, memory, and what is said where it would take more. No clock is looked at here."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.checks.oracles import hips_autograd, symbolic
from jacobian_cli.checks.oracles.budget import Budget, TooLargeError
from jacobian_cli.checks.verdict import answer
from jacobian_cli.evaluate import pairwise
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.evaluate.footprint import peak, total
from jacobian_cli.evaluate.kernels import Kernels
from jacobian_cli.evaluate.work import work
from tests.checks.formulas import typed

LONG = "i,iop,jo,kn,l,lqr,mq,pr->ijklmn"


@pytest.mark.parametrize(
    "subscripts",
    [
        "ab,bc,cd,de->ae",
        "ii,ij,jk->k",
        "a,b,c->cab",
        "ab,ab,ab->",
        "abc,c,d,ad->bd",
        "ij,k,l->ij",
        "a->a",
        "ab,b->a",
        LONG,
    ],
)
def test_products_pair_by_pair_are_those_of_all_at_once(subscripts: str) -> None:
    rng = np.random.default_rng(0)
    lengths = {letter: 2 + k % 3 for k, letter in enumerate(sorted(set(subscripts) - set(",->")))}
    operands = [
        rng.standard_normal([lengths[x] for x in letters])
        for letters in subscripts.split("->", maxsplit=1)[0].split(",")
    ]
    wanted = np.einsum(subscripts, *operands, optimize="greedy")
    assert np.allclose(Kernels().einsum(*operands, subscripts=subscripts), wanted, rtol=1e-12)


def test_no_product_of_many_takes_a_loop_for_every_letter() -> None:
    inputs = LONG.split("->", maxsplit=1)[0].split(",")
    steps = pairwise.plan(LONG, tuple((4,) * len(letters) for letters in inputs))
    assert sum(step.operations for step in steps) <= 5 * 4**6  # all at once: 8 · 4¹²
    assert max(step.entries for step in steps) <= 4**6
    chain = ",".join("abcdefghij"[k : k + 2] for k in range(9)) + "->aj"
    assert sum(step.operations for step in pairwise.plan(chain, ((7, 7),) * 9)) == 8 * 7**3


def test_what_an_evaluation_holds_is_told_from_its_shapes() -> None:
    program = typed("trace(tanh(x@x.T)@sin(y@y.T))", x="n", y="n")
    square = 50 * 50
    assert peak(program.output, {"n": 50}) < 4 * square
    assert total(program.output, {"n": 50}) > 5 * square
    assert evaluate(typed("x + x*x", x="n").output, {"x": np.ones(2)}, {"n": 2}).tolist() == [2.0, 2.0]


def test_work_counts_rows_that_are_taken_one_by_one_and_what_is_multiplied() -> None:
    rows = typed("softmax(X)", X="n,m").output
    assert work(rows, {"n": 200, "m": 3}) > 50 * work(rows, {"n": 2, "m": 3})
    product = typed("A@B", A="n,n", B="n,n").output
    assert work(product, {"n": 200}) > 200**3 // 4_000
    assert work(typed("concat(x, x, x, x)", x="n").output, {"n": 2}) >= 5


@pytest.fixture
def clock() -> Any:
    """A clock that goes on by a second whenever it is looked at."""
    ticks = count()
    return lambda: float(next(ticks))


def test_sympy_stops_when_its_time_is_spent(clock: Any) -> None:
    program = typed("sum(sin(A@x)**2)", A="n,m", x="m")
    sizes = {"n": 2, "m": 3}
    x = program.variables["x"]
    table = symbolic.explicit_jacobian(program.output, x, sizes, budget=Budget(3, clock))
    with pytest.raises(TooLargeError, match="more than 3 s"):
        assert table.expanded
    patient = Budget(100, clock)
    true = symbolic.explicit_jacobian(program.output, x, sizes, budget=patient).expanded
    assert symbolic.difference(true, true, budget=patient).equal
    with pytest.raises(TooLargeError):
        symbolic.difference(true, true, budget=Budget(2, clock))
    with pytest.raises(TooLargeError):
        symbolic.entries_of(program.output, sizes, budget=Budget(2, clock))


def test_smaller_sizes_are_taken_where_the_drawn_ones_hold_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    found = jac.derive("einsum('abc,cde->abde', A, B)", "A", {"A": "a,b,c", "B": "c,d,e"})
    monkeypatch.setattr(answer, "HELD", 3_000)
    report = found.check()
    assert report.passed
    assert {value for sizes in report.sizes for value in sizes.values()} == {2, 3}


def test_what_is_too_large_to_be_compared_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "HELD", 2_000)
    report = jac.derive("A@X", "X", {"A": "6,7", "X": "7,8"}).check()
    assert report.passed
    assert any(note.startswith("the Jacobian takes") for note in report.notes)
    assert "compared entry by entry at small sizes" in report.notes
    report = jac.derive("softmax(X)", "X", {"X": "300,10"}).check()
    assert report.passed
    assert any("the parts of the formula hold" in note for note in report.notes)


def test_long_formulas_are_compared_along_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(hips_autograd, "jacobian", lambda *args: asked.append(args))
    report = jac.derive(f"concat({', '.join(['x*y'] * 60)})", "x", {"x": "40", "y": "40"}).check(points=1)
    assert report.passed
    assert not asked


def test_a_hessian_along_a_direction_is_a_product_with_the_hessian() -> None:
    program = typed("sum(exp(A@x)*x[0]) + y.T@x", A="m,m", x="m", y="m")
    rng = np.random.default_rng(1)
    point = {"A": rng.standard_normal((3, 3)), "x": rng.standard_normal(3), "y": rng.standard_normal(3)}
    v = rng.standard_normal(3)
    for other in point:
        whole = hips_autograd.second(program.output, point, {"m": 3}, "x", other)
        along = hips_autograd.second_along(program.output, point, {"m": 3}, "x", other, np.array(2.0), v)
        assert np.allclose(along.reshape(-1), 2 * v @ whole, rtol=1e-12)


@pytest.mark.parametrize("spoilt", [False, True])
def test_a_large_hessian_is_compared_along_directions(spoilt: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "SECOND", 4)
    found = jac.derive("sum(log(1 + exp(X@w)))", "w", order=2)
    texts = {"w": f"{found.hessian}*{'1.001' if spoilt else '1'}"}
    printed = answer.Printed(
        found.jacobian.closed_form,
        str(found.gradient),
        found.vjp.closed_form,
        found.where,
        "delta",
        hessian=texts,
    )
    report = answer.numeric_verdict(found.problem.output, found.variable, printed)
    assert report.passed is not spoilt
    for engine in report.engines.values():
        assert engine.passed is not spoilt


def test_sizes_do_not_explode() -> None:
    sums = ["+".join(f"{letter}{k}" for letter in "abcdefgh") for k in range(8)]
    with pytest.raises(jac.InputError, match="a size would have more than 10,000 terms"):
        jac.derive("sum(x)", "x", {"x": "*".join(f"({s})" for s in sums)})
    long = {f"x{k}": f"({sums[k]})*({sums[k + 1]})" for k in range(3)}
    with pytest.raises(jac.InputError, match="terms"):
        jac.derive("kron(kron(x0, x1), x2)", "x0", long)


@pytest.mark.parametrize("formula", ["concat({})", "stack({})"])
def test_very_many_parts(formula: str) -> None:
    found = jac.derive(formula.format(", ".join(["x"] * 400)), "x", {"x": "n"})
    delta = np.random.default_rng(0).standard_normal((400, 3))
    namespace: dict[str, Any] = {}
    exec(found.to_python(), namespace)
    upstream = delta.reshape(-1) if formula.startswith("concat") else delta
    assert np.allclose(namespace["vjp"](upstream, np.ones(3)), delta.sum(axis=0))
