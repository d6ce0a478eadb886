"""Numbers for a formula: an array that somebody's program gives for a derivative, judged at one point."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from jacobian_cli.api.check.answer import RIGHT, RIGHT_IF, WRONG, Check, Diagnosis, Worst
from jacobian_cli.api.check.diagnose import explained_numbers
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.input.arguments import word
from jacobian_cli.checks.verdict.claim import FORMS, difference, meanings, same
from jacobian_cli.syntax.errors import InputError

Array = Any
_LARGEST = 10_000_000


def judged_numbers(judge: Judge, claimed: Array, name: str, form: str | None = None) -> Check:
    """The verdict on an array at the point of a judge. Single precision is judged as such.

    Raises `InputError` for an array that holds no finite numbers, or where no point is given.
    """
    if judge.at is None:
        raise InputError("numbers are judged at a point", hint="give the values of all variables with --at")
    if form is not None:
        word(form, FORMS, "there is no form {}", "a claim is one of " + ", ".join(FORMS))
    given = np.asarray(claimed)
    if given.dtype.kind not in "iuf" or not np.all(np.isfinite(given)):
        raise InputError(f"{name} does not hold finite numbers")
    tolerance = judge.rtol if judge.rtol is not None else _tolerance(given)
    value, (point,) = np.asarray(given, float), judge.points
    listed = meanings(judge.function, form, judge.laid)
    common: dict[str, Any] = {
        "claim": name,
        "wrt": judge.wrt.name,
        "points": 1,
        "notes": judge.notes(),
        "expression": judge.problem.text,
    }
    fitting = [m for m in listed if np.shape(m.of(point)) == value.shape]
    for meaning in fitting:
        if same(point, value, np.asarray(meaning.of(point), float), tolerance):
            said: dict[str, Any] = {
                "form": meaning.form,
                "convention": meaning.convention,
                "truth": judge.truth(meaning.form),
            }
            return Check(RIGHT if meaning.right else RIGHT_IF, condition=meaning.condition or None, **said, **common)
    if not fitting:
        wanted = " or ".join(dict.fromkeys(str(np.shape(m.of(point))) for m in listed if m.right))
        told = Diagnosis("shape", name, f"it has the shape {value.shape}, the derivative {wanted}", "")
        return Check(WRONG, form=form or judge.usual_form(), diagnosis=(told,), **common)
    meaning = fitting[0]
    found = difference(point, value, np.asarray(meaning.of(point), float), tolerance)
    label = judge.wrt.name if meaning.form in ("gradient", "vjp") else {"hessian": "H"}.get(meaning.form, "J")
    entry = label + (f"[{','.join(str(k + 1) for k in found.at)}]" if found.at else "")
    return Check(
        WRONG,
        form=meaning.form,
        convention=meaning.convention,
        max_relative_error=found.error,
        worst=Worst(entry, found.claimed, found.true),
        differing=found.differing,
        entries=found.entries,
        pattern=found.pattern,
        drawn=found.drawn,
        diagnosis=tuple(explained_numbers(judge, value, form, tolerance)),
        truth=judge.truth(meaning.form),
        where=judge.derivation.where,
        **common,
    )


def _tolerance(given: Array) -> float:
    """What rounding may have done, by the precision of the array."""
    return 1e-3 if given.dtype.itemsize <= 2 else 1e-4 if given.dtype == np.float32 else 1e-6


def read_array(path: str) -> Array:
    """The array in a `.npy` file. Raises `InputError` for anything else."""
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no file {path}", hint="--values names a .npy file")
    if file.stat().st_size > 8 * _LARGEST:
        raise InputError(f"{path} holds too many numbers (limit {_LARGEST:,})")
    try:
        with file.open("rb") as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise InputError(f"{path} is no .npy file of numbers", hint="write it with numpy.save") from None
