"""What is printed as mathematics or LaTeX is read as the same expression, names and shapes declared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import jacobian_cli as jac
from jacobian_cli.api.input.problem import statements_of
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Defined, Expr, Extent, Variable, rebuild, walk
from jacobian_cli.printers.math.latex import latex
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.shape import Shape
from tests.printers.typed import LENGTHS, SHAPES, expressions, typed, values

WRITTEN = {"math": math, "latex": latex}


def _entries(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).parent.parent / "corpus" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


ENTRIES, LAYERS = _entries("identities"), _entries("layers")


def read(text: str, syntax: str, shapes: dict[str, Shape]) -> Expr:
    return elaborate(statements_of([text], [], shapes, syntax), shapes).output


def same(expr: Expr, other: Expr, point: dict[str, Any], sizes: dict[str, int]) -> bool:
    if expr is other:
        return True
    with np.errstate(all="ignore"):
        here, there = (np.asarray(evaluate(e, point, sizes), float) for e in (expr, other))
    return here.shape == there.shape and np.allclose(here, there, equal_nan=True)


@pytest.mark.parametrize("syntax", WRITTEN)
@settings(max_examples=150, deadline=None)
@given(expressions())
def test_random_expressions(syntax: str, expr: Expr) -> None:
    shown = WRITTEN[syntax](expr)
    assert same(expr, read(shown, syntax, SHAPES), values(), LENGTHS), shown


def read_back(found: jac.Derivation) -> None:
    """The formula, its Jacobian and its backward rule."""
    rng = np.random.default_rng(1)
    for form in (found.problem.output, found.forms.jacobian, found.forms.vjp):
        expr = rebuild(form, lambda node: Variable(node.name, node.shape) if isinstance(node, Defined) else None)
        nodes = list(walk([expr]))
        leaves = {node.name: node.shape for node in nodes if isinstance(node, Variable)}
        shapes = {name: v.shape for name, v in found.problem.variables.items()} | leaves
        extents = [node.size for node in nodes if isinstance(node, Extent)]
        letters = sorted({n for shape in (*shapes.values(), extents) for size in shape for n in size.names()})
        sizes = {letter: k + 2 for k, letter in enumerate(letters)}
        point = {name: rng.uniform(0.2, 0.9, tuple(size.at(sizes) for size in s)) for name, s in shapes.items()}
        for syntax, written in WRITTEN.items():
            shown = written(expr)
            assert same(expr, read(shown, syntax, shapes), point, sizes), shown


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_published_identities(entry: dict[str, Any]) -> None:
    declared = {name: tuple(sizes) for name, sizes in entry["shapes"].items()}
    read_back(jac.derive(entry["expr"], wrt=entry["wrt"], shapes=declared))


@pytest.mark.parametrize("entry", LAYERS, ids=lambda entry: entry["id"])
def test_layers(entry: dict[str, Any]) -> None:
    for found in jac.derive(entry["definitions"], wrt=entry["wrt"], shapes=entry["shapes"]):
        read_back(found)


@pytest.mark.parametrize(
    ("formula", "shapes", "shown"),
    [
        ("sigma*(x + y)", {"sigma": ""}, r"σ·(x + y)"),
        ("2*sigma*(x + y)", {"sigma": ""}, r"2σ·(x + y)"),
        ("sigmoid(x + y)", {}, "σ(x + y)"),
        ("kron(diag(b), ones(n)@ones(n).T)", {}, "diag(b) ⊗ (1ₙ·1ₙᵀ)"),
    ],
)
def test_what_could_be_taken_for_something_else(formula: str, shapes: dict[str, str], shown: str) -> None:
    more: dict[str, Shape] = dict.fromkeys(shapes, ())
    expr = typed(formula, **more)
    assert math(expr) == shown
    for syntax, written in WRITTEN.items():
        point = values() | dict.fromkeys(more, np.array(0.7))
        assert same(expr, read(written(expr), syntax, SHAPES | more), point, LENGTHS)
