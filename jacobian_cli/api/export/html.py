"""Derivatives as one page of HTML that needs neither a network nor a script: every form in MathML, with its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from jacobian_cli.api.derive.answer import Answer, ClosedForm
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.checks.verdict.report import Report
from jacobian_cli.expr import Expr
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.mathml import math_element, mathml, name_mathml, partial_mathml
from jacobian_cli.printers.math.unicode import math

_STYLE = (
    "body{font-family:sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;line-height:1.5}"
    "figure{margin:1rem 0;overflow-x:auto}figcaption{color:#555}code{overflow-wrap:anywhere}"
)


def page(problem: Problem, found: Sequence[Answer], reports: Sequence[Report]) -> str:
    """The page; of what was not checked it says so."""
    names = problem.variables
    title = f"{problem.name} = {math(problem.output, names)}"
    parts = [f"<h1>{math_element(name_mathml(problem.name), '<mo>=</mo>', mathml(problem.output, names))}</h1>"]
    for k, answer in enumerate(found):
        parts.append(f"<h2>{math_element(partial_mathml(problem.name, answer.wrt))}</h2>")
        parts += [f"<p>{escape(answer.warnings[-1])}</p>"] if answer.fault else []
        parts += [_figure(*form, names) for form in _forms(answer)]
        said = str(reports[k]) if reports else "not checked"
        parts.append(f"<p>{'<br>'.join(map(escape, said.splitlines()))}</p>")
    own = problem.program.values
    where = {n: body for d in found for n, body in d.derivative.where.items() if n not in own}
    rows = [_figure("where", name_mathml(name), body, names) for name, body in where.items()]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    body = "\n".join([*parts, *rows])
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _forms(answer: Answer) -> Iterator[tuple[str, str, Expr]]:
    """What each form is, its left side, and the form."""
    name, wrt = answer.problem.name, answer.wrt
    first = partial_mathml(name, wrt)

    def called(what: str, form: ClosedForm) -> str:
        return f"{what}, {' × '.join(map(str, form.shape)) or 'scalar'}"

    if answer.gradient is not None:
        yield called("gradient", answer.gradient), first, answer.gradient.expr
    yield called(f"Jacobian, {answer.jacobian.layout} layout", answer.jacobian), first, answer.jacobian.expr
    back = math(answer.derivative.upstream)
    yield called(f"backward rule, given {back}", answer.vjp), partial_mathml("J", wrt), answer.vjp.expr
    if answer.hessian is not None:
        yield called("Hessian", answer.hessian), "<mi>H</mi>", answer.hessian.expr


def _figure(what: str, left: str, form: Expr, names: Iterable[str]) -> str:
    shown = math_element(left, "<mo>=</mo>", mathml(form, names), block=True)
    return f"<figure><figcaption>{escape(what)}</figcaption>{shown}<code>{escape(text(form))}</code></figure>"
