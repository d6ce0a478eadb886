"""What closed forms are to reach beside automatic differentiation, and what they do reach on this machine.

    python -m tests.benchmarks.reach                  every task
    python -m tests.benchmarks.reach hessian layer    those with one of these words in their titles

Ratios are of medians of interleaved runs of one race: how many times as long the other takes. JAX and PyTorch are
compared with where they are installed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

import jacobian_cli as jac
from jacobian_cli.api.bench.answer import Bench

OURS, PARTS, TORCH_RULE, JAX_RULE = "jac", "jac, structured", "jac in PyTorch", "jac in JAX"
AUTOGRAD, JAX, TORCH = "autograd", "JAX, jitted", "PyTorch"
NEURON = "u.T@sigmoid(W@x + b)"
BLOCK = (
    "N = layernorm(X)",
    "A = X + softmax(N@Wq@(N@Wk).T/sqrt(h))@(N@Wv)@Wo",
    "Y = A + relu(layernorm(A)@W1)@W2",
)
BLOCK_SHAPES = {
    "X": "n,d", "Wq": "d,h", "Wk": "d,h", "Wv": "d,p", "Wo": "p,d", "W1": "d,f", "W2": "f,d"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """A race, and of which two contenders the times are compared: ours, theirs, and the ratio to reach."""

    title: str
    formula: str | tuple[str, ...]
    wrt: str
    form: str
    sizes: Mapping[str, int]
    reach: Sequence[tuple[str, str, float]]
    against: str = "autograd,jax"
    shapes: Mapping[str, str] | None = None
    limits: Mapping[str, str] = field(default_factory=dict)
    """What keeps each of ours from its aim, as a profile shows it; printed where the aim is not reached."""


_SOLO, _SQUARES = "x.T@A@x", "norm(T - U@V.T)**2"
_LOGISTIC = "sum(log(1 + exp(-y*(X@w))))"
_FUSED = (
    "PyTorch's own sends softmax back in one run over the entries, by a kernel that has no public name; product, total,"
    " difference and product are four, of which two ask for memory"
)
_BUSY = "who else uses the cores that BLAS spreads its threads over; in time of one core"
_XLA = (
    "for CPUs XLA (of JAX 0.10) puts Q Kᵀ and the largest entries of its rows, and Δ Vᵀ and the totals of its rows,"
    " into one kernel each, which takes 3.3 ms where product and rest take 1.9 and 0.2; autodiff reads these products"
    " twice more, so that they stay apart. In time of one core 14.2 to 12.3 ms, for the same five products and two"
    " thirds of the bytes; with XLA_FLAGS=--xla_cpu_experimental_ynn_fusion_type= 14.0 to 14.2"
)
_RULES = ((TORCH_RULE, TORCH, 1.0), (JAX_RULE, JAX, 1.0))
TASKS = (
    Task("hessian of xᵀAx, n = 1000", _SOLO, "x", "hessian", {"n": 1000}, ((OURS, JAX, 15),), "jax"),
    Task("hessian of xᵀAx, n = 300", _SOLO, "x", "hessian", {"n": 300}, ((OURS, AUTOGRAD, 80),)),
    Task(
        "hessian of ‖T−UVᵀ‖², n = 200, k = 5", _SQUARES, "U", "hessian", {"n": 200, "m": 200, "k": 5},
        ((OURS, JAX, 100), (PARTS, JAX, 10_000)), "jax",
    ),
    Task(
        "hessian of ‖T−UVᵀ‖², n = 40, k = 5", _SQUARES, "U", "hessian", {"n": 40, "m": 40, "k": 5},
        ((OURS, AUTOGRAD, 200),),
    ),
    Task(
        "hessian of logistic regression, X 1000 × 500", _LOGISTIC, "w", "hessian", {"n": 1000, "m": 500},
        ((OURS, JAX, 2),), "jax",
        limits={OURS: f"{_BUSY} it is 3.5: 9.2 to 32.4 ms, of which the symmetric product alone takes 8.3"},
    ),
    Task(
        "hvp of logistic regression, X 1000 × 500", _LOGISTIC, "w", "hvp", {"n": 1000, "m": 500},
        ((OURS, JAX, 1),), "jax",
    ),
    *(
        Task(
            f"jacobian of σ(Wx+b) by W, n = m = {n}", "sigmoid(W@x + b)", "W", "jacobian", {"n": n, "m": n},
            ((OURS, AUTOGRAD, 15), (OURS, JAX, 1)),
        )
        for n in (64, 128)
    ),
    Task(
        "gradient of a layer by W, n = m = 512", NEURON, "W", "gradient", {"n": 512, "m": 512},
        ((OURS, AUTOGRAD, 1), (OURS, TORCH, 0.5)), "autograd,torch",
    ),
    Task(
        "vjp of a transformer block, T = 64, D = 128, F = 512", BLOCK, "X,Wq,Wk,Wv,Wo,W1,W2", "vjp",
        {"n": 64, "d": 128, "h": 128, "p": 128, "f": 512}, ((OURS, AUTOGRAD, 2), *_RULES), "autograd,jax,torch",
        BLOCK_SHAPES,
        {
            OURS: f"{_BUSY} it is 2.0: 5.0 to 10.1 ms, of which the 24 products that none can leave out take 2.8;"
            " five more, of what is multiplied twice, 0.1 to 0.2",
            TORCH_RULE: "the rule keeps no product of layernorm(X) with a matrix but M2, and multiplies again: 29"
            f" products of matrices beside 24; {_FUSED}",
        },
    ),
    Task(
        "vjp of softmax, 256 × 512", "softmax(X)", "X", "vjp", {"n": 256, "m": 512}, _RULES, "jax,torch",
        {"X": "n,m"}, {TORCH_RULE: _FUSED},
    ),
    Task(
        "vjp of layernorm, 256 × 512", "layernorm(X)*g + b", "X,g,b", "vjp", {"n": 256, "m": 512}, _RULES,
        "jax,torch", {"X": "n,m", "g": "m", "b": "m"},
    ),
    Task(
        "vjp of attention, 256 × 512", "softmax(Q@K.T/sqrt(d))@V", "Q,K,V", "vjp", {"n": 256, "d": 512}, _RULES,
        "jax,torch", {"Q": "n,d", "K": "n,d", "V": "n,d"},
        {TORCH_RULE: _FUSED, JAX_RULE: _XLA},
    ),
)  # fmt: skip


def measured(task: Task, seconds: float) -> Bench:
    """The race."""
    return jac.bench(
        task.formula, task.wrt, task.shapes, form=task.form, sizes=task.sizes, seconds=seconds, against=task.against
    )


def told(task: Task, found: Bench) -> list[str]:
    """A line for each ratio."""
    rows = {row.name: row for row in found.rows}
    lines = []
    for ours, theirs, least in task.reach:
        one, other = rows.get(ours), rows.get(theirs)
        missing = next((f"{r.name} {r.state} {r.reason}" for r in (one, other) if r is not None and not r.median), "")
        if one is None or other is None or one.median is None or other.median is None:
            lines.append(f"  {ours} against {theirs}: {missing or 'not in this race'}")
            continue
        ratio = other.median / one.median
        peaks = "" if one.peak is None or other.peak is None else f", {one.peak / 1e6:.2f} to {other.peak / 1e6:.2f} MB"
        mark = "reached" if ratio >= least else "short"
        times = f"{one.median * 1e3:.3f} to {other.median * 1e3:.3f} ms{peaks}"
        lines.append(f"  {ours} against {theirs}: {ratio:,.2f} of {least:,g}, {mark} ({times})")
    return lines


def kept(task: Task) -> str:
    """What PyTorch holds between the passes beside the arguments, in bytes: of our rule, and of its own autodiff of the
    same forward code.
    """
    if find_spec("torch") is None:
        return "  kept between the passes: PyTorch is not installed"
    torch: Any = import_module("torch")
    found = jac.derive(task.formula, task.wrt.split(","), task.shapes, check=False)
    names: dict[str, Any] = {}
    exec(jac.export(found, "torch"), names)
    rng = np.random.default_rng(0)
    at = {
        name: torch.tensor(rng.standard_normal([size.at(task.sizes) for size in variable.shape]), requires_grad=True)
        for name, variable in found[0].problem.variables.items()
    }
    functions = [value for value in names.values() if isinstance(value, type)]
    rule: Any = next(value for value in functions if issubclass(value, torch.autograd.Function))

    def plain(*arguments: Any) -> Any:
        out = rule.forward(*arguments)
        return out[0] if isinstance(out, tuple) else out

    ours, theirs = (_saved(torch, run, at) for run in (names["value"], plain))
    mark = "less" if ours < theirs else "as much" if ours == theirs else "more"
    return f"  kept between the passes: {ours / 1e6:.3f} MB by the rule, {theirs / 1e6:.3f} MB by autodiff, {mark}"


def _saved(torch: Any, run: Any, at: Mapping[str, Any]) -> int:
    """The bytes of what a formula saves for its backward pass, each array once, the arguments left out."""
    held: dict[int, int] = {}

    def note(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        held[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        run(*at.values())
    own = {tensor.untyped_storage().data_ptr() for tensor in at.values()}
    return sum(size for place, size in held.items() if place not in own)


def by_hand(n: int, turns: int = 101) -> str:
    """The Jacobian of σ(Wx+b) beside plain NumPy that writes the zeros and the diagonal blocks."""
    module: dict[str, Any] = {}
    exec(jac.export(jac.derive("sigmoid(W@x + b)", "W", check=False)), module)
    rng = np.random.default_rng(0)
    at = {"W": rng.standard_normal((n, n)) / n**0.5, "x": rng.standard_normal(n), "b": rng.standard_normal(n)}

    def plain() -> Any:
        h = 1 / (1 + np.exp(-(at["W"] @ at["x"] + at["b"])))
        found, k = np.zeros((n, n, n)), np.arange(n)
        found[k, k] = (h * (1 - h))[:, None] * at["x"]
        return found.reshape(n, n * n)

    contenders = {"exported": lambda: module["jacobian"](**at), "by hand": plain}
    assert np.allclose(contenders["exported"](), plain())
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(turns):
        for name, run in contenders.items():
            start = perf_counter()
            run()
            times[name].append(perf_counter() - start)
    ours, theirs = (median(times[name]) for name in contenders)
    mark = "reached" if ours <= 2 * theirs else "short"
    return f"  jac against NumPy by hand, n = m = {n}: {ours / theirs:.2f} times as long, at most 2, {mark}"


def main(words: Sequence[str], seconds: float = 10.0) -> None:
    """Print the tasks whose titles have one of the words, or all."""
    for task in TASKS:
        if words and not any(word in task.title for word in words):
            continue
        print(task.title, flush=True)
        lines = told(task, measured(task, seconds))
        print("\n".join(lines), flush=True)
        for ours, limit in task.limits.items():
            if any(line.startswith(f"  {ours} against") and "short" in line for line in lines):
                print(f"  what limits {ours}: {limit}", flush=True)
        if task.form == "vjp":
            print(kept(task), flush=True)
    if not words or "hand" in words:
        print("jacobian of σ(Wx+b) by hand")
        print("\n".join(map(by_hand, (64, 128))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
