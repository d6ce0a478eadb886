"""What variables, sizes and indices are called in Lean, and of what type values are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count

from jacobian_cli.expr import Expr, size_names
from jacobian_cli.shape import ONE, Shape, Size
from jacobian_cli.syntax.errors import InputError

_RESERVED = frozenset(
    (
        "abbrev at axiom by calc class def deriving do else end example export extends fun for from have hiding if"
        " import in inductive infix infixl infixr instance lemma let macro match mutual namespace nomatch notation open"
        " opaque postfix prefix private protected rec return section set_option show structure syntax then theorem this"
        " universe variable where with using λ Σ Π Fin Matrix Real Finset HasDerivAt Prop Type Sort"
    ).split()
)
"""Words and names of Lean and Mathlib that are none for a variable."""
_PLAIN = r"[A-Za-zα-κμ-ωΓΔΘΛΞΦΨΩ_][A-Za-z0-9α-κμ-ωΓΔΘΛΞΦΨΩ_₀-₉]*'*"
"""Names that need no quotes."""


class LeanError(InputError):
    """A part of an answer that is not written for Lean."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is not written for Lean", hint="products, sums, traces and smooth functions of entries are"
        )


class Names:
    """What variables, sizes and indices are called, each name once."""

    def __init__(self, variables: Iterable[str], exprs: Iterable[Expr]) -> None:
        self._taken = set(_RESERVED)
        self.sizes: dict[str, str] = {}
        self._called: dict[str, str] = {}
        self.indices: dict[str, str] = {}
        """Every index, and what it runs over."""
        for name in variables:
            self._called[name] = self._claim(name)
        for name in size_names(exprs):
            self.sizes[name] = self._claim(name)

    def _claim(self, name: str) -> str:
        name = name if re.fullmatch(_PLAIN, name) else f"«{name}»"
        if name not in self._taken:
            self._taken.add(name)
            return name
        return self.fresh(name)

    def fresh(self, name: str) -> str:
        """A name that nothing has yet."""
        found, k = name, 0
        while found in self._taken:
            found, k = f"{name}{k + 1}", k + 1
        self._taken.add(found)
        return found

    def spare(self, name: str) -> str:
        """A name that nothing has, for one theorem."""
        return name if name not in self._taken else next(n for k in count(1) if (n := f"{name}{k}") not in self._taken)

    def index(self, size: Size) -> str:
        """A new index over a size."""
        letters = "ijklpq"
        found = self.fresh(next((a for a in letters if a not in self._taken), "i"))
        self.indices[found] = self.fin(size)
        return found

    def of(self, name: str) -> str:
        """What a variable is called."""
        return self._called[name]

    def natural(self, size: Size) -> str:
        """A size as a natural number."""
        terms = []
        for monomial, coefficient in size.terms:
            if coefficient < 0 or coefficient.denominator != 1:
                raise LeanError(f"the length {size}")
            powers = [self.sizes[n] if p == 1 else f"{self.sizes[n]} ^ {p}" for n, p in monomial]
            terms.append(" * ".join([*([str(coefficient)] if coefficient != 1 or not powers else []), *powers]))
        return " + ".join(terms) or "0"

    def fin(self, size: Size) -> str:
        """The indices over a size."""
        text = self.natural(size)
        return f"Fin {text}" if re.fullmatch(r"\w+", text) else f"Fin ({text})"

    def type_of(self, shape: Shape) -> str:
        """The type of a value."""
        axes = squeezed(shape)
        if len(axes) > 2:
            raise LeanError(f"a value of {len(axes)} axes")
        if not axes:
            return "ℝ"
        if len(axes) == 1:
            return f"{self.fin(axes[0])} → ℝ"
        return f"Matrix ({self.fin(axes[0])}) ({self.fin(axes[1])}) ℝ"


def squeezed(shape: Shape) -> Shape:
    """A shape without its axes of length one."""
    return tuple(size for size in shape if size is not ONE)


def joined(parts: Iterable[str]) -> str:
    return " ".join(filter(None, parts))


def forall(axes: Sequence[tuple[str, str]], condition: str) -> str:
    return "".join(f"∀ {index} : {of}, " for index, of in axes) + condition
