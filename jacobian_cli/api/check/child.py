"""Run a function of somebody's file at many points and send back what it gives: the whole program of a child process.

    python child.py FILE NAME < calls.npz > found.npz

The calls are arrays named `0:0` (an argument by its place) or `0:W` (one by its name), by the number of the call. What
is found is `r0`, or `e0`, a sentence. What the function prints goes nowhere. Nothing of the package is imported here.
"""

from __future__ import annotations

import io
import os
import runpy
import sys
from typing import Any

import numpy as np

Array = Any


def called(function: Any, given: dict[str, Array]) -> dict[str, Array]:
    """What one call gives: an array, or a sentence on why there is none."""
    kept = {name: value.copy() for name, value in given.items()}
    places = [given[name] for name in sorted(n for n in given if n.isdigit())]
    try:
        found = function(*places, **{name: value for name, value in given.items() if not name.isdigit()})
    except Exception as error:  # noqa: BLE001 - whatever somebody's function raises is told
        return {"e": np.array(f"raises {type(error).__name__}: {error}")}
    for name, value in given.items():
        if not np.array_equal(value, kept[name], equal_nan=True):
            return {"e": np.array("changes its first argument" if name.isdigit() else f"changes its argument {name}")}
    try:
        array = np.asarray(found.detach() if hasattr(found, "detach") else found)
    except (TypeError, ValueError):
        array = np.empty(0, object)
    if array.dtype.kind not in "iuf":
        return {"e": np.array(f"gives {type(found).__name__}, and not an array of numbers")}
    return {"r": array}


def main(path: str, name: str) -> None:
    """Read the calls, make them, write what was found."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as archive:
        arrays = {key: archive[key] for key in archive.files}
    calls: dict[int, dict[str, Array]] = {}
    for key, value in arrays.items():
        number, _, argument = key.partition(":")
        calls.setdefault(int(number), {})[argument] = value
    found: dict[str, Array] = {}
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))  # noqa: PTH100, PTH120 - what lies beside the file
    try:
        function = runpy.run_path(path, run_name="jac_claim")[name]
    except Exception as error:  # noqa: BLE001 - the same of somebody's file
        found["e0"] = np.array(f"cannot be loaded: {type(error).__name__}: {error}")
    else:
        for number, given in sorted(calls.items()):
            found |= {f"{key}{number}": value for key, value in called(function, given).items()}
            if f"e{number}" in found:
                break
    np.savez(out, **found)
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
