"""How names are read: Greek letters spelled out, and indices at their end.

`W1` is W with the index 1, `lam` is λ, `x_hat` is x with the index "hat".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "upsilon": "υ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
}
_RESPELLED = {"lam": "lambda", "lamda": "lambda", "eps": "epsilon"}
"""Names that people write where Python keeps the letter's own for itself, or that are too long."""
LETTERS = {
    **GREEK,
    **{name.capitalize(): letter.upper() for name, letter in GREEK.items()},
}
"""Every letter by its English name, capitals too: `Delta` is Δ."""
_NUMBERED = re.compile(r"(.*\D)(\d+)")


@dataclass(frozen=True, slots=True)
class Reading:
    """A name taken apart: the stem, with a Greek letter by its English name, and the indices."""

    stem: str
    indices: tuple[str, ...]

    @property
    def word(self) -> bool:
        """Whether the stem is written with several letters."""
        return len(self.letter) > 1

    @property
    def letter(self) -> str:
        """The stem with a Greek letter as that letter."""
        return LETTERS.get(self.stem, self.stem)


def read(name: str) -> Reading:
    """The parts of a name.

    >>> read("lam2"), read("x_hat")
    (Reading(stem='lambda', indices=('2',)), Reading(stem='x', indices=('hat',)))
    """
    first, *indices = name.split("_")
    if not all((first, *indices)):
        return Reading(name, ())
    found = _NUMBERED.fullmatch(first)
    if found:
        first, indices = found[1], [found[2], *indices]
    stem = _RESPELLED.get(first.lower())
    if stem is not None:
        first = stem if first.islower() else stem.capitalize()
    return Reading(first, tuple(indices))
