"""A program cut along one axis: in which pass over its blocks each part can be computed, and what is kept of them.

What has the axis is computed block by block and never whole; what runs along it, sums, products of matrices, maxima and
logsumexp, is gathered from block to block (M. Milakov and N. Gimelshein, Online normalizer calculation for softmax,
2018), and what reads the result waits for the next pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jacobian_cli.calculus.derivative.common_subexpressions import fresh_name
from jacobian_cli.calculus.notation.operations import apply, divide, extent
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild, walk, with_parts
from jacobian_cli.ops import Kind, row
from jacobian_cli.ops.rules import reduced_axes
from jacobian_cli.printers.language import text
from jacobian_cli.printers.numpy.numbers import picked
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.errors import InputError

START, WIDTH = "start", "width"
"""Where a block begins, and how long it is."""
_GATHERED = frozenset({"sum", "max", "min", "logsumexp", "@", "dot", "einsum"})
_ALL = (None, None)
_ADDED = frozenset({"sum", "@", "dot", "einsum"})
_PLACED = frozenset({"[]", ".T", "transpose", "ones", "zeros", "one_hot", "ones_like", "zeros_like"})
"""Functions that put entries in other places, block by block."""


class Gathered(NamedTuple):
    """What is gathered from blocks under a name: added up, or the larger, or as logsumexp."""

    name: str
    how: str
    shape: Shape
    part: Expr
    """Of one block."""


class Pass(NamedTuple):
    """One run over all blocks."""

    before: list[Defined]
    """Whole values that it reads."""
    inside: list[Defined]
    """Values of a block."""
    gathered: list[Gathered]
    written: list[tuple[str, Expr]]
    """Results that have the axis, and a block of each."""


class Program(NamedTuple):
    """All passes, and the results that are whole."""

    passes: list[Pass]
    after: list[Defined]
    results: dict[str, Expr]
    """Under their keys; one that has the axis is written block by block."""


def spelled(form: Expr, axis: str) -> Expr:
    """The same formula, functions of rows along the axis by what they gather."""
    made: dict[Expr, Expr] = {}
    for node in walk([form]):
        found = with_parts(node, made)
        made[node] = _spelled(found, axis) if isinstance(found, Apply) else found
    return made[form]


def _spelled(node: Apply, axis: str) -> Expr:
    entry = row(node.function)
    if entry.kind is Kind.FORMULA and any(_has(a, axis) for a in node.arguments):
        body = meaning(entry.definition, entry.parameters, tuple(a.shape for a in node.arguments))
        given = dict(zip(entry.parameters, node.arguments, strict=True))
        return spelled(rebuild(body, lambda p: given.get(p.name) if isinstance(p, Variable) else None), axis)
    if not node.arguments:
        return node
    (x, *_), options = node.arguments, dict(node.parameters)
    if node.function in ("softmax", "log_softmax") and _has(x, axis):
        kept = {"axis": options.get("axis", (-1,)), "keepdims": True} if len(x.shape) > 1 else {}
        left = apply("-", x, apply("logsumexp", x, **kept))
        return apply("exp", left) if node.function == "softmax" else left
    if node.function == "sum" and (picked := _picked(node)) is not None:
        return picked
    if node.function == "mean" and _runs(node, axis):
        total: Expr = apply("sum", x, **options)
        for k in reduced_axes(x.shape, options):
            total = divide(total, extent(x.shape[k]))
        return total
    return node


def _picked(node: Apply) -> Expr | None:
    """sum(one_hot(y)*(x - lse)) over rows as sum(one_hot(y)*x) - lse, which waits for no other pass."""
    found = picked(node)
    if found is None or not isinstance(left := found[1], Apply) or left.function != "-":
        return None
    x, total = left.arguments
    if not isinstance(total, Apply) or total.function != "logsumexp" or not dict(total.parameters).get("keepdims"):
        return None
    ones = node.arguments[0].children[0]
    alone = apply("[]", total, index=(*[_ALL] * (len(total.shape) - 1), 0))
    return apply("-", apply("sum", apply("*", ones, x), **dict(node.parameters)), alone)


def _runs(node: Apply, axis: str) -> bool:
    """Whether a function of rows, or a total, runs along the axis."""
    entry, x = row(node.function), node.arguments[0]
    if entry.kind is Kind.CORE:
        return _has(x, axis)
    if entry.kind not in (Kind.REDUCTION, Kind.ROW, Kind.SHARE) or not x.shape:
        return False
    options = dict(node.parameters)
    if entry.kind is Kind.ROW:
        options.setdefault("axis", (-1,))
    return any(axis in x.shape[k].names() for k in reduced_axes(x.shape, options))


def _has(expr: Expr, axis: str) -> bool:
    return any(axis in size.names() for size in expr.shape)


class Cut:
    """The schedule of formulas, by the passes that their parts wait for."""

    def __init__(self, forms: Mapping[str, Expr], axis: str, taken: set[str]) -> None:
        self.forms, self.axis, self.taken = forms, axis, taken
        self.width = Size.named(self.free(WIDTH))
        self.start = Variable(self.free(START), ())
        self.blocks: dict[str, str] = {}
        """Variables that have the axis, and what a block of each is called."""
        self.names: dict[Expr, Defined] = {}
        self.made: dict[Expr, Expr] = {}
        self.stage: dict[Expr, int] = {}
        for node in walk(forms.values()):
            self.stage[node] = self._stage(node)

    def free(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def wide(self, node: Expr) -> bool:
        return _has(node, self.axis)

    def _gathers(self, node: Expr) -> bool:
        return isinstance(node, Apply) and not self.wide(node) and any(map(self.wide, node.arguments))

    def _stage(self, node: Expr) -> int:
        """The pass in which a block of what has the axis is known, or after which what has not the axis is."""
        if self.wide(node):
            self._want(node)
            return max([0, *(self.stage[c] + (not self.wide(c)) for c in node.children)])
        if self._gathers(node):
            self._want_gathered(node)
            return max([0, *(self.stage[c] + (not self.wide(c)) for c in node.children)])
        return max([-1, *(self.stage[c] for c in node.children)])

    def _want(self, node: Expr) -> None:
        if sum(self.axis in size.names() for size in node.shape) > 1 or any(
            self.axis in size.names() and size.name != self.axis for size in node.shape
        ):
            raise self._refusal(node)
        if not isinstance(node, Apply):
            return
        entry = row(node.function)
        if (
            node.arguments
            and entry.kind in (Kind.ROW, Kind.SHARE, Kind.CORE, Kind.REDUCTION)
            and _runs(node, self.axis)
        ):
            raise self._refusal(node)
        if entry.kind is Kind.SHAPE and node.function not in _PLACED:
            raise self._refusal(node)
        if node.function == "[]":
            self._want_whole(node)

    def _want_whole(self, node: Apply) -> None:
        """An index takes all of the axis."""
        shape, k = node.arguments[0].shape, 0
        for item in dict(node.parameters)["index"]:
            if item is None:
                continue
            if self.axis in shape[k].names() and item != (None, None):
                raise self._refusal(node)
            k += 1

    def _want_gathered(self, node: Expr) -> None:
        if not isinstance(node, Apply) or node.function not in _GATHERED:
            raise self._refusal(node)

    def _refusal(self, node: Expr) -> InputError:
        return InputError(
            f"{text(node)} is not computed in blocks along {self.axis}",
            hint="--chunk takes an axis of rows or of a sum",
        )

    def block(self, node: Expr) -> Expr:
        """A block of what has the axis; what has not, in the names of what was gathered."""
        order = [node]
        while order:
            part = order[-1]
            waiting = [c for c in self._below(part) if c not in self.made]
            if waiting:
                order += waiting
                continue
            order.pop()
            if part not in self.made:
                self.made[part] = self._made(part)
        return self.made[node]

    def _below(self, node: Expr) -> tuple[Expr, ...]:
        return () if node in self.names else node.children

    def _made(self, node: Expr) -> Expr:
        if node in self.names:
            return self.names[node]
        if isinstance(node, Variable) and self.wide(node):
            if node.name not in self.blocks:
                self.blocks[node.name] = self.free(f"{node.name}_")
            return Variable(self.blocks[node.name], self._cut(node.shape))
        if not self.wide(node) and not any(self.wide(c) for c in node.children):
            return with_parts(node, self.made) if node.children else node
        if isinstance(node, Defined):
            return Defined(node.name, self.made[node.body])
        assert isinstance(node, Apply), node
        arguments = tuple(self.made[a] for a in node.arguments)
        if node.function == "one_hot" and node.shape[-1].name == self.axis:
            arguments = (Apply("-", (arguments[0], self.start), (), arguments[0].shape), *arguments[1:])
        return Apply(node.function, arguments, self._options(node.parameters), self._cut(node.shape))

    def _cut(self, shape: Shape) -> Shape:
        return tuple(self.width if size.name == self.axis else size for size in shape)

    def _options(self, parameters: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
        def cut(value: Any) -> Any:
            if isinstance(value, Size):
                return self.width if value.name == self.axis else value
            return tuple(map(cut, value)) if isinstance(value, tuple) else value

        return tuple((name, cut(value)) for name, value in parameters)

    def program(self) -> Program:
        """The passes, one after the other."""
        nodes = list(walk(self.forms.values()))
        last = max([self.stage[n] for n in nodes if self.wide(n) or self._gathers(n)], default=-1)
        passes = []
        for k in range(last + 1):
            before = self._whole(nodes, k - 1)
            ends = [n for n in nodes if self._gathers(n) and self.stage[n] == k]
            written = [(key, f) for key, f in self.forms.items() if self.wide(f) and self.stage[f] == k]
            roots = [*(c for n in ends for c in n.children), *(f for _, f in written)]
            for n in self._reached(roots):
                self.block(n)
            parts = [self._part(node) for node in ends]
            made = self._named([*parts, *(self.block(f) for _, f in written)])
            parts, blocks = (
                made[: len(parts)],
                [(key, form) for (key, _), form in zip(written, made[len(parts) :], strict=True)],
            )
            inside = [n for n in walk(made) if isinstance(n, Defined) and self.width in n.shape]
            gathered = []
            for node, part in zip(ends, parts, strict=True):
                assert isinstance(node, Apply)
                name = self.free(_called(node))
                how = "sum" if node.function in _ADDED else node.function
                gathered.append(Gathered(name, how, node.shape, part))
                self.names[node] = Defined(name, node)
            passes.append(Pass(before, inside, gathered, blocks))
        after = self._whole(nodes, last)
        results = {key: form if self.wide(form) else self.block(form) for key, form in self.forms.items()}
        return Program(passes, after, results)

    def _named(self, forms: list[Expr]) -> list[Expr]:
        """Parts of a block that are read more than once, under names."""
        uses: Counter[Expr] = Counter()
        nodes = list(walk(forms, lambda n: not isinstance(n, Defined) or self.width in n.shape))
        for node in nodes:
            uses.update(set(node.children) if not isinstance(node, Defined) or self.width in node.shape else ())
        made: dict[Expr, Expr] = {}
        for node in nodes:
            kept = isinstance(node, Defined) and self.width not in node.shape
            found = node if kept or not node.children else with_parts(node, made)
            again = isinstance(node, Apply) and uses[node] > 1 and self.width in node.shape and bool(node.arguments)
            if again and not _is_placed(node) and not any(isinstance(d, Defined) and d.body is node for d in nodes):
                found = Defined(self.free(fresh_name(node, self.taken)), found)
            made[node] = found
        return [made[form] for form in forms]

    def _part(self, node: Expr) -> Expr:
        """What a block adds to what is gathered."""
        assert isinstance(node, Apply)
        arguments = tuple(self.block(a) for a in node.arguments)
        return Apply(node.function, arguments, self._options(node.parameters), node.shape)

    def _whole(self, nodes: list[Expr], k: int) -> list[Defined]:
        """The definitions without the axis that are known after this pass."""
        found = [n for n in nodes if isinstance(n, Defined) and not self.wide(n) and self.stage[n] == k]
        made = [self.block(n) for n in found]
        return [d for d in made if isinstance(d, Defined)]

    def _reached(self, roots: list[Expr]) -> Iterator[Expr]:
        """The definitions that have the axis and that these blocks read, each after those that it reads itself."""
        for node in walk(roots, lambda n: self.wide(n) or n in roots):
            if isinstance(node, Defined) and self.wide(node):
                yield node


def _is_placed(node: Expr) -> bool:
    """Whether it is of entries in other places, which costs little to write again."""
    return isinstance(node, Apply) and node.function in _PLACED


def _called(node: Apply) -> str:
    return {"logsumexp": "lse", "max": "top", "min": "least"}.get(node.function, "total")
