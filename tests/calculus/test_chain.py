"""The chain rule link by link: its product is derive's, in whatever order it is multiplied."""

from __future__ import annotations

import json
from functools import reduce
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jacobian_cli as jac
from jacobian_cli.api.chain.composition import Composition
from jacobian_cli.api.chain.proof import numbers_at
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.calculus.chain.alpha_equivalence import kind_of
from jacobian_cli.calculus.chain.ordering import Tree, multiplied, patterns
from jacobian_cli.checks.oracles import hips_autograd as autodiff
from jacobian_cli.checks.verdict.answer import read_back
from jacobian_cli.evaluate.evaluate import evaluate, sizes_of
from tests.calculus.chains import definitions, point

CORPUS = Path(__file__).parent.parent / "corpus" / "identities.jsonl"
COMPOSED = [e for line in CORPUS.read_text(encoding="utf-8").splitlines() if "expr_let" in (e := json.loads(line))]
NEURON = ["z = W@x + b", "h = sigmoid(z)", "s = u.T@h"]


def close(a: Any, b: Any) -> bool:
    scale = max(1e-3, float(np.max(np.abs(b), initial=0.0)))
    return bool(np.max(np.abs(np.reshape(a, -1) - np.reshape(b, -1)), initial=0.0) < 1e-9 * scale)


def value(found: Composition, wrt: str, form: str, values: dict[str, Any]) -> Any:
    """The printed form of an answer, read back from its text and evaluated."""
    (derivation,) = [d for d in found.derivations if d.wrt == wrt]
    forms = read_back(printed(derivation), found.problem.variables, derivation.derivative.upstream)
    return np.asarray(evaluate(forms[form], values, sizes_of(found.problem.variables, values)), float)


def truth(found: Composition, wrt: str, values: dict[str, Any]) -> Any:
    return autodiff.jacobian(found.problem.output, values, sizes_of(found.problem.variables, values), wrt)


def deep(links: int) -> list[str]:
    names = ["x", *(f"h{k}" for k in range(1, links + 1))]
    return [
        *(f"{names[k]} = tanh(W{k}@{names[k - 1]} + b{k})" for k in range(1, links + 1)),
        f"s = u.T@{names[-1]}",
    ]


@given(definitions())
@settings(max_examples=60)
def test_answer_is_that_of_autograd_and_of_derive(stages: list[str]) -> None:
    found = jac.chain(stages, wrt="x")
    values = point(found)
    expected = truth(found, "x", values)
    assert close(value(found, "x", "jacobian", values), expected)
    (derived,) = [jac.derive(stages, wrt="x")]
    forms = read_back(printed(derived), derived.problem.variables, derived.derivative.upstream)
    assert close(evaluate(forms["jacobian"], values, found.sizes), expected)


@given(definitions(), st.data())
@settings(max_examples=40)
def test_any_order_of_multiplication_gives_the_same_product(stages: list[str], data: st.DataObject) -> None:
    found = jac.chain(stages, wrt="x")
    values = point(found)
    numbers = numbers_at(found, values)
    names = ["x", *(link.name for link in found.links)]
    factors = []
    for link, source in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
        shape = [np.size(numbers.values[link]), np.size(numbers.values[source])]
        factors.append(np.reshape(numbers.locals[link, source], shape))
    while len(factors) > 1:
        k = data.draw(st.integers(0, len(factors) - 2))
        factors[k : k + 2] = [factors[k] @ factors[k + 1]]
    assert close(factors[0], truth(found, "x", values))
    assert close(factors[0], numbers.products["x"])


@pytest.mark.parametrize("entry", COMPOSED, ids=lambda entry: entry["id"])
def test_links_multiply_to_the_derivative_of_the_composition(entry: dict[str, Any]) -> None:
    shapes = {name: ",".join(sizes) or "()" for name, sizes in entry["shapes"].items()}
    found = jac.chain(entry["expr_let"], wrt=entry["wrt"], shapes=shapes)
    whole = jac.derive(entry["expr"], wrt=entry["wrt"], shapes=shapes)
    values = {name: np.abs(v) / 4 + 0.2 for name, v in point(found).items()}
    forms = read_back(printed(whole), whole.problem.variables, whole.derivative.upstream)
    sizes = sizes_of(found.problem.variables, values)
    for form in ("jacobian", "gradient"):
        assert close(value(found, entry["wrt"], form, values), evaluate(forms[form], values, sizes))


