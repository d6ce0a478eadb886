"""A file of C: functions of arrays of fixed sizes, and what they need beside `math.h`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jacobian_cli.elaborate.row_text import COUNT, meaning
from jacobian_cli.expr import Apply, Defined, Expr, Variable, rebuild, walk
from jacobian_cli.ops import Kind, Row, row
from jacobian_cli.ops.identities import shift
from jacobian_cli.printers.c.body import Body
from jacobian_cli.printers.c.entries import ascii_name, free, unwritten
from jacobian_cli.printers.c.places import count
from jacobian_cli.printers.c.target import ENTRIES, MATH, MATRICES, RESERVED, ROWS
from jacobian_cli.printers.numpy.module import Function
from jacobian_cli.shape import Shape, Size, shape_text

_OUT = "out"
Tail = Callable[[Mapping[str, str], set[str]], str]


@dataclass
class Module:
    """The names of a file, and the functions that its functions turn out to need."""

    taken: set[str]
    helpers: dict[tuple[str, int], str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """In the order in which they must stand."""

    def claim(self, name: str) -> str:
        return free(name, self.taken)

    def entry(self, function: str) -> str:
        """The name of a function of one entry."""
        return MATH.get(function) or self._helper(function, 0)

    def block(self, function: str, number: int) -> str:
        """The name of a function of so many entries, or of a matrix of so many rows."""
        return self._helper(function, number)

    def _helper(self, function: str, number: int) -> str:
        key = (function, number)
        if key not in self.helpers:
            self.helpers[key] = self.claim(f"{function}{number or ''}" if number else function)
            name = self.helpers[key]
            self.texts[name] = ""
            text = self._text(row(function), name, number)
            del self.texts[name]
            self.texts[name] = text
        return self.helpers[key]

    def _text(self, entry: Row, name: str, number: int) -> str:
        known = {**ENTRIES, **ROWS, **MATRICES}
        if entry.name in known:
            return known[entry.name].format(name=name, n=number, nn=number * number)
        text = entry.steady or entry.definition
        if not text or entry.kind is Kind.CORE or entry.counts:
            raise unwritten(entry.name)
        if not number:
            return self._of_entries(entry, text, name)
        (x,) = entry.parameters
        vector = Variable(x, (Size.named(COUNT),))
        body = meaning(text, (x,), (vector.shape,))
        if added := shift(entry.name):
            top = Apply("max", (vector,), (), ())
            moved = Apply("-", (vector, top), (), vector.shape)
            body = rebuild(body, lambda node: moved if node is vector else None)
            body = Apply("+", (top, body), (), body.shape) if added == "1" else body
        out = [f"double {_OUT}[{number}]"] if body.shape else []
        head = f"static {'void' if out else 'double'} {name}({', '.join([f'const double {x}[{number}]', *out])})"
        made = Body(self, {vector: x}, {COUNT: number}, {x, _OUT, *self.taken})
        made.result(body, _OUT if out else "")
        return "\n".join([f"{head} {{", f"    {_comment([text])}", *made.lines, "}"])

    def _of_entries(self, entry: Row, text: str, name: str) -> str:
        scalars: dict[Expr, str] = {Variable(p, ()): p for p in entry.parameters}
        made = Body(self, scalars, {}, {*entry.parameters, *self.taken})
        made.result(meaning(text, entry.parameters), "")
        head = f"static double {name}({', '.join(f'double {p}' for p in entry.parameters)})"
        return "\n".join([f"{head} {{", *made.lines, "}"])


def module_source(
    functions: Sequence[Function], head: str, tail: Tail | None = None, sizes: Mapping[str, int] | None = None
) -> str:
    """The file: `head` as a comment, what is needed, the functions, and a `tail`, given what arguments are called here
    and all names that are taken.

    Sizes are numbers, or letters that `sizes` gives numbers. Raises `InputError` for what has no counterpart in C.

    >>> x = Variable("x", (Size.number(3),))
    >>> twice = Apply("+", (x, x), (), x.shape)
    >>> value = Function("value", ("x",), (), twice, None, "Twice.", {}, shapes={"x": x.shape})
    >>> print(module_source([value], "x"))
    /* x */
    #include <math.h>
    <BLANKLINE>
    /* Twice.
       out: 3. */
    void value(const double x[3], double out[3]) {
        for (int i = 0; i < 3; i++) {
            out[i] = x[i] + x[i];
        }
    }
    <BLANKLINE>
    """
    arguments = dict.fromkeys(name for function in functions for name in function.arguments)
    taken = {*RESERVED, *(function.name for function in functions), _OUT}
    names = {name: free(ascii_name(name), taken) for name in arguments}
    defined = {node.name for f in functions for node in walk(f.results) if isinstance(node, Defined)}
    module = Module({*taken, *map(ascii_name, defined)})
    bodies = [_written(function, module, names, taken, sizes or {}) for function in functions]
    said = [f"{name} is {there} here" for name, there in names.items() if there != name]
    lines = [*head.splitlines(), *([f"{'; '.join(said)}: the names are taken, or no names of C."] if said else [])]
    parts = [f"{_comment(lines)}\n#include <math.h>", *module.texts.values(), *bodies]
    if tail is not None:
        parts.append(tail(names, {*taken, *module.taken}))
    return "\n\n".join(parts) + "\n"


def _written(
    function: Function, module: Module, names: Mapping[str, str], taken: set[str], sizes: Mapping[str, int]
) -> str:
    variables = {n.name: n for n in walk(function.results) if isinstance(n, Variable)}
    own = {*taken, *module.helpers.values()}
    outs = _outs(function)
    body = Body(module, {v: names[n] for n, v in variables.items()}, sizes, own)
    extra = {name: body.claim(out) for name, out in outs.items() if name}
    for node in walk(function.results):
        if isinstance(node, Defined):
            body.define(node)
    results = dict(function.others)
    for name, form in results.items():
        body.result(form, extra[name] if form.shape else f"*{extra[name]}")
    body.result(function.result, _OUT if function.result.shape else "")
    met = set(re.findall(r"\w+", "\n".join(body.lines)))
    unused = [f"    (void){names[n]};" for n in function.arguments if names[n] not in met]
    parameters = [parameter(names[n], function.shapes[n], sizes) for n in function.arguments]
    parameters += [_out(extra[name], results[name].shape, sizes) for name in results]
    parameters += [_out(_OUT, function.result.shape, sizes)] if function.result.shape else []
    kind = "void" if function.result.shape else "double"
    written = [f"out: {shape_text(function.result.shape)}."] if function.result.shape else []
    doc = _comment([*function.docstring.splitlines(), *written])
    return "\n".join([doc, f"{kind} {function.name}({', '.join(parameters)}) {{", *unused, *body.lines, "}"])


def _outs(function: Function) -> dict[str, str]:
    return {name: f"grad_{ascii_name(name)}" for name, _ in function.others}


def parameter(name: str, shape: Shape, sizes: Mapping[str, int]) -> str:
    """An argument: an array row by row, or a number."""
    return f"const double {name}[{entries(shape, sizes)}]" if shape else f"double {name}"


def _out(name: str, shape: Shape, sizes: Mapping[str, int]) -> str:
    return f"double {name}[{entries(shape, sizes)}]" if shape else f"double *{name}"


def entries(shape: Shape, sizes: Mapping[str, int]) -> int:
    """How many entries an array of this shape has."""
    return count(size.at(sizes) for size in shape)


def _comment(lines: Sequence[str]) -> str:
    told = "\n".join(f"   {line}".rstrip() for line in lines).strip()
    return f"/* {told.replace('*/', '* /').replace('/*', '/ *')} */"
