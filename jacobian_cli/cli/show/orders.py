"""What each order of multiplication costs, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.api.chain.composition import Composition
from jacobian_cli.calculus.chain.ordering import Cost, Order, Tree
from jacobian_cli.cli.screen import Screen
from jacobian_cli.cli.show.about import name_text, partial
from jacobian_cli.expr import Extent
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.shape import product

_TREE = 5
"""How many factors an order of multiplication may have to be written out with its brackets."""
_GROUPS = 3
_MODES = {"reverse": "reverse mode", "forward": "forward mode", "cheapest": "cheapest"}


def left_out(screen: Screen, count: int, what: str) -> None:
    screen.line(f"… {count} more {what}; --full shows them", indent=2, style="dim")


def count_text(cost: Cost) -> str:
    return math(Extent(cost.symbolic)) if cost.symbolic.terms else "0"


def at_sizes(found: Composition) -> str:
    sizes = ", ".join(f"{name} = {value}" for name, value in list(found.sizes.items())[:6])
    return f" at {sizes}" if sizes else ""


def show_orders(screen: Screen, found: Composition, *, full: bool) -> None:
    """What each order of multiplication costs, and why; variables for which it is the same stand together."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in worth_showing(found):
        costs = found.costs[name]
        if costs["reverse"].cost.symbolic is not costs["forward"].cost.symbolic or len(found.costs) == 1:
            alike.setdefault(tuple(count_text(order.cost) for order in costs.values()), []).append(name)
    groups = list(alike.values())
    if not groups:
        screen.line("every order costs the same", indent=2)
        return
    screen.line(
        f"in multiply-adds{at_sizes(found)}; a diagonal costs its length, an identity nothing", indent=2, style="dim"
    )
    for names in groups if full else groups[:_GROUPS]:
        _costs(screen, found, names)
    if len(groups) > _GROUPS and not full:
        left_out(screen, len(groups) - _GROUPS, "kinds of variables")


def worth_showing(found: Composition) -> list[str]:
    """The variables for which there is an order to choose: more than two Jacobians, or several paths."""
    trees = {name: costs["reverse"].tree for name, costs in found.costs.items()}
    return [name for name, tree in trees.items() if tree is None or len(_factors_of(tree)) > 2]


def _costs(screen: Screen, found: Composition, names: Sequence[str]) -> None:
    costs = found.costs[names[0]]
    cheapest = min(order.cost.at(found.sizes) for order in costs.values())
    screen.heading(", ".join(partial(found.name, name) for name in names))
    rows = []
    for kind, label in _MODES.items():
        order = costs.get(kind)
        if order is None or order.name != kind:
            continue
        number = order.cost.at(found.sizes)
        mark = "← cheapest" if number == cheapest else ""
        count = f"{count_text(order.cost)}  " if order.cost.symbolic.value is None else ""
        rows.append((label, _tree_text(found, names[0], order), f"{number:,}", (count + mark).rstrip()))
    if not any(row[1] for row in rows):
        rows = [(label, number, count) for label, _, number, count in rows]  # type: ignore[misc]  # rows of one length
    screen.columns(rows, indent=4)
    screen.line(_lesson(found, names[0], costs), indent=4)


def _lesson(found: Composition, name: str, costs: dict[str, Order]) -> str:
    """Why one order is cheaper: what is carried along is as many rows as y has entries, or as many columns as x."""
    out, variable = found.problem.output.shape, found.problem.variables[name].shape
    rows, columns = product(out), product(variable)
    many_rows, many_columns = rows.at(found.sizes), columns.at(found.sizes)
    reverse, forward = (costs[kind].cost.at(found.sizes) for kind in ("reverse", "forward"))
    best = costs.get("cheapest")
    inside = best is not None and best.name == "cheapest"
    y, x = name_text(found.name), name_text(name)
    carried = (
        f"from the left each product has {_some(many_rows, 'row')}, as many as {y} has entries; "
        f"from the right {_some(many_columns, 'column')}, as many as {x}"
    )
    if inside:
        return f"{carried}; it is cheapest to begin where the matrices in between are smallest"
    if reverse < forward:
        return f"{carried}: reverse mode wins"
    if forward < reverse:
        return f"{carried}: forward mode wins"
    return f"{carried}: here both cost the same"


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _factors_of(tree: Tree | None) -> list[str]:
    """The names in an order of multiplication, left to right."""
    names: list[str] = []
    stack: list[Tree] = [] if tree is None else [tree]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            names.append(part)
        else:
            stack.extend(part[::-1])
    return names


def _tree_text(found: Composition, name: str, order: Order) -> str:
    """An order of multiplication with its brackets."""
    names = _factors_of(order.tree)
    if order.tree is None or len(names) > _TREE:
        return ""
    below = dict(zip(names, [*names[1:], name], strict=True))

    def shown(tree: Tree, *, outer: bool = False) -> str:
        if isinstance(tree, str):
            return partial(tree, below[tree])
        joined = f"{shown(tree[0])} {shown(tree[1])}"
        return joined if outer else f"({joined})"

    return shown(order.tree, outer=True)
