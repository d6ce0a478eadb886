"""Random typed expressions, built from the table: a new row takes part without a word here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import strategies as st

from jacobian_cli.elaborate import Builder, Scope
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Parameters, Variable
from jacobian_cli.ops import FUNCTIONS, Row
from jacobian_cli.ops.cuts import Listed
from jacobian_cli.ops.rules import ShapeError
from jacobian_cli.shape import ONE, Shape, Size

N, M = Size.named("n"), Size.named("m")
THREE = Size.number(3)
SHAPES: tuple[Shape, ...] = ((), (N,), (M,), (ONE, M), (N, M), (M, N), (N, N), (THREE,))
VARIABLES: dict[str, Shape] = {
    "c": (),
    "d": (),
    "x": (N,),
    "y": (N,),
    "z": (M,),
    "r": (ONE, M),
    "A": (N, M),
    "B": (M, N),
    "S": (N, N),
    "u": (THREE,),
    "v": (THREE,),
}
_WHOLE = (None, None)
OPTIONS: dict[str, tuple[Any, ...]] = {
    "axis": ((0,), (1,), (-1,), (0, 1), None),
    "axes": ((1, 0), (0, 1), (0,), (-1, -2), None),
    "keepdims": (True, None),
    "sizes": SHAPES[1:],
    "shape": SHAPES[1:],
    "subscripts": ("ij", "...->...", "ij->ji", "ij,jk->ik", "i,j->ij", "i,i->", "ij,j->ij", "ii->i", "i->ii", "ij->"),
    "index": (
        *((0,), (-1,), (0, 1), (_WHOLE, 1), (_WHOLE, None), (None,), ((Size.number(1), None),)),
        *(((None, None, -1),), (_WHOLE, (None, None, -1)), (Listed((1, 0, 1)),), (_WHOLE, Listed((0, 0)))),
    ),
    "count": (N, M),
}


@dataclass(frozen=True)
class Call:
    """A row of the table with shapes of arguments that fit it, and the shape of its value."""

    function: str
    arguments: tuple[Shape, ...]
    options: Parameters
    shape: Shape

    def variables(self) -> list[Expr]:
        """A variable for each argument: `v0`, `v1`, …; where a whole number belongs, 1."""
        places = FUNCTIONS[self.function].places
        given = [(k, Variable(f"v{k}", shape)) for k, shape in enumerate(self.arguments)]
        return [v if places else fitting(self.function, k, v) for k, v in given]


def fitting(function: str, place: int, argument: Expr) -> Expr:
    """An argument of a function, or 1 where only a whole number is one."""
    row = FUNCTIONS[function]
    named = row.parameters[place] if place < len(row.parameters) else ""
    if named in row.places:  # the first entry is always there
        return (
            Apply("zeros", (), (("sizes", argument.shape),), argument.shape) if argument.shape else Number(Fraction(0))
        )
    return Number(Fraction(1)) if named in row.whole else argument


def calls(row: Row, pool: tuple[Shape, ...] = SHAPES, choices: dict[str, tuple[Any, ...]] = OPTIONS) -> Iterator[Call]:
    """Everything that fits a row: arguments of shapes from the pool, with every choice of options."""
    arities = (1, 2) if row.parameters[-1:] == ("...",) else (len(row.parameters),)
    if row.reads:  # it is another expression
        return
    for options, arity in product(product(*(choices[name] for name in row.options)), arities):
        given = tuple((name, value) for name, value in zip(row.options, options, strict=True) if value is not None)
        if row.bare and not given:  # that is another row
            continue
        for shapes in product(pool, repeat=arity):
            if row.places and sum(map(len, shapes)) > 3:
                continue
            if any(shape and name in row.whole for name, shape in zip(row.parameters, shapes, strict=False)):
                continue
            if "of places" in row.given and len(shapes[1]) == len(shapes[0]) - 1:  # these are places
                continue
            values = tuple(Variable(f"v{k}", shape) for k, shape in enumerate(shapes))
            try:
                made = Builder(Scope({}), "").applied(row, values, dict(given))
            except ShapeError:
                continue
            yield Call(row.name, shapes, made.parameters, made.shape)


CALLS: dict[str, list[Call]] = {name: list(calls(row)) for name, row in FUNCTIONS.items()}
_BY_SHAPE: dict[Shape, dict[str, list[Call]]] = {
    shape: {name: fit for name, calls in CALLS.items() if (fit := [c for c in calls if c.shape == shape])}
    for shape in SHAPES
}


def leaves(shape: Shape) -> st.SearchStrategy[Expr]:
    """Variables of a shape; for scalars also numbers, constants and sizes."""
    variables: list[Expr] = [Variable(name, s) for name, s in VARIABLES.items() if s == shape]
    if shape:
        return st.sampled_from(variables)
    others: list[Expr] = [Constant("pi"), Extent(N), *(Number(value) for value in (Fraction(2), Fraction(1, 2)))]
    return st.sampled_from([*variables, *variables, *others])


@st.composite
def applied(draw: st.DrawFn, call: Call, depth: int) -> Expr:
    """A call on random arguments."""
    arguments = tuple(fitting(call.function, k, draw(expressions(s, depth - 1))) for k, s in enumerate(call.arguments))
    if call.function == "u-" and isinstance(arguments[0], Number):  # -0.5 is read as a number
        return Number(-arguments[0].value)
    if call.function == "take" and isinstance(arguments[1], Number):  # x[0] is read as an index
        (axis,) = dict(call.options).get("axis", (0,))
        index = (*(_WHOLE,) * axis, int(arguments[1].value))
        return Apply("[]", arguments[:1], (("index", index),), call.shape)
    return Apply(call.function, arguments, call.options, call.shape)


@st.composite
def expressions(draw: st.DrawFn, shape: Shape | None = None, depth: int = 3) -> Expr:
    """An expression of a shape, every row that can make this shape being as likely as any other."""
    if shape is None:
        shape = draw(st.sampled_from(SHAPES))
    if depth <= 0 or draw(st.integers(0, 3)) == 0:
        return draw(leaves(shape))
    rows = _BY_SHAPE[shape]
    call = draw(st.sampled_from(rows[draw(st.sampled_from(sorted(rows)))]))
    return draw(applied(call, depth))
