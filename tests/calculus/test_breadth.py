"""Every row of the table on scalars, vectors, matrices, batches and tensors of four axes, as far as it takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import printed
from jacobian_cli.checks.points.sampling import NoPointError
from jacobian_cli.checks.verdict.answer import numeric_verdict, sample_all
from jacobian_cli.expr import Apply, Variable, variables
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


ROWS = [name for name, row in FUNCTIONS.items() if row.parameters and not row.reads]
SHORT = ((2, 3, 3, 2), (2, 2, 3, 3), (3, 2, 3, 2))
"""The sizes a, b, n and m of tensors of four axes, in turn: two in each are different in one of them."""


def right(derivation: jac.Derivation, k: int) -> bool:
    """Whether it is, at one of three points: one in some lies where a function is too steep for differences."""
    for sizes in (*SHORT[k % len(SHORT) :], *SHORT[: k % len(SHORT)]):
        verdicts = set[bool | None]()
        for seed in range(3):
            verdicts.add(passed(derivation, sizes, seed))
            if True in verdicts:
                return True
        if False in verdicts:  # where there is none, a wide matrix has no value, and a tall one has
            return False
    return False


def passed(derivation: jac.Derivation, lengths: Sequence[int], seed: int) -> bool | None:
    """The verdict at a point; of tensors of four axes at these sizes."""
    output, values = derivation.problem.output, None
    known = variables(output)
    if any(len(v.shape) > 3 for v in known.values()):
        sizes = dict(zip("abnm", lengths, strict=True))
        try:
            values = {**sizes, **sample_all(output, known, sizes, np.random.default_rng(seed))}
        except NoPointError:
            return None
    return numeric_verdict(output, derivation.variable, printed(derivation), 1, values, seed).passed


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_differentiated_in_every_shape_that_it_takes(name: str) -> None:
    tried = 0
    for k, call in enumerate(spread(FUNCTIONS[name])):
        tried += 1
        shapes = {v.name: [str(size) for size in v.shape] for v in call.variables() if isinstance(v, Variable)}
        picking = places_of([typed(told(call), **{v: ",".join(sizes) for v, sizes in shapes.items()}).output])
        for wrt in (v for v in shapes if v not in picking):
            derivation = jac.derive(told(call), wrt=wrt, shapes=shapes)
            assert derivation.output_shape == tuple(size.value or str(size) for size in call.shape)
            assert derivation.forms.vjp.shape == derivation.variable.shape
            assert right(derivation, k), (call, derivation)
            assert len(derivation.jacobian.closed_form) < 600, call
            assert elementwise(derivation.derivative, wrt, "f")
    assert tried
