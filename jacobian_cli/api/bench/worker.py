"""The process of one contender: `python -m jacobian_cli.api.bench.worker FOLDER NAME`.

It reads orders, one JSON object a line, and answers each by one. A contender that breaks, or takes too long, takes
nobody with it, and what the system says of its memory is its own.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import json
import os
import sys
import warnings
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import IO, Any

import numpy as np

from jacobian_cli.api.bench.libraries import LIBRARIES, Prepared, Task

_BLOCK = 0.02
"""Seconds that one measurement takes at least: what is shorter is repeated."""
_MOST = 10_000
_STATUS = Path("/proc/self/status")


def main(folder: str, name: str) -> None:
    """Answer orders until there are no more."""
    warnings.simplefilter("ignore")  # the answers are compared all the same
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # what a library prints is no answer
        try:
            started, prepared = _prepared(Path(folder), name)
            _answer(answers, started)
            for line in sys.stdin:
                order = json.loads(line)
                _answer(answers, _done(prepared, order, Path(folder) / f"{name}.npz"))
        except Exception as error:  # noqa: BLE001 - whatever breaks is told, and is the end of this contender
            reason = (str(error).strip().splitlines() or [""])[0]
            _answer(answers, {"error": f"{type(error).__name__}: {reason}"[:200]})


def _answer(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _prepared(folder: Path, name: str) -> tuple[dict[str, Any], Prepared]:
    """The contender, once it has run once: what is compiled is compiled then."""
    told = json.loads((folder / f"{name}.json").read_text("utf-8"))
    with np.load(folder / "point.npz") as stored:
        arrays = dict(stored)
    task = Task(
        told["form"],
        told["wrt"],
        {key[3:]: array for key, array in arrays.items() if key.startswith("at_")},
        told["sizes"],
        arrays["delta"],
        {key[2:]: array for key, array in arrays.items() if key.startswith("v_")},
    )
    module = _module(folder / f"{name}.py", name)
    prepared = LIBRARIES[told["library"]](module, task)
    start = perf_counter()
    prepared.run()
    first = perf_counter() - start
    entries = {key: list(chosen) for key, chosen in prepared.entries.items()} if prepared.entries else None
    return {"first": first, "share": prepared.share, "entries": entries}, prepared


def _module(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # compilers look it up there
    spec.loader.exec_module(module)
    return module


def _done(prepared: Prepared, order: dict[str, Any], result: Path) -> dict[str, Any]:
    match order["do"]:
        case "result":
            found = prepared.numbers(prepared.run())
            parts: dict[str, Any] = {f"r{k}": np.asarray(part, float) for k, part in enumerate(found)}
            np.savez(result, **parts)
            return {"file": str(result)}
        case "memory":
            return {"peak": _peak(prepared)}
        case "time":
            return {"seconds": _seconds(prepared, order.get("repeat", 1)) / prepared.share}
        case "repeat":
            once = max(_seconds(prepared, 1), 1e-9)
            return {"repeat": max(1, min(_MOST, round(_BLOCK / once)))}
    raise ValueError(order)


def _seconds(prepared: Prepared, repeat: int) -> float:
    gc.disable()
    start = perf_counter()
    for _ in range(repeat):
        prepared.run()
    passed = perf_counter() - start
    gc.enable()
    return passed / repeat


def _peak(prepared: Prepared) -> int | None:
    """By how many bytes one run makes the process larger, at most; None where the system does not tell."""
    try:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = _held("VmRSS")
        found = prepared.run()
        most = _held("VmHWM")
        del found
    except (OSError, AttributeError, StopIteration):
        return None
    return max(0, most - before)


def _held(field: str) -> int:
    """A line of what the system says of this process, in bytes."""
    lines = _STATUS.read_text("ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


if __name__ == "__main__":
    main(*sys.argv[1:])
