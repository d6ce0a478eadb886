"""Matrix notation, piece by piece: products, transposes and sums written the way people do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any
from weakref import WeakSet

from jacobian_cli.calculus.cost import shortest
from jacobian_cli.calculus.notation.operations import (
    apply,
    chain,
    diag,
    divide,
    extent,
    eye,
    is_call,
    is_diagonal,
    is_number,
    joined,
    kron,
    multiply,
    negate,
    number,
    ones,
    scalar_part,
    scaled,
    summands,
    unsigned,
    zeros,
)
from jacobian_cli.expr import Apply, Defined, Expr, walk
from jacobian_cli.ops import Kind, row
from jacobian_cli.ops.cuts import Listed
from jacobian_cli.ops.identities import turns as turning
from jacobian_cli.ops.rules import reduced_axes
from jacobian_cli.shape import ONE, Shape, Size

__all__ = [
    "apply",
    "chain",
    "column",
    "diag",
    "divide",
    "entry",
    "extent",
    "eye",
    "fills",
    "first_entry",
    "is_call",
    "is_column",
    "is_diagonal",
    "is_number",
    "joined",
    "kron",
    "lying",
    "matmul",
    "multiply",
    "negate",
    "number",
    "ones",
    "outer",
    "proper",
    "reduced",
    "scalar_part",
    "scaled",
    "shaped",
    "summands",
    "total",
    "transpose",
    "unsigned",
    "upright",
    "zeros",
]


def matmul(*factors: Expr) -> Expr:
    """A chain of matrix products, associated as it is read; an identity in it is left out, a minus goes in front."""
    flat: list[Expr] = []
    for factor in factors:
        flat.extend(chain(factor))
    if any(is_call(f, "u-") for f in flat[1:]):
        product = matmul(*(f.children[0] if is_call(f, "u-") else f for f in flat))
        return negate(product) if sum(is_call(f, "u-") for f in flat) % 2 else product
    kept = _gathered([f for f in flat if not is_call(f, "eye")])
    if not kept:
        return flat[0]
    whole = _unchanged(factors[0], kept)
    result = factors[0] if whole else kept[0]
    for factor in kept[whole or 1 :]:
        if is_diagonal(result) and is_diagonal(factor):
            result = diag(multiply(result.children[0], factor.children[0]))
        elif is_call(result, "@") and is_diagonal(result.children[1]) and is_diagonal(factor):
            both = diag(multiply(result.children[1].children[0], factor.children[0]))
            result = apply("@", result.children[0], both)
        else:
            result = apply("@", result, factor)
    return result


def _unchanged(first: Expr, kept: Sequence[Expr]) -> int:
    """How many factors the first one has, where these come back as they are, so that it need not be built again."""
    own = chain(first)
    same = len(own) <= len(kept) and all(a is b for a, b in zip(own, kept, strict=False))
    return len(own) if same and not any(is_diagonal(a) and is_diagonal(b) for a, b in pairwise(own)) else 0


def _gathered(factors: list[Expr]) -> list[Expr]:
    """A chain in which rows of an identity pick from what stands beside them: one_hot(i, n)@W is W[i], and their
    transpose adds what it scatters.
    """
    at = next((k for k, factor in enumerate(factors) if _picks(factor) is not None and len(factors) > 1), None)
    if at is None:
        return factors
    found = _picks(factors[at])
    assert found is not None
    places, count, turned = found
    behind, before = factors[at + 1 :], factors[:at]
    if behind and not is_diagonal(behind[0]) and len(behind[0].shape) < 3:
        made = apply("scatter_add", behind[0], places, count=count) if turned else apply("take", behind[0], places)
        return _gathered([*before, made, *behind[1:]])
    if before and not is_diagonal(before[-1]) and len(before[-1].shape) == 2:
        if turned:
            return _gathered([*before[:-1], apply("take", before[-1], places, axis=(1,)), *behind])
        first = transpose(before[-1])
        return _gathered([*before[:-1], transpose(apply("scatter_add", first, places, count=count)), *behind])
    return factors


def _picks(factor: Expr) -> tuple[Expr, Size, bool] | None:
    """The places and the number of columns of rows of an identity, and whether they are turned."""
    inner = factor.children[0] if is_call(factor, ".T") else factor
    match inner:
        case Apply(function=function, arguments=(places,), shape=(_, count)) if row(function).picking:
            return places, count, inner is not factor
        case Apply(function="[]", arguments=(Apply(function="eye"),), parameters=((_, (Listed(numbers),)),)):
            if min(numbers) < 0:
                return None
            return apply("stack", *map(number, numbers)), inner.shape[1], inner is not factor
    return None


def outer(a: Expr, b: Expr) -> Expr:
    """a bᵀ for two vectors: as a chain of matrices, or, where that is shorter, with the second vector as it is."""
    return shortest([matmul(a, transpose(b)), apply("@", a, apply(".T", b))])


@lru_cache(maxsize=8192)
def transpose(expr: Expr) -> Expr:
    """The transpose, pushed to where people write it: (AB)ᵀ = BᵀAᵀ, (Aᵀ)ᵀ = A, diag(v)ᵀ = diag(v)."""
    if not expr.shape:
        return expr
    if isinstance(expr, Defined) and _is_symmetric(expr):
        return expr
    pushed = _pushed(expr) if isinstance(expr, Apply) else None
    return apply(".T", expr) if pushed is None else pushed


_turned: WeakSet[Expr] = WeakSet()
"""The names whose transposes are known."""


def _is_symmetric(name: Defined) -> bool:
    """Whether what a name stands for is its own transpose. Names within it are asked first, so that hundreds that stand
    in one another are not reached by recursion.
    """
    if len(name.shape) != 2 or name.shape[0] is not name.shape[1]:
        return False
    for node in walk([name.body], lambda node: node not in _turned):
        if isinstance(node, Defined) and node not in _turned:
            _turned.add(node)
            transpose(node)
    return transpose(name.body) is name.body


def _pushed(expr: Apply) -> Expr | None:
    """The transpose made of those of the parts, if that is a way of writing it."""
    entry = row(expr.function)
    match expr:
        case Apply(function=".T", arguments=(inner,)):
            return inner
        case Apply(function="@"):
            return _product_turned(expr)
        case Apply(function="outer", arguments=(a, b)) if a is b:
            return expr
        case Apply(function="diag" | "eye"):
            return expr if len(expr.shape) == 2 and expr.shape[0] is expr.shape[1] else None
        case Apply(function="u-", arguments=(inner,)):
            return negate(transpose(inner))
        case Apply(function="kron", arguments=(a, b)):
            return apply("kron", transpose(a), transpose(b)) if len(a.shape) == len(b.shape) == 2 else None
        case Apply(function=function, arguments=(inner,)) if turning(function):
            return expr if transpose(inner) is inner else None  # the inverse of XᵀX is its own transpose
        case Apply(function="*" | "/" as function, arguments=(a, b)) if _keeps_order(function, a, b):
            return apply(function, transpose(a), transpose(b))
    return _entries_turned(expr) if entry.kind is Kind.ELEMENTWISE else None


def _product_turned(expr: Apply) -> Expr | None:
    """(AB)ᵀ = BᵀAᵀ for matrices and vectors; a number in front stays there."""
    factors = chain(expr)
    if len(factors) < 2 or any(len(f.shape) not in (1, 2) or set(f.shape) == {ONE} for f in factors):
        return None
    if is_call(factors[-1], ".T") and matmul(*factors[:-1]) is factors[-1].children[0]:
        return expr  # (Ab)(Ab)ᵀ is its own transpose
    front, factors[0] = scalar_part(factors[0])
    turned = matmul(*(transpose(f) for f in reversed(factors)))
    return turned if front is None else scaled(front, turned)


def _keeps_order(function: str, a: Expr, b: Expr) -> bool:
    """Whether both sides of a product or quotient are turned as they are: beside a scalar, or where both are
    transposes: (Aᵀ ⊙ Bᵀ)ᵀ = A ⊙ B.
    """
    return not b.shape or (function == "*" and not a.shape) or (a.shape == b.shape and _all_turned(a, b))


def _all_turned(*exprs: Expr) -> bool:
    return all(
        _all_turned(*e.children) if is_call(e, "*") or is_call(e, "/") else is_call(e, ".T") and len(e.shape) == 2
        for e in exprs
    )


def _entries_turned(expr: Apply) -> Expr | None:
    """f(A, B)ᵀ = f(Aᵀ, Bᵀ), what broadcasting repeats being turned with its direction, where that is shorter."""
    function, arguments = expr.function, expr.arguments
    if len(expr.shape) != 2:
        return None
    if ONE in expr.shape:
        rows = expr.shape[0] is ONE and all(map(_is_row, arguments))
        return apply(function, *(column(a) if a.shape else a for a in arguments)) if rows else None
    if function in ("+", "-"):
        parts = summands(expr)
        sides = [(minus, _turned_beside(t)) for minus, t in parts]
        if Counter(sides) == Counter(parts):
            return expr  # A + Aᵀ is its own transpose
        turned = total(sides)
    else:
        turned = apply(function, *(_turned_beside(a) for a in arguments))
    return shortest([apply(".T", expr), turned]) if turned.shape == expr.shape[::-1] else None


def fills(exprs: Iterable[Expr], shape: Shape) -> bool:
    """Whether broadcasting makes this shape of some values: v[:, None] - w has the axes of both."""
    there = {k - len(e.shape) for e in exprs for k, size in enumerate(e.shape) if size is not ONE}
    return there.issuperset(k - len(shape) for k, size in enumerate(shape) if size is not ONE)


def is_column(expr: Expr) -> bool:
    """Whether an expression is `v[:, None]`."""
    return isinstance(expr, Apply) and expr.function == "[]" and expr.parameters == (("index", ((None, None), None)),)


def _turned_beside(term: Expr) -> Expr:
    """The transpose of a term that broadcasting may repeat: x runs along rows as x[:, None] does along columns."""
    if not term.shape:
        return term
    if is_column(term):
        return lying(term.children[0])
    if len(term.shape) == 1 or term.shape[0] is ONE:
        return upright(column(term))
    return column(term) if term.shape[1] is ONE else transpose(term)


def _is_row(expr: Expr) -> bool:
    """Whether a value is a row vector, or a scalar that may stand beside one."""
    return not expr.shape or (len(expr.shape) == 2 and expr.shape[0] is ONE)


def column(expr: Expr) -> Expr:
    """A value of one proper axis as a column vector: rows are turned, single columns flattened."""
    shape = expr.shape
    if len(shape) == 1:
        return expr
    if len(shape) == 2 and shape[1] is ONE:
        return apply("[]", expr, index=((None, None), 0))
    if len(shape) == 2 and shape[0] is ONE:
        turned = transpose(expr)
        return turned if len(turned.shape) == 1 else column(turned)  # of what was declared n × 1, a matrix
    return apply("reshape", expr, shape=tuple(s for s in shape if s is not ONE))


def upright(vector: Expr) -> Expr:
    """A vector as an n × 1 matrix: what was summed along an axis keeps it, what was n × 1 stays so."""
    return shortest([_kept(vector), _indexed(vector)])


def lying(vector: Expr) -> Expr:
    """A vector beside a matrix whose rows it runs along: what was 1 × n may stay so."""
    match vector:
        case Apply(function=".T", arguments=(inner,)) if len(inner.shape) == 2 and inner.shape[0] is ONE:
            return inner
        case Apply(function=function, arguments=arguments, parameters=parameters):
            if row(function).kind is not Kind.ELEMENTWISE:
                return vector
            laid = [lying(a) if a.shape else a for a in arguments]
            if len({len(a.shape) for a in laid if a.shape}) == 1:
                return apply(function, *laid, **dict(parameters))
    return vector


def _indexed(vector: Expr) -> Expr:
    return apply("[]", vector, index=((None, None), None))


def _kept(vector: Expr) -> Expr:
    match vector:
        case Apply(function="[]", arguments=(inner,), parameters=(("index", ((None, None), 0)),)) if (
            len(inner.shape) == 2 and inner.shape[1] is ONE
        ):
            return inner
        case Apply(function=function, arguments=arguments, parameters=parameters):
            options = dict(parameters)
            kind = row(function).kind
            if kind is Kind.REDUCTION and options.get("axis") == (1,) and len(arguments[0].shape) == 2:
                return apply(function, *arguments, **options, keepdims=True)
            if kind is Kind.ELEMENTWISE:
                return apply(function, *(upright(a) if a.shape else a for a in arguments), **options)
    return _indexed(vector)


def proper(expr: Expr) -> Expr:
    """The expression without axes of length one."""
    kept = tuple(s for s in expr.shape if s is not ONE)
    if kept == expr.shape:
        return expr
    if len(kept) == 1:
        return column(expr)
    return apply("reshape", expr, shape=kept) if kept else first_entry(expr)


def entry(expr: Expr, axis: int, item: Any) -> Expr:
    """One row or column of a matrix, or a slice of them; rows of Aᵀ are columns of A."""
    if is_call(expr, ".T") and len(expr.children[0].shape) == 2:
        found = entry(expr.children[0], 1 - axis, item)
        return transpose(found) if isinstance(item, tuple) else found
    return apply("[]", expr, index=(item,) if axis == 0 else ((None, None), item))


def first_entry(expr: Expr) -> Expr:
    return apply("[]", expr, index=(0,) * len(expr.shape))


def shaped(expr: Expr, shape: Shape) -> Expr:
    """A value without axes of length one, given the shape it has in the language."""
    if expr.shape == shape:
        return expr
    if len(shape) == 2 and shape[0] is ONE and len(expr.shape) == 1:
        return transpose(expr)
    if len(shape) == 2 and shape[1] is ONE and len(expr.shape) == 1:
        return apply("[]", expr, index=((None, None), None))
    return apply("reshape", expr, shape=shape) if expr.shape else apply("*", expr, apply("ones", sizes=shape))


def reduced(expr: Apply) -> Shape:
    """The sizes that a reduction sums over."""
    (inner,) = expr.arguments
    return tuple(inner.shape[axis] for axis in reduced_axes(inner.shape, dict(expr.parameters)))


def total(terms: Sequence[tuple[bool, Expr]]) -> Expr:
    """A sum of terms, each with whether it is subtracted; like terms are merged, diagonal matrices add up inside one
    diag.
    """
    terms = _merged(terms)
    diagonals = [(minus, t) for minus, t in terms if is_call(t, "diag") and len(t.shape) == 2]
    if len(diagonals) > 1:
        (first, _), *_ = diagonals
        inner = total([(minus != first, t.children[0]) for minus, t in diagonals])
        at = terms.index(diagonals[0])
        rest = [t for t in terms if t not in diagonals]
        terms = [*rest[:at], (first, apply("diag", inner)), *rest[at:]]
    negative, result = terms[0]
    if negative:
        result = negate(result)
    for subtracted, term in terms[1:]:
        inside = summands(term)
        whole = apply("-" if subtracted else "+", result, term)
        result = whole if len(inside) == 1 else shortest([whole, _with_all(result, inside, subtracted)])
    return result


def _merged(terms: Sequence[tuple[bool, Expr]]) -> Sequence[tuple[bool, Expr]]:
    """A + B + (A - C) = 2A + B - C; as it was if no term is there twice, or nothing is left as large as the whole."""
    counts: dict[Expr, int] = {}
    parts = [(minus != inner, term) for minus, whole in terms for inner, term in summands(whole)]
    for minus, term in parts:
        counts[term] = counts.get(term, 0) + (-1 if minus else 1)
    left = [(count < 0, scaled(number(abs(count)), term)) for term, count in counts.items() if count]
    kept = {term.shape for _, term in left} == {term.shape for _, term in parts}
    return left if len(counts) < len(parts) and kept else terms


def _with_all(expr: Expr, terms: Sequence[tuple[bool, Expr]], subtracted: bool) -> Expr:
    for minus, term in terms:
        expr = apply("-" if minus != subtracted else "+", expr, term)
    return expr
