"""What was typed in the language and may not have been meant: each doubt quotes both readings, to paste.

Doubts are few: products are doubted only where a shape was assumed, and only where the other reading fits too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jacobian_cli.elaborate import letter_e
from jacobian_cli.elaborate.amounts import amplified
from jacobian_cli.elaborate.board_doubts import BOARDS, of_boards
from jacobian_cli.elaborate.board_factors import commutators
from jacobian_cli.elaborate.capitals import amplitudes
from jacobian_cli.elaborate.entries import compared, first_entries
from jacobian_cli.elaborate.fed import fed
from jacobian_cli.elaborate.formulas import formulas
from jacobian_cli.elaborate.habits import habit, holds_data
from jacobian_cli.elaborate.intercepts import lines
from jacobian_cli.elaborate.kernels import kernels
from jacobian_cli.elaborate.means import means
from jacobian_cli.elaborate.overall import overall
from jacobian_cli.elaborate.products import outer, products, quotients, spread, spread_in_code, turned
from jacobian_cli.elaborate.quoting import Typed, edited, quoted, row_of, text_at, written
from jacobian_cli.elaborate.square import squared
from jacobian_cli.elaborate.statement import PYTHON, names_in, subscripted
from jacobian_cli.elaborate.statistics import statistics
from jacobian_cli.elaborate.steps import stepped
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.elaborate.trees import unsigned
from jacobian_cli.elaborate.weighted import unweighted
from jacobian_cli.ops import Kind
from jacobian_cli.ops.identities import held
from jacobian_cli.shape import ONE
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.names import MARKS, key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Group, Literal, Name, Term

_IDENTITY = re.compile(r"I(?:_[nmdkpNMD])?")
_SCRIPT = re.compile(r"\\math(?:cal|scr|frak)\s*\{?\s*I|[ℐ𝓘]")
_FACTORS = re.compile(r"[^\W\d_]T?")
_TURNED = re.compile(r"(?=.{2,6}$)([^\W\d_]T?)*[^\W\d_T]T([^\W\d_]T?)*")
_BESIDE = re.compile(r"[A-Z]{1,3}[a-zα-ω]|[A-Z]{2}|[a-ce-z][A-Z]{2}")
_NUMBERS = re.compile(r"[a-ce-z][A-Z]{2}")
"""As in p = nRT/V."""
_DECLARED = re.compile(r"^-s (\w+)=\(\)$")
_SINGLE = re.compile(r"\w+(\.T)?")
_TARGET = re.compile(r"(y|t|targets?|labels?|truth|gt)(_?(true|hat|pred|train|batch))?")
_PLACES = frozenset("ijklmnopqrst")
"""Letters of indices."""
_STATES = (("t", "y"), ("t", "x"), ("x", "y"))
"""Variables of differential equations, each before what it moves."""
_COUNTED_FROM_ONE = ("matlab", "julia", "r")
_EACH = frozenset("sum mean max min".split())
"""Functions of all entries, of which a power behind the brackets makes a difference."""
_ARRAYS = ("numpy", "torch", "jax")
"""Notations of calls, which are typed by hand; functions are programs, which run as they are."""
_OWN_POWERS = ("math", "latex", "matlab", "julia", "function")
"""Notations whose powers of matrices are told apart where they are read."""
_OURS = ("", "math", "latex")
"""Notations in which an axis is the language's own."""


