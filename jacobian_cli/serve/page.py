"""One answer as one file that needs no network: every tab worked out, without the box."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from jacobian_cli.api.derive.settle import Settled
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.printers.graph.svg import STYLE
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.serve.markup import Markup, copied, element, markup
from jacobian_cli.serve.tabs import answer, chain, code, entries, graph, steps
from jacobian_cli.syntax.errors import InputError

_START = (
    "<!DOCTYPE html>\n"
    '<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
)


def asset(name: str) -> str:
    """A file of the page: its style or its script."""
    return files("jacobian_cli.serve").joinpath("assets", name).read_text(encoding="utf-8")


def style() -> str:
    """The style of a page and of the pictures in it."""
    return asset("style.css") + STYLE


def page(
    problem: Problem,
    command: str,
    values: Mapping[str, Any] | None = None,
    proofs: Sequence[Settled] | None = None,
    *,
    script: bool = True,
) -> str:
    """The whole page: the answer with its verdict, steps, chain, graph at these values or small ones, entries, code,
    and the command that gives the same.

    Without its `script` all of it stands one below the other, without tabs and without buttons.
    """
    settled = answer.settled_of(problem) if proofs is None else proofs
    tabs = {
        "Answer": lambda: markup(answer.verdicts(problem, settled), answer.show(problem)),
        "Steps": lambda: steps.show(problem),
        "Chain": lambda: chain.show(problem),
        "Graph": lambda: graph.show(problem, values),
        "Entries": lambda: entries.show(problem),
        "Code": lambda: code.show(problem),
    }
    panels = [element("section", answered(show), data_tab=name, id=f"panel-{name}") for name, show in tabs.items()]
    title = f"{problem.name} = {math(problem.output, problem.variables)}"
    head = markup(element("title", title), Markup(f"<style>{style()}</style>"))
    foot = element("div", copied(command, "command"), class_="command")
    main = element(
        "main", element("h1", title), *panels, foot, data_still=script or None, data_plain=not script or None
    )
    does = f"<script>{asset('page.js')}</script>" if script else ""
    return f"{_START}{head}</head><body>{main}{does}</body></html>\n"


def answered(show: Callable[[], Markup]) -> Markup:
    """What a tab shows, or why it can show nothing: the others are answered all the same."""
    try:
        return show()
    except InputError as error:
        return element("p", str(error), class_="warning")
