"""Times that only mean something beside each other: medians of interleaved runs, and their ratios.

    python -m tests.benchmarks.run                  everything
    python -m tests.benchmarks.run closed-form      what bears one of these names

Contenders of one table take turns (A B A B ...), so that whatever else the machine does meets all of them. Each
ratio is to the table's first row.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import reduce
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from time import perf_counter
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import autograd
import autograd.numpy as anp
import numpy as np
import sympy
from sympy.core.cache import clear_cache

import jacobian_cli
from tests.benchmarks.claims import judging, of_many_formulas, of_one_formula
from tests.corpus.test_identities import ENTRIES, Entry

AFFINE = "W@x+b"
NEURON = "u.T@sigmoid(W@x+b)"
LINKS = ("z = W@x + b", "h = sigmoid(z)", "s = u.T@h")
JAC = ("-m", "jacobian_cli")
_SLOPE = "(u*sigmoid(W@x+b)*(1-sigmoid(W@x+b)))@x.T"
DERIVE = ("-m", "jacobian_cli", "derive", AFFINE, "--wrt", "W")
Contender = Callable[[], object]


def process(*arguments: str, status: int = 0) -> Contender:
    """A whole Python process, from its start to its end."""

    def contend() -> None:
        done = subprocess.run([sys.executable, *arguments], capture_output=True, encoding="utf-8", check=False)
        if done.returncode != status:
            raise SystemExit(f"{' '.join(arguments)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")

    return contend


def shown(*arguments: str, until: str) -> Contender:
    """`jac` on a terminal, from its start until a text is on the screen."""

    def contend() -> None:
        here, there = pty.openpty()
        with subprocess.Popen([sys.executable, *JAC, *arguments], stdin=there, stdout=there, stderr=there) as program:
            os.close(there)
            text = b""
            while until.encode() not in text:
                part = os.read(here, 1 << 16)
                if not part:
                    raise SystemExit(f"{' '.join(arguments)} never showed {until}:\n{text.decode()}")
                text += part
            program.kill()
        os.close(here)

    return contend


def watched() -> dict[str, Contender]:
    """How soon an answer is on the screen, and its verdict, beside what the screen itself costs."""
    commands = {
        f'jac "{NEURON}" -w W': ((NEURON, "-w", "W"), "⊙ h"),
        "jac chain, the same in three links": (("chain", *LINKS, "--wrt", "W"), "δ"),
        "jac backprop x*y": (("backprop", "x*y", "--at", "x=1,y=2"), "Forward"),
    }
    answers = {f"{name}: the answer": shown(*typed, until=text) for name, (typed, text) in commands.items()}
    verdicts = {f"{name}: the verdict": shown(*typed, until="checked") for name, (typed, _) in commands.items()}
    alone = "import click, rich.console, rich.table"
    numbers = f"{alone}, numpy"
    baselines = {f'python -c "{text}"': process("-c", text) for text in (alone, numbers)}
    return {**baselines, **answers, **verdicts}


def closed_form(expression: str, shape: str) -> Contender:
    """A derivation from text to text, in a process that has done it before."""
    return lambda: jacobian_cli.derive(expression, wrt="W", shapes={"W": shape}).jacobian.closed_form


def explicit(rows: int, columns: int) -> Contender:
    """What a student would ask of SymPy for the neuron: every entry a symbol, and `Matrix.jacobian`."""

    def contend() -> object:
        clear_cache()
        weights = sympy.Matrix(rows, columns, lambda i, j: sympy.Symbol(f"W{i}_{j}"))
        x, b, u = (
            sympy.Matrix(sympy.symbols(f"{name}:{size}")) for name, size in (("x", columns), ("b", rows), ("u", rows))
        )
        hidden = (weights * x + b).applyfunc(lambda z: 1 / (1 + sympy.exp(-z)))
        return (u.T * hidden).jacobian(list(weights))

    return contend


def layers(links: int, width: int | None = None) -> tuple[list[str], dict[str, str]]:
    """tanh(W@h + b), one after the other, and the shapes of its variables: of one width, or inferred."""
    names = ["x", *(f"h{k}" for k in range(1, links + 1))]
    stages = [f"{names[k]} = tanh(W{k}@{names[k - 1]} + b{k})" for k in range(1, links + 1)]
    shapes = {} if width is None else {f"W{k}": f"{width},{width}" for k in range(1, links + 1)}
    return [*stages, f"s = u.T@{names[-1]}"], shapes


def nested(depth: int) -> str:
    """tanh(W3@tanh(W2@tanh(W1@x))): so many layers in one formula."""
    return reduce(lambda inner, k: f"tanh(W{k}@{inner})", range(1, depth + 1), "x")


def by_the_first_weight(depth: int) -> Contender:
    """From text to the Jacobian and the backward rule by the weight that lies deepest."""

    def contend() -> object:
        found = jacobian_cli.derive(nested(depth), wrt="W1")
        return found.jacobian.closed_form, found.vjp.closed_form, found.where

    return contend


def composition(links: int) -> Contender:
    """From text to the gradient by the first weight and everything that it is written in."""
    stages, _ = layers(links)

    def contend() -> object:
        found = jacobian_cli.chain(stages, wrt="W1")
        return found.gradients["W1"].closed_form, found.where

    return contend


def deep_gradient(links: int, width: int) -> Mapping[str, Contender]:
    """The generated gradient by the first weight, the forward pass it needs, and autograd's."""
    stages, shapes = layers(links, width)
    found = jacobian_cli.chain(stages, wrt="W1", shapes=shapes)
    rng = np.random.default_rng(0)
    point = {
        name: rng.standard_normal(tuple(size.value or 1 for size in v.shape)) / width**0.5
        for name, v in found.problem.variables.items()
    }
    generated: dict[str, Any] = {}
    exec(found.derivations[0].to_python(), generated)

    def loss(weight: Any) -> Any:
        h = anp.tanh(weight @ point["x"] + point["b1"])
        for k in range(2, links + 1):
            h = anp.tanh(point[f"W{k}"] @ h + point[f"b{k}"])
        return point["u"] @ h

    def forward() -> object:
        h = np.tanh(point["W1"] @ point["x"] + point["b1"])
        for k in range(2, links + 1):
            h = np.tanh(point[f"W{k}"] @ h + point[f"b{k}"])
        return point["u"] @ h

    by_autograd = autograd.grad(loss)
    assert np.allclose(generated["gradient"](**point), by_autograd(point["W1"]))
    return {
        f"forward pass, {links} links of width {width}": forward,
        "the gradient that jac generates": lambda: generated["gradient"](**point),
        "autograd": lambda: by_autograd(point["W1"]),
    }


