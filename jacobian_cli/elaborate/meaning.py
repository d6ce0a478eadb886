"""What shapes decide in mathematics: factors side by side, bars, powers, ones and identities of the size that fits.

A reader leaves these as calls whose names begin with a question mark. Here they become operators of the language, at
the number of axes that each name has by its declaration, by habit, or because nothing else fits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count

from jacobian_cli.elaborate.above import exponents
from jacobian_cli.elaborate.coded import Coded
from jacobian_cli.elaborate.greek_vectors import bold
from jacobian_cli.elaborate.habits import habit, scales
from jacobian_cli.elaborate.options import OrderError, Scope
from jacobian_cli.elaborate.plain_numbers import plain_numbers
from jacobian_cli.elaborate.programmed import AXES, CONSTANT
from jacobian_cli.elaborate.rates import rates
from jacobian_cli.elaborate.shaped import BEHIND, LEANING, StrainedError, Typed
from jacobian_cli.elaborate.statement import names_in, projected
from jacobian_cli.elaborate.trees import placed
from jacobian_cli.expr import Defined, Expr, Variable
from jacobian_cli.shape import UNKNOWN, Shape, Size, Unifier
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tokens import too_deep, want_shallow
from jacobian_cli.syntax.tree import (
    HELD,
    LITERAL,
    Call,
    Definition,
    Extent,
    Group,
    Literal,
    Name,
    Slice,
    Term,
    Text,
    parts_of,
    substituted,
    terms_in,
)

_BOARDS = ("math", "latex")
_SUMS = ("?plus", "?minus", "+", "-")
_BEFORE = (".T", "?T", "?power", "?mtimes", "?star", "?matmul", "u-")
_LETTERS = "nmkpqrdltvwghijabcfsuxyz"
_SKELETON = {
    **dict.fromkeys(("?beside", "?dot", "?cdot", "?star", "?mtimes", "?matmul", "?cross", "?repeated", *AXES), "@"),
    **{f"?each{sign}": sign.removeprefix(".") for sign in ("+", "-", ".+", ".-", "*", "/", "**")},
    "?hadamard": "*",
    "?plus": "+",
    "?minus": "-",
    "?mrdivide": "/",
    "?power": "**",
    "?mpower": "**",
    "?exp": "exp",
    "?dots": "?inner",
    "?norm": "norm",
    "?widest": "norm",
    **dict.fromkeys(("?kron", "?tensor"), "kron"),
    "?alike": "*",
    "?embed": "diag",
    "?over": "sum",
    "?total": "sum",
    "?rows": "sum",
    **dict.fromkeys(("?bars", "?logbars"), "norm"),
    "?places": "[]",
    "?induced": "norm",
    "?flatly": "concat",
}
_INSIDE = frozenset(
    "?picked ?squeeze ?slope ?dotted ?fed ?broadcast ?undotted ?softmax ?flat ?row ?pair ?slogdet ?classes ?entry "
    "?sigma ?whole ?weight ?free".split()
)


def skeleton(term: Term) -> Term:
    """The tree with the likeliest operators where shapes decide, for those who ask what a name does in a formula."""
    match term:
        case Call(function=function, arguments=arguments) if function in _INSIDE:
            return skeleton(arguments[0])
        case Call(function="?T", arguments=(x,), span=span):
            return Call(".T", (skeleton(x),), (), span)
        case Call(function="?columns", arguments=(x, whole, *_)):
            return skeleton(substituted(whole, {HELD: x}))
        case Call(function="?column", arguments=arguments, span=span):
            cells = [skeleton(part) for part in arguments]
            if any(habit(name) == 2 for cell in cells for name in names_in(cell)):  # of vectors
                return Call("concat", tuple(cells), (), span)
            return Call(LITERAL, tuple(map(_entrywise, cells)), (), span)
        case Call(function=function, arguments=arguments, keywords=keywords, span=span):
            parts = [skeleton(part) for part in arguments if not isinstance(part, Text)]
            plain = _SKELETON.get(function, function)
            if function == "?mtimes" and any(isinstance(part, Literal) for part in parts):
                plain = "*"  # 2*N
            if plain != "@" or len(parts) < 2:
                return Call(plain, tuple(parts), keywords, span)
            total = parts[0]
            for part in parts[1:]:
                total = Call(plain, (total, part), (), span)
            return total
    return term


def _entrywise(term: Term) -> Term:
    """A tree whose products are those of numbers."""
    match term:
        case Call(function=function, arguments=arguments, keywords=keywords, span=span):
            return Call("*" if function == "@" else function, tuple(map(_entrywise, arguments)), keywords, span)
    return term


def meant(
    statements: Sequence[Definition],
    declared: Mapping[str, Shape],
    sizes: Mapping[str, Size],
    guessed: Mapping[str, int],
    candidates: Callable[[Mapping[str, int]], Iterable[Mapping[str, int]]],
    square: Collection[str] = (),
    places: Collection[str] = (),
    masks: Collection[str] = (),
    *,
    sized: bool = False,
) -> list[Definition]:
    """The statements with all that shapes decide decided, and the number of axes that each name then has.

    `guessed` gives the number of axes of names that are not declared, `candidates` departures from it, fewest first.
    `sized` refuses arrays of one number whose size nothing says; of a claim the derivative says it.
    Raises `InputError` where nothing fits.
    """
    guessed = dict(guessed) | dict.fromkeys(_greek_vectors(statements, guessed, declared), 1)
    guessed |= dict.fromkeys(rates(statements, guessed, declared), 0)
    guessed |= dict.fromkeys(exponents(statements, guessed), 0)
    asked = plain_numbers(statements, guessed, declared)
    guessed |= {name: one.order for one in asked for name in one.names}
    directions = projected(term for s in statements if s.notation in _BOARDS for term in s.terms)
    guessed |= {name: 1 for name in directions if guessed.get(name) == 0}
    settled: set[str] = set()
    while True:  # what stands beside a name says what it is, before any name is taken for what it is not
        try:
            found = _attempt(statements, declared, sizes, guessed, square, places, masks, strict=True, sized=sized)
            return _because(found, asked)
        except StrainedError as error:
            if error.name in settled:
                break
            if error.because is not None:
                asked.append(error)
            guessed |= dict.fromkeys(error.names, error.order)
            settled |= {*error.names}
        except InputError:
            break
    first: InputError | None = None
    for flips in candidates(guessed):
        try:
            return _attempt(
                statements, declared, sizes, guessed | dict(flips), square, places, masks, strict=False, sized=sized
            )
        except InputError as error:
            first = first or error
            if not isinstance(first, OrderError):
                break
    assert first is not None
    raise first


def _because(found: list[Definition], asked: Iterable[StrainedError]) -> list[Definition]:
    """The statements, and what must be said of the names that had to have another number of axes."""
    *before, last = found
    for error in asked:
        doubts = (*last.doubts, Doubt(error.because)) if error.because else last.doubts
        last = replace(last, doubts=doubts, settled=last.settled | {*error.names})
    return [*before, last]


def _greek_vectors(
    statements: Sequence[Definition], guessed: Mapping[str, int], declared: Mapping[str, Shape]
) -> set[str]:
    """Greek scalars that stand where mathematicians write vectors: right behind a matrix, Xβ, and transposed, θᵀ;
    and those that are bold.
    """
    letters = {key(name) for s in statements if s.notation == "latex" for name in bold(s.source)}
    found = {name for name, order in guessed.items() if order == 0 == habit(name) and key(name)[:1] in letters}
    stack = [statement.value for statement in statements if statement.notation]
    before_others: set[int] = set()
    while stack:
        term = stack.pop()
        if isinstance(term, Call) and term.function == "?mtimes":
            before_others.add(id(term.arguments[0]))
            found.update(name for name in _rank_one(term, guessed) if id(term) not in before_others)
        stack.extend(parts_of(term))
        if isinstance(term, Call) and term.function in ("?T", ".T"):
            (inner,) = term.arguments
            parts = inner.arguments if isinstance(inner, Call) and inner.function in _SUMS else (inner,)
            names = [part.text for part in parts if isinstance(part, Name)]
            if len(names) == len(parts) and all(guessed.get(n) == 0 and habit(n) == 0 for n in names):
                found.update(names)
        if isinstance(term, Call) and term.function in ("?beside", "?mtimes", "?star", "?dot", "?cdot", "?matmul"):
            for left, behind in zip(term.arguments, term.arguments[1:], strict=False):
                before = left
                while isinstance(before, Call) and before.function in _BEFORE:
                    before = before.arguments[-1 if before.function in ("?mtimes", "?star", "?matmul") else 0]
                side = isinstance(before, Call) and before.function == "?column_stack"  # [ones(n, 1) X]*theta
                if isinstance(behind, Name) and guessed.get(behind.text) == 0 and (side or isinstance(before, Name)):
                    name = before.text if isinstance(before, Name) else ""
                    order = 2 if side else len(declared[name]) if name in declared else guessed.get(name, 0)
                    row = before is not left and isinstance(left, Call) and left.function in ("?T", ".T")
                    if (order == 2 or row) and key(behind.text)[0] in LEANING | BEHIND:
                        found.add(behind.text)
    return found


def _rank_one(term: Call, guessed: Mapping[str, int]) -> tuple[str, ...]:
    """The Greek names of mu*nu', which are vectors both."""
    match term.arguments:
        case (Name(text=left), Call(function=".T", arguments=(Name(text=right),))):
            if all(guessed.get(name) == habit(name) == 0 and not scales(name) for name in (left, right)):
                return left, right
    return ()


