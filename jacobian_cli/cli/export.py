"""`jac export`: an answer as a file, and a test of it beside."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from jacobian_cli.cli.files import write_files
from jacobian_cli.cli.request import Request, columns
from jacobian_cli.syntax.errors import InputError

WRITTEN, FAILED = 0, 1
_DIGITS = 12
_LIBRARIES = ("numpy", "torch", "jax", "pytest")
"""What exported source and its test import."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted, and where it goes."""

    to: str
    output: str | None
    force: bool
    order: int
    unchecked: bool
    test: bool = False
    sizes: str | None = None
    """What letters are, in C: `n=3,m=4`."""
    recompute: str | None = None
    chunk: str | None = None
    """An axis and the length of its blocks: `n=64`."""


def answer(request: Request, wishes: Wishes) -> int:
    """Write the export, to a file or to the screen. What fails its check is not written as source: status 1."""
    from jacobian_cli.api.derive.derivation import derivations
    from jacobian_cli.api.derive.source import FailedError
    from jacobian_cli.api.export.c import compiler, run_test
    from jacobian_cli.api.export.run import CODE, cut_along, export, export_test, recomputed
    from jacobian_cli.cli.derive import problem_of

    if request.at:
        raise InputError("export is of a formula, at no point", hint="leave --at out; jac derive takes it")
    if wishes.test and (wishes.output is None or wishes.to not in CODE):
        raise InputError("--test writes a test beside a file of source", hint="name the file: -o window.py")
    if wishes.test and wishes.to == "c" and compiler() is None:
        raise InputError("there is no C compiler here to test with", hint="install one: apt-get install gcc")
    if wishes.test and wishes.to not in ("numpy", "c") and find_spec(wishes.to) is None:
        raise InputError(
            f"{wishes.to} is not installed, and its test runs there", hint=f"pip install jacobian-cli[{wishes.to}]"
        )
    if wishes.to in _LIBRARIES and (path := Path(wishes.output or "")).suffix == ".py" and path.stem in _LIBRARIES:
        raise InputError(
            f"{path.name} would hide the library {path.stem} from all that lies beside it",
            hint="name another file: -o window.py",
        )
    cut_along(wishes.chunk, wishes.to, recomputed(wishes.recompute, wishes.to))
    sizes = _sizes(wishes.sizes or "")
    if wishes.to == "html":
        return _page(request, wishes)
    problem, _ = problem_of(request)
    if wishes.order == 2 and problem.output.shape:
        raise InputError(f"a Hessian is that of a scalar; {problem.name} is none", hint="leave --order out, or sum it")
    found = derivations(problem, second=wishes.order == 2, checking=not wishes.unchecked)
    gc.freeze()
    gc.enable()
    try:
        asked = found if len(found) > 1 else found[0]
        text = export(asked, wishes.to, wishes.recompute, sizes=sizes, chunk=wishes.chunk, **columns())
        path = Path(wishes.output or "")
        blocks = wishes.chunk is not None
        test = export_test(asked, wishes.to, path.name, blocks=blocks) if wishes.test and wishes.to != "c" else ""
    except FailedError as error:
        click.echo(f"jac: {error}", err=True)
        return FAILED
    if wishes.output is None:
        click.echo(text, nl=False)
        return WRITTEN
    files = {str(path): text, **({str(path.with_name(f"test_{path.name}")): test} if test else {})}
    write_files(files, force=wishes.force)
    click.echo("\n".join(f"wrote {name}" for name in files))
    if wishes.test and wishes.to == "c":
        passed, said = run_test(text)
        click.echo(f"its test: {said}", err=not passed)
        return WRITTEN if passed else FAILED
    return WRITTEN


def _page(request: Request, wishes: Wishes) -> int:
    """What `jac page` writes, without its script."""
    from jacobian_cli.cli.page import page_of

    if wishes.unchecked:
        raise InputError("a page bears its verdict", hint="leave --no-check out")
    if wishes.order == 2:
        raise InputError("a page is of first derivatives", hint="--to latex, markdown and json write a Hessian")
    text, status = page_of(request, script=False)
    if wishes.output is None:
        click.echo(text, nl=False)
        return status
    write_files({wishes.output: text}, force=wishes.force)
    click.echo(f"wrote {wishes.output}")
    return status


def _sizes(text: str) -> dict[str, int]:
    """Letters and their numbers."""
    found: dict[str, int] = {}
    for part in text.split(",") if text else ():
        name, _, number = (word.strip() for word in part.partition("="))
        if not name.isidentifier() or not (number.isascii() and number.isdigit()) or len(number) > _DIGITS:
            raise InputError(
                f"{part.strip() or 'nothing'} is no size", hint="letters and whole numbers: --sizes n=3,m=4"
            )
        if found.setdefault(name, int(number)) != int(number):
            raise InputError(
                f"{name} is said to be {found[name]} and {number}", hint="name each letter once: --sizes n=3,m=4"
            )
    return found
