"""NumPy source code that depends on nothing else: expressions, and modules of functions.

Vectors are one-dimensional arrays, row vectors have the shape (1, n), scalars are numbers.
"""

from __future__ import annotations

import keyword
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

from jacobian_cli.elaborate.row_text import COUNT, meaning
from jacobian_cli.expr import Defined, Expr, Variable, walk
from jacobian_cli.ops import Kind, Row, row
from jacobian_cli.ops.bounds import Bound
from jacobian_cli.ops.identities import shift
from jacobian_cli.ops.places import places_of
from jacobian_cli.printers.numpy.calls import Need, Writer
from jacobian_cli.printers.numpy.kernels import kernel_source, modules_of
from jacobian_cli.printers.precedence import default
from jacobian_cli.shape import Shape, Size


@dataclass(frozen=True)
class Function:
    """A function to be written: what it takes, the definitions it computes first, and its result."""

    name: str
    arguments: tuple[str, ...]
    definitions: tuple[tuple[str, Expr], ...]
    result: Expr
    result_shape_text: str | None
    docstring: str
    sizes: dict[str, str]
    """For each size symbol a NumPy expression in the arguments, such as `W.shape[0]`; others are arguments."""
    fits: tuple[tuple[str, Size], ...] = ()
    """Places such as `W.shape[0]` whose length must be this size."""
    wants: tuple[Bound, ...] = ()
    """What must hold of the sizes."""


def expression_source(expr: Expr) -> str:
    """The NumPy expression for an expression, in the names of its variables, sizes and functions.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> expression_source(elaborate([parse_statement("A.T@B@(delta*x) + relu(u@x)")]).output)
    'A.T@(B@(delta*x)) + relu(u@x)'
    """
    return Writer().text(expr)


def module_source(functions: Sequence[Function]) -> str:
    """A module with these functions, and with what they need that NumPy lacks.

    >>> x = Variable("x", (Size.named("n"),))
    >>> source = module_source([Function("value", ("x",), (), x, "n", "The vector itself.", {})])
    >>> source.splitlines()[3], source.splitlines()[-1].strip()
    ('def value(x):', 'return x')
    """
    module = _Module({name for function in functions for name in _names(function)})
    bodies = [_written(function, module) for function in functions]
    helpers = module.written()
    return "\n\n\n".join([module.imports(), *helpers, *bodies]) + "\n"


def _names(function: Function) -> list[str]:
    used = (node.name for node in walk([function.result]) if isinstance(node, Variable | Defined))
    defined = (name for name, _ in function.definitions)
    return [function.name, *function.arguments, *function.sizes, *defined, *used]


def _free(name: str, taken: Container[str]) -> str:
    while name in taken or keyword.iskeyword(name):
        name += "_"
    return name


