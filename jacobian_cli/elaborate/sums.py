"""Sums over an index, and Σ, which is a matrix or the sign of a sum."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from jacobian_cli.elaborate.builder import OrderError
from jacobian_cli.elaborate.indexed import (
    ROW,
    Indexed,
    entries_in,
    together,
    total,
    vectorial,
)
from jacobian_cli.elaborate.shaped import StrainedError, Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.written import Mathematics
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import Size
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, Text

_BY_ENTRY = {
    **dict.fromkeys(("?beside", "?dot", "?star", "?cross", "?hadamard"), "*"),
    "?plus": "+",
    "?minus": "-",
    "?power": "**",
    "?bars": "abs",
    "?exp": "exp",
}
"""What stands between entries, which are numbers."""
_EINSUM = 'sums over an index are written `einsum("ij,j->i", A, x)`'


class Sums(Mathematics):
    """What shapes decide in sums."""

    def over(self, term: Call) -> Typed:
        """∑ᵢ xᵢ yᵢ is sum(x*y), and ∑ᵢ wᵀxᵢ is sum(X@w): names with the index are arrays, all others numbers."""
        return self.typed(self.summed(term))

    def summed(self, term: Call) -> Term:
        """A sum or a product over an index in the language."""
        value, *said = term.arguments
        function, limit, index = (part.value for part in said if isinstance(part, Text))
        parts = self.factors(value) if function == "sum" else [self.by_entry(value)]
        if limit:
            self.want_all(parts, index, limit, term.span)
        return total(together("*", parts, term.span), function, term.span)

    def want_all(self, parts: Sequence[Indexed], index: str, limit: str, span: Span) -> None:
        """Refuse a sum of which it is not known whether it runs over all entries."""
        part = next(part for part in parts if index in part.indices)
        size = self.scope.unifier.resolve(self.build(part.term).shape[part.indices.index(index)])
        if not self.runs_to(limit, size):
            name = next(iter(names_in(part.term)))
            raise self.error(
                span,
                f"whether the sum runs over all entries is not known: to {limit}",
                f"declare how many there are: `-s {name}={limit}`",
            )

    def runs_to(self, limit: str, size: Size) -> bool:
        """Whether a limit is the number of entries: a number must be, and a name unless another one was declared."""
        if limit.isdecimal():
            return size == Size.number(int(limit))
        return str(size) == limit or not all(name in self.scope.sizes for name in size.names())

    def factors(self, term: Term) -> list[Indexed]:
        """The factors of a product under a sum; between a row and a column, their product is one."""
        if not isinstance(term, Call) or _BY_ENTRY.get(term.function) != "*":
            return [self.by_entry(term)]
        if term.function != "?beside":
            return [found for part in term.arguments for found in self.factors(part)]
        found, parts = list[Indexed](), list(term.arguments)
        while parts:
            inner, used = self.row_times(parts)
            found.append(inner or self.by_entry(parts[0]))
            del parts[: max(used, 1)]
        return found

    def row_times(self, parts: Sequence[Term]) -> tuple[Indexed | None, int]:
        """wᵀxᵢ, where x₁, x₂ … are the rows of a matrix: X@w carries the index; and how many factors that takes."""
        middle: Term | None = None
        match parts:
            case [Call(function="?T", arguments=(left,)), right, *_] if vectorial(left) and vectorial(right):
                if len(parts) > 2 and vectorial(parts[2]) and len(self.build(right).shape) == 2:  # xᵢᵀAxᵢ
                    middle, right = self.plain(right), parts[2]
            case [Call(function="?T", arguments=(left,)), matrix, right, *_] if (
                vectorial(left) and vectorial(right) and not entries_in(matrix) and len(self.build(matrix).shape) == 2
            ):
                middle = self.plain(matrix)
            case _:
                return None, 0
        used = 2 if middle is None else 3
        one, other = (self.vectors(part) for part in (left, right))
        span = Span(parts[0].span.start, right.span.stop)
        if middle is not None and one.indices:
            one = Indexed(Call("@", (one.term, middle), (), span), one.indices)
        elif middle is not None:
            one = Indexed(Call("@", (Call(".T", (middle,), (), span), one.term), (), span), "")
        if one.indices == other.indices:
            if not one.indices:
                return Indexed(Call("?beside", tuple(parts[:used]), (), span), ""), used
            axis = (("axis", Literal(Fraction(1), span)),)
            return Indexed(Call("sum", (Call("*", (one.term, other.term), (), span),), axis, span), one.indices), used
        if not one.indices:
            return Indexed(Call("@", (other.term, one.term), (), span), other.indices), used
        return Indexed(Call("@", (one.term, other.term), (), span), one.indices), used

    def vectors(self, term: Term) -> Indexed:
        """A vector, or the vectors that carry an index, in the rows of a matrix."""
        made, indices = self.with_rows(term)
        return Indexed(made, indices.removesuffix(ROW))

    def with_rows(self, term: Term) -> Indexed:
        match term:
            case Call(function="?entry", arguments=(Name() as name, Text(value=indices))):
                of_rows = self.of_order(name, len(indices) + 1, "carries the index, and is no vector")
                return Indexed(of_rows, indices + ROW)
            case Call(function="?plus" | "?minus", arguments=arguments, span=span):
                return together(_BY_ENTRY[term.function], map(self.with_rows, arguments), span)
            case Name():
                return Indexed(self.of_order(term, 1, "does not carry the index, and is no vector"), ROW)
        raise self.no_number(term)

    def by_entry(self, term: Term) -> Indexed:
        """A term under a sum, its products entry by entry."""
        match term:
            case Call(function="?entry", arguments=(Name() as name, Text(value=indices))):
                return Indexed(self.of_order(name, len(indices), "carries the index, and is no vector"), indices)
            case Name():
                return Indexed(self.of_order(term, 0, "does not carry the index, and is no number"), "")
            case Call(function="?over"):  # a sum by itself: no index of others stands in it
                return Indexed(self.summed(term), "")
            case Call(function="?norm", arguments=(value, Text(value=kind)), span=span):
                if not entries_in(term):
                    return Indexed(term, "")
                if kind in ("", "2", "2?"):
                    rows, indices = self.vectors(value)
                    return Indexed(Call("norm", (rows,), (("axis", Literal(Fraction(-1), span)),), span), indices)
            case Call(function=function, arguments=arguments, keywords=(), span=span):
                plain = _BY_ENTRY.get(function, function)
                row = FUNCTIONS.get(ALIASES.get(plain, plain))
                if row is not None and row.of_two and len(arguments) == 2:
                    row = FUNCTIONS[row.of_two]
                if row is not None and row.kind is Kind.ELEMENTWISE:
                    return together(plain, self.factors(term) if plain == "*" else map(self.by_entry, arguments), span)
            case Literal():
                return Indexed(term, "")
        raise self.no_number(term)

    def no_number(self, term: Term) -> InputError:
        return self.error(
            term.span,
            "this cannot be read under a sum over an index, where every value is a number",
            f"let a matrix hold what carries the index in its rows: `X@w` holds each w^T x_i; {_EINSUM}",
        )

    def of_order(self, name: Name, order: int, message: str) -> Name:
        expr = self.build(name)
        if len(expr.shape) != order:
            if name.text in self.assumed:
                self.strained(name.text, order)
                raise OrderError(f"{name.text} {message}", text=self.text, span=name.span, hint=_EINSUM)
            raise self.error(name.span, f"{name.text} {message}", _EINSUM)
        if name.text in self.assumed:
            self.held.add(name.text)
        return name

    def entries_of(self, term: Call) -> Typed:
        """∑ p log p: the factors are vectors, multiplied entry by entry, where nothing else fits."""
        (value,) = term.arguments
        assert isinstance(value, Call)
        factors = [self.typed(part) for part in value.arguments]
        if all(len(expr.shape) < 2 for expr, _ in factors):
            made = factors[0]
            for factor in factors[1:]:
                made = self.op("*", term.span, made, factor)
            return self.op("sum", term.span, made)
        return self.op("sum", term.span, self.typed(value))

    def sigma(self, term: Call) -> Typed:
        """Σ before a factor: a matrix, or the sign of a sum where entries are raised to a power or multiplied."""
        readings: list[Typed] = []
        failed: InputError | None = None
        for part in term.arguments:
            try:
                readings.append(self.typed(part))
            except StrainedError:
                raise
            except InputError as error:
                failed = failed or error
        if not readings:
            assert failed is not None
            raise failed
        if len(readings) == 1:
            return readings[0]
        total = term.arguments[1]
        assert isinstance(total, Call)
        (value,) = total.arguments
        if isinstance(value, Call) and value.function in ("?power", "?hadamard", "**"):
            readings.reverse()
        taken, other = (spelled(plain) for _, plain in readings)
        self.doubt(f"`{taken}` is read; the other reading is `{other}`")
        return readings[0]