@given(definitions(ends=("scalar", "weighted")), st.sampled_from(["x", "A0", "b0"]))
@settings(max_examples=40)
def test_both_ways_of_the_lecture_agree(stages: list[str], wrt: str) -> None:
    """Pure maths and one reshape at the end; the shape of the variable at every step."""
    found = jac.chain(stages, wrt=wrt if f"{wrt}@" in stages[0] or f" {wrt}" in stages[0] else "x")
    values = point(found)
    numbers = numbers_at(found, values)
    (name,) = found.gradients
    row = numbers.products[name]
    assert row.shape == (1, np.size(values[name]))
    assert close(np.reshape(row, np.shape(values[name])), numbers.gradients[name])
    assert numbers.gradients[name].shape == np.shape(values[name])
    turned = np.reshape(values[name].T, -1)  # the same entries, column by column
    assert close(np.reshape(turned, np.shape(values[name])[::-1]).T, values[name])


@given(definitions(most=5))
@settings(max_examples=30)
def test_cheapest_order_is_the_cheapest_of_all(stages: list[str]) -> None:
    found = jac.chain(stages, wrt="x")
    costs = {kind: order.cost.at(found.sizes) for kind, order in found.costs["x"].items()}
    chain = found._chain
    names = ["x", *chain.links]
    factors = {
        link: patterns(chain.links[link].locals[source].tensor, len(chain.links[link].rows.shape))
        for source, link in pairwise(names)
    }

    def every(parts: list[str]) -> list[tuple[int, Any]]:
        """The cost and the pattern of each way to put brackets."""
        if len(parts) == 1:
            return [(0, factors[parts[0]])]
        ways = []
        for k in range(1, len(parts)):
            for (a, first), (b, second) in product(every(parts[:k]), every(parts[k:])):
                pattern, cost = multiplied(first, second, found.sizes)
                ways.append((a + b + cost.at(found.sizes), pattern))
        return ways

    least = min(cost for cost, _ in every(names[:0:-1]))
    assert costs["cheapest"] == least <= min(costs["reverse"], costs["forward"])


@pytest.mark.parametrize(
    ("stages", "wrt", "reverse", "forward"),
    [
        (NEURON, "W", "n*m + n", "2*n*m"),
        (NEURON, "b", "n", "n"),
        (["z = W@x", "y = V@z", "s = u.T@y"], "x", "n*k + n*m", "n*m*k + m*k"),
        (["z = w*t", "h = sin(z)", "y = V@h"], "t", "2*n*m", "n*m + n"),
        (["p = softmax(z)", "s = y.T@p"], "z", "4*n", "4*n"),
        (["y = x + b", "z = y - c", "s = u.T@z"], "x", "0", "0"),
        (["z = W@x", "y = z[:1]", "s = y*2"], "x", "0", "0"),
    ],
)
def test_costs_count_structure(stages: list[str], wrt: str, reverse: str, forward: str) -> None:
    found = jac.chain(stages, wrt=wrt, shapes={"t": "()"} if wrt == "t" else None)
    orders = found.costs[wrt]
    assert [str(orders[kind].cost.symbolic) for kind in ("reverse", "forward")] == [reverse, forward]


@given(definitions(ends=("scalar", "vector")))
@settings(max_examples=40)
def test_a_product_costs_no_more_than_its_entries_that_are_not_zero(stages: list[str]) -> None:
    """Without structure, A B takes one multiply-add for each pair of entries that meet; structure only saves."""
    found = jac.chain(stages, wrt="x")
    numbers = numbers_at(found, point(found))
    names = ["x", *(link.name for link in found.links)]
    last = names[-1]
    for node, link in pairwise(names[:-1]):
        rows, columns = np.size(numbers.values[link]), np.size(numbers.values[node])
        local = np.reshape(numbers.locals[link, node], (rows, columns)) != 0
        running = np.reshape(numbers.products[link], (-1, rows)) != 0
        pairs = int(np.sum(running.sum(axis=0) * local.sum(axis=1)))
        (cost,) = [p.multiply_adds.at(found.sizes) for p in found.products if p.node == node]
        # a sum of k terms may be cheaper than its matrix, or dearer by at most the terms that are added up
        assert cost <= 3 * pairs + np.size(numbers.values[last]) * (rows + columns)


def test_sharing_saves_what_is_not_done_again() -> None:
    found = jac.chain(NEURON, wrt="W,b,x,u")
    assert str(found.sharing.together.symbolic) == "2*n*m + n"
    assert str(found.sharing.alone.symbolic) == "2*n*m + 3*n"


def test_names_are_given_once_and_from_the_output_on() -> None:
    found = jac.chain([*deep(3)], wrt="W1,W2,x")
    assert list(found.deltas) == ["delta_h2", "delta_h1"]
    assert found.gradients["W2"].closed_form.count("delta_h2") == 1
    forms = {name: form.closed_form for name, form in found.deltas.items()}
    assert forms == {"delta_h2": "W3.T@(u*(1 - h3**2))", "delta_h1": "W2.T@(delta_h2*(1 - h2**2))"}


