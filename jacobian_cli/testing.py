"""Assertions for pytest: a derivative that is computed by a program of one's own, judged against a formula.

    def test_my_backward():
        assert_vjp(my_backward, "u.T @ sigmoid(W@x + b)", wrt="W")

The function takes arrays of NumPy; one of PyTorch, where that is loaded, is given tensors, and one of JAX takes arrays.
It is called at several sizes (pairwise different, all equal, one of 1), in double and in single precision,
with arrays that do not lie in a row in memory, and with upstream gradients that are not constant: what only works at
one shape fails here.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np

from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.numbers import judged_numbers
from jacobian_cli.api.check.run import judge_of
from jacobian_cli.api.input.assume import FactsLike
from jacobian_cli.api.input.problem import ShapeLike
from jacobian_cli.checks.verdict.claim import TruePoint

Array = Any
Claimed = Callable[..., Any]
_PLACED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_LOOSE = {"float64": 1e-6, "float32": 1e-3}


@dataclass(frozen=True, slots=True)
class _Case:
    """One way of calling a function: at a point, in a precision, with arrays laid out in memory in some way."""

    point: TruePoint
    dtype: str
    strided: bool

    @property
    def told(self) -> str:
        sizes = ", ".join(f"{name} = {size}" for name, size in self.point.sizes.items())
        return f"at {sizes or 'the sizes declared'}, {self.dtype}" + (", not contiguous" if self.strided else "")

    def array(self, value: Array) -> Array:
        given = np.asarray(value, self.dtype)
        if not self.strided or not given.ndim:
            return given
        wide = np.zeros((*given.shape[:-1], 2 * given.shape[-1]), self.dtype)
        wide[..., ::2] = given
        return wide[..., ::2]


def assert_gradient(
    claimed: Claimed,
    function: str | Sequence[str],
    wrt: str,
    *,
    shapes: Mapping[str, ShapeLike] | None = None,
    assume: Mapping[str, FactsLike] | None = None,
    rtol: float | None = None,
) -> None:
    """Assert that `claimed(**variables)` is the gradient of a scalar formula, in the shape of the variable.

    Raises `AssertionError` with the verdict, the worst entry and the kind of mistake.

    >>> assert_gradient(lambda x, A: (A + A.T) @ x, "x.T@A@x", "x")
    >>> assert_gradient(lambda x, A: 2 * A @ x, "x.T@A@x", "x")
    Traceback (most recent call last):
    AssertionError: ...
    """
    _asserted("gradient", claimed, judge_of(function, wrt, shapes=shapes, assume=assume, rtol=rtol))


def assert_jacobian(
    claimed: Claimed,
    function: str | Sequence[str],
    wrt: str,
    *,
    shapes: Mapping[str, ShapeLike] | None = None,
    assume: Mapping[str, FactsLike] | None = None,
    layout: str | None = None,
    vec: str | None = None,
    rtol: float | None = None,
) -> None:
    """Assert that `claimed(**variables)` is the Jacobian |out| × |in|, numerator layout unless `layout` says otherwise.

    >>> assert_jacobian(lambda W, x: W, "W@x", "x")
    """
    judge = judge_of(function, wrt, shapes=shapes, assume=assume, layout=layout, vec=vec, rtol=rtol)
    _asserted("jacobian", claimed, judge)


def assert_vjp(
    claimed: Claimed,
    function: str | Sequence[str],
    wrt: str,
    *,
    shapes: Mapping[str, ShapeLike] | None = None,
    assume: Mapping[str, FactsLike] | None = None,
    rtol: float | None = None,
) -> None:
    """Assert that `claimed(delta, **variables)` is the backward rule: the gradient of the variable, given δ.

    >>> assert_vjp(lambda delta, W, x: np.outer(delta, x), "W@x", "W")
    """
    _asserted("vjp", claimed, judge_of(function, wrt, shapes=shapes, assume=assume, rtol=rtol))


def _asserted(form: str, claimed: Claimed, judge: Judge) -> None:
    """Call a function in every way, and judge what it gives."""
    names, keywords = _wanted(claimed, list(judge.problem.variables), form)
    for case in _cases(judge):
        given = {name: case.array(case.point.values[name]) for name in (*names, *keywords)}
        kept = {name: value.copy() for name, value in given.items()}
        first = [case.array(case.point.upstream)] if form == "vjp" else []
        first += [given[name] for name in names]
        found = _plain(_called(claimed, first, {name: given[name] for name in keywords}, case), case)
        for name, value in given.items():
            if not np.array_equal(value, kept[name]):
                raise AssertionError(f"the function changes its argument {name} ({case.told})")
        _judge(judge, form, found, case)


def _called(claimed: Claimed, first: list[Array], given: Mapping[str, Array], case: _Case) -> Any:
    try:
        try:
            return claimed(*first, **given)
        except (TypeError, AttributeError):  # arrays may not be what it takes
            torch = sys.modules.get("torch")
            if torch is None:
                raise
            tensors = [torch.from_numpy(value) for value in map(np.asarray, (*first, *given.values()))]
            return claimed(*tensors[: len(first)], **dict(zip(given, tensors[len(first) :], strict=True)))
    except Exception as error:
        raise AssertionError(f"the function raises {type(error).__name__}: {error} ({case.told})") from error


def _plain(found: Any, case: _Case) -> Array:
    """What a function gave, as an array: of NumPy, or of a library that can be asked for one."""
    given = found.detach() if hasattr(found, "detach") else found
    try:
        value = np.asarray(given)
    except (TypeError, ValueError):
        value = np.empty(0, object)
    if value.dtype.kind not in "iuf":
        raise AssertionError(f"the function gives {type(found).__name__}, and not an array of numbers ({case.told})")
    if not np.all(np.isfinite(value)):
        raise AssertionError(f"the function gives entries that are not finite ({case.told})")
    return value


def _judge(judge: Judge, form: str, found: Array, case: _Case) -> None:
    at = Judge(judge.problem, layout=judge.laid.layout, vec=judge.laid.vec, at=case.point.values)
    single = case.dtype == "float32" or found.dtype.itemsize < np.dtype(float).itemsize
    at.rtol = judge.rtol if judge.rtol is not None else _LOOSE["float32" if single else "float64"]
    (point,) = at.points
    point.upstream, point.tangent = case.point.upstream, case.point.tangent
    verdict = judged_numbers(at, found, "what the function gives", form)
    if verdict.passed:
        return
    lines = [f"the {form} by {judge.wrt.name} is {verdict.verdict} {case.told}"]
    if verdict.condition:
        lines.append(f"it would be right if {verdict.condition}")
    if verdict.worst is not None:
        worst = verdict.worst
        lines.append(f"worst entry {worst.entry}: {worst.claimed:.6g}, true {worst.true:.6g}")
        lines.append(f"{verdict.differing} of {verdict.entries} entries differ ({verdict.pattern})")
    lines += [f"{told.kind}: {told.explanation}" for told in verdict.diagnosis]
    if verdict.truth:
        lines.append(f"closed form: {verdict.truth}")
        lines += [f"  where {name} = {body}" for name, body in verdict.where.items()]
    raise AssertionError("\n".join(lines))


def _cases(judge: Judge) -> list[_Case]:
    """Every size in double precision, and the first ones in single precision and spread out in memory."""
    found = [_Case(point, "float64", strided=False) for point in judge.points]
    first = judge.points[0]
    return [*found, _Case(first, "float64", strided=True), _Case(first, "float32", strided=False)]


def _wanted(claimed: Claimed, names: list[str], form: str) -> tuple[list[str], list[str]]:
    """The variables that a function takes by their place, and by their name; all by name where it cannot be asked."""
    try:
        parameters = inspect.signature(claimed).parameters.values()
    except (TypeError, ValueError):
        return [], names
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
        return [], names
    taken = list(parameters)[1 if form == "vjp" else 0 :]
    placed = [p.name for p in takewhile(lambda p: p.kind in _PLACED and p.name in names, taken)]
    return placed, [p.name for p in taken[len(placed) :] if p.name in names]
