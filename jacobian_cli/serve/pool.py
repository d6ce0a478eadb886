"""Child processes that answer questions, each ended when a question takes too long or too much memory."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

MEGABYTES = 2_048
"""What one worker may hold."""
SECONDS = {"answer": 5.0, "check": 30.0}
OTHERS = 30.0
"""How long a tab may take."""
_KEPT, _LONG = 256, 1 << 20
"""So many answers are kept, of at most so many characters."""
_LINE = 1 << 25
"""The longest answer."""


class BusyError(Exception):
    """More questions are waiting than will be answered."""


class GoneError(Exception):
    """Who asked does not wait any more."""


@dataclass
class Lane:
    """Some workers, and the questions that wait for one of them."""

    size: int
    most: int
    """So many may wait."""
    idle: list[Worker] = field(default_factory=list)
    turn: asyncio.Semaphore = field(init=False)
    waiting: int = 0

    def __post_init__(self) -> None:
        self.turn = asyncio.Semaphore(self.size)

    async def ask(self, tab: str, question: Any, here: Callable[[], Awaitable[bool]]) -> dict[str, Any]:
        """The answer of a worker. Raises `BusyError`, and `GoneError` for who left before the turn came."""
        if self.waiting >= self.most:
            raise BusyError
        self.waiting += 1
        try:
            async with self.turn:
                if not await here():
                    raise GoneError
                self.idle = [each for each in self.idle if each.alive]
                worker = self.idle.pop() if self.idle else await Worker.started()
                try:
                    found = await worker.ask(tab, question)
                except BaseException:
                    await worker.end()
                    raise
                if worker.alive:
                    self.idle.append(worker)
                return found
        finally:
            self.waiting -= 1

    async def warm(self) -> None:
        """Start every worker, so that nobody waits for it."""
        missing = self.size - len(self.idle)
        self.idle += await asyncio.gather(*(Worker.started() for _ in range(missing)))

    async def close(self) -> None:
        """End every worker."""
        await asyncio.gather(*(worker.end() for worker in self.idle))
        self.idle.clear()


class Worker:
    """One child process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def started(cls) -> Worker:
        """A child that has loaded what it needs."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "jacobian_cli.serve.worker",
            str(MEGABYTES),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"},
            start_new_session=True,  # Ctrl-C is for the server, which ends its children itself
        )
        worker = cls(process)
        assert process.stdout is not None
        try:
            line = await process.stdout.readline()
        except BaseException:
            await worker.end()
            raise
        if line != b"ready\n":
            await worker.end()
            raise RuntimeError("a worker did not start")
        return worker

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    async def ask(self, tab: str, question: Any) -> dict[str, Any]:
        """What it answers, or a word on why it was ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        seconds = SECONDS.get(tab, OTHERS)
        line = b""
        try:
            self.process.stdin.write(json.dumps({"tab": tab, "question": question}).encode() + b"\n")
            line = await asyncio.wait_for(self.process.stdout.readline(), seconds)
        except TimeoutError:
            await self.end()
            return _refused(
                f"this took longer than {seconds:g} seconds and was ended",
                "ask for less: fewer variables, smaller sizes",
            )
        except (OSError, ValueError):
            pass
        if not line.endswith(b"\n"):
            await self.end()
            return _refused("this took more memory than a question may, and was ended", "ask for less: smaller sizes")
        found: dict[str, Any] = json.loads(line)
        return found

    async def end(self) -> None:
        """End it at once, and wait until it is gone."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


def _refused(message: str, hint: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "hint": hint}], "ended": True}


class Pool:
    """Two lanes, so that a closed form never waits behind a check; answers are kept for who asks again."""

    def __init__(self, most: int = 256) -> None:
        self.quick, self.slow = Lane(1, most), Lane(2, most)
        self.kept: OrderedDict[str, dict[str, Any]] = OrderedDict()

    async def ask(self, tab: str, question: Any, here: Callable[[], Awaitable[bool]]) -> dict[str, Any]:
        """The answer to a question; see `Lane.ask`."""
        key = json.dumps([tab, question], sort_keys=True)
        if key in self.kept:
            self.kept.move_to_end(key)
            return self.kept[key]
        lane = self.quick if tab == "answer" else self.slow
        found = await lane.ask(tab, question, here)
        if not found.get("ended") and len(found.get("html", "")) < _LONG:
            self.kept[key] = found
            while len(self.kept) > _KEPT:
                self.kept.popitem(last=False)
        return found

    async def warm(self) -> None:
        """Start every worker."""
        await self.quick.warm()
        await self.slow.warm()

    async def close(self) -> None:
        """End every worker."""
        await asyncio.gather(self.quick.close(), self.slow.close())
