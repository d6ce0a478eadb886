"""What shapes decide in mathematics: factors side by side, bars, powers, ones and identities of the size that fits.

A reader leaves these as calls whose names begin with a question mark. Here they become operators of the language, at
the number of axes that each name has by its declaration, by habit, or because nothing else fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain, count

from jacobian_cli.elaborate.builder import Builder, OrderError, Scope
from jacobian_cli.expr import Apply, Defined, Expr, Extent, Variable
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.rules import ShapeError, described
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import ONE, UNKNOWN, Shape, Size, Unifier, product
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tokens import parts_of
from jacobian_cli.syntax.tree import Call, Definition, Flag, Group, Literal, Name, Slice, Term, Text

Typed = tuple[Expr, Term]
_LETTERS = "nmkpqrdltvwghijabcfsuxyz"
_LEANING = frozenset("mu nu beta theta gamma xi zeta phi psi omega chi".split())
"""Greek letters that are vectors as readily as scalars: beside + and behind a matrix they are what fits."""
_NUMBER = re.compile(r"[nN]\d*|[nd]_\w+|eps\w*|lr|reg|C")
"""Names that, where all they do is to scale a number, are numbers themselves."""
_MOST_POWERS = 8
BOARD = ("math", "latex", "julia")
"""Notations in which a function of a matrix may mean something else than its entries' values."""


def unclear(term: Term) -> bool:
    """Whether anything in a tree is left to shapes."""
    stack = [term]
    while stack:
        part = stack.pop()
        if isinstance(part, Call) and part.function[0] == "?":
            return True
        stack.extend(parts_of(part))
    return False


_SKELETON = {
    **dict.fromkeys(("?beside", "?dot", "?star", "?mtimes", "?matmul", "?cross"), "@"),
    **{f"?each{sign}": sign for sign in ("+", "-", "*", "/", "**")},
    "?hadamard": "*",
    "?plus": "+",
    "?minus": "-",
    "?mrdivide": "/",
    "?power": "**",
    "?mpower": "**",
    "?exp": "exp",
    "?T": ".T",
    "?norm": "norm",
    "?bars": "norm",
    "?logbars": "norm",
}
_INSIDE = frozenset("?dotted ?columns ?softmax ?flat ?pair ?slogdet".split())


def skeleton(term: Term) -> Term:
    """The tree with the likeliest operators where shapes decide, for those who ask what a name does in a formula."""
    match term:
        case Call(function=function, arguments=arguments) if function in _INSIDE:
            return skeleton(arguments[0])
        case Call(function=function, arguments=arguments, keywords=keywords, span=span):
            parts = [skeleton(part) for part in arguments if not isinstance(part, Text)]
            plain = _SKELETON.get(function, function)
            if plain != "@" or len(parts) < 2:
                return Call(plain, tuple(parts), keywords, span)
            total = parts[0]
            for part in parts[1:]:
                total = Call(plain, (total, part), (), span)
            return total
    return term


def meant(
    statements: Sequence[Definition],
    declared: Mapping[str, Shape],
    sizes: Mapping[str, Size],
    guessed: Mapping[str, int],
    candidates: Callable[[Mapping[str, int]], Iterable[Mapping[str, int]]],
    square: Collection[str] = (),
) -> list[Definition]:
    """The statements with all that shapes decide decided, and the number of axes that each name then has.

    `guessed` gives the number of axes of names that are not declared, `candidates` departures from it, fewest first.
    Raises `InputError` where nothing fits.
    """
    guessed = dict(guessed) | dict.fromkeys(_behind_matrices(statements, guessed, declared), 1)
    settled: set[str] = set()
    while True:  # what stands beside a name says what it is, before any name is taken for what it is not
        try:
            return _attempt(statements, declared, sizes, guessed, square, True)
        except StrainedError as error:
            if error.name in settled:
                break
            guessed[error.name] = error.order
            settled.add(error.name)
        except InputError:
            break
    first: InputError | None = None
    for flips in candidates(guessed):
        try:
            return _attempt(statements, declared, sizes, guessed | dict(flips), square, False)
        except InputError as error:
            first = first or error
            if not isinstance(first, OrderError):
                break
    assert first is not None
    raise first


