"""Derivatives as a file of C: what is fixed and what is tested of it, and the run of that test."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from jacobian_cli.api.derive.source import Written
from jacobian_cli.api.export.functions import exported
from jacobian_cli.api.export.written_test import cases_of
from jacobian_cli.expr import size_names
from jacobian_cli.ops.bounds import Bound, bounds
from jacobian_cli.printers.c.entries import ascii_name, free
from jacobian_cli.printers.c.module import entries, module_source
from jacobian_cli.printers.c.trial import Asked, Trial
from jacobian_cli.shape import Shape, shape_text
from jacobian_cli.syntax.errors import InputError

_MOST = 10**7
"""Entries of one array."""
_SECONDS = 120


def c_source(answers: Sequence[Written], sizes: Mapping[str, int], *, together: bool) -> str:
    """The file: `value`, `jacobian`, `gradient`, … of arrays row by row, and behind `#ifdef JAC_TEST` their test.

    Raises `InputError` where a size is neither a number nor among `sizes`, and for what has no counterpart in C.
    """
    answer = answers[0].answer
    problem = answer.problem
    shapes = {name: variable.shape for name, variable in problem.variables.items()}
    _fixed(shapes, sizes)
    if broken := [bound for bound in bounds([problem.output]) if _known(bound, sizes) and not bound.holds(sizes)]:
        raise InputError(f"the formula wants {broken[0]}, and that is not so at these sizes")
    _held((problem.output.shape + w.answer.variable.shape for w in answers), sizes)
    functions = [
        replace(f, arguments=tuple(n for n in f.arguments if n in f.shapes))
        for f in exported(answers, together=together)
    ]
    letters = size_names(form for f in functions for form in (*f.results, *problem.variables.values()))
    if left := [name for name in letters if name not in sizes]:
        raise InputError(
            f"C wants every size as a number, and {', '.join(left)} is none", hint=f"give it one: --sizes {left[0]}=3"
        )
    if unknown := [name for name in sizes if name not in letters]:
        there = f"there are {', '.join(letters)}" if letters else "all are numbers"
        raise InputError(f"there is no size {unknown[0]} in the formula", hint=there)
    _held((shape for f in functions for shape in (*f.shapes.values(), *(form.shape for form in f.results))), sizes)
    at = f" at {', '.join(f'{name} = {size}' for name, size in sizes.items())}" if sizes else ""
    head = (
        f"{problem.name} = {problem.text}{at}, and its derivatives: C99, which needs math.h and nothing else.\n"
        "Arrays lie row by row: entry i, j of a matrix with m columns is W[m*i + j], so that W[0] gives a\n"
        "double W[3][4]. Results are written to out, which is none of the arguments."
    )
    called = {f.name: ascii_name(f.name) for f in functions}
    if len({*called.values()}) < len(called):
        taken = {*called}
        called = {name: name if name.isascii() else free(plain, taken) for name, plain in called.items()}
    functions = [replace(f, name=called[f.name]) for f in functions]
    suffixes = {w.answer.wrt: called[f"vjp_{w.answer.wrt}"].removeprefix("vjp") if together else "" for w in answers}

    def tested(names: Mapping[str, str], taken: set[str]) -> str:
        try:
            _, kinds = cases_of(answer, [dict(sizes)], [w.answer.wrt for w in answers])
        except InputError as error:
            return f"/* There is no test of it: {error.message}. */"
        return Trial(Asked({f.name: f for f in functions}, kinds, names, suffixes, sizes), taken).text()

    return module_source(functions, head, tested, sizes)


def _known(bound: Bound, sizes: Mapping[str, int]) -> bool:
    return all(name in sizes for name in bound.margin.names())


def _fixed(shapes: Mapping[str, Shape], sizes: Mapping[str, int]) -> None:
    letters = dict.fromkeys(letter for shape in shapes.values() for size in shape for letter in size.names())
    if all(letter in sizes for letter in letters):
        return
    chosen = {letter: k for k, letter in enumerate(letters, 3)}
    open_ = {name: shape for name, shape in shapes.items() if any(size.value is None for size in shape)}
    told = ", ".join(f"{name} is {shape_text(shape)}" for name, shape in open_.items())
    lengths = {name: ",".join(str(size.at(chosen)) for size in shape) for name, shape in open_.items()}
    declared = " ".join(f"-s {name}={said}" for name, said in lengths.items())
    given = ",".join(f"{letter}={size}" for letter, size in chosen.items())
    raise InputError(
        f"C wants every size as a number: {told}",
        hint=f"declare them, as in {declared}, or say what the letters are, --sizes {given}",
    )


def _held(shapes: Iterable[Shape], sizes: Mapping[str, int]) -> None:
    for shape in shapes:
        if all(name in sizes for size in shape for name in size.names()) and not 0 < entries(shape, sizes) <= _MOST:
            raise InputError(
                f"an array of {shape_text(shape)} entries is none that C is written of here",
                hint=f"from 1 to {_MOST:,} entries are; --to numpy takes any",
            )


def compiler() -> str | None:
    """The C compiler of this machine."""
    return next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)


def run_test(source: str) -> tuple[bool, str]:
    """Whether the test in a file of C passes, compiled and run here, and what it or the compiler says."""
    found = compiler()
    if found is None:
        raise InputError("there is no C compiler here to test with", hint="install one: apt-get install gcc")
    if "#ifdef JAC_TEST" not in source:
        raise InputError("there is no test of this file, which says why", hint="leave --test out")
    with TemporaryDirectory() as folder:
        path, program = Path(folder, "exported.c"), Path(folder, "exported")
        path.write_text(source, encoding="utf-8")
        compiled, said = _ran([found, "-std=c99", "-DJAC_TEST", str(path), "-o", str(program), "-lm"])
        return _ran([str(program)]) if compiled else (False, said)


def _ran(command: Sequence[str]) -> tuple[bool, str]:
    """Whether a program ends well, and what it says."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False, f"it takes longer than {_SECONDS} s"
    return done.returncode == 0, (done.stdout + done.stderr).strip()
