"""Lower-case names in code that are matrices, because of what is done with them there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from jacobian_cli.elaborate.factor_shapes import is_row, shape_of
from jacobian_cli.elaborate.habits import habit, is_bias, leans, neighbours, spans, varies, weighs
from jacobian_cli.elaborate.options import OrderError, Scope
from jacobian_cli.elaborate.point_pairs import pairs
from jacobian_cli.elaborate.products import turned
from jacobian_cli.elaborate.programmed import Programs
from jacobian_cli.elaborate.shaped import StrainedError, Typed
from jacobian_cli.elaborate.statement import PYTHON, names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.expr import Apply, Defined, Expr, Variable
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, terms_in

_SQUARE = frozenset("?slogdet pinv solve".split())
"""Functions whose first argument is a matrix, beside those that are one thing of a matrix and another of a number."""
_OF_ROWS = ("cdist",)
"""Functions of the rows of several matrices."""
_PRODUCTS = ("?matmul", "?mm", "?mv", "@")
_THROUGH = (*_PRODUCTS, ".T", "?turn", "+", "-", "u-", "/")
_JOINS = ("+", "-", "*")
_DISTANCES = ("sum", "mean", "norm")
"""Functions that make distances of the differences between points."""


class Coded(Programs):
    """Types code, and asks for the axes that names have there, whatever their letters say."""

    def __init__(self, scope: Scope, statement: Definition, strict: bool, assumed: Mapping[str, int]) -> None:
        super().__init__(scope, statement, strict, assumed)
        self.code = self.notation in PYTHON
        self.found: dict[int, Shape] = {}
        """What the parts of a call are, by the `id` of their tree."""
        self.square = 0
        """How many functions of matrices a part stands in."""
        self.totals = 0
        """How many sums over all entries a part stands in."""

    def build(self, term: Term) -> Expr:
        if not self.code or not isinstance(term, Call):
            try:
                expr = super().build(term)
            except OrderError:
                if isinstance(term, Call) and self.notation in ("matlab", "julia"):
                    self.want_more(term)
                raise
            if self.code:
                self.found[id(term)] = expr.shape
            return expr
        square, total = _of_matrix(term), _over_all(term)
        self.square, self.totals = self.square + square, self.totals + total
        try:
            expr = super().build(term)
        except OrderError:
            self.want_more(term)
            raise
        finally:
            self.square, self.totals = self.square - square, self.totals - total
        self.found[id(term)] = expr.shape
        if self.strict:
            if square:
                self.want_matrix(term.arguments[0])
            elif term.function in _JOINS and len(term.arguments) == 2:
                self.weigh(term)
            elif term.function == "?matmul":
                self.want_turned(term.arguments[1])
            elif _over_rows(term):
                self.want_another(term)
        if term.function in _DISTANCES:
            self.say_points(term)
        return expr

    def want_turned(self, term: Term) -> None:
        """x @ w.t(): who turns w that way has a matrix."""
        match term:
            case Call(function="?turn", arguments=(Name(text=name),)) if self.assumed.get(name) == 1:
                self.because([name], 2, "")

    def say_points(self, term: Call) -> None:
        """((x[:, None] - y[None])**2).sum(-1) of vectors, which is hardly meant: points are rows of matrices."""
        axis = dict(term.keywords).get("axis")
        names = [name for name in pairs(term) if self.assumed.get(name) == 1]
        last = isinstance(axis, Literal) and axis.value == -1
        if last and names and len(self.shape(term.arguments[0])) == 2:
            ways = " ".join(f"`-s {name}={size},d`" for name, size in zip(names, "nm", strict=False))
            said = " and ".join(f"`{name}`" for name in names)
            taken = f"{said} {'are taken for vectors' if len(names) > 1 else 'is taken for a vector'}"
            self.doubt(f"{taken}, whose differences the last axis sums; points in rows are declared: {ways}")

    def shape(self, term: Term) -> Shape:
        found = self.found.get(id(term))
        return self.build(term).shape if found is None else found

    def want_matrix(self, term: Term) -> None:
        """tr(p @ q): nobody takes such a function of a number, nor of a vector."""
        if len(self.shape(term)) < 2:
            names = dict.fromkeys(name for name in _factors(term) if self.assumed.get(name) == 1)
            self.because(names, 2, "")

    # ---- MATLAB and Julia ------------------------------------------------------------------------------------------

    def mtimes(self, term: Call) -> Typed:
        """x*theta, phi*w and x'*sigma*x: a Greek name that stands where no number would."""
        scale, whole = term.arguments
        if isinstance(whole, Call) and whole.function in ("eye", "?eye"):  # s^2*eye(n)
            name = _scale(scale)
            if self.assumed.get(name) == 1 and name not in self.turned_names:
                self.because([name], 0, "")
        match term.arguments:
            case (Name(text=left), Name(text=right)) if self.assumed.get(right) == 0 and leans(right):
                if habit(left) == 1 and self.assumed.get(left) == 1 and left not in self.turned_names:  # x*theta
                    self.because([left], 2, "")
                if len(self.build(term.arguments[0]).shape) == 2:
                    said = f"`{left}*{right}` is taken for a matrix and a vector; numbers are declared: `-s {right}=()`"
                    self.because([right], 1, said)
            case (Name(text=left), right) if self.assumed.get(left) == 0 and spans(left):  # phi*w
                if len(self.build(right).shape) == 1:
                    taken = f"`{left}` is taken for a matrix beside `{spelled(self.plain(right))}`"
                    self.because([left], 2, f"{taken}; a number is declared: `-s {left}=()`")
            case (
                Call(function="?mtimes", arguments=(Call(function=".T", arguments=(one,)), Name(text=between))),
                other,
            ):
                if self.assumed.get(between) == 0 and habit(between) == 0 and spelled(one) == spelled(other):
                    taken = f"`{between}` is taken for a matrix, as in a quadratic form"
                    self.because([between], 2, f"{taken}; a number is declared: `-s {between}=()`")
        if lead := self.leading(term):
            name, row, last = lead
            same = isinstance(row, Call) and spelled(row.arguments[0]) == spelled(last)
            if same or (self.bare[name] == 1 and not varies(name)):
                scaled = f"`{name}` is taken for a number, for a row, `{spelled(row)}`, and a column stand behind it"
                self.because([name], 0, "" if same else f"{scaled}; `-s {name}=n` says that it is a vector")
        return super().mtimes(term)

    def each(self, term: Call) -> Typed:
        """c*x'*y + norm(x): a number where a number is added to it."""
        if term.function in ("?each+", "?each-") and self.strict and self.notation in ("matlab", "julia"):
            for one, other in (term.arguments, term.arguments[::-1]):
                if (lead := self.leading(one)) and not isinstance(other, Literal) and not self.build(other).shape:
                    self.because([lead[0]], 0, "")
        return super().each(term)

    def leading(self, term: Term) -> tuple[str, Term, Term] | None:
        """The name in front of a row and a column, c in c*x'*A*x, that nothing but its letter makes a vector; the row
        and the column.
        """
        factors = [part for part in _chained(term) if not isinstance(part, Literal)]
        if len(factors) < 3 or not isinstance(first := _above(factors[0]), Name):
            return None
        _, row, *between, last = factors
        near = names_in(row)[:1]
        open_one = self.assumed.get(first.text) == 1 == habit(first.text) and first.text not in self.turned_names
        if not open_one or not turned(row) or any(neighbours(*sorted((first.text, name))) for name in near):
            return None
        shapes = [self.build(part).shape for part in (row, *between, last)]
        return (first.text, row, last) if is_row(shapes[0]) and shape_of(shapes) == () else None

    # ---- libraries of Python ---------------------------------------------------------------------------------------

    def alike(self, term: Call) -> Typed:
        """`np.average(X, weights=W)`: without an axis there is a weight for each entry."""
        x, weights = term.arguments
        orders = [len(self.build(part).shape) for part in term.arguments]
        if orders[0] != orders[1]:
            free = isinstance(weights, Name) and self.assumed.get(weights.text) == orders[1]
            self.because([weights.text] if free and isinstance(weights, Name) else (), orders[0], "")
            hint = f"one for each row: `np.average({spelled(self.plain(x))}, axis=0, weights={spelled(weights)})`"
            message = "without an axis there is a weight for each entry"
            raise OrderError(message, text=self.text, span=weights.span, hint=hint)
        return self.op("*", term.span, self.typed(x), self.typed(weights))

    def weight(self, term: Call) -> Typed:
        """The weight of a layer, which is a matrix."""
        (inner,) = term.arguments
        if len(self.build(inner).shape) == 1 and isinstance(inner, Name) and self.assumed.get(inner.text) == 1:
            self.because([inner.text], 2, "")
        return self.typed(inner)

    def diagonal(self, term: Call) -> Typed:
        """The diagonal of a @ b.T, which is one of matrices."""
        scores = term.arguments[0]
        while isinstance(scores, Call) and _of_rows(scores):
            scores = scores.arguments[0]
        inner = self.build(scores)
        if len(inner.shape) < 2:
            self.because([n for n in dict.fromkeys(_within(inner)) if self.assumed.get(n) == 1], 2, "")
        return super().diagonal(term)

    def want_more(self, term: Call) -> None:
        """norm(a - b, axis=1): what is joined entry by entry is of one shape, where it has too few axes."""
        axis = dict(term.keywords).get("axis")
        if isinstance(axis, Literal) and axis.value == 2:  # ((x[:, None] - c)**2).sum(2)
            self.because([name for name in pairs(term) if self.assumed.get(name) in (0, 1)], 2, "")
        if term.function in _OF_ROWS:
            self.because([n for n in _each(term.arguments, self.scope.bodies) if self.assumed.get(n) == 1], 2, "")
        if not isinstance(axis, Literal) or axis.value != 1 or len(self.shape(term.arguments[0])) > 1:
            return
        names = [
            name for name in dict.fromkeys(_each(term.arguments[:1], self.scope.bodies)) if self.assumed.get(name) == 1
        ]
        ways = " or ".join(f"`-s {name}={'m' if self.code else '1,m'}`" for name in names)
        several = len(names) > 1 and (axis.span != term.span or not self.code)
        said = f"{' and '.join(f'`{name}`' for name in names)} are taken for matrices, as axis=1 is one of"
        self.because(names, 2, f"{said}; one row for all is declared: {ways}" if several else "")

    def want_another(self, term: Call) -> None:
        """sum((a - p)**2, axis=1) - sum((a - n)**2, axis=1): n is an array as a is, which the first sum says of it."""
        inside = [n for n in dict.fromkeys(_each(term.arguments[:1], self.scope.bodies)) if habit(n) == 1]
        wide = [name for name in inside if self.assumed.get(name) == 2]
        single = [n for n in inside if self.assumed.get(n) == 1 and not (weighs(n) or is_bias(n))]
        if wide and single:
            said = " and ".join(f"`{name}`" for name in single)
            taken = (
                f"{said} {'are taken for matrices' if len(single) > 1 else 'is taken for a matrix'} like `{wide[0]}`"
            )
            self.because(single, 2, f"{taken}; one row for all is declared: {' '.join(f'`-s {n}=m`' for n in single)}")

    def weigh(self, term: Call) -> None:
        """What a sum or a product of two parts says of the names in them."""
        for one, other in (term.arguments, term.arguments[::-1]):
            if len(self.shape(one)) == 1 and term.function != "*" and _identity(self.plain(other)):
                self.want_square(one)
            if not self.shape(one) and len(self.shape(other)) == 1 and self.totals:
                if term.function == "+" and isinstance(other, Name) and any(_of_vectors(one)):
                    self.because([other.text] if self.assumed.get(other.text) == 1 else (), 0, "")  # x@w + b
                self.want_batch(one, other)

    def want_square(self, term: Term) -> None:
        """K + s*eye(n)."""
        names = dict.fromkeys(name for name in _factors(term) if self.assumed.get(name) == 1)
        ways = " ".join(f"`-s {name}=n`" for name in names)
        what = f"`{', '.join(names)}` {'is' if len(names) == 1 else 'are'} taken for square beside the identity"
        said = "" if self.square else f"{what}; a vector, added to each row, is declared: {ways}"
        self.because(names, 2, said)

    def want_batch(self, number: Term, vector: Term) -> None:
        """mean((x@w - y)**2): the product of two vectors is a number for one sample, and y holds many."""
        targets = [n for n in dict.fromkeys(_names(vector)) if self.assumed.get(n) == 1]
        for product in _of_vectors(number):
            names = [name for name in _factors(product) if len(self.build(Name(name, product.span)).shape) == 1]
            if len(set(names)) < 2 or not set(names).isdisjoint(targets):
                continue
            free = [name for name in names if self.assumed.get(name) == 1]
            samples = [name for name in free if not weighs(name)] or (free[:1] if len(free) == len(names) else [])
            shown = f"`{spelled(self.plain(product))}`"
            one = f"`{targets[0]}`" if targets else "a vector"
            single = " ".join(f"`-s {name}=()`" for name in targets)
            if samples:
                what = f"`{samples[0]}` is taken for a matrix with a sample in each row, for {shown} meets {one}"
                self.because(
                    samples[:1],
                    2,
                    f"{what}; one sample is declared: `-s {samples[0]}=n`{' ' + single if single else ''}",
                )
            elif targets:
                self.doubt(
                    f"{shown} is one number, and meets each entry of {one}; a number is declared: {single}; "
                    f"samples in rows: `-s {names[0]}=n,m`"
                )

    def because(self, names: Iterable[str], order: int, doubt: str) -> None:
        """Ask for another number of axes of names, and say why, if need be."""
        first, *others = [*names] or [""]
        if first and self.strict:
            raise StrainedError(first, order, *others, because=doubt)


