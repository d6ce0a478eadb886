"""Products of a vector and one that carries an index, written without a transpose: w·xᵢ, ⟨w, xᵢ⟩, Xᵢβ are wᵀxᵢ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from jacobian_cli.elaborate.habits import MATRIX, VECTOR, habit
from jacobian_cli.elaborate.indexed import entries_in, vectorial
from jacobian_cli.elaborate.shaped import LEANING
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.tree import Call, Name, Term, Text

_ROWS = frozenset("XZ")
"""Capitals whose rows are samples; others with an index are matrices."""


class Dotted(NamedTuple):
    """Finds such products in one summand."""

    assumed: Mapping[str, int]
    order: Callable[[Name], int]
    """How many axes a name has so far."""
    doubt: Callable[[str], None]
    error: Callable[[Span, str, str], InputError]

    def turned(self, term: Term) -> Term:
        """The term with a transpose in each of these products."""
        if not isinstance(term, Call) or term.function in ("?entry", "?over"):
            return term
        parts = tuple(self.turned(part) for part in term.arguments)
        term = Call(term.function, parts, term.keywords, term.span)
        if not entries_in(term):
            return term
        match term:
            case Call(function="?inner", arguments=(left, right), span=span) if vectorial(left) and vectorial(right):
                return Call("?beside", (Call("?T", (left,), (), left.span), right), (), span)
            case Call(function="?dot", arguments=(left, right), span=span):
                return self.met(left, right, span) or self.met(right, left, span) or term
            case Call(function="?beside", span=span):
                for place in range(len(parts) - 1):
                    row, behind = parts[place], parts[place + 1]
                    if self.capital(row) and (made := self.met(behind, row, Span(row.span.start, behind.span.stop))):
                        self.want_rows(row, behind)
                        rest = (*parts[:place], made, *parts[place + 2 :])
                        return Call("?beside", rest, (), span) if len(rest) > 1 else made
        return term

    def met(self, free: Term, entry: Term, span: Span) -> Term | None:
        """The product of a vector without an index and an entry, if these may be vectors."""
        match free, entry:
            case Name(text=name), Call(function="?entry", arguments=(Name(text=rows) as carrier, Text(value=index))):
                leans = habit(name) == VECTOR or key(name)[0] in LEANING
                known = name not in self.assumed or rows not in self.assumed
                fits = leans if name in self.assumed else self.order(Name(name, free.span)) == 1
                if rows not in self.assumed and self.order(carrier) != 2:
                    return None
                if not fits or len(index) != 1 or (name in self.assumed and rows in self.assumed and name == rows):
                    return None
                if not known:
                    self.doubt(
                        f"`{name}` is taken for a vector, and the rows of `{rows}` for others; "
                        f"for numbers declare `-s {name}=()` `-s {rows}=n`"
                    )
                return Call("?beside", (Call("?T", (free,), (), free.span), entry), (), span)
        return None

    def capital(self, term: Term) -> bool:
        match term:
            case Call(function="?entry", arguments=(Name(text=name), _)):
                return habit(name) == MATRIX
        return False

    def want_rows(self, entry: Term, behind: Term) -> None:
        """Refuse ∑ₖ Eₖ x, where Eₖ is a matrix rather than a row of one."""
        match entry, behind:
            case Call(arguments=(Name(text=name), Text(value=index))), Name(text=vector):
                if name in self.assumed and key(name)[0] not in _ROWS:
                    raise self.error(
                        Span(entry.span.start, behind.span.stop),
                        "are these matrices, or numbers?",
                        f'a sum of matrices is written `einsum("{index}ab,b->a", {name}, {vector})`; '
                        f"for numbers declare `-s {name}=n` `-s {vector}=()`",
                    )
