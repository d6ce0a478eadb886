"""One derivative in the conventions of different books, side by side: which transpose is theirs?

Who writes how: Magnus & Neudecker, Matrix Differential Calculus (1988, ch. 9: ∂vec F/∂(vec X)ᵀ); Graham, Kronecker
Products and Matrix Calculus (1981, ch. 4); Petersen & Pedersen, The Matrix Cookbook (2012, §2: ∂aᵀx/∂x = a); CS224N
(gradient notes: numerator layout, and the shape convention for what is handed on).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from jacobian_cli.api.derive.answer import Answer, ClosedForm, Symbols, answers, symbols
from jacobian_cli.api.derive.explicit import table_sizes
from jacobian_cli.api.derive.proof import Proof
from jacobian_cli.api.derive.settle import Settled, settle
from jacobian_cli.calculus.reshape import CONVENTIONS, Convention, Layout, Vec, from_numerator_row
from jacobian_cli.checks.oracles.budget import Budget
from jacobian_cli.checks.oracles.entry_text import greek, indexed
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.interned import Portable
from jacobian_cli.ops.structure import proper
from jacobian_cli.shape import Shape

_OF_MATRICES = {
    (Layout.NUMERATOR, Vec.ROW): "CS224N; the tensor of PyTorch and JAX, its axes joined in NumPy's order",
    (Layout.NUMERATOR, Vec.COLUMN): "Magnus & Neudecker, ∂vec F/∂(vec X)ᵀ",
    (Layout.DENOMINATOR, Vec.ROW): "gradients as columns, in NumPy's order",
    (Layout.DENOMINATOR, Vec.COLUMN): "Graham; gradients as columns, in the order of vec",
}
_OF_VECTORS = {
    Layout.NUMERATOR: "CS224N, Magnus & Neudecker, PyTorch and JAX",
    Layout.DENOMINATOR: "the Matrix Cookbook and many machine learning texts: gradients as columns",
}
CANONICAL_USERS = "before anything is flattened: jax.jacobian, torch.func.jacrev"
SHAPE_USERS = "gradient descent, CS224N's assignments, .grad in PyTorch"
_LABELS = 6
"""Of more rows or columns than this the first and the last are named."""


@dataclass(frozen=True)
class Writing(Portable):
    """The Jacobian in one convention, or in both vec orders where there is no matrix to flatten."""

    conventions: tuple[Convention, ...]
    settled: Settled
    relation: ClosedForm | None
    """How it is made from `J`, the Jacobian in numerator layout, row by row; None where no matrix says it."""
    users: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def answer(self) -> Answer:
        """What stands in this convention."""
        return self.settled.answer

    @property
    def proof(self) -> Proof:
        """Its proof."""
        return self.settled.proof

    @property
    def form(self) -> ClosedForm:
        """The closed form, with its shape."""
        return self.answer.jacobian

    @property
    def layout(self) -> str:
        """`numerator` or `denominator`."""
        return str(self.conventions[0].layout)

    @property
    def vec(self) -> tuple[str, ...]:
        """The vec orders in which it is written so."""
        return tuple(str(convention.vec) for convention in self.conventions)

    def to_dict(self) -> dict[str, Any]:
        """The fields of the JSON answer."""
        return {
            **self.form.to_dict(),
            "vec_orders": list(self.vec),
            "from_numerator_row": None if self.relation is None else self.relation.closed_form,
            "written_by": self.users,
            **self.proof.to_dict(),
        }


@dataclass(frozen=True)
class Comparison(Portable):
    """One derivative in all conventions, all with the same names."""

    answer: Answer
    canonical: Symbols
    writings: tuple[Writing, ...]

    @property
    def passed(self) -> bool | None:
        """Whether every form stands the check; None if nothing could be compared."""
        verdicts = [writing.settled.passed for writing in self.writings]
        return None if None in verdicts else all(verdicts)

    def to_dict(self) -> dict[str, Any]:
        """The fields of the JSON answer."""
        d = self.answer
        return {
            "expression": d.expression,
            "wrt": d.wrt,
            "shapes": {name: list(shape) for name, shape in d.shapes.items()},
            "output_shape": list(d.output_shape),
            "canonical": {
                "shape": list(self.canonical),
                "elementwise": d.jacobian.elementwise,
                "written_by": CANONICAL_USERS,
            },
            "conventions": [writing.to_dict() for writing in self.writings],
            "gradient": None if d.gradient is None else {**d.gradient.to_dict(), "written_by": SHAPE_USERS},
            "vjp": {"upstream": d.upstream, **d.vjp.to_dict()},
            "where": d.where,
        }


def comparison(answer: Answer, points: int = 3, values: Mapping[str, Any] | None = None) -> Comparison:
    """An answer form by form, each checked at random points or at `values`."""
    problem, variable = answer.problem, answer.variable
    if len(answer.forms.jacobians) < len(CONVENTIONS):
        answer = next(a for a in answers(problem, conventions=CONVENTIONS) if a.wrt == variable.name)
    flattened = any(len(proper(shape)) > 1 for shape in (problem.output.shape, variable.shape))
    groups = [[c] for c in CONVENTIONS] if flattened else [[c for c in CONVENTIONS if c.layout is k] for k in Layout]
    budget = Budget()  # one for all
    writings = tuple(_writing(answer, tuple(group), points, values, budget) for group in groups)
    return Comparison(answer, symbols((*problem.output.shape, *variable.shape)), writings)


def _writing(
    answer: Answer, group: tuple[Convention, ...], points: int, values: Mapping[str, Any] | None, budget: Budget
) -> Writing:
    convention = group[0]
    here = replace(answer, convention=convention)
    out, variable = answer.problem.output.shape, answer.variable.shape
    users = _OF_MATRICES[convention.layout, convention.vec] if len(group) == 1 else _OF_VECTORS[convention.layout]
    sides = [_labels(here, name, shape) for name, shape in ((here.problem.name, out), (here.wrt, variable))]
    rows, columns = sides if convention.layout is Layout.NUMERATOR else sides[::-1]
    made = from_numerator_row(convention, out, variable)
    relation = None if made is None else ClosedForm(made, here.jacobian.shape)
    return Writing(group, settle(here, points, values, budget=budget), relation, users, rows, columns)


def _labels(answer: Answer, name: str, shape: Shape) -> tuple[str, ...]:
    """The entries of a value in the order in which they run, at the sizes of its table; the middle of many left out."""
    sizes = table_sizes(answer.problem)
    lengths = tuple(size.at(sizes) for size in shape)
    order, count = Laid(vec=str(answer.convention.vec)).order, prod(lengths)
    shown = range(count) if count <= _LABELS else (*range(_LABELS - 2), count - 1)
    labels = [indexed(greek(name), map(int, np.unravel_index(k, lengths, order))) for k in shown]
    return tuple(labels if len(labels) == count else (*labels[:-1], "…", labels[-1]))
