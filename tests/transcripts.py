"""What the README, the examples and the golden files say that `jac` prints, and what it prints now.

Each function here makes the whole text anew. A test compares it with the file; `python -m tests.regenerate`
writes it.

In Markdown, a `console` block is a session, `$ command` and what it shows; a `python` block with `>>>` is a
doctest. In a script, the lines `#| ...` are what the commands above them show:

    jac derive "W@x + b" --wrt W
    #| ∂z/∂W = ...

The cells of a notebook stand before what they show. A new script has a bare `#|` wherever output is to be filled in.
"""

from __future__ import annotations

import difflib
import doctest
import re
import textwrap
import tomllib
import traceback
from collections.abc import Callable, Iterable
from contextlib import chdir
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any

from jacobian_cli.printers.graph.source import dot, mermaid
from tests.notebooks import run_again
from tests.printers.graphs import lecture
from tests.terminal import ROOT, terminal

GOLDEN = ROOT / "tests" / "golden"
_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<kind>console|python)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_PROMPT = "$ "
_SHOWN = "#|"
_ROUNDING = re.compile(r" *\b\d(\.\d+)?e-(1\d|[2-9]\d)\b *|(?<=differences to) 1e-8 ?\b(?!\d)")


def documents() -> list[Path]:
    """The files whose sessions are run."""
    return [
        ROOT / "README.md",
        *sorted(p for p in (ROOT / "examples").glob("**/*") if p.suffix in (".ipynb", ".md", ".sh")),
    ]


def document(path: Path) -> str:
    """The text of a document with everything that it shows run again."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return run_again(text)
    if path.suffix == ".sh":
        return _replayed(_script(text), f"{_SHOWN} ")
    names: dict[str, Any] = {}

    def again(block: re.Match[str]) -> str:
        indent, kind, body = block["indent"], block["kind"], textwrap.dedent(block["body"])
        new = _replayed(_console(body), "") if kind == "console" else _evaluated(body, names, path)
        return f"{indent}```{kind}\n{textwrap.indent(new, indent)}{indent}```"

    return _BLOCK.sub(again, text)


def golden_commands() -> dict[str, str]:
    """The commands whose look is kept, by name."""
    with (GOLDEN / "commands.toml").open("rb") as file:
        return tomllib.load(file)


def golden(command: str) -> str:
    """A golden file: the command, what it prints, what it says on the error stream, and its exit status."""
    with terminal() as shell:
        done = shell.run(command)
    said = f"--- error stream\n{done.stderr}" if done.stderr else ""
    return f"$ {command}\n{done.stdout}{said}--- exit status {done.returncode}\n"


def pictures() -> dict[Path, Callable[[], str]]:
    """The golden files of what is written for tools that draw graphs, and how each is made."""
    return {GOLDEN / "lecture.dot": lambda: dot(lecture()), GOLDEN / "lecture.mmd": lambda: mermaid(lecture())}


def same(expected: str, actual: str) -> bool:
    """Whether two texts are equal, but for blanks at the ends of lines and numbers of the size of rounding errors,
    which differ between processors.

    >>> same("error 2.2e-16 ", "error 1e-15"), same("error 2.2e-16", "error 2.2e-3")
    (True, False)
    """
    return _settled(expected) == _settled(actual)


def difference(expected: str, actual: str, name: str) -> str:
    """A unified diff for people."""
    lines = difflib.unified_diff(
        _settled(expected).splitlines(),
        _settled(actual).splitlines(),
        f"{name}, as written",
        "as printed now",
        lineterm="",
    )
    return "\n".join((*lines, "", f"If what is printed now is right: python -m tests.regenerate {name}"))


def _settled(text: str) -> str:
    return "\n".join(_ROUNDING.sub(" ≈0 ", line).rstrip() for line in text.rstrip().split("\n"))


@dataclass(frozen=True, slots=True)
class _Step:
    """A command, the lines in which it is written, and the lines that it is said to show."""

    command: str
    written: list[str]
    shown: list[str]


def _console(body: str) -> list[_Step]:
    r"""The commands of a session; one that ends in a backslash goes on in the next line, after `> `.

    >>> [(step.command, step.shown) for step in _console("$ jac a\\\n> b\nout\n\n$ jac c\n")]
    [('jac a\\\nb', ['out', '']), ('jac c', [])]
    """
    steps: list[_Step] = []
    continued = False
    for line in body.splitlines():
        if continued:
            last = steps.pop()
            steps.append(_Step(f"{last.command}\n{line.removeprefix('> ')}", [*last.written, line], []))
        elif line.startswith(_PROMPT):
            steps.append(_Step(line.removeprefix(_PROMPT), [line], []))
        elif steps:
            steps[-1].shown.append(line)
        else:
            raise ValueError(f"a session begins with a command, not with {line!r}")
        continued = (continued or line.startswith(_PROMPT)) and line.endswith("\\")
    return steps


def _script(text: str) -> list[_Step]:
    r"""The parts of a script that end where output is shown.

    >>> [(step.written, step.shown) for step in _script("# why\njac a\n#| out\njac b\n")]
    [(['# why', 'jac a'], ['out']), (['jac b'], [])]
    """
    steps: list[_Step] = []
    for is_shown, group in groupby(text.splitlines(), lambda line: line.startswith(_SHOWN)):
        lines = list(group)
        if is_shown and steps:
            steps[-1].shown.extend(line.removeprefix(_SHOWN).removeprefix(" ") for line in lines)
        else:
            steps.append(_Step(_joined(lines), lines, []))
    return steps


def _replayed(steps: list[_Step], prefix: str) -> str:
    with terminal() as shell:
        outputs = shell.outputs([step.command for step in steps])
    lines: list[str] = []
    for step, output in zip(steps, outputs, strict=True):
        shown = step.shown
        if not same(_joined(shown), output):
            blank = 0 if prefix else len(shown) - len(_joined(shown).rstrip().splitlines())
            shown = [*output.rstrip().splitlines(), *[""] * blank]
        lines += [*step.written, *((prefix + line).rstrip() for line in shown)]
    return _joined(lines)


def _joined(lines: Iterable[str]) -> str:
    return "".join(line + "\n" for line in lines)


class _Recorder(doctest.DocTestRunner):
    """Keeps what each example printed where that is not what was expected."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.found: list[tuple[doctest.Example, str]] = []

    def report_failure(self, _out: Callable[[str], Any], _test: Any, example: doctest.Example, got: str) -> None:
        self.found.append((example, re.sub(r"(?m)^ *(?=\n)", "<BLANKLINE>", got)))

    def report_unexpected_exception(
        self,
        _out: Callable[[str], Any],
        _test: Any,
        example: doctest.Example,
        exc_info: tuple[type[BaseException], BaseException, TracebackType],
    ) -> None:
        lines = traceback.format_exception_only(exc_info[1])
        self.found.append((example, "".join(("Traceback (most recent call last):\n    ...\n", *lines))))


def _evaluated(body: str, names: dict[str, Any], path: Path) -> str:
    examples = doctest.DocTestParser().get_examples(body, str(path))
    recorder = _Recorder()
    block = doctest.DocTest(examples, names, path.name, str(path), 0, body)
    with chdir(ROOT):
        recorder.run(block, clear_globs=False)
    names |= block.globs
    lines = body.splitlines()
    for example, got in reversed(recorder.found):
        start = example.lineno + example.source.count("\n")
        if not same(example.want, got):
            lines[start : start + example.want.count("\n")] = got.splitlines()
    return _joined(lines)
