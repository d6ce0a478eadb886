"""Cross-entropy over a vocabulary, in blocks, beside PyTorch's autograd: seconds, and peak memory above the arguments.
Each runs in a process of its own. On demand:

    python -m tests.benchmarks.blocks                 all
    python -m tests.benchmarks.blocks n=64            one, by what is cut; `autograd` for PyTorch's
"""

from __future__ import annotations

import resource
import subprocess
import sys
from importlib import import_module
from statistics import median
from time import perf_counter
from typing import Any

import jacobian_cli as jac

ROWS, WIDTH, CLASSES = 512, 256, 50_000
CONTENDERS = ("autograd", "n=32", "n=64", "n=128", "v=4096", "v=8192")
_TURNS = 5


def measure(what: str) -> tuple[float, float]:
    """The median of seconds, and megabytes."""
    torch: Any = import_module("torch")
    torch.manual_seed(0)
    hidden, weights = torch.randn(ROWS, WIDTH), torch.randn(WIDTH, CLASSES) / WIDTH**0.5
    target = torch.randint(CLASSES, (ROWS,))

    def autograd(h: Any, w: Any, y: Any) -> Any:
        return torch.nn.functional.cross_entropy(h @ w, y)

    value = autograd
    if what != "autograd":
        shapes = {"H": "n,d", "W": "d,v", "y": "n"}
        found = jac.derive("cross_entropy(H@W, y)", ["H", "W"], shapes, assume={"y": "index"}, check=False)
        names: dict[str, Any] = {}
        exec(jac.export(found, "torch", chunk=what), names)
        value = names["value"]
    small = torch.randn(4, WIDTH, requires_grad=True)  # what is loaded once is no memory of the formula
    value(small, weights[:, :50].detach().requires_grad_(), target[:4] % 50).backward()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(_TURNS):
        hidden, weights = hidden.detach().requires_grad_(), weights.detach().requires_grad_()
        start = perf_counter()
        value(hidden, weights, target).backward()
        times.append(perf_counter() - start)
    return median(times), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main(words: list[str]) -> None:
    """Print a line for each contender."""
    if len(words) == 2 and words[0] == "--only":
        print(*measure(words[1]))
        return
    print(f"cross-entropy of H@W, {ROWS} rows, {WIDTH} wide, {CLASSES:,} classes, single precision, with its gradients")
    theirs: tuple[float, float] | None = None
    for what in words or CONTENDERS:
        command = [sys.executable, "-m", "tests.benchmarks.blocks", "--only", what]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        seconds, memory = map(float, said[-2:])
        theirs = theirs or (seconds, memory)
        ratios = f"{seconds / theirs[0]:5.2f} of the time, {memory / theirs[1]:5.2f} of the memory"
        print(f"  {what:10} {seconds:7.3f} s {memory:7.0f} MB   {ratios}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
