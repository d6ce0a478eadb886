"""NumPy source code that depends on nothing else: expressions, and modules of functions.

Vectors are one-dimensional arrays, row vectors have the shape (1, n), scalars are numbers.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter

from jacobian_cli.calculus.derivative.common_subexpressions import fresh_name
from jacobian_cli.elaborate.row_text import COUNT, meaning
from jacobian_cli.expr import Apply, Defined, Expr, Variable, visible, walk, with_parts
from jacobian_cli.ops import Kind, Row, row
from jacobian_cli.ops.bounds import Bound
from jacobian_cli.ops.identities import shift
from jacobian_cli.ops.places import places_of
from jacobian_cli.printers.numpy.blocks import ALONG
from jacobian_cli.printers.numpy.calls import NumPyWriter
from jacobian_cli.printers.numpy.kernels import kernel_source
from jacobian_cli.printers.numpy.overflow import absorbs
from jacobian_cli.printers.numpy.target import NUMPY, LackingError, Need, Target
from jacobian_cli.printers.precedence import Level, default
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.errors import InputError


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
    others: tuple[tuple[str, Expr], ...] = ()
    """Results beside the first, by name: returned in a dictionary."""
    typed: bool = False
    """Whether arguments and results bear their types."""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """Those of arguments; one that has none is a size."""
    kept: tuple[str, ...] = ()
    """Definitions that it gives out beside its results, or those that are given to it."""

    @property
    def results(self) -> tuple[Expr, ...]:
        """All of them."""
        return (self.result, *(form for _, form in self.others))


def module_source(functions: Sequence[Function], target: Target = NUMPY) -> str:
    """A module with these functions, and with what they need that the library lacks.

    >>> x = Variable("x", (Size.named("n"),))
    >>> source = module_source([Function("value", ("x",), (), x, "n", "The vector itself.", {})])
    >>> source.splitlines()[3], source.splitlines()[-1].strip()
    ('def value(x):', 'return x')
    """
    module = Module(functions, target)
    return module.source([_written(function, module) for function in functions])


def _names(function: Function) -> list[str]:
    used = (node.name for node in walk(function.results) if isinstance(node, Variable | Defined))
    defined = (name for name, _ in function.definitions)
    return [function.name, *function.arguments, *function.sizes, *defined, *used]


def _free(name: str, taken: Container[str]) -> str:
    while name in taken or keyword.iskeyword(name):
        name += "_"
    return name


class Module:
    """The names of a module, and the functions that its functions turn out to need."""

    def __init__(self, functions: Iterable[Function], target: Target = NUMPY, also: Iterable[str] = ()) -> None:
        self.taken = {*also, *(name for function in functions for name in _names(function))}
        self.target = target
        self.names: dict[Need, str] = {}
        self.np = self.claim(target.alias)
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

    def written(self, bodies: Sequence[str]) -> list[str]:
        """The functions that these bodies call, each after those that it needs itself."""
        texts: dict[str, str] = {}
        uses: dict[str, list[str]] = {}
        done: set[Need] = set()
        while waiting := [need for need in self.names if need not in done]:
            for need in waiting:
                name = self.names[need]
                if need.axes or name not in texts:
                    texts[name], uses[name] = _helper(need, name, self)
            done.update(waiting)
        ordered = list(TopologicalSorter(uses).static_order())
        waiting_for = [name for name in ordered if any(f"{name}(" in body for body in bodies)]
        reached: set[str] = set()
        while waiting_for:
            name = waiting_for.pop()
            if name not in reached:
                reached.add(name)
                waiting_for += uses[name]
        return [texts[name] for name in ordered if name in reached]

    def imports(self, helpers: Iterable[str], extra: Iterable[str] = ()) -> str:
        """The first lines."""
        lines = [_import(self.target.module, self.np), *extra]
        if self.np != self.target.alias:
            lines[0] += f"  # {self.np} is {self.target.module} here: {self.target.alias} is a name of the formula"
        if any(f"{self.math}." in text for text in helpers):
            lines = [_import("math", self.math), "", *lines]
        return "\n".join(lines)

    def source(self, bodies: Sequence[str], extra: Iterable[str] = ()) -> str:
        """The whole of it, `bodies` behind what they need, `extra` imported too."""
        helpers = self.written(bodies)
        return "\n\n\n".join([self.imports([*helpers, *bodies], extra), *helpers, *bodies]) + "\n"


def _import(module: str, name: str) -> str:
    return f"import {module}" + (f" as {name}" if name != module else "")


def _helper(need: Need, name: str, module: Module) -> tuple[str, list[str]]:
    """The source of a function of the table, and the names of those that it calls."""
    target = module.target
    if own := target.kernels.get(need.function):
        return own.format(name=name, np=module.np), []
    entry = row(need.function)
    if entry.kernel is not None and target.runs(need.function, entry.kernel):
        return kernel_source(entry.kernel, {"": name, "np": module.np, "math": module.math}), []
    if not (entry.steady or entry.definition):
        raise unwritten(need.function, target)
    used: list[str] = []

    def helper(other: Need) -> str:
        used.append(module.name(other))
        return used[-1]

    body, count = _meaning(entry, need, module)
    first = entry.parameters[0]
    writer = NumPyWriter(helper=helper, np=module.np, math=module.math, along=need.axes, target=target, like=first)
    parameters = [
        p + (f"={writer.text(default(entry.defaults[p]))}" if p in entry.defaults else "") for p in entry.parameters
    ]
    body, again = _named_once(body, {*entry.parameters, COUNT, "axis", "keepdims", "top", "value", name, module.np})
    result = writer.text(body)
    repeated = [f"{each.name} = {writer.text(each.body)}" for each in again]
    lines = [f"{COUNT} = {count}"] if writer.used_sizes else []
    if shift(entry.name):
        lines += _shifted(entry, need, module)
        result = f"top + {result}" if shift(entry.name) == "1" else result
    lines += repeated
    if need.axes and entry.kind is Kind.REDUCTION:
        parameters += ["axis=None", "keepdims=False"]
        lines.append(f"value = {result}")
        result = f"value if keepdims else {target.squeezed.format(np=module.np)}"
    elif need.axes:
        parameters.append("axis=-1")
    return definition(name, parameters, [*lines, f"return {result}"]), used


def _named_once(body: Expr, taken: set[str]) -> tuple[Expr, list[Defined]]:
    """A definition in which nothing is computed twice, and what bears a name for that."""
    uses = Counter(child for node in walk([body]) for child in node.children)
    made: dict[Expr, Expr] = {}
    found: list[Defined] = []
    for node in walk([body]):
        made[node] = with_parts(node, made)
        if isinstance(node, Apply) and node.arguments and uses[node] > 1:
            again = Defined(fresh_name(node, taken), made[node])
            taken.add(again.name)
            made[node] = again
            found.append(again)
    return made[body], found


def unwritten(function: str, target: Target) -> InputError:
    """What is said of a function that a library has no counterpart of."""
    return LackingError(function, target.name)


def _shifted(entry: Row, need: Need, module: Module) -> list[str]:
    """The largest entry moved to 0, where exp cannot overflow."""
    x, target = entry.parameters[0], module.target
    top = (target.top_along if need.axes else target.top).format(np=module.np, x=x)
    return [f"top = {top}", f"{x} = {x} - top"] if shift(entry.name) == "1" else [f"{x} = {x} - {top}"]


def _meaning(entry: Row, need: Need, module: Module) -> tuple[Expr, str]:
    """The definition of a function, typed, and how its entries are counted."""
    count = ""
    shapes: tuple[Shape, ...] = need.shapes or ((),) * len(entry.parameters)
    if "axis" in entry.options:
        shapes = ((Size.named(COUNT),), *shapes[1:])
        target = module.target
        count = (target.count + target.count_along * need.axes).format(np=module.np, x=entry.parameters[0])
    try:
        return meaning(entry.steady or entry.definition, entry.parameters, shapes), count
    except InputError:  # a definition that is of one vector
        raise unwritten(f"{entry.name} of several rows", module.target) from None


def _written(function: Function, module: Module) -> str:
    written = Body.of(function, module)
    results = list(written.results.values())
    back = results[0] if not function.others else f"{results[0]}, {_dictionary(function, results[1:])}"
    lines = [*documented(function), *written.known, *written.checked, *written.definitions.values(), f"return {back}"]
    found = definition(function.name, _parameters(function, module), lines, _returned(function, module))
    if not module.target.warns or not absorbs([*(body for _, body in function.definitions), *function.results]):
        return found
    return f'@{module.np}.errstate(over="ignore")  # where a part overflows, inf is what is meant\n{found}'


def _dictionary(function: Function, texts: Iterable[str]) -> str:
    return "{" + ", ".join(f'"{name}": {text}' for (name, _), text in zip(function.others, texts, strict=True)) + "}"


def _parameters(function: Function, module: Module) -> list[str]:
    if not function.typed:
        return list(function.arguments)
    return [f"{name}: {_hint(function.shapes.get(name), module)}" for name in function.arguments]


def _hint(shape: Shape | None, module: Module) -> str:
    """The type of an argument or a result; what has no shape is a size."""
    array = f"{module.np}.{module.target.array}"
    if shape is None:
        return "int"
    return array if shape or module.target.arrays else "float"


def _returned(function: Function, module: Module) -> str:
    if not function.typed:
        return ""
    found = _hint(function.result.shape, module)
    if not function.others:
        return found
    hints = dict.fromkeys(_hint(form.shape, module) for _, form in function.others)
    return f"tuple[{found}, dict[str, {' | '.join(hints)}]]"


@dataclass(frozen=True, slots=True)
class Body:
    """What stands in a function: the sizes that it reads and what is checked of them, definitions by their names, and
    its results.
    """

    known: list[str]
    checked: list[str]
    definitions: dict[str, str]
    results: dict[str, str]
    uses: dict[str, frozenset[str]]
    """For each result the definitions that it needs, and for each definition those with itself."""
    names: dict[str, str]
    """What definitions are called here."""
    writer: NumPyWriter
    bodies: dict[str, Expr]
    """What definitions stand for, by their names here, and results."""

    @property
    def lines(self) -> list[str]:
        """All that computes its results."""
        return [*self.known, *self.definitions.values(), *self.results.values()]

    @staticmethod
    def of(function: Function, module: Module, like: str = "", given: Sequence[str] = ()) -> Body:
        """The parts of a function; `like` is the argument that numbers are like, `given` are definitions that it need
        not compute.
        """
        bodies = {name: body for name, body in function.definitions if not given}
        roots = [*bodies.values(), *function.results]
        nodes = [n for n in walk(roots, lambda n: not _is_given(n, given)) if isinstance(n, Defined)]
        bodies |= {node.name: node.body for node in nodes if node.name not in bodies}
        taken = {*function.arguments, module.np, module.math}
        defined = _renamed(bodies, taken)
        sizes = _renamed(function.sizes, taken)
        names: dict[Expr, str] = {node: defined[node.name] for node in nodes}
        writer = NumPyWriter(
            names,
            sizes,
            module.name,
            module.np,
            module.math,
            target=module.target,
            like=like or like_of(function),
            fills=ALONG in module.target.kernels,
        )
        below = {name: [] if name in given else _direct(body) for name, body in bodies.items()}
        order = [name for name in TopologicalSorter(below).static_order() if name not in given]
        lines = {defined[name]: f"{defined[name]} = {writer.text(bodies[name])}" for name in order}
        forms = {"": function.result, **dict(function.others)}
        results = {name: _result(writer, form) for name, form in forms.items()}
        reads = places_of([*(bodies[name] for name in order), *function.results])
        places = [module.target.places.format(name=name, np=module.np) for name in reads]
        checked = size_checks(function, writer)
        known = [f"{sizes[size]} = {text}" for size, text in function.sizes.items() if size in writer.used_sizes]
        unknown = writer.used_sizes.keys() - function.sizes - {*function.arguments}
        assert not unknown, f"{function.name}: an unknown size"
        needs: dict[str, frozenset[str]] = {}
        for name in order:
            needs[name] = frozenset({name}).union(*(needs.get(other, ()) for other in below[name]))
        uses = {defined[name]: frozenset(defined[each] for each in found) for name, found in needs.items()}
        uses |= {
            name: frozenset(defined[each] for other in _direct(form) for each in needs.get(other, ()))
            for name, form in forms.items()
        }
        whole = {defined[name]: bodies[name] for name in order} | forms
        return Body([*known, *places], checked, lines, results, uses, defined, writer, whole)


def _is_given(node: Expr, given: Container[str]) -> bool:
    return isinstance(node, Defined) and node.name in given


def like_of(function: Function) -> str:
    """The argument whose type of numbers is that of all: the first that does not hold places."""
    picking = places_of([*function.results, *(body for _, body in function.definitions)])
    moving = [name for name in function.arguments if name not in picking]
    return (moving or list(function.arguments))[0]


def _result(writer: NumPyWriter, form: Expr) -> str:
    """A result, which is an array where the library has no other numbers."""
    found = writer.source(form)
    return writer.target.number(writer, found) if found.plain and writer.target.number else found.piece.text


_OPPOSITE = {">=": "<", "<=": ">", ">": "<=", "%": "%"}


def size_checks(function: Function, writer: NumPyWriter) -> list[str]:
    """Refusals of sizes at which the formula has no meaning."""
    lines: list[str] = []
    for bound in function.wants:
        left, relation, right = bound.sides
        one, other = writer.size(left).at(Level.POWER if relation == "%" else Level.SUM), writer.size(right).text
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
    return [node.name for node in visible(body) if isinstance(node, Defined)]


def documented(function: Function) -> list[str]:
    first, *others = function.docstring.replace("\\", r"\\").replace('"', r"\"").splitlines()
    if function.result_shape_text is not None:
        others += ["", f"Shape: {function.result_shape_text}."]
    return [f'"""{first}', *others, '"""'] if others else [f'"""{first}"""']


def definition(name: str, parameters: Iterable[str], lines: Iterable[str], returned: str = "") -> str:
    """The source of a function."""
    return f"def {name}({', '.join(parameters)}){f' -> {returned}' * bool(returned)}:\n{indented(lines)}"


def mentioned(names: Iterable[str], lines: Iterable[str]) -> list[str]:
    """Those of the names that stand in lines of source."""
    met = set(re.findall(r"(?<![\w.])[^\W\d]\w*", "\n".join(lines)))
    return [name for name in names if name in met]


def indented(lines: Iterable[str]) -> str:
    """Lines one level in."""
    return "\n".join(f"    {line}" if line else "" for line in lines)
