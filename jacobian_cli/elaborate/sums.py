"""Sums over an index, and Σ, which is a matrix or the sign of a sum."""

from __future__ import annotations

from jacobian_cli.elaborate.builder import OrderError
from jacobian_cli.elaborate.shaped import StrainedError, Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.written import Mathematics
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import Size
from jacobian_cli.syntax.errors import InputError
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
        """∑ᵢ xᵢ yᵢ is sum(x*y): names with the index are vectors, all others numbers."""
        value, function, limit = term.arguments
        assert isinstance(function, Text)
        assert isinstance(limit, Text)
        inner = self.typed(self.by_entry(value))
        if len(inner[0].shape) != 1:
            raise OrderError("these are no entries of a vector", text=self.text, span=term.span, hint=_EINSUM)
        size = inner[0].shape[0]
        if limit.value and not self.runs_to(limit.value, self.scope.unifier.resolve(size)):
            name = next(iter(names_in(inner[1])))
            raise self.error(
                term.span,
                f"whether the sum runs over all entries is not known: to {limit.value}",
                f"declare how many there are: `-s {name}={limit.value}`",
            )
        return self.op(function.value, term.span, inner)

    def runs_to(self, limit: str, size: Size) -> bool:
        """Whether a limit is the number of entries: a number must be, and a name unless another one was declared."""
        if limit.isdecimal():
            return size == Size.number(int(limit))
        return str(size) == limit or not all(name in self.scope.sizes for name in size.names())

    def by_entry(self, term: Term) -> Term:
        """A term under a sum, its products entry by entry."""
        match term:
            case Call(function="?entry", arguments=(Name() as name,)):
                return self.of_order(name, 1, "carries the index, and is no vector")
            case Name():
                return self.of_order(term, 0, "does not carry the index, and is no number")
            case Call(function="?over"):
                return term
            case Call(function=function, arguments=arguments, keywords=(), span=span):
                plain = _BY_ENTRY.get(function, function)
                row = FUNCTIONS.get(ALIASES.get(plain, plain))
                if row is not None and row.of_two and len(arguments) == 2:
                    row = FUNCTIONS[row.of_two]
                if row is not None and row.kind is Kind.ELEMENTWISE:
                    first, *rest = map(self.by_entry, arguments)
                    if not rest or function != "?beside":
                        return Call(plain, (first, *rest), (), span)
                    for part in rest:
                        first = Call(plain, (first, part), (), span)
                    return first
            case Literal():
                return term
        raise self.error(
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

    def total(self, term: Call) -> Typed:
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
