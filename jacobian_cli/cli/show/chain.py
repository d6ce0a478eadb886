"""A chain on the terminal: links, their product from the output backwards, its cost, the reshape, the proof."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from jacobian_cli.api.chain.answer import RunningProduct
from jacobian_cli.api.chain.composition import Composition
from jacobian_cli.api.derive.answer import Answer
from jacobian_cli.api.sizes import sized
from jacobian_cli.checks.oracles.entry_text import greek, indexed
from jacobian_cli.cli.screen import Matrix, Screen, cells
from jacobian_cli.cli.show.about import about, both, closing, name_text, partial, stands, unchecked, verdict
from jacobian_cli.cli.show.orders import at_sizes, count_text, left_out, show_orders, worth_showing
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.shape import ONE

if TYPE_CHECKING:  # they load SymPy and NumPy, which the answer does without
    from jacobian_cli.api.chain.proof import ChainProof, Numbers, Step

_LINKS = 12
"""Of a longer chain the first and the last links are shown."""
_PLACES = 8
_PATHS = 6
T = TypeVar("T")


class ChainPage:
    """A composition on the screen: what can be said before anything is checked, and what only then."""

    def __init__(self, screen: Screen, found: Composition, *, full: bool) -> None:
        self.screen, self.found, self.full = screen, found, full

    def about(self) -> None:
        """The formulas as they were read, and every shape."""
        if self.found.note:
            self.screen.line(self.found.note, style="dim")
        about(self.screen, self.found.problem)

    def answers(self, answers: Sequence[Answer]) -> None:
        """Every link, every product, every name, what it costs, and the answer for each variable."""
        screen, found, full = self.screen, self.found, self.full
        screen.rule("Local Jacobians")
        _links(screen, found, full=full)
        screen.line()
        screen.rule(f"Their product, from {name_text(found.name)} backwards")
        _products(screen, found, full=full)
        for link, input_ in found.flat:
            screen.line(
                f"nothing comes back through {name_text(link)}: "
                f"by {name_text(input_)} its derivative is 0 wherever it has one",
                style="yellow",
                indent=2,
            )
        if found.deltas:
            screen.line()
            screen.rule("Named once")
            _deltas(screen, found, full=full)
        if worth_showing(found):
            screen.line()
            screen.rule("Order of multiplication")
            show_orders(screen, found, full=full)
        for answer in answers:
            _answer(screen, found, answer)

    def steps(self, points: int | None) -> None:
        """The derivation by each variable in place of the tables, each line checked at so many points, if at any."""
        from jacobian_cli.cli.show.steps import equations, verdict_on_steps  # loads all of the steps

        for k, derivation in enumerate(self.found.stepwise):
            self.screen.line()
            self.screen.rule(f"{partial(self.found.name, derivation.wrt)}, step by step")
            equations(self.screen, derivation.stepwise, [d.stepwise for d in self.found.stepwise[:k]])
            if points is not None:
                verdict_on_steps(self.screen, derivation.stepwise.checked(points), len(derivation.steps()))

    def verdicts(self, proof: ChainProof) -> None:
        """What stands in place of what failed, the numbers at the point given, and the verdict."""
        screen, found = self.screen, self.found
        for each in proof.settled.values():
            if each.failed is not None:
                stands(screen, each.answer)
        if proof.numbers is not None:
            screen.line()
            screen.rule("At the point given")
            _numbers(screen, found, proof.numbers, full=self.full)
            _kinks(screen, proof)
        if proof.descent is not None:
            screen.line()
            screen.rule("One step of gradient descent")
            _descent(screen, found, proof.descent)
        screen.line()
        verdict(screen, proof.report)
        closing(screen, found.problem)

    def unchecked(self) -> None:
        """What stands in place of a verdict where none was wanted."""
        self.screen.line()
        unchecked(self.screen)
        closing(self.screen, self.found.problem)


def _math(found: Composition, expr: Expr) -> str:
    """As mathematics; the entries of a matrix as one row, or as one column, are said in a word."""

    def shown(node: Expr) -> Expr | None:
        if not _is(node, "reshape") or len(node.children[0].shape) != 2:
            return None
        if len(node.shape) == 1:
            return Variable(f"col({math(node.children[0])})", node.shape)
        return Variable(f"row({math(node.children[0])})", node.shape) if node.shape[0] is ONE else None

    rows = rebuild(expr, lambda n: n if isinstance(n, Defined) else shown(n))
    return math(rows, found.problem.variables)


def _shortened(items: Sequence[T], *, full: bool) -> tuple[Sequence[T], Sequence[T], int]:
    """The first and the last of many items, and how many are left out between them."""
    if full or len(items) <= _LINKS:
        return items, (), 0
    half = _LINKS // 2
    return items[:half], items[-half:], len(items) - 2 * half


def _links(screen: Screen, found: Composition, *, full: bool) -> None:
    first, last, hidden = _shortened(found.links, full=full)
    for part in (first, last):
        rows = []
        for link in part:
            for name, local in link.locals.items():
                rows.append((partial(link.name, name), sized(local.shape), local.closed_form, _math(found, local.expr)))
        if rows:
            _forms(screen, rows)
        if part is first and hidden:
            left_out(screen, hidden, "links")


def _forms(screen: Screen, rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Derivatives with their shapes, as expressions of the language and as mathematics."""
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    if sum(widths) + 8 <= screen.width:
        screen.columns(rows, styles=("bold", "dim", "green"))
        return
    for symbol, shape, written, mathematics in rows:
        if widths[0] + widths[1] + len(written) + len(mathematics) + 8 <= screen.width:
            shown = (symbol.ljust(widths[0]), shape.ljust(widths[1]), written, mathematics)
            screen.columns([shown], styles=("bold", "dim", "green"))
        else:
            screen.heading(symbol.ljust(widths[0]), shape)
            screen.line(written, indent=6, style="green")
            screen.line(mathematics, indent=6)