def _attempt(
    statements: Sequence[Definition],
    declared: Mapping[str, Shape],
    sizes: Mapping[str, Size],
    orders: Mapping[str, int],
    square: Collection[str],
    places: Collection[str],
    masks: Collection[str],
    *,
    strict: bool,
    sized: bool,
) -> list[Definition]:
    unifier = Unifier()
    defined = {statement.name for statement in statements}
    values: dict[str, Expr] = {n: Variable(n, shape) for n, shape in declared.items() if n not in defined}
    for name, order in orders.items():
        axes = tuple(unifier.fresh() for _ in range(1 if name in square else order))
        values.setdefault(name, Variable(name, axes * 2 if name in square else axes))
    scope = Scope(values, sizes, unifier, places=places, masks=masks)
    read: list[tuple[Definition, Meaning, Term]] = []
    for statement in statements:
        meaning = Meaning(scope, statement, strict and bool(statement.notation), orders)
        try:
            body = meaning.build(statement.value)
            read.append((statement, meaning, meaning.plain(statement.value)))
        except RecursionError:
            raise too_deep(statement.source) from None
        if statement.name:
            values[statement.name] = Defined(statement.name, body)
            scope.bodies[statement.name] = statement.value
    said = {n for v in values.values() if isinstance(v, Variable) for z in v.shape for n in unifier.resolve(z).names()}
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
        decided = want_shallow(filled(value, settled), statement.source)
        lost = {hole for hole in meaning.unsized if {*unifier.resolve(meaning.fresh[hole]).names()} - said}
        if sized and lost:
            _want_sizes(statement, value, lost, decided)
        doubts = (*statement.doubts, *(Doubt(_settled_text(d, settled)) for d in meaning.doubts))
        shown = spelled(decided) if statement.notation else ""
        held = frozenset(meaning.held) | statement.settled
        found.append(
            replace(
                statement,
                value=decided,
                doubts=doubts,
                read=shown,
                orders=assumed,
                settled=held,
                extents=_named(meaning.extents, settled),
                losses=tuple(dict.fromkeys(meaning.losses)),
            )
        )
    return found


