"""Small changes of a formula, each with the mistake that it makes of a right one, or mends in a wrong one.

A change is made on the syntax tree, before anything is typed: half of the wrong derivations that people publish
cannot even be multiplied, and one change makes them conform again. Nothing here knows a derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tree import Call, Group, Literal, Name, Slice, Term

_SUMS, _PRODUCTS = ("+", "-"), ("*", "/", "@")
_ORDER_OF_MAGNITUDE = 12
MOST = 800
"""So many changes of one formula are tried, the outermost places first."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A formula with one place changed.

    `made` is the kind of mistake if the formula was right before, `mended` the kind if it is right now; `what` tells
    the change in words, with `{}` for the place.
    """

    term: Term
    span: Span
    made: str
    mended: str
    what: str
    place: Term


_Change = tuple[Term, str, str, str]
"""A new term for a place, the mistake made, the mistake mended, and the words."""


def edits(term: Term, swaps: Sequence[tuple[Term, Term]] = (), upstream: str = "") -> Iterator[Edit]:
    """All single changes of a formula, from the outermost place inwards.

    `swaps` are pairs of an argument and the application of a function to it that occur in the function that was
    differentiated, so that input and output may be confused; `upstream` is the name of the arriving gradient.

    >>> from jacobian_cli.syntax.parser import parse
    >>> sorted({e.made for e in edits(parse("a - b"))})
    ['factor', 'missing_term', 'sign', 'term_transposed', 'transposed']
    """
    pairs = [(key(inner), key(outer), inner, outer) for inner, outer in swaps]
    made_already = 0
    stack: list[tuple[Term, Term | None, Callable[[Term], Term]]] = [(_by_pairs(term), None, lambda new: new)]
    while stack:
        place, parent, around = stack.pop(0)
        for new, made, mended, what in _changes(_likely(place), parent and _likely(parent), pairs, upstream):
            yield Edit(around(new), place.span, made, mended, what, place)
            made_already += 1
        if made_already > MOST:
            return
        if isinstance(place, Call):
            for k, argument in enumerate(place.arguments):
                if place.function == "[]" and k == 1:
                    for new in _indices(argument):
                        changed = _inside(place, k, around)(new)
                        yield Edit(changed, argument.span, "index", "index", "the index in {}", place)
                    continue
                stack.append((argument, place, _inside(place, k, around)))


def key(term: Term) -> object:
    """What a term says, wherever it stands."""
    match term:
        case Call(function=function, arguments=arguments, keywords=keywords):
            return (
                _LIKELY.get(function, function),
                *map(key, arguments),
                *((name, key(value)) for name, value in keywords),
            )
        case Group(items=items):
            return ("group", *map(key, items))
        case Name(text=text):
            return text
        case Literal(value=value):
            return value
    return repr(replace(term, span=Span(0, 0)))


_LIKELY = {
    **dict.fromkeys(("?matmul", "?beside", "?dot", "?mtimes"), "@"),
    **dict.fromkeys(("?star", "?hadamard", "?each*"), "*"),
    **dict.fromkeys(("?plus", "?each+"), "+"),
    **dict.fromkeys(("?minus", "?each-"), "-"),
    **dict.fromkeys(("?mrdivide", "?each/"), "/"),
    **dict.fromkeys(("?power", "?mpower", "?each**"), "**"),
    "?T": ".T",
}
"""What is most likely meant where shapes decide. In a claim that does not conform they could not."""


def _likely(place: Term) -> Term:
    if isinstance(place, Call) and place.function in _LIKELY:
        return replace(place, function=_LIKELY[place.function])
    return place


def _by_pairs(term: Term) -> Term:
    """The same with no more than two factors side by side."""
    if not isinstance(term, Call):
        return term
    arguments = [_by_pairs(argument) for argument in term.arguments]
    if term.function == "?beside" and len(arguments) > 2:
        total = arguments[0]
        for argument in arguments[1:]:
            total = replace(term, arguments=(total, argument), span=Span(total.span.start, argument.span.stop))
        return total
    return replace(term, arguments=tuple(arguments))


def _inside(place: Call, k: int, around: Callable[[Term], Term]) -> Callable[[Term], Term]:
    def rebuilt(new: Term) -> Term:
        return around(replace(place, arguments=(*place.arguments[:k], new, *place.arguments[k + 1 :])))

    return rebuilt


def _changes(
    place: Term, parent: Term | None, pairs: Sequence[tuple[object, object, Term, Term]], upstream: str
) -> Iterator[_Change]:
    span = place.span

    def call(function: str, *arguments: Term) -> Call:
        return Call(function, arguments, (), span)

    summand = isinstance(parent, Call) and parent.function in _SUMS
    exponent = isinstance(parent, Call) and parent.function == "**" and parent.arguments[1] is place
    if not exponent and not (isinstance(parent, Call) and parent.function == "u-"):
        match place:
            case Call(function="u-", arguments=(inner,)):
                yield inner, "sign", "sign", "the minus before {}"
            case Call(function="-", arguments=(a, b)):
                yield call("-", b, a), "sign", "sign", "the sign of {}"
            case Literal():
                pass
            case _ if not summand or (isinstance(parent, Call) and parent.arguments[0] is place):
                yield call("u-", place), "sign", "sign", "the sign of {}"
    if not exponent and not isinstance(place, Literal):
        turned = "term_transposed" if summand else "transposed"
        if isinstance(place, Call) and place.function == ".T":
            yield place.arguments[0], turned, turned, "the transpose on {}"
        elif not (isinstance(parent, Call) and parent.function == ".T"):
            yield call(".T", place), turned, turned, "the transpose of {}"
    if summand and not isinstance(place, Literal):
        two = Literal(Fraction(2), span)
        yield call("*", two, place), "factor", "factor", "the factor of {}"
        yield call("/", place, two), "factor", "factor", "the factor of {}"
    yield from _confused(place, pairs)
    match place:
        case Literal(value=value, span=_):
            yield from _numbers(place, value, exponent)
        case Call(function="+" | "-" as sign, arguments=(a, b)):
            yield call("-" if sign == "+" else "+", a, b), "sign", "sign", "the sign before {1}"
            yield a, "missing_term", "unknown", "the term {1}"
            yield b if sign == "+" else call("u-", b), "missing_term", "unknown", "the term {0}"
        case Call(function="*" | "/" as sign, arguments=(a, b)):
            yield from _products(place, sign, a, b, upstream, call)
        case Call(function="@", arguments=(a, b)):
            yield from _matrix_products(a, b, upstream, call, "term_transposed" if summand else "transposed")
        case Call(function="**", arguments=(a, _)):
            yield a, "factor", "factor", "the power of {0}"
        case Call():
            yield from _functions(place, call)


def _indices(index: Term) -> Iterator[Term]:
    """The entries beside the one that was taken."""
    match index:
        case Literal(value=value):
            yield from (replace(index, value=value + by) for by in (-1, 1) if value + by >= 0)
        case Group(items=items):
            for k, item in enumerate(items):
                for new in _indices(item):
                    yield replace(index, items=(*items[:k], new, *items[k + 1 :]))
        case Slice(start=start, stop=stop):
            for new in _indices(start) if start is not None else ():
                yield replace(index, start=new)
            for new in _indices(stop) if stop is not None else ():
                yield replace(index, stop=new)


def _confused(place: Term, pairs: Sequence[tuple[object, object, Term, Term]]) -> Iterator[_Change]:
    """Input for output, and the reverse."""
    if not pairs:
        return
    here = key(place)
    for inner_key, outer_key, inner, outer in pairs:
        if here == inner_key:
            yield outer, "wrong_node", "input_for_output", "{} for its function value"
        if here == outer_key:
            yield inner, "input_for_output", "wrong_node", "{} for its argument"


def _numbers(place: Literal, value: Fraction, exponent: bool) -> Iterator[_Change]:
    if abs(value) > 10**_ORDER_OF_MAGNITUDE:
        return
    kind = "inverse_power" if exponent else "factor"
    tried = [value + 1, value - 1, -value] if exponent else [2 * value, value / 2, value + 1, value - 1, -value]
    for new in dict.fromkeys(tried):
        if new != value and (new or exponent):
            said = "sign" if new == -value and not exponent else kind
            yield replace(place, value=new), said, said, "the number {}"


def _products(place: Term, sign: str, a: Term, b: Term, upstream: str, call: Callable[..., Call]) -> Iterator[_Change]:
    if sign == "*":
        yield call("@", a, b), "matmul_for_hadamard", "hadamard_for_matmul", "* for @ in {}"
        yield call("@", b, a), "matmul_for_hadamard", "hadamard_for_matmul", "* for @ in {}"
        yield call("@", a, call(".T", b)), "unknown", "outer_lost", "the outer product {}"
        yield call("@", b, call(".T", a)), "unknown", "outer_lost", "the outer product {}"
        yield b, *_lost(a, upstream), "the factor {0}"
        if isinstance(a, Call) and a.function == "sum":
            yield call("@", a.arguments[0], b), "unknown", "ones_for_identity", "the sum {0}"
        yield call("/", a, b), "factor", "factor", "* for / in {}"
    else:
        yield call("*", a, b), "factor", "factor", "/ for * in {}"
        yield (
            call("/", a, call("**", b, Literal(Fraction(2), b.span))),
            "inverse_power",
            "inverse_power",
            "the power of {1}",
        )
    yield a, *_lost(b, upstream), "the factor {1}"


def _lost(factor: Term, upstream: str) -> tuple[str, str]:
    """What kind of mistake it is to leave a factor out, and what it is to have it there."""
    match factor:
        case Literal() | Call(function="u-", arguments=(Literal(),)):
            return "factor", "factor"
        case Name(text=text):
            if upstream and text == upstream:
                return "upstream_forgotten", "unknown"
            return "unit_factor", "factor"
    return "missing_derivative", "extra_derivative"


def _matrix_products(a: Term, b: Term, upstream: str, call: Callable[..., Call], transposed: str) -> Iterator[_Change]:
    def turned(term: Term) -> Term:
        inner = isinstance(term, Call) and term.function == ".T"
        return term.arguments[0] if inner and isinstance(term, Call) else call(".T", term)

    yield call("@", b, a), "order", "order", "the order in {}"
    if isinstance(b, Call) and b.function == ".T":
        yield call("@", b.arguments[0], call(".T", a)), "outer_swapped", "outer_swapped", "the order in {}"
        yield call("*", a, b.arguments[0]), "outer_lost", "unknown", "the outer product {}"
        yield call("@", a, b.arguments[0]), "inner_for_outer", "unknown", "the outer product {}"
    else:
        yield call("@", a, call(".T", b)), "unknown", "inner_for_outer", "the inner product {}"
        if isinstance(a, Call) and a.function == ".T":
            yield call("@", a.arguments[0], call(".T", b)), "unknown", "inner_for_outer", "the inner product {}"
    yield call("@", turned(b), turned(a)), transposed, transposed, "the transpose of {}"
    yield call("@", b, turned(a)), "order", "order", "the order and a transpose in {}"
    yield call("@", turned(b), a), "order", "order", "the order and a transpose in {}"
    yield call("*", a, b), "hadamard_for_matmul", "matmul_for_hadamard", "@ for * in {}"
    yield call("*", call("sum", a), b), "ones_for_identity", "unknown", "{0} summed"
    yield call("*", call("trace", a), call("trace", b)), "wrong_contraction", "unknown", "traces in {}"
    yield call("trace", call("@", a, b)), "wrong_contraction", "unknown", "the trace of {}"
    for kept, lost, position in ((a, b, 1), (b, a, 0)):
        made, mended = _lost(lost, upstream)
        made = "local_forgotten" if made in ("unit_factor", "missing_derivative") else made
        mended = "inverse_power" if key(a) == key(b) else mended if mended != "factor" else "extra_derivative"
        yield kept, made, mended, f"the factor {{{position}}}"


_TOTALS = {"sum": "mean", "mean": "sum"}


def _functions(place: Call, call: Callable[..., Call]) -> Iterator[_Change]:
    function, arguments = place.function, place.arguments
    if not function.isidentifier():
        return
    if function in _TOTALS:
        other = replace(place, function=_TOTALS[function])
        yield other, "mean_for_sum", "mean_for_sum", "sum or mean in {}"
    if function == "outer" and len(arguments) == 2:
        a, b = arguments
        yield call("outer", b, a), "outer_swapped", "outer_swapped", "the order in {}"
        yield call("@", a, b), "inner_for_outer", "unknown", "the outer product {}"
        yield call("*", a, b), "outer_lost", "unknown", "the outer product {}"
    if len(arguments) == 1:
        (inner,) = arguments
        yield from _axes(place)
        if function == "sum":
            yield inner, "missing_sum", "unknown", "the sum in {}"
        elif function == "diag":
            yield inner, "shape", "shape", "the diag of {}"
        elif function == "trace":
            yield inner, "unknown", "wrong_contraction", "the trace {}"
            yield call(".T", inner), "unknown", "wrong_contraction", "the trace {}"
        elif function == "inv":
            yield call("@", place, place), "inverse_power", "inverse_power", "the power of {}"
            yield inner, "inverse_power", "inverse_power", "the power of {}"
        else:
            minus = inner.arguments[0] if isinstance(inner, Call) and inner.function == "u-" else call("u-", inner)
            yield replace(place, arguments=(minus,)), "sigma_of_minus", "sigma_of_minus", "the sign inside {}"
    if function == "eye" and arguments:
        yield (
            replace(place, function="ones", arguments=(arguments[0], arguments[-1])),
            "ones_for_identity",
            "unknown",
            "{}",
        )
    if function == "ones" and len(arguments) == 2 and key(arguments[0]) == key(arguments[1]):
        yield replace(place, function="eye", arguments=arguments[:1]), "unknown", "ones_for_identity", "{}"


def _axes(place: Call) -> Iterator[_Change]:
    """The axes that a function may have run along instead."""
    given = dict(place.keywords).get("axis")
    others = {name: value for name, value in place.keywords if name != "axis"}
    for axis in (None, 0, 1):
        if (given is None and axis is None) or (isinstance(given, Literal) and given.value == axis):
            continue
        keywords = dict(others) if axis is None else {**others, "axis": Literal(Fraction(axis), place.span)}
        yield replace(place, keywords=tuple(keywords.items())), "wrong_axis", "wrong_axis", "the axis of {}"


def described(edit: Edit, spelled: Callable[[Term], str]) -> str:
    """The change in words, the places in it spelled out."""
    parts = edit.place.arguments if isinstance(edit.place, Call) else ()
    what = edit.what.replace("{}", spelled(edit.place))
    for k, part in enumerate(parts[:2]):
        what = what.replace(f"{{{k}}}", spelled(part))
    return what
