"""What one place of a formula may have been written as: operators, names and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from jacobian_cli.checks.mistakes.calls import calls
from jacobian_cli.checks.mistakes.terms import Change, Known, key, likely
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Literal, Name, Term

_SUMS = ("+", "-")
_CONTRACTED = ("@", ".T", "outer", "dot", "einsum", "inner", "kron")
_COMPARED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
_ORDER_OF_MAGNITUDE = 12
_Make = Callable[..., Call]


def changes(place: Term, parent: Term | None, known: Known) -> Iterator[Change]:
    """The changes of one place below its parent, none of which asks what is inside it."""

    def call(function: str, *arguments: Term) -> Call:
        return Call(function, arguments, (), place.span)

    summand = isinstance(parent, Call) and parent.function in _SUMS
    exponent = isinstance(parent, Call) and parent.function == "**" and parent.arguments[1] is place
    if not exponent:
        yield from _signs(place, parent, call)
        yield from _transposes(place, parent, call)
    if summand and not isinstance(place, Literal):
        yield _doubled(place, call), "factor", "factor", "the factor of {}"
        yield _halved(place, call), "factor", "factor", "the factor of {}"
    yield from confused(place, parent, known)
    if parent is None:
        yield from _summed(place, call)
    match place:
        case Literal(value=value):
            yield from _numbers(place, value, parent, exponent=exponent)
        case Call(function="+" | "-" as sign, arguments=(a, b)):
            yield from _terms(place, sign, a, b, call)
        case Call(function="*" | "/" as sign, arguments=(a, b)):
            yield from _products(sign, a, b, known, call)
        case Call(function="@", arguments=(a, b)):
            yield from _matrix_products(a, b, known, call, "term_transposed" if summand else "transposed")
            yield from _chains(a, b, call)
        case Call(function=sign, arguments=(a, b)) if sign in _COMPARED:
            yield call(_COMPARED[sign], a, b), "sigma_of_minus", "sigma_of_minus", "the direction of {}"
        case Call(function="**", arguments=(a, by)):
            yield a, "inverse_power", "inverse_power", "the power of {0}"
            if spelled(by) == "-1":  # X**-1 of a matrix
                for inverse in (call("inv", a), call(".T", call("inv", a))):
                    yield (
                        inverse,
                        "inverse_power",
                        "inverse_power",
                        "the power of {0}, which goes entry by entry and is no inverse",
                    )
        case Call():
            yield from calls(place, call)


def _signs(place: Term, parent: Term | None, call: _Make) -> Iterator[Change]:
    said_of_these = isinstance(parent, Call) and (parent.function == "u-" or parent.function in _COMPARED)
    if _is_argument(parent) or said_of_these:
        return
    summand = isinstance(parent, Call) and parent.function in _SUMS
    match place:
        case Call(function="u-", arguments=(inner,)):
            yield inner, "sign", "sign", "the minus before {}"
        case Call(function="-", arguments=(a, b)):
            yield call("-", b, a), "sign", "sign", "the sign of {}"
        case Literal():
            pass
        case _ if not summand or (isinstance(parent, Call) and parent.arguments[0] is place):
            yield call("u-", place), "sign", "sign", "the sign of {}"


def _is_argument(parent: Term | None) -> bool:
    """Whether a place below this is the argument of a function of one value."""
    return (
        isinstance(parent, Call)
        and len(parent.arguments) == 1
        and parent.function.isidentifier()
        and parent.function not in ("sum", "mean", "trace", "diag")
    )


def _transposes(place: Term, parent: Term | None, call: _Make) -> Iterator[Change]:
    if isinstance(place, Literal):
        return
    turned = "term_transposed" if isinstance(parent, Call) and parent.function in _SUMS else "transposed"
    if isinstance(place, Call) and place.function == ".T":
        yield place.arguments[0], turned, turned, "the transpose on {}"
    elif not (isinstance(parent, Call) and parent.function == ".T"):
        yield call(".T", place), turned, turned, "the transpose of {}"


def _doubled(place: Term, call: _Make) -> Term:
    match place:
        case Call(function="/", arguments=(a, Literal(value=value) as b)):
            return a if value == 2 else call("/", a, Literal(value / 2, b.span))
        case Call(function="*", arguments=(Literal(value=value) as a, b)):
            return b if 2 * value == 1 else call("*", Literal(2 * value, a.span), b)
    return call("*", Literal(Fraction(2), place.span), place)


def _halved(place: Term, call: _Make) -> Term:
    match place:
        case Call(function="*", arguments=(Literal(value=value) as a, b)):
            return b if value == 2 else call("*", Literal(value / 2, a.span), b)
    return call("/", place, Literal(Fraction(2), place.span))


def confused(place: Term, parent: Term | None, known: Known) -> Iterator[Change]:
    """One thing for another: input for output, another argument, a name for one of the same shape."""
    here = key(place)
    for inner_says, outer_says, inner, outer in known.swaps:
        power = isinstance(outer, Call) and outer.function == "**" and not _is_argument(parent)
        if here == inner_says:
            mended = "inverse_power" if power else "input_for_output"
            yield outer, "wrong_node", mended, "{} for its power" if power else "{} for its function value"
        if here == outer_says and not power:
            yield inner, "input_for_output", "wrong_node", "{} for its argument"
    if isinstance(place, Call) and len(place.arguments) == 1:
        inside = key(place.arguments[0]) if place.function in known.arguments else None
        for says, argument in known.arguments.get(place.function, ()):
            if says != inside:
                new = Call(place.function, (argument,), place.keywords, place.span)
                yield new, "wrong_node", "wrong_node", "the argument of {}"
        yield from calls(place, lambda f, *a: Call(f, a, (), place.span), alone=True)
    if isinstance(place, Name):
        contracted = isinstance(parent, Call) and parent.function in _CONTRACTED
        quotient = likely(parent) if isinstance(parent, Call) else None
        over = quotient.arguments if isinstance(quotient, Call) and quotient.function == "/" else ()
        for other in known.alike.get(place.text, ()):
            if any(isinstance(part, Name) and part.text == other for part in over):
                continue  # a/a
            kinds = known.confused(place.text, other, contracted=contracted)
            yield Name(other, place.span), *kinds, f"{{}} for {other}"
        for other in known.strangers.get(place.text, ()):
            yield Name(other, place.span), *known.confused(place.text, other, contracted=False), f"{{}} for {other}"
        for argument, value in known.behind.get(place.text, ()):
            if parent is not None and _holds(value, key(parent)):
                continue  # f(f(x))
            factor = _beside(place.text, argument)
            kind = known.lost(factor)[0] if factor else "wrong_node"
            what = f"the factor {factor.text} of {{}}" if factor else "{} for what is made of it"
            yield argument, kind, kind, what
            yield value, "input_for_output", "input_for_output", "{} for what a function makes of it"


def _holds(term: Term, said: object) -> bool:
    """Whether a part of a formula says this."""
    return key(term) == said or (isinstance(term, Call) and any(_holds(a, said) for a in term.arguments))


def _beside(name: str, term: Term) -> Name | None:
    """The name that another one is multiplied with; None in anything else."""
    if not isinstance(term, Call) or term.function not in ("*", "?star", "?beside") or len(term.arguments) != 2:
        return None
    a, b = term.arguments
    if not isinstance(a, Name) or not isinstance(b, Name):
        return None
    return b if a.text == name else a if b.text == name else None


def _summed(place: Term, call: _Make) -> Iterator[Change]:
    """A sum over the batch, or over everything."""
    for axis in (0, 1, None):
        keywords = () if axis is None else (("axis", Literal(Fraction(axis), place.span)),)
        yield Call("sum", (place,), keywords, place.span), "wrong_contraction", "missing_sum", "the sum of {}"


def _numbers(place: Literal, value: Fraction, parent: Term | None, *, exponent: bool) -> Iterator[Change]:
    if abs(value) > 10**_ORDER_OF_MAGNITUDE:
        return
    kind = "inverse_power" if exponent else "factor"
    tried = [value + 1, value - 1, -value] if exponent else [2 * value, value / 2, value + 1, value - 1, -value]
    scales = isinstance(parent, Call) and parent.function in ("*", "/", "**")
    for new in dict.fromkeys(tried):
        if new in (value, 0) or (new == 1 and scales):  # that is the place without its number
            continue
        said = "sign" if new == -value and not exponent else kind
        yield Literal(new, place.span), said, said, "the number {}"


def _terms(place: Call, sign: str, a: Term, b: Term, call: _Make) -> Iterator[Change]:
    yield call("-" if sign == "+" else "+", a, b), "sign", "sign", "the sign before {1}"
    yield a, "missing_term", "extra_derivative", "the term {1}"
    yield b if sign == "+" else call("u-", b), "missing_term", "extra_derivative", "the term {0}"
    yield (
        call(sign, a, call("*", b, Call("?eye", (), (), b.span))),
        "unknown",
        "ones_for_identity",
        "{1}, added to every entry",
    )
    listed = _summands(place)
    if len(listed) > 2:
        for k, term in enumerate(listed):
            alone = term if k == 0 else call("u-", term)
            yield alone, "missing_term", "extra_derivative", "all terms but one of {}"
            yield term, "missing_term", "extra_derivative", "all terms but one of {}"


def _summands(place: Term) -> list[Term]:
    if isinstance(place, Call) and place.function in _SUMS and len(place.arguments) == 2:
        return [*_summands(place.arguments[0]), place.arguments[1]]
    return [place]


def _products(sign: str, a: Term, b: Term, known: Known, call: _Make) -> Iterator[Change]:
    if sign == "*":
        yield call("@", a, b), "matmul_for_hadamard", "hadamard_for_matmul", "* for @ in {}"
        yield call("@", b, a), "matmul_for_hadamard", "hadamard_for_matmul", "* for @ in {}"
        yield call("@", a, call(".T", b)), "matmul_for_hadamard", "outer_lost", "the outer product {}"
        yield call("@", b, call(".T", a)), "matmul_for_hadamard", "outer_lost", "the outer product {}"
        yield call("@", call("diag", a), b), "broadcast_axis", "broadcast_axis", "the rows that {0} is multiplied with"
        yield call("@", a, call("diag", b)), "broadcast_axis", "broadcast_axis", "the rows that {1} is multiplied with"
        for left in _signed(a, b, call):
            yield left, *known.lost(a), "the factor {0}"
        if isinstance(a, Call) and a.function == "@":  # as if * came first
            rest = call("@", a.arguments[0], call("*", a.arguments[1], b))
            yield rest, "order", "order", "what is multiplied first in {}"
        if isinstance(a, Call) and a.function == "sum":
            yield call("@", a.arguments[0], b), "wrong_contraction", "ones_for_identity", "the sum {0}"
        kind = "factor" if known.lost(b)[0] == "factor" else "inverse_power"
        yield call("/", a, b), kind, kind, "* for / in {}"
    else:
        kind = "factor" if known.lost(b)[0] == "factor" else "inverse_power"
        yield call("*", a, b), kind, kind, "/ for * in {}"
        squared = call("/", a, call("**", b, Literal(Fraction(2), b.span)))
        yield squared, "inverse_power", "inverse_power", "the power of {1}"
    for left in _signed(b, a, call):
        yield left, *known.lost(b), "the factor {1}"


def _signed(lost: Term, kept: Term, call: _Make) -> Iterator[Term]:
    """What is left of a product, with the sign of what is left out; of a difference that may be either."""
    meant = likely(lost)
    function = meant.function if isinstance(meant, Call) else ""
    if function != "u-":
        yield kept
    if function in ("u-", "-"):
        yield call("u-", kept)


def _turned(term: Term, call: _Make) -> Term:
    return term.arguments[0] if isinstance(term, Call) and term.function == ".T" else call(".T", term)


def _matrix_products(a: Term, b: Term, known: Known, call: _Make, transposed: str) -> Iterator[Change]:
    yield call("@", b, a), "order", "order", "the order in {}"
    if isinstance(b, Call) and b.function == ".T":
        yield call("@", b.arguments[0], call(".T", a)), "outer_swapped", "outer_swapped", "the order in {}"
        yield call("*", a, b.arguments[0]), "outer_lost", "matmul_for_hadamard", "the outer product {}"
        yield call("@", a, b.arguments[0]), "inner_for_outer", "wrong_contraction", "the outer product {}"
    else:
        yield call("@", a, call(".T", b)), "wrong_contraction", "inner_for_outer", "the inner product {}"
        if isinstance(a, Call) and a.function == ".T":
            outer = call("@", a.arguments[0], call(".T", b))
            yield outer, "wrong_contraction", "inner_for_outer", "the inner product {}"
            yield call("sum", b), *known.lost(a), "the factor {0}"
    yield call("@", _turned(b, call), _turned(a, call)), transposed, transposed, "the transpose of {}"
    yield call("@", b, _turned(a, call)), "order", "order", "the order and a transpose in {}"
    yield call("@", _turned(b, call), a), "order", "order", "the order and a transpose in {}"
    yield call("*", a, b), "hadamard_for_matmul", "matmul_for_hadamard", "@ for * in {}"
    yield call("@", call("diag", a), b), "unknown", "matmul_for_hadamard", "{0}, which multiplies row by row, in {}"
    yield call("*", call("sum", a), b), "ones_for_identity", "wrong_contraction", "{0} summed"
    yield call("*", call("trace", a), call("trace", b)), "wrong_contraction", "wrong_contraction", "traces in {}"
    yield call("trace", call("@", a, b)), "wrong_contraction", "wrong_contraction", "the trace of {}"
    for kept, lost, position in ((a, b, 1), (b, a, 0)):
        made, mended = known.lost(lost)
        made = "local_forgotten" if made in ("unit_factor", "missing_derivative") else made
        mended = "inverse_power" if key(a) == key(b) else mended if mended != "factor" else "extra_derivative"
        for left in _signed(lost, kept, call):
            yield left, made, mended, f"the factor {{{position}}}"


def _chains(a: Term, b: Term, call: _Make) -> Iterator[Change]:
    """Neighbours in a product of three and more that stand the other way round, and the first factor at the end."""
    if not isinstance(a, Call) or a.function != "@":
        return
    before, last = a.arguments
    yield call("@", before, call("@", b, last)), "order", "order", "the order of {1} and what stands before it in {}"
    turned = call("@", _turned(b, call), _turned(last, call))
    yield call("@", before, turned), "outer_swapped", "outer_swapped", "the order in {}"
    factors = _factors(a)
    rotated = factors[1]
    for factor in [*factors[2:], b, factors[0]]:
        rotated = call("@", rotated, factor)
    yield rotated, "order", "order", "the order in {}"
    ends = _turned(factors[0], call), _turned(b, call)
    if key(factors[0]) == key(ends[1]) or key(ends[0]) == key(b):  # a matrix and its transpose around the rest
        around = ends[0]
        for factor in (*factors[1:], ends[1]):
            around = call("@", around, factor)
        yield around, "transposed", "transposed", "both transposes in {}"


def _factors(term: Term) -> Sequence[Term]:
    if isinstance(term, Call) and term.function == "@":
        return [*_factors(term.arguments[0]), term.arguments[1]]
    return [term]
