"""Greek names by which entries are multiplied before they are summed: `sum(mu*w)`.

A number would stand in front of the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jacobian_cli.elaborate.habits import SCALAR, VECTOR, habit, holds_samples, scales
from jacobian_cli.elaborate.quoting import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Name, Term

_TOTALS = ("sum", "mean")
_SUMS = ("+", "-", "u-")
_OURS = ("math", "latex")


def weights(term: Call, order: Callable[[str], int], numbers: Callable[[], set[str]]) -> Iterator[str]:
    """The Greek names that are vectors because they are one of two factors of what is summed.

    `order` says how many axes a name has, `numbers` which stand where nothing sums entries.
    """
    for name, other in _weighted(term):
        if _relative(name, other) or (_weighs(name) and _linear(other, order) and name not in numbers()):
            yield name


def row_weights(term: Call, order: Callable[[str], int]) -> Iterator[str]:
    """The Greek names that are rows because the rows of samples are multiplied by them before each is summed."""
    inner = term.arguments[0]
    while isinstance(inner, Call) and inner.function == "**":  # sum((X*theta)**2, axis=1)
        inner = inner.arguments[0]
    match inner:
        case Call(function="*", arguments=(Name() as one, Name() as other)):
            for name, samples in ((one.text, other.text), (other.text, one.text)):
                if habit(name) == SCALAR and _weighs(name) and order(samples) and holds_samples(samples):
                    yield name


def unweighted(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`sum(sigma*x)`: taken for a number, where an entry for each is as likely."""
    if statement.notation in _OURS:
        return
    for name, other in _weighted(term):
        shape = typed.shapes.get(id(other), ())
        number = name in typed.assumed and len(typed.assumed[name]) == SCALAR
        if number and len(shape) == VECTOR and (_weighs(name) or isinstance(other, Name)):
            ways = f"a vector is declared: `-s {name}={shape[0]}`"
            yield Doubt(f"`{name}` is taken for a number in `{spelled(term)}`; {ways}")


def bare(term: Term) -> Iterator[str]:
    """The names in a part that stand where nothing sums entries."""
    stack = [term]
    while stack:
        part = stack.pop()
        if isinstance(part, Name):
            yield part.text
        elif isinstance(part, Call) and elementwise(part):
            stack.extend(part.arguments)


def _weighted(term: Call) -> Iterator[tuple[str, Term]]:
    """The Greek names that are one of two factors of what is summed, each with the other."""
    if term.function not in _TOTALS or term.keywords or len(term.arguments) != 1:
        return
    match term.arguments[0]:
        case Call(function="*", arguments=(one, other)):
            for factor, beside in ((one, other), (other, one)):
                if isinstance(factor, Name) and habit(factor.text) == SCALAR:
                    yield factor.text, beside


def _weighs(name: str) -> bool:
    """Whether a Greek letter is none of those that scale, and has no number: beta1 is a slope."""
    return not scales(name) and not any(mark.isdigit() for mark in key(name)[1:])


def _relative(name: str, other: Term) -> bool:
    """sum(rho*log(rho/mu)): its logarithm is weighted with the name itself."""
    match other:
        case Call(function="log", arguments=(Name(text=text),)):
            return text == name
        case Call(function="log", arguments=(Call(function="/", arguments=(Name(text=text), Name())),)):
            return text == name
    return False


def _linear(other: Term, order: Callable[[str], int]) -> bool:
    """Whether a part is a vector, the logarithm of one, or a sum of such parts."""
    match other:
        case Name(text=text):
            return order(text) == VECTOR
        case Call(function="log", arguments=(Name(text=text),)):
            return order(text) == VECTOR
        case Call(function=function, arguments=arguments) if function in _SUMS and names_in(other):
            return all(_linear(part, order) for part in arguments)
    return False
