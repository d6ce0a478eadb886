"""What a call takes that is not a value: axes, sizes, indices; and the scope in which names are looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import field
from typing import Any

from jacobian_cli.expr import Expr
from jacobian_cli.ops import Row
from jacobian_cli.ops.cuts import Listed
from jacobian_cli.ops.picking import DOTS
from jacobian_cli.ops.shapes import REST
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, Size, Unifier, size_of
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.tree import Call, Dots, Flag, Group, Literal, Slice, Term, Text

_PLACED = ("count",)
"""Options that stand behind the values, and bear a name too."""


class ConformError(InputError):
    """Values met that do not fit each other: they cannot be multiplied, added or broadcast."""


class OrderError(ConformError):
    """A function met a value with the wrong number of axes."""


@record(slots=True)
class Scope:
    """What names mean: values (variables and definitions) and sizes; and the equations between sizes so far."""

    values: MutableMapping[str, Expr]
    sizes: Mapping[str, Size] = field(default_factory=dict)
    unifier: Unifier = field(default_factory=Unifier)
    seen: MutableMapping[int, Shape] | None = None
    """Where the shape of every part is noted down, by the `id` of its tree."""
    places: Collection[str] = ()
    """The variables that are declared to hold places."""
    masks: Collection[str] = ()
    """The variables that are declared to be masks: what is 1 where an entry is picked, else 0."""
    bodies: MutableMapping[str, Term] = field(default_factory=dict)
    """What the definitions so far were typed as."""


class Options:
    """Reads the options of calls in one text. Raises `InputError`, with a caret, for what is none."""

    def __init__(self, scope: Scope, text: str, *, of_table: bool = False) -> None:
        self.scope = scope
        self.text = text
        self.of_table = of_table
        """Whether the text is one of the table's own, in placeholders."""

    def error(self, span: Span, message: str, hint: str | None = None) -> InputError:
        return InputError(message, text=self.text, span=span, hint=hint)

    def options(self, row: Row, terms: list[Term], call: Call) -> dict[str, Any]:
        """What is not a value: taken out of `terms` and the keywords."""
        keywords = dict(call.keywords)
        if len(keywords) != len(call.keywords):
            raise self.error(call.span, "an option is given twice")
        options: dict[str, Any] = {}
        for option in row.options:
            if option in _PLACED or row.reads is not None:
                self.more(row, option, terms, keywords, options, call)
                continue
            match option:
                case "axis":
                    if (axis := keywords.pop("axis", None)) is not None and not isinstance(axis, Flag):
                        options["axis"] = tuple(dict.fromkeys(self.whole(item) for item in items_of(axis)))
                case "axes":
                    order = keywords.pop("axes", None) or (terms.pop() if len(terms) > 1 else None)
                    if order is not None and not isinstance(order, Flag):
                        options["axes"] = tuple(self.whole(item) for item in items_of(order))
                case "keepdims":
                    keep = keywords.pop("keepdims", None)
                    if keep is not None and not isinstance(keep, Flag):
                        raise self.error(keep.span, "keepdims is True or False")
                    if keep is not None and keep.value:
                        options["keepdims"] = True
                case "sizes":
                    options["sizes"] = self.sizes(row, terms, call)
                    terms.clear()
                case "shape":
                    options["shape"] = self.sizes(row, terms[1:], call, rest=True)
                    del terms[1:]
                case "subscripts":
                    first = terms.pop(0) if terms else None
                    if not isinstance(first, Text):
                        raise self.error(call.span, "einsum begins with its subscripts", f"as in `{row.example}`")
                    options["subscripts"] = first.value.replace(" ", "")
                case "index":
                    options["index"] = tuple(self.index(item) for item in items_of(terms.pop()))
        if keywords:
            name, term = next(iter(keywords.items()))
            raise self.error(term.span, f"{row.name} has no option '{name}'", row.second.get(name))
        return options

    def build(self, term: Term) -> Expr:
        """The expression of a tree."""
        raise NotImplementedError

    def more(
        self, row: Row, option: str, terms: list[Term], keywords: dict[str, Term], options: dict[str, Any], call: Call
    ) -> None:
        """A number, a size, or a tuple of them, by its name or in its place behind the values."""
        term = keywords.pop(option, None)
        if term is None and len(terms) > len(row.parameters) and "..." not in row.parameters:
            term = terms.pop(len(row.parameters))
        if term is None:
            if option not in row.defaults:
                raise self.error(call.span, f"{row.name} wants {option}", f"as in `{row.example}`")
        elif isinstance(term, Flag):
            if isinstance(term.value, bool) and row.defaults.get(option) in ("True", "False"):
                options[option] = term.value
        else:
            taken = self.build if option in row.values else self.size if option in _PLACED else self.told
            options[option] = taken(term)

    def told(self, term: Term) -> Any:
        match term:
            case Text(value=value):
                return value
            case Group(items=items):
                return tuple(map(self.told, items))
            case Literal():
                return self.whole(term)
            case Call(function="u-", arguments=(inner,)):
                return Size(()) - self.size(inner)
        return self.size(term)

    def sizes(self, row: Row, terms: list[Term], call: Call, *, rest: bool = False) -> Shape:
        """The sizes that are listed; with `rest`, -1 may stand for what is left."""
        sizes = tuple(
            REST if rest and isinstance(item, Literal) and item.value == -1 else self.size(item)
            for term in terms
            for item in items_of(term)
        )
        if not sizes:
            raise self.error(call.span, f"{row.name} wants sizes", f"as in `{row.example}`")
        return sizes

    def size(self, term: Term) -> Size:
        size = size_of(term, self.text, parts=True)
        for name in size.names():
            if name in self.scope.values:
                raise self.error(term.span, f"'{name}' is a variable and cannot be a size", "rename one of the two")
        size = size.replace(self.scope.sizes)
        if size.value is not None and size.value < 1:
            raise self.error(term.span, "a size must be at least 1")
        return size

    def whole(self, term: Term) -> int:
        if isinstance(term, Literal) and term.value.denominator == 1 and abs(term.value) < 10**9:
            return int(term.value)
        raise self.error(term.span, "a whole number belongs here")

    def index(self, term: Term) -> Any:
        match term:
            case Flag(value=None):
                return None
            case Dots():
                return DOTS
            case Slice(start=start, stop=stop, step=step):
                by = 1 if step is None else self.whole(step)
                return (self.bound(start), self.bound(stop)) if by == 1 else (self.bound(start), self.bound(stop), by)
            case Group(items=items):
                return Listed(tuple(self.whole(item) for item in items))
        return (
            self.whole(term)
            if isinstance(term, Literal)
            else size_of(term, self.text, parts=True).replace(self.scope.sizes)
        )

    def bound(self, term: Term | None) -> Size | None:
        if term is None:
            return None
        if isinstance(term, Literal):
            return Size.number(self.whole(term))
        return size_of(term, self.text, parts=True).replace(self.scope.sizes)


def items_of(term: Term) -> tuple[Term, ...]:
    """The items of a group, or the term alone."""
    return term.items if isinstance(term, Group) else (term,)