def _chained(term: Term) -> list[Term]:
    """The factors of a product, from left to right."""
    match term:
        case Call(function="?mtimes", arguments=(left, right)):
            return [*_chained(left), right]
        case Call(function="?mrdivide", arguments=(above, Literal())):
            return _chained(above)
    return [term]


def _above(term: Term) -> Term:
    """What is divided by a number: k of k/2."""
    while isinstance(term, Call) and term.function == "?mrdivide" and isinstance(term.arguments[1], Literal):
        term = term.arguments[0]
    return term


def _scale(term: Term) -> str:
    """The name before an identity, or of which a power stands there, whatever number scales it."""
    while isinstance(term, Call) and term.function in ("?mtimes", "?mpower", "u-"):
        scaled = term.function == "?mtimes"
        if scaled and not isinstance(term.arguments[0], Literal):
            break
        term = term.arguments[-1 if scaled else 0]
    return term.text if isinstance(term, Name) else ""


def _of_matrix(term: Call) -> bool:
    row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
    return bool(term.arguments) and (term.function in _SQUARE or (row is not None and bool(row.of_scalar)))


def _of_rows(term: Call) -> bool:
    row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
    return row is not None and row.kind is Kind.ROW


def _over_all(term: Call) -> bool:
    row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
    return row is not None and row.kind is Kind.REDUCTION and not term.keywords and len(term.arguments) == 1


