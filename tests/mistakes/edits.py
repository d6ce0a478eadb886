"""Mistakes of each kind, made in a published derivative as it stands in NumPy: on Python's own syntax tree.

Nothing here is shared with the product's ways of making mistakes, which work on its own trees and by value.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong derivative, the kind of mistake in it, and what else it may fairly be called."""

    kind: str
    claim: str
    alike: frozenset[str]

    @property
    def kinds(self) -> frozenset[str]:
        """All names that do it justice."""
        return self.alike | {self.kind}


_ALIKE = {
    "sign": "",
    "factor": "mean_for_sum unit_factor missing_sum",
    "transposed": "term_transposed order outer_swapped does_not_conform",
    "term_transposed": "transposed order",
    "order": "transposed outer_swapped term_transposed",
    "outer_swapped": "transposed term_transposed order",
    "inner_for_outer": "outer_lost wrong_contraction shape",
    "outer_lost": "inner_for_outer shape diagonal_only",
    "hadamard_for_matmul": "outer_lost missing_sum shape local_forgotten",
    "matmul_for_hadamard": "inner_for_outer wrong_contraction shape missing_sum",
    "missing_derivative": "does_not_conform shape local_forgotten unit_factor "
    "missing_branch factor input_for_output constant_inner upstream_forgotten",
    "wrong_derivative": "factor inverse_power missing_derivative",
    "missing_term": "does_not_conform shape sum_term_forgotten missing_branch "
    "constant_inner diagonal_only symmetric_form local_forgotten",
    "inverse_power": "factor wrong_derivative missing_derivative "
    "local_forgotten input_for_output wrong_node unit_factor",
    "mean_for_sum": "factor missing_sum",
    "missing_sum": "shape mean_for_sum hadamard_for_matmul",
    "wrong_axis": "transposed shape missing_sum",
    "sigma_of_minus": "sign wrong_node wrong_derivative",
    "input_for_output": "wrong_node missing_derivative wrong_derivative variable_for_derivative",
    "unit_factor": "input_for_output does_not_conform shape "
    "missing_derivative factor local_forgotten upstream_forgotten",
    "missing_branch": "does_not_conform shape missing_derivative local_forgotten unit_factor",
    "ones_for_identity": "wrong_contraction missing_term",
    "silent_zero": "",
    "index": "",
    "symmetric_form": "transposed term_transposed missing_term",
}


def mistakes(source: str) -> Iterator[Mistake]:
    """All mistakes that can be made at one place of a derivative, given as statements of which the last is its value.

    >>> sorted({m.kind for m in mistakes("2*X.T@(X@w - y)")})[:4]
    ['factor', 'hadamard_for_matmul', 'matmul_for_hadamard', 'missing_term']
    """
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    for kind, new in _changed(tree):
        claim = "; ".join(ast.unparse(statement) for statement in new.body)
        if claim not in seen:
            seen.add(claim)
            yield Mistake(kind, claim, frozenset(_ALIKE[kind].split()))


