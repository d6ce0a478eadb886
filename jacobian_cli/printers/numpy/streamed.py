"""Source that runs over blocks of one axis, so that what has this axis is never held whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from jacobian_cli.expr import Apply, Defined, Expr, Variable, visible, walk
from jacobian_cli.ops import Kind, row
from jacobian_cli.ops.places import places_of
from jacobian_cli.printers.numpy.calls import NumPyWriter
from jacobian_cli.printers.numpy.module import (
    Function,
    Module,
    definition,
    documented,
    indented,
    like_of,
    mentioned,
    size_checks,
)
from jacobian_cli.printers.numpy.passes import Cut, Gathered, Pass
from jacobian_cli.printers.numpy.target import NUMPY, Target
from jacobian_cli.shape import Shape

_IN_PLACE = frozenset({"+", "-", "*", "/", "exp"})
_JOINS = {"max": "maximum", "min": "minimum", "logsumexp": "logaddexp"}
_FIRST = {"max": "-{np}.inf", "min": "{np}.inf", "logsumexp": "-{np}.inf"}
_ONCE = """

Where gradients are wanted they are computed with the value, in the same blocks, and the backward pass multiplies them
by the number that arrives: nothing of a block is computed again for it."""


class Axis(NamedTuple):
    """The axis that is cut, and how long a block is unless it is said."""

    name: str
    block: int


class Streamed:
    """A function that is computed in blocks."""

    def __init__(self, function: Function, module: Module, axis: Axis, block: str) -> None:
        self.function, self.module, self.axis, self.block = function, module, axis, block
        forms = {"": function.result, **dict(function.others)}
        names = {n.name for form in forms.values() for n in walk([form]) if isinstance(n, Defined)}
        self.taken = {*module.taken, *names, *function.arguments, *function.sizes}
        self.cut = Cut(forms, axis.name, self.taken)
        self.like = like_of(function)
        self.writer = NumPyWriter(
            {}, {}, module.name, module.np, module.math, target=module.target, like=self.like, fills=False
        )
        self.lines, self.results = self._written()

    def _written(self) -> tuple[list[str], dict[str, str]]:
        program, writer, module = self.cut.program(), self.writer, self.module
        lines: list[str] = []
        outs = {key: self.cut.free(f"grad_{key}" if key else "found") for key, form in self.cut.forms.items()}
        for each in program.passes:
            lines += self._pass(each, outs)
        lines += [self._defined(d) for d in program.after]
        results = {
            key: outs[key] if self.cut.wide(form) else self._result(form) for key, form in program.results.items()
        }
        forms = [self.function.result, *(form for _, form in self.function.others)]
        places = [module.target.places.format(name=name, np=module.np) for name in places_of(forms)]
        checked = size_checks(self.function, writer)
        writer.size(self.cut.width)
        del writer.used_sizes[self.cut.width.name or ""]
        self.writer.used_sizes[self.axis.name] = None
        known = [f"{n} = {text}" for n, text in self.function.sizes.items() if n in writer.used_sizes]
        return [*known, *places, *checked, *lines], results

    def _result(self, form: Expr) -> str:
        found = self.writer.source(form)
        make = self.module.target.number
        return make(self.writer, found) if found.plain and make else found.piece.text

    def _defined(self, node: Defined) -> str:
        return f"{node.name} = {self.writer.text(node.body)}"

    def _pass(self, each: Pass, outs: dict[str, str]) -> list[str]:
        start, width, v = self.cut.start.name, self.cut.width.name or "", self.axis.name
        inner = self._inner(each, outs)
        blocks = {there: name for name, there in self.cut.blocks.items()}
        slices = [
            f"{there} = {blocks[there]}[{self._slice(self.function.shapes[blocks[there]])}]"
            for there in mentioned(blocks, inner)
        ]
        if mentioned([width], inner):
            slices.insert(0, f"{width} = min({self.block}, {v} - {start})")
        first = [self._first(gathered) for gathered in each.gathered]
        first += [f"{outs[key]} = {self._array('empty', self.cut.forms[key].shape)}" for key, _ in each.written]
        loop = [f"for {start} in range(0, {v}, {self.block}):", *(f"    {line}" for line in [*slices, *inner])]
        return [*(self._defined(d) for d in each.before), *first, *loop]

    def _inner(self, each: Pass, outs: dict[str, str]) -> list[str]:
        """What is done with a block: each total as soon as what it reads is there: the rest may overwrite that."""
        reads = [(self._gathered(gathered), gathered.part) for gathered in each.gathered]
        for key, form in each.written:
            line = f"{outs[key]}[{self._slice(self.cut.forms[key].shape)}] = {self.writer.text(form)}"
            reads.append(([line], form))
        lines: list[str] = []
        waiting = reads
        for k, node in enumerate(each.inside):
            known: set[Expr] = {*each.inside[:k]}
            ready = [item for item in waiting if self._named(item[1]) <= known]
            waiting = [item for item in waiting if item not in ready]
            lines += [line for part, _ in ready for line in part]
            rest = [*(d.body for d in each.inside[k + 1 :]), *(form for _, form in waiting)]
            later = set[Expr]().union(*map(self._named, rest))
            lines += self._computed(node, later)
        lines += [line for part, _ in waiting for line in part]
        held = [node.name for node in each.inside if len(node.shape) > 1 and node.shape[0].value != 1]
        return [*lines, *([f"del {', '.join(held)}"] if held else [])]

    def _named(self, form: Expr) -> set[Expr]:
        """The values of a block that an expression reads by their names."""
        found = visible(form)
        return {n for n in found if isinstance(n, Defined) and self._is_block(n)}

    def _is_block(self, node: Expr) -> bool:
        return self.cut.width in node.shape

    def _computed(self, node: Defined, later: set[Expr]) -> list[str]:
        """A value of a block: in PyTorch step by step in one array, that of a value that nothing reads any more."""
        steps, base = self._steps(node.body) if self.module.target.arrays else ([], node.body)
        if not steps:
            return [self._defined(node)]
        if base in later or not _is_fresh(base):
            base = steps.pop()
        done = [self._step(node.name, step) for step in reversed(steps)]
        return [f"{node.name} = {self.writer.text(base)}", *done]

    def _steps(self, body: Expr) -> tuple[list[Expr], Expr]:
        """Operations on entries, the last first, each on the value of the next; and what the first is done to."""
        steps: list[Expr] = []
        while isinstance(body, Apply) and body.function in _IN_PLACE and body.arguments[0].shape == body.shape:
            steps.append(body)
            body = body.arguments[0]
        return steps, body

    def _step(self, name: str, step: Expr) -> str:
        assert isinstance(step, Apply)
        if step.function == "exp":
            return f"{name}.exp_()"
        other = step.arguments[1]
        if step.function == "-" and isinstance(other, Apply) and row(other.function).picking and len(other.shape) == 2:
            at = other.arguments[0]
            if isinstance(at, Variable) and other.shape[1] != self.cut.width:
                places = self.writer.text(at)
                return f"{name}[{self.module.np}.arange(len({places}), device={places}.device), {places}] -= 1"
        return f"{name} {step.function}= {self.writer.text(other)}"

    def _slice(self, shape: Shape) -> str:
        """The block of an array of this shape."""
        start, block = self.cut.start.name, self.block
        parts = [f"{start}:{start} + {block}" if size.name == self.axis.name else ":" for size in shape]
        while parts[-1] == ":":
            parts.pop()
        return ", ".join(parts)

    def _first(self, gathered: Gathered) -> str:
        """What is gathered before the first block."""
        if gathered.how == "sum":
            return f"{gathered.name} = {self._array('zeros', gathered.shape) if gathered.shape else '0.0'}"
        return f"{gathered.name} = {self._array('full', gathered.shape, _FIRST[gathered.how])}"

    def _array(self, function: str, shape: Shape, *fill: str) -> str:
        np = self.module.np
        sizes = ", ".join(self.writer.size(size).text for size in shape) + "," * (len(shape) == 1)
        values = [value.format(np=np) for value in fill]
        return f"{np}.{function}({', '.join([f'({sizes})', *values, *self._kind()])})"

    def _kind(self) -> list[str]:
        if self.module.target.arrays:
            return [f"dtype={self.like}.dtype", f"device={self.like}.device"]
        return [f"dtype={self.module.np}.result_type({self.like}, {self.module.np}.float32)"]

    def _gathered(self, gathered: Gathered) -> list[str]:
        name, part, np = gathered.name, gathered.part, self.module.np
        if gathered.how != "sum":
            return [f"{name} = {np}.{_JOINS[gathered.how]}({name}, {self.writer.text(part)})"]
        if not gathered.shape:
            return [f"{name} = {name} + {self.writer.source(part).piece.text}"]
        if self.module.target.arrays and isinstance(part, Apply) and part.function == "@":
            a, b = part.arguments
            if len(a.shape) == 2 == len(b.shape):
                return [f"{name}.addmm_({self.writer.text(a)}, {self.writer.text(b)})"]
        return [f"{name} += {self.writer.text(part)}"]


def _is_fresh(expr: Expr) -> bool:
    """Whether an array is none of the arguments, and no view of one."""
    while isinstance(expr, Defined):
        expr = expr.body
    return isinstance(expr, Apply) and row(expr.function).kind is not Kind.SHAPE and not row(expr.function).moves


def streamed_source(joint: Function, value: Function, axis: Axis, target: Target = NUMPY) -> str:
    """A module in which the value, and the value with its gradients, are computed in blocks of an axis."""
    rules = ["Rule"] if target.arrays else []
    module = Module([joint, value], target, also=rules)
    block = module.claim("block")
    value = replace(value, docstring=value.docstring + _ONCE * target.arrays)
    both, alone = Streamed(joint, module, axis, block), Streamed(value, module, axis, block)
    pair = f"{both.results['']}, {{{', '.join(_entries(both))}}}"
    if not target.arrays:
        written = [_function(alone, value.name, alone.results[""]), _function(both, joint.name, pair)]
        return module.source(written)
    return module.source(_rule(both, alone, module))


def _entries(each: Streamed) -> list[str]:
    return [f'"{name}": {each.results[name]}' for name, _ in each.function.others]


def _parameters(each: Streamed) -> list[str]:
    array = f"{each.module.np}.{each.module.target.array}"
    kinds = {n: array if n in each.function.shapes else "int" for n in each.function.arguments}
    if not each.module.target.arrays:
        kinds |= {n: "float" for n, shape in each.function.shapes.items() if n in kinds and not shape}
    return [*(f"{n}: {kind}" for n, kind in kinds.items()), f"{each.block}: int = {each.axis.block}"]


def _function(each: Streamed, name: str, result: str) -> str:
    array = f"{each.module.np}.{each.module.target.array}"
    back = f"tuple[float, dict[str, {array} | float]]" if each.function.others else "float"
    return definition(name, _parameters(each), [*documented(each.function), *each.lines, f"return {result}"], back)


def _rule(both: Streamed, alone: Streamed, module: Module) -> Sequence[str]:
    """For PyTorch: the forward pass computes the gradients too, block by block, and the backward pass multiplies."""
    function = both.function
    names, np = [name for name, _ in function.others], module.np
    forward, only = module.claim("_value_and_gradients"), module.claim("_value")
    given = [*function.arguments, both.block]
    results = ", ".join([both.results[""], *(both.results[name] for name in names)])
    arrays = [name for name in function.arguments if name in function.shapes]
    sizes = [name for name in given if name not in arrays]
    places = dict(zip(names, range(len(names)), strict=True))
    context = [
        f"{', '.join(given)} = inputs",
        "_, *grads = output",
        "ctx.mark_non_differentiable(*grads)",
        "ctx.set_materialize_grads(False)",
        f"ctx.save_for_backward({', '.join(arrays)})",
        *(f"ctx.{name} = {name}" for name in sizes),
        "ctx.grads = grads",
    ]
    back = [
        "if delta is None:",
        f"    return {', '.join(['None'] * len(given))}",
        "grads, ctx.grads = ctx.grads, None",
        "if grads is None:  # asked for once more",
        f"    {', '.join(arrays)}{',' * (len(arrays) == 1)} = ctx.saved_tensors",
        f"    _, *grads = {forward}({', '.join(f'ctx.{n}' if n in sizes else n for n in given)})",
        f"if not {np}.equal(delta, {np}.ones_like(delta)):",
        "    grads = [grad.mul_(delta) for grad in grads]",
        f"return {', '.join(f'grads[{places[n]}]' if n in places else 'None' for n in given)}",
    ]
    others = [k for k, name in enumerate(function.arguments) if name in function.shapes and name not in names]
    if others:
        asked = " or ".join(f"ctx.needs_input_grad[{k}]" for k in others)
        lost = ", ".join(function.arguments[k] for k in others)
        back[2:2] = [f"if {asked}:", f'    raise NotImplementedError("no gradient was exported by {lost}")']
    once = f"@{np}.autograd.function.once_differentiable"
    passes = {
        "forward": (given, [f"return {forward}({', '.join(given)})"]),
        "setup_context": (["ctx", "inputs", "output"], context),
        "backward": (["ctx", "delta", "*_"], back),
    }
    parts = [
        ["@staticmethod", *[once] * (name == "backward"), *definition(name, taken, lines).splitlines()]
        for name, (taken, lines) in passes.items()
    ]
    rule = f"class Rule({np}.autograd.Function):\n" + "\n\n".join(indented(part) for part in parts)
    tensors = ", ".join(names)
    moves = f"any(t.requires_grad for t in ({tensors}{',' * (len(names) == 1)}))"
    called = [
        *documented(alone.function),
        f"if {np}.is_grad_enabled() and {moves}:",
        f"    return Rule.apply({', '.join(given)})[0]",
        f"return {only}({', '.join(given)})",
    ]
    hint = f"{np}.{module.target.array}"
    return [
        definition(only, given, [*alone.lines, f"return {alone.results['']}"]),
        definition(forward, given, [*both.lines, f"return {results}"]),
        rule,
        definition("value", _parameters(both), called, hint),
    ]