class _Module:
    """The names of a module, and the functions that its functions turn out to need."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.names: dict[Need, str] = {}
        self.np = self.claim("np")
        self.math = self.claim("math")

    def claim(self, name: str) -> str:
        name = _free(name, self.taken)
        self.taken.add(name)
        return name

    def name(self, need: Need) -> str:
        """The name of a function that is needed; with axes or without, it is the same function."""
        same = (name for known, name in self.names.items() if replace(known, axes=need.axes) == need)
        self.names[need] = next(same, None) or self.claim(need.function)
        return self.names[need]

    def written(self) -> list[str]:
        """The functions needed, each after those that it needs itself."""
        texts: dict[str, str] = {}
        uses: dict[str, list[str]] = {}
        done: set[Need] = set()
        while waiting := [need for need in self.names if need not in done]:
            for need in waiting:
                name = self.names[need]
                if need.axes or name not in texts:
                    texts[name], uses[name] = _helper(need, name, self)
            done.update(waiting)
        return [texts[name] for name in TopologicalSorter(uses).static_order()]

    def imports(self) -> str:
        """The first lines."""
        lines = [_import("numpy", self.np)]
        kernels = [kernel for need in self.names if (kernel := row(need.function).kernel)]
        if any(map(modules_of, kernels)):
            lines = [_import("math", self.math), "", *lines]
        return "\n".join(lines)


def _import(module: str, name: str) -> str:
    return f"import {module}" + (f" as {name}" if name != module else "")


def _helper(need: Need, name: str, module: _Module) -> tuple[str, list[str]]:
    """The source of a function of the table, and the names of those that it calls."""
    entry = row(need.function)
    if entry.kernel is not None:
        return kernel_source(entry.kernel, {"": name, "np": module.np, "math": module.math}), []
    used: list[str] = []

    def helper(other: Need) -> str:
        used.append(module.name(other))
        return used[-1]

    body, count = _meaning(entry, need, module.np)
    writer = Writer(helper=helper, np=module.np, along=need.axes)
    parameters = [
        p + (f"={writer.text(default(entry.defaults[p]))}" if p in entry.defaults else "") for p in entry.parameters
    ]
    result = writer.text(body)
    lines = [f"{COUNT} = {count}"] if writer.used_sizes else []
    if shift(entry.name):
        lines += _shifted(entry, need, module.np)
        result = f"top + {result}" if shift(entry.name) == "1" else result
    if need.axes and entry.kind is Kind.REDUCTION:
        parameters += ["axis=None", "keepdims=False"]
        lines.append(f"value = {result}")
        result = f"value if keepdims else {module.np}.squeeze(value, axis=axis)"
    elif need.axes:
        parameters.append("axis=-1")
    return _definition(name, parameters, [*lines, f"return {result}"]), used


def _shifted(entry: Row, need: Need, np: str) -> list[str]:
    """The largest entry moved to 0, where exp cannot overflow."""
    x = entry.parameters[0]
    top = f"{np}.max({x}{', axis=axis, keepdims=True' * need.axes})"
    return [f"top = {top}", f"{x} = {x} - top"] if shift(entry.name) == "1" else [f"{x} = {x} - {top}"]


def _meaning(entry: Row, need: Need, np: str) -> tuple[Expr, str]:
    """The definition of a function, typed, and how its entries are counted."""
    count = ""
    shapes: tuple[Shape, ...] = need.shapes or ((),) * len(entry.parameters)
    if "axis" in entry.options:
        shapes = ((Size.named(COUNT),), *shapes[1:])
        first = entry.parameters[0]
        count = f"{np}.size({first})" + (f"//{np}.size({np}.sum({first}, axis=axis))" if need.axes else "")
    return meaning(entry.steady or entry.definition, entry.parameters, shapes), count


def _written(function: Function, module: _Module) -> str:
    bodies = dict(function.definitions)
    everything = [*bodies.values(), function.result]
    nodes = [node for node in walk(everything) if isinstance(node, Defined)]
    bodies |= {node.name: node.body for node in nodes if node.name not in bodies}
    taken = {*function.arguments, module.np, module.math}
    defined = _renamed(bodies, taken)
    sizes = _renamed(function.sizes, taken)
    writer = Writer({node: defined[node.name] for node in nodes}, sizes, module.name, module.np)
    order = TopologicalSorter({name: _direct(body) for name, body in bodies.items()}).static_order()
    lines = [f"{defined[name]} = {writer.text(bodies[name])}" for name in order]
    lines.append(f"return {writer.text(function.result)}")
    checked = [f"{name} = {module.np}.asarray({name}, int)" for name in places_of(everything)]
    checked += _checked(function, writer)
    known = [f"{sizes[size]} = {text}" for size, text in function.sizes.items() if size in writer.used_sizes]
    assert not writer.used_sizes.keys() - function.sizes - {*function.arguments}, f"{function.name}: an unknown size"
    return _definition(function.name, function.arguments, [*_documented(function), *known, *checked, *lines])


_OPPOSITE = {">=": "<", "<=": ">", ">": "<=", "%": "%"}


def _checked(function: Function, writer: Writer) -> list[str]:
    """Refusals of sizes at which the formula has no meaning."""
    lines: list[str] = []
    for bound in function.wants:
        left, relation, right = bound.sides
        one, other = (writer.size(size).text for size in (left, right))
        told = ", ".join(f"{name} = {{{writer.sizes.get(name, name)}}}" for name in bound.margin.names())
        lines += [
            f"if {one} {_OPPOSITE[relation]} {other}:",
            f'    raise ValueError(f"the formula wants {bound}, and {told}")',
        ]
    for place, size in function.fits:
        length = writer.size(size).text
        lines += [
            f"if {place} != {length}:",
            f'    raise ValueError(f"{place} is {{{place}}}; the formula wants {size} = {{{length}}}")',
        ]
    return lines


def _renamed(names: Iterable[str], taken: set[str]) -> dict[str, str]:
    """Names that are still free for each of these, which are then taken."""
    renamed = {}
    for name in names:
        renamed[name] = _free(name, taken)
        taken.add(renamed[name])
    return renamed


def _direct(body: Expr) -> list[str]:
    """The definitions that an expression uses itself."""
    return [node.name for node in walk([body], lambda n: not isinstance(n, Defined)) if isinstance(node, Defined)]


def _documented(function: Function) -> list[str]:
    first, *others = function.docstring.replace("\\", r"\\").replace('"', r"\"").splitlines()
    if function.result_shape_text is not None:
        others += ["", f"Shape: {function.result_shape_text}."]
    return [f'"""{first}', *others, '"""'] if others else [f'"""{first}"""']


def _definition(name: str, parameters: Iterable[str], lines: Iterable[str]) -> str:
    body = "\n".join(f"    {line}" if line else "" for line in lines)
    return f"def {name}({', '.join(parameters)}):\n{body}"
