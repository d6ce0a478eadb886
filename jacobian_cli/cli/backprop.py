"""`jac backprop`: options to a run, the run to tables, pictures or JSON."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import click

from jacobian_cli.api.input.assume import assumptions_of
from jacobian_cli.api.input.problem import shapes_of
from jacobian_cli.cli.refusals import print_json
from jacobian_cli.cli.request import Request
from jacobian_cli.cli.status import MISMATCH, RIGHT
from jacobian_cli.records import record
from jacobian_cli.syntax.errors import InputError

if TYPE_CHECKING:
    from jacobian_cli.api.backprop.run import Backprop

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@record(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How the run is to be shown."""

    svg: str | None
    html: str | None
    out: str | None
    dot: bool
    mermaid: bool
    tree: bool
    symbolic: bool
    naive: bool
    nudge: float | None
    full: bool
    style: str | None
    force: bool


def answer(request: Request, plugins: Sequence[str], wishes: Wishes) -> int:
    """Print the run, or what was asked for in its place; the exit status says whether the check passed."""
    if sum((request.as_json, wishes.style is not None, wishes.dot, wishes.mermaid, wishes.tree)) > 1:
        raise InputError("one of --json, --dot, --mermaid, --tree and --to, please")
    if plugins:
        from jacobian_cli.api.backprop.register import load

        for path in plugins:
            load(path)
    from jacobian_cli.api.backprop.run import run
    from jacobian_cli.api.input.values import read_values

    values, shapes = read_values(list(request.at)), shapes_of(None, request.declarations)
    assume = assumptions_of(None, request.declarations)
    done = run(request.statements, values, request.wrt or None, shapes, assume)
    gc.freeze()
    gc.enable()
    files = _files(done, wishes)
    if files:
        from jacobian_cli.cli.files import write_files

        write_files(files, force=wishes.force)
    if request.as_json:
        print_json(_object(done, wishes))
    elif wishes.dot or wishes.mermaid:
        from jacobian_cli.api.backprop.tables import graph
        from jacobian_cli.printers.graph.source import dot, mermaid

        click.echo((dot if wishes.dot else mermaid)(graph(done)), nl=False)
        return RIGHT
    elif wishes.style is not None:
        return _form(request, done, wishes)
    else:
        _page(done, wishes)
        for path in files:
            click.echo(f"written: {path}")
    return MISMATCH if done.check.passed is False else RIGHT


def _form(request: Request, run: Backprop, wishes: Wishes) -> int:
    """LaTeX or Markdown of the run, or NumPy that works the gradients out at any point."""
    if wishes.style == "numpy":
        from jacobian_cli.api.derive.derivation import derivations
        from jacobian_cli.cli.derive import print_source, problem_of

        problem, _ = problem_of(replace(request, wrt=run.wrt))
        written = print_source(derivations(problem))
        return RIGHT if written and run.check.passed is not False else MISMATCH
    from jacobian_cli.api.backprop.written import latex_run, markdown_run

    click.echo(latex_run(run) if wishes.style == "latex" else markdown_run(run, symbolic=wishes.symbolic))
    return MISMATCH if run.check.passed is False else RIGHT


def _files(run: Backprop, wishes: Wishes) -> dict[str, str | bytes]:
    """The files asked for: the picture, the page, the gradients."""
    files: dict[str, str | bytes] = {}
    if wishes.svg or wishes.html:
        from jacobian_cli.api.backprop.tables import definitions, graph, tables
        from jacobian_cli.printers.graph.page import page
        from jacobian_cli.printers.graph.svg import svg

        drawn = graph(run)
        if wishes.svg:
            files[wishes.svg] = svg(drawn)
        if wishes.html:
            files[wishes.html] = page(drawn, tables(run, symbolic=wishes.symbolic), definitions(run))
    if wishes.out:
        if not wishes.out.endswith(".npz"):
            raise InputError("gradients are written to a .npz file", text=wishes.out, hint="as in --out grads.npz")
        import numpy as np

        np.savez(held := BytesIO(), allow_pickle=False, **dict(run.gradients))
        files[wishes.out] = held.getvalue()
    return files


def _page(run: Backprop, wishes: Wishes) -> None:
    """The page: where somebody watches, what was worked out at once, and its verdict when it is there."""
    from jacobian_cli.cli.screen import Screen, progress
    from jacobian_cli.cli.show.about import verdict
    from jacobian_cli.cli.show.backprop import BackpropPage

    screen = Screen()
    if not screen.watched:
        run.check  # noqa: B018 - it is kept; a pipe gets all or nothing
    page = BackpropPage(screen, run, wishes.full)
    page.about()
    if wishes.tree:
        page.tree()
    else:
        page.forward()
        page.backward(symbolic=wishes.symbolic)
    page.gradients()
    page.operations(naive=wishes.naive)
    if wishes.nudge is not None:
        page.nudges(wishes.nudge)
    page.kinks()
    with progress() as say:
        say("checking…")
        report = run.check
    verdict(screen, report)


def _object(run: Backprop, wishes: Wishes) -> dict[str, object]:
    nudges = run.nudges(wishes.nudge) if wishes.nudge is not None else []
    told = [{"name": n.name, "to": n.moved_to, "value": n.value, "predicted": n.predicted} for n in nudges]
    extra = {**({"repeated": run.repeated} if wishes.naive else {}), **({"nudges": told} if nudges else {})}
    return {**run.to_dict(), **extra}
