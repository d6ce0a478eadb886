"""The one measure of "shorter": what a reader would choose costs less."""

from __future__ import annotations

import pytest

from jacobian_cli.calculus.cost import cost
from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.index.tensor import Product, Sum
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.factoring import factored
from jacobian_cli.elaborate import elaborate
from jacobian_cli.expr import Expr
from jacobian_cli.printers.language import text
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.parser import parse_statement

N = Size.named("n")
SHAPES: dict[str, Shape] = dict.fromkeys("ABCD", (N, N)) | dict.fromkeys("xyz", (N,)) | {"c": ()}


def read(formula: str) -> Expr:
    return elaborate([parse_statement(formula)], SHAPES).output


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        ("A@(x + y)", "A@x + A@y"),
        ("(A@B@C).T", "C.T@B.T@A.T"),
        ("(A@B).T*(B@C).T*C", "(A@B).T*((B@C)*C.T).T"),
        ("A.T + B", "(A + B.T).T"),
        ("x - y", "-(y - x)"),
        ("x*y", "diag(x)@y"),
        ("A@B", 'einsum("ij,jk->ik", A, B)'),
        ("outer(x, y)", "x[:, None]*y.T"),
        ("sigmoid(A@x)*(1 - sigmoid(A@x))", "sigmoid(A@x)*(1 - sigmoid(A@y))"),
    ],
)
def test_the_shorter_of_two_costs_less(shorter: str, longer: str) -> None:
    assert cost(read(shorter)) < cost(read(longer))


@pytest.mark.parametrize(("one", "other"), [("A.T@B.T", "(B@A).T"), ("A.T + B.T", "(A + B).T"), ("x*y", "y*x")])
def test_two_names_turned_cost_as_much_as_the_whole(one: str, other: str) -> None:
    assert cost(read(one)) == cost(read(other))


def test_a_definition_costs_its_name() -> None:
    named = elaborate([parse_statement("h = sigmoid(A@x)"), parse_statement("h*y")], SHAPES).output
    assert cost(named) == cost(read("x*y"))


@pytest.mark.parametrize("formula", ["x + y", "c*x - y", "x*y", "x*y**2", "3*x*y", "x*(y + z)", "c*(x - 2*y)"])
def test_index_form_costs_what_its_text_would_but_for_parentheses(formula: str) -> None:
    tensor = lower(read(formula))
    assert isinstance(tensor, Product | Sum)
    assert 0 <= cost(read(formula)) - cost(tensor) <= 2, text(read(formula))


@pytest.mark.parametrize(
    ("plain", "best"),
    [
        ("C@D + C + B@D@D + B@B + C@A", "C@(D + A) + C + B@(D@D + B)"),
        ("D@D@D + C@D@D + C@C@D + C@A + C@C", "(D + C)@D@D + C@(C@D + A + C)"),
        ("C@C@B + B@D@A + A@C@A + A@B + A@A@D", "C@C@B + B@D@A + A@(C@A + B + A@D)"),
    ],
)
def test_what_saves_most_at_once_may_save_less_in_the_end(plain: str, best: str) -> None:
    found = write.total(factored(write.summands(read(plain))))
    assert cost(found) <= cost(read(best)) < cost(read(plain))
