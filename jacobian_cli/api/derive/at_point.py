"""The numbers of an answer at a point: value, Jacobian, gradient, and what to say where there is a kink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from jacobian_cli.api.derive.printed import Array, Shown
from jacobian_cli.api.input.values import want_inside
from jacobian_cli.checks.oracles import differences
from jacobian_cli.checks.points.domain import DOMAIN, FORM, KINK, NOT_FINITE, Violation, shares, violations
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.evaluate.evaluate import evaluate, sizes_of
from jacobian_cli.expr import Expr, variables
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.identities import chooses, marks, mirror
from jacobian_cli.ops.table import DEGENERATE
from jacobian_cli.printers.language import text
from jacobian_cli.syntax.errors import InputError

_FEW = 12
"""A derivative at a kink of more entries is not written out."""
_SETTLED = 1e-4
"""Differences that change by more than this part when the step is halved are not shown."""


@dataclass(frozen=True)
class AtPoint:
    """The numbers at a point the user gave."""

    value: Array
    jacobian: Array
    gradient: Array | None
    sizes: Mapping[str, int]
    kinks: Sequence[Kink]
    nudges: Sequence[Nudge]
    hessians: Mapping[str, Array] = field(default_factory=dict)
    """For second derivatives, by the variable differentiated by next."""
    unformed: str = ""
    """Where the printed form has no value, so that the numbers are those of central differences."""

    @property
    def compared(self) -> bool:
        """Whether the numbers are those of the printed form, which an engine can be asked about here."""
        return not self.kinks and not self.unformed


@dataclass(frozen=True)
class Kink:
    """A function exactly at its kink, and the value that its derivative is given there, where it has one of its own."""

    node: Expr
    choice: str


@dataclass(frozen=True)
class Nudge:
    """A scalar moved by a little: what the function becomes, and what the derivative says it becomes."""

    name: str
    moved_to: float
    value: float
    predicted: float


def numbers_at(shown: Shown, values: Mapping[str, Array]) -> AtPoint:
    """The printed forms where the variables have these values. Raises `InputError` where the formula has none."""
    answer, forms = shown.answer, shown.forms
    problem = answer.problem
    sizes = sizes_of(problem.variables, values)
    want_inside(problem.output, sizes, problem.text, values)
    moving = {answer.wrt, *answer.hessians}
    met = violations(without_roots(problem.output), values, sizes, moves=frozenset(moving))
    wrong = [
        v for v in met if v.kind == NOT_FINITE or moving & variables(v.node).keys() or not _finite(v, values, sizes)
    ]
    edge = next((v for v in wrong if v.kind in (DOMAIN, NOT_FINITE)), None)
    refusal: InputError | None = None
    if edge is not None:
        finite = _finite(edge, values, sizes)
        refusal = InputError(_explained(edge, finite), text=problem.text, hint="choose another point with --at")
        if not finite:
            raise refusal
    value = np.asarray(evaluate(problem.output, values, sizes), float)
    shape = shown.matrix_shape(sizes)
    matrix = np.asarray(evaluate(forms["jacobian"], values, sizes), float).reshape(shape)
    gradient = np.asarray(evaluate(forms["gradient"], values, sizes), float) if "gradient" in forms else None
    unformed = next((f"where {_some(v.expression)} is 0" for v in wrong if v.kind in (DOMAIN, FORM)), "")
    if unformed or not np.all(np.isfinite(matrix)):
        unformed = unformed or "at this point"
        try:
            matrix = _by_differences(shown, values, sizes)
        except InputError as error:
            raise refusal or error from None
        gradient = None if gradient is None else shown.laid.shaped(matrix, gradient.shape)
    nudges = _nudges(shown, values, sizes, value, matrix) if shape == (1, 1) else []
    kinks = [_kink(v, moving, values, sizes) for v in wrong if v.kind == KINK]
    second = {
        name: np.asarray(evaluate(forms[f"hessian {name}"], values, sizes), float)
        for name in ([] if unformed else answer.hessians)
        if f"hessian {name}" in forms
    }
    return AtPoint(value, matrix, gradient, sizes, kinks, nudges, second, unformed)


def _by_differences(shown: Shown, values: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The Jacobian at a point where the printed form has no value. Raises `InputError` where differences have none."""
    answer = shown.answer
    problem, wrt = answer.problem, answer.wrt
    x = np.asarray(values[wrt], float)

    def function(moved: Array) -> Array:
        return np.asarray(evaluate(problem.output, {**values, wrt: moved}, sizes), float)

    found, doubt = differences.with_doubt(function, x)
    tolerated = _SETTLED * max(1.0, float(np.max(np.abs(found), initial=0.0)))
    sure = np.all(np.isfinite(found)) and np.all(doubt <= tolerated)
    if not sure or not np.all(np.abs(differences.bend(function, x)) <= tolerated):
        raise InputError(
            f"the derivative by {wrt} is not finite here", text=problem.text, hint="choose another point with --at"
        )
    out, variable = (tuple(size.at(sizes) for size in v.shape) for v in (problem.output, answer.variable))
    return shown.laid.of(found, out, variable) + 0.0


