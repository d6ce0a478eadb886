"""MATLAB and Julia, and the libraries of Python: products, broadcasting and sizes as they have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from jacobian_cli.elaborate.factor_shapes import axes_of, is_row
from jacobian_cli.elaborate.flat_arrays import FlatArrays
from jacobian_cli.elaborate.guesses import counts_below, divisor
from jacobian_cli.elaborate.habits import MATRIX
from jacobian_cli.elaborate.options import OrderError
from jacobian_cli.elaborate.shaped import LEANING, Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.trees import call_of, placed
from jacobian_cli.expr import Extent, variables
from jacobian_cli.ops.rules import described
from jacobian_cli.shape import ONE, Size, product
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Flag, Group, Literal, Name, Slice, Term, parts_of, terms_in

AXES = {"?mm": (2, 2), "?mv": (2, 1), "?bmm": (3, 3)}
"""Products that take arrays of so many axes alone."""

_OF_MATRICES = r"\b(?:det|logdet|logabsdet|inv|pinv|trace|tr|chol|cholesky|expm|sqrtm)"
"""Functions of matrices alone, which say that a name is one."""
_WITH_COLUMNS = ("matlab", "julia", "r")
"""Notations in which a vector beside a matrix is a column."""
CONSTANT = {"?vector": 1, "?matrix": 2}
"""Arrays of one number, and how many axes they have."""


class Programs(FlatArrays):
    """What shapes decide in code."""

    # ---- MATLAB and Julia ------------------------------------------------------------------------------------------

    def mrdivide(self, term: Call) -> Typed:
        for part in terms_in(term.arguments[1]):  # x/(2*s^2)
            match part:
                case Call(function="?mpower", arguments=(Name(text=name), _)) if self.assumed.get(name) == 1:
                    self.strained(name, 0)
        for name in counts_below(term.arguments[1]):
            if self.assumed.get(name) == MATRIX and self.bare[name] == 1:
                self.strained(name, 0)
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if not right[0].shape:
            return self.op("/", term.span, left, right)
        if is_row(right[0].shape) and len(left[0].shape) == 2:
            return self.over_row(left, right, term.span)
        if axes_of(right[0].shape) < 2:
            for part in terms_in(term.arguments[1]):  # 1/(1 + exp(-(w'*x + b)))
                if isinstance(part, Call) and part.function in ("?each+", "?each-"):
                    self.want_numbers_beside_numbers(part)
            turned = any(isinstance(part, Call) and part.function == ".T" for part in terms_in(term.arguments[1]))
            for name in () if turned else names_in(term.arguments[1]):  # 1/(2*m)
                if self.assumed.get(name) == 1 and name not in self.turned_names:
                    self.strained(name, 0)
            raise self.error(
                term.span,
                "a vector stands below the line",
                f"entry by entry it is `{_over(left, right)}` in the language, ./ in MATLAB",
            )
        made = self.product([left, self.op("inv", term.span, right)], term.span)
        name = divisor(term.arguments[1])
        open_one = not re.search(rf"{_OF_MATRICES}\(\s*{re.escape(name)}\s*\)", self.text)
        if open_one and name in self.assumed and is_row(left[0].shape):
            self.doubt(f"`{spelled(made[1])}` is read, with a matrix; a number is declared: `-s {name}=()`")
        return made

    def want_numbers_beside_numbers(self, term: Term) -> None:
        """Take the names for numbers that are added to one."""
        if names := self.added_to_numbers(term):
            self.strained(names[0], 0, *names[1:])

    def over_row(self, left: Typed, row: Typed, span: Span) -> Typed:
        """A/y', the least squares solution c of c*y' = A."""
        column = self.op(".T", span, row)
        if isinstance(row[1], Call) and row[1].function == ".T":
            column = column[0], row[1].arguments[0]
        made = self.op("/", span, self.product([left, column], span), self.product([row, column], span))
        taken = spelled(made[1])
        self.doubt(f"`{taken}` is read, the division of MATLAB; entry by entry it is `{_over(left, row)}`")
        return made

    def mldivide(self, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if not left[0].shape:
            return self.op("/", term.span, right, left)
        return self.op("solve", term.span, left, right)

    def mpower(self, term: Call) -> Typed:
        base = self.typed(term.arguments[0])
        if len(base[0].shape) == 1:
            self.want_numbers_beside_numbers(term.arguments[0])  # (x'*y + c)^2
            shown = spelled(call_of("**", base[1], self.typed(term.arguments[1])[1]))
            raise self.error(term.span, "a vector has no power", f"entry by entry it is `{shown}`, .^ in MATLAB")
        exponent = self.typed(term.arguments[1])
        if axes_of(exponent[0].shape) == 2 and not base[0].shape:  # 2^A
            return self.raised_to_matrix(base, exponent, term.span)
        before = list(self.doubts)
        made = self.power(term)
        self.doubts = before  # ^ of a matrix is the matrix power there
        return made

    def each(self, term: Call) -> Typed:
        """Entry by entry; a column beside a matrix runs along its rows, as it does there."""
        sign = term.function.removeprefix("?each")
        left, right = self.numbered(*term.arguments)
        self.hold_data(term)
        if sign.startswith(".") or (sign in ("*", "/") and self.notation in ("matlab", "julia")):
            sign = sign.removeprefix(".")  # x .- y', each with each
            rows = [is_row(side[0].shape) for side in (left, right)]
            if rows == [False, True] and len(left[0].shape) == 1:
                return self.op(sign, term.span, self.column(left, term.span), right)
            if rows == [True, False] and len(right[0].shape) == 1:
                return self.op(sign, term.span, left, self.column(right, term.span))
        if sign == "\\":
            sign, left, right = "/", right, left
        orders = len(left[0].shape), len(right[0].shape)
        if orders == (1, 2) and not is_row(right[0].shape):
            left = self.each_row(term.arguments[0], left, right, sign)
        elif orders == (2, 1) and not is_row(left[0].shape):
            product = spelled(call_of("@", left[1], right[1]))
            right = self.each_row(term.arguments[1], right, left, sign)
            one, other = term.arguments
            if sign == "*" and "." not in self.text[one.span.stop : other.span.start] and self.notation == "julia":
                taken = spelled(call_of(sign, left[1], right[1]))  # by the macro @.
                self.doubt(f"`{taken}` is read, by @. entry by entry; the matrix product is `{product}`")
        return self.op(sign, term.span, left, right)

    def each_row(self, part: Term, vector: Typed, matrix: Typed, sign: str) -> Typed:
        """A vector beside a matrix, as a column of it; one that only its letter makes a vector is a matrix in a
        function of its entries, Y.*log(h), and is asked about elsewhere.
        """
        column = self.column(vector, part.span)
        names = names_in(vector[1])
        open_one = len(names) == 1 and self.assumed.get(names[0]) == 1 and names[0] not in self.turned_names
        if not open_one or names[0] in names_in(matrix[1]) or self.notation not in _WITH_COLUMNS:
            return column
        name, beside = names[0], spelled(matrix[1])
        if not isinstance(part, Name) and sign == "*":
            said = f"`{name}` is taken for a matrix, like `{beside}`; a column is declared: `-s {name}=n`"
            self.strained(name, 2, because=said)
        if isinstance(part, Name) and self.strict:
            self.doubt(f"`{name}` is taken for a column beside `{beside}`; a row is declared: `-s {name}=1,m`")
        return column

    def constant(self, term: Call) -> Typed:
        """matrixcalculus.org's `vector(1)` and `matrix(1)`: arrays of one number."""
        ones = self.filled("ones", term.span, CONSTANT[term.function])
        self.unsized |= {*names_in(ones[1])}
        (value,) = term.arguments
        if isinstance(value, Literal) and value.value == 1:
            return ones
        return self.op("*", term.span, self.typed(value), ones)

    def numbered(self, *parts: Term) -> list[Typed]:
        """Two operands entry by entry, where an array of one number beside another array is that number."""
        one, other = parts
        parts = (self.as_whole(one, other), self.as_whole(other, one))
        sides = list(map(self.typed, parts))
        constant = [isinstance(part, Call) and part.function in CONSTANT for part in parts]
        for part, alone, place in zip(parts, constant, (0, 1), strict=True):
            if alone and sides[1 - place][0].shape and not all(constant):
                sides[place] = self.typed(parts_of(part)[0])
        return sides

    def of_axes(self, term: Call) -> Typed:
        """PyTorch's `mm`, `mv` and `bmm`, each for arrays of one number of axes."""
        sides = [self.typed(part) for part in term.arguments]
        for part, (expr, _), order in zip(term.arguments, sides, AXES[term.function], strict=True):
            if len(expr.shape) != order:
                if isinstance(part, Name) and part.text in self.assumed:
                    self.strained(part.text, order)
                message = f"{term.function[1:]} takes an array of {order} axes here, not {described(expr.shape)}"
                raise OrderError(message, text=self.text, span=part.span)
            if isinstance(part, Name):
                self.held.add(part.text)
        return self.op("@", term.span, *sides)

    def column(self, typed: Typed, span: Span) -> Typed:
        picks = Group((Slice(None, None, span), Flag(None, span)), span)
        call = Call("[]", (typed[1], picks), (), span)
        return super().build(call), call

    def dotted(self, term: Call) -> Typed:
        (call,) = term.arguments
        before, self.board = self.board, False
        made = self.typed(call)
        self.board = before
        return made

    def cdot(self, term: Call) -> Typed:
        """Julia's x ⋅ y, which is dot(x, y) also of matrices."""
        left, right = map(self.typed, term.arguments)
        both = axes_of(left[0].shape) == axes_of(right[0].shape) == 2
        return self.paired(left, right, term.span) if both else self.dot(term)

    def repeated(self, term: Call) -> Typed:
        """A column beside itself or a row below itself, as often as there are ones."""
        (part, times), message = term.arguments, "a column is repeated side by side, a row below itself"
        x, ones = self.typed(part), self.typed(times)
        beside, shape = is_row(ones[0].shape), x[0].shape
        column = len(shape) == 1 or shape[1:] == (ONE,)
        if isinstance(part, Name) and self.assumed.get(part.text) == 0 and key(part.text)[0] in LEANING:
            self.strained(part.text, 1)
        if not shape:
            return self.op("*", term.span, x, ones)
        if not (column if beside else is_row(shape)):
            raise self.error(part.span, message, "as in repmat(b, 1, n) or repmat(b', m, 1)")
        return self.op("@", term.span, x, ones) if beside else self.op("@", term.span, ones, x)

    def stacked(self, term: Call) -> Typed:
        inner = self.typed(term.arguments[0])
        return self.op("vec", term.span, inner) if len(inner[0].shape) > 1 else inner

    # ---- libraries of Python ---------------------------------------------------------------------------------------

    def widest(self, term: Call) -> Typed:
        """CVXPY's norm, which is the spectral norm of a matrix."""
        (x,) = term.arguments
        made = self.op("norm", term.span, self.typed(x))
        if axes_of(self.build(x).shape) > 1:
            written = self.text[x.span.start : x.span.stop]
            ways = f"it is `{spelled(call_of('spectral_norm', self.plain(x)))}`; of all entries `{spelled(made[1])}`"
            raise self.error(
                term.span, "of a matrix this norm is the spectral one in CVXPY", f"{ways}, cp.norm({written}, 'fro')"
            )
        return made

    def turn(self, term: Call) -> Typed:
        inner = self.typed(term.arguments[0])
        if (order := len(inner[0].shape)) > 2:  # of each matrix of a batch
            return self.turned(inner, (order - 2, order - 1), term.span)
        if order < 2:  # who turns an array so may mean a matrix
            return inner if self.rests_on_habit(inner[0]) else self.lie(term, inner)
        return self.op(".T", term.span, inner)

    def diagonal(self, term: Call) -> Typed:
        """The diagonal of a matrix; a vector has none."""
        x, *offset = term.arguments
        inner = self.typed(x)
        if isinstance(x, Name) and x.text in self.assumed:
            self.want_order(x, len(inner[0].shape), 2)
        if len(inner[0].shape) < 2:
            declared = [f"`-s {name}=n,m`" for name in variables(inner[0]) if self.assumed.get(name) == 1]
            hint = f"declare what is a matrix: {' '.join(declared[:3])}" if declared else None
            raise OrderError("a vector has no diagonal", text=self.text, span=term.span, hint=hint)
        if not offset:
            return self.op("diag", term.span, inner)
        call = Call("diag", (inner[1], *map(self.plain, offset)), (), term.span)
        return super().build(call), call

    def embedded(self, term: Call) -> Typed:
        """A vector on the diagonal of a matrix, or each row of a matrix."""
        inner = self.typed(term.arguments[0])
        if len(inner[0].shape) > 1:
            raise self.error(
                term.span, "only a vector is put on a diagonal here", "of rows it is `X[:, :, None]*eye(m)`"
            )
        return self.op("diag", term.span, inner)

    def squeezed(self, term: Call) -> Typed:
        """An axis of length one goes; any other stays in PyTorch, and is an error in NumPy."""
        inner, place = self.typed(term.arguments[0]), self.whole(term.arguments[1])
        shape = inner[0].shape
        if not -len(shape) <= place < len(shape):
            raise OrderError(f"there is no axis {place} in {described(shape)}", text=self.text, span=term.span)
        if self.scope.unifier.resolve(shape[place]) is not ONE:
            message = f"axis {place} of {described(shape)} has not the length 1"
            raise self.error(term.span, message, "without squeeze the formula is the same, or declare the length 1")
        every, zero = Slice(None, None, term.span), Literal(Fraction(0), term.span)
        picks = tuple(zero if k == place % len(shape) else every for k in range(len(shape)))
        call = Call("[]", (inner[1], Group(picks, term.span)), (), term.span)
        return super().build(call), call

    def kron(self, term: Call) -> Typed:
        """NumPy takes a vector beside a matrix for a row."""
        sides = [self.typed(part) for part in term.arguments]
        if sorted(len(expr.shape) for expr, _ in sides) == [1, 2]:
            sides = [self.op(".T", term.span, side) if len(side[0].shape) == 1 else side for side in sides]
        return self.op("kron", term.span, *sides)

    def swap(self, term: Call) -> Typed:
        x, *axes = term.arguments[:3]
        inner = self.typed(x)
        order, places = len(inner[0].shape), [self.whole(axis) for axis in axes]
        self.want_order(x, order, max(2, *(place + 1 if place >= 0 else -place for place in places)))
        first, second = (place % order for place in places)
        if order == 2:
            return inner if first == second else self.op(".T", term.span, inner)
        if len(term.arguments) > 3 and abs(first - second) > 1:
            raise self.error(term.span, "more than two axes change places", "as in `transpose(X, (1, 2, 0))`")
        return self.turned(inner, (first, second), term.span)

    def picked(self, term: Call) -> Typed:
        """X[arange(n), y]: of each row of a matrix the entry at its place."""
        x, places = term.arguments
        self.want_order(x, len(self.build(x).shape), 2)
        call = Call("take_along_axis", (self.typed(x)[1], self.typed(places)[1]), (), term.span)
        return super().build(call), call

    def want_order(self, term: Term, order: int, least: int) -> None:
        """Refuse an array of fewer axes than are spoken of."""
        if order >= least:
            return
        if isinstance(term, Name) and term.text in self.assumed:
            self.strained(term.text, least)
        name = next(iter(names_in(term)), "x")
        sizes = ",".join("nmkpqr"[:least])
        what = described(tuple(self.scope.unifier.fresh() for _ in range(order)))
        raise OrderError(
            f"{least} axes are spoken of, and this is {what}",
            text=self.text,
            span=term.span,
            hint=f"declare as many: `-s {name}={sizes}`",
        )

    def flat(self, term: Call) -> Typed:
        (call,) = term.arguments
        assert isinstance(call, Call)
        made = self.typed(call)
        if len(made[0].shape) > 1:
            raise self.error(term.span, f"along which axis does {call.function} run?", "name it, as in axis=-1")
        return made

    def pair(self, term: Call) -> Typed:
        made = self.typed(term.arguments[0])
        self.doubt(f"`{spelled(made[1])}` is read: of the pair that is returned there, the first")
        return made

    def slogdet(self, term: Call) -> Typed:
        made = self.typed(term.arguments[0])
        self.doubt(f"`{spelled(made[1])}` is read: of the pair that is returned there, the second")
        return made

    def classes(self, term: Call) -> Typed:
        """Losses of labels of classes, which are declared, or else of a probability for each class."""
        (call,) = term.arguments
        assert isinstance(call, Call)
        x, y = call.arguments
        orders = [len(self.build(part).shape) for part in (x, y)]
        if orders[0] > 2:
            message = "the classes of a batch of several axes lie along its second axis there"
            raise self.error(term.span, message, "write it out, as in `-mean(sum(Y*log_softmax(X, axis=1), axis=1))`")
        name = y.text if isinstance(y, Name) else ""
        if name in self.scope.places:
            return self.typed(call)
        if orders == [2, 1]:
            if name in self.assumed:
                self.strained(name, 2)
            raise self.error(
                y.span,
                "are these labels of classes?",
                f"declare them: `--assume {name or 'y'}=index`; a probability for each class is a matrix",
            )
        made = self.typed(call)
        if name in self.assumed:
            self.doubt(
                f"`{spelled(made[1])}` is read with a probability for each class in {name}; "
                f"labels of classes are declared: `--assume {name}=index`"
            )
        return made

    def joined(self, term: Call) -> Typed:
        """Side by side or below each other, as NumPy has it for vectors and for matrices."""
        parts = [self.typed(part) for part in term.arguments]
        if term.function == "?column_stack":
            parts = self.beside_each_other(term.arguments, parts)
        flat = max(len(expr.shape) for expr, _ in parts) < 2
        if term.function == "?hstack":
            function, axis = "concat", 0 if flat else 1
        elif term.function == "?column_stack":
            function, axis = ("stack", 1) if flat else ("concat", 1)
        else:
            function, axis = ("stack", 0) if flat else ("concat", 0)
        keywords = (("axis", Literal(Fraction(axis), term.span)),) if axis else ()
        call = Call(function, tuple(plain for _, plain in parts), keywords, term.span)
        return super().build(call), call

    def beside_each_other(self, written: Sequence[Term], parts: list[Typed]) -> list[Typed]:
        """Parts side by side, of which a vector beside a matrix is a column of it."""
        orders = [len(expr.shape) for expr, _ in parts]
        if max(orders) and not min(orders) and self.notation == "r":  # repeated as often as there are rows
            parts = [side if order else self.spread(side) for side, order in zip(parts, orders, strict=True)]
            return self.beside_each_other(written, parts)
        if max(orders) and not min(orders):
            number = spelled(parts[orders.index(0)][1])
            long = next(spelled(plain) for (_, plain), order in zip(parts, orders, strict=True) if order)
            ones = "ones(n)" if number == "1" else f"{number}*ones(n)"
            way = f"a column of it is `stack({ones}, {long}, axis=1)`; end to end they are `concat({number}, {long})`"
            raise self.error(written[orders.index(0)].span, "one number stands beside a column", way)
        if max(orders) < 2:
            return parts
        return [
            self.column(side, side[1].span) if order == 1 else side for side, order in zip(parts, orders, strict=True)
        ]

    def spread(self, number: Typed) -> Typed:
        """A number as a column."""
        span = number[1].span
        ones = self.column(self.filled("ones", span), span)
        return ones if spelled(number[1]) == "1" else self.op("*", span, number, ones)

    # ---- sizes as numbers ------------------------------------------------------------------------------------------

    def extent(self, term: Call) -> Typed:
        """The length of one axis: by its name where it has one, else counted."""
        inner = self.typed(term.arguments[0])
        place = self.whole(term.arguments[1])
        order = len(inner[0].shape)
        if not -order <= place < order:
            raise OrderError(f"there is no axis {place} in {described(inner[0].shape)}", text=self.text, span=term.span)
        row: Term = inner[1]
        if order > 1:
            every, zero = Slice(None, None, term.span), Literal(Fraction(0), term.span)
            picks = tuple(every if k == place % order else zero for k in range(order))
            row = Call("[]", (row, Group(picks, term.span)), (), term.span)
        return self.counted([inner[0].shape[place]], row, (), term.span)

    def number_of(self, term: Call) -> Typed:
        """How many entries there are, along the axes that are named."""
        inner = self.typed(term.arguments[0])
        shape, keywords = inner[0].shape, dict(term.keywords)
        axis = keywords.get("axis")
        places = range(len(shape))
        if axis is not None:
            places = [self.whole(a) for a in (axis.items if isinstance(axis, Group) else (axis,))]  # type: ignore[assignment]  # None was told apart above
        try:
            sizes = [shape[place] for place in places]
        except IndexError:
            raise OrderError("there is no such axis", text=self.text, span=term.span) from None
        return self.counted(sizes, inner[1], term.keywords, term.span)

    def counted(self, sizes: Sequence[Size], x: Term, keywords: tuple[tuple[str, Term], ...], span: Span) -> Typed:
        size = product([self.scope.unifier.resolve(s) for s in sizes])
        if all(name in self.scope.sizes for name in size.names()):
            return Extent(size), placed(parse(str(size), limited=False), span)
        call = Call("sum", (Call("ones_like", (x,), (), span),), keywords, span)
        return super().build(call), call


def _over(left: Typed, right: Typed) -> str:
    return spelled(call_of("/", left[1], right[1]))
