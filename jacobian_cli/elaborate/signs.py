"""Σ, which is a matrix or the sign of a sum, and sums over all entries."""

from __future__ import annotations

from jacobian_cli.elaborate.shaped import StrainedError, Typed
from jacobian_cli.elaborate.tensors import Tensors
from jacobian_cli.elaborate.trees import call_of
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call


class Signs(Tensors):
    """What shapes decide of the sign of a sum without an index."""

    def entries_of(self, term: Call) -> Typed:
        """∑ p log p: the factors are vectors, multiplied entry by entry, where nothing else fits."""
        (value,) = term.arguments
        assert isinstance(value, Call)
        factors = [self.typed(part) for part in value.arguments]
        if all(len(expr.shape) < 2 for expr, _ in factors):
            made = factors[0]
            for factor in factors[1:]:
                made = self.op("*", term.span, made, factor)
            if not made[0].shape:
                self.want_entries(value, call_of("sum", made[1]))
            return self.op("sum", term.span, made)
        total = self.typed(value)
        self.want_entries(value, call_of("sum", total[1]))
        return self.op("sum", term.span, total)

    def sigma(self, term: Call) -> Typed:
        """Σ before a factor: a matrix, or the sign of a sum where entries are raised to a power or multiplied."""
        readings: list[Typed] = []
        failed: InputError | None = None
        for part in term.arguments:
            before = self.paired_entries
            try:
                found = self.typed(part)
                if self.paired_entries == before or part is not term.arguments[0]:  # Σ p log p is a sum
                    readings.append(found)
            except StrainedError:
                raise
            except InputError as error:
                failed = failed or error
        if not readings:
            assert failed is not None
            raise failed
        if len(readings) == 1:
            return readings[0]
        if self.sigma_sums:
            readings.reverse()
        taken, other = (spelled(plain) for _, plain in readings)
        self.doubt(f"`{taken}` is read; the other reading is `{other}`")
        return readings[0]