def association(links: int, width: int) -> Mapping[str, Contender]:
    """The same product of local Jacobians, from the output on and from the input on."""
    rng = np.random.default_rng(0)
    row = rng.standard_normal((1, width))
    matrices = [rng.standard_normal((width, width)) / width**0.5 for _ in range(links)]
    return {
        f"reverse order, {links} Jacobians of width {width}": lambda: reduce(np.matmul, [row, *matrices]),
        "forward order": lambda: row @ reduce(lambda product, matrix: matrix @ product, matrices[::-1]),
    }


DEPTHS = (1, 8, 64)
LAYERS, WIDTH, BATCH = 4, 256, 64


def perceptron() -> dict[str, Contender]:
    """Value and gradients of a perceptron of four layers: the tape, and whatever else is installed."""
    rng = np.random.default_rng(0)
    weights = {f"W{k}": rng.standard_normal((WIDTH, WIDTH)) / WIDTH**0.5 for k in range(LAYERS)}
    weights |= {f"b{k}": np.zeros(WIDTH) for k in range(LAYERS)}
    data = {name: rng.standard_normal((BATCH, WIDTH)) for name in ("X", "Y")}
    layers = [f"h{k} = tanh({f'h{k - 1}' if k else 'X'}@W{k} + b{k})" for k in range(LAYERS)]
    shapes = {name: ["n" if len(a) == BATCH else "d", "d"][-a.ndim :] for name, a in {**weights, **data}.items()}
    tape = jacobian_cli.tape([*layers, f"mean((h{LAYERS - 1} - Y)**2)"], wrt=list(weights), shapes=shapes)

    def loss(np: Any, given: Mapping[str, Any], rest: Mapping[str, Any] = data) -> Any:
        h = rest["X"]
        for k in range(LAYERS):
            h = np.tanh(h @ given[f"W{k}"] + given[f"b{k}"])
        return ((h - rest["Y"]) ** 2).mean()

    gradient = autograd.grad(lambda given: loss(anp, given))
    contenders: dict[str, Contender] = {
        "the tape, forwards": lambda: tape.forward(**data, **weights),
        "the tape, forwards and backwards": lambda: tape.gradients(**data, **weights),
        "NumPy by hand, forwards": lambda: loss(np, weights),
        "autograd, the gradient": lambda: gradient(weights),
    }
    if find_spec("torch"):
        torch = import_module("torch")
        leaves = {name: torch.tensor(array, requires_grad=True) for name, array in weights.items()}
        given = {name: torch.tensor(array) for name, array in data.items()}
        contenders["PyTorch, the gradient"] = lambda: torch.autograd.grad(
            loss(torch, leaves, given), list(leaves.values())
        )
    if find_spec("jax"):
        jax = import_module("jax")
        compiled = jax.jit(jax.grad(lambda given: loss(jax.numpy, given)))
        contenders["JAX, compiled, the gradient"] = lambda: jax.block_until_ready(compiled(weights))
    return contenders


