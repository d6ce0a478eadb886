"""Names with something below the line that may be entries of what is summed: f_{y_i} beside ∑ⱼ exp(fⱼ)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.names import MARKS, read, spelling
from jacobian_cli.syntax.tree import Call, Definition, Name, Term, Text, terms_in

_BOARDS = ("math", "latex")
_LABELS = frozenset("label true truth target correct gold gt class cls".split())
"""What stands below the entry that was right."""
_EXTREMES = ("max", "min")
_NESTED = re.compile(r"_\s*\{[^{}]*[^\W_](?:_|[ᵢⱼₖₗₘₙₜ])|_[^\W\d_][ᵢⱼₖₗₘₙₜ]")
"""An index that has an index: y_i below the line."""


def entry_of(name: str, stems: Collection[str]) -> tuple[str, tuple[str, ...]] | None:
    """The one of these names that another is with more below the line, and what more there is.

    >>> entry_of("f_y_i", ["f"]), entry_of("y_hat_k", ["y_hat"]), entry_of("x_hat", ["x"])
    (('f', ('y', 'i')), ('y_hat', ('k',)), None)
    """
    stem, marks = read(name)
    for k in range(len(marks) - 1, -1, -1):
        whole = spelling(stem, marks[:k])
        if whole in stems and marks[k] not in MARKS:
            return whole, marks[k:]
    return None


def carried(items: Sequence[Definition]) -> set[str]:
    """The names whose entries are summed."""
    return {name.text for item in items for name, _ in _entries(item)}


def want_no_entries(items: Sequence[Definition], given: Collection[str]) -> list[Definition]:
    """The statements with doubts of names that may be entries of others. Raises `InputError` where they may well be:
    p_y where p is defined, z_{label} where entries of z are summed, and f_{y_i} where f is asked for.
    """
    boards = [item for item in items if item.notation in _BOARDS]
    if not boards:
        return [*items]
    summed, defined = carried(boards), {item.name for item in items if item.name}
    for item in boards:
        _want_no_single(item, summed, defined - {*given})
    found = []
    for item in items:
        doubts = list[Doubt]()
        if item.notation in _BOARDS:
            doubts = [*_doubts(item, summed, defined, {*given})]
        found.append(replace(item, doubts=(*item.doubts, *doubts)) if doubts else item)
    return found


def _want_no_single(item: Definition, summed: set[str], defined: set[str]) -> None:
    """Refuse ∑ᵢ log zᵢ and zᵢ − log ∑ⱼ exp(zⱼ) where zᵢ was defined as one value."""
    for name in [term for term in item.terms if isinstance(term, Name) and term.text in defined]:
        stem, marks = read(name.text)
        if not (marks and _single(marks[-1])):
            continue
        under = any(marks[-1] in letters and name in terms_in(value) for value, letters in _sums(item))
        if under or (stem in summed and len(marks) == 1):
            message = f"{name.text} is defined as one value, and its entries are summed"
            hint = "write what it is under the sum, in its place, or define the whole vector with no index"
            raise InputError(message, text=item.source, span=name.span, hint=hint)


def _sums(item: Definition) -> Iterator[tuple[Term, str]]:
    """What is summed, and over which indices."""
    for term in item.terms:
        match term:
            case Call(function="?over", arguments=(value, _, _, Text(value=letters))):
                yield value, letters


def _doubts(item: Definition, summed: set[str], defined: set[str], given: set[str]) -> Iterator[Doubt]:
    names = [term for term in item.terms if isinstance(term, Name) and term.text not in defined | given | summed]
    for name in names:
        nested = _NESTED.search(item.source[slice(*name.span)]) is not None
        found = entry_of(name.text, summed | defined | (given if nested else set()))
        if found is None:
            continue
        stem, marks = found
        if nested or all(map(_single, marks)) or (stem in summed and _LABELS.issuperset(marks)):
            raise _asked(item, name, f"is this an entry of {stem}, or a name of its own?", _hint(stem, marks, nested))
        if stem in summed and marks[0] in _EXTREMES:
            message = f"is this the {marks[0]} of {stem}, or a name of its own?"
            raise _asked(item, name, message, f"that of all entries is `{marks[0]}({stem})`")
        if stem in summed and len(marks) == 1 and marks[0].isdecimal() and marks[0] != "0":
            entry = f"{stem}[{int(marks[0]) - 1}]"
            yield Doubt(f"`{name.text}` is read, a name of its own; an entry of {stem} is `{entry}`")
    _want_no_picked(item, summed | defined | given, defined | given)


def _want_no_picked(item: Definition, stems: set[str], known: set[str]) -> None:
    """Refuse ∑ᵢ log p_{y_i}, of which each term is an entry of p at another place."""
    for name, index in _entries(item):
        found = entry_of(name.text, stems - {name.text})
        if name.text not in known and found and _NESTED.search(item.source[slice(*name.span)]):
            stem, marks = found
            message = f"is this an entry of {stem} at a place that has the index {index}?"
            of_rows = f"one of each row is `take_along_axis({stem}, {marks[0]})`, with places in {marks[0]}"
            raise InputError(message, text=item.source, span=name.span, hint=of_rows)


def _single(mark: str) -> bool:
    """Whether a letter alone stands below the line."""
    return len(mark) == 1 and mark.isalpha()


def _hint(stem: str, marks: Sequence[str], nested: bool) -> str:
    place = marks[0]
    one_hot = f", where {place} is one-hot `{place}.T@{stem}`" if nested else ""
    return f"an entry is `{stem}[{place}]`{one_hot}"


def _asked(item: Definition, name: Name, message: str, hint: str) -> InputError:
    declared = f"{hint}; a name is declared: `-s {name.text}=()`"
    return InputError(message, text=item.source, span=name.span, hint=declared)


def _entries(item: Definition) -> Iterator[tuple[Name, str]]:
    """The names that carry indices, with these."""
    for term in item.terms:
        match term:
            case Call(function="?entry", arguments=(Name() as name, Text(value=indices))):
                yield name, indices
