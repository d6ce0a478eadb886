"""The sizes at which two formulas are to be compared, so that they are equal at every size if they are at these."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, permutations, product
from math import prod

from jacobian_cli.checks.every_size.bound import Bound
from jacobian_cli.checks.every_size.branches import by_size
from jacobian_cli.checks.every_size.certificate import Sizes
from jacobian_cli.checks.every_size.draw import UNCOVERED
from jacobian_cli.checks.every_size.question import Question
from jacobian_cli.checks.every_size.terms import TOTAL, UncoveredError, span
from jacobian_cli.checks.points.ranks import regular
from jacobian_cli.checks.points.sampling import fits, least_size
from jacobian_cli.expr import Apply, Expr

_SIZES = 60
"""So many sizes are compared at most."""
_LARGE = 60
"""No size is drawn larger."""
_LEAST = 3
_TURNED, _WIDE, _WIDELY = 24, 4, 64
"""So many orders of small sizes are tried for one at which what is inverted has an inverse, and then so many others of
so much more.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """The sizes that settle all, or `why` none do, and a `few` small ones."""

    sizes: Sequence[Sizes]
    few: Sequence[Sizes]
    bound: Bound
    most: int
    """The most indices that a term holds."""
    why: str = ""


def asked_sizes(
    question: Question,
    output: Expr,
    forms: Mapping[str, Expr],
    names: Sequence[str],
    repeated: Collection[Apply] = (),
) -> Asked:
    """Which sizes to compare at, where all functions but those `repeated` hold their indices."""
    orders = [1 + name.startswith("hessian ") for name in forms]
    moved = frozenset({question.wrt.name, *(name.removeprefix("hessian ") for name in forms)})
    bound = Bound(moved, max(orders), repeated)
    why = ""
    try:
        _count(bound, question, output, forms)
    except UncoveredError as error:
        why = str(error)
    few, most = _sizes(names, bound, question, why or "small")
    drawn = few if why else _sizes(names, bound, question, "")[0]
    if any(size > _LARGE for sizes in drawn for size in sizes.values()) or len(drawn) > _SIZES:
        why = why or "its terms hold too many indices"
    elif not why and by_size([output, *forms.values()]):
        why = "a choice by a size"
    return Asked(few if why else drawn, few, bound, most, why)


def _count(bound: Bound, question: Question, output: Expr, forms: Mapping[str, Expr]) -> None:
    """Take in all that is compared. Raises `UncoveredError`."""
    tied = {fact for facts in question.facts.values() for fact in facts} & UNCOVERED
    if tied:
        raise UncoveredError(f"`{min(tied)}`")
    out, variable = question.output.shape, question.wrt.shape
    for order in range(1, 1 + bound.order):
        bound.add(output, order, out)
    for name, form in forms.items():
        if not name.startswith("hessian "):
            axes = {"jacobian": (*out, *variable), "jvp": out}.get(name, variable)
            bound.add(form, 0, axes)
        else:
            second = question.known[name.removeprefix("hessian ")].shape
            bound.add(form, 0, (*out, *variable, *second))
    for joined in (out, variable):
        bound.along.join(joined if question.laid.vec == "row" else joined[::-1])


def _sizes(names: Sequence[str], bound: Bound, question: Question, why: str) -> tuple[list[Sizes], int]:
    """The sizes to compare at, and the most indices that a term holds; where it is known `why` it cannot be every size,
    a few small sizes.
    """
    exprs = [question.output, *question.forms.values()]
    least = max(_LEAST, least_size(exprs))
    start: dict[str, int] = {}
    held = {name: bound.places.get(name, 0) + len(bound.along.fixed.get(name, ())) for name in names}
    needed = max(held.values(), default=0)
    for name in sorted(names, key=lambda name: held[name]):
        size = least if why else max(least, held[name] + least - _LEAST)
        while size in start.values():
            size += 1
        start[name] = size
    if why:
        orders = (dict(zip(names, sizes, strict=True)) for sizes in permutations(start.values()))
        wide = product(range(least, least + _WIDE), repeat=len(names))
        others = (dict(zip(names, sizes, strict=True)) for sizes in islice(wide, _WIDELY))
        tried = chain(islice(orders, _TURNED), others)
        start = next((sizes for sizes in tried if fits(exprs, sizes) and regular(exprs, sizes)), start)
        larger = [{name: size + more for name, size in start.items()} for more in (1, 2)]
        return [start, next((sizes for sizes in larger if fits(exprs, sizes)), larger[0])], needed
    own = span(bound.powers)
    degree = {name: own.get(name, 0) + bound.opened.get(name, 0) for name in (*names, TOTAL)}
    steps = [range(degree[name] + 1) for name in names]
    if prod(map(len, steps)) > _SIZES**2:
        return [start] * (_SIZES + 1), needed
    added = sorted((more for more in product(*steps) if sum(more) <= degree[TOTAL]), key=sum)
    return [{name: start[name] + k for name, k in zip(names, more, strict=True)} for more in added], needed