def _want_sizes(statement: Definition, value: Term, lost: Collection[str], decided: Term) -> None:
    """Refuse arrays of one number whose size nothing says."""
    for name in terms_in(value):
        if isinstance(name, Name) and name.text in lost:
            whole = f"{statement.name} = " if statement.name else ""
            raise InputError(
                "nothing says of which size this is",
                text=statement.source,
                span=name.span,
                hint=f"say it: `{whole}{spelled(decided)}`",
            )


def _named(extents: Iterable[Extent], settled: Mapping[str, Size]) -> tuple[Extent, ...]:
    """How many entries names have, by the names that were found for these sizes."""
    found = (extent._replace(size=str(settled.get(extent.size, extent.size))) for extent in extents)
    return tuple(dict.fromkeys(extent for extent in found if extent.size.isidentifier()))


def _settled_text(message: str, settled: Mapping[str, Size]) -> str:
    for hole, size in settled.items():
        message = message.replace(hole, str(size))
    return message


def filled(term: Term, settled: Mapping[str, Size]) -> Term:
    """The tree with the sizes that were found for identities and ones."""
    if not settled:
        return term
    match term:
        case Name(text=text, span=span) if text in settled:
            found = parse(str(settled[text]), limited=False)
            return placed(found, span)
        case Call(function=function, arguments=arguments, keywords=keywords, span=span):
            return Call(function, tuple(filled(part, settled) for part in arguments), keywords, span)
        case Group(items=items, span=span):
            return Group(tuple(filled(item, settled) for item in items), span)
        case Slice(start=start, stop=stop, span=span, step=step):
            first, last = (None if bound is None else filled(bound, settled) for bound in (start, stop))
            return Slice(first, last, span, step)
    return term


