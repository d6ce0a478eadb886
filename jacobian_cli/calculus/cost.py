"""What an answer costs its reader: THE measure of "shorter", for all who can write one thing in several ways.

Names, operations and parentheses of the printed language are counted, each operation with its weight. What stands
twice is read once and then known by a name: a part that repeats counts whole the first time, and little after it. What
has a name (a definition, the user's own or ours) counts as the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from jacobian_cli.calculus.index.tensor import Apply as Function
from jacobian_cli.calculus.index.tensor import Delta, Extent, Factor, Product, Sum, Tensor, magnitude
from jacobian_cli.expr import Apply, Defined, Expr, visible, walk

NAME = 1
"""A variable, a number, or what is known by a name."""
REPEATED = 3
"""A part that is written again, if it is not shorter: it will have a name."""
OPERATION = 2
DEFINITION = 3
"""To say what a name means, beside what it means."""
PARENTHESES = 1
_SHARED = DEFINITION + 2 * NAME
"""What it takes to say something twice by a name."""
WEIGHTS = {".T": 1, "u-": 1, "diag": 3, "einsum": 6, "transpose": 4, "reshape": 4}
"""Operations that cost other than most: a transpose or a minus is a mark, `diag` and what renames axes a detour."""
NEW_AXIS = 1
MINUS, MINUS_IN_SUM, ANOTHER_MINUS = 1.0, 0.25, 0.125
"""A minus in front of a product, one between two terms, and each where there are several: the measure of `signs`."""
NOTHING_ELSE = 0.75
"""What a minus costs more in front of a sum alone: -(1 - p)/n is (p - 1)/n."""
OPTION = 2
_LEVELS = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "u-": 2, "**": 3, ".T": 4, "[]": 4}
"""How tightly an operator binds; whatever binds less stands in parentheses inside of it."""
_CALL = 5
_MOST = 10**6

# Where a cost decides alone, with nothing beside it to compare: each number is the least that does what its text says.

WORTH, FEW, WORTH_OF_MANY = 2, 12, 8
"""What a name must save beyond its definition; where there are more than a few, more, since each must be remembered."""
LONG = 200
"""Whatever costs as much is long, and repeats under a name: how much longer it is nobody asks."""
UNNAMED = 14
"""What costs so little is written again in a running product: its name would tell less than it does."""
AT_A_GLANCE = 4
"""A gradient that costs so little is written where it is used: σ′(z), u ⊙ h, Wᵀδ."""
TELLING = 60
"""A local Jacobian that costs more tells nothing: what it does to a gradient is written instead."""
TRIED = 180
"""Sums that cost more are not multiplied out on trial: none was found that became shorter, and trying takes long."""


@lru_cache(maxsize=1 << 14)
def cost(root: Expr | Tensor, most: int = _MOST) -> int:
    """How much is to be read. Who does not ask how much more than `most` it is says so, and need not wait.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> [cost(elaborate([parse_statement(text)]).output) for text in ("A@x + A@y", "A@(x + y)", "(A@(x + y)).T")]
    [10, 8, 10]
    """
    return _tensor(root) if isinstance(root, Tensor) else _expression(root, most)


def cost_together(roots: Iterable[Expr]) -> int:
    """What several expressions cost that are read together: what repeats in them, or across them, will have a name.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> roots = [elaborate([parse_statement(text)]).output for text in ("(A@x + y)*y", "(A@x + y)/y")]
    >>> cost_together(roots), sum(map(cost, roots))
    (20, 22)
    """
    total, written = 0, dict[Expr, int]()
    for root in roots:
        if root in written:
            total += _again(root, written)
        else:
            total += _together(root, written) or NAME
    return total


def _together(root: Expr, written: dict[Expr, int]) -> int:
    total, before = 0, set(written)
    for node in walk([root], lambda n: not isinstance(n, Defined) and n not in before):
        if not isinstance(node, Apply) or node in before or (_is_turned(node) and node is not root):
            continue
        total += _operation(node)
        for more, part in _operands(node):
            total += more + (_again(part, written) if isinstance(part, Apply) else NAME)
    if isinstance(root, Apply):
        written.setdefault(root, 1)
    return total


def _again(part: Expr, written: dict[Expr, int]) -> int:
    """What a part adds where it is met: what is in it is counted apart, the first time."""
    count = written[part] = written.get(part, 0) + 1
    return 0 if count == 1 else min(cost(part, _SHARED), _SHARED if count == 2 else NAME)


def _expression(root: Expr, most: int) -> int:
    total, met = 0, set[Expr]()
    for node in visible(root):
        if not isinstance(node, Apply) or (_is_turned(node) and node is not root):
            continue
        total += _operation(node)
        for more, part in _operands(node):
            total += more
            if not isinstance(part, Apply):
                total += NAME
                continue
            if part in met:
                total += cost(part, REPEATED)
            met.add(part)
        if total >= most:
            return most
    return total or NAME


def _operation(node: Apply) -> int:
    options = () if node.function == "concat" else node.parameters  # [[A, B]] shows where its blocks are
    if node.function == "[]" and all(item is None or item == (None, None) for item in dict(options)["index"]):
        return NEW_AXIS
    return WEIGHTS.get(node.function, OPERATION) + sum(map(_option, options))


def _operands(node: Apply) -> Iterator[tuple[int, Expr]]:
    """What an operation is applied to, with what its transposes and parentheses cost."""
    level = _LEVELS.get(node.function, _CALL)
    for place, child in enumerate(node.arguments):
        more, part, within = 0, child, level
        while _is_turned(part):  # a transpose has no name of its own: it is written wherever it stands
            more, within, part = more + WEIGHTS[".T"], _LEVELS[".T"], part.children[0]
        if isinstance(part, Apply):
            own = _LEVELS.get(part.function, _CALL)
            more += PARENTHESES * (own < within or (own == within < _CALL and place > 0))
        yield more, part


def _is_turned(node: Expr) -> bool:
    return isinstance(node, Apply) and node.function == ".T"


def _option(option: tuple[str, Any]) -> int:
    """What an option adds: an axis that it names, or one of length one that it keeps or puts in."""
    name, value = option
    return OPTION * (name == "axis") + NEW_AXIS * (name == "keepdims" or (name == "index" and None in value))


def _tensor(tensor: Tensor) -> int:
    """The same for sums and products of index form; what a function is applied to is the same however it is written."""
    match tensor:
        case Product(coefficient=coefficient, factors=factors) if factors:
            return cost_of(factors) + (magnitude(coefficient) != 1) * (OPERATION + NAME)
        case Sum(terms=terms) if terms:
            numbers = sum(magnitude(c) != 1 for c, _ in terms)
            return sum(cost(t) for _, t in terms) + (len(terms) - 1 + numbers) * OPERATION + numbers * NAME
    return NAME


@lru_cache(maxsize=1 << 14)
def cost_inside(tensor: Tensor) -> int:
    """The same where arguments of functions are what changes: x < b instead of max(x, a) < b."""
    match tensor:
        case Product(coefficient=coefficient, factors=factors) if factors:
            costs = [cost_inside(node) + (power != 1) * (OPERATION + NAME) for node, _, power in factors]
            return sum(costs) + (len(costs) - 1) * OPERATION + (magnitude(coefficient) != 1) * (OPERATION + NAME)
        case Sum(terms=terms) if terms:
            numbers = sum(magnitude(c) != 1 for c, _ in terms)
            return sum(cost_inside(t) for _, t in terms) + (len(terms) - 1 + numbers) * OPERATION + numbers * NAME
        case Function(arguments=arguments):
            return OPERATION + sum(map(cost_inside, arguments))
    return NAME


def cost_of(factors: Iterable[Factor]) -> int:
    """The cost of a product of powers; numbers go in front, and the parentheses of a sum in it are left out: it may be
    opened yet.
    """
    written = [(node, power) for node, _, power in factors if not isinstance(node, Product) or node.factors]
    costs = [cost(node) + (power != 1) * (OPERATION + NAME) for node, power in written]
    return sum(costs) + max(0, len(costs) - 1) * OPERATION


def signs(node: Sum, *, typed: bool = False) -> float:
    """What the signs of a sum cost: the first minus most, and more for minus one, as in h − 1 but not in n − 1 for a
    size n, and where nothing stands before a minus. A sum that the user typed costs less, and h − 1 as much as another.
    """
    minus = sum(c < 0 for c, _ in node.terms)
    sizes = sum(isinstance(term, Extent) for _, term in node.terms)
    first = Extent if sizes and sizes + sum(_is_one(term) for _, term in node.terms) == len(node.terms) else None
    behind = sum(c < 0 and (isinstance(term, first) if first else _is_one(term)) for c, term in node.terms)
    penalty = -0.5 if typed else 1.5 * behind
    return (minus > 0) + ANOTHER_MINUS * minus + penalty + (minus == len(node.terms))


def _is_one(term: Tensor) -> bool:
    """Whether a term is a number, or the identity."""
    return isinstance(term, Delta) or (isinstance(term, Product) and not term.factors)


def shortest(candidates: Iterable[Expr]) -> Expr:
    """Of several ways of writing one thing the cheapest, the first of those that cost the same."""
    first, *others = candidates
    return min((first, *others), key=cost) if others else first
