"""The lines of derivations and chains are proven for every size, each by itself; one that is wrong at some is not."""

from __future__ import annotations

import pytest

import jacobian_cli as jac
from jacobian_cli.checks.every_size.expand import composed
from jacobian_cli.checks.every_size.lines import proven, proven_tables
from jacobian_cli.checks.verdict.steps import read_lines
from jacobian_cli.elaborate import elaborate
from jacobian_cli.expr import Extent, Variable
from jacobian_cli.shape import Size
from jacobian_cli.syntax.parser import parse_statement

STEPS = (
    ("u.T@tanh(W@tanh(W@x+b))", "W"),
    ("x.T@A@x", "x"),
    ("norm(X@w-y)**2", "w"),
    ("relu(W@x)*x", "x"),
    ("softmax(Q@K.T/sqrt(d))@V", "Q"),
    ("trace(X.T@A@X)", "X"),
    ("cross_entropy(X@W, Y)", "W"),
    ("x.T@inv(A)@x", "A"),
    ("W@softmax(x)", "x"),
)


@pytest.mark.parametrize(("formula", "wrt"), STEPS)
def test_every_line_is_proven_and_a_slip_at_other_sizes_is_not(formula: str, wrt: str) -> None:
    stepwise = jac.derive(formula, wrt, check=False).stepwise
    checked = stepwise.checked()
    assert checked.passed
    assert checked.proven
    assert all(each is not None and each.every for each in checked.proven)
    assert checked.reach.startswith("✓ for every")
    found, problem = stepwise.found, stepwise.answer.problem
    rights = read_lines(found, [step.closed_form for step in stepwise.steps], stepwise.answer.where, problem.variables)
    size = next(iter(next(iter(problem.variables.values())).shape[0].names()))
    slip = "x*(1 + (s-2)*(s-3)*(s-4)*(s-5)*(s-6))"
    for k in (0, len(rights) // 2, len(rights) - 1):
        wrong = composed(slip, x=rights[k], s=Extent(Size.named(size)))
        said = proven(found, [*rights[:k], wrong, *rights[k + 1 :]], problem.facts)
        assert not all(each is not None and each.every for each in said), k


def test_a_line_that_relies_on_what_is_free_in_it_is_not_claimed() -> None:
    """That h is relu(W x) is used: with h free, h·x and its derivative by x have no such form."""
    n, m = Size.named("n"), Size.named("m")
    shapes = {"W": (n, m), "x": (m,)}
    h = elaborate([parse_statement("h = relu(W@x)"), parse_statement("h*2")], shapes).values["h"]
    by = Variable("h", (n,))
    (right,) = proven_tables([(composed("2*y", y=by), by, composed("2*diag(ones_like(y))", y=by))], {"h": h}, {}, {})
    assert right is not None
    assert right.every
    (wrong,) = proven_tables([(composed("y*y", y=by), by, composed("2*diag(y)*0 + diag(y)", y=by))], {"h": h}, {}, {})
    assert wrong is None


def test_the_lines_of_a_chain() -> None:
    found = jac.chain(["z = W@x + b", "h = sigmoid(z)", "s = u.T@h"], wrt=["W", "b"])
    report = found.check().report
    assert report.certificate is not None
    assert report.certificate.every
    assert len(report.certificate.sizes) > 1
