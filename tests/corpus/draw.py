"""Random values in the domains that published identities ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
Shape = tuple[int, ...]
Generator = np.random.Generator


def _square(rng: Generator, shape: Shape) -> Array:
    return rng.standard_normal(shape)


def _spd(rng: Generator, shape: Shape) -> Array:
    root = _square(rng, shape)
    return root @ root.T / shape[0] + np.eye(shape[0])


def _symmetric(rng: Generator, shape: Shape) -> Array:
    half = _square(rng, shape)
    return half + half.T


def _positive_determinant(rng: Generator, shape: Shape) -> Array:
    found = _square(rng, shape) + 2 * np.eye(shape[0])
    while np.linalg.det(found) < 0.3:
        found = _square(rng, shape) + 2 * np.eye(shape[0])
    return found


def _lower(rng: Generator, shape: Shape) -> Array:
    return np.tril(0.4 * _square(rng, shape), -1) + np.diag(rng.uniform(0.7, 1.5, shape[0]))


def _one_hot(rng: Generator, shape: Shape) -> Array:
    return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]


def _simplex(rng: Generator, shape: Shape) -> Array:
    found = rng.uniform(0.2, 1.0, shape)
    return found / found.sum(axis=-1, keepdims=True)


def _pairs(rng: Generator, shape: Shape) -> Array:
    found = rng.uniform(0.1, 1.0, shape)
    found = (found + found.T) * (1 - np.eye(shape[0]))
    return found / found.sum()


def _distances(rng: Generator, shape: Shape) -> Array:
    places = rng.standard_normal(shape[:1])
    return np.subtract.outer(places, places) ** 2


DOMAINS: dict[str, Callable[[Generator, Shape], Array]] = {
    "spd": _spd,
    "symmetric": _symmetric,
    "invertible": _positive_determinant,
    "posdet": _positive_determinant,
    "lower": _lower,
    "positive": lambda rng, shape: rng.uniform(0.5, 2.0, shape),
    "large": lambda rng, shape: rng.uniform(15.0, 25.0, shape),
    "small": lambda rng, shape: rng.uniform(-0.3, 0.3, shape),
    "unitinterval": lambda rng, shape: rng.uniform(0.1, 0.9, shape),
    "nonzero": lambda rng, shape: rng.uniform(0.4, 1.6, shape) * rng.choice([-1.0, 1.0], shape),
    "pm1": lambda rng, shape: np.asarray(rng.choice([-1.0, 1.0], shape)),
    "binary": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
    "count": lambda rng, shape: rng.integers(0, 6, shape).astype(float),
    "onehot": _one_hot,
    "rowonehot": _one_hot,
    "simplex": _simplex,
    "rowsimplex": _simplex,
    "pairprob": _pairs,
    "distances": _distances,
    "causal": lambda rng, shape: -30.0 * np.triu(np.ones(shape), 1),
    "riskset": lambda rng, shape: np.triu(np.ones(shape)),
    "margin": lambda rng, shape: np.full(shape, 3.0),
}


def draw(domain: str | None, shape: Shape, rng: Generator) -> Array:
    """One array of this shape, of a domain or, without one, of normal numbers."""
    return rng.standard_normal(shape) if domain is None else DOMAINS[domain](rng, shape)
