"""A formula as the user gave it, typed, with the variables to differentiate it by."""

from __future__ import annotations

import difflib
import re
from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from operator import index
from typing import Any

from jacobian_cli.api.input.arguments import shown, word
from jacobian_cli.api.input.assume import Facts, by_name, facts_of, masks, places, square
from jacobian_cli.api.input.clashes import beside_sizes
from jacobian_cli.elaborate import Program, elaborate_typed, letter_e, letter_pi
from jacobian_cli.elaborate.apart import mistakes_apart
from jacobian_cli.elaborate.order import result_last
from jacobian_cli.elaborate.statement import unknown_functions
from jacobian_cli.expr import Defined, Expr, Variable, nodes, rebuild, variables
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.bounds import bounds
from jacobian_cli.ops.facts import FACTS, PLACES
from jacobian_cli.ops.places import no_slope, places_of
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, Size, size_of
from jacobian_cli.syntax.declarations import parse_sizes
from jacobian_cli.syntax.errors import InputError, together
from jacobian_cli.syntax.names import is_entry
from jacobian_cli.syntax.parser import normal_name
from jacobian_cli.syntax.router import NOTATIONS, marked, read_statements
from jacobian_cli.syntax.statements import split
from jacobian_cli.syntax.tree import Assumption, Call, Declaration, Definition

_SHAPE = 'a shape is a tuple of names and numbers, or a text like "n,m"; that of a scalar is ()'
ShapeLike = str | Sequence[str | int]
_KINDS = {
    **dict.fromkeys(("number", "real", "float", "int", "constant", "const"), "()"),
    **dict.fromkeys(("vector", "column"), "n"),
    "row": "1,n",
    **dict.fromkeys(("matrix", "tensor"), "n,m"),
    "square": "n,n",
}
"""What people declare where sizes belong, and the sizes that are meant."""
_LEFT = re.compile(r"[^()\[\]=]*=(?!=)")
"""What a claim says that it is: df/dx = …"""
_LONGEST = 40
"""Longer names are cut where they are listed."""
_MOST_APART = 20
"""Of so many lines each is looked at once more where one cannot be read."""
MAX_AXES = 8
"""Of what is typed: the derivative of such an array by another has the axes of both."""