def _products(screen: Screen, found: Composition, *, full: bool) -> None:
    if any(_math(found, running.row).startswith("row(") for running in found.products):
        screen.line("row(A), col(A): the entries of A row by row, as one row, as one column", indent=2, style="dim")
    first, last, hidden = _shortened(found.products, full=full)
    for part in (first, last):
        for running in part:
            _product(screen, found, running)
        if part is first and hidden:
            left_out(screen, hidden, "products")


def _product(screen: Screen, found: Composition, running: RunningProduct) -> None:
    """One running product: as factors, worked out, and under its name."""
    out, node = found.name, running.node
    paths = found.count_paths(node)
    screen.heading(partial(out, node), sized(running.shape) + _paths(paths, len(running.factors)))
    ends = [_math(found, running.expr)]
    if running.name is not None:
        ends.append(_math(found, running.row))
    if not running.factors:
        screen.line(f"= {_math(found, running.expr)}", indent=4)
        return
    if len(running.factors) == 1:
        ((link, factors),) = running.factors.items()
        chained = [partial(out, link) + " " + partial(link, node)] if link != out else []
        screen.line("= " + " = ".join(dict.fromkeys([*chained, _math(found, factors.expr), *ends])), indent=4)
    else:
        if paths <= _PATHS and paths > len(running.factors):
            for path in found.paths(node, _PATHS):
                screen.line("path " + " → ".join(map(name_text, path)), indent=4, style="dim")
        rows = []
        for link, factors in running.factors.items():
            step = f"{partial(out, link)} {partial(link, node)}" if link != out else partial(link, node)
            rows.append((f"by {name_text(link)}", step, f"= {_math(found, factors.expr)}"))
        screen.columns(rows, indent=4, styles=("dim",))
        screen.line("sum = " + " = ".join(dict.fromkeys(ends)), indent=4)
    reason = _reason(found, running)
    if reason:
        screen.line(reason, indent=4, style="dim")


def _paths(count: int, links: int) -> str:
    if count == 1:
        return ""
    return f"; {count:,} paths, added up" if links > 1 else f"; {count:,} paths come through here"


def _reason(found: Composition, running: RunningProduct) -> str:
    """Why the product comes out as it does, where the lecture says so."""
    if len(running.factors) != 1 or running.gradient is None:
        return ""
    ((link, factors),) = running.factors.items()
    local = next(each.locals[running.node].expr for each in found.links if each.name == link)
    if factors.expr is local:
        return ""
    if _is(local, "diag"):
        return "a row times a diagonal matrix is a Hadamard product"
    if _is(local, "eye"):
        return "a row times the identity is the row"
    return ""


def _is(expr: Expr, function: str) -> bool:
    return isinstance(expr, Apply) and expr.function == function


def _deltas(screen: Screen, found: Composition, *, full: bool) -> None:
    """The names, what they stand for, and what it saves that each is worked out once."""
    nodes = {product.name: product.node for product in found.products if product.name}
    items = list(found.deltas.items())
    first, last, hidden = _shortened(items, full=full)
    for part in (first, last):
        rows = []
        for name, form in part:
            symbol = partial(found.name, nodes[name])
            left = f"({symbol})ᵀ" if found.gradients and len(form.shape) == 1 else symbol
            rows.append(
                (
                    f"{name_text(name)} = {left}",
                    sized(form.shape),
                    f"{name} = {form.closed_form}",
                    _math(found, form.expr),
                )
            )
        if rows:
            _forms(screen, rows)
        if part is first and hidden:
            left_out(screen, hidden, "names")
    together, alone = found.sharing.together, found.sharing.alone
    now, then = together.at(found.sizes), alone.at(found.sizes)
    if now < then:
        names = [v.name for v in found.problem.wrt if _uses(found.jacobians[v.name].closed_form, found.deltas)]
        listed = f"{', '.join(names[:-1])} and {names[-1]}" if 1 < len(names) <= 6 else f"{len(names)} variables"
        screen.line(
            f"shared by {listed}: {now:,} multiply-adds instead of {then:,}{at_sizes(found)}"
            + (
                f"; {count_text(together)} instead of {count_text(alone)}"
                if any(map(str.isalpha, count_text(together)))
                else ""
            ),
            indent=2,
        )


