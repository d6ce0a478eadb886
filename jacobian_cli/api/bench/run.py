"""`bench`: how a closed form compares with automatic differentiation, here and now."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from jacobian_cli.api.bench.answer import Bench, Growth
from jacobian_cli.api.bench.contenders import AGAINST, MOST, RACED, contenders
from jacobian_cli.api.bench.libraries import Task
from jacobian_cli.api.bench.race import race
from jacobian_cli.api.bench.validate import Judging
from jacobian_cli.api.derive.derivation import derivations
from jacobian_cli.api.derive.source import Written
from jacobian_cli.api.input.arguments import word
from jacobian_cli.api.input.problem import Formulas, Problem, ShapeLike, names_of, pose, shapes_of, statements_of
from jacobian_cli.checks.points.sampling import NoPointError, sample
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import size_names
from jacobian_cli.ops.places import places_of
from jacobian_cli.shape import shape_text
from jacobian_cli.syntax.errors import InputError

NOMINAL = 64
"""What a size is that nobody gave."""
SECONDS = 20.0
_ORDER = ("autograd", "JAX, jitted", "PyTorch")
"""Who is the reference, if there: engines that share nothing with us."""


def bench(
    expression: Formulas,
    wrt: str | Sequence[str] | None = None,
    shapes: Mapping[str, ShapeLike] | None = None,
    *,
    order: int = 1,
    form: str | None = None,
    sizes: Mapping[str, int] | None = None,
    seconds: float = SECONDS,
    against: str | Sequence[str] = AGAINST,
) -> Bench:
    """Time a derivative in closed form beside autograd, JAX, PyTorch and differences, each in a process of its own.

    Of a scalar it is the gradient, of anything else the Jacobian, with `order=2` the Hessian; `form` names another:
    vjp, jvp, hvp. Sizes that are letters are those of `sizes`, or 64. Each contender is held to be right before it is
    timed, in turns with the others, for about so many `seconds`; those that are not installed are listed as such.
    `against` chooses among autograd, jax, torch, torch.compile and differences.

    Raises `InputError` for what `derive` refuses, and where the formula has no value at such sizes.

    >>> import jacobian_cli as jac
    >>> found = jac.bench("x.T@A@x", wrt="x", sizes={"n": 8}, seconds=0.1)
    >>> found.rows[0].name, found.rows[0].state, found.passed
    ('jac', 'timed', True)
    """
    names = None if wrt is None else names_of(wrt)
    problem = pose(statements_of(expression, names or (), shapes_of(shapes)), names, shapes_of(shapes))
    return bench_of(problem, form_of(problem, form, order), sizes or {}, seconds, against=rivals(against))


def form_of(problem: Problem, form: str | None, order: int = 1) -> str:
    """Which derivative is timed. Raises `InputError` where there is none such."""
    if form is not None:
        word(form, RACED, "there is no form {}")
    found = form or ("hessian" if order == 2 else "jacobian" if problem.output.shape else "gradient")
    if problem.output.shape and found in ("gradient", "hessian", "hvp"):
        raise InputError(
            f"a {found} is that of a scalar; {problem.name} is {shape_text(problem.output.shape)}",
            hint="sum it, or time its jacobian or its vjp",
        )
    return found


def rivals(names: str | Sequence[str]) -> list[str]:
    """Who takes part beside us: `"jax,torch"`, or a sequence. Raises `InputError` for who is not known."""
    found = [name.strip() for name in (names.split(",") if isinstance(names, str) else names)]
    for name in found:
        word(name, AGAINST, "there is no contender {}")
    return found


def written_of(problem: Problem, form: str) -> list[Written]:
    """What stands of the derivatives, as source is written of it."""
    return [each.written() for each in derivations(problem, second=form in ("hessian", "hvp"))]


def growth(
    problem: Problem,
    form: str,
    scale: str,
    at: Sequence[int],
    seconds: float = SECONDS,
    say: Callable[[str], object] = len,
    sizes: Mapping[str, int] | None = None,
    against: Sequence[str] = AGAINST,
) -> Growth:
    """Races at several sizes of the same name, those of other names as they are."""
    names = size_names([problem.output, *problem.variables.values()])
    if scale not in names:
        told = f"there are {', '.join(names)}" if names else "give a shape a letter: -s W=n,n"
        raise InputError(f"there is no size {scale} in this formula", hint=told)
    answers = written_of(problem, form)
    races = [_race(problem, answers, form, {**(sizes or {}), scale: n}, seconds / len(at), say, against) for n in at]
    return Growth(scale, tuple(at), tuple(races))


def bench_of(
    problem: Problem,
    form: str,
    sizes: Mapping[str, int],
    seconds: float = SECONDS,
    say: Callable[[str], object] = len,
    against: Sequence[str] = AGAINST,
) -> Bench:
    """The race for a problem that is posed."""
    return _race(problem, written_of(problem, form), form, sizes, seconds, say, against)


def _race(
    problem: Problem,
    answers: Sequence[Written],
    form: str,
    given: Mapping[str, int],
    seconds: float,
    say: Callable[[str], object],
    against: Sequence[str],
) -> Bench:
    names = size_names([problem.output, *problem.variables.values()])
    sizes = {name: int(given.get(name, NOMINAL)) for name in names}
    task = task_of(problem, form, sizes)
    listed = contenders(answers, form, sizes, against)
    judging = Judging(answers, task)
    first = sorted(listed, key=lambda c: _ORDER.index(c.name) if c.name in _ORDER else len(_ORDER))
    orders = {c.name: {"library": c.library, "form": c.form, "wrt": list(task.wrt), "sizes": sizes} for c in listed}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with TemporaryDirectory(prefix="jac-bench-") as folder:
        _stored(Path(folder), task)
        rows = race(Path(folder), first, orders, judging.judge, cores=cores, seconds=seconds, say=say)
    by_name = {row.name: row for row in rows}
    return Bench(
        problem.text,
        form,
        tuple(task.wrt),
        sizes,
        {name: tuple(size.at(sizes) for size in v.shape) for name, v in problem.variables.items()},
        tuple(by_name[c.name] for c in listed),
        cores,
        judging.reference,
        tuple(name for name in names if name not in given),
        _versions(),
    )


def task_of(problem: Problem, form: str, sizes: Mapping[str, int]) -> Task:
    """A point, and what arrives from above and where it moves. Raises `InputError` where there is no such point."""
    lengths = {name: [size.at(sizes) for size in v.shape] for name, v in problem.variables.items()}
    for name, shape in lengths.items():
        if np.prod(shape, dtype=float) > MOST:
            raise InputError(
                f"{name} would have {int(np.prod(shape, dtype=float)):,} entries", hint="give smaller sizes"
            )
    rng = np.random.default_rng(0)
    at = _point(problem, sizes, lengths, rng)
    value = np.asarray(evaluate(problem.output, at, sizes), float)
    delta = rng.standard_normal(value.shape) if form == "vjp" else np.ones(value.shape)
    wrt = [v.name for v in problem.wrt]
    directions = {name: rng.standard_normal(lengths[name]) for name in wrt}
    return Task(form, wrt, at, sizes, delta, directions)


def _point(
    problem: Problem, sizes: Mapping[str, int], lengths: Mapping[str, Sequence[int]], rng: np.random.Generator
) -> dict[str, Any]:
    """Numbers that keep what a matrix multiplies at its length, or positive ones; else whatever has a value at all."""
    picking = places_of([problem.output])
    for positive in (False, True):
        at = {}
        for name, shape in lengths.items():
            if name in picking or problem.facts.get(name):
                break
            drawn = rng.uniform(0.3, 1.7, shape) if positive else rng.standard_normal(shape)
            at[name] = drawn / np.sqrt(shape[-1]) if len(shape) > 1 else drawn
        if len(at) == len(lengths) and np.all(np.isfinite(evaluate(problem.output, at, sizes))):
            return at
    try:
        at = dict(sample(problem.output, sizes, rng, facts=problem.facts))
    except NoPointError as error:
        raise InputError(str(error), hint="it is timed at a point where the formula has a value") from None
    for name, shape in lengths.items():
        at.setdefault(name, rng.standard_normal(shape))
    return at


def _stored(folder: Path, task: Task) -> None:
    arrays: dict[str, Any] = {f"at_{name}": array for name, array in task.at.items()}
    arrays |= {f"v_{name}": array for name, array in task.directions.items()}
    np.savez(folder / "point.npz", delta=task.delta, **arrays)


def _versions() -> dict[str, str]:
    found = {}
    for name in ("numpy", "autograd", "jax", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