def test_what_melts_into_the_link_is_not_named() -> None:
    found = jac.chain(["z = W@x", "p = softmax(z)", "s = -sum(y*log(p))"], wrt="W")
    assert {n: f.closed_form for n, f in found.deltas.items()} == {"delta_z": "sum(y)*p - y"}


def test_names_of_the_user_are_not_taken() -> None:
    found = jac.chain(["delta_z = W@x", "z = delta_z + b", "h = sigmoid(z)", "s = u.T@h"], wrt="W")
    assert found.where["delta_z"] == "W@x"
    assert found.gradients["W"].closed_form == "delta1@x.T"


def test_paths_are_counted_and_added() -> None:
    stages = [f"x{k + 1} = x{k} + V{k}@sin(W{k}@x{k})" for k in range(40)]
    found = jac.chain([*stages, "s = sum(x40**2)"], wrt="x0")
    assert found.count_paths("x0") == 1  # within a link there is no path to be told
    blocks = [s for k in range(40) for s in (f"h{k} = sin(W{k}@x{k})", f"x{k + 1} = x{k} + V{k}@h{k}")]
    branching = jac.chain([*blocks, "s = sum(x40**2)"], wrt="x0")
    assert branching.count_paths("x0") == 2**40
    assert len(branching.paths("x0")) == 8
    assert len(" ".join(branching.where.values())) < 5000
    residual = jac.chain(["r = sin(W@x)", "y = x + V@r", "s = u.T@y"], wrt="x")
    values = point(residual)
    assert residual.paths("x") == [["s", "y", "x"], ["s", "y", "r", "x"]]
    assert close(value(residual, "x", "gradient", values), truth(residual, "x", values))


def test_layers_alike_are_worked_out_once_and_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    stages = deep(5)
    found = jac.chain(stages, wrt="W1,b3,x")
    values = point(found)
    for name in ("W1", "b3", "x"):
        assert close(value(found, name, "gradient", values), truth(found, name, values))
    monkeypatch.setattr(
        "jacobian_cli.calculus.chain.links.kind_of", lambda formula, ranks: kind_of(formula, ranks)._replace(key=None)
    )
    one_by_one = jac.chain(stages, wrt="W1,b3,x")
    assert found.where == one_by_one.where
    assert [p.closed_form for p in found.products] == [p.closed_form for p in one_by_one.products]


@pytest.mark.parametrize("links", [64, 1000])
def test_deep_chains_stay_short(links: int) -> None:
    found = jac.chain(deep(links), wrt="W1")
    length = len(found.gradients["W1"].closed_form) + sum(len(f"{n} = {f}") for n, f in found.where.items())
    assert length < 80 * links
    if links == 64:
        assert length < 5000
        values = point(found)
        values = {name: v / 4 for name, v in values.items()}
        assert close(value(found, "W1", "gradient", values), truth(found, "W1", values))


def test_matrix_outputs_multiply_as_matrices() -> None:
    found = jac.chain(["Z = X@W + b", "H = sin(Z)", "Y = H@V"], wrt="W,X,b")
    values = point(found)
    for name in ("W", "X", "b"):
        assert close(value(found, name, "jacobian", values), truth(found, name, values))
        assert close(numbers_at(found, values).products[name], truth(found, name, values))
    assert not found.gradients


def tree_of(parts: list[Tree]) -> Tree:
    return reduce(lambda a, b: (a, b), parts)


def test_reverse_mode_is_from_left_to_right() -> None:
    orders = jac.chain(NEURON, wrt="W").costs["W"]
    assert orders["reverse"].tree == tree_of(["s", "h", "z"]) == (("s", "h"), "z")
    assert orders["forward"].tree == ("s", ("h", "z"))


@pytest.mark.parametrize(("links", "points"), [(99, 2), (300, 1)])
def test_long_chains_are_checked_where_differences_can_see(links: int, points: int) -> None:
    """Layers that saturate, or that make small changes grow, made right answers look wrong."""
    stages = ["h0 = x", *(f"h{k} = tanh(W{k}@h{k - 1})" for k in range(1, links + 1)), f"s = sum(h{links})"]
    found = jac.chain(stages, wrt="W1")
    assert found.check(points=points).passed
    derivation = jac.derive(stages, wrt="W1")
    assert derivation.check(points=points).passed
    assert derivation.problem.program.origins["W1"] == "inferred"


def test_a_gradient_that_is_nested_deeply_can_be_read_back() -> None:
    formula = reduce(lambda inner, k: f"tanh(W{k}@{inner})", range(1, 91), "x")
    derivation = jac.derive(formula, wrt="W1")
    assert derivation.check(points=1).passed
    assert max(map(len, (derivation.vjp.closed_form, *derivation.where.values()))) < 1000