def doubts(typed: Typed) -> Iterator[Doubt]:
    """What may have been meant otherwise."""
    multiplied = False
    for statement in typed.statements:
        yield from (doubt for doubt in statement.doubts if not _answered(typed, doubt))
        if not statement.notation or statement.notation in _ARRAYS:
            found = [*products(typed, statement)]
            multiplied |= bool(found)
            yield from found
        if statement.notation in _ARRAYS:
            yield from spread_in_code(typed, statement)
        if not statement.notation:
            found = [*spread(typed, statement)]
            multiplied |= bool(found)
            yield from found
            yield from _names(typed, statement)
            yield from _hyphened(typed, statement)
            yield from commutators(typed, statement)
            known = {*typed.assumed, *typed.declared, *(one.name for one in typed.statements)}
            yield from first_entries(typed, statement)
            if letter_e.E not in known and letter_e.as_number(statement):
                yield Doubt(letter_e.NUMBER)
        if statement.notation in _OURS:
            yield from quotients(typed, statement)
        yield from statistics(typed, statement)
        yield from overall(typed, statement)
        yield from means(typed, statement)
        yield from fed(typed, statement)
        yield from squared(typed, statement)
        yield from compared(statement)
        yield from amplitudes(typed, statement)
        yield from lines(typed, statement)
        yield from stepped(typed, statement)
        for term in statement.terms:
            if isinstance(term, Call):
                for consider in (
                    _shifted,
                    _columns,
                    _induced,
                    _inverse,
                    _apart,
                    _squares,
                    _expected,
                    _scaling,
                    outer,
                    unweighted,
                    kernels,
                ):
                    yield from consider(typed, statement, term)
        if statement.notation in BOARDS:
            yield from of_boards(typed, statement)
    yield from _matrices(typed)
    yield from amplified(typed)
    yield from formulas(typed)
    if not multiplied:  # else it may be no matrix that they meet
        yield from _targets(typed)
    for name in filter(_IDENTITY.fullmatch, typed.assumed):
        if any(_SCRIPT.search(statement.source) for statement in typed.statements):
            continue
        if name in typed.demanded and not typed.assumed[name]:  # a current, which is said above
            continue
        size = name.partition("_")[2] or "n"
        number = f", a number is declared: `-s {name}=()`" if typed.assumed[name] else ""
        yield Doubt(f"`{name}` is a variable here like any other; the identity matrix is `eye({size})`{number}")


def _answered(typed: Typed, doubt: Doubt) -> bool:
    """Whether all that a doubt would have declared a number is declared otherwise."""
    names = [name for paste in doubt.readings for name in _DECLARED.findall(paste)]
    return bool(names) and all(typed.declared.get(name) for name in names)


# ---- names -----------------------------------------------------------------------------------------------------------


