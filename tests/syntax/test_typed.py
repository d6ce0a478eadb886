"""What people type, in every notation: read as meant, with a warning where that is not certain, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.derivation import derivations
from jacobian_cli.api.input.problem import Problem, names_of, pose, shapes_of, statements_of
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Expr, Variable, walk
from jacobian_cli.shape import ONE
from jacobian_cli.syntax.names import key

_FILE = Path(__file__).parent.parent / "corpus" / "typed.jsonl"
ENTRIES: list[dict[str, Any]] = [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]


def named(entry: dict[str, Any]) -> str:
    return f"{entry['typed']} by {entry['wrt']} {entry.get('declared', '')} {entry.get('syntax', '')}"


def read(entry: dict[str, Any]) -> Problem:
    text: Any = entry["typed"]
    if entry["notation"] == "python_function":
        text = jac.read_source(text, entry.get("entry"))
    names, declared = names_of(entry["wrt"]), shapes_of(entry.get("declared", {}))
    return pose(statements_of(text, names, declared, entry.get("syntax")), names, declared)


@pytest.mark.parametrize("entry", [e for e in ENTRIES if "refused" in e], ids=named)
def test_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(jac.InputError):
        derivations(read(entry))


@pytest.mark.parametrize("entry", [e for e in ENTRIES if "read" in e], ids=named)
def test_read(entry: dict[str, Any]) -> None:
    found = read(entry)
    (variable,) = found.wrt
    is_derived(found)
    wrt = next(name for name in entry["shapes"] if key(name) == key(variable.name))
    shapes = shapes_of(entry["shapes"])
    meant = pose(statements_of(entry["read"], [wrt], shapes), [wrt], shapes)
    here, there = ({key(n): v for n, v in p.variables.items()} for p in (found, meant))
    assert {k: len(v.shape) for k, v in here.items()} == {k: len(v.shape) for k, v in there.items()}
    rng = np.random.default_rng(1)
    sizes = {n: k for k, n in enumerate(sorted({n for v in there.values() for z in v.shape for n in z.names()}), 2)}
    values = {k: drawn(rng, tuple(size.at(sizes) for size in v.shape)) for k, v in there.items()}
    other = {
        str(size): count
        for k, v in here.items()
        for size, count in zip(v.shape, values[k].shape, strict=True)
        if str(size).isidentifier()
    }
    assert np.allclose(*(value(p, v, s, values) for p, v, s in ((found, here, other), (meant, there, sizes))))
    assert found.warnings or not entry.get("warned")


_DERIVED: set[object] = set()


def is_derived(found: Problem) -> None:
    """Nothing is refused on the way to the derivative, which looks at one application at a time. A formula is tried if
    there is one in it that was not met before: of its function, of arguments that move, of their axes.
    """
    moving: set[Expr] = {*found.wrt}
    kinds: set[object] = set()
    for node in walk([found.output]):
        if isinstance(node, Apply):
            kinds.add((node.function, *((a in moving, len(a.shape), ONE in a.shape) for a in node.arguments)))
        if not moving.isdisjoint(node.children):
            moving.add(node)
    if not kinds <= _DERIVED:
        derivations(found)
        _DERIVED.update(kinds)


def drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    square = len(shape) == 2 and shape[0] == shape[1]
    return rng.uniform(0.2, 0.9, shape) + (1.5 * np.eye(shape[0]) if square else 0)


def value(found: Problem, names: dict[Any, Variable], sizes: dict[str, int], values: dict[Any, Any]) -> Any:
    return np.squeeze(evaluate(found.output, {v.name: values[k] for k, v in names.items()}, sizes))
