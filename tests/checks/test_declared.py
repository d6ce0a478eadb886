"""Values for which declared facts hold, and values for which they do not; the same in symbols."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

from jacobian_cli.checks.oracles.restricted import as_shown, restricted, without_symbols
from jacobian_cli.checks.oracles.symbolic import element_symbols
from jacobian_cli.checks.points.constrained import drawn, misfit
from jacobian_cli.expr import Variable
from jacobian_cli.ops.facts import FACTS, PLACES, everything
from jacobian_cli.shape import Size

TOGETHER = [(fact.name, *others) for fact in FACTS.values() for others in ((), *((o,) for o in fact.beside))]


def shapes_for(facts: tuple[str, ...]) -> list[tuple[int, ...]]:
    if any(FACTS[fact].square for fact in facts):
        return [(1, 1), (2, 2), (5, 5)]
    return [(3,), (2, 4), (1, 3), (2, 3, 4), *([] if any(FACTS[fact].rows for fact in facts) else [()])]


@pytest.mark.parametrize("facts", TOGETHER, ids="+".join)
def test_what_is_drawn_is_as_declared(facts: tuple[str, ...]) -> None:
    for shape in shapes_for(facts):
        for seed in range(5):
            found = drawn(frozenset(facts), shape, np.random.default_rng(seed))
            assert found.shape == shape
            assert misfit("x", frozenset(facts), found) is None
            assert all(misfit("x", frozenset({fact}), found) is None for fact in everything(facts))


@pytest.mark.parametrize("fact", FACTS)
def test_any_values_are_not_as_declared(fact: str) -> None:
    """A fact that holds for whatever is drawn would say nothing."""
    values = np.random.default_rng(0).standard_normal((3, 3))
    found = misfit("S", frozenset({fact}), values)
    assert found is not None
    assert found.fact == fact


MISFITS: list[tuple[str, Any, str]] = [
    ("symmetric", [[1, 2], [4, 1]], "S[1,2] = 2 and S[2,1] = 4"),
    ("spd", [[1, 2], [4, 1]], "S[1,2] = 2 and S[2,1] = 4"),
    ("spd", [[1, 2], [2, 1]], "the smallest eigenvalue of S is -1"),
    ("spd", [[0, 0], [0, 1]], "the smallest eigenvalue of S is 0"),
    ("diagonal", [[1, 0.5], [0.5, 1]], "S[1,2] = 0.5 is not zero"),
    ("orthogonal", [[1, 0], [0, 2]], "(S.T@S)[2,2] = 4"),
    ("lower", [[1, 3], [2, 1]], "S[1,2] = 3 is not zero"),
    ("lower", [[1, 0], [2, -1]], "S[2,2] = -1 is not positive"),
    ("positive", [1, 0, 2], "S[2] = 0 is not positive"),
    ("positive", [1, -3, -2], "S[2] = -3 is not positive"),
    ("positive", -1.0, "S = -1 is not positive"),
    ("probability", [0.5, 1.5], "S[2] = 1.5 is not between 0 and 1"),
    ("binary", [0, 0.3], "S[2] = 0.3 is neither 0 nor 1"),
    ("pm1", [1, 0], "S[2] = 0 is neither 1 nor -1"),
    ("sums_to_one", [0.5, 0.4], "the entries of S sum to 0.9"),
    ("sums_to_one", [[1, 0], [0.5, 0]], "the entries of S[2] sum to 0.5"),
    ("one_hot", [0.5, 0.5], "S[1] = 0.5 is neither 0 nor 1"),
    ("one_hot", [1, 1], "the entries of S sum to 2"),
]


@pytest.mark.parametrize(("fact", "value", "words"), MISFITS)
def test_the_worst_entry_is_named(fact: str, value: Any, words: str) -> None:
    found = misfit("S", frozenset({fact}), np.asarray(value, float))
    assert found is not None
    assert (found.fact, found.words) == (fact, words)


def test_rounding_is_no_misfit() -> None:
    assert misfit("S", frozenset({"symmetric"}), np.array([[1.0, 2.0], [2.0 + 1e-12, 1.0]])) is None


# in symbols

N = Size.named("n")
KNOWN = {"S": Variable("S", (N, N)), "y": Variable("y", (N,))}


SAID = [f for f in TOGETHER if PLACES not in f and not without_symbols({"S": frozenset(f)})]
"""Places are numbers in the tables."""


@pytest.mark.parametrize("facts", SAID, ids="+".join)
def test_symbols_are_as_declared_whatever_their_values(facts: tuple[str, ...]) -> None:
    n = 3
    table = sympy.Matrix(n, n, list(element_symbols("S", (n, n)).flat))
    rewritten = restricted(table, {"S": frozenset(facts)}, KNOWN, {"n": n})
    rng = np.random.default_rng(1)
    for _ in range(3):
        point = {s: (rng.uniform(0.1, 0.9) if s.is_positive else rng.standard_normal()) for s in rewritten.free_symbols}
        values = np.array(rewritten.xreplace(point).tolist(), dtype=float)
        assert misfit("S", frozenset(facts), values) is None


def test_facts_that_no_symbols_say() -> None:
    assert "y is one_hot" in without_symbols({"y": frozenset({"one_hot"})})
    assert not without_symbols({"y": frozenset({"sums_to_one"}), "S": frozenset({"spd"})})


def test_tables_are_shown_as_people_write_them() -> None:
    s = element_symbols("S", (2, 2))
    y = element_symbols("y", (2,))
    table = sympy.Matrix([[s[1, 0] + s[0, 1], s[1, 1]]])
    shown = as_shown(table, {"S": frozenset({"symmetric"})}, KNOWN, {"n": 2})
    assert shown.tolist() == [[2 * s[0, 1], s[1, 1]]]
    assert as_shown(table, {"S": frozenset({"diagonal"})}, KNOWN, {"n": 2}).tolist() == [[0, s[1, 1]]]
    p = sympy.Symbol("p")
    table = sympy.Matrix([[p * y[0] + p * y[1] - y[0], p * y[0] + p * y[1] - y[1], p]])
    shown = as_shown(table, {"y": frozenset({"sums_to_one"})}, KNOWN, {"n": 2})
    assert shown.tolist() == [[p - y[0], p - y[1], p]]