class StrainedError(InputError):
    """A reading that the language has, but that no mathematician would mean: a name wants another number of axes."""

    def __init__(self, name: str, order: int) -> None:
        super().__init__(f"{name} is read otherwise")
        self.name = name
        self.order = order


def _behind_matrices(
    statements: Sequence[Definition], guessed: Mapping[str, int], declared: Mapping[str, Shape]
) -> set[str]:
    """Greek scalars that stand right behind a matrix, where mathematicians write vectors: Xβ."""
    found: set[str] = set()
    stack = [statement.value for statement in statements]
    while stack:
        term = stack.pop()
        stack.extend(parts_of(term))
        if isinstance(term, Call) and term.function == "?beside":
            for left, behind in zip(term.arguments, term.arguments[1:], strict=False):
                before = left
                while isinstance(before, Call) and before.function in (".T", "?T", "?power"):
                    before = before.arguments[0]
                if isinstance(behind, Name) and guessed.get(behind.text) == 0 and isinstance(before, Name):
                    order = len(declared[before.text]) if before.text in declared else guessed.get(before.text, 0)
                    if order == 2 and key(behind.text)[0] in _LEANING:
                        found.add(behind.text)
    return found


def _attempt(
    statements: Sequence[Definition],
    declared: Mapping[str, Shape],
    sizes: Mapping[str, Size],
    orders: Mapping[str, int],
    square: Collection[str],
    strict: bool,
) -> list[Definition]:
    unifier = Unifier()
    defined = {statement.name for statement in statements}
    values: dict[str, Expr] = {n: Variable(n, shape) for n, shape in declared.items() if n not in defined}
    for name, order in orders.items():
        axes = tuple(unifier.fresh() for _ in range(1 if name in square else order))
        values.setdefault(name, Variable(name, axes * 2 if name in square else axes))
    scope = Scope(values, sizes, unifier)
    read: list[tuple[Definition, Meaning, Term]] = []
    for statement in statements:
        meaning = Meaning(scope, statement, strict and bool(statement.notation), orders)
        body = meaning.build(statement.value)
        read.append((statement, meaning, meaning.plain(statement.value)))
        if statement.name:
            values[statement.name] = Defined(statement.name, body)
    taken = {*values, *sizes, *(n for s in declared.values() for z in s for n in z.names())}
    letters = (letter for letter in chain(_LETTERS, (f"n{i}" for i in count(1))) if letter not in taken)
    named: dict[str, Size] = {}
    found: list[Definition] = []
    assumed = tuple(orders.items())
    for statement, meaning, value in read:
        for size in meaning.fresh.values():
            for name in unifier.resolve(size).names():
                if name.startswith(UNKNOWN) and name not in named:
                    named[name] = Size.named(next(letters))
        settled = {hole: unifier.resolve(size).replace(named) for hole, size in meaning.fresh.items()}
        filled = _filled(value, settled)
        doubts = (*statement.doubts, *(Doubt(_settled_text(d, settled)) for d in meaning.doubts))
        shown = spelled(filled) if statement.notation else ""
        found.append(replace(statement, value=filled, doubts=doubts, read=shown, orders=assumed))
    return found


def _settled_text(message: str, settled: Mapping[str, Size]) -> str:
    for hole, size in settled.items():
        message = message.replace(hole, str(size))
    return message


def _filled(term: Term, settled: Mapping[str, Size]) -> Term:
    """The tree with the sizes that were found for identities and ones."""
    if not settled:
        return term
    match term:
        case Name(text=text, span=span) if text in settled:
            found = parse(str(settled[text]), limited=False)
            return _placed(found, span)
        case Call(function=function, arguments=arguments, keywords=keywords, span=span):
            return Call(function, tuple(_filled(part, settled) for part in arguments), keywords, span)
    return term


def _placed(term: Term, span: Span) -> Term:
    match term:
        case Name(text=text):
            return Name(text, span)
        case Call(function=function, arguments=arguments):
            return Call(function, tuple(_placed(part, span) for part in arguments), (), span)
        case Literal(value=value):
            return Literal(value, span)
    raise AssertionError(term)