class Meaning(Coded):
    """Types one text, and remembers what each part that shapes decide has become."""

    def each_with_each(self, term: Call) -> Typed:
        """NumPy's `subtract.outer`: x[:, None] - y of two vectors."""
        x, y, function = term.arguments
        assert isinstance(function, Text)
        sides = [self.typed(x), self.typed(y)]
        for part, (expr, _) in zip((x, y), sides, strict=True):
            if isinstance(part, Name) and part.text in self.assumed and len(expr.shape) != 1:
                self.strained(part.text, 1)
        self.held |= {part.text for part in (x, y) if isinstance(part, Name)}
        if any(len(expr.shape) != 1 for expr, _ in sides):
            message = "each entry with each is read of two vectors"
            raise self.error(term.span, message, "as in `x[:, None] - y`; of arrays, with the axes as they are meant")
        if function.value == "*":
            return self.op("outer", term.span, *sides)
        return self.op(function.value, term.span, self.column(sides[0], term.span), sides[1])

    def whole_array(self, term: Call) -> Typed:
        """What runs along the last axis, or, of an array of several axes, over all of them."""
        row, every = term.arguments
        return self.typed(row if len(self.typed(parts_of(row)[0])[0].shape) < 2 else every)

    def fed(self, term: Call) -> Typed:
        """A loss of a library, which is remembered as it was called."""
        made, loss = term.arguments
        assert isinstance(loss, Call)
        result = self.typed(made)
        parts = tuple(self.typed(part)[1] for part in loss.arguments)
        self.losses.append(replace(loss, arguments=parts))
        return result

    def norm(self, term: Call) -> Typed:
        made = super().norm(term)
        kind, *matrix = term.arguments[1:]
        assert isinstance(kind, Text)
        if kind.value in ("1", "2", "inf") and len(term.arguments) < 4:
            order = len(self.typed(term.arguments[0])[0].shape)
            if order > 2 or (matrix and order != 2):
                hint = "those of matrices along the last two axes have axis=(-2, -1)"
                raise self.error(term.span, "this norm is that of one matrix here", hint)
        return made


Meaning.meanings = {
    "?beside": Meaning.beside,
    "?dot": Meaning.dot,
    "?cross": Meaning.cross,
    "?star": Meaning.star,
    "?mtimes": Meaning.mtimes,
    "?T": Meaning.transposed,
    "?mrdivide": Meaning.mrdivide,
    "?mldivide": Meaning.mldivide,
    "?mpower": Meaning.mpower,
    **{f"?each{sign}": Meaning.each for sign in ("+", "-", ".+", ".-", "*", "/", "\\", "**")},
    **dict.fromkeys(CONSTANT, Meaning.constant),
    "?dotted": Meaning.dotted,
    "?columns": Meaning.columns,
    "?places": Meaning.counted_down,
    "?undotted": Meaning.undotted,
    "?broadcast": Meaning.broadcast,
    "?fed": Meaning.fed,
    "?widest": Meaning.widest,
    "?induced": Meaning.induced,
    "?length": Meaning.length,
    "?flatly": Meaning.joined_flat,
    "?cdot": Meaning.cdot,
    "?dots": Meaning.dots,
    "?repeated": Meaning.repeated,
    "?softmax": Meaning.softmax,
    "?vec": Meaning.stacked,
    "?matmul": Meaning.matmul,
    **dict.fromkeys(AXES, Meaning.of_axes),
    "?turn": Meaning.turn,
    "?swap": Meaning.swap,
    "?diagonal": Meaning.diagonal,
    "?embed": Meaning.embedded,
    "?kron": Meaning.kron,
    "?tensor": Meaning.tensor,
    "?outer": Meaning.each_with_each,
    "?alike": Meaning.alike,
    "?whole": Meaning.whole_array,
    "?weight": Meaning.weight,
    "?squeeze": Meaning.squeezed,
    "?column": Meaning.below,
    "?picked": Meaning.picked,
    "?flat": Meaning.flat,
    "?row": Meaning.in_a_row,
    "?pair": Meaning.pair,
    "?slogdet": Meaning.slogdet,
    "?classes": Meaning.classes,
    "?over": Meaning.over,
    "?free": Meaning.by_index,
    "?sigma": Meaning.sigma,
    "?total": Meaning.entries_of,
    **{f"?{name}": Meaning.joined for name in ("hstack", "vstack", "row_stack", "column_stack")},
    "?rows": Meaning.of_rows,
    "?upto": Meaning.up_to,
    "?entries": Meaning.entries,
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
    "?slope": Meaning.slope,
    "?ones": Meaning.ones,
    "?zeros": Meaning.zeros,
}
