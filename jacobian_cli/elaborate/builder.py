"""One syntax tree to one typed expression, in a scope that says what each name means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from jacobian_cli.elaborate.blocks import ALIGNED, align
from jacobian_cli.elaborate.calls import arguments_of, call_hint, library_of, signature_hint, takes_values_only
from jacobian_cli.elaborate.masked import picked
from jacobian_cli.elaborate.options import ConformError, OrderError, Scope
from jacobian_cli.elaborate.picking import Picking
from jacobian_cli.elaborate.variant import along as along_axes
from jacobian_cli.elaborate.variant import counts, handed_on, options_of, positional, taken_out, text_for, without
from jacobian_cli.elaborate.vectorized import MEETING, conform
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Parameters, Variable
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.read import read
from jacobian_cli.ops.rules import (
    ShapeError,
    along,
    batched,
    broadcast,
    contract,
    described,
    fitting,
    parsed,
    reduce,
    reduced_axes,
)
from jacobian_cli.ops.table import ALIASES, ELSEWHERE
from jacobian_cli.shape import ONE, Shape, Unifier
from jacobian_cli.syntax.errors import InputError, Span, together
from jacobian_cli.syntax.names import LETTERS
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Dots, Flag, Group, Literal, Name, Slice, Term, Text, listed

CONSTANTS = ("pi", "e", "inf")
INDEXING = "[]"
_PAIRED = frozenset("@ * + -".split())
"""What joins the entries of two arrays that are put side by side."""
_NEAR = 0.75
"""How much of a name must be that of a function for this to be what was meant."""


class Builder(Picking):
    """Builds typed expressions from one text. Raises `InputError`, with a caret, where types do not fit."""

    def build(self, term: Term) -> Expr:
        """The expression of a tree. Raises `InputError`, which holds every mistake that was found."""
        built = self.built(term)
        if self.scope.seen is not None:
            self.scope.seen[id(term)] = built.shape
        return built

    def built(self, term: Term) -> Expr:
        match term:
            case Name(text=name, span=span):
                return self.name(name, span)
            case Literal(value=value):
                return Number(value)
            case Call():
                return self.call(term)
            case Text(span=span):
                raise self.error(
                    span, "a quoted text is not a value", 'only einsum takes one: `einsum("ij,j->i", A, x)`'
                )
            case Flag(value=value, span=span):
                raise self.error(span, f"{value} is not a value")
            case Group(square=True):
                return self.call(self.listed(term))
            case Group(span=span):
                where = "round brackets" if self.text[span.start : span.start + 1] == "(" else "a list without brackets"
                message = f"what stands in {where} here is no value"
                raise self.error(span, message, "entries of a vector are listed: `[x, y]`")
            case Slice(span=span) | Dots(span=span):
                raise self.error(span, "a slice belongs inside brackets")

    def name(self, name: str, span: Span) -> Expr:
        if name in self.scope.values:
            return self.scope.values[name]
        if name in self.scope.sizes:
            return Extent(self.scope.sizes[name])
        if name in CONSTANTS:
            return Constant(name)
        raise self.error(span, f"'{name}' is not known here")

    def listed(self, group: Group) -> Call:
        """What a list is as a value."""
        call = listed(group)
        if not group.items:
            raise self.error(group.span, "an empty list is no vector", "as in `[x*cos(t), y*sin(t)]`")
        for cell in call.arguments:
            if isinstance(cell, Group) and cell.square:
                raise self.error(
                    cell.span, "a list stands in the place of an entry", "a matrix is `[[a, b], [c, d]]`, row by row"
                )
        return call

    def call(self, call: Call) -> Expr:
        known = self.function(call.function)
        if known is not None and not call.keywords and takes_values_only(known, len(call.arguments)):
            return self.fitted(known, self.arguments(call.arguments), {}, call)
        try:
            row = self.row(call)
            if row.name == INDEXING and (gathered := self.gathered(call)) is not None:
                return gathered
            if (over := picked(self, row, call)) is not None:
                return over
            call = positional(row, call)
            if row.given and (shorter := without(row, call)) is not None:
                return self.shorter(*shorter, dict(call.keywords).get("axis"))
            if (row.given or row.second) and (variant := taken_out(row, call)) is not None:
                return self.variant(row, *variant)
            if row.lacks:
                raise self.error(call.span, f"{row.name} cannot be used: its row in the table has {row.lacks}")
            terms = arguments_of(row, call.arguments)
            options = self.options(row, terms, call)
        except InputError as error:
            raise self.with_arguments(error, call) from None
        arguments = self.arguments(terms)
        if not options and (other := (row.of_two if len(arguments) == 2 else "") or row.bare):
            row = FUNCTIONS[other]
        self.want_arguments(row, arguments, call)
        if row.whole:
            self.want_whole(row, arguments, call)
        if row.places:
            self.want_places(row, arguments, call)
        if row.of_places and self.of_labels(*arguments):
            if len(arguments[1].shape) != max(len(arguments[0].shape) - 1, 0):
                raise OrderError(
                    f"{row.name} has a label for each row",
                    text=self.text,
                    span=call.span,
                    hint=f"as in `{row.example}`",
                )
            return self.written(row.of_places, dict(zip(row.parameters, arguments, strict=True)))
        if row.reads is not None:
            return self.reading(row, arguments, options, call)
        if row.of_scalar and arguments[0].shape in ((), (ONE, ONE)):
            return self.of_one_entry(row, arguments[0])
        return self.fitted(row, arguments, options, call)

    def fitted(self, row: Row, arguments: Sequence[Expr], options: dict[str, Any], call: Call) -> Expr:
        """A function on typed arguments. Raises `InputError`, with a caret under the call, where these do not fit."""
        try:
            return self.applied(row, tuple(arguments), options)
        except ShapeError as error:
            kind = OrderError if error.order else ConformError
            hint = error.hint or self.divided(arguments, call)
            raise kind(error.message, text=self.text, span=call.span, hint=hint) from None

    def divided(self, arguments: Sequence[Expr], call: Call) -> str | None:
        """What to write for A/B, where only the inverse of B fits."""
        shapes = [tuple(map(self.scope.unifier.resolve, argument.shape)) for argument in arguments]
        if call.function != "/" or len(shapes[1]) != 2 or shapes[0][-1:] * 2 != shapes[1]:
            return None
        above, below = map(self.plain, call.arguments)
        inverse = Call("@", (above, Call("inv", (below,), (), below.span)), (), call.span)
        return f"with the inverse of the matrix it is `{spelled(inverse)}`" if len(shapes[0]) == 2 else None

    def plain(self, term: Term) -> Term:
        """A part as it is shown: in the language."""
        return term

    def written(self, text: str, values: Mapping[str, Expr]) -> Expr:
        """A text of the table with these values for its names."""
        return Builder(Scope(dict(values), {}, self.scope.unifier), text, of_table=True).build(read(text))

    def shorter(self, text: str, given: Mapping[str, Term], axis: Term | None) -> Expr:
        """What a call is read as that leaves out a parameter; along an axis, what has one runs along it."""
        along = {} if axis is None or isinstance(axis, Flag) else {"axis": (self.whole(axis),)}
        scope = Scope({name: self.build(term) for name, term in given.items()}, {}, self.scope.unifier)
        try:
            return Inside(scope, text, along).build(read(text))
        except InputError as error:
            raise self.error(next(iter(given.values())).span, error.message, error.hint) from None

    def reading(self, row: Row, arguments: list[Expr], options: dict[str, Any], call: Call) -> Expr:
        """What a row is read as that only rearranges: an expression made of other rows."""
        assert row.reads is not None

        def make(function: str, *values: Expr, **given: Any) -> Expr:
            return self.applied(FUNCTIONS[function], values, given)

        try:
            found: Expr = row.reads(make, *arguments, **options)
        except ShapeError as error:
            kind = OrderError if error.order else ConformError
            raise kind(error.message, text=self.text, span=call.span, hint=error.hint) from None
        return found

    def variant(self, row: Row, name: str, term: Term, call: Call) -> Expr:
        """A call of which an option makes another function."""
        if isinstance(term, Literal) and f"{name}>0" in row.given and not term.value:
            return self.call(call)
        terms = list(call.arguments)
        further = tuple(pair for pair in call.keywords if pair[0] in options_of(row))
        plain = replace(call, keywords=tuple(pair for pair in call.keywords if pair not in further))
        options = self.options(row, terms, plain)
        arguments = self.arguments(terms)
        self.want_arguments(row, arguments, plain)
        shape = arguments[0].shape
        text = text_for(row, name, term, matrix=len(shape) == 2 and len(options.get("axis", "12")) == 2)
        if text is None:
            value = self.text[term.span.start : term.span.stop]
            raise self.error(term.span, f"{row.name} with {name}={value} is not in the language", row.second.get(name))
        values = dict(zip(row.parameters, arguments, strict=True))
        applied = re.search(r"\bans\b", text)
        if applied:
            values["ans"], further = self.call(call), ()
        numbers = {option: value for option, value in further if not isinstance(value, Literal | Flag | Text)}
        values |= {option: self.build(value) for option, value in numbers.items()}
        told = tuple((option, Name(option, v.span) if option in numbers else v) for option, v in further)
        tree = handed_on(read(text), told)
        if tree is None:
            raise self.error(call.span, f"{row.name} takes either {name} or {further[0][0]}")
        if re.search(rf"\b{name}\b", text):
            values[name] = self.build(term)
            if values[name].shape and not applied and name not in row.values:
                raise OrderError(f"{name} of {row.name} is a number", text=self.text, span=term.span)
        try:
            scope = Scope(values, counts(row, arguments[0], options), self.scope.unifier)
            return Inside(scope, text, along_axes(row, shape, options)).build(tree)
        except (InputError, ShapeError) as error:
            raise self.error(call.span, f"in {row.name}, {error.message}") from None

    def of_one_entry(self, row: Row, argument: Expr) -> Expr:
        """A function of matrices of a scalar, or of the one entry of a matrix."""
        name = row.parameters[0]
        inputs, output = parsed(row.signatures[0])
        text = row.of_scalar if not argument.shape or inputs == (output,) else f"sum({row.of_scalar})"
        return Builder(Scope({name: argument}, {}, self.scope.unifier), text).build(read(text))

    def with_arguments(self, error: InputError, call: Call) -> InputError:
        """A mistake in a call, with those in its arguments."""
        try:
            self.arguments([term for term in call.arguments if isinstance(term, Name | Call)])
        except InputError as more:
            return together([error, more])
        return error

    def arguments(self, terms: Sequence[Term]) -> list[Expr]:
        """All the arguments. Raises `InputError` for the mistakes in any of them."""
        built: list[Expr] = []
        wrong: list[InputError] = []
        for term in terms:
            try:
                built.append(self.build(term))
            except InputError as error:
                wrong.append(error)
        if wrong:
            raise together(wrong)
        return built

    def applied(self, row: Row, arguments: tuple[Expr, ...], options: dict[str, Any]) -> Apply:
        """A function on typed arguments. Raises `ShapeError` where these do not fit."""
        shapes = tuple([argument.shape for argument in arguments])
        if row.name in _PAIRED:
            self.make_alike(arguments)
        if row.name in ALIGNED:
            align(row.name, arguments, options.get("axis", (0,))[0], self.scope.unifier)
        if row.settle is not None:
            options = row.settle(list(shapes), options, self.scope.unifier)
        parameters = tuple(options.items())
        if row.name in MEETING or (row.given and row.of_scalar):
            conform(row, arguments, self.scope.unifier)
        for shape in shapes:
            for size in shape:
                if size.is_open:
                    found = inferred(row, list(shapes), options, self.scope.unifier)
                    return Apply(row.name, arguments, parameters, found)
        return Apply(row.name, arguments, parameters, known_shape(row, shapes, parameters))

    def make_alike(self, arguments: tuple[Expr, ...]) -> None:
        """vec(A).T@vec(B): two matrices whose entries are put side by side have one shape."""
        if len(arguments) != 2 or len(first := _rearranged(arguments[0])) < 2:
            return
        if len(second := _rearranged(arguments[1])) == len(first):
            for size, same in zip(first, second, strict=True):
                self.scope.unifier.unify(size, same)

    def function(self, name: str) -> Row | None:
        """The row of a name that is called; a Greek letter that is a variable here is none."""
        if name in LETTERS and name in self.scope.values:
            return None
        return FUNCTIONS.get(ALIASES.get(name, name))

    def row(self, call: Call) -> Row:
        name = call.function
        found = self.function(name)
        if found is None:  # operators bear signs for names, which no call can spell
            known = [r.name for r in FUNCTIONS.values() if r.called]
            span = Span(call.span.start, call.span.start + len(name))
            if name in self.scope.values or name in self.scope.sizes:
                raise self.error(span, f"'{name}' is a value and cannot be called", call_hint(name, self.scope))
            if name in ELSEWHERE:
                raise self.error(span, f"there is no function '{name}'", ELSEWHERE[name])
            if library := library_of(name):
                there = f"{library}{self.text[call.span.start : call.span.stop]}"
                raise self.error(span, f"there is no function '{name}'", f"where libraries have it, it is `{there}`")
            close = difflib.get_close_matches(name, [*known, *ALIASES], n=2, cutoff=_NEAR)
            hint = f"did you mean {' or '.join(close)}?" if close else "jac functions lists those there are"
            raise self.error(span, f"there is no function '{name[:40]}'", hint)
        return found

    def want_whole(self, row: Row, arguments: list[Expr], call: Call) -> None:
        for name, argument, term in zip(row.parameters, arguments, call.arguments, strict=False):
            whole = isinstance(argument, Number) and argument.value.denominator == 1 and argument.value >= 1
            if name in row.whole and not (whole or self.of_table):
                raise self.error(
                    term.span, f"{name} of {row.name} is a whole number from 1 on", f"as in `{row.example}`"
                )

    def want_arguments(self, row: Row, arguments: list[Expr], call: Call) -> None:
        names, given = row.parameters, len(arguments)
        if names[-1:] == ("...",) and given:
            return
        defaults = [row.defaults[name] for name in names[given:] if name in row.defaults]
        arguments += [Builder(self.scope, text).build(read(text)) for text in defaults]
        if len(arguments) != len(names):
            wanted = f"{len(names)} argument" + ("s" if len(names) > 1 else "")
            hint = None
            if "axis" in row.options and given > len(names):
                more = call.arguments[len(names)].span
                first = call.arguments[0].span
                value, axis = self.text[first.start : first.stop], self.text[more.start : more.stop]
                if isinstance(call.arguments[len(names)], Name):  # sum(f, x)
                    value, axis = axis, "0"
                hint = row.second.get("ord", _axis_hint(f"{row.name}({value}, axis=%s)", axis, arguments[0].shape))
            raise self.error(call.span, f"{row.name} takes {wanted} ({', '.join(names)}), not {given}", hint)


def _axis_hint(call: str, axis: str, shape: Shape) -> str:
    """What to write for `sum(X, 1)`: axes count from 0 in NumPy and from 1 in MATLAB."""
    place = int(axis) if axis in ("1", "2", "3") else 0
    if not 0 < place <= len(shape):
        return f"an axis is named: `{call % axis}`"
    theirs = f"`{call % (place - 1)}` as in MATLAB"
    return f"an axis is named: `{call % axis}` as in NumPy, {theirs}" if place < len(shape) else f"write {theirs}"


@lru_cache(maxsize=1 << 14)
def known_shape(row: Row, shapes: tuple[Shape, ...], parameters: Parameters) -> Shape:
    """The shape of a function of values whose sizes are all known: nothing is left to find out."""
    return inferred(row, list(shapes), dict(parameters), Unifier())


def inferred(row: Row, shapes: list[Shape], options: Mapping[str, Any], unifier: Unifier) -> Shape:
    """The shape of a function of values of these shapes; sizes that must be equal for it are made so. Raises
    `ShapeError` where they cannot be.
    """
    if row.rule is not None:
        return row.rule(shapes, dict(options), unifier)
    match row.kind:
        case Kind.ELEMENTWISE:
            return broadcast(shapes, unifier)
        case Kind.REDUCTION:
            return reduce(shapes[0], options)
        case Kind.ROW:
            return along(shapes[0], options)
        case Kind.SHARE:
            reduced_axes(shapes[0], options)
            return shapes[0]
        case Kind.FORMULA:
            return _formula_shape(row, shapes, unifier)
        case Kind.CORE if len(row.parameters) == 1:
            return batched(row.signatures[0], shapes, unifier, row.name)
    shapes = [tuple(map(unifier.resolve, shape)) for shape in shapes]
    signature = fitting(row.signatures, shapes)
    if signature is not None:
        return contract(signature, shapes, unifier)
    raise ShapeError(
        f"{row.name} does not take " + " and ".join(described(shape) for shape in shapes),
        signature_hint(row, shapes),
        order=True,
    )


def _formula_shape(row: Row, shapes: list[Shape], unifier: Unifier) -> Shape:
    """The shape of a definition on values of these shapes."""
    values: dict[str, Expr] = {n: Variable(n, s) for n, s in zip(row.parameters, shapes, strict=True)}
    try:
        return Builder(Scope(values, {}, unifier), row.definition).build(read(row.definition)).shape
    except InputError as error:
        raise ShapeError(f"in {row.name}, {error.message}", error.quoted, order=isinstance(error, OrderError)) from None


class Inside(Builder):
    """Builds a text of the table whose reductions run along an axis."""

    def __init__(self, scope: Scope, text: str, along: Mapping[str, Any]) -> None:
        super().__init__(scope, text, of_table=True)
        self.along = along

    def options(self, row: Row, terms: list[Term], call: Call) -> dict[str, Any]:
        found = super().options(row, terms, call)
        return found | {name: value for name, value in self.along.items() if name in row.options}


def _rearranged(expr: Expr) -> Shape:
    """The shape of the array whose entries stand side by side in a vector, or in a row."""
    while isinstance(expr, Apply) and expr.function == ".T":
        (expr,) = expr.arguments
    flat = isinstance(expr, Apply) and (expr.function == "vec" or (expr.function == "reshape" and len(expr.shape) == 1))
    return expr.arguments[0].shape if flat and isinstance(expr, Apply) else ()
