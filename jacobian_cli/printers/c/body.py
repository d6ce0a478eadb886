"""The statements of one function: arrays as loops over their entries, what repeats or is needed whole in arrays of its
own, all else where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jacobian_cli.expr import Apply, Defined, Expr, walk
from jacobian_cli.ops import Kind, row
from jacobian_cli.printers.c.entries import COMPARED, Entries, ascii_name, same_axes
from jacobian_cli.printers.c.places import ZERO, Place, count, flat
from jacobian_cli.printers.c.spelling import spelled
from jacobian_cli.printers.c.sums import Sum, place
from jacobian_cli.printers.c.windows import WINDOWS

_LARGE = 1024
"""Arrays of more entries are static: 8 KiB are much of a small stack."""
_HEAVY, _CALL, _LOOP = 3, 4, 100
Write = Callable[[tuple[Place, ...]], str]
_LIGHT = frozenset({"+", "-", "*", "u-", "where", *COMPARED})
_JOINED = frozenset({"concat", "stack"})
_FOLDED = frozenset({"reshape"})


class Body(Entries):
    """What stands between the braces of a function."""

    def define(self, node: Defined) -> None:
        """A definition, under its own name."""
        body = self._prepared(node.body)
        self.names[node] = self._held(body, self.claim(ascii_name(node.name)))

    def result(self, form: Expr, out: str) -> None:
        """A result: returned where it has no axes, unless there is a name to write it to."""
        body = self._prepared(form)
        lengths = self.lengths(body.shape)
        if body.shape:
            self.into(body, lambda at: f"{out}[{flat(at, lengths).text}]", out)
        else:
            self.say(f"{out or 'return'} {'= ' * bool(out)}{self.entry(body, ()).text};")

    def _prepared(self, form: Expr) -> Expr:
        """An expression, with all that it needs whole, or more than once, held."""
        body = spelled(form, self.lengths)
        needs = self._needs(body)
        weights: dict[Expr, int] = {}
        for node in list(walk([body], lambda n: n not in self.names)):
            weights[node] = 0 if node in self.names else self._weight(node, weights)
            whole, again = needs.get(node, (False, False))
            if node is not body and node not in self.names and (whole or (again and weights[node] >= _HEAVY)):
                self.names[node] = self._held(node)
                weights[node] = 0
        return body

    def _held(self, node: Expr, name: str = "") -> str:
        """The name of what holds the value of an expression."""
        lengths = self.lengths(node.shape)
        if not node.shape:
            value = self.entry(node, ()).text
            if not name and value in self.taken:
                return value
            name = name or self.claim("t1")
            self.say(f"double {name} = {value};")
            return name
        name = name or self.claim("t1")
        static = "static " if count(lengths) > _LARGE else ""
        self.say(f"{static}double {name}[{count(lengths)}];")
        self.into(node, lambda at: f"{name}[{flat(at, lengths).text}]", name)
        return name

    def _needs(self, body: Expr) -> dict[Expr, tuple[bool, bool]]:
        """For each part whether it must be there as an array, and whether its entries are asked for repeatedly."""
        found: dict[Expr, tuple[bool, bool]] = {body: (False, False)}
        waiting = [body]

        def need(child: Expr, *, whole: bool, again: bool) -> None:
            if child not in found:
                found[child] = (whole, again)
                waiting.append(child)
            else:
                found[child] = (found[child][0] or whole, True)

        while waiting:
            node = waiting.pop()
            if node in self.names or not isinstance(node, Apply):
                continue
            total = self.sums.of(node, self.names)
            if total is not None:
                for part, labels in total.factors:
                    need(part, whole=self._apart(part), again=any(label not in labels for label in total.long))
                continue
            entries = count(self.lengths(node.shape))
            reduces = row(node.function).kind is Kind.REDUCTION
            for child in node.arguments:
                again = not reduces and count(self.lengths(child.shape)) < entries and not _joins(node)
                again = again or node.function in WINDOWS
                need(child, whole=self._takes_arrays(node) or (self._apart(child) and not _joins(node)), again=again)
        return found

    def _takes_arrays(self, node: Apply) -> bool:
        return self.whole(node) or (node.function in _FOLDED and not same_axes(self, node))

    def _apart(self, node: Expr) -> bool:
        """Whether an expression can only be had as an array, not entry by entry."""
        if node in self.names or not isinstance(node, Apply):
            return False
        total = self.sums.of(node, self.names)
        if total is not None:
            return not total.plain
        return _joins(node) or (bool(node.shape) and self.whole(node))

    def _weight(self, node: Expr, weights: Mapping[Expr, int]) -> int:
        if not isinstance(node, Apply):
            return 0
        below = sum(weights.get(child, 0) for child in node.arguments)
        total = self.sums.of(node, self.names)
        if total is not None:
            return _LOOP if total.summed else below + max(0, len(total.factors) - 1)
        kind = row(node.function).kind
        if kind in (Kind.REDUCTION, Kind.ROW, Kind.SHARE, Kind.CORE):
            return _LOOP
        if kind is Kind.SHAPE:
            return below
        return below + (1 if node.function in _LIGHT else _CALL)

    def into(self, node: Expr, write: Write, name: str = "") -> None:
        """Write all entries of an expression; `name` is the array where they lie row by row in one of their own."""
        lengths = self.lengths(node.shape)
        if node not in self.names and isinstance(node, Apply):
            total = self.sums.of(node, self.names)
            if total is not None:
                self._sum_into(total, lengths, write)
                return
            if _joins(node):
                self._joined(node, write)
                return
            if self.whole(node):
                self._blocks(node, write, name)
                return
        with self.over(lengths) as at:
            value = self.entry(node, at).text
            self.say(f"{write(at)} = {value};")

    def _sum_into(self, total: Sum, lengths: tuple[int, ...], write: Write) -> None:
        if not total.whole(lengths):
            with self.over(lengths) as at:
                self.say(f"{write(at)} = 0.0;")
        with self.over([total.long[label] for label in total.kept]) as at:
            where = dict(zip(total.kept, at, strict=True))
            value = self.summed_at(total, where).text
            self.say(f"{write(tuple(place(axis, where) for axis in total.axes))} = {value};")

    def _joined(self, node: Apply, write: Write) -> None:
        """Parts along an axis, each at its own places."""
        (axis,) = dict(node.parameters).get("axis") or (0,)
        axis %= len(node.shape)
        new = node.function == "stack"
        start = 0
        for part in node.arguments:
            at_part = start

            def moved(at: tuple[Place, ...], part: Expr = part, at_part: int = at_part) -> str:
                if new:
                    return write((*at[:axis], Place(offset=at_part), *at[axis:]))
                full = at or (ZERO,)
                return write((*full[:axis], full[axis].plus(Place(offset=at_part)), *full[axis + 1 :]))

            if part in self.names or not isinstance(part, Apply):
                self.copied(part, moved)
            else:
                self.into(part, moved)
            start += 1 if new or not part.shape else self.lengths(part.shape)[axis]

    def copied(self, part: Expr, write: Write) -> None:
        with self.over(self.lengths(part.shape)) as at:
            self.say(f"{write(at)} = {self.entry(part, at).text};")

    def _blocks(self, node: Apply, write: Write, name: str) -> None:
        """A function of rows, or of matrices, of each of them; what does not lie in one piece is gathered first."""
        (x,) = node.arguments
        lengths, axes = self.lengths(x.shape), self.axes_of(node)
        kept = [axis for axis in range(len(lengths)) if axis not in axes]
        size = count(lengths[axis] for axis in axes)
        function, gathered = self.block_name(node, size), axes != list(range(len(kept), len(lengths)))
        number = row(node.function).kind is Kind.REDUCTION or len(node.shape) == len(kept)
        source = self.pointer(x)
        with self.over([lengths[axis] for axis in kept]) as front:
            where = dict(zip(kept, front, strict=True))
            start = flat([*front, ZERO], [*(lengths[axis] for axis in kept), size])
            block = _moved(source, start)
            if gathered:
                block = self.claim("row1")
                self.say(f"double {block}[{size}];")
                with self.over([lengths[axis] for axis in axes]) as back:
                    every = {**where, **dict(zip(axes, back, strict=True))}
                    place_ = flat([every[axis] for axis in range(len(lengths))], lengths).text
                    self.say(f"{block}[{flat(back, [lengths[a] for a in axes]).text}] = {source}[{place_}];")
            if number:
                at = (
                    tuple(where.get(axis, ZERO) for axis in range(len(lengths)))
                    if len(node.shape) == len(lengths)
                    else front
                )
                self.say(f"{write(at)} = {function}({block});")
                return
            if name and not gathered:
                self.say(f"{function}({block}, {_moved(name, start)});")
                return
            made = self.claim("made1")
            self.say(f"double {made}[{size}];")
            self.say(f"{function}({block}, {made});")
            with self.over([lengths[axis] for axis in axes]) as back:
                every = {**where, **dict(zip(axes, back, strict=True))}
                target = write(tuple(every[axis] for axis in range(len(lengths))))
                self.say(f"{target} = {made}[{flat(back, [lengths[a] for a in axes]).text}];")


def _moved(name: str, start: Place) -> str:
    return name if start == ZERO else f"{name} + {start.text}"


def _joins(node: Expr) -> bool:
    return isinstance(node, Apply) and node.function in _JOINED
