"""Values of variables modulo a prime, of which what is declared holds exactly."""

from __future__ import annotations

from random import Random

import numpy as np

from jacobian_cli.checks.every_size.field import PRIMES, Array, Field
from jacobian_cli.ops.facts import MASK, PLACES, everything

UNCOVERED = frozenset(("orthogonal", "lower", PLACES))
"""Facts that the theorem does not speak of."""

_SPARE = 32
"""So many binary digits more than a prime has are drawn, so that each number is as likely."""
DISCRETE = frozenset(("binary", "pm1", "one_hot", MASK, PLACES))
"""Facts of entries that are whole numbers."""


def entries(rng: Random, shape: tuple[int, ...], prime: int) -> Array:
    """Random entries that are not zero."""
    found = np.empty(int(np.prod(shape, dtype=int)), object)
    bits = prime.bit_length() + _SPARE
    found[:] = [rng.getrandbits(bits) % (prime - 1) + 1 for _ in range(len(found))]
    return found.reshape(shape)


def declared(rng: Random, facts: frozenset[str], shape: tuple[int, ...], field: Field) -> Array:
    """A value of which these facts hold; positive is what has a square root. Whole numbers are drawn elsewhere."""
    p, known = PRIMES[field.level], everything(facts)
    value = entries(rng, shape, p)
    if "positive" in known:
        value = value * value % p
    if "orthogonal" in known:
        skew, one = value - value.T, np.eye(shape[0], dtype=int).astype(object)
        value = (one - skew) @ field.inverse((one + skew) % p)[0] % p
    elif "sums_to_one" in known:
        rest = np.sum(value, axis=-1, keepdims=True)
        value = value * field.each(lambda a: pow(a, -1, p), rest % p) % p
    if "lower" in known:
        value = np.tril(value)
        at = np.arange(shape[0])
        value[at, at] = value[at, at] ** 2 % p
    if "diagonal" in known:
        value = value * np.eye(shape[0], dtype=int)
    if "symmetric" in known:
        value = (np.triu(value) + np.triu(value, 1).T) % p
    return value
