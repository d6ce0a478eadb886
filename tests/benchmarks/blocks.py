"""Cross-entropy over a vocabulary, in blocks, beside PyTorch's autograd: seconds, and peak memory above the arguments.
Each runs in a process of its own, and they take turns, so that what else the machine does slows all alike. On demand:

    python -m tests.benchmarks.blocks                 all
    python -m tests.benchmarks.blocks n=64            one, by what is cut; `autograd` for PyTorch's
"""

from __future__ import annotations

import resource
import sys
from contextlib import ExitStack
from importlib import import_module
from statistics import median
from subprocess import PIPE, Popen
from time import perf_counter, process_time
from typing import Any

import jacobian_cli as jac

ROWS, WIDTH, CLASSES = 512, 256, 50_000
CONTENDERS = ("autograd", "n=32", "n=64", "n=128", "v=4096", "v=8192")
_TURNS = 9


def measure(what: str) -> None:
    """For each line that is read, the seconds and the processor's seconds of one run, and megabytes so far."""
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
    print(flush=True)
    for _ in sys.stdin:
        hidden, weights = hidden.detach().requires_grad_(), weights.detach().requires_grad_()
        start, worked = perf_counter(), process_time()
        value(hidden, weights, target).backward()
        peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(perf_counter() - start, process_time() - worked, peak, flush=True)


def _ask(worker: Popen[str]) -> list[float]:
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write("\n")
    worker.stdin.flush()
    return [float(number) for number in worker.stdout.readline().split()]


def main(words: list[str]) -> None:
    """Print a line for each contender."""
    if len(words) == 2 and words[0] == "--only":
        measure(words[1])
        return
    print(f"cross-entropy of H@W, {ROWS} rows, {WIDTH} wide, {CLASSES:,} classes, single precision, with its gradients")
    contenders = words or CONTENDERS
    with ExitStack() as stack:
        workers = []
        for what in contenders:
            command = [sys.executable, "-m", "tests.benchmarks.blocks", "--only", what]
            worker = stack.enter_context(Popen(command, stdin=PIPE, stdout=PIPE, text=True))
            assert worker.stdout
            worker.stdout.readline()
            workers.append(worker)
        runs = [[_ask(worker) for worker in workers] for _ in range(_TURNS)][1:]
    for k, what in enumerate(contenders):
        seconds, worked, memory = (median(turn[k][m] for turn in runs) for m in range(3))
        of_time, of_work = (median(turn[k][m] / turn[0][m] for turn in runs) for m in range(2))
        ratios = f"{of_time:5.2f} of the time, {of_work:5.2f} of the work, {memory / runs[-1][0][2]:5.2f} of the memory"
        print(f"  {what:10} {seconds:7.3f} s {worked:7.3f} s {memory:7.0f} MB   {ratios}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
