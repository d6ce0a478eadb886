"""Means that are read as vectors, beside a deviation that is a number, `(x - mu)/sigma`, or in a total of squares."""

from __future__ import annotations

from collections.abc import Iterator

from jacobian_cli.elaborate.habits import SCALAR, VECTOR, habit, of_means
from jacobian_cli.elaborate.quoting import Typed
from jacobian_cli.elaborate.statement import PYTHON, names_in
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, terms_in

_TOTALS = ("sum", "mean")


def means(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """What is said of means, once."""
    found = [*_beside_numbers(typed, statement)] or [*_of_samples(typed, statement)]
    yield from found


def _beside_numbers(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """Both may be numbers, of samples of one variable, or both vectors, of one sample of several."""
    totals = (isinstance(term, Call) and term.function in _TOTALS for term in statement.terms)
    if statement.notation not in PYTHON or not any(totals):
        return
    for term in statement.terms:
        match term:
            case Call(function="/", arguments=(above, below)) if (pair := _centred(typed, above)) is not None:
                data, mean = pair
                spread = [name for name in names_in(below) if len(typed.assumed.get(name, (0,))) == SCALAR]
                if len(spread) == 1 and _is_power(below):
                    size = typed.assumed[mean][0]
                    said = f"`{mean}` is taken for a vector like `{data}`, `{spread[0]}` for a number"
                    ways = f"one mean of all is declared: `-s {mean}=()`; a deviation of each: `-s {spread[0]}={size}`"
                    yield Doubt(f"{said}; {ways}")
                    return


def _of_samples(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`sum((x - mu)**2)`: a Greek letter that may be the mean of all entries, or one of each."""
    bells = {
        id(part) for term in statement.calls if term.function == "exp" for part in terms_in(term.arguments[0])
    }  # a density, as of one vector
    places = [name.text for each in typed.statements for name in each.names]
    for term in statement.calls:
        if term.function in _TOTALS and len(term.arguments) == 1 and not term.keywords and id(term) not in bells:
            match term.arguments[0]:
                case Call(
                    function="**", arguments=(Call(function="-", arguments=(Name() as x, Name() as mean)), Literal())
                ):
                    lone = places.count(mean.text) == 1 and mean.text in typed.assumed
                    if lone and habit(mean.text) == SCALAR and typed.order(mean) == typed.order(x) == VECTOR:
                        said = f"`{mean.text}` is taken for a vector like `{x.text}` in `{spelled(term)}`"
                        yield Doubt(f"{said}; a number is declared: `-s {mean.text}=()`")


def _centred(typed: Typed, term: Term) -> tuple[str, str] | None:
    """Data and their mean, of which a difference or its square is taken, or the other way round."""
    while isinstance(term, Call) and term.function in ("**", "square", "u-", "*"):
        term = next((part for part in term.arguments if not isinstance(part, Literal)), term.arguments[0])
    match term:
        case Call(function="-", arguments=(Name(text=one), Name(text=other))):
            for data, mean in ((one, other), (other, one)):
                vectors = typed.order(term) == VECTOR == len(typed.assumed.get(mean, ()))
                if of_means(mean) and not of_means(data) and vectors:
                    return data, mean
    return None


def _is_power(term: Term) -> bool:
    """Whether a part is made of one name, its powers and numbers: 2*sigma**2."""
    match term:
        case Call(function="*" | "**", arguments=parts):
            return all(map(_is_power, parts))
    return isinstance(term, Name | Literal)
