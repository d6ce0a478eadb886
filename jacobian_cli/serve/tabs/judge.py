"""Check: is this derivative, found by hand, right? If not: where, and what kind of mistake."""

from __future__ import annotations

from jacobian_cli.api.check.answer import RIGHT, RIGHT_IF, Check
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.judged import judged
from jacobian_cli.api.check.report import headline
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.serve.markup import Markup, element, markup
from jacobian_cli.syntax.errors import InputError

_KINDS = {RIGHT: ("right", "✓"), RIGHT_IF: ("open", "?")}


def show(problem: Problem, claim: str) -> Markup:
    """The verdict on the claim about the derivative by the one variable chosen."""
    if len(problem.wrt) != 1:
        names = ", ".join(v.name for v in problem.wrt)
        raise InputError(f"a claim is about one variable; chosen are {names}", hint="choose one of them above")
    if not claim.strip():
        raise InputError("there is no claim to judge", hint="type your answer, as in 2*A@x")
    return shown(judged(Judge(problem), claim, None))


def shown(found: Check) -> Markup:
    """A verdict with what explains it."""
    kind, mark = _KINDS.get(found.verdict, ("wrong", "✗"))
    parts = [element("p", f"{mark} {headline(found)}", class_=f"verdict {kind}", role="status")]
    if found.read is not None:
        parts.append(element("p", "read as ", element("code", found.read), class_="dim"))
    parts += [element("p", f"! {warning}", class_="warning") for warning in found.warnings]
    for each in found.diagnosis:
        said = each.explanation if each.certain else f"perhaps: {each.explanation}"
        fix = [element("p", "right is ", element("code", each.fix))] if each.fix else []
        parts.append(element("div", element("p", said), *fix, class_="form"))
    rows = []
    if found.worst is not None and found.verdict != RIGHT:
        worst = found.worst
        rows.append(("worst entry", f"{worst.entry}: claimed {worst.claimed:.6g}, true {worst.true:.6g}"))
        rows.append(("differ", f"{found.differing} of {found.entries} entries ({found.pattern})"))
    if found.counterexample is not None:
        example = found.counterexample
        rows.append(("try", ", ".join(f"{name} = {value}" for name, value in example.values.items())))
        rows.append(("", f"claimed {example.claimed}, true {example.true}"))
    if found.verdict != RIGHT:
        rows.append(("closed form", found.truth))
        rows += [("", f"where {name} = {body}") for name, body in found.where.items()]
    listed = [markup(element("dt", title), element("dd", element("code", text))) for title, text in rows]
    parts.append(element("dl", *listed, class_="facts"))
    parts += [element("p", note, class_="dim") for note in found.notes]
    return markup(*parts)
