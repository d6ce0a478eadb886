"""Small changes of a formula, each with the mistake that it makes of a right one, or mends in a wrong one.

A change is made on the syntax tree, before anything is typed: half of the wrong derivations that people publish
cannot even be multiplied, and one change makes them conform again. Nothing here knows a derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

from jacobian_cli.checks.mistakes.calls import Total, totals
from jacobian_cli.checks.mistakes.changes import changes, confused
from jacobian_cli.checks.mistakes.terms import Change, Known, indices, key, likely
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tree import Call, Group, Name, Term, Text

MOST = 800
"""So many changes of one formula are tried, the outermost places first."""
_NOTHING = Known()
_SIZED = frozenset({"eye", "ones", "zeros", "?eye", "?ones", "?zeros"})


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


def edits(term: Term, known: Known = _NOTHING) -> Iterator[Edit]:
    """All single changes of a formula, from the outermost place inwards; then those of all places that say the same.

    `known` tells what the names and functions in it are.

    >>> from jacobian_cli.syntax.parser import parse
    >>> sorted({e.made for e in edits(parse("a - b"))})
    ['factor', 'missing_term', 'sign', 'term_transposed', 'transposed', 'unknown', 'wrong_contraction']
    """
    whole = _by_pairs(term)
    made_already = 0
    stack: list[tuple[Term, Term | None, Callable[[Term], Term]]] = [(whole, None, lambda new: new)]
    while stack:
        place, parent, around = stack.pop(0)
        if not (_is_open(place) or _is_open(parent)):
            for change in changes(likely(place), parent and likely(parent), known):
                yield _edit(change, place, around)
                made_already += 1
        if made_already > MOST:
            break
        if isinstance(place, Call) and place.function not in _SIZED:
            for k, argument in enumerate(place.arguments):
                if place.function == "[]" and k == 1:
                    for new in indices(argument):
                        changed = _inside(place, k, around)(new)
                        yield Edit(changed, argument.span, "index", "index", "the index in {}", place)
                    continue
                if not isinstance(argument, Text):
                    stack.append((argument, place, _inside(place, k, around)))
    yield from _everywhere(whole, known)


def _is_open(place: Term | None) -> bool:
    """Whether shapes decide what a part is by more than one operator: what it holds has the form that its reader gave
    it, so that only what stands inside that may change.
    """
    return isinstance(place, Call) and place.function[0] == "?" and likely(place) is place


def _edit(change: Change, place: Term, around: Callable[[Term], Term]) -> Edit:
    new, made, mended, what = change
    return Edit(around(new), place.span, made, mended, what, place)


def _everywhere(whole: Term, known: Known) -> Iterator[Edit]:
    """The changes of a part that stands in several places, made in all of them; of two names, each for the other; and
    of all sums along one axis.
    """
    places: dict[object, list[Term]] = {}
    stack: list[tuple[Term, Term | None]] = [(whole, None)]
    while stack:
        term, parent = stack.pop()
        if isinstance(term, Call):
            stack += [(a, term) for a in term.arguments if not isinstance(a, Group)]
        if isinstance(term, Name) or (isinstance(term, Call) and not (_is_open(term) or _is_open(parent))):
            places.setdefault(key(term), []).append(term)
    for said, listed in places.items():
        if len(listed) > 1:
            for change in confused(likely(listed[0]), None, known):
                yield _edit(change, listed[0], partial(_replaced, whole, said))
    names = [term for (term, *_) in places.values() if isinstance(term, Name)]
    for one, other in combinations(names, 2):
        if other.text in known.alike.get(one.text, ()):
            swapped = _swapped(whole, {one.text: other.text, other.text: one.text})
            yield Edit(swapped, one.span, "misprint", "misprint", f"{{}} and {other.text}, each for the other", one)
    yield from _totalled(whole, [term for listed in places.values() for term in listed if isinstance(term, Call)])


def _totalled(whole: Term, applied: Sequence[Call]) -> Iterator[Edit]:
    """The changes of how sums and the like run, made in all that run alike."""
    alike: dict[Total, list[Call]] = {}
    for call in applied:
        for said, _ in totals(call):
            alike.setdefault(said, []).append(call)
    for said, listed in alike.items():
        if len(listed) > 1:
            kind, what, _ = said
            yield Edit(_retotalled(whole, said), listed[0].span, kind, kind, what, listed[0])


def _retotalled(term: Term, said: Total) -> Term:
    """The formula in which everything that this may be said of runs otherwise."""
    if not isinstance(term, Call):
        return term
    inside = replace(term, arguments=tuple(_retotalled(a, said) for a in term.arguments))
    return next((new for other, new in totals(inside) if other == said), inside)


def _swapped(term: Term, names: Mapping[str, str]) -> Term:
    """The formula with other names."""
    if isinstance(term, Name):
        return replace(term, text=names.get(term.text, term.text))
    if isinstance(term, Call):
        return replace(term, arguments=tuple(_swapped(a, names) for a in term.arguments))
    return term


def _replaced(term: Term, said: object, new: Term) -> Term:
    """The formula in which something else stands wherever a part says the same."""
    if key(term) == said:
        return new
    if isinstance(term, Call):
        return replace(term, arguments=tuple(_replaced(a, said, new) for a in term.arguments))
    return term


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


def described(edit: Edit, spelled: Callable[[Term], str]) -> str:
    """The change in words, the places in it spelled out."""
    parts = edit.place.arguments if isinstance(edit.place, Call) else ()
    what = edit.what.replace("{}", spelled(edit.place))
    for k, part in enumerate(parts[:2]):
        what = what.replace(f"{{{k}}}", spelled(part))
    return what