def _over_rows(term: Call) -> bool:
    """Whether a call sums along the rows of a matrix, each for itself."""
    axis = dict(term.keywords).get("axis")
    row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
    return isinstance(axis, Literal) and axis.value == 1 and row is not None and row.kind is Kind.REDUCTION


def _names(term: Term) -> Iterator[str]:
    return (part.text for part in terms_in(term) if isinstance(part, Name))


def _factors(term: Term) -> Iterator[str]:
    """The names that a part has its axes from: those it is, and the factors of its matrix products."""
    if isinstance(term, Name):
        yield term.text
    elif isinstance(term, Call) and term.function in ("*", "?upto", "?weight"):
        yield from _factors(term.arguments[-1 if term.function == "*" else 0])
    elif isinstance(term, Call) and term.function in _THROUGH:
        for part in term.arguments[: 1 if term.function == "/" else None]:
            yield from _factors(part)
    elif isinstance(term, Call) and elementwise(term):
        yield from _factors(term.arguments[0])


def _within(expr: Expr) -> Iterator[str]:
    """The variables that a value has its axes from, through definitions."""
    match expr:
        case Variable(name):
            yield name
        case Defined(_, body):
            yield from _within(body)
        case Apply(function, arguments):
            for part in arguments if function in ("@", "*", "+", "-") else arguments[:1]:
                yield from _within(part)