def _names(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`Wx`, `xT`: one name, where two may have been meant."""
    elsewhere = typed.names
    operands = {
        id(argument)
        for term in statement.terms
        if isinstance(term, Call) and term.function in ("*", "/", "@", ".T", "[]", "**")
        for argument in term.arguments
    }
    starred = {id(a) for t in statement.terms if isinstance(t, Call) and t.function == "*" for a in t.arguments}
    below = {id(t.arguments[1]) for t in statement.terms if isinstance(t, Call) and t.function == "/"}
    standing: dict[str, list[Name]] = {}
    for term in statement.terms:
        if isinstance(term, Name) and term.text in typed.assumed:
            standing.setdefault(term.text, []).append(term)
    short = sum(len(name) > 1 for name in elsewhere) == 1  # all others are single letters
    for name, places in standing.items():
        parts = _FACTORS.findall(name)
        if "".join(parts) != name or len(name) < 2 or habit(name) == 0:
            continue
        known = all(part.rstrip("T") in elsewhere for part in parts)
        scalars = all(typed.declared.get(part) == () for part in parts)
        divides = (
            len(name) == 2 and name.islower() and typed.assumed[name] and short and below.intersection(map(id, places))
        )
        likely = len(parts) == 1 or name[0].islower() or known or parts[0][0] == parts[-1][0] or name[-1] == "T"
        numbers = _NUMBERS.fullmatch(name)
        turned = likely and bool(_TURNED.fullmatch(name))
        apart = operands - starred if name[-1] in elsewhere else operands  # x*Ax, beside which x stands
        beside = _BESIDE.fullmatch(name) and not any(id(place) in apart for place in places)
        if not (turned or beside or numbers or (known and len(parts) < 4) or divides):
            continue
        product = ("@" if (turned or not name.islower()) and not (numbers or scalars) else "*").join(
            re.sub("T$", ".T", part) if len(part) > 1 else part for part in (name if numbers else parts)
        )
        other = edited(statement, [(place.span, _held(statement, place.span, product)) for place in places])
        if other is not None and typed.fits(statement, other):
            taken, meant = quoted(statement, other, places[0].span)
            what = f"the transpose is `{product}`" if len(parts) == 1 else f"a product is `{product}`"
            declared = f"; a number is declared: `-s {name}=()`" if numbers else ""
            yield Doubt(f"`{name}` is one name in `{taken}`; {what}, as in `{meant}`{declared}")


def _hyphened(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`x-hat`: a difference, where a mark of the name may have been meant."""
    text = statement.source
    for mark in {term.text for term in statement.terms if isinstance(term, Name) and term.text in typed.assumed}:
        before = rf"([^\W\d_]\w*)-(?={re.escape(mark)}(?!\w))"
        alone = re.search(rf"(?<![-\w]){re.escape(mark)}(?!\w)", text)
        if mark.split("_")[0] in MARKS and not alone and (found := re.search(before, text)):
            taken, meant = f"{found[1]} - {mark}", f"{found[1]}_{mark}"
            yield Doubt(f"`{taken}` is read, a difference; with a mark the name is `{meant}`")


def _expected(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`E[x]` of an E that nothing is said of."""
    match term.arguments:
        case (Name(text="E"), Group(items=(Name(text=inside),))) if term.function == "[]" and inside not in _PLACES:
            if "E" in typed.assumed:
                taken = text_at(statement, term.span)
                yield Doubt(
                    f"`{taken}` picks row {inside} of a matrix; over entries an expectation is `mean({inside})`"
                )


def _held(statement: Definition, span: Span, product: str) -> str:
    """A product that stands for a name, in brackets where its neighbours bind as tightly."""
    before, after = statement.source[: span.start].rstrip()[-1:], statement.source[span.stop :].lstrip()[:1]
    tight = before in ("@", "*", "/") or after in ("@", "*", "/", "[", ".")
    return f"({product})" if tight and not _SINGLE.fullmatch(product) else product


def _sums(term: Call) -> bool:
    """Whether a part is a number that a function of arrays makes: xᵀy, tr(A), 2‖x‖."""
    if term.function == "*":
        return isinstance(term.arguments[-1], Call) and _sums(term.arguments[-1])
    return not elementwise(term)


def _scaling(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`x'*x*y`: a name that has no axes only because it stands behind the product of two vectors."""
    match term:
        case Call(function="*", arguments=(Call() as before, Name(text=name))) if statement.notation and _sums(before):
            said = any(name in one.settled for one in typed.statements)  # by a default, or an annotation
            if name in typed.demanded and habit(name) == 1 and not (typed.order(term) or typed.assumed[name] or said):
                what = f"`{name}` is taken for a number, for it scales `{written(statement, before)}`"
                yield Doubt(f"{what}; `-s {name}=n` says that it is a vector")
        case Call(function="*", arguments=(one, other)) if statement.notation in _COUNTED_FROM_ONE:
            for entry, part in ((one, other), (other, one)):
                data = unsigned(part)
                if (
                    isinstance(data, Name)
                    and typed.assumed.get(data.text) == ()
                    and _picked(unsigned(entry), data.text)
                ):
                    what = f"`{data.text}` is taken for a number, for it scales `{spelled(unsigned(entry))}`"
                    if holds_data(data.text):
                        yield Doubt(f"{what}; `-s {data.text}=n` says that it is a vector")


def _picked(term: Term, data: str) -> bool:
    """Whether a part is an entry of parameters, p[0], and none of the state at a time."""
    match term:
        case Call(function="[]", arguments=(Name(text=name), Group(items=(Literal(),)))):
            return name != data and (data, name) not in _STATES
    return False


def _shifted(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """γ x̂ + β: beside a vector β, what scales something normalized may be one, too."""
    del statement
    match term:
        case Call(function="+", arguments=(Call(function="*", arguments=(Name(text=name), whole)), Name(text=shift))):
            numbers = name in typed.assumed and habit(name) == 0 and not typed.assumed[name]
            vectors = shift in typed.assumed and habit(shift) == 0 and len(typed.assumed[shift]) == 1
            normal = isinstance(whole, Call) and whole.function == "/" and bool(typed.order(whole.arguments[0]))
            if numbers and vectors and (normal or (isinstance(whole, Name) and "hat" in key(whole.text)[1:])):
                size = typed.assumed[shift][0]
                said = f"`{name}` is taken for a number, `{shift}` for a vector"
                yield Doubt(
                    f"{said}; where `{name}` has an entry for each of `{shift}`, declare it: `-s {name}={size}`"
                )


def _matrices(typed: Typed) -> Iterator[Doubt]:
    """A lower-case name that only fits as a matrix, a capital that only fits as a vector."""
    asked = {paste for s in typed.statements for doubt in s.doubts for paste in doubt.readings}
    settled = {name for statement in typed.statements for name in statement.settled}  # by an index
    settled |= subscripted(typed.statements).keys() | _along(typed)
    calls = [t for s in typed.statements for t in s.terms if isinstance(t, Call)]
    traced = {n for t in calls if (row := row_of(t)) is not None and row.of_scalar for n in names_in(t)}  # tr(ρ log ρ)
    code = any(statement.notation in PYTHON for statement in typed.statements)
    code_like = not any(statement.notation in ("math", "latex") for statement in typed.statements)
    for name, shape in typed.assumed.items():
        if name in settled or f"--assume {name}=index" in asked:
            continue
        if habit(name) == 2 and len(shape) == 1 and name in typed.demanded:
            why = "like what stands beside it" if typed.possible(name, 2) else "for a matrix does not fit"
            number = (
                ""
                if not (code_like and name[0] != "Y" and typed.possible(name, 0))
                else f", `-s {name}=()` that it is a number"
            )
            yield Doubt(f"`{name}` is taken for a vector, {why}; `-s {name}={shape[0]}` says that it is one{number}")
        if habit(name) == 0 and len(shape) > 1 and name in typed.demanded and name not in traced:
            sizes = ",".join(map(str, shape))
            yield Doubt(
                f"`{name}` is taken for a matrix, for a number does not fit; `-s {name}={sizes}` says that it is one"
            )
        if habit(name) == 1 and len(shape) > 1 and not (code and not typed.possible(name, 1)):
            sizes = ",".join(map(str, shape))
            what = "a matrix" if len(shape) == 2 else f"an array of {len(shape)} axes"
            number = f", `-s {name}=()` that it is a number" if _scales(typed, name) else ""
            said = f"`-s {name}={sizes}` says that it is one{number}"
            yield Doubt(f"`{name}` is taken for {what}, for a vector does not fit; {said}")


def _scales(typed: Typed, name: str) -> bool:
    """Whether a name may be a number in mathematics: all that it does is to stand before matrices."""
    terms = [term for statement in typed.statements if statement.notation in _OURS[1:] for term in statement.terms]
    before = [t.arguments[0] for t in terms if isinstance(t, Call) and t.function == "@"]
    firsts = [t.arguments[1] if isinstance(t, Call) and t.function == "*" else t for t in before]  # -2*y@F
    leading = sum(isinstance(first, Name) and first.text == name for first in firsts)
    return 0 < leading == sum(isinstance(term, Name) and term.text == name for term in terms)


def _targets(typed: Typed) -> Iterator[Doubt]:
    """`mean((X@W - y)**2)`: targets of a whole batch, taken for one row that is the same in each."""
    for name, shape in typed.assumed.items():
        if len(shape) == 1 and _TARGET.fullmatch(name) and (met := _met(typed, name)) is not None:
            rows, columns = typed.shapes[id(met)]
            yield Doubt(
                f"`{name}` is taken for one row, the same for all {rows}; "
                f"if it has a row for each, it is declared: `-s {name}={rows},{columns}`"
            )


def _met(typed: Typed, name: str) -> Term | None:
    """The matrix somebody computed that a vector meets entry by entry; nothing where it stands as a vector too."""
    met: Term | None = None
    for term in (term for statement in typed.statements for term in statement.terms):
        if not isinstance(term, Call):
            continue
        own = [argument for argument in term.arguments if {*names_in(argument)} == {name}]
        if not own or len(own) == len(term.arguments):
            continue
        others = [argument for argument in term.arguments if not any(argument is part for part in own)]
        if elementwise(term) and all(typed.order(other) == 0 for other in others):
            continue  # 1 - y
        computed = [
            o
            for o in others
            if typed.order(o) == 2 and (o.function != ".T" if isinstance(o, Call) else _is_computed(typed, o))
        ]
        if term.function not in ("-", "*") or not computed or ONE in typed.shapes[id(computed[0])]:
            return None
        met = met or computed[0]
    return met


def _is_computed(typed: Typed, term: Term) -> bool:
    """Whether a name stands for what was computed: pred = X @ W."""
    if not isinstance(term, Name):
        return False
    value = next((one.value for one in typed.statements if one.name == term.text), None)
    return isinstance(value, Call) and value.function != ".T"


def _along(typed: Typed) -> set[str]:
    """The names of which a second axis is spoken, not only where a function is one along it: sum(x, axis=1)."""
    found = set[str]()
    for statement in typed.statements:
        for term in statement.terms:
            match term:
                case Call(arguments=(Name(text=name), *_), keywords=keywords):
                    axis = dict(keywords).get("axis")
                    if isinstance(axis, Literal) and axis.value >= 1 and axis.span != term.span:
                        found.add(name)
    return found


# ---- functions -------------------------------------------------------------------------------------------------------


def _columns(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`softmax(X, axis=0)`: down the columns, where no library says so."""
    if statement.notation not in _OURS:
        return
    row = row_of(term)
    if row is None or row.kind is not Kind.ROW or "sums_to_one" not in held(row.name) or not term.arguments:
        return
    axis = dict(term.keywords).get("axis")
    if isinstance(axis, Literal) and axis.value == 0 and typed.order(term.arguments[0]) == 2 and typed.open(term):
        inner = written(statement, term.arguments[0])
        yield Doubt(f"`{row.name}({inner}, axis=0)` goes down the columns; along the rows it is `{row.name}({inner})`")


def _induced(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`norm(X, 1)`, which is the sum of all entries in Julia."""
    match term:
        case Call(function="norm", arguments=(x, Literal(value=1))) if not statement.notation and typed.order(x) == 2:
            yield Doubt(
                f"`{text_at(statement, term.span)}` is the largest sum of a column, as in NumPy and MATLAB; "
                f"of all entries, as in Julia, it is `norm1({text_at(statement, x.span)})`"
            )


def _inverse(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`A**-1` and `A**T`, entry by entry."""
    if term.function != "**" or statement.notation in _OWN_POWERS:
        return
    base, exponent = term.arguments
    text = written(statement, base)
    upper = isinstance(exponent, Name) and exponent.text == "T" and "T" in typed.assumed and not statement.notation
    if upper and typed.order(base):
        yield Doubt(f"`{written(statement, term)}` is a power here; the transpose is `{text}.T`")
    if spelled(exponent) == "-1" and typed.order(base) == 2:
        rows, columns = typed.shapes[id(base)]
        if typed.open(term) or rows == columns:
            yield Doubt(
                f"`{written(statement, term)}` is taken entry by entry; the inverse of the matrix is `inv({text})`"
            )


def _apart(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`sum (y - X@w)**2`: behind a blank, the power may be of what is summed."""
    del typed
    match term:
        case Call(function="**", arguments=(Call(function=function, arguments=(inner,)) as base, exponent)):
            added = isinstance(inner, Call) and inner.function in ("+", "-")
            text = text_at(statement, base.span)
            if function not in _EACH or not added or statement.notation:
                return
            if text[len(function) :][:1].isspace():
                power, part = text_at(statement, exponent.span), text[len(function) :].strip()
                yield Doubt(f"`{function}{part}**{power}` is read; the other reading is `{function}({part}**{power})`")


def _squares(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`x.T@x` with x declared a matrix."""
    del statement
    if term.function != "@" or not turned(term.arguments[0]):
        return
    row, right = term.arguments
    left = row.arguments[0] if isinstance(row, Call) else row
    if isinstance(left, Name) and isinstance(right, Name) and left.text == right.text:
        shape = typed.declared.get(left.text, ())
        if len(shape) == 2 and ONE not in shape and habit(left.text) == 1:
            name = left.text
            yield Doubt(
                f"`{name}.T@{name}` is a matrix, as {name} is declared one; the sum of its squares is `norm({name})**2`"
            )
