"""Every row of the table on scalars, vectors, matrices, batches and tensors of four axes, as far as it takes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.checks.verdict.answer import numeric_verdict
from jacobian_cli.expr import Apply, Variable
from jacobian_cli.ops import FUNCTIONS, Row
from jacobian_cli.ops.places import places_of
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.index import elementwise
from jacobian_cli.shape import ONE, Shape, Size
from tests.calculus.expressions import OPTIONS, Call, calls
from tests.checks.formulas import typed

A, B, N, M = (Size.named(name) for name in "abnm")
POOL: tuple[Shape, ...] = (
    (),
    (M,),
    (Size.number(3),),
    (ONE, M),
    (N, M),
    (M, M),
    (M, N),
    (B, N, M),
    (B, M, M),
    (B, ONE, M),
    (A, B, N, M),
    (A, B, M, N),
)
CHOICES = OPTIONS | {
    "axis": ((0,), (-1,), (1,), (0, 2), (-2, -1), None),
    "axes": ((0, 2, 1), (2, 0, 1), (-3, -1, -2), (0, 2, 1, 3), (3, 1, 0, 2)),
    "sizes": ((M,), (B, N, M)),
    "shape": ((M, N), (B * N, M), (B, M, N), (Size.number(-1), M)),
    "subscripts": ("bij,bjk->bik", "...ij->...ji", "bii->b", "abij,bjk", "bij,j->bi", "bij->bij"),
    "index": (("...", 0), (-1,), ((None, Size.number(-1)),), ((None, None), 1), (0, "...", None), (0, (None, None), 1)),
}
MOST = 10
"""Calls of one row that are tried, spread over all that fit."""


def spread(row: Row) -> Iterator[Call]:
    """Calls in which every number of axes that a row takes is met, and every option."""
    fitting = [call for call in calls(row, POOL, CHOICES) if call.arguments and len(call.shape) <= 4]
    kinds: dict[object, list[Call]] = {}
    for call in fitting:
        kinds.setdefault((tuple(map(len, call.arguments)), call.options), []).append(call)
    chosen = [group[len(group) // 2] for group in kinds.values()]
    yield from chosen[:: max(1, -(-len(chosen) // MOST))]


def told(call: Call) -> str:
    return text(Apply(call.function, tuple(call.variables()), call.options, call.shape))


EVERY = [
    pytest.param(call, id=f"{told(call)} of {call.arguments}")
    for row in FUNCTIONS.values()
    if row.parameters
    for call in spread(row)
]


@pytest.mark.parametrize("call", EVERY)
def test_a_row_is_differentiated_in_every_shape_that_it_takes(call: Call) -> None:
    shapes = {v.name: [str(size) for size in v.shape] for v in call.variables() if isinstance(v, Variable)}
    picking = places_of([typed(told(call), **{name: ",".join(sizes) for name, sizes in shapes.items()}).output])
    for name in (name for name in shapes if name not in picking):
        derivation = jac.derive(told(call), wrt=name, shapes=shapes)
        assert derivation.output_shape == tuple(size.value or str(size) for size in call.shape)
        assert derivation.forms.vjp.shape == derivation.variable.shape
        reports = (
            numeric_verdict(derivation.problem.output, derivation.variable, printed(derivation), points=1, seed=seed)
            for seed in range(3)  # one point in some lies where a function is too steep for differences
        )
        assert any(report.passed for report in reports), derivation
        assert len(derivation.jacobian.closed_form) < 600
        assert elementwise(derivation.derivative, name, "f")


def test_every_row_takes_part() -> None:
    tried = {call.function for (call,) in (param.values for param in EVERY) if isinstance(call, Call)}
    assert {name for name, row in FUNCTIONS.items() if row.parameters and not row.reads} - tried == set()
