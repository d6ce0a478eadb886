"""Chain: local Jacobians, their product from the output backwards, the adjoint of each name, the answers."""

from __future__ import annotations

from jacobian_cli.api.chain.answer import RunningProduct
from jacobian_cli.api.chain.composition import Composition, composition
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.api.sizes import sized
from jacobian_cli.printers.math.mathml import mathml, name_mathml, partial_mathml
from jacobian_cli.serve.markup import Markup, element, markup
from jacobian_cli.serve.tabs.equations import equation, formula, pasted, verdict, where


def show(problem: Problem) -> Markup:
    """The composition taken apart, and its verdict."""
    return shown(composition(problem))


def shown(found: Composition) -> Markup:
    """A chain as tables of mathematics."""
    names = found.problem.variables
    locals_ = [(link.name, wrt, local) for link in found.links for wrt, local in link.locals.items()]
    parts = [element("h2", "Local Jacobians")]
    for above, below, local in locals_:
        left = partial_mathml(above, below)
        parts.append(_line(equation(left, local.expr, names, block=True), sized(local.shape), pasted(local)))
    parts.append(element("h2", "Their product, from ", formula(name_mathml(found.name)), " backwards"))
    parts += [_product(found, each) for each in found.products]
    if found.deltas:
        parts.append(element("h2", "Named once"))
        for each, form in found.deltas.items():
            parts.append(
                _line(equation(name_mathml(each), form.expr, names, block=True), sized(form.shape), pasted(form))
            )
    together, alone = found.sharing.together, found.sharing.alone
    if len(found.problem.wrt) > 1:
        said = f"all together {together.symbolic} multiply-adds; each on its own {alone.symbolic}"
        parts.append(element("p", said, class_="dim"))
    parts.append(element("h2", "Gradients" if found.gradients else "Jacobians"))
    for each, form in (found.gradients or found.jacobians).items():
        left = partial_mathml(found.name, each)
        parts.append(_line(equation(left, form.expr, names, block=True), sized(form.shape), pasted(form)))
    parts.append(verdict(found.check().report))
    return markup(*parts, where(found.problem, found.answers))


def _product(found: Composition, running: RunningProduct) -> Markup:
    """∂s/∂z = ∂s/∂h · ∂h/∂z = …, one factor for each way in which the node is used."""
    names, sides = found.problem.variables, [partial_mathml(found.name, running.node)]
    factors = list(running.factors.items())
    if len(factors) == 1 and factors[0][0] != found.name:
        link = factors[0][0]
        sides.append(f"{partial_mathml(found.name, link)}<mo>&#x2062;</mo>{partial_mathml(link, running.node)}")
    written = [mathml(form.expr, names) for _, form in factors]
    sides.append("<mo>+</mo>".join(f"<mrow>{each}</mrow>" for each in written))
    sides += [mathml(running.expr, names)] if [mathml(running.expr, names)] != written else []
    if running.name is not None:
        sides.append(mathml(running.row, names))
    line = formula("<mo>=</mo>".join(f"<mrow>{side}</mrow>" for side in dict.fromkeys(sides) if side), block=True)
    return _line(line, sized(running.shape), pasted(running))


def _line(shown: str, size: str, *beside: str) -> Markup:
    return element(
        "div",
        element("div", shown, class_="wide", tabindex="0"),
        element("p", size, class_="kind"),
        *beside,
        class_="form",
    )
