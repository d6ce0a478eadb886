"""What a formula says, place by place, and what is known of the names in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.tree import Call, Group, Literal, Name, Slice, Term

Change = tuple[Term, str, str, str]
"""A new term for a place, the mistake made, the mistake mended, and the words."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the names and functions in the formulas about one function and one variable.

    `swaps` are pairs of an argument and the application of a function to it that occur in what was differentiated, so
    that input and output may be confused, with what each says; `arguments` are what each function is applied to there,
    with what it says; `alike` are, for each name, those of the same shape, `strangers` those of others; `behind` are,
    for each name, arguments that are made of it and more, with the function of them; `rests` are, for each definition,
    the names that it is made of.
    """

    swaps: Sequence[tuple[object, object, Term, Term]] = ()
    arguments: Mapping[str, Sequence[tuple[object, Term]]] = field(default_factory=dict)
    alike: Mapping[str, Sequence[str]] = field(default_factory=dict)
    behind: Mapping[str, Sequence[tuple[Term, Term]]] = field(default_factory=dict)
    strangers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rests: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sizes: frozenset[str] = frozenset()
    scalars: frozenset[str] = frozenset()
    wrt: str = ""
    upstream: str = ""

    def lost(self, factor: Term) -> tuple[str, str]:
        """What kind of mistake it is to leave a factor out, and what it is to have it there."""
        names = set(names_in(factor))
        if isinstance(factor, Call) and factor.function in ("eye", "?eye"):
            return "ones_for_identity", "extra_derivative"
        if names <= self.sizes:
            return "factor", "factor"
        if self.upstream and names == {self.upstream}:
            return "upstream_forgotten", "extra_derivative"
        if self.wrt not in names and (names <= self.scalars or isinstance(factor, Name)):
            return "unit_factor", "factor"
        return "missing_derivative", "extra_derivative"

    def confused(self, name: str, other: str, *, contracted: bool) -> tuple[str, str]:
        """What kind of mistake it is to write another name for this one, and this one for the other."""
        if name in self.sizes:
            return "factor", "factor"
        if name in self.rests.get(other, ()):
            return "wrong_node", "input_for_output"
        if other in self.rests.get(name, ()):
            return "input_for_output", "wrong_node"
        return "misprint", "variable_for_derivative" if not contracted and name == self.wrt else "misprint"


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


def likely(place: Term) -> Term:
    """The term with the operator that is most likely meant."""
    if isinstance(place, Call) and place.function in _LIKELY:
        return replace(place, function=_LIKELY[place.function])
    return place


def indices(index: Term) -> Iterator[Term]:
    """The entries beside the one that was taken."""
    match index:
        case Literal(value=value):
            yield from (replace(index, value=value + by) for by in (-1, 1) if value + by >= 0)
        case Group(items=items):
            for k, item in enumerate(items):
                for new in indices(item):
                    yield replace(index, items=(*items[:k], new, *items[k + 1 :]))
        case Slice(start=start, stop=stop):
            for new in indices(start) if start is not None else ():
                yield replace(index, start=new)
            for new in indices(stop) if stop is not None else ():
                yield replace(index, stop=new)
