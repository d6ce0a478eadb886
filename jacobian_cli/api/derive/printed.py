"""An answer as it stands on the screen: its texts, and what they say when they are read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jacobian_cli.api.derive.answer import Answer
from jacobian_cli.api.derive.explicit import count, laid
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.checks.verdict.answer import Printed, read_back
from jacobian_cli.expr import Expr, size_names

Array = Any


@dataclass(frozen=True)
class Shown:
    """An answer and its texts, read back once for all that is asked of them."""

    answer: Answer

    @cached_property
    def printed(self) -> Printed:
        """The texts."""
        return printed(self.answer)

    @cached_property
    def forms(self) -> dict[str, Expr]:
        """What the texts say: `jacobian`, `gradient`, `vjp`, and `hessian x` for each second derivative."""
        return read_back(self.printed, self.answer.problem.variables, self.answer.derivative.upstream)

    @property
    def laid(self) -> Laid:
        """How the Jacobian is laid out."""
        return self.printed.laid

    def matrix_shape(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """The rows and columns of the Jacobian at these sizes, as it is laid out."""
        answer = self.answer
        return self.laid.shape(count(answer.problem.output.shape, sizes), count(answer.variable.shape, sizes))


def printed(answer: Answer) -> Printed:
    """The answer as the user sees it: texts only."""
    gradient = answer.gradient
    return Printed(
        answer.jacobian.closed_form,
        None if gradient is None else gradient.closed_form,
        answer.vjp.closed_form,
        answer.where,
        answer.upstream,
        tuple(size_names([answer.problem.output])),
        {name: form.closed_form for name, form in answer.hessians.items()},
        {
            name: form.closed_form
            for name, form in (("symmetric", answer.symmetric), ("half", answer.half_vector))
            if form is not None
        },
        laid(answer.convention),
    )
