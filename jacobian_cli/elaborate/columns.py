"""What runs down the columns of a matrix in MATLAB and others, is counted down them, or is a function of the matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from jacobian_cli.elaborate.factor_shapes import axes_of
from jacobian_cli.elaborate.habits import holds_data
from jacobian_cli.elaborate.shaped import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.sums import Sums
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.elaborate.trees import call_of, unsigned
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import ONE
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import HELD, Call, Flag, Group, Literal, Name, Term, Text, substituted, terms_in

_OF_MATRIX = {"exp": "expm", "sqrt": "sqrtm"}
"""Functions of matrices that the language has."""
_TIMES = ("t", "dt", "h", "tau")
"""Numbers that scale a matrix of which the exponential is taken."""
_NESTED = frozenset("sum mean prod max min norm norm1 logsumexp".split())
"""Functions that are those of all entries where they are applied twice."""
_OF_ONE = {"norm": "abs(x)", **dict.fromkeys("sum mean prod max min median logsumexp".split(), "x")}
"""What functions of all entries are of a single one."""


def _each_alone(name: str, parts: Sequence[Term]) -> bool:
    """Whether a function goes entry by entry; what is no function of the language says so itself."""
    known = ALIASES.get(name, name) in FUNCTIONS
    return not known or elementwise(Call(name, tuple(parts), (), parts[0].span if parts else Span(0, 0)))


def _unsigned(term: Term) -> Term:
    return term.arguments[0] if isinstance(term, Call) and term.function == "u-" else term


def _without_time(term: Term) -> Term:
    """A of A*t, where t is a number: what a function of a matrix is of."""
    match _unsigned(term):
        case Call(function="*", arguments=(Name() as matrix, Name(text=time))) if time in _TIMES:
            return matrix
        case Call(function="*", arguments=(Name(text=time), Name() as matrix)) if time in _TIMES:
            return matrix
    return term


class Columns(Sums):
    """What shapes decide where columns matter."""

    def columns(self, term: Call) -> Typed:
        """Two readings: of a vector, or over all, and down the columns of a matrix. MATLAB has the second of a matrix;
        where MATLAB is a guess it is the first.
        """
        x, whole, down, how = term.arguments
        assert isinstance(whole, Call)
        assert isinstance(how, Text)
        match x:
            case Call(function="?columns", arguments=(inner, Call(function=again), *_)) if (
                again == whole.function and again in _NESTED
            ):
                return self.held_in(whole, self.typed(inner))  # sum(sum(X)): over all
        value = self.typed(x)
        if axes_of(value[0].shape) < 2 or (value[0].shape[-1] is ONE and "runs" not in how.value):
            return self.held_in(whole, value)
        if how.value == "none":
            shown = f"down the columns it is `{spelled(self.held_in(down, value)[1])}` in the language"
            there = f"`{whole.function}({self.source_of(x)}, dims=1)` in Julia, " if self.notation == "julia" else ""
            raise self.error(term.span, f"of a matrix {whole.function} is not clear here", there + shown)
        guessed = "guessed" in how.value and id(term) not in self.turned_parts  # sum(X)' is of no number
        down_columns, over_all = self.held_in(down, value), self.held_in(whole, value)
        taken, other = (over_all, down_columns) if guessed else (down_columns, over_all)
        if how.value != "rows":
            others = "along rows" if "runs" in how.value else "over all"
            self.doubt(
                f"`{spelled(taken[1])}` is read; MATLAB runs down the columns of a matrix, "
                f"others {others}: `{spelled(other[1])}`"
            )
        return taken

    def held_in(self, term: Term, value: Typed) -> Typed:
        """A reading of what was typed already."""
        before, self.board = self.board, False
        made = self.typed(substituted(term, {HELD: value[1]}))
        self.board = before
        return made

    def dots(self, term: Call) -> Typed:
        """MATLAB's dot of two matrices is one number for each column; where MATLAB is a guess, it is over all."""
        left, right, how = term.arguments
        assert isinstance(how, Text)
        sides = self.typed(left), self.typed(right)
        whole = self.inner(term)
        if len(sides[0][0].shape) < 2:
            return whole
        axis = (("axis", Literal(Fraction(0), term.span)), ("keepdims", Flag(True, term.span)))
        down = Call("sum", (self.op("*", term.span, *sides)[1],), axis, term.span)
        taken, other = (whole[1], down) if how.value else (down, whole[1])
        self.doubt(
            f"`{spelled(taken)}` is read; MATLAB's dot has a number for each column, others' one: `{spelled(other)}`"
        )
        return whole if how.value else (super().build(down), down)

    def hold_data(self, term: Call) -> None:
        """exp.(-x .* p[2]): data beside an entry of parameters, by a sign for each entry, are a vector."""
        if self.notation not in ("matlab", "julia") or len(term.arguments) < 2:
            return
        for part, other in (term.arguments, term.arguments[::-1]):
            name, entry = unsigned(part), unsigned(other)
            picked = isinstance(entry, Call) and entry.function == "?places"
            if isinstance(name, Name) and self.assumed.get(name.text) == 1 and picked and holds_data(name.text):
                self.held.add(name.text)

    def softmax(self, term: Call) -> Typed:
        """Down the columns of a matrix; where the notation is a guess, along its rows."""
        call, how = term.arguments
        assert isinstance(call, Call)
        assert isinstance(how, Text)
        value = self.typed(call.arguments[0])
        along = Call(call.function, (value[1],), call.keywords, call.span)
        if axes_of(value[0].shape) < 2:
            return super().build(along), along
        down = replace(along, keywords=(("axis", Literal(Fraction(0), term.span)),))
        if how.value:
            theirs = "Julia" if self.notation == "julia" else "MATLAB"
            self.doubt(f"`{spelled(along)}` is read, along rows; {theirs}'s runs down the columns: `{spelled(down)}`")
            return super().build(along), along
        self.doubt(f"`{spelled(down)}` is read, down the columns; along rows it is `{spelled(along)}`")
        return super().build(down), down

    def counted_down(self, term: Call) -> Typed:
        """X(2): of a matrix the entry that is second where entries are counted down the columns."""
        x, places = term.arguments
        value = self.typed(x)
        picks = Group((places,), term.span)
        entries = value[1] if len(value[0].shape) < 2 else Call("vec", (value[1],), (), term.span)
        call = Call("[]", (entries, picks), (), term.span)
        if len(value[0].shape) < 2:
            return self.typed(call)
        made = self.typed(call)
        written = self.source_of(term)
        row = f"{written[:-1]}, {'' if self.notation == 'r' else ':'}{written[-1]}"
        self.doubt(
            f"`{spelled(made[1])}` is read, entries counted down the columns of a matrix; of rows it is `{row}` there"
        )
        ranged = self.notation == "matlab" and len(made[0].shape) == 1
        return self.op(".T", term.span, made) if ranged else made

    def undotted(self, term: Call) -> Typed:
        """Julia's exp(A) without a dot: the function of a square matrix."""
        call, how = term.arguments
        assert isinstance(call, Call)
        assert isinstance(how, Text)
        value = self.typed(call.arguments[0])
        self.want_time_behind(call.arguments[0])
        name, shape = call.function, value[0].shape
        if self.notation == "matlab":
            return self.matlabs(call, value)
        if axes_of(shape) != 2 or shape[-1] is ONE:
            return self.typed(call)
        each = f"{name}.({self.source_of(call.arguments[0])})"
        if how.value:
            self.doubt(
                f"`{spelled(call_of(name, value[1]))}` is read, entry by entry, `{each}` in Julia, where without "
                "the dot it is the function of a square matrix"
            )
            return self.held_in(call_of(name, Name(HELD, term.span)), value)
        if name not in _OF_MATRIX:
            raise self.error(
                term.span,
                f"{name} of a matrix is a function of matrices in Julia, and is not read",
                f"entry by entry it is `{each}`",
            )
        made = self.op(_OF_MATRIX[name], term.span, value)
        self.doubt(f"`{spelled(made[1])}` is read, the function of a matrix; entry by entry it is `{each}`")
        return made

    def want_time_behind(self, term: Term) -> None:
        """exp(A*t): a t behind a matrix scales it."""
        match _unsigned(term):
            case Call(function="?mtimes", arguments=(matrix, Name(text="t"))) if self.assumed.get("t") == 1:
                if axes_of(self.build(matrix).shape) == 2:
                    said = (
                        f"`t` is taken for a number behind `{spelled(self.plain(matrix))}`; `-s t=n` declares a vector"
                    )
                    self.strained("t", 0, because=said)

    def matlabs(self, call: Call, value: Typed) -> Typed:
        """MATLAB's exp(A), entry by entry; Julia, whose signs are the same, has the function of a square matrix."""
        core = _without_time(value[1])
        names = {*names_in(core)}
        sizes = [*map(self.scope.unifier.resolve, value[0].shape)]
        made = self.held_in(call_of(call.function, Name(HELD, call.span)), value)
        entrywise = all(elementwise(part) for part in terms_in(core) if isinstance(part, Call))
        product = isinstance(value[1], Call) and value[1].function == "@"
        bare = len(names) == 1 and entrywise and names <= self.assumed.keys()
        if len(sizes) == 2 and (bare or (sizes[0] == sizes[1] and (len(names) == 1 or product))):
            whole = _OF_MATRIX.get(call.function)
            there = f"`{spelled(call_of(whole, value[1]))}`" if whole else "another"
            self.doubt(
                f"`{spelled(made[1])}` is read, entry by entry as in MATLAB; the function of a square matrix, which "
                f"Julia has without a dot, is {there}"
            )
        return made

    def broadcast(self, term: Call) -> Typed:
        """Julia's f.(x), which is f of each entry: of what is a function of all entries, hardly what is meant."""
        made, name, how, *parts = term.arguments
        assert isinstance(name, Text)
        assert isinstance(how, Text)
        if _each_alone(name.value, parts) or all(not self.build(part).shape for part in parts):
            return self.typed(made)
        value = self.typed(parts[0])[1]
        row = FUNCTIONS[ALIASES.get(name.value, name.value)]
        one = _OF_ONE.get(name.value) or row.of_scalar
        each = f"so taken it is `{spelled(substituted(parse(one), {'x': value}))}`; " if one else ""
        there = f"${name.value}(…)" if how.value else "without the dot"
        raise self.error(
            term.span,
            f"{'by @.' if how.value else 'with the dot'} {name.value} is of each entry alone in Julia",
            f"{each}of all entries it is `{spelled(self.typed(made)[1])}`, {there} there",
        )

    def as_whole(self, part: Term, other: Term) -> Term:
        """What is of all entries by its nature, and stands under Julia's @. beside something else: x/sum(x)."""
        match part:
            case Call(function="?broadcast", arguments=(made, Text(value=name), Text(value="@"), *parts)):
                if not isinstance(other, Literal) and not _each_alone(name, parts):
                    shown = spelled(self.typed(made)[1])
                    self.doubt(f"`{shown}` is read, of all entries, ${name}(…) there; by @. alone it is of each one")
                    return made
        return part

    def source_of(self, term: Term) -> str:
        return self.text[term.span.start : term.span.stop]

    def raised_to_matrix(self, base: Typed, exponent: Typed, span: Span) -> Typed:
        """2^A is expm(log(2)*A)."""
        made = self.op("expm", span, self.op("*", span, self.op("log", span, base), exponent))
        each = spelled(call_of("**", base[1], exponent[1]))
        self.doubt(f"`{spelled(made[1])}` is read, the power of a matrix; entry by entry it is `{each}`, .^ there")
        return made

    def measured(self, term: Term) -> Term:
        """A size in which MATLAB's length is spelled as the number of entries."""
        if isinstance(term, Call) and term.function == "?length":
            self.length(term)
            return super().measured(Call("?count", term.arguments, (), term.span))
        return super().measured(term)

    def length(self, term: Call) -> Typed:
        """MATLAB's length of a vector; of a matrix it is that of the longer axis."""
        (x,) = term.arguments
        if axes_of(self.build(x).shape) == 2:
            written = self.source_of(x)
            hint = f"of one axis it is size({written}, 1), of all entries `numel({written})`"
            raise self.error(term.span, "length is that of the longer axis here", hint)
        return self.typed(Call("?count", term.arguments, (), term.span))

    def induced(self, term: Call) -> Typed:
        """The norm of a matrix as a map: the largest sum of a column, or of a row."""
        x, how = term.arguments
        assert isinstance(how, Text)
        value = self.typed(x)
        if axes_of(value[0].shape) != 2:
            return self.typed(Call("?norm", (x, how), (), term.span))
        axis = (("axis", Literal(Fraction(int(how.value == "inf")), term.span)),)
        sums = Call("sum", (Call("abs", (value[1],), (), term.span),), axis, term.span)
        made = Call("max", (sums,), (), term.span)
        return super().build(made), made

    def joined_flat(self, term: Call) -> Typed:
        """R's c: entries of matrices, column by column."""
        parts = []
        for part in term.arguments:
            value = self.typed(part)
            parts.append(self.op("vec", term.span, value)[1] if len(value[0].shape) > 1 else value[1])
        call = Call("concat", tuple(parts), (), term.span)
        return super().build(call), call
