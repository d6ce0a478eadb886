"""Every row of the table of identities: it is true, it applies, it ends, and were it wrong it would be found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from jacobian_cli.api.derive.derivation import derive
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.simplify import rules
from jacobian_cli.calculus.simplify.recipe import Part, Plus, Rewrite, Times
from jacobian_cli.calculus.simplify.rules import RULES, Offer, Rule
from jacobian_cli.calculus.simplify.watch import Fired, watched
from jacobian_cli.checks.points.constrained import drawn as at_random
from jacobian_cli.checks.points.sampling import draw_sizes
from jacobian_cli.checks.verdict.answer import numeric_verdict, sample_all
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr, size_names, variables
from jacobian_cli.printers.language import text
from tests.calculus.expressions import expressions
from tests.calculus.rewriting import Point, leaves, normal, posed, written
from tests.calculus.values import regular
from tests.checks.test_rules_are_caught import forget

AnyRule = Rule[Any] | Offer[Any]
STAGES = ("FACTORS", "POWERS", "SCALARS", "TERMS", "CALLS", "FOLDS")
BOUND = 30
"""No example takes more rules than this."""


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    """What was built with another table must not outlive its test."""
    forget()
    yield
    forget()


def each(argument: str) -> Callable[[Any], Any]:
    return pytest.mark.parametrize(argument, RULES, ids=lambda rule: rule.name)


def _whole(rule: AnyRule, formula: str = "") -> str:
    """The example, or another formula, after the definitions that it is of."""
    return "; ".join(filter(None, [rule.given, formula or rule.example]))


def drawn(problem: Problem, seed: int) -> tuple[dict[str, Any], dict[str, int]]:
    """A point at which the formula has a value and what is declared holds, sizes pairwise different."""
    sizes = draw_sizes(size_names([problem.output, *problem.variables.values()]), 1, seed, set())[0]
    rng = np.random.default_rng(seed)
    return sample_all(problem.output, problem.variables, sizes, rng, problem.facts), sizes


def sound(fired: Fired, values: dict[str, Any], sizes: dict[str, int]) -> None:
    """Both sides of what a rule did are equal where they have a value."""
    point = Point(values, sizes)
    with np.errstate(all="ignore"):
        before, after = point.before(fired), point.after(fired)
    assert np.shape(before) == np.shape(after), fired.rule.name
    known = np.isfinite(before)
    scale = max(1.0, float(np.max(np.abs(np.asarray(before)[known]), initial=0)))
    np.testing.assert_allclose(
        np.asarray(after)[known], np.asarray(before)[known], rtol=1e-8, atol=1e-9 * scale, err_msg=fired.rule.name
    )


@each("rule")
def test_both_sides_agree_and_the_example_is_shown(rule: AnyRule) -> None:
    problem = posed(_whole(rule), rule.shapes, rule.facts)
    tensor, fired = normal(problem)
    assert rule in [one.rule for one in fired], "it does not apply to its own example"
    shown = written(problem, tensor)
    assert text(shown) == rule.shows
    for seed in range(3):
        values, sizes = drawn(problem, seed)
        for one in fired:
            sound(one, values, sizes)
        expected = evaluate(problem.output, values, sizes)
        np.testing.assert_allclose(evaluate(shown, values, sizes), expected, rtol=1e-8, atol=1e-9)


@each("rule")
def test_no_rule_is_dead(rule: AnyRule, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it its example is written otherwise: no other rules do what it does."""
    for name in STAGES:
        monkeypatch.setattr(rules, name, tuple(one for one in getattr(rules, name) if one is not rule))
    problem = posed(rule.example, rule.shapes, rule.facts)
    tensor, _ = normal(problem)
    assert text(written(problem, tensor)) != rule.shows


