"""`chain`: a composition to its local Jacobians, their product, δ, the gradients, and what each order of
multiplication costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from jacobian_cli.api.chain.answer import ChainAnswer
from jacobian_cli.api.chain.compose import composed
from jacobian_cli.api.derive.derivation import Derivation, Derivations, derivations
from jacobian_cli.api.input.assume import FactsLike, assumptions_of
from jacobian_cli.api.input.problem import Formulas, Problem, ShapeLike, names_of, pose, shapes_of, statements_of
from jacobian_cli.api.pages import derivative, formulas, page, spelled
from jacobian_cli.expr import Variable
from jacobian_cli.printers.math.latex import latex
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.records import record
from jacobian_cli.syntax.errors import InputError

if TYPE_CHECKING:
    from jacobian_cli.api.chain.proof import ChainProof
    from jacobian_cli.api.derive.steps import StepList


@record(frozen=True, repr=False)
class Composition(ChainAnswer):
    """A chain with all that can be asked of it: its proof, and the steps of each derivation."""

    note: str = ""
    """How the formulas were read, where they were no definitions."""

    def __repr__(self) -> str:
        """The page: the formulas, and the product that stands at each link and variable."""
        rows = []
        for found in self.products:
            named = f" = {spelled(found.name)}ᵀ" if found.name else ""
            rows.append((derivative(self.name, found.node) + f" = {math(found.expr)}{named}", found.closed_form))
        return page(*formulas(self.problem.program, self.name), rows)

    @cached_property
    def derivations(self) -> Derivations:
        """The answer for each variable, as `derive` gives it."""
        return Derivations(tuple(map(Derivation.of, self.answers)))

    @overload
    def steps(self) -> dict[str, StepList]: ...
    @overload
    def steps(self, format: str) -> dict[str, str]: ...
    def steps(self, format: str | None = None) -> dict[str, StepList] | dict[str, str]:  # noqa: A002 - the word of the interface
        """For each variable the derivation as a person writes it: as `Derivation.steps`, in the names of the chain.

        With `format` "text", "latex" or "markdown" the lines of each variable as one text. Raises `InputError` for
        another format.

        >>> c = chain(["z = W@x + b", "h = sigmoid(z)", "s = u.T@h"], wrt="W,b")
        >>> [str(step) for step in c.steps()["b"][-2:]]
        ['∂s/∂b = delta_z', '∂s/∂b [as a row] = delta_z.T']
        """
        if format is None:
            return {d.wrt: d.steps() for d in self.stepwise}
        return {d.wrt: d.steps(format) for d in self.stepwise}

    @cached_property
    def stepwise(self) -> Derivations:
        """The derivations that have steps: of an output that is no scalar they lead to the backward rule."""
        return derivations(self.problem) if self.problem.output.shape else self.derivations

    def steps_dict(self, points: int | None = 3) -> dict[str, Any]:
        """The fields that steps add to the JSON answer, by variable."""
        found = {d.wrt: d.stepwise.to_dict(points) for d in self.stepwise}
        return {key: {wrt: each[key] for wrt, each in found.items()} for key in ("steps", "steps_check")}

    def check(self, points: int = 3, at: Mapping[str, object] | None = None) -> ChainProof:
        """Compare the Jacobians and gradients, every local Jacobian and every running product with autograd and
        central differences, and the Jacobians with SymPy's explicit table.

        At `points` random points, or at the one given by `at`.
        """
        return self.prove(points, at)

    def prove(self, points: int = 3, at: Mapping[str, object] | None = None, rate: float | None = None) -> ChainProof:
        """The check with all that backs it: the numbers at every link, and a step of gradient descent."""
        from jacobian_cli.api.chain.proof import prove_chain  # loads NumPy, autograd and SymPy

        return prove_chain(self, points, at, rate)

    def _repr_latex_(self) -> str:
        out = latex(Variable(self.name, ()))
        rows = []
        for found in self.products:
            left = rf"\frac{{\partial {out}}}{{\partial {latex(Variable(found.node, ()))}}}"
            written = " + ".join(latex(form.expr) for form in found.factors.values())
            steps = list(dict.fromkeys([written, found.latex, *([latex(found.row)] if found.name else [])]))
            rows.append(left + " &= " + " = ".join(steps))
        return "$$\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}$$"


def chain(
    stages: Formulas,
    wrt: str | Sequence[str],
    shapes: Mapping[str, ShapeLike] | None = None,
    *,
    assume: Mapping[str, FactsLike] | None = None,
    syntax: str | None = None,
) -> Composition:
    """Take a composition apart: each link's local Jacobian, their product from the output backwards, and its cost.

    `stages` are definitions in any order, of which the last is the output, or bare formulas, outermost first, for
    f∘g. `wrt` is a variable or several; `assume` declares facts of the values, as for `derive`.

    Raises `InputError` for what is not a chain of the language: a cycle, a name defined twice, several outputs.

    >>> c = chain(["z = W@x + b", "h = sigmoid(z)", "s = u.T@h"], wrt="W,b")
    >>> c.deltas, c.gradients["W"].closed_form, c.jacobians["W"].closed_form
    ({'delta_z': <u*h*(1 - h)>}, 'delta_z@x.T', 'kron(delta_z, x).T')
    >>> c.costs["W"]["reverse"].cost.symbolic, c.costs["W"]["forward"].cost.symbolic
    (n*m + n, 2*n*m)
    """
    names = names_of(wrt)
    declared = shapes_of(shapes)
    statements, note = composed(statements_of(stages, names, declared, syntax), [*names, *declared])
    return composition(pose(statements, names, declared, assume=assumptions_of(assume)), note)


def composition(problem: Problem, note: str = "") -> Composition:
    """A typed problem as a chain. Raises `InputError` for several outputs."""
    _one_output(problem)
    return Composition(problem, note)


def _one_output(problem: Problem) -> None:
    """Definitions that nothing uses are reported; a bare formula that nothing can use is a second output."""
    program = problem.program
    others = [s for s in program.statements if s.name is None and s is not program.last]
    if others:
        raise InputError(
            "there are several outputs: only the last formula may stand without a name",
            text=others[0].source,
            hint="name it, or ask for one output at a time",
        )
