"""The race itself: a process for each contender, held to be right, then timed in turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from select import select
from time import perf_counter
from typing import Any

import jacobian_cli
from jacobian_cli.api.bench.answer import FAILED, TIMED, TOO_SLOW, WRONG, Row
from jacobian_cli.api.bench.contenders import Contender

START, RUN = 120.0, 30.0
"""Seconds that a contender may take to start, compile and run once; and for one order after that."""
_TURNS, _LEAST = 15, 3
_SLOWEST = 10.0
Judge = Callable[[Contender, "Worker"], tuple[str, float | None]]


class BrokenError(Exception):
    """A contender that answers no more, and why."""


class Worker:
    """The process of one contender."""

    def __init__(self, folder: Path, name: str, cores: int) -> None:
        home = str(Path(jacobian_cli.__file__).parents[1])
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(cores))
        threads["OMP_WAIT_POLICY"] = os.environ.get("OMP_WAIT_POLICY", "passive")  # who waits lets the others run
        path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jacobian_cli.api.bench.worker", str(folder), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **threads, "PYTHONPATH": path},
            bufsize=0,
        )
        self._left = b""
        self.told: dict[str, Any] = {}

    def hear(self, seconds: float) -> dict[str, Any]:
        """The next answer. Raises `BrokenError` where there is none in time."""
        assert self.process.stdout is not None
        until = perf_counter() + seconds
        while b"\n" not in self._left:
            ready, _, _ = select([self.process.stdout], [], [], max(0.0, until - perf_counter()))
            if not ready:
                raise BrokenError(f"no answer in {seconds:.0f} s")
            part = os.read(self.process.stdout.fileno(), 1 << 16)
            if not part:
                raise BrokenError(f"it ended with status {self.process.wait()}")
            self._left += part
        line, _, self._left = self._left.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise BrokenError(found["error"])
        return found

    def ask(self, order: str, seconds: float = RUN, **more: object) -> dict[str, Any]:
        """Give an order, and wait for its answer."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"do": order, **more}).encode() + b"\n")
        except BrokenPipeError:
            raise BrokenError(f"it ended with status {self.process.wait()}") from None
        return self.hear(seconds)

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def race(
    folder: Path,
    taking: Sequence[Contender],
    orders: Mapping[str, Mapping[str, Any]],
    judge: Judge,
    *,
    cores: int,
    seconds: float,
    say: Callable[[str], object],
) -> list[Row]:
    """A row for each contender: started one after the other, judged, and then timed in turns for so many seconds.

    `orders` are what each is told, by name. Those that are wrong are not timed.
    """
    rows = {c.name: Row(c.name, c.state, c.reason) for c in taking}
    workers: dict[str, Worker] = {}
    try:
        for k, contender in enumerate(c for c in taking if not c.state):
            say(f"{contender.name}: starting, and held to be right")
            file = f"c{k}"
            (folder / f"{file}.py").write_text(contender.source, "utf-8")
            (folder / f"{file}.json").write_text(json.dumps(orders[contender.name]), "utf-8")
            worker = workers[contender.name] = Worker(folder, file, cores)
            rows[contender.name] = _started(contender, worker, judge)
            if rows[contender.name].state != TIMED:
                workers.pop(contender.name).close()
        repeats = {}
        for name, worker in list(workers.items()):
            say(f"{name}: memory")
            try:
                rows[name] = replace(rows[name], peak=worker.ask("memory")["peak"])
                repeats[name] = worker.ask("repeat")["repeat"]
            except BrokenError as error:
                rows[name] = replace(rows[name], state=FAILED, reason=str(error))
                workers.pop(name).close()
        _timed(rows, workers, repeats, seconds, say)
    finally:
        for worker in workers.values():
            worker.close()
    return list(rows.values())


def _started(contender: Contender, worker: Worker, judge: Judge) -> Row:
    row = Row(contender.name, TIMED)
    try:
        worker.told = worker.hear(START)
        first = worker.told["first"]
        row = replace(row, compile=first if contender.compiled else None, estimated=bool(worker.told["entries"]))
        if first > _SLOWEST and not contender.compiled:
            return replace(row, state=TOO_SLOW, reason=f"one run takes {first:.0f} s")
        wrong, off = judge(contender, worker)
    except BrokenError as error:
        return replace(row, state=FAILED, reason=str(error))
    return replace(row, state=WRONG, reason=wrong, off=off) if wrong else replace(row, off=off)


def _timed(
    rows: dict[str, Row],
    workers: dict[str, Worker],
    repeats: Mapping[str, int],
    seconds: float,
    say: Callable[[str], object],
) -> None:
    """Turn by turn, so that whatever else the machine does meets all of them; the first turn does not count."""
    start = perf_counter()
    for turn in range(_TURNS + 1):
        if turn > _LEAST and perf_counter() - start > seconds:
            break
        say(f"turn {turn} of {_TURNS}")
        for name, worker in list(workers.items()):
            try:
                took = worker.ask("time", repeat=repeats[name])["seconds"]
            except BrokenError as error:
                rows[name] = replace(rows[name], state=FAILED, reason=str(error), seconds=())
                workers.pop(name).close()
                continue
            if turn:
                rows[name] = replace(rows[name], seconds=(*rows[name].seconds, took))
