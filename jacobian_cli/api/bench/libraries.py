"""How each library is asked for a derivative: what runs in the process of a contender."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from time import perf_counter
from types import ModuleType
from typing import Any

import numpy as np

Array = Any
Results = Sequence[Any]
_LONGEST = 0.3
"""Differences that would take more seconds are taken of some entries only."""
FIRST_STEP, SECOND_STEP = 1e-5, 1e-3
"""Steps of central differences, near the cube and the fourth root of what a float resolves."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked: which form of the derivative, by which arguments, at which point."""

    form: str
    wrt: Sequence[str]
    at: Mapping[str, Array]
    sizes: Mapping[str, int]
    delta: Array
    """The gradient that arrives from above."""
    directions: Mapping[str, Array]

    @property
    def out(self) -> int:
        """How many entries the value has."""
        return int(np.size(self.delta))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A contender that is ready: `run` finds the derivative, `numbers` makes arrays of NumPy of what it found."""

    run: Callable[[], Any]
    numbers: Callable[[Any], Results] = lambda found: [np.asarray(part) for part in found]
    share: float = 1.0
    """The share of the work that is done; of the rest it is told what it would take."""
    entries: Mapping[str, Sequence[int]] | None = None
    """For each variable the entries that are done, where that is not all."""


def function_of(module: ModuleType, name: str, task: Task) -> tuple[Callable[..., Any], list[str]]:
    """A function of the module with sizes put in, and the arrays that it takes, in order."""
    function = getattr(module, name)
    names = list(inspect.signature(function).parameters)
    extra = {n: task.sizes[n] for n in names if n not in task.at}
    arrays = [n for n in names if n in task.at]
    return lambda *given: function(**dict(zip(arrays, given, strict=True)), **extra), arrays


def by_jac(module: ModuleType, task: Task) -> Prepared:
    """The exported functions themselves."""
    at = dict(task.at)

    def called(name: str, **more: Any) -> Callable[[], Any]:
        function = getattr(module, name)
        names = inspect.signature(function).parameters
        given = {n: (at.get(n, more.get(n, task.sizes.get(n)))) for n in names}
        return lambda: function(**given)

    if task.form == "gradient":
        run = called("value_and_gradient")
        return Prepared(run, lambda found: [np.asarray(found[1][name]) for name in task.wrt])
    if task.form == "parts":
        parts = called("parts")
        return Prepared(parts, lambda found: [found[0], *found[1].values()] if isinstance(found, tuple) else [found])
    if task.form == "vjp":
        (upstream,) = [n for n in inspect.signature(module.backward).parameters if n not in at and n not in task.sizes]
        back = called("backward", **{upstream: task.delta})
        several = len(task.wrt) > 1
        return Prepared(back, lambda found: [found[0], *found[1].values()] if several else [found])
    runs = []
    for name in task.wrt:
        function = f"{task.form}_{name}"
        unknown = [n for n in inspect.signature(getattr(module, function)).parameters if n not in {*at, *task.sizes}]
        runs.append(called(function, **dict.fromkeys(unknown, task.directions[name])))
    return Prepared(lambda: [run() for run in runs])


def by_autograd(module: ModuleType, task: Task) -> Prepared:
    """HIPS autograd."""
    autograd = import_module("autograd")
    f, names = function_of(module, "value", task)
    arrays = [task.at[name] for name in names]
    places = tuple(names.index(name) for name in task.wrt)
    runs: dict[str, Callable[[], Any]] = {
        "gradient": lambda: autograd.value_and_grad(f, places)(*arrays)[1],
        "jacobian": lambda: [autograd.jacobian(f, k)(*arrays) for k in places],
        "hessian": lambda: [autograd.hessian(f, k)(*arrays) for k in places],
        "vjp": lambda: autograd.make_vjp(f, places)(*arrays)[0](task.delta),
        "jvp": lambda: [
            autograd.make_jvp(f, k)(*arrays)(task.directions[name])[1] for k, name in zip(places, task.wrt, strict=True)
        ],
        "hvp": lambda: [
            autograd.hessian_vector_product(f, k)(*arrays, task.directions[name])
            for k, name in zip(places, task.wrt, strict=True)
        ],
    }
    return Prepared(runs[task.form])


def by_jax(module: ModuleType, task: Task) -> Prepared:
    """JAX, compiled."""
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    f, names = function_of(module, "value", task)
    arrays = [jax.numpy.asarray(task.at[name]) for name in names]
    places = tuple(names.index(name) for name in task.wrt)
    along = [jax.numpy.asarray(task.directions[name]) for name in task.wrt]
    full = jax.jacrev if _narrow(task) else jax.jacfwd

    def moved(k: int, given: Sequence[Any], function: Callable[..., Any]) -> Callable[[Any], Any]:
        return lambda x: function(*given[:k], x, *given[k + 1 :])

    def pulled(given: Sequence[Any], delta: Any) -> Any:
        pull = jax.vjp(lambda *x: f(*_put(given, places, x)), *(given[k] for k in places))[1]
        return pull(delta)

    def pushed(given: Sequence[Any], directions: Sequence[Any], of: Callable[[int], Callable[..., Any]]) -> list[Any]:
        pairs = zip(places, directions, strict=True)
        return [jax.jvp(moved(k, given, of(k)), (given[k],), (v,))[1] for k, v in pairs]

    steps: dict[str, Callable[..., Any]] = {
        "gradient": lambda given, delta, along: jax.value_and_grad(f, places)(*given),
        "jacobian": lambda given, delta, along: full(f, places)(*given),
        "hessian": lambda given, delta, along: [jax.hessian(f, k)(*given) for k in places],
        "vjp": lambda given, delta, along: pulled(given, delta),
        "jvp": lambda given, delta, along: pushed(given, along, lambda k: f),
        "hvp": lambda given, delta, along: pushed(given, along, lambda k: jax.grad(f, k)),
    }
    step, delta = jax.jit(steps[task.form]), jax.numpy.asarray(task.delta)
    second = task.form == "gradient"
    return Prepared(
        lambda: jax.block_until_ready(step(arrays, delta, along)),
        lambda found: [np.asarray(part) for part in (found[1] if second else found)],
    )


def _narrow(task: Task) -> bool:
    """Whether the value has fewer entries than the variables: then it goes backwards."""
    return task.out <= sum(np.size(task.at[name]) for name in task.wrt)


def _put(given: Sequence[Any], places: Sequence[int], moved: Sequence[Any]) -> list[Any]:
    """The arguments with some of them replaced."""
    found = list(given)
    for k, x in zip(places, moved, strict=True):
        found[k] = x
    return found


def by_torch(module: ModuleType, task: Task, *, compiled: bool = False) -> Prepared:
    """PyTorch, step by step or compiled."""
    torch = import_module("torch")
    f, names = function_of(module, "value", task)
    if compiled:
        f = torch.compile(f)
    arrays = [torch.as_tensor(task.at[name]) for name in names]
    places = tuple(names.index(name) for name in task.wrt)
    leaves = [array.requires_grad_() if k in places else array for k, array in enumerate(arrays)]
    still = [array.detach() for array in arrays]
    delta = torch.as_tensor(task.delta)
    along = [torch.as_tensor(task.directions[name]) for name in task.wrt]
    full = torch.func.jacrev if _narrow(task) else torch.func.jacfwd

    def pulled(*upstream: Any) -> Any:
        return torch.autograd.grad(f(*leaves), [leaves[k] for k in places], *upstream)

    def pushed(of: Callable[[int], Callable[..., Any]]) -> list[Any]:
        found = []
        for k, v in zip(places, along, strict=True):
            found.append(torch.func.jvp(lambda x, k=k: of(k)(*_put(still, [k], [x])), (still[k],), (v,))[1])
        return found

    runs: dict[str, Callable[[], Any]] = {
        "gradient": pulled,
        "vjp": lambda: pulled(delta),
        "jacobian": lambda: full(f, places)(*still),
        "hessian": lambda: [torch.func.hessian(f, k)(*still) for k in places],
        "jvp": lambda: pushed(lambda k: f),
        "hvp": lambda: pushed(lambda k: torch.func.grad(f, k)),
    }
    return Prepared(runs[task.form], lambda found: [part.detach().numpy() for part in found])


def by_differences(module: ModuleType, task: Task) -> Prepared:
    """Central differences of the value; where they would take too long, of some entries, evenly spread."""
    f, names = function_of(module, "value", task)
    arrays = [np.asarray(task.at[name], float) for name in names]
    places = [names.index(name) for name in task.wrt]

    def value(k: int, x: Array) -> Array:
        found = f(*_put(arrays, [k], [x]))
        return np.sum(found * task.delta) if task.form == "vjp" else np.asarray(found)

    if task.form == "jvp":
        along = [(k, FIRST_STEP * task.directions[name]) for k, name in zip(places, task.wrt, strict=True)]
        return Prepared(
            lambda: [(value(k, arrays[k] + v) - value(k, arrays[k] - v)) / (2 * FIRST_STEP) for k, v in along]
        )
    counts = {name: arrays[k].size for k, name in zip(places, task.wrt, strict=True)}
    second = task.form == "hessian"
    work = sum(4 * n * n if second else 2 * n for n in counts.values())
    once = min(_timed(lambda: value(places[0], arrays[places[0]])) for _ in range(3))
    some = max(2, int((_LONGEST / len(counts) / once) ** 0.5 / 2 if second else _LONGEST / len(counts) / once / 2))
    chosen = {name: _spread(n, some) for name, n in counts.items()}
    done = sum(4 * len(c) * len(c) if second else 2 * len(c) for c in chosen.values())

    def run() -> list[Array]:
        return [
            (_bent if second else _slopes)(partial(value, k), arrays[k], chosen[name])
            for k, name in zip(places, task.wrt, strict=True)
        ]

    return Prepared(run, share=done / work, entries=chosen if done < work else None)


def _timed(run: Callable[[], Any]) -> float:
    start = perf_counter()
    run()
    return max(perf_counter() - start, 1e-9)


def _spread(count: int, wanted: int) -> list[int]:
    return [int(k) for k in np.unique(np.linspace(0, count - 1, min(count, wanted)).astype(int))]


def _moved(x: Array, k: int, step: float) -> Array:
    found = x.copy()
    found.reshape(-1)[k] += step
    return found


def _slopes(value: Callable[[Array], Array], x: Array, entries: Sequence[int]) -> Array:
    """One column for each entry of x."""
    columns = [(value(_moved(x, k, FIRST_STEP)) - value(_moved(x, k, -FIRST_STEP))) / (2 * FIRST_STEP) for k in entries]
    return np.stack(columns, -1) if columns else np.zeros(0)


def _bent(value: Callable[[Array], Array], x: Array, entries: Sequence[int]) -> Array:
    h = SECOND_STEP

    def at(i: int, j: int, up: int, along: int) -> Array:
        return value(_moved(_moved(x, i, up * h), j, along * h))

    rows = [
        [(at(i, j, 1, 1) - at(i, j, 1, -1) - at(i, j, -1, 1) + at(i, j, -1, -1)) / (4 * h * h) for j in entries]
        for i in entries
    ]
    return np.asarray(rows)


LIBRARIES: dict[str, Callable[..., Prepared]] = {
    "jac": by_jac,
    "autograd": by_autograd,
    "jax": by_jax,
    "torch": by_torch,
    "torch.compile": lambda module, task: by_torch(module, task, compiled=True),
    "differences": by_differences,
}
"""Who is asked, by the name that a contender bears in its orders."""
