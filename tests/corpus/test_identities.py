"""Published identities: the closed form that is printed, evaluated, equals the one that was published.

`identities.jsonl` holds, one a line, an expression, its shapes, the variable, and the published derivative as NumPy
statements, with the source and its equation. A failing test's id names them.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.checks.verdict.answer import read_back
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.shape import size_of
from jacobian_cli.syntax.declarations import parse_sizes
from tests.corpus.draw import draw

Entry = dict[str, Any]
_LINES = (Path(__file__).parent / "identities.jsonl").read_text(encoding="utf-8").splitlines()
ENTRIES: list[Entry] = [json.loads(line) for line in _LINES]
_TOLERANCE = 1e-8


def drawn_point(entry: Entry, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    point = {}
    for name, sizes in entry["shapes"].items():
        shape = tuple(size_of(parse_sizes(size)[0]).at(entry["sizes"]) for size in sizes)
        point[name] = np.asarray(draw(entry["domain"].get(name), shape, rng), float)
    if "onehot-distinct" in entry["tags"]:
        for k, name in enumerate(n for n, d in entry["domain"].items() if d == "onehot"):
            point[name] = np.eye(len(point[name]))[(seed + k) % len(point[name])]
    return point


def _published(entry: Entry, point: dict[str, Any]) -> Any:
    """The value of the published derivative: statements, of which the last is an expression."""
    tree = ast.parse(entry["reference_numpy"])
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    tree.body[-1] = ast.copy_location(ast.Assign([ast.Name("published", ast.Store())], last.value), last)
    names = {"np": np, "sp": special, **entry["sizes"], **point}
    exec(compile(ast.fix_missing_locations(tree), entry["id"], "exec"), names)
    return np.asarray(names["published"], float)


def _error(mine: Any, published: Any) -> float:
    mine, published = np.reshape(mine, -1), np.reshape(published, -1)
    assert mine.shape == published.shape
    return float(np.max(np.abs(mine - published), initial=0) / max(1e-6, np.max(np.abs(published), initial=0)))


def _named(entry: Entry) -> str:
    return f"{entry['id']}: {entry['source']}"


@pytest.mark.parametrize("entry", ENTRIES, ids=_named)
def test_printed_form_is_the_published_one(entry: Entry) -> None:
    shapes = {name: ",".join(sizes) or "()" for name, sizes in entry["shapes"].items()}
    found: jac.Derivation = jac.derive(entry["expr"], wrt=entry["wrt"], shapes=shapes, order=entry["order"])
    forms = read_back(printed(found), found.problem.variables, found.derivative.upstream)
    asked = ["jacobian"] if entry["order"] == 1 else [f"hessian {entry['wrt']}"]
    if entry["order"] == 1 and not entry["out_shape"]:
        assert found.gradient is not None
        asked.append("gradient")
    for seed in (0, 1):
        point = drawn_point(entry, seed)
        published = _published(entry, point)
        for form in asked:
            assert _error(evaluate(forms[form], point, entry["sizes"]), published) < _TOLERANCE, form


FACTS = {
    "symmetric": "symmetric",
    "spd": "spd",
    "onehot": "one_hot",
    "rowonehot": "one_hot",
    "simplex": "sums_to_one",
    "rowsimplex": "sums_to_one",
    "lower": "lower",
    "positive": "positive",
    "unitinterval": "probability",
    "pm1": "pm1",
    "binary": "binary",
    "pairprob": "symmetric",
}
"""What is declared of a variable where a published form holds in a domain only."""
SHORT = {
    "cb-085": "2*W@(x - s)",
    "wp-sv-sym": "A@x - b",
    "mc-home-x": "2*A@x + c*sin(y)",
    "cl-7": "softmax(z) - y",
}
"""Gradients as their sources print them."""
NEEDY = [entry for entry in ENTRIES if entry["needs_domain"]]


def _length(found: jac.Derivation, form: str) -> int:
    """The characters of a form and of what the names in it mean."""
    read = form
    for name, body in reversed(found.where.items()):  # each after those that it uses itself
        if re.search(rf"\b{name}\b", read):
            read += f" {body}"
    return len(read)


@pytest.mark.parametrize("entry", NEEDY, ids=_named)
def test_the_published_short_form_where_its_facts_are_declared(entry: Entry) -> None:
    shapes = {name: ",".join(sizes) or "()" for name, sizes in entry["shapes"].items()}
    facts = {name: FACTS[entry["domain"][name]] for name in entry["needs_domain"]}
    given = {"wrt": entry["wrt"], "shapes": shapes, "order": entry["order"]}
    found: jac.Derivation = jac.derive(entry["expr"], assume=facts, **given)
    plain: jac.Derivation = jac.derive(entry["expr"], **given)
    asked = "jacobian" if entry["order"] == 1 else f"hessian {entry['wrt']}"
    forms = read_back(printed(found), found.problem.variables, found.derivative.upstream)
    for seed in (0, 1):
        point = drawn_point(entry, seed)
        assert _error(evaluate(forms[asked], point, entry["sizes"]), _published(entry, point)) < _TOLERANCE
    assert found.gradient is not None
    assert plain.gradient is not None
    assert _length(found, found.gradient.closed_form) <= _length(plain, plain.gradient.closed_form)
    if entry["id"] in SHORT:
        assert found.gradient.closed_form == SHORT[entry["id"]]
