"""A claim that is somebody's Python function, run in a child process of its own with a time limit."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jacobian_cli.api.check.answer import Check
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.numbers import judged_numbers
from jacobian_cli.checks.verdict.claim import TruePoint
from jacobian_cli.syntax.errors import InputError

Array = Any
SECONDS = 20.0
"""After so long a function is taken not to come back."""
_UPSTREAM = ("delta", "upstream", "dout", "grad_output", "g", "δ")


def judged_by_running(judge: Judge, named: str, form: str | None = None, seconds: float = SECONDS) -> Check:
    """The verdict on a function, `solution.py:my_backward`, by what it gives at the points of a judge.

    It is called by the names of its parameters; a first one called delta, or with `form="vjp"` any, is the upstream
    gradient. Raises `InputError` if it cannot be run, raises itself, changes its arguments, gives no array of finite
    numbers, or does not end within `seconds`.
    """
    path, name, parameters = _function(named)
    variables = judge.problem.variables
    backward = form == "vjp" or (form is None and parameters[:1] != [] and parameters[0] in _UPSTREAM)
    wanted = parameters[1:] if backward else parameters
    for parameter in wanted:
        if parameter not in variables:
            known = ", ".join(variables)
            raise InputError(f"'{parameter}' is not in the function", text=named, hint=f"the function has {known}")
    form = "vjp" if backward else form or judge.usual_form()
    calls = [_call(point, wanted, backward=backward) for point in judge.points]
    answer: Check | None = None
    for point, found in zip(judge.points, _run(path, name, calls, seconds), strict=True):
        if not np.all(np.isfinite(found)):
            raise InputError(f"{name} gives entries that are not finite", text=named)
        at = Judge(judge.problem, layout=judge.laid.layout, vec=judge.laid.vec, rtol=judge.rtol, at=point.values)
        at.points[0].upstream, at.points[0].tangent = point.upstream, point.tangent
        answer = judged_numbers(at, found, named, form)
        if not answer.passed:
            break
    assert answer is not None
    return replace(answer, points=len(calls))


def _function(named: str) -> tuple[str, str, list[str]]:
    """File, name and parameters of a function, read and not run."""
    path, name = named, ""
    if not Path(path).exists() and ":" in named:
        path, _, name = named.rpartition(":")
    try:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, SyntaxError, RecursionError):
        raise InputError(f"{path} is no Python") from None
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if not name and len(found) == 1:
        (name,) = found
    if name not in found:
        hint = f"it has {', '.join(found)}" if found else "a function is written with def"
        raise InputError(f"which function of {path} is to be judged?", text=named, hint=f"name it, FILE:NAME; {hint}")
    return path, name, [a.arg for a in (*found[name].args.posonlyargs, *found[name].args.args)]


def _call(point: TruePoint, wanted: Sequence[str], *, backward: bool) -> dict[str, Array]:
    return {**({"0": point.upstream} if backward else {}), **{name: point.values[name] for name in wanted}}


def _run(path: str, name: str, calls: Sequence[dict[str, Array]], seconds: float) -> list[Array]:
    """What a function gives in each call."""
    sent = io.BytesIO()
    arrays: dict[str, Any] = {f"{k}:{n}": np.asarray(v) for k, call in enumerate(calls) for n, v in call.items()}
    np.savez(sent, **arrays)
    command = [sys.executable, "-I", str(Path(__file__).with_name("child.py")), path, name]
    try:
        done = subprocess.run(command, input=sent.getvalue(), capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise InputError(f"{name} does not end within {seconds:g} seconds") from None
    try:
        with np.load(io.BytesIO(done.stdout), allow_pickle=False) as archive:
            found = {key: archive[key] for key in archive.files}
    except (ValueError, EOFError, OSError):
        raise InputError(f"{name} ends the process it runs in") from None
    for key, value in found.items():
        if key.startswith("e"):
            raise InputError(f"{name} {value}")
    return [found[f"r{k}"] for k in range(len(calls))]
