"""What a certificate says: for which sizes an answer is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jacobian_cli.interned import Portable

Sizes = Mapping[str, int]
_SHOWN = 3


@dataclass(frozen=True)
class Certificate(Portable):
    """The sizes at which an answer was compared exactly, modulo a prime, and whether they settle all sizes.

    >>> print(Certificate(("n", "m"), [{"n": 4, "m": 5}], modulus=7, bound=5))
    for every n and m: exactly, modulo a prime, at 1 size (≤ 5 indices a term)
    >>> print(Certificate(("n",), [{"n": 3}, {"n": 4}], modulus=7, why="windows"))
    at n=3 and n=4: exactly, modulo a prime; not proven for every size: windows
    >>> print(Certificate(("n",), [{"n": 3}], modulus=0, bound=3, digits=30))
    at n=3: to 30 digits, as many sizes as a proof would need; that is no proof
    """

    names: tuple[str, ...]
    """The sizes that are letters; none where letters stand for declared numbers."""
    sizes: Sequence[Sizes]
    modulus: int
    bound: int = 0
    """The most indices over one size that a term of the question or the answer can hold."""
    why: str = ""
    """Why it is not every size."""
    branches: bool = False
    """Whether the formula has kinks: it is proven in the branches that were met."""
    digits: int = 0
    """To so many digits it was compared, where no numbers modulo a prime say anything: no proof."""

    @property
    def every(self) -> bool:
        """Whether it holds at every size."""
        return not self.why and not self.digits

    def __str__(self) -> str:
        if self.every:
            sizes = f"{len(self.sizes)} size{'s' * (len(self.sizes) != 1)}"
            indices = "index" if self.bound == 1 else "indices"
            where = f"for every {_listed(self.names) or 'size'}{', branch by branch' if self.branches else ''}"
            return f"{where}: exactly, modulo a prime, at {sizes} (≤ {self.bound} {indices} a term)"
        shown = [" ".join(f"{name}={size}" for name, size in sizes.items()) for sizes in self.sizes]
        places = _listed(shown) if len(shown) <= _SHOWN else f"{len(shown)} sizes"
        if self.digits and not self.why:
            return f"at {places}: to {self.digits} digits, as many sizes as a proof would need; that is no proof"
        if self.digits:
            return f"at {places}: to {self.digits} digits; not proven for every size: {self.why}"
        return f"at {places}: exactly, modulo a prime; not proven for every size: {self.why}"

    @property
    def line(self) -> str:
        """The same behind a mark."""
        return f"{'✓' if self.every else '·'} {self}"

    def __repr__(self) -> str:
        return f"<{self}>"

    def to_dict(self) -> dict[str, Any]:
        """The stable fields in JSON: `sizes` is "all", or the list of those compared."""
        if self.every:
            return {"sizes": "all", "bound": self.bound, "modulus": self.modulus}
        found = {"sizes": [dict(sizes) for sizes in self.sizes], "why": self.why or "compared in digits, not exactly"}
        return {**found, **({"digits": self.digits} if self.digits else {"modulus": self.modulus})}


@dataclass(frozen=True)
class Doubt(Portable):
    """Sizes at which two sides differ modulo a prime. They may be equal all the same, by an identity of functions that
    does not hold there; other numbers are to tell.
    """

    sizes: Sizes


def together(certificates: Sequence[Certificate | None]) -> Certificate | None:
    """The certificate of several answers at once: what holds for each; None where one has none.

    >>> first, second = (Certificate(("n",), [{"n": k}], modulus=7, bound=k) for k in (3, 4))
    >>> together([first, second]).bound, together([first, None])
    (4, None)
    """
    there = [each for each in certificates if each is not None]
    if not there or len(there) < len(certificates):
        return None
    names = tuple(dict.fromkeys(name for each in there for name in each.names))
    limited = [each for each in there if not each.every]
    sizes = {tuple(sizes.items()): sizes for each in (limited or there) for sizes in each.sizes}
    return Certificate(
        names,
        list(sizes.values()),
        max(each.modulus for each in there),
        max(each.bound for each in there),
        next((each.why for each in limited if each.why), ""),
        any(each.branches for each in there),
        max((each.digits for each in limited), default=0),
    )


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
