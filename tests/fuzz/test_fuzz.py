"""A short campaign, and the campaign tried on tables that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from jacobian_cli.calculus.differentiate import lower
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.expr import Apply, Variable
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.places import places_of
from jacobian_cli.printers.language import text
from tests.calculus.expressions import CALLS
from tests.checks.test_rules_are_caught import forget
from tests.fuzz.campaign import Question, asked, campaign, drawn, in_threads
from tests.fuzz.reference import meaning_of

SEED = 20
ROWS = sorted(name for name, row in FUNCTIONS.items() if not row.reads)


def test_the_reference_knows_every_row() -> None:
    assert all(callable(meaning_of(name)) for name in ROWS)


def test_random_formulas() -> None:
    report = campaign(drawn(SEED, number) for number in range(40))
    assert not report.faults, str(report)
    assert report.counts["right"] > 25


@pytest.mark.parametrize("row", ROWS)
def test_every_row_at_the_root_of_a_random_formula(row: str) -> None:
    questions = (drawn(SEED, number, row, depth=2) for number in range(20))
    outcome = next(o for q in questions if q is not None and (o := asked(q)).kind not in ("refused", "no point"))
    assert outcome.kind == "right", f"{outcome.question}\n{outcome.what}"


def test_a_formula_is_drawn_again_from_its_number() -> None:
    assert [drawn(3, number) for number in range(5)] == [drawn(3, number) for number in range(5)]


def test_formulas_in_threads() -> None:
    questions = [q for number in range(10) if (q := drawn(SEED, number)) is not None]
    assert in_threads(questions) == []


def called(row: str) -> Question:
    """A call of a row, on arguments of one shape where it can be; by the last argument that it needs, which is no mere
    condition.
    """
    call = max(CALLS[row], key=lambda c: (len(set(c.arguments)) == 1, not c.options, sum(map(len, c.arguments))))
    arguments = tuple(call.variables())
    shapes = {v.name: ",".join(map(str, v.shape)) for v in arguments if isinstance(v, Variable)}
    made = Apply(row, arguments, call.options, call.shape)
    needed = len(arguments) - len(FUNCTIONS[row].defaults)
    moving = [v.name for v in arguments[:needed] if isinstance(v, Variable) and v.name not in places_of([made])]
    return Question(text(made), moving[-1], shapes)


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What every application of a row becomes, times 1.001, and a little of its argument beside it."""

    def spoilt(row: str) -> None:
        right = lower._apply

        def wrong(node: Any, tensors: Any) -> Any:
            made = right(node, tensors)
            if node.function != row:
                return made
            terms = [(Fraction(1001, 1000), made)]
            last, order = tensors[-1], len(made.shape)
            if last.shape != made.shape:  # the total of its entries
                last = algebra.product(made.shape, [(last, tuple(range(order, order + len(last.shape))), 1)])
            terms.append((Fraction(1, 100), last))
            return algebra.add(made.shape, terms)

        forget()
        monkeypatch.setattr(lower, "_apply", wrong)

    yield spoilt
    monkeypatch.undo()
    forget()


@pytest.mark.parametrize(
    "row", [row for row in ROWS if CALLS[row][0].arguments and FUNCTIONS[row].parameters != FUNCTIONS[row].places]
)
def test_every_row_that_is_slightly_wrong_is_caught(row: str, spoil: Any) -> None:
    """All but those that take no argument, and so have nothing to be differentiated by."""
    question = called(row)
    right = asked(question, twice=False)
    assert right.kind == "right", right.what
    spoil(row)
    outcomes = [asked(question, twice=False, seed=seed) for seed in range(4)]  # a hinge may be closed at a point
    outcome = max(outcomes, key=lambda o: o.kind == "wrong")
    assert outcome.kind == "wrong", outcome.what
    assert outcome.what.startswith("exported")
