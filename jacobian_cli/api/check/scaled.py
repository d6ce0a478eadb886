"""Claims that are a multiple of the derivative: the sign, and the factor, told at all points at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from jacobian_cli.api.check.judge import Judge
from jacobian_cli.checks.mistakes.ratio import TOLERANCE, Factor, factors, ratio
from jacobian_cli.checks.verdict.claim import Meaning, TruePoint
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Expr, walk
from jacobian_cli.printers.language import text

Array = Any


def scaled(
    judge: Judge, claimed: Sequence[Array], form: str | None, tolerance: float = TOLERANCE
) -> Iterator[tuple[str, str]]:
    """Kind and words of what makes the derivative these values, one at each point of a judge: numbers, sizes,
    parameters.
    """
    for meaning in _meanings(judge, form):
        points, ratios = _ratios(judge, claimed, meaning, tolerance)
        if not points:
            continue
        several = len(points) > 1
        scalars = [_parameters(judge, point) if several else {} for point in points]
        found = list(factors(ratios, [point.sizes for point in points], scalars, tolerance))
        if not found:
            continue
        if not meaning.right:
            yield "transposed", "it is laid out as the transpose"
        if found[0].negative:
            yield "sign", "the sign of the whole is wrong"
        if found[0].above != found[0].below:
            kind = "unit_factor" if found[0].value and found[0].above == "1" else "factor"
            yield kind, _words([f for f in found if not f.value] if not several else found[:1])
        return


def scaled_by_part(judge: Judge, expr: Expr, form: str | None) -> Iterator[tuple[str, str]]:
    """The same where the factor is a number that formula and derivative work out on the way."""
    parts = {text(part): part for part in _parts(judge)}
    truth = judge.closed_form(form or judge.usual_form())
    for meaning in _meanings(judge, form):
        points, ratios = _ratios(judge, judge.values(expr, judge.points), meaning)
        if len(points) < 2 or not meaning.right:
            continue
        scalars = [_worked_out(parts, point) for point in points]
        one = next(factors(ratios, [point.sizes for point in points], scalars), None)
        if one is None or not one.value:
            return
        here, there = (parts[one.value] in set(walk([e])) for e in (expr, truth))
        if here and there:
            yield "inverse_power", f"the power of {one.value} is wrong"
        elif here:
            yield "extra_derivative", f"a factor {_quotient(one.above, one.below)} too much"
        else:
            yield "missing_derivative", f"a factor {_quotient(one.below, one.above)} is left out"
        if one.negative:
            yield "sign", "the sign of the whole is wrong"
        return


def _meanings(judge: Judge, form: str | None) -> list[Meaning]:
    return [m for m in judge.meanings(form) if m.right or m.convention == "transposed"]


def _ratios(
    judge: Judge, claimed: Sequence[Array], meaning: Meaning, tolerance: float = TOLERANCE
) -> tuple[list[TruePoint], list[float]]:
    """The points at which the derivative is not zero, and the number that the claim is of it there; none where it is no
    multiple.
    """
    points, ratios = [], []
    for point, value in zip(judge.points, claimed, strict=True):
        true = judge.true(meaning, point)
        if not np.any(true) and value.shape == true.shape and not np.any(value):
            continue
        found = ratio(value, true, tolerance)
        if found is None:
            return [], []
        points.append(point)
        ratios.append(found)
    return points, ratios


def _words(alike: Sequence[Factor]) -> str:
    """The factor that is wrong; at one point several may be of one value."""
    little = alike[0].above == "1"
    said = list(dict.fromkeys(f.below if little else _quotient(f.above, f.below) for f in alike))
    others = [other for other in said[1:] if other.isidentifier()]
    also = f" (or {' or '.join(others)}, which is the same here)" if others else ""
    return f"a factor {said[0]} too {'little' if little else 'much'}{also}"


def _quotient(above: str, below: str) -> str:
    return above if below == "1" else f"{above}/({below})" if "*" in below else f"{above}/{below}"


def _parameters(judge: Judge, point: TruePoint) -> Mapping[str, float]:
    scalars = (name for name, v in judge.problem.variables.items() if not v.shape and name != judge.wrt.name)
    return {name: float(point.values[name]) for name in scalars}


def _worked_out(parts: Mapping[str, Expr], point: TruePoint) -> Mapping[str, float]:
    values = {name: float(evaluate(part, point.values, point.sizes)) for name, part in parts.items()}
    return {name: value for name, value in values.items() if np.isfinite(value) and value}


def _parts(judge: Judge) -> list[Expr]:
    """The parts of formula and gradient that are numbers."""
    kept: list[Expr] | None = judge.__dict__.get("scalar_parts")
    if kept is None:
        roots = [judge.problem.output, *filter(None, [judge.derivation.forms.gradient])]
        found: list[Expr] = [n for n in walk(roots) if isinstance(n, Apply) and not n.shape and n.function != "u-"]
        found += [judge.wrt] if not judge.wrt.shape else []
        kept = list(dict.fromkeys(found))[:_MOST]
        judge.__dict__["scalar_parts"] = kept
    return kept


_MOST = 12