@settings(suppress_health_check=list(HealthCheck), max_examples=150, deadline=None)
@given(expressions(depth=4))
def test_both_sides_agree_wherever_a_rule_applies(expr: Expr) -> None:
    sizes, rng = {"n": 3, "m": 2}, np.random.default_rng(1)
    values = {n: rng.uniform(0.2, 0.9, [s.at(sizes) for s in v.shape]) for n, v in variables(expr).items()}
    assume(regular(expr, values, sizes))
    with watched() as fired:
        lower(expr)
    for one in fired:
        at = dict(values)
        for leaf in leaves([one]):  # what the table says of a function is read on the way, in names of its own
            lengths = tuple(s.at(sizes) for s in leaf.shape)
            if leaf.name not in at or np.shape(at[leaf.name]) != lengths:
                at[leaf.name] = rng.uniform(0.2, 0.9, lengths)
        sound(one, at, sizes)


def test_no_rule_undoes_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """With any two rules alone in the table, the examples of both come to an end."""
    problems = {rule.name: posed(_whole(rule), rule.shapes, rule.facts) for rule in RULES}
    stages = {name: getattr(rules, name) for name in STAGES}
    for pair in combinations(RULES, 2):
        for name, stage in stages.items():
            monkeypatch.setattr(rules, name, tuple(rule for rule in stage if rule in pair))
        for rule in pair:
            _, fired = normal(problems[rule.name])
            assert len(fired) <= BOUND, (pair[0].name, pair[1].name)


def test_names_are_told_apart_and_examples_differ() -> None:
    assert len({rule.name for rule in RULES}) == len({rule.example for rule in RULES}) == len(RULES)


# were it wrong


def spoilt(rule: AnyRule) -> Rule[Any]:
    """The rule with its right side times 1.001, or 0.001 where it is 0, taken whether it is shorter or not."""

    def matches(subject: Any) -> Part | Rewrite | None:
        found = next(iter(rule.offers(subject)), None) if isinstance(rule, Offer) else rule.matches(subject)
        if found is None:
            return None
        by = Fraction(1001, 1000)
        if isinstance(found, Rewrite):
            return found._replace(number=found.number * by)
        if isinstance(found, Plus) and not found.terms:
            return Times(subject.shape, [], by - 1)
        return Times(subject.shape, [(found, tuple(range(len(subject.shape))), 1)], by)

    return Rule(
        name=rule.name, heads=rule.heads, matches=matches, example=rule.example, shows=rule.shows, given=rule.given
    )


@each("rule")
def test_an_identity_that_is_wrong_is_found_out(rule: AnyRule, monkeypatch: pytest.MonkeyPatch) -> None:
    """By engines that know nothing of the table of identities."""
    formula = _whole(rule, f"t**2*({rule.example})")
    shapes = {**rule.shapes, "t": "()"}
    assert derive(formula, wrt="t", shapes=shapes, assume=dict(rule.facts)).check(points=1).passed
    forget()
    for name in STAGES:
        stage = getattr(rules, name)
        monkeypatch.setattr(rules, name, tuple(spoilt(rule) if one is rule else one for one in stage))
    found = derive(formula, wrt="t", shapes=shapes, assume=dict(rule.facts))
    verdict = numeric_verdict(found.problem.output, found.variable, printed(found), 2, facts=found.problem.facts)
    if verdict.passed:  # an equality that never holds where derivatives are taken
        assert not agrees(posed(_whole(rule), rule.shapes, rule.facts))


def agrees(problem: Problem) -> bool:
    """Whether a formula has the same value as what is written of it, at points wherever they lie."""
    shown = written(problem, normal(problem)[0])
    for seed in range(4):
        sizes = draw_sizes(size_names([problem.output]), 1, seed, set())[0]
        rng = np.random.default_rng(seed)
        values = {}
        for name, variable in problem.variables.items():
            lengths = tuple(size.at(sizes) for size in variable.shape)
            said = problem.facts.get(name)
            values[name] = at_random(said, lengths, rng) if said else rng.standard_normal(lengths)
        if not np.allclose(evaluate(problem.output, values, sizes), evaluate(shown, values, sizes), rtol=1e-6):
            return False
    return True
