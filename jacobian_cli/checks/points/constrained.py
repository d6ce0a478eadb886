"""Values for which declared facts hold: drawn at random, and told from values for which they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jacobian_cli.ops.facts import FACTS, PLACES, everything

if TYPE_CHECKING:
    from numpy.random import Generator  # NumPy loads them when they are drawn

Array = Any
Shape = tuple[int, ...]
_ROUNDING = 1e-8


def drawn(facts: frozenset[str], shape: Shape, rng: Generator) -> Array:
    """Random values of which these facts hold.

    >>> sorted(drawn(frozenset({"one_hot"}), (4,), np.random.default_rng(0)).tolist())
    [0.0, 0.0, 0.0, 1.0]
    """
    if len(shape) > 2 and any(FACTS[fact].square for fact in facts):
        return np.stack([drawn(facts, shape[1:], rng) for _ in range(shape[0])])
    everywhere = everything(facts)
    first = next(fact for fact in _DRAWN if fact in everywhere)
    value = np.asarray(_DRAWN[first](rng, shape), float)
    if "diagonal" in everywhere:
        return value * np.eye(shape[0])
    return np.triu(value) + np.triu(value, 1).T if "symmetric" in everywhere else value


def _one_hot(rng: Generator, shape: Shape) -> Array:
    return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]


def _simplex(rng: Generator, shape: Shape) -> Array:
    weights = rng.uniform(0.2, 1.0, shape)
    return weights / weights.sum(axis=-1, keepdims=True)


def _orthogonal(rng: Generator, shape: Shape) -> Array:
    """Some reflections one after the other, of either determinant."""
    found = np.eye(shape[0])
    for _ in range(min(shape[0], 8) - int(rng.integers(2))):
        direction = rng.standard_normal(shape[0])
        found -= np.outer(found @ direction, 2 * direction / (direction @ direction))
    return found


def _positive_definite(rng: Generator, shape: Shape) -> Array:
    root = rng.standard_normal(shape)
    return root @ root.T / shape[0] + 0.7 * np.eye(shape[0])


def _lower(rng: Generator, shape: Shape) -> Array:
    return np.tril(0.4 * rng.standard_normal(shape), -1) + np.diag(rng.uniform(0.7, 1.5, shape[0]))


_DRAWN: Mapping[str, Callable[[Generator, Shape], Array]] = {
    "one_hot": _one_hot,
    "sums_to_one": _simplex,
    "orthogonal": _orthogonal,
    "spd": _positive_definite,
    "lower": _lower,
    PLACES: lambda rng, shape: np.zeros(shape),
    "binary": lambda rng, shape: rng.integers(0, 2, shape),
    "pm1": lambda rng, shape: rng.choice([-1, 1], shape),
    "probability": lambda rng, shape: rng.uniform(0.1, 0.9, shape),
    "positive": lambda rng, shape: rng.uniform(0.5, 2.0, shape),
    "diagonal": lambda rng, shape: rng.uniform(0.4, 1.6, shape) * rng.choice([-1, 1], shape),
    "symmetric": lambda rng, shape: rng.standard_normal(shape),
}
"""How values are drawn for the first of these that is declared; what is declared beside it holds by construction."""


class Misfit(NamedTuple):
    """Where a value is not what it is declared to be: what is wrong there, in words."""

    fact: str
    words: str


def misfit(name: str, facts: frozenset[str], value: Array) -> Misfit | None:
    """The worst entry of a value that is not what it is declared to be; None if all is well.

    >>> misfit("S", frozenset({"symmetric"}), np.array([[1.0, 2.0], [3.0, 4.0]])).words
    'S[1,2] = 2 and S[2,1] = 3'
    """
    value = np.asarray(value, float)
    if value.ndim > 2 and any(FACTS[fact].square for fact in facts):
        parts = (misfit(f"{name}[{k + 1}]", facts, part) for k, part in enumerate(value))
        return next((part for part in parts if part is not None), None)
    everywhere = everything(facts)
    for fact, (off, words) in _MISFITS.items():
        if fact not in everywhere:
            continue
        distance = np.asarray(off(value), float)
        at = np.unravel_index(int(np.argmax(distance)), distance.shape)
        if distance[at] > _ROUNDING * max(1.0, float(np.max(np.abs(value)))):
            declared = next(said for said in (fact, *sorted(facts)) if said in facts and fact in everything({said}))
            return Misfit(declared, words(name, value, tuple(int(k) for k in at)))
    return None


def _entry(name: str, value: Array, at: tuple[int, ...]) -> str:
    return f"{_place(name, at)} = {value[at]:.6g}"


def _place(name: str, at: tuple[int, ...]) -> str:
    return f"{name}[{','.join(str(k + 1) for k in at)}]" if at else name


def _is(what: str) -> Callable[[str, Array, tuple[int, ...]], str]:
    return lambda name, value, at: f"{_entry(name, value, at)} is {what}"


def _both(name: str, value: Array, at: tuple[int, ...]) -> str:
    return f"{_entry(name, value, at)} and {_entry(name, value, at[::-1])}"


def _smallest(name: str, value: Array, at: tuple[int, ...]) -> str:
    del at
    return f"the smallest eigenvalue of {name} is {np.linalg.eigvalsh(value)[0]:.6g}"


def _product(name: str, value: Array, at: tuple[int, ...]) -> str:
    return f"({name}.T@{name})[{at[0] + 1},{at[1] + 1}] = {(value.T @ value)[at]:.6g}"


def _total(name: str, value: Array, at: tuple[int, ...]) -> str:
    return f"the entries of {_place(name, at)} sum to {value.sum(axis=-1)[at]:.6g}"


def _not_above(x: Array, bound: float = 0.0) -> Array:
    """Zero where entries are greater than a bound, else how far they are below it, and 1 more."""
    return np.where(x > bound, 0.0, 1.0 + bound - x)


def _not_definite(x: Array) -> Array:
    """How far the smallest eigenvalue is from being positive."""
    try:
        np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        return _not_above(np.linalg.eigvalsh(x)[:1])
    return np.zeros(1)


_MISFITS: Mapping[str, tuple[Callable[[Array], Array], Callable[[str, Array, tuple[int, ...]], str]]] = {
    "symmetric": (lambda x: np.abs(x - x.T), _both),
    "spd": (_not_definite, _smallest),
    "diagonal": (lambda x: np.abs(x - np.diag(np.diag(x))), _is("not zero")),
    "orthogonal": (lambda x: np.abs(x.T @ x - np.eye(len(x))), _product),
    "lower": (
        lambda x: np.abs(np.triu(x, 1)) + np.diag(_not_above(np.diag(x))),
        lambda name, x, at: f"{_entry(name, x, at)} is not {'zero' if at[0] < at[1] else 'positive'}",
    ),
    "positive": (_not_above, _is("not positive")),
    "probability": (lambda x: _not_above(x) + _not_above(-x, -1.0), _is("not between 0 and 1")),
    "binary": (lambda x: np.minimum(np.abs(x), np.abs(x - 1)), _is("neither 0 nor 1")),
    "pm1": (lambda x: np.minimum(np.abs(x + 1), np.abs(x - 1)), _is("neither 1 nor -1")),
    "sums_to_one": (lambda x: np.abs(x.sum(axis=-1) - 1), _total),
    PLACES: (lambda x: np.abs(x - np.abs(np.round(x))), _is("no place, a whole number counted from 0")),
}
"""For each fact how far entries are from it, and what to say of the worst; the rest follows from these."""
