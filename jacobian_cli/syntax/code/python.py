"""Python's own tree of a text, and where its nodes stand.

Nothing is executed: `ast.parse` builds a tree and no more.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable

from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.libraries import JAX, MODULES, NUMPY, OF_TENSORS, TORCH
from jacobian_cli.syntax.tokens import too_deep

_TORCH = re.compile(
    r"\btorch\.|\bF\.|\bnn\.|\bdim\s*=|\bkeepdim\s*=|\b(?:unbiased|correction)\s*="
    r"|\.(?:unsqueeze|view|mm|mv|clamp|mT|permute)\b"
)
_JAX = re.compile(r"\bjnp\.|\bjax\.")
_NUMPY = re.compile(r"\b(?:np|numpy|scipy|math|tf)\.|\baxis\s*=|\bkeepdims\s*=")
_METHOD = re.compile(r"(?P<owner>\w*)[)\]]*\.(?P<name>[a-z_0-9]+?)_?\(")
_IMPORTED = re.compile(rf"^\s*(?:import|from)\s+({NUMPY}|{TORCH}|{JAX})\b", re.MULTILINE)


def library_of(text: str) -> str:
    """The library whose functions or options are named in a text; nothing where none is."""
    if _TORCH.search(text):
        return TORCH
    if _JAX.search(text):
        return JAX
    imported: set[str] = {*_IMPORTED.findall(text)}
    if _NUMPY.search(text) and (TORCH not in imported or "ndarray" in text):
        return NUMPY
    if len(imported) == 1:
        return imported.pop()
    called = (found for found in _METHOD.finditer(text) if found["name"] in OF_TENSORS)
    return TORCH if any(found["owner"] not in MODULES and found["owner"] != "self" for found in called) else ""


def parsed(source: str, text: str, shift: int = 0) -> ast.Module:
    """Python's tree of a source text. Raises `InputError` where it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _with_shapes(ast.parse(source))
    except SyntaxError as error:
        places = Places(source, shift)
        at = places.at(error.lineno or 1, max((error.offset or 1) - 1, 0), characters=True)
        reason = (error.msg or "invalid syntax").partition(". Perhaps")[0]
        if "nested" in reason or "Parser stack" in reason:
            raise too_deep(text) from None
        raise InputError(f"this is not Python: {reason}", text=text, span=Span(at, at + 1)) from None
    except (ValueError, RecursionError, MemoryError):
        raise InputError("this is not Python: it cannot be parsed", text=text) from None


def _shape(node: object) -> object:
    """np.shape(x) and x.size() are x.shape."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=attr), args=args, keywords=[]):
            of_module = isinstance(value, ast.Name) and value.id in ("np", "numpy", "jnp")
            if attr == "shape" and of_module and len(args) == 1:
                return ast.copy_location(ast.Attribute(args[0], "shape", ast.Load()), node)
            if attr == "size" and not args:
                return ast.copy_location(ast.Attribute(value, "shape", ast.Load()), node)
    return node


def _with_shapes(tree: ast.Module) -> ast.Module:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            setattr(parent, name, list(map(_shape, value)) if isinstance(value, list) else _shape(value))
    return tree


class Places:
    """Where nodes of a tree stand, in characters of the text."""

    def __init__(self, source: str, shift: int = 0) -> None:
        self.lines = source.splitlines(keepends=True) or [""]
        self.shift = shift
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def at(self, line: int, column: int, *, characters: bool = False) -> int:
        """The place of a column (counted in bytes, as `ast` does) of a line."""
        here = self.lines[min(line, len(self.lines)) - 1]
        if not characters and not here.isascii():
            column = len(here.encode()[:column].decode(errors="ignore"))
        return max(0, self.starts[min(line, len(self.lines)) - 1] + min(column, len(here)) + self.shift)

    def span(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg) -> Span:
        start = self.at(node.lineno, node.col_offset)
        stop = self.at(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset + 1)
        return Span(start, max(stop, start + 1))

    def line(self, place: int) -> int:
        return bisect_right(self.starts, place - self.shift)


def arguments_of(node: ast.arguments) -> Iterable[ast.arg]:
    """The parameters of a function."""
    return (*node.posonlyargs, *node.args, *node.kwonlyargs)


def as_number(node: ast.expr) -> ast.expr:
    """What a whole formula is a plain number of: `loss.item()`, `float(loss)`."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr="item"), args=[], keywords=[]):
            return value
        case ast.Call(func=ast.Name(id="float"), args=[value], keywords=[]) if not isinstance(value, ast.Constant):
            return value
    return node


def names_of(node: ast.expr) -> list[str]:
    """The names in an expression but for those of modules."""
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id not in MODULES]


def more(given: ast.arguments) -> bool:
    """Whether there are parameters of another kind."""
    return bool(given.defaults or given.kwonlyargs or given.vararg or given.kwarg or given.posonlyargs)