def _answer(screen: Screen, found: Composition, d: Answer) -> None:
    """One variable: the pure-math Jacobian, how it is reshaped, and the gradient in the variable's shape."""
    screen.line()
    screen.rule(partial(found.name, d.wrt))
    flat = [n for n, s in ((found.name, d.problem.output.shape), (d.wrt, d.variable.shape)) if len(s) > 1]
    note = f"; {' and '.join(map(name_text, flat))} flattened row by row" if flat else ""
    screen.heading("Jacobian", f"{sized(d.jacobian.shape)}, pure maths{note}")
    both(screen, d.jacobian, _math(found, d.jacobian.expr))
    if d.gradient is None:
        return
    _reshape(screen, found, d)
    screen.heading("Gradient", f"{sized(d.gradient.shape)}, with the shape of the variable at every step: the same")
    both(screen, d.gradient, _math(found, d.gradient.expr))


def _reshape(screen: Screen, found: Composition, d: Answer) -> None:
    """The row and the gradient that it becomes, entry by entry, with the rule and the reason."""
    shape, x = d.variable.shape, name_text(d.wrt)
    if len(shape) == 1:
        screen.heading("Reshape", f"1 × {sized(d.vjp.shape)} → {sized(d.vjp.shape)}: the row, turned")
        return
    if len(shape) != 2:
        return
    before, after = sized(d.jacobian.shape), sized(d.vjp.shape)
    screen.heading("Reshape", f"{before} → {after}")
    screen.line(text(found.reshaped[d.wrt].expr), indent=4, style="green")
    screen.line(
        f"row by row; gradient descent subtracts it from {x}, so it needs the shape of {x}", style="dim", indent=4
    )
    rows, columns = (size.at(found.sizes) for size in shape)
    if rows <= _PLACES and columns <= _PLACES and rows * columns <= 4 * _PLACES:
        labels = tuple(tuple(indexed(greek(d.wrt), (i, j)) for j in range(columns)) for i in range(rows))
        row = Matrix((tuple(cell for line in labels for cell in line),))
        if row.width + 14 <= screen.width:
            screen.columns([("row", row), ("gradient", Matrix(labels))], indent=4)
    n, m = (str(size) for size in d.vjp.shape)
    screen.line(f"were the row taken column by column: reshape(row, ({m}, {n})).T", indent=4, style="dim")


def _kinks(screen: Screen, proof: ChainProof) -> None:
    """The functions that have no derivative at the point, each in the names of the chain."""
    kinks = {kink.node: kink for answer in proof.answers.values() if answer.at for kink in answer.at.kinks}
    for node, kink in kinks.items():
        screen.line(
            f"{math(node)} is not differentiable here: exactly at its kink; the choice shown takes "
            + (f"its derivative as {kink.choice}" if kink.choice else "the derivative of one side"),
            style="yellow",
            indent=2,
        )


def _numbers(screen: Screen, found: Composition, at: Numbers, *, full: bool) -> None:
    """Values, local Jacobians and running products in figures."""
    from jacobian_cli.cli.show.numbers import numbers  # loads NumPy

    shown = {
        "Values": {name_text(link.name): at.values[link.name] for link in found.links},
        "Local Jacobians": {partial(*key): value for key, value in at.locals.items()},
        "Products": {partial(found.name, node): value for node, value in at.products.items()},
        "Gradients": {partial(found.name, name): value for name, value in (at.gradients or {}).items()},
    }
    for title, arrays in shown.items():
        if arrays:
            screen.heading(title, style="")
            room = screen.width - max(map(cells, arrays)) - 9
            screen.columns([(n, "=", numbers(array, room, full=full)) for n, array in arrays.items()], indent=4)


def _descent(screen: Screen, found: Composition, step: Step) -> None:
    """What one step does to the loss."""
    y = name_text(found.name)
    moved = ", ".join(f"{name_text(v.name)} − {step.rate:g}·{partial(found.name, v.name)}" for v in found.problem.wrt)
    screen.line(moved, indent=2)
    screen.columns(
        [
            (f"{y} before", f"{step.before:.8g}", ""),
            (f"{y} after", f"{step.after:.8g}", f"a plane would give {step.predicted:.8g}"),
        ],
        styles=("", "", "dim"),
    )
    if step.after < step.before:
        screen.line(f"✓ {y} falls by {step.before - step.after:.4g}", style="green", indent=2)
    elif step.after == step.before:
        screen.line(f"{y} stays: the gradient is 0 here", style="yellow", indent=2)
    else:
        screen.line(f"{y} rises: the step is too long; try a smaller rate", style="yellow", indent=2)


def _uses(text: str, names: Iterable[str]) -> bool:
    """Whether one of these names stands in a closed form."""
    return not set(re.findall(r"\w+", text)).isdisjoint(names)
