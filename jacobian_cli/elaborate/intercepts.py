"""Intercepts: what is added to the scores of all samples is one number, and so is what is added to a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from jacobian_cli.elaborate.habits import HABITS, SCALAR, VECTOR, Default
from jacobian_cli.elaborate.parts import Parts
from jacobian_cli.elaborate.quoting import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise, summands
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Name, Term, terms_in

_TOTALS = ("sum", "mean")
_MEASURES = (*_TOTALS, "norm", "?norm")
SAMPLES = re.compile(r"X(_?(train|test|tr|te|b|batch))?|Phi|Φ")
"""Names of data with a sample in each row."""
INTERCEPTS = frozenset("b b0 b_0 w0 w_0 c bias intercept a0 beta0 alpha α".split())
_SLOPES = frozenset("m a b w k b1 a1 w1 slope".split())
_STARTS = frozenset("b c a b0 a0 w0 d intercept".split())
"""Names of what a line has where x is zero."""
_SIZES = ("**", "abs", "square", "huber")
"""What errors are measured by."""
_SCORED = "what is added to the scores of all samples is a number"


def biases(parts: Parts) -> dict[str, Default]:
    """The names that do nothing but to be added to X@w where all samples are summed beside another vector."""
    found: dict[str, Default] = {}
    inside = {name: added for name, value in parts.bodies.items() if (added := [*_added(parts, value)])}
    for statement in parts.statements:
        measures = _TOTALS if statement.notation in ("math", "latex") else _MEASURES
        for term in statement.terms:
            if isinstance(term, Call) and term.function in measures and len(term.arguments) == 1 and not term.keywords:
                through = _through(parts, term.arguments[0], inside) if inside else ()
                for name in (*_scored(parts, term.arguments[0]), *through):
                    if name in parts.guessed and parts.guessed[name].why == HABITS[VECTOR]:
                        found[name] = Default(SCALAR, _SCORED)
    kept = {name for statement in parts.statements for name in _arrays(statement)} if found else set[str]()
    return {name: default for name, default in found.items() if name not in kept}


def scored(parts: Parts) -> set[str]:
    """The names of intercepts that are added to X@w anywhere."""
    return {name for s in parts.statements for name, *_ in _added(parts, s.value)}


def starts(names: Collection[str]) -> set[str]:
    """The names of intercepts by their index, theta0 where theta1 stands as well."""
    found = (name for name in names if re.fullmatch(r"[^\W\d]+?_?0", name))
    return {name for name in found if f"{name[:-1]}1" in names}


def _scored(parts: Parts, value: Term) -> Iterator[str]:
    squared = {id(term.arguments[0]) for term in terms_in(value) if isinstance(term, Call) and term.function in _SIZES}
    for name, product, whole in _added(parts, value):
        if id(whole) in squared and len([*summands(whole)]) == 2:
            continue  # s*(X@w - b)**2, where b is a target
        own = {name, *names_in(product)}
        others = (part for part in terms_in(value) if isinstance(part, Name) and part.text not in own)
        if any(parts.order(part) == VECTOR for part in others):  # targets
            yield name


def _through(parts: Parts, value: Term, inside: Mapping[str, Sequence[tuple[str, Call, Call]]]) -> Iterator[str]:
    """The same through the names of intermediate values: `pred = X @ w + b; mean((pred - y)**2)`."""
    used, vectors, measured, waiting = set[str](), set[str](), set[str](), [value]
    for whole in waiting:
        for term in terms_in(whole):
            if isinstance(term, Name) and term.text in parts.bodies:
                waiting += [parts.bodies[term.text]] if term.text not in used else []
                used.add(term.text)
            elif isinstance(term, Name) and parts.order(term) == VECTOR:
                vectors.add(term.text)
            elif isinstance(term, Call) and term.function in _SIZES and isinstance(first := term.arguments[0], Name):
                measured.add(first.text)
    for source in inside:
        for name, product, whole in inside[source] if source in used else ():
            alone = source in measured and whole is parts.bodies[source] and len([*summands(whole)]) == 2
            if not alone and vectors - {name, *names_in(product)}:  # r = X @ w - b; sum(s*r**2), where b is a target
                yield name


def _added(parts: Parts, value: Term) -> Iterator[tuple[str, Call, Call]]:
    """The names of intercepts that stand in a sum with X@w, each with that product and the sum."""
    for term in terms_in(value):
        if isinstance(term, Call) and term.function in ("+", "-") and len(term.arguments) == 2:
            terms = [*summands(term)]
            products = [p for p in terms if isinstance(p, Call) and _scores(p) and parts.order(p) == VECTOR]
            names = [part.text for part in terms if isinstance(part, Name) and part.text in INTERCEPTS]
            if products:
                yield from ((name, products[0], term) for name in names)


def _scores(term: Call) -> bool:
    match term:
        case Call(function="@", arguments=(Name(text=samples), Name())):
            return bool(SAMPLES.fullmatch(samples))
    return False


def _arrays(statement: Definition) -> Iterator[str]:
    """The names that stand where arrays do: transposed, normed, multiplied as such."""
    for term in statement.terms:
        if isinstance(term, Call) and not elementwise(term) and term.function not in _TOTALS:
            yield from (part.text for part in term.arguments if isinstance(part, Name))


def lines(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`sum((y - m*x - c)**2)`: slope and intercept of a line, which are read as vectors."""
    for term in statement.terms:
        if isinstance(term, Call) and term.function in _TOTALS and len(term.arguments) == 1 and not term.keywords:
            for part in terms_in(term.arguments[0]):
                terms = [*summands(part)]
                if len(terms) == 3 and (found := _line(typed, statement, terms)):
                    slope, start, x = found
                    ways = f"numbers are declared: `-s {slope}=()` `-s {start}=()`"
                    said = f"`{slope}` and `{start}` are taken for vectors like `{x}`"
                    yield Doubt(f"{said} in `{spelled(term)}`; {ways}")
                    return


def _line(typed: Typed, statement: Definition, terms: list[Term]) -> tuple[str, str, str] | None:
    """The slope, the intercept and the variable of a line that is compared with a third vector."""
    places = names_in(statement.value)
    names = [part.text for part in terms if isinstance(part, Name)]
    for product in terms:
        match product:
            case Call(function="*", arguments=(Name(text=one), Name(text=other))):
                slope, x = (one, other) if one in _SLOPES else (other, one)
                start = next((name for name in names if name in _STARTS and name != slope), "")
                vectors = all(len(typed.assumed.get(name, ())) == VECTOR for name in (slope, start))
                if slope in _SLOPES and start and vectors and len(names) == 2 and x not in (slope, start):
                    return (slope, start, x) if places.count(slope) == places.count(start) == 1 else None
    return None