def long_formula(length: int) -> Contender:
    """Value and gradient of a formula of so many nodes on one number, to see what a node costs."""
    steps = ["x0 = c", *(f"x{k + 1} = sin(x{k})*x{k}" for k in range(length // 3))]
    tape = jacobian_cli.tape(steps, wrt="c", shapes={"c": ""})
    return lambda: tape.gradients(c=0.3)


def tables() -> Mapping[str, tuple[int, Mapping[str, Contender]]]:
    """For each question, how often its contenders take their turns, and who they are."""
    neuron = {f"SymPy's Matrix.jacobian, {n}×{m}": explicit(n, m) for n, m in ((2, 3), (8, 8), (16, 16))}
    return {
        "derive": (
            11,
            {
                'python -c "import sympy, numpy, autograd"': process("-c", "import sympy, numpy, autograd"),
                f'jac derive "{AFFINE}" --wrt W': process(*DERIVE),
            },
        ),
        "start": (
            21,
            {
                'python -c "import click"': process("-c", "import click"),
                "jac --help": process("-m", "jacobian_cli", "--help"),
                'jac derive "W@@x" --wrt W': process("-m", "jacobian_cli", "derive", "W@@x", "--wrt", "W", status=2),
            },
        ),
        "screen": (9, watched()),
        "claim": (
            9,
            {
                f'jac derive "{NEURON}" --wrt W': process("-m", "jacobian_cli", "derive", NEURON, "--wrt", "W"),
                "jac check of it, right": process("-m", "jacobian_cli", "check", NEURON, "--wrt", "W", _SLOPE),
                "jac check of it, wrong": process(
                    "-m", "jacobian_cli", "check", NEURON, "--wrt", "W", f"-{_SLOPE}", status=1
                ),
            },
        ),
        "claims": (
            1,
            {
                "1,000 claims on one formula, two processes": judging(of_one_formula()),
                "1,000 claims on 100 formulas, two processes": judging(of_many_formulas()),
            },
        ),
        "closed-form": (
            101,
            {f"{AFFINE} with W {shape}": closed_form(AFFINE, shape) for shape in ("3,4", "4096,8192")}
            | {f"{NEURON} with W n,m": closed_form(NEURON, "n,m")},
        ),
        "chain": (
            11,
            {f"{links} links tanh(W@h + b), by the first weight": composition(links) for links in (1, 8, 64)},
        ),
        "depth": (11, {f"{depth} layers nested, by the first weight": by_the_first_weight(depth) for depth in DEPTHS}),
        "deep-gradient": (101, deep_gradient(64, 64)),
        "association": (11, association(8, 512)),
        "tape": (101, perceptron()),
        "nodes": (11, {f"a formula of {n:,} nodes": long_formula(n) for n in (1250, 2500, 5000, 10_000)}),
        "explicit": (5, {f"closed form of {NEURON}": closed_form(NEURON, "16,16")} | neuron),
    }


def measure(contenders: Mapping[str, Contender], turns: int) -> dict[str, float]:
    """The median time of each contender, in seconds, after one turn that does not count."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(turns + 1):
        for name, contend in contenders.items():
            start = perf_counter()
            contend()
            if turn:
                times[name].append(perf_counter() - start)
    return {name: median(seconds) for name, seconds in times.items()}


def corpus(turns: int = 5) -> None:
    """What a published identity takes from text to text: of each the median, and of these the median and the worst."""
    times: dict[str, float] = {}
    for entry in ENTRIES:
        shapes = {name: ",".join(sizes) or "()" for name, sizes in entry["shapes"].items()}

        def contend(entry: Entry = entry, shapes: dict[str, str] = shapes) -> object:
            found = jacobian_cli.derive(entry["expr"], wrt=entry["wrt"], shapes=shapes, order=entry["order"])
            gradient = found.gradient and found.gradient.closed_form
            return found.jacobian.closed_form, gradient, found.vjp.closed_form, found.where

        times |= measure({entry["id"]: contend}, turns)
    worst = max(times, key=times.__getitem__)
    print(f"\ncorpus, {len(times)} identities, {turns} turns each")
    print(f"  {'median':<54}{median(times.values()) * 1000:>8.2f} ms")
    print(f"  {f'worst, {worst}':<54}{times[worst] * 1000:>8.2f} ms", flush=True)


def main(wanted: list[str]) -> None:
    """Print the tables that bear one of the wanted names, or all."""
    if not wanted or "corpus" in wanted:
        corpus()
    for title, (turns, contenders) in tables().items():
        if wanted and title not in wanted:
            continue
        medians = measure(contenders, turns)
        first = next(iter(medians.values()))
        print(f"\n{title:<56}{'median':>11}{'ratio':>10}   ({turns} turns each)")
        for name, seconds in medians.items():
            count = re.match(r"(\d+) (layer|link)s", name)
            each = f"{seconds / first / int(count[1]):>10.2f} a {count[2]}" if count else ""
            print(f"  {name:<54}{seconds * 1000:>8.2f} ms{seconds / first:>10.2f}{each}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
