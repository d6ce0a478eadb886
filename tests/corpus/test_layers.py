"""Backward passes of whole layers beside those that people wrote by hand: the same values, in about as many operations.

`layers.jsonl` holds, one a line, a layer as definitions, and its backward pass by hand in the same language, with the
paper. What is counted are operators, calls and transposes as they are written, of all rules and of each name that they
use, once; the definitions are given to both. `operations` are those of our answer, which only fall, and those by hand.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.checks.verdict.answer import read_back
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr
from jacobian_cli.shape import Shape, size_of
from jacobian_cli.syntax.declarations import parse_sizes
from jacobian_cli.syntax.parser import parse_statement
from tests.corpus.draw import draw

Entry = dict[str, Any]
_LINES = (Path(__file__).parent / "layers.jsonl").read_text(encoding="utf-8").splitlines()
ENTRIES: list[Entry] = [json.loads(line) for line in _LINES]
_TOLERANCE = 1e-9


def operations(texts: Iterable[str]) -> int:
    """The operators, calls and transposes in expressions."""
    kinds = ast.BinOp | ast.UnaryOp | ast.Call
    nodes = [node for text in texts for node in ast.walk(ast.parse(text.strip()))]
    return sum(isinstance(n, kinds) or (isinstance(n, ast.Attribute) and n.attr == "T") for n in nodes)


def _names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


def _left(statement: str) -> str:
    return statement.partition("=")[0].strip()


def _right(statement: str) -> str:
    return statement.partition("=")[2]


def _derived(entry: Entry) -> jac.Derivations:
    shapes = {name: ",".join(sizes) or "()" for name, sizes in entry["shapes"].items()}
    return jac.derive(entry["definitions"], wrt=list(entry["wrt"]), shapes=shapes, assume=entry["assume"])


def _ours(entry: Entry, found: jac.Derivations) -> list[str]:
    """Our rules, and what the names in them mean that the definitions do not give."""
    rules = [(d.gradient or d.vjp).closed_form for d in found]
    where = {n: body for n, body in found.where.items() if n not in set(map(_left, entry["definitions"]))}
    waiting, used = [name for rule in rules for name in _names(rule)], set[str]()
    while waiting:
        name = waiting.pop()
        if name in where and name not in used:
            used.add(name)
            waiting += _names(where[name])
    return [*rules, *(where[name] for name in used)]


def test_layers_together_take_few_operations_more_than_by_hand() -> None:
    pairs = [entry["operations"] for entry in ENTRIES]
    ours, by_hand = map(sum, zip(*pairs, strict=True))
    assert ours <= 1.05 * by_hand
    assert sum(ours <= 1.1 * by_hand + 1 for ours, by_hand in pairs) >= 0.9 * len(pairs)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_a_layer_has_the_gradients_found_by_hand_in_about_as_many_operations(entry: Entry) -> None:
    found = _derived(entry)
    most, published = entry["operations"]
    assert operations([*map(_right, entry["reference"]), *entry["gradients"].values()]) == published
    ours = _ours(entry, found)
    assert operations(ours) <= most, "\n".join(ours)
    given = {name: tuple(map(_size, sizes)) for name, sizes in entry["shapes"].items()}
    output = found[0].problem.output.shape
    upstream = {"delta": output} if output else {}
    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        point = {
            name: np.asarray(draw(entry["domain"].get(name), _at(shape, entry), rng), float)
            for name, shape in {**given, **upstream}.items()
        }
        for d in found:
            forms = read_back(printed(d), d.problem.variables, d.derivative.upstream)
            asked = [forms["vjp"]] if output else [forms["gradient"], forms["jacobian"]]
            by_hand = _by_hand(entry, d.wrt, {**given, **upstream})
            wanted = np.asarray(evaluate(by_hand, point, entry["sizes"])).ravel()
            for form in asked:
                mine = np.asarray(evaluate(form, point, entry["sizes"])).ravel()
                assert np.max(np.abs(mine - wanted)) <= _TOLERANCE * (1 + np.max(np.abs(wanted))), d.wrt


def _by_hand(entry: Entry, wrt: str, shapes: dict[str, Shape]) -> Expr:
    lines = [*entry["definitions"], *entry["reference"], f"by_hand = {entry['gradients'][wrt]}"]
    return elaborate(list(map(parse_statement, lines)), shapes).output


def _size(text: str) -> Any:
    return size_of(parse_sizes(text)[0])


def _at(shape: Shape, entry: Entry) -> tuple[int, ...]:
    return tuple(size.at(entry["sizes"]) for size in shape)
