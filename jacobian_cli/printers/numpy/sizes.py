"""Where exported code finds the sizes it uses: on the axes of its arguments or, where no axis tells them, as arguments
of their own; and what must hold of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jacobian_cli.expr import Expr, Variable, size_names, walk
from jacobian_cli.ops.bounds import Bound, bounds
from jacobian_cli.shape import ONE, Shape, Size


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a module of functions of the same variables."""

    places: Mapping[str, str]
    """For each size symbol that an axis tells, what it is in Python, such as `W.shape[0]`."""
    arguments: tuple[str, ...]
    """Those that no axis tells."""
    fits: tuple[tuple[str, Size], ...]
    """Axes whose length must be what the sizes say."""
    wants: tuple[Bound, ...]
    """What the formula wants of its sizes beside that."""


def sizes_of(variables: Mapping[str, Variable], formula: Expr, forms: Iterable[Expr]) -> Sizes:
    """The sizes that these forms of a formula and its derivative use.

    >>> n = Size.named("n")
    >>> found = sizes_of({"x": Variable("x", (n + n,))}, Variable("x", (n + n,)), [])
    >>> found.places, [(place, str(size)) for place, size in found.fits]
    ({'n': 'x.shape[0]//(2)'}, [('x.shape[0]', '2*n')])
    """
    axes = [
        (size, f"{variable.name}.shape[{axis}]")
        for variable in variables.values()
        for axis, size in enumerate(variable.shape)
    ]
    told: dict[str, str] = {}
    for size, place in axes:
        if size.name is not None:
            told.setdefault(size.name, place)
    for _ in axes:  # each pass may tell one more: n*m is known, and m, so n is
        for size, place in axes:
            unknown = [name for name in size.names() if name not in told]
            if len(unknown) == 1 and (found := _solved(size, unknown[0], place, told)):
                told[unknown[0]] = found
    wants = bounds([formula])
    used = size_names([formula, *forms])
    arguments = tuple(name for name in used if name not in told)
    places = {name: told[name] for name in used if name in told}
    sums = [(place, size) for size, place in axes if size.name is None and size.names()]
    fits = tuple((place, size) for place, size in sums if {*size.names()} <= {*used})
    leaves = [node for node in walk([formula]) if not node.children]
    lengths = {name for leaf in (*leaves, *variables.values()) for size in leaf.shape for name in size.names()}
    least = [Bound(Size.named(name) if name in lengths else Size.named(name) + ONE) for name in arguments]
    return Sizes(places, arguments, fits, (*least, *wants))


def alike(shapes: list[Shape]) -> tuple[Shape, ...]:
    """Shapes in size names of their own, so that the same function serves all that are alike."""
    names: dict[Size, Size] = {ONE: ONE}
    for size in (size for shape in shapes for size in shape):
        names.setdefault(size, Size.named(f"n{len(names)}"))
    return tuple(tuple(names[size] for size in shape) for shape in shapes)


def _solved(size: Size, name: str, place: str, known: Mapping[str, str]) -> str:
    """The size symbol `name` from the length at `place`, or nothing if it is not linear in it."""
    if (below := size.denominator) > 1:
        size, place = size * Size.number(below), f"{below}*{place}"
    bearing = [(m, c) for m, c in size.terms if name in dict(m)]
    ((monomial, coefficient),) = bearing if len(bearing) == 1 else ((((name, 2),), 1),)
    if dict(monomial)[name] != 1:
        return ""
    others = _code(Size.collect((m, c) for m, c in size.terms if m != monomial), known)
    factor = _code(Size.collect([(tuple(p for p in monomial if p[0] != name), coefficient)]), known)
    over = place if others == "0" else f"({place} - ({others}))"
    return over if factor == "1" else f"{over}//({factor})"


def _code(size: Size, known: Mapping[str, str]) -> str:
    """A size as Python, from what is known."""
    terms = []
    for monomial, coefficient in size.terms:
        factors = [f"({known[name]})" for name, power in monomial for _ in range(power)]
        terms.append("*".join([str(coefficient), *factors] if coefficient != 1 or not factors else factors))
    return " + ".join(terms) or "0"
