"""What stands behind a value in Python: attributes, of arrays and of modules, and indices."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping

from jacobian_cli.syntax.code.arguments import LOST, places_of, sign_of, unpaired
from jacobian_cli.syntax.code.places import counts_rows, is_parts, piece
from jacobian_cli.syntax.code.python import Places
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.libraries import MODULES, REFUSED
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import normal_name
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Flag, Group, Literal, Name, Slice, Term, Text


class Attributes(ABC):
    """Reads attributes and indices in one text; what they stand behind is read by `term`."""

    def __init__(self, text: str, places: Places, known: Known, library: str) -> None:
        self.text = text
        self.places = places
        self.known = known
        self.library = library
        self.doubts: list[Doubt] = []
        self.aliases: Mapping[str, str] = {}
        """What was imported: `expit` for `scipy.special.expit`."""
        self.given: Mapping[str, Term] = {}
        """What the parameters of a `lambda` that is applied stand for."""

    @abstractmethod
    def term(self, node: ast.expr) -> Term:
        """The tree of an expression. Raises `InputError`, with a caret, where it cannot be read."""

    def refuse(self, node: ast.expr | ast.stmt | ast.keyword, message: str, hint: str | None = None) -> InputError:
        return InputError(message, text=self.text, span=self.places.span(node), hint=hint)

    def doubt(self, message: str) -> None:
        found = Doubt(message)
        if found not in self.doubts:
            self.doubts.append(found)

    def shadowed(self, name: str) -> bool:
        """Whether a name is a value here, whatever functions there are."""
        return name in self.known.names or name in self.given

    def path(self, node: ast.expr) -> list[str] | None:
        """The words of a dotted name that begins with a module."""
        words: list[str] = []
        while isinstance(node, ast.Attribute):
            words.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or self.shadowed(node.id):
            return None
        first = self.aliases.get(node.id, node.id).split(".")
        if first[0] not in MODULES:
            return None
        return [*first, *reversed(words)]

    def attribute(self, node: ast.Attribute, span: Span) -> Term:
        turned = node.attr in ("T", "mT", "H", "mH")
        path = None if turned else self.path(node)
        if path is not None:
            match path[-1]:
                case "pi" | "e" | "inf":
                    return Name(path[-1], span)
                case "newaxis":
                    return Flag(None, span)
            raise self.refuse(node, f"'{'.'.join(path)}' is not in the language", REFUSED.get(path[-1]))
        if turned:
            return Call("?turn" if node.attr.startswith("m") else ".T", (self.term(node.value),), (), span)
        match node.attr:
            case "eigenvalues" | "eigenvectors" if isinstance(pair := self.term(node.value), Group):
                return pair.items[node.attr == "eigenvectors"]
            case "data":
                raise self.refuse(node, "'.data' is held fixed, which is not in the language", REFUSED["detach"])
            case "values" | "logabsdet" | "solution" | "real":
                return unpaired(self.term(node.value))
            case "size":
                return Call("?count", (self.term(node.value),), (), span)
        raise self.refuse(node, f"'.{node.attr}' is not in the language", "the only attribute is .T, the transpose")

    def subscript(self, node: ast.Subscript, span: Span) -> Term:
        match node.value, node.slice:
            case ast.Attribute(attr="r_" | "c_" as beside), ast.Tuple(elts=items) if self.path(node.value):
                if any(isinstance(item, ast.Slice | ast.Constant) for item in items):
                    raise self.refuse(node, "only arrays are put together here", "as in `np.concatenate([x, y])`")
                return Call("?hstack" if beside == "r_" else "?column_stack", tuple(map(self.term, items)), (), span)
            case ast.Attribute(attr="shape", value=value), ast.Constant() | ast.UnaryOp():
                return Call("?extent", (self.term(value), self.term(node.slice)), (), span)
            case ast.Call(func=ast.Attribute(attr="shape") as function, args=[value]), ast.Constant() | ast.UnaryOp():
                if self.path(function):  # tf.shape(X)[0]
                    return Call("?extent", (self.term(value), self.term(node.slice)), (), span)
        if isinstance(node.slice, ast.Constant) and isinstance(word := node.slice.value, str):
            return self.part(node, word, span)
        read = self.term(node.value)
        if isinstance(read, Name) and (part := self.picked(node, read)) is not None:
            return part
        if isinstance(read, Call) and read.function in ("?pair", "?slogdet"):
            return self.of_pair(read, node)
        place = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if place == 0 and not self.library and self.gives_pair(node.value):
            self.doubt(f"`{spelled(read)}` is read, the values of PyTorch's pair; NumPy's [0] is the first")
            return read
        if isinstance(read, Call) and is_parts(read):
            if not isinstance(place, int) or place < 0 or not isinstance(read.arguments[1], Literal):
                raise self.refuse(node, "which part this is cannot be told", "as in `torch.split(x, 3)[0]`")
            return piece(read, place, None)
        if isinstance(read, Group) and isinstance(place, int) and -len(read.items) <= place < len(read.items):
            return self.want_value(read.items[place], node)
        match node.slice:
            case ast.Tuple(elts=[rows, picked]) if counts_rows(rows):
                return Call("?picked", (read, self.term(picked)), (), span)
        return Call("[]", (read, self.index(node.slice)), (), span)

    def part(self, node: ast.Subscript, word: str, span: Span) -> Term:
        """`params["W"]`: a part of what holds several arrays is a variable, where no other has its name."""
        inner = node.value.id if isinstance(node.value, ast.Name) else ""
        others = re.findall(rf"(?<![\w.'\"]){re.escape(word)}(?![\w'\"])", self.text)
        if not word.isidentifier() or not inner or others or self.shadowed(inner):
            hint = f"make {word} a parameter" if word.isidentifier() else "make it a parameter"
            raise self.refuse(node, "dictionaries are not read", hint)
        return Name(normal_name(word), span)

    def picked(self, node: ast.Subscript, read: Name) -> Term | None:
        """What `params[0]` is, where that is no entry of an array."""
        del node, read
        return None

    def of_pair(self, pair: Call, node: ast.Subscript) -> Term:
        """One of the two values of a pair."""
        place = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if pair.function == "?slogdet" and place == 0:
            return sign_of(pair)
        if place == (pair.function == "?slogdet"):
            return unpaired(pair)
        if place == 1:
            return self.want_value(places_of(pair), node)
        raise self.refuse(node, "this part of the pair has no derivative")

    def want_value(self, term: Term, node: ast.expr) -> Term:
        """Refuse what is returned beside values."""
        if isinstance(term, Call) and term.function == LOST and isinstance(what := term.arguments[0], Text):
            raise self.refuse(node, f"{what.value} cannot be read here", "the values that stand beside it can")
        return term

    def gives_pair(self, node: ast.expr) -> bool:
        """Whether a call is a method that gives values and their places if it is PyTorch's: `X.max(0)`, `x.sort()`."""
        match node:
            case ast.Call(func=ast.Attribute(attr="max" | "min") as function):
                return bool(node.args or node.keywords) and self.path(function) is None
            case ast.Call(func=ast.Attribute(attr="sort") as function):
                return self.path(function) is None
        return False

    def index(self, node: ast.expr) -> Term:
        span = self.places.span(node)
        items = node.elts if isinstance(node, ast.Tuple) else [node]
        return Group(tuple(self.pick(item) for item in items), span)

    def pick(self, node: ast.expr) -> Term:
        match node:
            case ast.Slice(lower=lower, upper=upper, step=step):
                start, stop, by = (None if bound is None else self.term(bound) for bound in (lower, upper, step))
                return Slice(start, stop, self.places.span(node), by)
            case ast.List(elts=items):
                return Group(tuple(map(self.term, items)), self.places.span(node))
            case ast.Call(args=[count]) if counts_rows(node):  # the first so many rows
                return Slice(None, self.term(count), self.places.span(node), None)
        return self.term(node)
