"""A name for what a formula normalises: x̂ = (x − mean(x))/√(var(x) + ε), whatever stands beside it.

In a product of powers the parts of a quotient lie apart, γ(x − μ)/√(v + ε), and what is simplified there no longer
knows x̂, in which papers write its backward pass (Ioffe & Szegedy 2015, Ba et al. 2016).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import reduce
from itertools import count
from typing import NamedTuple

from jacobian_cli.calculus.notation import write
from jacobian_cli.expr import Apply, Defined, Expr, rebuild, variables, visible, walk
from jacobian_cli.ops import FUNCTIONS, Kind, row


class _Part(NamedTuple):
    """A factor of a product; of a quotient, what is divided by is `under`."""

    expr: Expr
    under: bool


def normalised(output: Expr, taken: Collection[str]) -> Expr | None:
    """The formula with a name for each quotient of a value by a statistic of its own that another value multiplies;
    None where there is none. What the user gave a name is left as it is.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> found = normalised(elaborate([parse_statement("g*x/norm(x) + b")]).output, ())
    >>> text(found), [text(node.body) for node in walk([found]) if isinstance(node, Defined)]
    ('g*x_hat + b', ['x/norm(x)'])
    """
    outer = output
    while isinstance(outer, Defined):
        outer = outer.body
    names: dict[Expr, Defined] = {}
    made: dict[Expr, Expr] = {}
    inner = set[Expr]()

    def named(expr: Expr, stem: str) -> Defined:
        if expr not in names:
            known = {*taken, *FUNCTIONS, *(d.name for d in names.values())}
            names[expr] = Defined(next(n for k in count() if (n := f"{stem}{k or ''}") not in known), expr)
        return names[expr]

    for node in reversed(visible(outer)):
        if not isinstance(node, Apply) or node.function not in ("*", "/") or node in inner:
            continue
        parts = list(_parts(node, inner))
        chosen = _quotient(parts)
        if chosen is None or not any(variables(part.expr) for part in parts if part not in chosen):
            continue
        stem = next(iter(variables(_multiplied(chosen))))
        quotient = _multiplied([_Part(named(p.expr, "s"), under=True) if _composed(p) else p for p in chosen])
        parts[parts.index(chosen[0])] = _Part(named(quotient, f"{stem}_hat"), under=False)
        made[node] = _multiplied([part for part in parts if part not in chosen[1:]])
    made = {node: new for node, new in made.items() if new.shape == node.shape}
    return rebuild(output, made.get) if made else None


def _parts(node: Expr, inner: set[Expr], *, under: bool = False) -> Iterator[_Part]:
    """The factors of products and quotients; what is taken apart is not looked at again."""
    if isinstance(node, Apply) and node.function in ("*", "/"):
        for place, argument in enumerate(node.arguments):
            inner.add(argument)
            yield from _parts(argument, inner, under=under != (node.function == "/" and place == 1))
    elif write.is_call(node, "rsqrt"):
        yield _Part(write.apply("sqrt", *node.children), not under)
    else:
        yield _Part(node, under)


def _quotient(parts: list[_Part]) -> list[_Part] | None:
    """The factors that are about the same variables as a statistic by which is divided."""
    for statistic in parts:
        if not statistic.under or not any(map(_reduces, walk([statistic.expr]))):
            continue
        about = set(variables(statistic.expr))
        chosen = [part for part in parts if (held := set(variables(part.expr))) and held <= about]
        if any(part.expr.shape and not part.under for part in chosen):
            return chosen
    return None


def _composed(part: _Part) -> bool:
    """Whether a statistic by which is divided is more than one function of values: √(var(x) + ε)."""
    return part.under and not _reduces(part.expr) and any(map(_reduces, walk([part.expr])))


def _reduces(node: Expr) -> bool:
    return isinstance(node, Apply) and row(node.function).kind is Kind.REDUCTION and bool(variables(node))


def _multiplied(parts: list[_Part]) -> Expr:
    over = [part.expr for part in parts if not part.under]
    whole = reduce(lambda a, b: write.apply("*", a, b), over) if over else write.number(1)
    return reduce(lambda a, b: write.apply("/", a, b), (part.expr for part in parts if part.under), whole)