def _changed(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    values = {
        t.targets[0].id: t.value for t in tree.body if isinstance(t, ast.Assign) and isinstance(t.targets[0], ast.Name)
    }
    whole = tree.body[-1].value  # type: ignore[attr-defined]  # an expression, by its making
    for kind, new in _of_the_whole(whole):
        yield kind, _with(tree, whole, new)
    terms = list(_terms(whole))
    for place in ast.walk(tree):
        if isinstance(place, ast.expr) and isinstance(getattr(place, "ctx", ast.Load()), ast.Load):
            for kind, new in _at(place, values, any(place is term for term in terms)):
                yield kind, _with(tree, place, new)


def _with(tree: ast.Module, place: ast.AST, new: ast.expr) -> ast.Module:
    def put(node: ast.AST) -> ast.AST:
        if node is place:
            return new
        made = copy.copy(node)
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                setattr(made, name, put(value))
            elif isinstance(value, list):
                setattr(made, name, [put(v) if isinstance(v, ast.AST) else v for v in value])
        return made

    found = put(tree)
    assert isinstance(found, ast.Module)
    return found


def _terms(place: ast.expr) -> Iterator[ast.expr]:
    """The sums that are terms or factors of the whole, not arguments of a function."""
    yield place
    if isinstance(place, ast.BinOp) and isinstance(place.op, ast.Add | ast.Sub | ast.Mult | ast.MatMult):
        yield from _terms(place.left)
        yield from _terms(place.right)
    elif isinstance(place, ast.BinOp):
        yield from _terms(place.left)
    elif isinstance(place, ast.UnaryOp):
        yield from _terms(place.operand)


def _of_the_whole(whole: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    yield "sign", ast.UnaryOp(ast.USub(), whole)
    yield "factor", ast.BinOp(ast.Constant(2), ast.Mult(), whole)
    yield "factor", ast.BinOp(whole, ast.Div(), ast.Constant(2))
    yield "silent_zero", ast.BinOp(ast.Constant(0), ast.Mult(), whole)


def _at(place: ast.expr, values: dict[str, ast.expr], outermost: bool) -> Iterator[tuple[str, ast.expr]]:
    yield from _of_operators(place, values, outermost)
    yield from _of_calls(place, values)


def _of_operators(place: ast.expr, values: dict[str, ast.expr], outermost: bool) -> Iterator[tuple[str, ast.expr]]:
    match place:
        case ast.BinOp(a, ast.Add(), b):
            yield "sign", ast.BinOp(a, ast.Sub(), b)
            if outermost:
                yield "missing_term", a
                yield "missing_term", b
            if not _is_number(a) and not _is_number(b):
                yield "term_transposed", ast.BinOp(a, ast.Add(), _turned(b))
                if ast.unparse(_turned(a)) == ast.unparse(b):
                    yield "symmetric_form", ast.BinOp(ast.Constant(2), ast.Mult(), a)
        case ast.BinOp(a, ast.Sub(), b):
            yield "sign", ast.BinOp(a, ast.Add(), b)
            if outermost:
                yield "missing_term", a
                yield "missing_term", ast.UnaryOp(ast.USub(), b)
        case ast.BinOp(a, ast.MatMult(), b):
            yield "order", ast.BinOp(b, ast.MatMult(), a)
            yield "hadamard_for_matmul", ast.BinOp(a, ast.Mult(), b)
            if _is_turned(a):
                yield "transposed", ast.BinOp(_turned(a), ast.MatMult(), b)
            if _is_turned(b):
                yield "transposed", ast.BinOp(a, ast.MatMult(), _turned(b))
        case ast.BinOp(a, ast.Mult(), b):
            yield "matmul_for_hadamard", ast.BinOp(a, ast.MatMult(), b)
            for kept, lost in ((a, b), (b, a)):
                kind = _lost(lost)
                if kind and not _is_number(kept):
                    yield kind, kept
        case ast.BinOp(a, ast.Div(), b) if outermost:
            yield (
                (
                    "factor"
                    if _is_number(b) or (isinstance(b, ast.Name) and b.id not in values)
                    else "missing_derivative"
                ),
                a,
            )
        case ast.BinOp(a, ast.Pow(), ast.Constant(int() as k)) if k > 1:
            yield "inverse_power", ast.BinOp(a, ast.Pow(), ast.Constant(k - 1)) if k > 2 else a
            yield "inverse_power", ast.BinOp(a, ast.Pow(), ast.Constant(k + 1))


def _of_calls(place: ast.expr, values: dict[str, ast.expr]) -> Iterator[tuple[str, ast.expr]]:
    match place:
        case ast.Call(ast.Attribute(_, "outer"), [a, b]):
            yield "outer_swapped", _call(place, b, a)
            yield "inner_for_outer", ast.BinOp(a, ast.MatMult(), b)
            yield "outer_lost", ast.BinOp(a, ast.Mult(), b)
        case ast.Call(ast.Attribute(_, "inv"), [a]):
            yield "inverse_power", a
            yield "transposed", _turned(place)
        case ast.Call(ast.Attribute(_, "expit"), [a]):
            yield "sigma_of_minus", _call(place, ast.UnaryOp(ast.USub(), a))
        case ast.Call(ast.Attribute(_, "eye"), [a]):
            yield "ones_for_identity", ast.parse(f"np.ones(({ast.unparse(a)}, {ast.unparse(a)}))", mode="eval").body
        case ast.Call(ast.Attribute(a, "sum" | "mean" as name, ctx), arguments, keywords):
            other = "mean" if name == "sum" else "sum"
            yield "mean_for_sum", ast.Call(ast.Attribute(a, other, ctx), arguments, keywords)
            if arguments and isinstance(arguments[0], ast.Constant) and arguments[0].value in (0, 1):
                yield "wrong_axis", ast.Call(place.func, [ast.Constant(1 - arguments[0].value)], keywords)
        case ast.Call(function, arguments, [ast.keyword("axis", ast.Constant(0 | 1 as k))]):
            yield "wrong_axis", ast.Call(function, arguments, [ast.keyword("axis", ast.Constant(1 - k))])
        case ast.Name(name) if name in values:
            inner = values[name]
            if isinstance(inner, ast.Call) and ast.unparse(inner.func).rpartition(".")[2] in (
                "expit",
                "tanh",
                "softmax",
            ):
                yield "input_for_output", inner.args[0]
        case ast.Subscript(a, ast.Constant(int() as k), ctx):
            yield "index", ast.Subscript(a, ast.Constant(k + 1), ctx)


def _call(place: ast.Call, *arguments: ast.expr) -> ast.Call:
    return ast.Call(place.func, list(arguments), place.keywords)


def _lost(factor: ast.expr) -> str | None:
    """What it is to leave a factor out; None where that is no mistake of one kind."""
    match factor:
        case ast.Constant():
            return "factor"
        case ast.Name():
            return "unit_factor"
        case ast.Compare() | ast.BinOp(ast.Constant(1.0), ast.Mult(), ast.Compare()):
            return "missing_branch"
        case ast.BinOp(ast.Constant(1), ast.Sub(), _):
            return "missing_derivative"
    return None


def _is_number(place: ast.expr) -> bool:
    return all(isinstance(node, ast.Constant | ast.operator | ast.BinOp) for node in ast.walk(place))


def _is_turned(place: ast.expr) -> bool:
    return isinstance(place, ast.Attribute) and place.attr == "T"


def _turned(place: ast.expr) -> ast.expr:
    return (
        place.value if isinstance(place, ast.Attribute) and place.attr == "T" else ast.Attribute(place, "T", ast.Load())
    )
