"""What was typed in the language and may not have been meant: each doubt quotes both readings, to paste.

Doubts are few: products are doubted only where a shape was assumed, and only where the other reading fits too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from jacobian_cli.elaborate.defaults import habit
from jacobian_cli.elaborate.shaped import LEANING
from jacobian_cli.elaborate.statement import names_in, subscripted
from jacobian_cli.elaborate.terms import elementwise, terms_in
from jacobian_cli.ops import FUNCTIONS, Kind, Row
from jacobian_cli.ops.identities import held
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import ONE, Shape
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.parser import parse
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term

_LONGEST = 80
"""Formulas as long as this are quoted whole."""
_FACTORS = re.compile(r"[^\W\d_]T?")
_TURNED = re.compile(r"(?=.{2,6}$)([^\W\d_]T?)*[^\W\d_T]T([^\W\d_]T?)*")
_BESIDE = re.compile(r"[A-Z]{1,3}[a-z]|[A-Z]{2}|[a-ce-z][A-Z]{2}")
_NUMBERS = re.compile(r"[a-ce-z][A-Z]{2}")
"""As in p = nRT/V."""
_SINGLE = re.compile(r"\w+(\.T)?")
_IDENTITY = "I"
_OURS = ("", "math", "latex")
"""Notations in which an axis is the language's own."""
Edit = tuple[Span, str]


class Typed(NamedTuple):
    """Statements that fit, and what is known of their parts."""

    statements: Sequence[Definition]
    shapes: Mapping[int, Shape]
    """The shape of every part, by the `id` of its tree."""
    assumed: Mapping[str, Shape]
    """The names that nothing is declared of."""
    demanded: Collection[str]
    """Those that the formula demands another number of axes of than one would think."""
    declared: Mapping[str, Shape]
    fits: Callable[[Definition, Definition], bool]
    """Whether a statement could stand in the place of another."""

    @property
    def names(self) -> set[str]:
        """All names that stand in the statements or are declared."""
        return {*self.declared, *(n for s in self.statements for n in names_in(s.value))}

    def order(self, term: Term) -> int:
        return len(self.shapes.get(id(term), ()))

    def open(self, term: Term) -> bool:
        """Whether a shape in a part is assumed."""
        return any(name in self.assumed for name in names_in(term))


def doubts(typed: Typed) -> Iterator[Doubt]:
    """What may have been meant otherwise."""
    for statement in typed.statements:
        yield from statement.doubts
        if not statement.notation:
            for look in (_products, _names, _spread):
                yield from look(typed, statement)
        if statement.notation in _OURS:
            yield from _quotients(typed, statement)
        for term in terms_in(statement.value):
            if isinstance(term, Call):
                for consider in (_logits, _columns, _inverse, _squares, _outer):
                    yield from consider(typed, statement, term)
    yield from _matrices(typed)
    if _IDENTITY in typed.assumed:
        yield Doubt(f"`{_IDENTITY}` is a variable here like any other; the identity matrix is `eye(n)`")


# ---- products --------------------------------------------------------------------------------------------------------


