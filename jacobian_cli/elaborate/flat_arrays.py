"""Arrays of one axis in the libraries of Python, which are neither rows nor columns: their transpose is themselves."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from jacobian_cli.elaborate.columns import Columns
from jacobian_cli.elaborate.factor_shapes import is_row
from jacobian_cli.elaborate.options import OrderError
from jacobian_cli.elaborate.shaped import StrainedError, Typed
from jacobian_cli.elaborate.statement import PYTHON, names_in
from jacobian_cli.elaborate.trees import call_of
from jacobian_cli.expr import Expr, variables
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.identities import COMPARED
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, parts_of


class FlatArrays(Columns):
    """Transposes and products of arrays in code.

    What is a transpose of an array of one axis, or is made of one entry by entry, is remembered: where a row would
    give something else than the array itself, that is said, and refused where nothing but a habit says that the array
    has one axis.
    """

    def build(self, term: Term) -> Expr:
        if not isinstance(term, Call) or self.notation not in PYTHON:
            return super().build(term)
        if term.function == ".T":
            inner = self.typed(term.arguments[0])
            if len(inner[0].shape) == 1:
                if self.was_row(term.arguments[0]):  # turned twice
                    self.kept.append(term)
                    self.made[id(term)] = inner[1]
                    return inner[0]
                return self.lie(term, inner)[0]
        expr = super().build(term)
        if term.function != "?matmul" and (lying := [part for part in term.arguments if id(part) in self.lying]):
            self.consumed(term, lying, expr)
        return expr

    def was_row(self, term: Term) -> bool:
        """Whether an array would be a row, if the array that it begins with were a column."""
        while isinstance(term, Call) and term.function in ("?matmul", "?upto") and id(term) not in self.lying:
            term = term.arguments[0]
        return id(term) in self.lying

    def lie(self, term: Call, typed: Typed) -> Typed:
        """An array of one axis that would be a row, if it were a column."""
        self.kept.append(term)
        self.lying.add(id(term))
        self.made[id(term)] = typed[1]
        return typed

    def consumed(self, term: Call, lying: Sequence[Term], expr: Expr) -> None:
        """Say what a transpose is, where the call would give something else of a row."""
        row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
        if row is None or (row.kind is Kind.REDUCTION and not term.keywords):
            return
        if row.kind is not Kind.ELEMENTWISE:
            self.want_flat(lying[0], term.span)
        elif len(expr.shape) == 1:
            upright = [part for part in term.arguments if id(part) not in self.lying and self.build(part).shape]
            if upright:
                self.want_flat(lying[0], term.span)
            else:
                self.kept.append(term)
                self.lying.add(id(term))

    def of_rows(self, term: Call) -> Typed:
        """Python's own sum, which adds the rows of a matrix."""
        inner = self.typed(term.arguments[0])
        if len(inner[0].shape) < 2:
            return self.op("sum", term.span, inner)
        call = Call("sum", (inner[1],), (("axis", Literal(Fraction(0), term.span)),), term.span)
        text = spelled(inner[1])
        self.doubt(
            f"`{spelled(call)}` is read, Python's own sum, which adds the rows; of all entries it is `np.sum({text})`"
        )
        return super().build(call), call

    def up_to(self, term: Call) -> Typed:
        """What is read for an array of no more than so many axes, two unless told otherwise."""
        value, array, *told = term.arguments
        most = self.whole(told[0]) if told else 2
        shape, names = (expr := self.build(array)).shape, self.rests_on_habit(expr)
        if len(shape) <= most:
            return self.typed(value)
        if not most:
            if names and all(self.assumed[name] == 1 for name in variables(expr) if name in self.assumed):
                self.strained(names[0], 0, *names[1:])
            message = "this function of Python takes a number"
            raise OrderError(message, text=self.text, span=term.span, hint="of arrays there is one in NumPy: `exp(x)`")
        message = f"of an array of {len(shape)} axes this is another one there"
        way = "take one row of it, as in `X[0]`" if most == 1 else "write out the axes, as in `mean(T, axis=(0, 2))`"
        raise self.error(term.span, message, way)

    def in_a_row(self, term: Call) -> Typed:
        """What runs over all entries of an array, row by row."""
        (call,) = term.arguments
        assert isinstance(call, Call)
        array = self.typed(call.arguments[0])
        if len(array[0].shape) < 2:
            return self.typed(call)
        row = Call("reshape", (array[1], Literal(Fraction(-1), term.span)), (), term.span)
        made = Call(call.function, (row, *call.arguments[1:]), call.keywords, term.span)
        return super().build(made), made

    def entries(self, term: Call) -> Typed:
        """The rows of a matrix, whose entries are numbers where nothing says what they are."""
        (rows,) = term.arguments
        for row in parts_of(rows):
            for cell in parts_of(row):
                names = [*variables(expr := self.build(cell))]
                if len(expr.shape) == 1 and names and all(self.assumed.get(name) == 1 for name in names):
                    self.strained(names[0], 0, *names[1:])
        return self.typed(rows)

    def rests_on_habit(self, expr: Expr) -> list[str]:
        """The variables in an array whose number of axes nothing says."""
        return [name for name in variables(expr) if name in self.assumed]

    def want_flat(self, part: Term, span: Span) -> None:
        """Say that a transpose is the array itself. Raises `InputError` where nobody said that it has one axis."""
        array = self.typed(part)
        text = spelled(array[1])
        said = f"a transpose of an array of one axis is the array itself, `{text}`; a row of it is `({text})[None, :]`"
        if isinstance(array[1], Name):
            said = said.replace(f"({text})", text)
        if names := self.rests_on_habit(array[0]):
            ways = " ".join(f"`-s {name}=n`" for name in names if self.assumed[name] == 1)
            hint = f"{said}; if it is meant, leave the transpose out or declare {ways}"
            raise InputError("is this an array of one axis, or a row?", text=self.text, span=span, hint=hint)
        self.doubt(said)

    def matmul(self, term: Call) -> Typed:
        """`@` between arrays: a vector before a matrix is a row of it."""
        first, second = term.arguments
        left, right = self.typed(first), self.typed(second)
        if not left[0].shape or not right[0].shape:
            self.want_axes(term.arguments, (left, right))
            return self.op("*", term.span, left, right)
        if all(isinstance(side[1], Call) and side[1].function in COMPARED for side in (left, right)):
            count = spelled(call_of("sum", call_of("*", left[1], right[1])))
            message = "a product of true and false is true or false, and no number"
            raise self.error(term.span, message, f"how often both hold is `{count}`")
        orders = len(left[0].shape), len(right[0].shape)
        if id(second) in self.lying:
            self.want_number(left, right, term.span, form=_is_form(first, second))
        if orders == (1, 1):
            return self.number(first, left, right, term.span)
        if orders == (1, 2) and not is_row(right[0].shape):
            match right[1], second:
                case Call(function=".T", arguments=(inner,)), Call(arguments=(typed, *_)):
                    return self.op("@", term.span, (self.build(typed), inner), left)
            return self.op("@", term.span, self.op(".T", term.span, right), left)
        return self.op("@", term.span, left, right)

    def number(self, first: Term, left: Typed, right: Typed, span: Span) -> Typed:
        """The product of two arrays of one axis: of uᵀA and v it is uᵀAv."""
        match _product(first):
            case Call(function="?matmul", arguments=(row, matrix)) if (
                len((u := self.typed(row))[0].shape) == 1 and len((a := self.typed(matrix))[0].shape) == 2
            ):
                return self.op("@", span, self.op("@", span, self.op(".T", span, u), a), right)
            case Call() if id(first) in self.lying:
                return self.op("@", span, self.op(".T", span, left), right)
        return self.op("@", span, left, right)

    def want_number(self, left: Typed, right: Typed, span: Span, *, form: bool) -> None:
        """Say that `x @ y.T` of arrays of one axis is a number. Raises `InputError` where nobody said that they are;
        the quadratic form `x @ A @ x.T` is the same number of a row, and needs no word.
        """
        habits = self.rests_on_habit(right[0])
        if len(left[0].shape) > 1:
            if habits:
                raise OrderError("a row stands behind a matrix", text=self.text, span=span)
            return
        if form:
            return
        habits = list(dict.fromkeys((*self.rests_on_habit(left[0]), *habits)))
        number, matrix = (spelled(call_of(sign, left[1], right[1])) for sign in ("dot", "outer"))
        if len(loose := [name for name in habits if self.assumed[name] == 1]) == 1 and self.strict:
            sides = {*names_in(left[1]), *names_in(right[1])}
            if sides <= self.scope.bodies.keys():  # q = x @ Wq; k = x @ Wk; q @ k.T
                taken = (
                    f"`{loose[0]}` is taken for a matrix with a sample in each row, for `{number}` would be a number"
                )
                raise StrainedError(loose[0], 2, because=f"{taken}; one sample is declared: `-s {loose[0]}=n`")
        if habits:
            ways = " ".join(f"`-s {name}=n`" for name in habits if self.assumed[name] == 1)
            hint = f"the transpose of an array of one axis is the array itself, so it is a number, `{number}`"
            hint += f", where you declare {ways}; a matrix is `{matrix}`"
            raise InputError("is this a number or a matrix?", text=self.text, span=span, hint=hint)
        self.doubt(
            f"`{number}` is read, a number, for the transpose of an array of one axis is the array itself; "
            f"a column times a row is `{matrix}`"
        )

    def want_axes(self, parts: Sequence[Term], sides: Sequence[Typed]) -> None:
        """Refuse a number beside @, unless it is made of what was declared; a Greek name is taken for a vector."""
        for part, (expr, _) in zip(parts, sides, strict=True):
            if not expr.shape and any(name in self.assumed for name in variables(expr)):
                if isinstance(part, Name) and self.assumed.get(part.text) == 0:
                    self.strained(part.text, 1)
                raise OrderError("@ stands between arrays", text=self.text, span=part.span)


def _is_form(first: Term, second: Term) -> bool:
    """Whether a product is `x @ A @ x.T`, with one array on both sides."""
    match _product(first), second:
        case Call(function="?matmul", arguments=(row, _)), Call(arguments=(column, *_)):
            if isinstance(row, Call) and row.function == "*" and isinstance(row.arguments[0], Literal):
                row = row.arguments[1]  # -0.5*x @ A @ x.T
            return spelled(row) == spelled(column)
    return False


def _product(term: Term) -> Term:
    """A product of NumPy's `dot`, which is that of `@` where neither array has more than two axes."""
    return term.arguments[0] if isinstance(term, Call) and term.function == "?upto" else term