class Meaning(Builder):
    """Types one text, and remembers what each part that shapes decide has become."""

    def __init__(self, scope: Scope, statement: Definition, strict: bool, assumed: Mapping[str, int]) -> None:
        super().__init__(scope, statement.source)
        self.strict = strict
        self.board = statement.notation in BOARD
        self.assumed = assumed
        self.made: dict[int, Term] = {}
        self.resized: dict[int, Call] = {}
        self.fresh: dict[str, Size] = {}
        self.doubts: list[str] = []
        self.products = False
        """Whether a * has turned out to be a matrix product."""

    # ---- the walk --------------------------------------------------------------------------------------------------

    def build(self, term: Term) -> Expr:
        if not isinstance(term, Call):
            return super().build(term)
        if term.function[0] == "?":
            expr, self.made[id(term)] = _MEANINGS[term.function](self, term)
            return expr
        expr = super().build(self.sized(term))
        if self.board and isinstance(expr, Apply) and expr.arguments and _proper(expr.arguments[0].shape) == 2:
            row = FUNCTIONS[expr.function]
            if row.of_matrix:
                self.entrywise(row.of_matrix, self.plain(term))
        return expr

    def entrywise(self, meant_otherwise: str, term: Term) -> None:
        self.doubt(f"`{spelled(term)}` is taken entry by entry; the {meant_otherwise} is not in the language")

    def sized(self, term: Call) -> Call:
        """A call whose sizes and indices are spelled with the signs of the language."""
        row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
        options = row.options if row else ()
        first = 0 if "sizes" in options else 1 if {"shape", "index"} & {*options} else None
        if first is None or not any(unclear(part) for part in term.arguments[first:]):
            return term
        made = self.resized[id(term)] = Call(
            term.function,
            (*term.arguments[:first], *(s for part in term.arguments[first:] for s in _sizes(self.measured(part)))),
            term.keywords,
            term.span,
        )
        return made

    def measured(self, term: Term) -> Term:
        """A size in which X.shape[0] is spelled by its name."""
        match term:
            case Call(function="?extent" | "?count"):
                self.build(term)
                return self.made[id(term)]
            case Call(function=function, arguments=arguments, keywords=keywords, span=span):
                return Call(function, tuple(map(self.measured, arguments)), keywords, span)
            case Group(items=items, span=span):
                return Group(tuple(map(self.measured, items)), span)
            case Slice(start=start, stop=stop, span=span):
                first, last = (None if bound is None else self.measured(bound) for bound in (start, stop))
                return Slice(first, last, span)
        return term

    def plain(self, term: Term) -> Term:
        """The tree in the language, once it was built."""
        if id(term) in self.made:
            return self.made[id(term)]
        match self.resized.get(id(term), term):
            case Call(function=function, arguments=arguments, keywords=keywords, span=span):
                return Call(function, tuple(self.plain(part) for part in arguments), keywords, span)
        return term

    def typed(self, term: Term) -> Typed:
        return self.build(term), self.plain(term)

    def op(self, function: str, span: Span, *operands: Typed) -> Typed:
        """A function of the language on typed operands."""
        row = FUNCTIONS[function]
        try:
            expr = self.applied(row, tuple(expr for expr, _ in operands), {})
        except ShapeError as error:
            kind = OrderError if error.order else InputError
            raise kind(error.message, text=self.text, span=span, hint=error.hint) from None
        return expr, Call(function, tuple(term for _, term in operands), (), span)

    def doubt(self, message: str) -> None:
        if message not in self.doubts:
            self.doubts.append(message)

    def strained(self, name: str, order: int) -> None:
        """Ask for another number of axes, where one is to be had."""
        if self.strict:
            raise StrainedError(name, order)

    # ---- products --------------------------------------------------------------------------------------------------

    def beside(self, term: Call) -> Typed:
        """Factors side by side, associated so that shapes fit."""
        factors = [self.typed(part) for part in term.arguments]
        for place, part in enumerate(term.arguments[1:], start=1):
            if isinstance(part, Literal) and part.value == 1:
                factors[place] = self.filled("ones", part.span)
        self.want_numbers(term.arguments, factors)
        return self.product(factors, term.span)

    def want_numbers(self, parts: Sequence[Term], factors: Sequence[Typed]) -> None:
        """A name that scales nothing but numbers is a number: n/2 log|Σ|."""
        large = [k for k, (expr, _) in enumerate(factors) if expr.shape]
        if len(large) != 1:
            return
        part = parts[large[0]]
        if isinstance(part, Call) and part.function == "/":
            part = part.arguments[0]
        if isinstance(part, Name) and part.text in self.assumed and _NUMBER.fullmatch(part.text):
            self.strained(part.text, 0)

    def product(self, factors: Sequence[Typed], span: Span) -> Typed:
        total = factors[0]
        for place, factor in enumerate(factors[1:], start=1):
            step = _step(total[0].shape, factor[0].shape)
            if not step:
                again = self.from_the_right(total, factors[place:], span)
                if again is not None:
                    return again
                raise self.misfit(total, factor, span)
            total = self.op(step, _joined(total[1], factor[1], span), total, factor)
        return total

    def from_the_right(self, total: Typed, behind: Sequence[Typed], span: Span) -> Typed | None:
        """A xᵀy: where the left does not fit what comes next, the rest may be a number or fit as a whole."""
        for stop in range(len(behind), 1, -1):
            inner = _shape_of([expr.shape for expr, _ in behind[:stop]])
            if inner is not None and _step(total[0].shape, inner):
                return self.product([total, self.product(behind[:stop], span), *behind[stop:]], span)
        return None

    def misfit(self, left: Typed, right: Typed, span: Span) -> InputError:
        where = _joined(left[1], right[1], span)
        message = f"{described(self.resolved(left))} stands beside {described(self.resolved(right))}"
        if len(left[0].shape) == len(right[0].shape) == 1:
            hint = (
                f"write `{_inner(left[1], right[1])}`, `{_outer(left[1], right[1])}`, or `{_times(left[1], right[1])}`"
            )
            return InputError(message, text=self.text, span=where, hint=hint + " for the product entry by entry")
        return OrderError(message, text=self.text, span=where, hint="matrix products need columns and rows that meet")

    def resolved(self, typed: Typed) -> Shape:
        return tuple(self.scope.unifier.resolve(size) for size in typed[0].shape)

    def dot(self, term: Call) -> Typed:
        """· between numbers, matrices and vectors; of two vectors the dot product."""
        left = self.typed(term.arguments[0])
        right = term.arguments[1]
        if isinstance(right, Literal) and right.value == 1 and _proper(left[0].shape) == 2:
            return self.product([left, self.filled("ones", right.span)], term.span)
        other = self.typed(right)
        if len(left[0].shape) == len(other[0].shape) == 1:
            made = self.op("@", term.span, self.op(".T", term.span, left), other)
            times = _times(left[1], other[1])
            self.doubt(f"`{spelled(made[1])}` is read, the dot product; entry by entry it is `{times}`")
            return made
        self.want_numbers(term.arguments, [left, other])
        return self.product([left, other], term.span)

    def cross(self, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if left[0].shape and right[0].shape:
            product, times = (spelled(_made(sign, left[1], right[1])) for sign in "@*")
            raise self.error(
                term.span,
                "× between vectors or matrices cannot be read",
                f"write `{product}`, or `{times}` entry by entry",
            )
        return self.op("*", term.span, left, right)

    def star(self, term: Call) -> Typed:
        """`*` in mathematics: the matrix product where there is one."""
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        step = _step(left[0].shape, right[0].shape)
        if step != "@":
            return self.op("*", term.span, left, right)
        made = self.op("@", term.span, left, right)
        if _row(left[0].shape) or _row(right[0].shape):
            self.products = True
        elif not self.products:
            self.doubt(
                f"`{spelled(made[1])}` is read, the matrix product; entry by entry it is "
                f"`{_times(left[1], right[1])}` in the language"
            )
        return made

    def mtimes(self, term: Call) -> Typed:
        """`*` in MATLAB and Julia: the matrix product, or a number times something."""
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        return self.product([left, right], term.span)

    # ---- MATLAB and Julia ------------------------------------------------------------------------------------------

    def mrdivide(self, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if not right[0].shape:
            return self.op("/", term.span, left, right)
        if _proper(right[0].shape) < 2:
            raise self.error(
                term.span,
                "a vector stands below the line",
                f"entry by entry it is `{spelled(_made('/', left[1], right[1]))}` in the language, ./ in MATLAB",
            )
        return self.product([left, self.op("inv", term.span, right)], term.span)

    def mldivide(self, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if not left[0].shape:
            return self.op("/", term.span, right, left)
        return self.op("solve", term.span, left, right)

    def mpower(self, term: Call) -> Typed:
        base = self.typed(term.arguments[0])
        if len(base[0].shape) == 1:
            shown = spelled(_made("**", base[1], self.typed(term.arguments[1])[1]))
            raise self.error(term.span, "a vector has no power", f"entry by entry it is `{shown}`, .^ in MATLAB")
        before = list(self.doubts)
        made = self.power(term)
        self.doubts = before  # ^ of a matrix is the matrix power there
        return made

    def each(self, term: Call) -> Typed:
        """Entry by entry; a column beside a matrix runs along its rows, as it does there."""
        sign = term.function.removeprefix("?each")
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if sign == "\\":
            sign, left, right = "/", right, left
        orders = len(left[0].shape), len(right[0].shape)
        if orders == (1, 2) and not _row(right[0].shape):
            left = self.column(left, term.span)
        elif orders == (2, 1) and not _row(left[0].shape):
            right = self.column(right, term.span)
        return self.op(sign, term.span, left, right)

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

    def columns(self, term: Call) -> Typed:
        """MATLAB's sum of a matrix runs down its columns; where MATLAB is a guess, it is over all."""
        call, how = term.arguments
        assert isinstance(call, Call)
        assert isinstance(how, Text)
        inner = self.typed(call.arguments[0])
        if _proper(inner[0].shape) < 2:
            return self.typed(call)
        axis = (("axis", Literal(Fraction(0), term.span)), ("keepdims", Flag(True, term.span)))
        down = Call(call.function, (inner[1],), axis, term.span)
        whole = Call(call.function, (inner[1],), (), term.span)
        taken, other = (whole, down) if how.value else (down, whole)
        self.doubt(
            f"`{spelled(taken)}` is read; MATLAB runs down the columns of a matrix, others over all: `{spelled(other)}`"
        )
        return super().build(taken), taken

    def softmax(self, term: Call) -> Typed:
        (call,) = term.arguments
        made = self.typed(call)
        if _proper(made[0].shape) > 1:
            assert isinstance(made[1], Call)
            down = replace(made[1], keywords=(("axis", Literal(Fraction(0), term.span)),))
            self.doubt(f"`{spelled(made[1])}` is read, along rows; Julia's runs down the columns: `{spelled(down)}`")
        return made

    def stacked(self, term: Call) -> Typed:
        inner = self.typed(term.arguments[0])
        return self.op("vec", term.span, inner) if len(inner[0].shape) > 1 else inner

    # ---- libraries of Python ---------------------------------------------------------------------------------------

    def matmul(self, term: Call) -> Typed:
        """`@` between arrays: a vector before a matrix is a row of it."""
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if not left[0].shape or not right[0].shape:
            return self.op("*", term.span, left, right)
        if len(left[0].shape) == 1 and len(right[0].shape) == 2 and not _row(right[0].shape):
            match right[1], term.arguments[1]:
                case Call(function=".T", arguments=(inner,)), Call(arguments=(typed, *_)):
                    return self.op("@", term.span, (self.build(typed), inner), left)
            return self.op("@", term.span, self.op(".T", term.span, right), left)
        return self.op("@", term.span, left, right)

    def turn(self, term: Call) -> Typed:
        inner = self.typed(term.arguments[0])
        return self.op(".T", term.span, inner) if len(inner[0].shape) > 1 else inner

    def swap(self, term: Call) -> Typed:
        x, *axes = term.arguments
        inner = self.typed(x)
        order = len(inner[0].shape)
        if order < 2:
            raise OrderError(
                "a vector has no two axes", text=self.text, span=term.span, hint="declare it as a matrix: -s x=n,m"
            )
        first, second = (self.whole(axis) % order for axis in axes)
        if order == 2:
            return inner if first == second else self.op(".T", term.span, inner)
        return self.turned(inner, (first, second), term.span)

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

    def layered(self, term: Call) -> Typed:
        x, eps = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        axis = ", axis=-1, keepdims=True" if len(x[0].shape) > 1 else ""
        made = _spelled_out(f"(x - mean(x{axis}))/sqrt(var(x{axis}) + eps)", {"x": x[1], "eps": eps[1]}, term.span)
        return super().build(made), made

    def joined(self, term: Call) -> Typed:
        """Side by side or below each other, as NumPy has it for vectors and for matrices."""
        parts = [self.typed(part) for part in term.arguments]
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
            places = [self.whole(a) for a in (axis.items if isinstance(axis, Group) else (axis,))]  # type: ignore[assignment]
        try:
            sizes = [shape[place] for place in places]
        except IndexError:
            raise OrderError("there is no such axis", text=self.text, span=term.span) from None
        return self.counted(sizes, inner[1], term.keywords, term.span)

    def counted(self, sizes: Sequence[Size], x: Term, keywords: tuple[tuple[str, Term], ...], span: Span) -> Typed:
        size = product([self.scope.unifier.resolve(s) for s in sizes])
        if all(name in self.scope.sizes for name in size.names()):
            return Extent(size), _placed(parse(str(size), limited=False), span)
        call = Call("sum", (Call("ones_like", (x,), (), span),), keywords, span)
        return super().build(call), call

    # ---- transposes ------------------------------------------------------------------------------------------------

    def transposed(self, term: Call) -> Typed:
        """ᵀ; of a batch, of each matrix."""
        inner = self.typed(term.arguments[0])
        order = len(inner[0].shape)
        return self.op(".T", term.span, inner) if order < 3 else self.turned(inner, (order - 2, order - 1), term.span)

    def turned(self, inner: Typed, axes: tuple[int, int], span: Span) -> Typed:
        places = list(range(len(inner[0].shape)))
        first, second = axes
        places[first], places[second] = places[second], places[first]
        group = Group(tuple(Literal(Fraction(place), span) for place in places), span)
        call = Call("transpose", (inner[1], group), (), span)
        return super().build(call), call

    # ---- mathematics again -----------------------------------------------------------------------------------------

    def hadamard(self, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        self.want_alike(term, left, right)
        return self.op("*", term.span, left, right)

    def plus(self, term: Call) -> Typed:
        return self.added("+", term)

    def minus(self, term: Call) -> Typed:
        return self.added("-", term)

    def added(self, sign: str, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        self.want_alike(term, left, right)
        return self.op(sign, term.span, left, right)

    def want_alike(self, term: Call, left: Typed, right: Typed) -> None:
        """x − μ: a Greek name that stands beside a vector is one too."""
        for part, other in zip(term.arguments, (right, left), strict=True):
            if (
                isinstance(part, Name)
                and self.assumed.get(part.text) == 0
                and other[0].shape
                and key(part.text)[0] in _LEANING
            ):
                self.strained(part.text, _proper(other[0].shape))

    def colon(self, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if not (_proper(left[0].shape) == 2 and _proper(right[0].shape) == 2):
            raise self.error(
                term.span, "A : B stands between matrices", "it is trace(A.T@B); a quotient is written a/b"
            )
        return self.paired(left, right, term.span)

    def inner(self, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if len(left[0].shape) == len(right[0].shape) == 1:
            return self.op("@", term.span, self.op(".T", term.span, left), right)
        if len(left[0].shape) == len(right[0].shape) == 2:
            return self.paired(left, right, term.span)
        raise self.misfit(left, right, term.span)

    def paired(self, left: Typed, right: Typed, span: Span) -> Typed:
        turned = self.op(".T", span, left)
        return self.op("trace", span, self.op("@", span, turned, right))

    # ---- bars and powers -------------------------------------------------------------------------------------------

    def bars(self, term: Call) -> Typed:
        inner = self.typed(term.arguments[0])
        if len(inner[0].shape) == 2 and not _row(inner[0].shape):
            return self.op("det", term.span, inner)
        made = self.op("abs", term.span, inner)
        if inner[0].shape:
            shown = spelled(inner[1])
            self.doubt(f"`abs({shown})` is read, entry by entry; the length of a vector is `norm({shown})`")
        return made

    def logbars(self, term: Call) -> Typed:
        inner = self.typed(term.arguments[0])
        if len(inner[0].shape) == 2 and not _row(inner[0].shape):
            return self.op("logdet", term.span, inner)
        return self.op("log", term.span, self.bars(term))

    def norm(self, term: Call) -> Typed:
        inner = self.typed(term.arguments[0])
        (_, kind) = term.arguments
        assert isinstance(kind, Text)
        matrix = len(inner[0].shape) == 2 and not _row(inner[0].shape)
        shown = spelled(inner[1])
        match kind.value:
            case "2" if matrix:
                raise self.error(
                    term.span, "the spectral norm is not in the language", f"the Frobenius norm is `norm({shown})`"
                )
            case "" | "2" | "F" | "f" | "Fro":
                made = self.op("norm", term.span, inner)
                if matrix and not kind.value:
                    self.doubt(f"`norm({shown})` is read, the Frobenius norm; the spectral norm is not in the language")
                return made
            case "1" if not matrix:
                return self.op("norm1", term.span, inner)
            case "∞" | "inf" | "infty" if not matrix:
                return self.op("max", term.span, self.op("abs", term.span, inner))
        raise self.error(
            term.span,
            f"the norm with the index {kind.value[:20]} is not in the language",
            f"there are `norm({shown})` and, of vectors, `norm1({shown})`",
        )

    def power(self, term: Call) -> Typed:
        base, exponent = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        whole = term.arguments[1].value if isinstance(term.arguments[1], Literal) else None
        if _proper(exponent[0].shape) == 2:
            if base[0].shape:
                raise self.error(term.span, "a matrix above the line cannot be read", "entry by entry it is `A**B`")
            made = self.op("**", term.span, base, exponent)
            self.entrywise("power with a matrix as its exponent", made[1])
            return made
        if len(base[0].shape) < 2:
            return self.op("**", term.span, base, exponent)
        if _row(base[0].shape):
            return self.op("**", term.span, base, exponent)
        if whole is None or whole.denominator != 1 or not 0 < abs(whole) <= _MOST_POWERS:
            raise self.error(
                term.span,
                "this power of a matrix is not in the language",
                f"entry by entry it is `{spelled(Call('**', (base[1], exponent[1]), (), term.span))}`",
            )
        if whole < 0:
            base = self.op("inv", term.span, base)
        total = base
        for _ in range(int(abs(whole)) - 1):
            total = self.op("@", term.span, total, base)
        if whole > 1:
            shown = spelled(Call("**", (base[1], exponent[1]), (), term.span))
            self.doubt(f"`{spelled(total[1])}` is read, the matrix power; entry by entry it is `{shown}`")
        return total

    def exponential(self, term: Call) -> Typed:
        exponent = self.typed(term.arguments[0])
        made = self.op("exp", term.span, exponent)
        if _proper(exponent[0].shape) == 2:
            self.entrywise("matrix exponential", made[1])
        return made

    # ---- ones and identities ---------------------------------------------------------------------------------------

    def identity(self, term: Call) -> Typed:
        return self.filled("eye", term.span)

    def ones(self, term: Call) -> Typed:
        return self.filled("ones", term.span)

    def zeros(self, term: Call) -> Typed:
        return self.filled("zeros", term.span)

    def filled(self, function: str, span: Span) -> Typed:
        """The identity or a vector, of a size that is still to be found."""
        hole = f"?{span.start}?{len(self.fresh)}?"
        self.fresh[hole] = size = self.scope.unifier.fresh()
        shape = (size, size) if function == "eye" else (size,)
        return Variable(f"?{hole}", shape), Call(function, (Name(hole, span),), (), span)


_MEANINGS: dict[str, Callable[[Meaning, Call], Typed]] = {
    "?beside": Meaning.beside,
    "?dot": Meaning.dot,
    "?cross": Meaning.cross,
    "?star": Meaning.star,
    "?mtimes": Meaning.mtimes,
    "?T": Meaning.transposed,
    "?mrdivide": Meaning.mrdivide,
    "?mldivide": Meaning.mldivide,
    "?mpower": Meaning.mpower,
    **{f"?each{sign}": Meaning.each for sign in ("+", "-", "*", "/", "\\", "**")},
    "?dotted": Meaning.dotted,
    "?columns": Meaning.columns,
    "?softmax": Meaning.softmax,
    "?vec": Meaning.stacked,
    "?matmul": Meaning.matmul,
    "?turn": Meaning.turn,
    "?swap": Meaning.swap,
    "?flat": Meaning.flat,
    "?pair": Meaning.pair,
    "?slogdet": Meaning.slogdet,
    "?layered": Meaning.layered,
    **{f"?{name}": Meaning.joined for name in ("hstack", "vstack", "row_stack", "column_stack")},
    "?extent": Meaning.extent,
    "?count": Meaning.number_of,
    "?hadamard": Meaning.hadamard,
    "?plus": Meaning.plus,
    "?minus": Meaning.minus,
    "?colon": Meaning.colon,
    "?inner": Meaning.inner,
    "?bars": Meaning.bars,
    "?logbars": Meaning.logbars,
    "?norm": Meaning.norm,
    "?power": Meaning.power,
    "?exp": Meaning.exponential,
    "?eye": Meaning.identity,
    "?ones": Meaning.ones,
    "?zeros": Meaning.zeros,
}


def _row(shape: Shape) -> bool:
    return len(shape) == 2 and shape[0] is ONE


def _proper(shape: Shape) -> int:
    """The number of axes, a row counting as a vector."""
    return 1 if _row(shape) else len(shape)


def _step(left: Shape, right: Shape) -> str:
    """How two factors side by side are multiplied: `*`, `@`, or not at all."""
    if not left or not right:
        return "*"
    if len(left) > 2 or len(right) > 2:
        return "@"
    if len(left) == 1:
        return "@" if _row(right) else ""
    if _row(left):
        return "" if _row(right) else "@"
    return "" if _row(right) else "@"


def _shape_of(shapes: Sequence[Shape]) -> Shape | None:
    """The kind of shape of a product from left to right, if there is one."""
    total = shapes[0]
    for shape in shapes[1:]:
        if not _step(total, shape):
            return None
        if not total:
            total = shape
        elif not shape:
            continue
        elif _row(total):
            total = () if len(shape) == 1 else (ONE, shape[-1])
        elif len(total) == 1:
            total = (total[0], shape[-1])
        else:
            total = (total[0],) if len(shape) == 1 else (total[0], shape[-1])
    return total


def _joined(left: Term, right: Term, span: Span) -> Span:
    start, stop = left.span.start, right.span.stop
    return Span(start, stop) if start < stop else span


def _spelled_out(text: str, given: Mapping[str, Term], span: Span) -> Term:
    """A text of the language with terms for its names."""

    def filled(term: Term) -> Term:
        match term:
            case Name(text=name) if name in given:
                return given[name]
            case Call(function=function, arguments=arguments, keywords=keywords):
                return Call(function, tuple(map(filled, arguments)), keywords, span)
        return term

    return filled(parse(text))


def _made(function: str, *parts: Term) -> Call:
    return Call(function, parts, (), parts[0].span)


def _inner(left: Term, right: Term) -> str:
    return spelled(_made("@", _made(".T", left), right))


def _outer(left: Term, right: Term) -> str:
    return spelled(_made("@", left, _made(".T", right)))


def _times(left: Term, right: Term) -> str:
    return spelled(_made("*", left, right))


def _sizes(term: Term) -> list[Term]:
    """Sizes as they are printed, `n × 2m`, with the signs of the language."""
    if isinstance(term, Call) and term.function == "?cross":
        return [s for part in term.arguments for s in _sizes(part)]
    return [_size(term)]


_SIGNS = {"?beside": "*", "?plus": "+", "?minus": "-", "?power": "**", "?dot": "*", "?star": "*"}


def _size(term: Term) -> Term:
    match term:
        case Call(function=function, arguments=arguments, span=span):
            parts = [_size(part) for part in arguments]
            total = parts[0]
            for part in parts[1:]:
                total = Call(_SIGNS.get(function, function), (total, part), (), span)
            return total if len(parts) > 1 else Call(function, (total,), (), span)
        case Group(items=items, span=span):
            return Group(tuple(_size(item) for item in items), span)
        case Slice(start=start, stop=stop, span=span):
            return Slice(None if start is None else _size(start), None if stop is None else _size(stop), span)
    return term
