"""Names that are numbers, whatever their letters, because of what they scale or are added to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from jacobian_cli.elaborate.factor_shapes import axes_of, is_row, shape_of
from jacobian_cli.elaborate.greek_vectors import Greeks
from jacobian_cli.elaborate.habits import BEFORE_MATRICES, IN_QUOTIENTS, habit, neighbours
from jacobian_cli.elaborate.shaped import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.trees import call_of, span_of
from jacobian_cli.expr import Apply, Expr, nodes
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, parts_of

NUMBER = re.compile(r"[nN]\d*|[nd]_\w+|eps\w*|lr|reg|C")
"""Names that, where all they do is to scale a number, are numbers themselves."""
_OVER = ("/", "u-", "?power", "?mpower", "?mrdivide")
_ADDED = ("?plus", "?minus", "?each+", "?each-", "u-")


class Scaling(Greeks):
    """Finds the numbers among the factors of a product."""

    def scaling_names(self, term: Term) -> tuple[str, ...]:
        """The vectors before a product of vectors that is a number, y wᵀx and (1 − t) xᵀy, if nothing but their letters
        makes them vectors.
        """
        if not (isinstance(term, Call) and term.function == "?beside"):
            return ()
        first, *rest = [part for part in term.arguments if not isinstance(part, Literal)]
        shapes = [self.build(part).shape for part in rest]
        if not (len(rest) > 1 and is_row(shapes[0]) and shape_of(shapes) == ()):
            return ()
        names = tuple(dict.fromkeys(names_in(first)))
        taken = tuple(name for name in names if self.assumed.get(name) == 1)
        if isinstance(first, Name):
            single = self.bare[first.text] == 1 and not neighbours(first.text, names_in(rest[0])[0])
            return taken if single else ()
        beside = {name for part in rest for name in names_in(part)}
        by_entries = all(
            FUNCTIONS[node.function].kind is Kind.ELEMENTWISE
            for node in nodes(self.build(first))
            if isinstance(node, Apply)
        )
        numbers = all(self.assumed.get(name) in (0, 1) for name in names)
        return taken if by_entries and numbers and beside.isdisjoint(taken) else ()

    def want_no_samples(self, parts: Sequence[Term]) -> None:
        """Refuse r_t A_t, whose factors are numbers of one sample rather than a row and a matrix."""
        for left, right in pairwise(parts):
            if not (isinstance(left, Name) and isinstance(right, Name)):
                continue
            marks = key(left.text)[-1:], key(right.text)[-1:]
            sample = marks[0] == marks[1] and len(marks[0][0]) == 1 and marks[0][0].islower()
            open_ones = self.assumed.get(left.text, 0) > 0 and right.text in self.assumed
            if sample and open_ones and (habit(left.text), habit(right.text)) == (1, 2) and left.text != right.text:
                row = spelled(call_of("@", call_of(".T", left), right))
                raise self.error(
                    span_of(left, right, left.span),
                    "are these numbers, or a row and a matrix?",
                    f"for numbers declare `-s {left.text}=()` `-s {right.text}=()`; a row and a matrix are `{row}`",
                )

    def want_numbers(self, parts: Sequence[Term], factors: Sequence[Typed]) -> None:
        """A name that scales nothing but numbers is a number: n/2 log|Σ|."""
        for name in scaling_identities(parts):  # nλI, s²I
            if self.assumed.get(name) == 1:
                self.strained(name, 0)
        for part, other, (expr, _), (behind, _) in zip(parts, parts[1:], factors, factors[1:], strict=False):
            before = len(behind.shape) == 2 and not is_row(behind.shape) and len(expr.shape) == 1  # A + tB
            if before and isinstance(part, Name) and part.text in BEFORE_MATRICES and part.text in self.assumed:
                self.strained(part.text, 0)
            if len(behind.shape) == 2 and not is_row(behind.shape):
                self.want_polynomial(part, expr, other)
            if len(expr.shape) == 1 and behind.shape and not is_row(behind.shape):
                for name in self.scaling_quotient(part, wholly=len(behind.shape) == 1):
                    self.strained(name, 0)
                if len(behind.shape) == 1:  # (μ² + c)(σ² + d)
                    names = [*self.added_to_numbers(part), *self.added_to_numbers(other)]
                    if names:
                        self.strained(names[0], 0, *names[1:])
        large = [k for k, (expr, _) in enumerate(factors) if expr.shape]
        if len(large) != 1:
            return
        part = parts[large[0]]
        added = self.added_to_numbers(part)
        if added and len(parts) > 1 and self.divisors.intersection(names_in(part)):  # (ν + p)/2 log(1 + x²/ν)
            self.strained(added[0], 0, *added[1:])
        if isinstance(part, Call) and part.function == "/":
            part = part.arguments[0]
        behind_all = len(parts) > 1 and part is parts[-1]  # α d and (nᵀr) n: a number stands in front
        if (
            isinstance(part, Name)
            and part.text in self.assumed
            and NUMBER.fullmatch(part.text)
            and not (behind_all or part.text in self.turned_names)
        ):
            self.strained(part.text, 0)

    def want_polynomial(self, part: Term, expr: Expr, behind: Term) -> None:
        """(1 − t)³P: what is added to a number, or is a power, before a matrix is a number; a letter that may be that
        of a vector is asked about.
        """
        names = names_in(part)
        lettered = len(names) == 1 or IN_QUOTIENTS.issuperset(names)
        if isinstance(part, Name) or not (_is_polynomial(part) and lettered) or not all(habit(n) < 2 for n in names):
            return
        if len(expr.shape) == 1 and self.turned_names.isdisjoint(names):
            found = [name for name in names if self.assumed.get(name) == 1]
            if found:
                self.strained(found[0], 0, *found[1:])
        scaled = spelled(self.plain(behind))
        for name in names:
            if self.assumed.get(name) == 0 and habit(name) == 1 and name not in IN_QUOTIENTS - {"h"}:
                declared = f"a matrix is declared: `-s {name}=n,m`"
                self.doubt(f"`{name}` is taken for a number, for it scales `{scaled}`; {declared}")

    def want_scaled(self, term: Call) -> None:
        """I − zB: what scales a matrix beside an identity is a number."""
        for one, other in (term.arguments, term.arguments[::-1]):
            if not (isinstance(one, Call) and one.function == "?eye"):
                continue
            parts = other.arguments if isinstance(other, Call) and other.function == "?beside" else ()
            match [part for part in parts if not isinstance(part, Literal)]:
                case [Name(text=name), Name() as matrix] if self.assumed.get(name) == 1:
                    if name not in self.turned_names and axes_of(self.build(matrix).shape) == 2:
                        self.strained(name, 0)

    def added_to_numbers(self, part: Term) -> list[str]:
        """The names taken for vectors that are added to numbers, ν + p, if nothing else there is a vector."""
        while isinstance(part, Call) and part.function in _OVER:
            part = part.arguments[0]
        terms, numbers, names = [part], False, list[str]()
        for term in terms:
            if isinstance(term, Call) and term.function in _ADDED:
                terms += term.arguments
            elif not isinstance(term, Literal) and not self.build(term).shape:
                numbers = True
            elif isinstance(term, Name) and self.assumed.get(term.text) == 1 and habit(term.text) == 1:
                names.append(term.text)
            elif not isinstance(term, Literal):
                return []
        return names if numbers else []

    def scaling_quotient(self, part: Term, *, wholly: bool) -> list[str]:
        """The names in a quotient of letters alone, α/r, that are taken for vectors, if they are letters of numbers:
        all of them or, where a matrix stands behind, those above the line.
        """
        above, below, stack = list[str](), list[str](), [(part, False)]
        if not (isinstance(part, Call) and part.function == "/"):
            return []
        while stack:
            inner, under = stack.pop()
            if isinstance(inner, Name):
                (below if under else above).append(inner.text)
            elif isinstance(inner, Call) and inner.function in ("/", "?beside", "u-"):
                first, *rest = inner.arguments
                stack += [(first, under), *((one, under ^ (inner.function == "/")) for one in rest)]
            elif not isinstance(inner, Literal):
                return []
        want = [*above, *below] if wholly else above
        names = [name for name in (*above, *below) if self.assumed.get(name) == 1 and habit(name) < 2]
        return names if all(name in IN_QUOTIENTS or habit(name) == 0 for name in want if name in names) else []


def _is_polynomial(term: Term) -> bool:
    """Whether a part is made of a name and numbers by sums and powers."""
    made = isinstance(term, Call) and term.function in ("?plus", "?minus", "?power", "u-")
    return isinstance(term, Name | Literal) or (made and all(map(_is_polynomial, parts_of(term))))


def scaling_identities(parts: Sequence[Term]) -> Iterator[str]:
    """The names that stand with numbers alone before an identity: s and n in s²I and nλI."""
    if isinstance(parts[-1], Call) and parts[-1].function in ("?eye", "eye"):
        for part in parts[:-1]:
            inner = part.arguments[0] if isinstance(part, Call) and part.function == "?power" else part
            if isinstance(inner, Name):
                yield inner.text


def scaled(term: Term) -> tuple[str, ...]:
    """The two names beside each other that a term is: a and A in aA."""
    match term:
        case Call(function="?beside", arguments=(Name(text=one), Name(text=other))):
            return one, other
    return ()
