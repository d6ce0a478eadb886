"""What a function says of its parameters' numbers of axes: annotations, assertions, its docstring, and defaults."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from jacobian_cli.syntax.code import arguments_of
from jacobian_cli.syntax.function.decorators import last_word

_OF_NAMES = {
    **dict.fromkeys("float int complex Scalar ScalarLike Number Real float32 float64 floating".split(), 0),
    "Vector": 1,
    "Matrix": 2,
}
"""Types that say how many axes there are; those of arrays do not."""
_LISTS = frozenset("list List Sequence tuple Tuple Iterable".split())
_SHAPED = re.compile(r"(Float|Num|Real|Shaped|Inexact|Int|Bool|BFloat)\d*")
"""The types of jaxtyping: `Float[Array, "n m"]`."""
_TORCHTYPING = "TensorType"
_SHAPE = re.compile(r"(?P<word>\bshape\b\W{0,4}(?:of|is)?\s*)?[(\[](?P<sizes>[\w\s*+,./-]*)[)\]]")
_NUMBER = re.compile(r"\s*(?:a\s+)?(float|scalar|number|int)\b(?!\s*(array|tensor|vector|list|ndarray))")
_END = re.compile(r"\n\s*\n|\n(?=\S)")
"""Where what is said of a parameter ends: at an empty line, or at one that is not indented."""
_FEW = 4
"""Words that may stand before a shape that is not called so: `x (Tensor): input (n, m)`."""
_MOST = 4


def axes_said(function: ast.FunctionDef | ast.Lambda, source: str) -> dict[str, int]:
    """How many axes parameters are said to have, by their names in the source."""
    found: dict[str, int] = {}
    given = [*arguments_of(function.args)]
    if isinstance(function, ast.FunctionDef):
        found |= _commented(given, source)
        found |= _of_text(ast.get_docstring(function) or "", [argument.arg for argument in given])
        for statement in function.body:
            if isinstance(statement, ast.Assert):
                found |= dict(_asserted(statement.test))
    for argument in given:
        if argument.annotation is not None and (order := _annotated(argument.annotation)) is not None:
            found[argument.arg] = order
    return {name: order for name, order in found.items() if order <= _MOST}


def is_number(default: ast.expr) -> bool:
    """Whether a default is a number: what stands for it is one, too."""
    if isinstance(default, ast.UnaryOp):
        return is_number(default.operand)
    return isinstance(default, ast.Constant) and type(default.value) in (int, float)


def _annotated(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=str() as text):
            try:
                return _annotated(ast.parse(text.strip(), mode="eval").body)
            except SyntaxError:
                return None
        case ast.Name() | ast.Attribute():
            return _OF_NAMES.get(last_word(node))
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _either([left, right])
        case ast.Subscript(value=value, slice=inside):
            return _subscripted(last_word(value), inside)
    return None


def _either(parts: list[ast.expr]) -> int | None:
    """What all say but None."""
    orders = {_annotated(part) for part in parts if not (isinstance(part, ast.Constant) and part.value is None)}
    return orders.pop() if len(orders) == 1 else None


def _subscripted(word: str, inside: ast.expr) -> int | None:
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    match parts:
        case _ if word in ("Optional", "Union"):
            return _either(parts)
        case _ if word == _TORCHTYPING:
            sized = [p for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str | int)]
            return len(sized) if all(isinstance(p, ast.Constant | ast.Name | ast.Attribute) for p in parts) else None
        case [_, ast.Constant(value=str() as sizes)] if _SHAPED.fullmatch(word):
            return None if "..." in sizes or "*" in sizes else len(sizes.split())
        case [first, *_] if word in _LISTS and (inner := _annotated(first)) is not None:
            return inner + 1
    return None


def _asserted(test: ast.expr) -> Iterator[tuple[str, int]]:
    """`assert x.ndim == 1 and A.shape == (n, m)`."""
    match test:
        case ast.BoolOp(op=ast.And(), values=values):
            for value in values:
                yield from _asserted(value)
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[ast.Constant(value=int() as order)]):
            match left:
                case (
                    ast.Attribute(value=ast.Name(id=name), attr="ndim")
                    | ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="dim"), args=[])
                    | ast.Call(func=ast.Name(id="len"), args=[ast.Attribute(value=ast.Name(id=name), attr="shape")])
                    | ast.Call(func=ast.Attribute(attr="ndim"), args=[ast.Name(id=name)])
                ):
                    yield name, order
        case ast.Compare(
            left=ast.Attribute(value=ast.Name(id=name), attr="shape"), ops=[ast.Eq()], comparators=[ast.Tuple(elts=e)]
        ) if not any(isinstance(part, ast.Starred) for part in e):
            yield name, len(e)


def _commented(given: list[ast.arg], source: str) -> dict[str, int]:
    """What stands behind parameters, each in a line of its own: `x,  # (n, m)`."""
    lines, found = source.split("\n"), dict[str, int]()
    at = Counter(argument.lineno for argument in given)
    for argument in given:
        line = lines[argument.lineno - 1] if argument.lineno <= len(lines) else ""
        code, mark, comment = line.partition("#")
        if mark and at[argument.lineno] == 1 and not re.search("[\"']", code):
            order = _order_in(comment)
            found |= {argument.arg: order} if order is not None else {}
    return found


def _of_text(text: str, names: list[str]) -> dict[str, int]:
    """`w : array of shape (n, m)`, `x (Tensor): (n,)`, `lam: float`."""
    found: dict[str, int] = {}
    if not text or not names:
        return found
    heads = re.compile(
        rf"(?:^|(?<=[,;)])|:param)\s*[-*\x60]*\s*({'|'.join(map(re.escape, names))})\x60*\s*(?::|(?=\())", re.MULTILINE
    )
    places = [*heads.finditer(text)]
    ends = [*(place.start() for place in places[1:]), len(text)]
    for place, stop in zip(places, ends, strict=False):
        said = _END.split(text[place.end() : stop], maxsplit=1)[0]
        if (order := _order_in(said)) is not None:
            found.setdefault(place[1], order)
    return found


def _order_in(said: str) -> int | None:
    """How many axes a description speaks of, where it speaks of one number of them."""
    if _NUMBER.match(said.lstrip("( ")):
        return 0
    orders = set[int]()
    for shape in _SHAPE.finditer(said):
        sizes = [size for size in re.split(r"[,\s]\s*", shape["sizes"].strip()) if size]
        if "..." in shape["sizes"] or not (shape["word"] or _is_shape(said[: shape.start()], shape["sizes"])):
            continue
        orders.add(len(sizes))
    return orders.pop() if len(orders) == 1 else None


def _is_shape(before: str, sizes: str) -> bool:
    """Whether what stands in brackets is a shape though it is not called so: near the beginning, and no citation."""
    return "," in sizes and len(before.split()) <= _FEW and not re.search(r"\b(19|20)\d\d\b", sizes)