def _products(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`W*x` and `A*B.T`, which read as matrix products outside this language."""
    terms = [term for term in terms_in(statement.value) if isinstance(term, Call)]
    of_matrices = {id(a) for term in terms if (row := _row(term)) is not None and row.of_scalar for a in term.arguments}
    strict = [term for term in terms if _looks_matrix(typed, term, id(term) in of_matrices)]
    if not strict:
        return
    seen = {id(term) for term in strict}
    also = [  # once one * is a matrix product, those that meet its value are
        term
        for term in terms
        if term.function == "*"
        and id(term) not in seen
        and [typed.order(a) for a in term.arguments] in ([2, 2], [1, 2])
        and (any(id(part) in seen for part in terms_in(term)) or any(term is t.arguments[0] for t in strict))
    ]
    for found in ([*strict, *also], strict) if also else (strict,):
        other = _edited(statement, [edit for term in found for edit in _matrix_product(typed, statement, term)])
        if other is not None and typed.fits(statement, other):
            inside = {id(part) for term in found for part in terms_in(term) if part is not term}
            whole = next(term for term in found if id(term) not in inside)
            taken, meant = _quoted(statement, other, whole.span)
            yield Doubt(f"`{taken}` multiplies entry by entry; with the matrix product it is `{meant}`")
            return


def _matrix_product(typed: Typed, statement: Definition, term: Call) -> Iterator[Edit]:
    """The sign between the factors, and the transpose of a vector that then stands before a matrix."""
    left, right = term.arguments
    at = statement.source.find("*", left.span.stop, right.span.start)
    if at >= 0:
        yield Span(at, at + 1), "@"
        if (typed.order(left), typed.order(right)) == (1, 2) and isinstance(left, Name):
            yield Span(left.span.stop, left.span.stop), ".T"


def _outer(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`softmax(q@k.T)`, whose q and k were taken for vectors: a function of rows asks for matrices."""
    if term.function != "@" or not any(_of_rows(t) for s in typed.statements for t in terms_in(s.value)):
        return
    match term.arguments:
        case (Name(text=left) as one, Call(function=".T", arguments=(Name(text=right) as other,))) if {
            left,
            right,
        } <= typed.assumed.keys() and typed.order(one) == typed.order(other) == 1:
            declared = f"`-s {left}=n,d` `-s {right}=m,d`"
            yield Doubt(f"`{left}@{right}.T` is the outer product of two vectors; matrices are declared: {declared}")


def _of_rows(term: Term) -> bool:
    row = _row(term) if isinstance(term, Call) else None
    return row is not None and row.kind is Kind.ROW


def _looks_matrix(typed: Typed, term: Call, of_matrices: bool) -> bool:
    """Whether a product reads as one of matrices; `of_matrices` says that a determinant or the like is taken of it."""
    if term.function != "*" or not typed.open(term):
        return False
    left, right = term.arguments
    shapes = [typed.shapes.get(id(a), ()) for a in term.arguments]
    if isinstance(left, Name) and left.text in typed.demanded and not shapes[0]:
        return habit(left.text) == 2 and len(shapes[1]) == 1
    if _reduced(right) or _reduced(left):
        return False
    if isinstance(right, Name) and right.text in typed.assumed and (len(shapes[0]), len(shapes[1])) == (2, 0):
        return key(right.text)[0] in LEANING  # X*theta
    row = _turned(left) and len(shapes[0]) == 2 and shapes[0][0] is ONE
    if row and len(shapes[1]) == 2:
        return True
    if any(len(shape) not in (1, 2) or ONE in shape for shape in shapes):
        return False
    match [len(shape) for shape in shapes]:
        case [2, 1]:
            return True
        case [2, 2]:
            return of_matrices or any(_turned(part) or _made(part) for part in term.arguments)
    return False


def _quotients(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`1/X` and `X/Y` of matrices, which others read as inverses; where all goes entry by entry, so does this."""
    entries = {
        id(part)
        for term in terms_in(statement.value)
        if isinstance(term, Call) and term.function not in ("+", "-", "/", "u-") and elementwise(term)
        for part in terms_in(term)
        if part is not term
    }
    for term in terms_in(statement.value):
        if not (isinstance(term, Call) and term.function == "/" and typed.open(term)) or id(term) in entries:
            continue
        above, below = term.arguments
        if not (isinstance(below, Name) and typed.order(below) == 2 and typed.order(above) in (0, 2)):
            continue
        if isinstance(above, Call) and above.function.isidentifier() and elementwise(above):
            continue
        inverse = f"inv({below.text})"
        if not isinstance(above, Literal) or above.value != 1:
            part = _written(statement, above)
            held = part if isinstance(above, Name | Literal) else f"({part})"
            inverse = f"{held}{'@' if typed.order(above) else '*'}{inverse}"
        other = None if statement.notation else _edited(statement, [(term.span, inverse)])
        if statement.notation or (other is not None and typed.fits(statement, other)):
            taken, meant = _quoted(statement, other, term.span) if other else (spelled(term), inverse)
            yield Doubt(f"`{taken}` divides entry by entry; with the inverse of the matrix it is `{meant}`")
            return


def _reduced(term: Term) -> bool:
    """Whether a part is a mean or the like along an axis, which scales the others as NumPy's arrays do."""
    if not isinstance(term, Call):
        return False
    if elementwise(term):
        return any(map(_reduced, term.arguments))
    row = _row(term)
    return row is not None and row.kind is Kind.REDUCTION and any(name == "axis" for name, _ in term.keywords)


def _turned(term: Term) -> bool:
    return isinstance(term, Call) and term.function == ".T"


def _made(term: Term) -> bool:
    """Whether a matrix is made by a function that nobody applies to multiply entry by entry."""
    return isinstance(term, Call) and term.function in ("diag", "inv", "outer", "kron", "solve", "expm", "pinv")


def _spread(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`y*X@w`: the vector scales the columns of X first, for both signs bind alike."""
    terms = list(terms_in(statement.value))
    behind = {id(term.arguments[0]): term for term in terms if isinstance(term, Call) and term.function == "@"}
    for term in terms:
        if not (isinstance(term, Call) and term.function == "*" and id(term) in behind and typed.open(term)):
            continue
        left, right = term.arguments
        end = behind[id(term)]
        if (typed.order(left), typed.order(right)) != (1, 2) or statement.source[end.span.start] == "(":
            continue
        while id(end) in behind:
            end = behind[id(end)]
        start = statement.source.find("*", left.span.stop) + 1
        later = _edited(statement, [(Span(start, start), "("), (Span(end.span.stop, end.span.stop), ")")])
        now = _edited(
            statement, [(Span(term.span.start, term.span.start), "("), (Span(term.span.stop, term.span.stop), ")")]
        )
        if later is not None and now is not None and typed.fits(statement, later):
            span = Span(term.span.start, end.span.stop + 2)
            taken, meant = (_text(one, span) for one in (now, later))
            yield Doubt(f"`{taken}` is read, as in NumPy; with the matrix product first it is `{meant}`")


# ---- names -----------------------------------------------------------------------------------------------------------


def _names(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`Wx`, `xT`: one name, where two may have been meant."""
    elsewhere = typed.names
    operands = {
        id(argument)
        for term in terms_in(statement.value)
        if isinstance(term, Call) and term.function in ("*", "/", "@", ".T", "[]", "**")
        for argument in term.arguments
    }
    below = {id(t.arguments[1]) for t in terms_in(statement.value) if isinstance(t, Call) and t.function == "/"}
    standing: dict[str, list[Name]] = {}
    for term in terms_in(statement.value):
        if isinstance(term, Name) and term.text in typed.assumed:
            standing.setdefault(term.text, []).append(term)
    short = sum(len(name) > 1 for name in elsewhere) == 1  # all others are single letters
    for name, places in standing.items():
        parts = _FACTORS.findall(name)
        if "".join(parts) != name or len(name) < 2 or habit(name) == 0:
            continue
        known = all(part.rstrip("T") in elsewhere for part in parts)
        divides = (
            len(name) == 2 and name.islower() and typed.assumed[name] and short and below.intersection(map(id, places))
        )
        likely = len(parts) == 1 or name[0].islower() or known or parts[0][0] == parts[-1][0] or name[-1] == "T"
        numbers = _NUMBERS.fullmatch(name)
        turned = likely and bool(_TURNED.fullmatch(name))
        beside = _BESIDE.fullmatch(name) and not any(id(place) in operands for place in places)
        if not (turned or beside or numbers or (known and len(parts) < 4) or divides):
            continue
        product = ("@" if (turned or not name.islower()) and not numbers else "*").join(
            re.sub("T$", ".T", part) if len(part) > 1 else part for part in (name if numbers else parts)
        )
        other = _edited(statement, [(place.span, _held(statement, place.span, product)) for place in places])
        if other is not None and typed.fits(statement, other):
            taken, meant = _quoted(statement, other, places[0].span)
            what = f"the transpose is `{product}`" if len(parts) == 1 else f"a product is `{product}`"
            declared = f"; a number is declared: `-s {name}=()`" if numbers else ""
            yield Doubt(f"`{name}` is one name in `{taken}`; {what}, as in `{meant}`{declared}")


def _held(statement: Definition, span: Span, product: str) -> str:
    """A product that stands for a name, in brackets where its neighbours bind as tightly."""
    before, after = statement.source[: span.start].rstrip()[-1:], statement.source[span.stop :].lstrip()[:1]
    tight = before in ("@", "*", "/") or after in ("@", "*", "/", "[", ".")
    return f"({product})" if tight and not _SINGLE.fullmatch(product) else product


def _matrices(typed: Typed) -> Iterator[Doubt]:
    """A lower-case name that only fits as a matrix, a capital that only fits as a vector."""
    asked = {paste for s in typed.statements for doubt in s.doubts for paste in doubt.readings}
    settled = {name for statement in typed.statements for name in statement.settled}  # by an index
    settled |= subscripted(typed.statements).keys()
    for name, shape in typed.assumed.items():
        if name in settled or f"--assume {name}=index" in asked:
            continue
        if habit(name) == 2 and len(shape) == 1 and name in typed.demanded:
            yield Doubt(
                f"`{name}` is taken for a vector, for a matrix does not fit; `-s {name}={shape[0]}` says that it is one"
            )
        if habit(name) == 1 and len(shape) > 1:
            sizes = ",".join(map(str, shape))
            what = "a matrix" if len(shape) == 2 else f"an array of {len(shape)} axes"
            yield Doubt(
                f"`{name}` is taken for {what}, for a vector does not fit; `-s {name}={sizes}` says that it is one"
            )


# ---- functions -------------------------------------------------------------------------------------------------------


def _row(term: Call) -> Row | None:
    return FUNCTIONS.get(ALIASES.get(term.function, term.function))


def _logits(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`cross_entropy(softmax(z), y)`: the softmax of a softmax."""
    row = _row(term)
    if row is None or row.parameters[:1] != ("logits",) or not term.arguments:
        return
    first = term.arguments[0]
    bodies = {s.name: s for s in typed.statements if s.name}
    where = statement
    if isinstance(first, Name) and first.text in bodies:
        where = bodies[first.text]
        first = where.value
    if isinstance(first, Call) and (inner := _row(first)) is not None and "sums_to_one" in held(inner.name):
        taken = _written(statement, term)
        logits = _written(where, first.arguments[0])
        behind = taken.removeprefix(f"{term.function}({_written(statement, term.arguments[0])}")
        meant = f"{term.function}({logits}{behind}"
        yield Doubt(
            f"`{taken}` takes the softmax twice, for {row.name} is one of logits; without the first it is `{meant}`"
        )


def _columns(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`softmax(X, axis=0)`: down the columns, where no library says so."""
    if statement.notation not in _OURS:
        return
    row = _row(term)
    if row is None or row.kind is not Kind.ROW or "sums_to_one" not in held(row.name) or not term.arguments:
        return
    axis = dict(term.keywords).get("axis")
    if isinstance(axis, Literal) and axis.value == 0 and typed.order(term.arguments[0]) == 2 and typed.open(term):
        inner = _written(statement, term.arguments[0])
        yield Doubt(f"`{row.name}({inner}, axis=0)` goes down the columns; along the rows it is `{row.name}({inner})`")


def _inverse(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`A**-1` and `A**T`, entry by entry."""
    if statement.notation:
        return
    if term.function == "**" and typed.order(term.arguments[0]) and typed.open(term):
        base, exponent = term.arguments
        if isinstance(exponent, Name) and exponent.text == "T" and "T" in typed.assumed:
            text = _text(statement, term.span)
            yield Doubt(f"`{text}` is a power here; the transpose is `{_text(statement, base.span)}.T`")
        if isinstance(exponent, Literal) and exponent.value == -1 and typed.order(base) == 2:
            text = _text(statement, base.span)
            yield Doubt(
                f"`{_text(statement, term.span)}` is taken entry by entry; the inverse of the matrix is `inv({text})`"
            )


def _squares(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`x.T@x` with x declared a matrix."""
    del statement
    if term.function != "@" or not _turned(term.arguments[0]):
        return
    turned, right = term.arguments
    left = turned.arguments[0] if isinstance(turned, Call) else turned
    if isinstance(left, Name) and isinstance(right, Name) and left.text == right.text:
        shape = typed.declared.get(left.text, ())
        if len(shape) == 2 and ONE not in shape and habit(left.text) == 1:
            name = left.text
            yield Doubt(
                f"`{name}.T@{name}` is a matrix, as {name} is declared one; the sum of its squares is `norm({name})**2`"
            )


# ---- texts -----------------------------------------------------------------------------------------------------------


def _edited(statement: Definition, edits: Sequence[Edit]) -> Definition | None:
    """The statement with other texts in some places, if it can be read."""
    source = statement.source
    for span, text in sorted(edits, key=lambda edit: -edit[0].start):
        source = source[: span.start] + text + source[span.stop :]
    head = source.find("=") + 1 if statement.name else 0
    try:
        return Definition(statement.name, parse(" " * head + source[head:]), source)
    except InputError:
        return None


def _quoted(statement: Definition, other: Definition, span: Span) -> tuple[str, str]:
    """Both readings: the whole statements if they are short, else the part."""
    taken, meant = (" ".join(one.source.split()) for one in (statement, other))
    if max(len(taken), len(meant)) <= _LONGEST:
        return taken, meant
    grown = len(other.source) - len(statement.source)
    return _text(statement, span), _text(other, Span(span.start, span.stop + grown))


def _written(statement: Definition, term: Term) -> str:
    """A part as it was typed or, in another notation, as it was read."""
    return spelled(term) if statement.notation else _text(statement, term.span)


def _text(statement: Definition, span: Span) -> str:
    return " ".join(statement.source[span.start : span.stop].split())
