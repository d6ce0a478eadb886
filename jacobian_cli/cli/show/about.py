"""What stands on more than one page: the formula and its shapes, facts, names, forms, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from jacobian_cli.api.sizes import shape_said
from jacobian_cli.cli.screen import MARKS, Screen, cells
from jacobian_cli.elaborate import Program
from jacobian_cli.expr import Defined, Expr, Variable
from jacobian_cli.ops.facts import FACTS, everything
from jacobian_cli.ops.places import constant_pieces, presumed
from jacobian_cli.printers.language import text as language
from jacobian_cli.printers.math.unicode import math

if TYPE_CHECKING:  # a graph's page needs no derivation, and a report loads NumPy
    from jacobian_cli.api.derive.answer import Answer, ClosedForm
    from jacobian_cli.api.input.problem import Problem
    from jacobian_cli.checks.verdict.report import Report

_LABEL = 11
_BESIDE = 40
"""Where remarks begin, if there is room."""
_DEFINED = 6
"""Of so many definitions all are shown; `jac chain` names what a longer composition rests on."""


def name_text(name: str) -> str:
    """A name as mathematics writes it: W₁, λ."""
    return math(Variable(name, ()))


def partial(above: str, below: str) -> str:
    """∂f/∂W, the names as mathematics writes them."""
    return f"∂{name_text(above)}/∂{name_text(below)}"


def about(screen: Screen, problem: Problem) -> None:
    """How the formula was read, what is doubtful in that, its definitions, and the shape of every name."""
    defined(screen, problem.program, problem.name, problem.read, problem.warnings)
    screen.line(shapes_line(problem), style="dim")
    decided(screen, problem)
    if problem.program.unused:
        screen.line(f"not used: {', '.join(problem.program.unused)}", style="yellow")
    given = [(name, fact, FACTS[fact].summary) for name, said in problem.facts.items() for fact in sorted(said)]
    if given:
        screen.columns([(f"given {name}", fact, summary) for name, fact, summary in given], 0, ("", "bold", "dim"))
    screen.line()


def defined(screen: Screen, program: Program, name: str, read: str | None, warnings: Sequence[str]) -> None:
    """What was read, what may have been meant otherwise, and every definition as mathematics."""
    for warning in warnings:
        screen.line(f"! {warning}", style="yellow")
    if read is not None:
        screen.line(f"read as  {read}", style="dim")
    named = [(n, v) for n, v in program.values.items() if n != program.output_name]
    for defined_name, value in named[:_DEFINED]:
        screen.line(f"{name_text(defined_name)} = {math(getattr(value, 'body', value))}")
    if len(named) > _DEFINED:
        screen.line(f"… {len(named) - _DEFINED} more definitions", style="dim")
    screen.line(f"{name_text(name)} = {math(program.output, program.variables)}", style="bold")


def decided(screen: Screen, problem: Problem) -> None:
    """The one name by whose being taken for a vector the answer is one."""
    name = problem.program.decided_by
    if name is not None:
        kind = {1: "a vector", 2: "a matrix"}.get(len(problem.output.shape), "a tensor")
        one = "one" if kind == "a vector" else "a vector"
        screen.line(f"{problem.name} is {kind} because {name} was assumed {one}: -s {name}=()", "dim")


def shapes_line(problem: Problem) -> str:
    """`f scalar · W n×m · x m · b, u n`: names of one shape stand together; then what sizes must be."""
    groups: dict[str, list[str]] = {}
    for name, variable in problem.variables.items():
        groups.setdefault(shape_said(variable.shape), []).append(math(Variable(name, ())))
    parts = [f"{math(Variable(problem.name, ()))} {shape_said(problem.output.shape)}"]
    parts += [f"{', '.join(names)} {shape}" for shape, names in groups.items()]
    return " · ".join([*parts, *(f"where {want.replace('>=', '≥').replace('<=', '≤')}" for want in problem.wants)])


def assumptions(problem: Problem) -> str:
    """Which habits gave names their shapes, and how another shape is said."""
    whys: dict[str, list[str]] = {}
    for name in problem.variables:
        if problem.program.origins.get(name) == "assumed":
            whys.setdefault(problem.program.whys.get(name, "the textbook habit"), []).append(name)
    if not whys:
        return ""
    said = "; ".join(f"{why} ({', '.join(names)})" for why, names in whys.items())
    (example, *_) = next(iter(whys.values()))
    other = "()" if len(problem.variables[example].shape) else "n"
    return f"{said}; if not, -s {example}={other}"


def labelled(screen: Screen, label: str, left: str, right: str = "", *, style: str = "", beside: str = "dim") -> None:
    """A label, what it says, and a remark beside it, or below it where it does not fit."""
    width = max(_LABEL, cells(label) + 2)
    styles, fits = ("bold", style, beside), cells(left) + cells(right) + 2 <= screen.width - width
    if right and fits:
        least = max(cells(left), min(_BESIDE, screen.width - width - cells(right)) - 2)
        screen.columns([(label, left, right)], 0, styles, widths=(width - 2, least))
        return
    rows = [(label, left)]
    screen.columns(rows, 0, styles, widths=(width - 2,))
    if right:
        screen.columns([("", right)], 0, ("", beside), widths=(width - 2,))


def both(screen: Screen, form: ClosedForm, mathematics: str) -> None:
    """A form as text to paste and as mathematics to read."""
    if cells(form.closed_form) + cells(mathematics) + 10 <= screen.width:
        screen.columns([(form.closed_form, mathematics)], indent=4, styles=("green", ""), gap=4)
    else:
        screen.line(form.closed_form, indent=4, style="green")
        screen.line(mathematics, indent=4)


def where(screen: Screen, problem: Problem, found: Iterable[Answer], shown: Iterable[Expr] | None = None) -> None:
    """What the names in the answers stand for, or those in the forms that are shown; those of the user left out."""
    bodies: dict[str, Expr] = {name: body for d in found for name, body in d.derivative.where.items()}
    if shown is not None:
        from jacobian_cli.calculus.derivative.common_subexpressions import definitions

        bodies = definitions(shown)
    named = [Defined(name, body) for name, body in bodies.items() if name not in problem.program.values]
    rows = [
        (f"{math(name)} = {math(name.body, problem.variables)}", f"{name.name} = {language(name.body)}")
        for name in named
    ]
    left, right = (max((cells(row[k]) for row in rows), default=0) for k in range(2))
    beside = left + right + 2 <= screen.width - _LABEL
    for k, (mathematics, text) in enumerate(rows):
        labelled(screen, "where" if not k else "", mathematics, text if beside else "", beside="green")
        if not beside:
            labelled(screen, "", text, style="green")


def unchecked(screen: Screen) -> None:
    """What stands in place of a verdict where none was wanted."""
    screen.line("? not checked: --no-check", style="yellow")


def closing(screen: Screen, problem: Problem) -> None:
    """What was taken for granted."""
    for name, reason in constant_pieces([problem.output]).items():
        screen.line(f"{name}: {reason}", style="dim")
    symmetric = {name for name, facts in problem.facts.items() if "symmetric" in everything(facts)}
    for name, said in presumed([problem.output], symmetric).items():
        screen.line(f"{name}: {said}", style="dim")
    assumed = assumptions(problem)
    if assumed:
        screen.line(f"assumed: {assumed}", style="dim")


def needless(screen: Screen, d: Answer) -> None:
    """What was declared, and the answer is the same without it."""
    unused = [f"{name} is {fact}" for name, facts in d.assumed.items() for fact, u in facts.items() if u != "used"]
    if unused:
        screen.line(f"the answer is the same without: {', '.join(unused)}", style="dim")


def unconstrained(screen: Screen, d: Answer, *, tied: bool = False) -> None:
    """For a variable whose entries are tied: which derivative this is, unless the other one is shown too."""
    if not d.unconstrained:
        return
    said = [FACTS[fact] for fact in sorted(d.problem.facts[d.wrt]) if FACTS[fact].ties]
    names = " and ".join(fact.name for fact in said)
    screen.line(
        f"the unconstrained derivative: each entry of {d.wrt} is free, though {d.wrt} is {names}", "dim", indent=2
    )
    along = {fact.along for fact in said}
    if not (tied and d.symmetric) and d.gradient is not None and len(along) == 1 and (text := along.pop()):
        screen.line(f"for changes that keep {d.wrt} {names}, a gradient G becomes {text}", "dim", indent=2)


def instead(screen: Screen, d: Answer) -> None:
    """That this is the plain index form, and what was wrong with the closed form."""
    if d.fault:
        screen.line(d.warnings[-1], style="red", indent=2)


def stands(screen: Screen, answer: Answer) -> None:
    """What stands where the closed form found first does not."""
    instead(screen, answer)
    forms = {"Jacobian": answer.jacobian, "Gradient": answer.gradient, "Backward rule": answer.vjp}
    for title, form in forms.items():
        if form is not None:
            screen.heading(title)
            screen.line(form.closed_form, style="green", indent=4)
    for name, body in answer.where.items():
        screen.line(f"where {name} = {body}", indent=4)


def verdict(screen: Screen, report: Report, checked: str = "checked", label: str = "") -> None:
    """The last line: what was compared, and how well it agreed."""
    colour = MARKS[report.passed][1]
    screen.line(report.line(checked, label), style=colour)
    if report.reach:
        screen.line(report.reach, style=colour if report.certificate and report.certificate.every else "dim")
    for mismatch in report.mismatches:
        screen.line(mismatch, style=colour, indent=2)
    for note in report.notes:
        screen.line(note, style="dim", indent=2)