def _some(expression: Expr) -> str:
    return f"an entry of {text(expression)}" if expression.shape else text(expression)


def _finite(violation: Violation, values: Mapping[str, Array], sizes: Mapping[str, int]) -> bool:
    """Whether the node at fault has a value all the same."""
    return bool(np.all(np.isfinite(evaluate(violation.node, values, sizes))))


def _nudges(
    shown: Shown, values: Mapping[str, Array], sizes: Mapping[str, int], value: Array, matrix: Array
) -> list[Nudge]:
    """The lecture's experiment: move the input by 0.01 and look."""
    name, step = shown.answer.wrt, 0.01
    moved = np.asarray(values[name], float) + step
    after = float(np.asarray(evaluate(shown.answer.problem.output, {**values, name: moved}, sizes)).reshape(()))
    return [Nudge(name, float(moved.reshape(())), after, float(value.reshape(())) + step * float(matrix[0, 0]))]


def _kink(violation: Violation, moving: set[str], values: Mapping[str, Array], sizes: Mapping[str, int]) -> Kink:
    """What the printed derivative takes for the derivative of the function, by the arguments that move."""
    entry, node, arguments = violation.row, violation.node, violation.node.arguments
    if (other := mirror(entry.name)) and not variables(arguments[0]):
        entry, arguments = FUNCTIONS[other], arguments[::-1]
    inputs = {n: evaluate(a, values, sizes) for n, a in zip(entry.parameters, arguments, strict=True)}
    inputs["ans"] = evaluate(node, values, sizes)
    if chooses(entry.name) or entry.kind is Kind.ROW:
        return Kink(node, "")
    if marks(entry.name):
        return Kink(node, _numbers_text(np.asarray(evaluate(shares(node), values, sizes), float)))
    names = (*entry.parameters, "ans")
    shown = [
        _numbers_text(np.asarray(evaluate(meaning(slope, names), inputs, sizes), float))
        for slope, argument in zip(entry.derivative, arguments, strict=False)
        if moving & variables(argument).keys()
    ]
    return Kink(node, shown[0] if len(shown) == 1 else f"({', '.join(shown)})" if shown else "")


def _numbers_text(value: Array) -> str:
    if value.size == 1:
        return f"{float(value.reshape(-1)[0]):g}"
    if value.size > _FEW:
        return "0 and 1" if set(np.unique(value)) <= {0.0, 1.0} else "the numbers above"
    return f"[{', '.join(map(_numbers_text, value))}]"


def _explained(violation: Violation, finite: bool) -> str:
    where = text(violation.node)
    if violation.kind == NOT_FINITE:
        return f"{where} is not finite here"
    if not variables(violation.expression):
        return f"{where} is not defined"
    wanted = "must be positive" if violation.positive else "must not be zero"
    what = "cannot be differentiated here" if finite else "is not defined here"
    if violation.function in DEGENERATE:
        return f"{where} {what}: {DEGENERATE[violation.function]}"
    return f"{where} {what}: {text(violation.expression)} {wanted}"