def _each(terms: Iterable[Term], bodies: Mapping[str, Term]) -> Iterator[str]:
    """The names that parts have their axes from, where these are computed entry by entry, through definitions; none
    behind a matrix product.
    """
    stack, seen = [*terms][::-1], set[str]()
    while stack:
        term = stack.pop()
        if isinstance(term, Name) and term.text in bodies:
            stack += [] if term.text in seen else [bodies[term.text]]
            seen.add(term.text)
        elif isinstance(term, Name):
            yield term.text
        elif isinstance(term, Call) and (term.function.removeprefix("?each") in ("/", "**") or _of_rows(term)):
            stack.append(term.arguments[0])
        elif isinstance(term, Call) and (elementwise(term) or term.function in ("?each+", "?each-", "?each*")):
            ratio = term.arguments[0]
            logs = term.function == "log" and isinstance(ratio, Call) and ratio.function in ("/", "?each/")
            stack += reversed(ratio.arguments if logs and isinstance(ratio, Call) else term.arguments)


def _identity(term: Term) -> bool:
    """Whether a part is the identity, or a multiple of it."""
    if not isinstance(term, Call):
        return False
    if term.function in ("*", "/", "u-"):
        return any(map(_identity, term.arguments))
    return term.function == "eye"


def _of_vectors(term: Term) -> Iterator[Call]:
    """The products of two names that a number is made of, entry by entry."""
    while isinstance(term, Call) and term.function == "?upto":
        term = term.arguments[0]
    if not isinstance(term, Call):
        return
    if term.function in _PRODUCTS:
        if all(_bare(part) for part in term.arguments):
            yield term
    elif elementwise(term):
        for part in term.arguments:
            yield from _of_vectors(part)


def _bare(term: Term) -> bool:
    while isinstance(term, Call) and term.function in (".T", "?turn"):
        term = term.arguments[0]
    return isinstance(term, Name)
