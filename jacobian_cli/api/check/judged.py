"""The verdict on one claim, with all that is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from jacobian_cli.api.check.answer import RIGHT, RIGHT_IF, WRONG, Check, Worst
from jacobian_cli.api.check.claim import Claim
from jacobian_cli.api.check.conditions import conditional_verdict
from jacobian_cli.api.check.counterexample import counterexample
from jacobian_cli.api.check.diagnose import diagnose, settled
from jacobian_cli.api.check.judge import Judge, Verdict
from jacobian_cli.api.check.reach import reach
from jacobian_cli.api.check.scalars import if_numbers, of_its_size
from jacobian_cli.api.input.arguments import word
from jacobian_cli.checks.every_size.certificate import Certificate
from jacobian_cli.checks.points.sampling import NoPointError
from jacobian_cli.checks.verdict.claim import FORMS, Difference, Meaning, difference
from jacobian_cli.expr import Expr
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Call, Definition, terms_in


def judged(
    judge: Judge, claim: str, form: str | None = None, syntax: str | None = None, *, certify: bool = True
) -> Check:
    """The verdict on one claim, if right with the sizes for which it is proven. Raises `InputError` for what cannot be
    read at all.
    """
    if form is not None:
        word(form, FORMS, "there is no form {}", "a claim is one of " + ", ".join(FORMS))
    if form == "hessian" and judge.problem.output.shape:
        raise InputError("a Hessian is that of a scalar", text=judge.problem.text)
    judge.forget()
    read = judge.reader.read(claim, form, syntax)
    if read.expr is None:
        as_code = _right_in_code(judge, claim, form) if syntax is None and _flat(judge, read) else None
        return as_code or _answer(judge, read, Verdict(None, None), None)
    sized = of_its_size(judge, read)
    if sized is not judge:
        read = sized.reader.read(claim, form, syntax)
        if read.expr is None:
            return _answer(sized, read, Verdict(None, None), None)
        (size,) = sized.wrt.shape
        said = f"`{judge.wrt.name}` has {size} entries, as the claim lists: `-s {judge.wrt.name}={size}`"
        read = replace(read, warnings=(*read.warnings, said))
    assert read.expr is not None
    judge = sized.with_room_for(read.expr)
    found = _answer(judge, read, conditional_verdict(judge, read.expr, read.form), read.expr)
    return _proven(judge, read, found) if certify and found.passed else found


def _proven(judge: Judge, read: Claim, found: Check) -> Check:
    """A right claim with its certificate; where an exact comparison doubts it, numbers of those sizes decide."""
    assert read.expr is not None
    meaning = conditional_verdict(judge, read.expr, read.form).meaning
    reached = None if meaning is None else reach(judge, read.expr, meaning)
    if isinstance(reached, Certificate):
        return replace(found, certificate=reached)
    if reached is None:
        return found
    try:
        judge = judge.at_sizes_too(reached.sizes)
        verdict = conditional_verdict(judge, read.expr, read.form)
    except (NoPointError, ValueError, IndexError, np.linalg.LinAlgError):
        return found
    return found if verdict.meaning is not None and verdict.meaning.right else _answer(judge, read, verdict, read.expr)


def _flat(judge: Judge, read: Claim) -> bool:
    """Whether a claim multiplies by @ and turns no vector: whoever does has columns and rows."""
    calls = [term for term in terms_in(read.term) if isinstance(term, Call)]
    turned = [judge.reader.built(call.arguments[0], read.text) for call in calls if call.function == ".T"]
    columns = any(not isinstance(one, InputError) and len(one.shape) == 1 for one in turned)
    return not columns and any(call.function == "@" for call in calls)


def _right_in_code(judge: Judge, claim: str, form: str | None) -> Check | None:
    """The verdict where a claim is right as NumPy multiplies: `w@C` of a vector, which is no column there."""
    try:
        read = judge.reader.read(claim, form, "numpy")
    except InputError:
        return None
    if read.expr is None:
        return None
    judge = judge.with_room_for(read.expr)
    verdict = conditional_verdict(judge, read.expr, read.form)
    right = verdict.meaning is not None and verdict.meaning.right and not verdict.condition
    return _answer(judge, read, verdict, read.expr) if right else None


def judged_source(judge: Judge, definitions: Sequence[Definition], form: str | None = None) -> Check:
    """The verdict on a Python function, which is read and not run. Raises `InputError` for names that are not known."""
    judge.forget()
    read = judge.reader.read_definitions(definitions, form)
    if read.expr is None:
        return _answer(judge, read, Verdict(None, None), None)
    judge = judge.with_room_for(read.expr)
    return _answer(judge, read, conditional_verdict(judge, read.expr, read.form), read.expr)


def _answer(judge: Judge, read: Claim, verdict: Verdict, expr: Expr | None) -> Check:
    if expr is not None:
        verdict = settled(judge, read, verdict, expr)
    form = _form(judge, read, verdict)
    common: dict[str, Any] = {
        "claim": read.text.strip(),
        "wrt": judge.wrt.name,
        "form": form,
        "points": len(judge.points),
        "notes": judge.notes(),
        "expression": judge.problem.text,
        "truth": judge.truth(form),
        "where": judge.derivation.where,
        "read": read.read,
        "warnings": tuple(dict.fromkeys((*judge.problem.warnings, *read.warnings))),
    }
    if verdict.meaning is not None and verdict.meaning.right and not verdict.condition:
        return Check(RIGHT, convention=verdict.meaning.convention, **common)
    found: dict[str, Any] = {}
    if expr is not None and verdict.nearest is not None and (verdict.meaning is None or verdict.declare):
        found = _differing(judge, expr, _shown(judge, verdict, expr, read.form))
    if verdict.meaning is not None:
        return Check(
            RIGHT_IF,
            convention=verdict.meaning.convention,
            condition=verdict.condition,
            declare=verdict.declare,
            diagnosis=tuple(diagnose(judge, read, verdict, expr)),
            **common,
            **found,
        )
    if expr is not None:
        _finite(judge, read, expr)
    nearest = verdict.nearest
    common["notes"] = (*common["notes"], *if_numbers(judge, read))
    return Check(
        WRONG,
        convention=nearest.convention if nearest else "",
        diagnosis=tuple(diagnose(judge, read, verdict, expr)),
        counterexample=counterexample(judge, expr, nearest) if expr is not None and nearest else None,
        **common,
        **found,
    )


def _shown(judge: Judge, verdict: Verdict, expr: Expr, form: str | None) -> Meaning:
    """The meaning asked for that has the shape of a claim, to show where it differs."""
    assert verdict.nearest is not None
    (array, *_) = judge.values(expr, judge.points[:1])
    return next(
        (m for m in judge.meanings(form) if m.right and np.shape(m.of(judge.points[0])) == np.shape(array)),
        verdict.nearest,
    )


def _differing(judge: Judge, expr: Expr, meaning: Meaning) -> dict[str, Any]:
    """The worst entry over all points, and the pattern there."""
    worst: Difference | None = None
    for point, claimed in zip(judge.points, judge.values(expr, judge.points), strict=True):
        true = np.asarray(meaning.of(point), float)
        if np.shape(true) != np.shape(claimed):
            continue
        found = difference(point, claimed, true, max(judge.tolerance(), 1e-9))
        if worst is None or found.error > worst.error:
            worst = found
    if worst is None:
        return {}
    label = judge.wrt.name if meaning.form in ("gradient", "vjp") else {"hessian": "H"}.get(meaning.form, "J")
    entry = label + (f"[{','.join(str(k + 1) for k in worst.at)}]" if worst.at else "")
    return {
        "max_relative_error": worst.error,
        "worst": Worst(entry, worst.claimed, worst.true),
        "differing": worst.differing,
        "entries": worst.entries,
        "pattern": worst.pattern,
        "drawn": worst.drawn,
    }


def _finite(judge: Judge, read: Claim, expr: Expr) -> None:
    """Refuse a claim that has no value anywhere."""
    if not any(np.all(np.isfinite(array)) for array in judge.values(expr, judge.points)):
        raise InputError("the claim has no value at any point tried: it is infinite or undefined", text=read.text)


def _form(judge: Judge, read: Claim, verdict: Verdict) -> str:
    found = verdict.meaning or verdict.nearest
    return found.form if found is not None else read.form or judge.usual_form()
