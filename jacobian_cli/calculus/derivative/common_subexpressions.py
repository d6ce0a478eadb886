"""Names for what repeats: a closed form says each thing once, and a *where* list says what the names mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from itertools import chain
from typing import NamedTuple

from jacobian_cli.calculus.cost import DEFINITION, FEW, LONG, NAME, WORTH, WORTH_OF_MANY, cost
from jacobian_cli.calculus.notation.operations import is_call
from jacobian_cli.elaborate.builder import CONSTANTS
from jacobian_cli.expr import Apply, Defined, Expr, nodes, rebuild, visible, with_parts
from jacobian_cli.ops import FUNCTIONS, row
from jacobian_cli.ops.identities import inverts
from jacobian_cli.ops.structure import proper
from jacobian_cli.records import record
from jacobian_cli.syntax.errors import InputError

MAX_DEFINITIONS = 1000
_MOST = 10**6
_DEEP = 60
"""A part of which more levels are written is named even where it does not repeat, so that the whole can be read."""


class Named(NamedTuple):
    """Expressions in which repeated parts bear names, and the names in the order of their definition."""

    forms: Mapping[str, Expr]
    where: Mapping[str, Expr]
    given: Mapping[Expr, Expr]
    """For each part that got a name: the part in full, and the name."""

    def renamed(self, expr: Expr) -> Expr:
        """An expression written in full, with the names put in; what the user defined stays as it was typed."""
        return (
            rebuild(expr, lambda node: node if isinstance(node, Defined) else self.given.get(node))
            if self.given
            else expr
        )


def name_repeats(
    forms: Mapping[str, Expr],
    group: Sequence[str],
    taken: Iterable[str],
) -> Named:
    """Name what repeats within a form, or across the forms of the group.

    They are named after their function (h = σ(Wx + b)) or after what they are: a matrix has a capital. `taken` are
    names that already mean something.
    """
    repeats = _Repeats(forms, group)
    chosen = repeats.chosen(WORTH)
    if len(chosen) > FEW:
        chosen = repeats.chosen(WORTH_OF_MANY)
    if len(chosen) > MAX_DEFINITIONS:
        raise InputError(
            f"the derivative has more than {MAX_DEFINITIONS:,} parts that repeat: it cannot be written down",
            hint="differentiate the formula in steps, as definitions",
        )
    known = definitions(node for node in repeats.order if isinstance(node, Defined))
    if not chosen and len(repeats.order) <= _DEEP:
        return Named(forms, known, {})
    used = {*taken, *known}
    made: dict[Expr, Expr] = {}
    given: dict[Expr, Expr] = {}
    levels: dict[Expr, int] = {}
    for node in repeats.order:
        made[node] = node if isinstance(node, Defined) else with_parts(node, made)
        levels[node] = 1 + max((levels.get(child, 0) for child in node.children), default=0)
        if isinstance(node, Defined):
            levels[node] = 0
        if node in chosen or (levels[node] > _DEEP and _nameable(node)):
            levels[node] = 0
            name = fresh_name(node, used)
            used.add(name)
            made[node] = given[node] = Defined(name, made[node])
    named_forms = {key: made[form] for key, form in forms.items()}
    return Named(named_forms, definitions(named_forms.values()), given)


@record(slots=True)
class _Repeats:
    """How often each part of some forms is written, and what a name for it would save.

    A part is written as often as all that it stands in, but only once in what has a name. Forms are read one by one,
    those of the group also together: each way of reading is a scope.
    """

    forms: Mapping[str, Expr]
    group: Sequence[str]
    order: list[Expr] = field(init=False)
    """Each part once, children first; what is below a name is not entered."""
    scopes: list[frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.order = visible(*self.forms.values())
        self.scopes = [frozenset([key]) for key in self.forms]
        if len(self.group) > 1:
            self.scopes.append(frozenset(self.group))

    def chosen(self, worth: int) -> set[Expr]:
        """The parts to name: the longest repeats first, without those that become short once their parts are named."""
        named: set[Expr] = set()
        written = self._written(named, worth)
        if not named:
            return named
        made: dict[Expr, Expr] = {}
        for node in self.order:
            made[node] = node if isinstance(node, Defined) else with_parts(node, made)
            if node not in named:
                continue
            if self._worth(node, written[node], cost(made[node], LONG), worth):
                made[node] = Defined("?", made[node])
            else:
                named.discard(node)
        return named

    def _written(self, named: set[Expr], worth: int) -> dict[Expr, list[int]]:
        """How often each part is written in each scope; on the way, from the whole to its parts, `named` is filled."""
        written: dict[Expr, list[int]] = {}
        for key, form in self.forms.items():
            before = written.get(form) or [0] * len(self.scopes)
            written[form] = [count + (key in scope) for count, scope in zip(before, self.scopes, strict=True)]
        for node in reversed(self.order):
            counts = written[node]
            if max(counts) > 1 and _nameable(node) and self._worth(node, counts, cost(node, LONG), worth):
                named.add(node)
            if isinstance(node, Defined):
                continue
            passed = [min(count, 1) for count in counts] if node in named else counts
            for child in node.children:
                if (below := written.get(child)) is not None:
                    written[child] = [min(_MOST, a + b) for a, b in zip(below, passed, strict=True)]
                else:
                    written[child] = passed
        return written

    def _worth(self, node: Expr, counts: Sequence[int], whole: int, worth: int) -> bool:
        """Whether a name pays in some scope; across a group, it pays to say once what is shared."""
        for scope, count in zip(self.scopes, counts, strict=True):
            gain = (count - 1) * whole - count * NAME - DEFINITION
            if count > 1 and isinstance(node, Apply) and (row(node.function).named or solved(node)):
                return True
            if count > 1 and (count > 2 or _several(node)) and gain >= (worth if len(scope) == 1 else 0):
                return True
        return False


def definitions(forms: Iterable[Expr]) -> dict[str, Expr]:
    """The names that expressions use, each after those it uses itself."""
    return {node.name: node.body for node in nodes(*forms) if isinstance(node, Defined)}


def _nameable(node: Expr) -> bool:
    if not isinstance(node, Apply):
        return False
    if row(node.function).named:
        return True
    return (
        bool(node.arguments)
        and node.function not in (".T", "u-")
        and (row(node.function).called or any(a.children for a in node.arguments))
    )


def solved(node: Expr) -> bool:
    """Whether it is the solution of a system of equations: a vector that an inverse was applied to, as inv(K)@y."""
    if not is_call(node, "@") or len(node.shape) != 1:
        return False
    first = node.children[0]
    return isinstance(first, Apply) and inverts(first.function)


def _several(node: Expr) -> bool:
    """Whether a part is more than one operation on names."""
    return any(isinstance(child, Apply) for child in node.children)


_LETTERS = ("cgq", "raq", "MGT")
"""What numbers, vectors and matrices are called that are nothing in particular."""


def _letters(node: Expr) -> list[str]:
    """What people call such a value, one letter or another: a matrix has a capital, a vector has none."""
    assert isinstance(node, Apply)
    symbol = row(node.function).symbol
    axes = len(proper(node.shape))
    if solved(node):
        return ["a", *_LETTERS[1]]
    if symbol:
        return [symbol[0].upper() + symbol[1:] if axes > 1 else symbol]
    return list(_LETTERS[min(axes, 2)])


def fresh_name(node: Expr, used: Collection[str]) -> str:
    """What a part is called: the first of its letters that means nothing yet, or else the first with a number."""
    stems = _letters(node)
    numbered = (f"{stems[0]}{k}" for k in range(1, 10_000))
    return next(n for n in chain(stems, numbered) if n not in used and n not in FUNCTIONS and n not in CONSTANTS)