@record(frozen=True, slots=True)
class Problem:
    """What is to be differentiated: `output`, with respect to `wrt`."""

    text: str
    program: Program
    output: Expr
    variables: Mapping[str, Variable]
    wrt: tuple[Variable, ...]
    facts: Facts = field(default_factory=dict)
    """What is declared of the values of variables."""
    assumptions: tuple[Assumption, ...] = ()
    """The same as typed."""

    @property
    def name(self) -> str:
        """What the output is called: its name, or f."""
        return self.program.output_name or "f"

    @property
    def read(self) -> str | None:
        """What was typed, in the language, where it was typed in another notation."""
        return self.program.read

    @property
    def wants(self) -> tuple[str, ...]:
        """What must hold of the sizes, such as `n >= 100` for x[1:100]."""
        return tuple(map(str, bounds([self.output])))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may have been read otherwise than it was meant."""
        return self.program.warnings


def pose(
    statements: Sequence[Definition],
    wrt: Sequence[str] | None,
    shapes: Mapping[str, Shape],
    values: Mapping[str, Any] | None = None,
    assume: Sequence[Assumption] = (),
) -> Problem:
    """Type the formula and find the variables; without `wrt` every variable of the formula is meant.

    Raises `InputError` for a `wrt` that is neither in the formula nor declared, and for facts that cannot hold.
    """
    orders = {name: order_of(value) for name, value in (values or {}).items() if name not in shapes}
    program = with_few_axes(elaborate_typed(statements, shapes, orders, square(assume), places(assume), masks(assume)))
    output, known = program.output, dict(program.variables)
    picking = places_of([output])
    if wrt is None:
        wrt = [name for name in variables(output) if name not in picking]
    chosen = list(dict.fromkeys(normal_name(name.strip()) for name in wrt if name.strip()))
    if not chosen:
        raise InputError("there is no variable to differentiate by", hint=f"add --wrt {next(iter(known), 'x')}")
    for name in chosen:
        if name in picking:
            moving = (other for other in variables(output) if other not in picking)
            raise no_slope(name, moving, program.statements[-1].source)
        if name in program.values:  # an intermediate value: what is behind it is held fixed
            leaf = Variable(name, program.values[name].shape)
            output = _held(output, leaf)
            known[name] = leaf
        elif name not in known:
            raise unknown(name, program)
    text = "; ".join(map(typed_text, program.statements))
    facts = facts_of(assume, known, program.values)
    for name in picking:
        if others := facts.get(name, frozenset()) - {PLACES}:
            raise InputError(
                f"{name} is declared {min(others)}, and here it is an index",
                text=program.statements[-1].source,
                hint=f"what a mask keeps is `{name}*x`, and how many those are no size can say",
            )
    return Problem(text, program, output, known, tuple(known[name] for name in chosen), facts, tuple(assume))


def with_few_axes(program: Program) -> Program:
    """The program. Raises `InputError` if a part of it has more axes than an array may have here."""
    idle = [program.values[name] for name in program.unused if name in program.values]
    most = max([len(node.shape) for node in nodes(program.output, *idle)])
    if most > MAX_AXES:
        raise InputError(
            f"a part of this formula has {most} axes",
            text=program.statements[-1].source,
            hint=f"an array has at most {MAX_AXES}",
        )
    return program


def typed_text(statement: Definition) -> str:
    """A statement as it was typed; of a Python function, whose source is long, as it was read."""
    if statement.notation != "function":
        return statement.source.strip()
    return f"{statement.name} = {statement.read}" if statement.name else statement.read


def unknown(name: str, program: Program) -> InputError:
    """What to say of a name that is neither a variable nor a definition."""
    known = program.variables
    close = difflib.get_close_matches(name, [*known, *program.values], n=1, cutoff=0.5)
    listed = ", ".join(f"{one[:_LONGEST]}…" if len(one) > _LONGEST else one for one in close or known)
    hint = f"did you mean {listed}?" if close else f"there are {listed}" if known else None
    return InputError(f"'{name}' is neither in the formula nor declared", text=program.statements[-1].source, hint=hint)


def _held(output: Expr, leaf: Variable) -> Expr:
    """The expression with a definition read as a variable of its own."""
    return rebuild(output, lambda node: leaf if isinstance(node, Defined) and node.name == leaf.name else None)


def order_of(value: Any) -> int:
    """The number of axes of an array."""
    order: int = getattr(value, "ndim", 0)
    return order


Formulas = str | Sequence[str] | Sequence[Definition]
"""A formula, or definitions of which the last is the output; those of a Python function are read already."""


def statements_of(
    texts: Formulas,
    names: Sequence[str] = (),
    shapes: Mapping[str, Shape] | None = None,
    syntax: str | None = None,
    *,
    slopes: bool = False,
    beside: Collection[str] = (),
) -> list[Definition]:
    """The definitions in one text or several, separated by `;` within a text, each in whatever notation it is.

    `names` are asked for, `shapes` declared: both say what is one name. `syntax` names a notation and forbids guessing.
    With `slopes` σ′(z) is read: a claim may hold it, a formula to be differentiated is meant without. `beside` are the
    notations of what the same person typed beside them.
    """
    if syntax is not None:
        word(syntax, NOTATIONS, "there is no notation {}")
    whole: object = texts
    if not isinstance(whole, str | Sequence) or isinstance(whole, bytes | bytearray):
        raise InputError(f"a formula is a text, not {type(whole).__name__}", hint='as in "W@x + b", or a list of them')
    parts = [texts] if isinstance(texts, str) else list(texts)
    given = {*(shapes or {}), *map(normal_name, names)}
    if parts and all(isinstance(part, Definition) for part in parts):
        read = [part for part in parts if isinstance(part, Definition)]
        for left_out in [part.left_out for part in read if part.left_out]:
            if variables := left_out.names & given:
                read = left_out.again(variables)
        return beside_sizes([part for part in read if not (part.default and part.name in given)], shapes or {})
    asked = [normal_name(name.strip()) for name in names if name.strip()] + [*(shapes or {})]
    sizes = [name for shape in (shapes or {}).values() for size in shape for name in size.names()]
    formulas: list[str] = []
    for part in parts:
        if not isinstance(part, str):
            raise InputError(f"a formula is a text, not {type(part).__name__}", hint='as in "W@x + b"')
        formulas += split(part)
    entries = {normal_name(name.strip()) for name in names if is_entry(name, formulas)} - {*(shapes or {})}
    asked = [name for name in asked if name not in entries]
    functions = _functions(slopes=slopes)
    try:
        read = read_statements(formulas, [*asked, *sizes], functions, asked=asked, syntax=syntax, beside=beside)
        found = beside_sizes(result_last(read), shapes or {})
        return letter_pi.asked_for(letter_e.asked_for(found, asked), asked)
    except InputError as error:
        calls = [(Call(name, (), (), span), e.text or "") for e in error.errors for name, span in e.calls]
        more = unknown_functions(Definition(None, call, text) for call, text in calls)
        known = [*error.errors, *more]

        def alone(text: str) -> list[Definition]:
            return read_statements([text], [*asked, *sizes], functions, syntax=syntax, beside=beside)

        for text in formulas if len(formulas) < _MOST_APART else ():
            if any(one.text == text for one in error.errors):
                known += mistakes_apart(text, known, shapes or {}, alone)
        raise together(known) from None


def _functions(*, slopes: bool) -> ChainMap[str, Any]:
    """The functions that a text may hold; with `slopes` their derivatives too."""
    steep = (row for row in FUNCTIONS.values() if slopes and row.kind is Kind.ELEMENTWISE and row.derivative)
    return ChainMap[str, Any](FUNCTIONS, ALIASES, {f"{row.name}'": row for row in steep})


def marks_of(claims: Iterable[str]) -> frozenset[str]:
    """The notations that claims are in by marks of their own, in which the formula beside them is too."""
    functions = _functions(slopes=True)
    parts = (part for claim in claims for part in split(_LEFT.sub("", claim)))
    return frozenset(filter(None, (marked(part, functions) for part in parts)))


def shapes_of(
    shapes: Mapping[str, ShapeLike] | None, declarations: Iterable[Declaration | Assumption] = ()
) -> dict[str, Shape]:
    """Declared shapes in symbols. Raises `InputError` for what is not a size."""
    found: dict[str, Shape] = {}
    for declaration in declarations:
        if isinstance(declaration, Assumption):
            continue
        if declaration.name in found:
            raise InputError(
                f"'{declaration.name}' is declared twice", text=declaration.source, hint="keep one of the two"
            )
        shape = tuple(size_of(term, declaration.source) for term in declaration.sizes)
        found[declaration.name] = _sized(shape, declaration.source, declaration.name)
    for name, shape in by_name(shapes, '{"W": "n,m", "x": ("m",)}').items():
        if not normal_name(name).isidentifier():
            raise InputError(f"'{name}' is not a name")
        if not isinstance(shape, str | Sequence) or isinstance(shape, bytes | bytearray):
            raise InputError(f"{shown(shape)} is no shape of {name}", hint=_SHAPE)
        if isinstance(shape, str):
            found[normal_name(name)] = _sized(tuple(size_of(t, shape) for t in parse_sizes(shape)), shape, name)
        else:
            found[normal_name(name)] = _sized(tuple(_size(item) for item in shape), str(shape), name)
    return found


def names_of(wrt: str | Sequence[str]) -> list[str]:
    """The variables named: `"W,b"`, or a sequence of names."""
    given: Any = wrt.split(",") if isinstance(wrt, str) else wrt
    if not isinstance(given, Sequence) or not all(isinstance(name, str) for name in given):
        raise InputError("variables are given by their names", text=repr(wrt)[:80], hint='as in wrt="W,b"')
    return list(given)


def _size(item: Any) -> Size:
    if isinstance(item, str):
        terms = parse_sizes(item)
        if len(terms) == 1:
            return size_of(terms[0], item)
    elif not isinstance(item, bool):
        try:
            return Size.number(index(item))  # NumPy's whole numbers too
        except TypeError:
            pass
    raise InputError(f"{shown(item)} is not a size", hint=_SHAPE)


def _sized(shape: Shape, text: str, name: str) -> Shape:
    for size in shape:
        kind = size.name or ""
        if kind in FACTS:
            hint = f"a fact is declared so: `--assume {name}={kind}` or, in a file, `assume {name}: {kind}`"
            raise InputError(f"'{kind}' is a fact, and here sizes belong", text=text, hint=hint)
        if kind in _KINDS:
            raise InputError(
                f"'{kind}' is a kind, and here sizes belong",
                text=text,
                hint=f"its sizes say it: `-s {name}={_KINDS[kind]}` or, in a file, `{name}: {_KINDS[kind]}`",
            )
        if size.value is not None and size.value < 1:
            raise InputError("a size must be at least 1", text=text)
    if len(shape) > 4:
        raise InputError("at most four axes can be declared", text=text)
    return shape
