"""Typed expressions for the tests: from a text, and at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from jacobian_cli.elaborate import elaborate
from jacobian_cli.elaborate.builder import known_shape
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Variable
from jacobian_cli.ops import row
from jacobian_cli.shape import ONE, Shape, Size
from jacobian_cli.syntax.parser import parse_statement

N, M = Size.named("n"), Size.named("m")
LENGTHS = {"n": 3, "m": 4}
SHAPES: dict[str, Shape] = {
    "c": (),
    "lam": (),
    "x": (M,),
    "y": (M,),
    "b": (N,),
    "r": (ONE, M),
    "W": (N, M),
    "A": (N, M),
    "S": (N, N),
    "B": (M, N),
    "Q": (M, M),
}
VARIABLES = [Variable(name, shape) for name, shape in SHAPES.items()]


def typed(formula: str, **shapes: Shape) -> Expr:
    """The expression that a formula is, with the shapes above unless others are given."""
    return elaborate([parse_statement(formula)], SHAPES | shapes).output


def values(seed: int = 0) -> dict[str, Any]:
    """Values for the variables above, at the lengths above."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=tuple(size.at(LENGTHS) for size in shape)) for name, shape in SHAPES.items()}


def apply(function: str, *arguments: Expr, **options: Any) -> Expr:
    """A function of typed expressions."""
    parameters = tuple(options.items())
    return Apply(
        function, arguments, parameters, known_shape(row(function), tuple(a.shape for a in arguments), parameters)
    )


_PARSED = st.sampled_from(["0", "1", "2", "0.5", "0.044715", "17", "1e-20", "3.25"])
_ANY = st.sampled_from(["-1", "-0.5", "1/3", "-2/7", "1/8"])


def numbers(*, built: bool) -> st.SearchStrategy[Expr]:
    """Numbers as they are typed, or also those that only calculation makes."""
    texts = _PARSED | _ANY if built else _PARSED
    return texts.map(lambda text: Number(Fraction(text)))


@st.composite
def expressions(draw: st.DrawFn, shape: Shape | None = None, depth: int = 4, *, built: bool = False) -> Expr:
    """A random expression of a given shape; with `built`, one that need not have been typed."""
    if shape is None:
        shape = draw(st.sampled_from([(), (N,), (M,), (ONE, M), (N, M), (M, N), (N, N)]))

    def some(wanted: Shape) -> Expr:
        return draw(expressions(wanted, depth - 1, built=built))

    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(_leaves(shape, built=built))
    choices: list[Callable[[], Expr]] = [_everywhere(draw, shape, some), *_OWN.get(len(shape), _matrices)(shape, some)]
    if len(shape) == 2 and shape[0] is ONE:
        choices = [choices[0], *_rows(shape, some)]
    return draw(st.sampled_from(choices))()


def _leaves(shape: Shape, *, built: bool) -> st.SearchStrategy[Expr]:
    found: list[Expr] = [v for v in VARIABLES if v.shape == shape]
    if not shape:
        return st.sampled_from([*found, Constant("pi"), Constant("e"), Extent(N)]) | numbers(built=built)
    found.append(apply("ones", sizes=shape))
    if len(shape) == 2 and shape[0] is shape[1]:
        found.append(apply("eye", sizes=shape[:1]))
    return st.sampled_from(found)


def _everywhere(draw: st.DrawFn, shape: Shape, some: Callable[[Shape], Expr]) -> Callable[[], Expr]:
    """What can be done to values of any shape."""
    kind = draw(st.sampled_from(["infix", "scaled", "minus", "function", "power", "compare", "where"]))

    def leaf() -> Expr:
        return draw(_leaves(shape, built=False))

    def build() -> Expr:
        match kind:
            case "infix":
                return apply(draw(st.sampled_from("+-*")), some(shape), some(shape))
            case "scaled":
                scaled = [some(()), some(shape)]
                return apply(draw(st.sampled_from(["*", "+"])), *draw(st.permutations(scaled)))
            case "minus":
                return apply("u-", some(shape))
            case "function":
                return apply(draw(st.sampled_from(["tanh", "sigmoid", "relu", "gelu", "sin", "abs"])), some(shape))
            case "power":
                square = apply("**", some(shape), Number(Fraction(2)))
                return apply("/", some(shape), apply("+", Number(Fraction(1)), square))
            case "compare":
                return apply(draw(st.sampled_from([">", "<=", "!="])), leaf(), leaf())
        return apply("where", apply(">", leaf(), Number(Fraction(0))), some(shape), some(shape))

    return build


def _scalars(shape: Shape, some: Callable[[Shape], Expr]) -> list[Callable[[], Expr]]:
    del shape
    return [
        lambda: apply("@", some((M,)), some((M,))),
        lambda: apply("@", apply(".T", some((N,))), some((N,))),
        lambda: apply("sum", some((N, M))),
        lambda: apply("norm", some((M,))),
        lambda: apply("trace", some((N, N))),
        lambda: apply("[]", some((N, M)), index=(0, -1)),
        lambda: apply("dot", some((N,)), some((N,))),
    ]


def _vectors(shape: Shape, some: Callable[[Shape], Expr]) -> list[Callable[[], Expr]]:
    (size,) = shape
    other = M if size is N else N
    return [
        lambda: apply("@", some((size, other)), some((other,))),
        lambda: apply("@", apply("@", some((size, other)), some((other, size))), some((size,))),
        lambda: apply("@", apply("diag", some(shape)), some(shape)),
        lambda: apply("diag", some((size, size))),
        lambda: apply(".T", some((ONE, size))),
        lambda: apply("sum", some((other, size)), axis=(0,)),
        lambda: apply("norm", some((size, other)), axis=(-1,)),
        lambda: apply("[]", some((size, other)), index=((None, None), 1)),
        lambda: apply("reshape", some((ONE, size)), shape=(size,)),
    ]


def _rows(shape: Shape, some: Callable[[Shape], Expr]) -> list[Callable[[], Expr]]:
    size = shape[1]
    other = M if size is N else N
    return [
        lambda: apply(".T", some((size,))),
        lambda: apply("@", some((ONE, other)), some((other, size))),
        lambda: apply("@", some(shape), apply("diag", some((size,)))),
        lambda: apply("sum", some((other, size)), axis=(0,), keepdims=True),
        lambda: apply("[]", some((size,)), index=(None,)),
    ]


def _matrices(shape: Shape, some: Callable[[Shape], Expr]) -> list[Callable[[], Expr]]:
    rows, columns = shape
    made = [
        lambda: apply("@", some((rows, M)), some((M, columns))),
        lambda: apply("@", apply("diag", some((rows,))), some(shape)),
        lambda: apply("@", some((rows,)), some((ONE, columns))),
        lambda: apply("outer", some((rows,)), some((columns,))),
        lambda: apply(".T", some((columns, rows))),
        lambda: apply("kron", some((rows,)), some((ONE, columns))),
        lambda: apply("einsum", some((rows, N)), some((columns, N)), subscripts="ij,kj->ik"),
        lambda: apply("+", some(shape), apply("[]", some((rows,)), index=((None, None), None))),
        lambda: apply("reshape", apply("vec", some(shape)), shape=shape),
    ]
    return [*made, lambda: apply("diag", some((rows,)))] if rows is columns else made


_OWN: Mapping[int, Callable[[Shape, Callable[[Shape], Expr]], list[Callable[[], Expr]]]] = {0: _scalars, 1: _vectors}
