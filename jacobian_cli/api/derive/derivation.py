"""`derive`: a formula to its Jacobian, gradient and backward rule, with the proof on demand."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, SupportsIndex, overload

from jacobian_cli.api.derive.answer import Answer, answers
from jacobian_cli.api.input.arguments import flag, points_of, whole
from jacobian_cli.api.input.assume import FactsLike, assumptions_of
from jacobian_cli.api.input.problem import Formulas, Problem, ShapeLike, names_of, pose, shapes_of, statements_of
from jacobian_cli.api.pages import derivative, equation, formulas, page
from jacobian_cli.calculus.reshape import NUMERATOR_ROW, Convention, read_convention
from jacobian_cli.records import record

if TYPE_CHECKING:
    from jacobian_cli.api.derive.conventions import Comparison
    from jacobian_cli.api.derive.proof import Proofs
    from jacobian_cli.api.derive.settle import Settled
    from jacobian_cli.api.derive.source import Written
    from jacobian_cli.api.derive.steps import StepList, Stepwise
    from jacobian_cli.checks.verdict.report import Report


@record(frozen=True, repr=False)
class Derivation(Answer):
    """An answer with all that can be asked of it: its proof, its steps, its source, other conventions."""

    checking: bool = True
    """Whether source is written from what passed the check only."""

    @classmethod
    def of(cls, answer: Answer, *, checking: bool = True) -> Derivation:
        """The answer, to be asked."""
        return cls(
            answer.problem, answer.derivative, answer.variable, answer.convention, answer.fault, checking=checking
        )

    def conventions(self, points: int = 3) -> Comparison:
        """The Jacobian in every layout and vec order, with who writes so, each form checked.

        >>> for w in derive("A@X@B", wrt="X").conventions(points=1).writings:
        ...     print(w.layout, *w.vec, "-", w.form, "-", w.relation)
        numerator row - kron(A, B.T) - J
        numerator column - kron(B.T, A) - commutation(p, n)@J@commutation(m, k)
        denominator row - kron(A.T, B) - J.T
        denominator column - kron(B, A.T) - commutation(k, m)@J.T@commutation(n, p)
        """
        from jacobian_cli.api.derive.conventions import comparison

        return comparison(self, points_of(points))

    def check(self, points: int = 3, at: Mapping[str, object] | None = None) -> Report:
        """Compare the printed answer with autograd, central differences and SymPy.

        At `points` random points, or at the one given by `at` (a value for each variable). Of a closed form that
        fails, `settled` is the derivative that stands.
        """
        return self._settle(points, at).report

    @property
    def settled(self) -> Derivation:
        """What stands the check: this derivative or, where its closed form fails, the plain index form of the same,
        whose `warnings` say what failed. Where that fails too, or nothing could be compared, it is this one.
        """
        return self if self._settled.failed is None else Derivation.of(self._settled.answer)

    @cached_property
    def _settled(self) -> Settled:
        return self._settle()

    def _settle(self, points: int = 3, at: Mapping[str, object] | None = None) -> Settled:
        from jacobian_cli.api.derive.settle import settled

        return settled(self._proofs.shown, partial(self._proofs.of, points=points, at=at))

    @cached_property
    def _proofs(self) -> Proofs:
        from jacobian_cli.api.derive.proof import Proofs  # loads NumPy, autograd and SymPy

        return Proofs(self)

    @overload
    def steps(self) -> StepList: ...
    @overload
    def steps(self, format: str) -> str: ...
    def steps(self, format: str | None = None) -> StepList | str:  # noqa: A002 - the word of the interface
        """The derivation as a person writes it: a tuple of lines, each with its rule, shape and closed form.

        With `format` "text", "latex" (an `align*`) or "markdown" all lines as one text. Raises `InputError` for
        another format.

        >>> for step in derive("u.T @ sigmoid(z)", wrt="z").steps()[2:5]:
        ...     print(f"{step}    {step.rule}")
        ∂f/∂h = u    matrix product
        ∂h/∂z = diag(h*(1 - h))    derivative of σ
        ∂f/∂z = diag(h*(1 - h))@u    chain rule through σ
        """
        return self.stepwise.steps if format is None else self.stepwise.formatted(format)

    @cached_property
    def stepwise(self) -> Stepwise:
        """The steps, and their check."""
        from jacobian_cli.api.derive.steps import Stepwise

        return Stepwise(self)

    def to_python(self, target: str = "numpy") -> str:
        """Source code of `value`, `jacobian`, `vjp` and, for a scalar, `gradient`, needing only NumPy.

        It is written from what passes the check, which is made first: a closed form that fails is replaced by its
        plain index form, with a warning. What could not be checked, or was not with `check=False`, says so in its
        docstrings. Raises `InputError` for another target, and where nothing passes.
        """
        from jacobian_cli.api.derive.source import source

        return source([self.written()], target)

    def written(self) -> Written:
        """What source is written from. Raises `InputError` where nothing passes the check."""
        from jacobian_cli.api.derive.source import Written, vouched

        if not self.checking:
            return Written(self._in_rows, f"{self.warnings[-1]}. Not checked." if self.fault else "Not checked.")
        found = self._in_rows._settled
        if found.failed is not None:
            warnings.warn(found.answer.warnings[-1], stacklevel=3)
        return vouched(found)

    @cached_property
    def _in_rows(self) -> Derivation:
        """Whatever is on the screen, code keeps to one convention, and to forms to be computed."""
        from jacobian_cli.api.derive.computed import computed

        return computed(self.rewritten())

    def __repr__(self) -> str:
        """The page: the formula, its derivative as mathematics, and every form as text."""
        problem, names = self.problem, self.problem.variables
        main = self.jacobian if self.gradient is None else self.gradient
        forms = {"gradient": self.gradient, "Jacobian": self.jacobian, "backward": self.vjp, "Hessian": self.hessian}
        rows = [
            (title, form.closed_form, " × ".join(map(str, form.shape)) or "scalar")
            for title, form in forms.items()
            if form is not None
        ]
        own = self.problem.program.values
        where = [f"  where {name} = {body}" for name, body in self.where.items() if name not in own]
        answer = equation(derivative(problem.name, self.wrt), main.expr, names)
        return page(*formulas(problem.program, problem.name), answer, rows, *where)

    def _repr_latex_(self) -> str:
        return f"$$\\frac{{\\partial {self.problem.name}}}{{\\partial {self.wrt}}} = {self.jacobian.latex}$$"

    def _repr_html_(self) -> str:
        """For notebooks, which typeset what stands between dollars: every form, and the text to copy."""
        from html import escape  # few ask for it

        name = f"\\partial {self.problem.name}/\\partial {self.wrt}"
        forms = [
            ("Jacobian", name, self.jacobian),
            ("gradient", f"\\nabla_{{{self.wrt}}} {self.problem.name}", self.gradient),
        ]
        forms.append(("backward rule", f"\\partial J/\\partial {self.wrt}", self.vjp))
        if self.hessian is not None:
            forms.append(("Hessian", "H", self.hessian))
        rows = [
            f"<tr><th>{title}</th><td>${escape(left)} = {escape(form.latex)}$</td>"
            f"<td><code>{escape(form.closed_form)}</code></td></tr>"
            for title, left, form in forms
            if form is not None
        ]
        rows += [
            f"<tr><th>where</th><td colspan=2><code>{n} = {escape(t)}</code></td></tr>" for n, t in self.where.items()
        ]
        return f"<table>{''.join(rows)}</table>"


class Derivations(tuple[Derivation, ...]):
    """The derivatives of one formula by several variables, in the names that they share.

    >>> found = derive("u.T @ sigmoid(W@x + b)", wrt=["W", "b"])
    >>> [d.gradient.closed_form for d in found], found.where
    (['delta1@x.T', 'delta1'], {'h': 'sigmoid(W@x + b)', 'delta1': 'u*h*(1 - h)'})
    """

    __slots__ = ()

    @overload
    def __getitem__(self, index: SupportsIndex) -> Derivation: ...
    @overload
    def __getitem__(self, index: slice) -> Derivations: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Derivation | Derivations:
        found = super().__getitem__(index)
        return Derivations(found) if isinstance(index, slice) else found  # type: ignore[arg-type, return-value]  # a tuple's own index

    def __repr__(self) -> str:
        """The page: the formula, and a line for each variable."""
        if not self:
            return "()"
        problem, names = self[0].problem, self[0].problem.variables
        rows = [
            (equation(derivative(problem.name, d.wrt), form.expr, names), form.closed_form)
            for d in self
            for form in [d.jacobian if d.gradient is None else d.gradient]
        ]
        own = problem.program.values
        where = [f"  where {name} = {body}" for name, body in self.where.items() if name not in own]
        return page(*formulas(problem.program, problem.name), rows, *where)

    @property
    def where(self) -> dict[str, str]:
        """What the names in the closed forms mean, each defined before it is used."""
        return {name: body for d in self for name, body in d.where.items()}

    def to_python(self, target: str = "numpy") -> str:
        """One module for all: `value`, and `jacobian_W`, `vjp_W` and, of a scalar, `gradient_W` for each variable W.

        >>> ns = {}
        >>> exec(derive("u.T@x", wrt=["u", "x"]).to_python(), ns)
        >>> ns["gradient_u"](u=[1.0, 2.0], x=[3.0, 4.0])
        [3.0, 4.0]
        """
        from jacobian_cli.api.derive.source import source

        return source([derivation.written() for derivation in self], target, together=True)

    def _repr_html_(self) -> str:
        return "".join(derivation._repr_html_() for derivation in self)


@overload
def derive(
    expression: Formulas,
    wrt: str,
    shapes: Mapping[str, ShapeLike] | None = None,
    *,
    order: int = 1,
    assume: Mapping[str, FactsLike] | None = None,
    layout: str = "numerator",
    vec: str = "row",
    check: bool = True,
    syntax: str | None = None,
) -> Derivation: ...
@overload
def derive(
    expression: Formulas,
    wrt: list[str] | tuple[str, ...],
    shapes: Mapping[str, ShapeLike] | None = None,
    *,
    order: int = 1,
    assume: Mapping[str, FactsLike] | None = None,
    layout: str = "numerator",
    vec: str = "row",
    check: bool = True,
    syntax: str | None = None,
) -> Derivations: ...
def derive(
    expression: Formulas,
    wrt: str | Sequence[str],
    shapes: Mapping[str, ShapeLike] | None = None,
    *,
    order: int = 1,
    assume: Mapping[str, FactsLike] | None = None,
    layout: str = "numerator",
    vec: str = "row",
    check: bool = True,
    syntax: str | None = None,
) -> Derivation | Derivations:
    """Differentiate a formula.

    `expression` is a formula, or definitions of which the last is the output; `wrt` a variable. With several
    variables (a list, or `"W,b"`) the answer is a sequence of derivations that share their names; a type checker
    knows them by the list. With `order=2` each has its `hessian` too. `assume` declares facts of the values:
    `{"S": "spd", "y": ["sums_to_one", "positive"]}`; they make the answer shorter, and it is checked where they hold.
    `layout` ("numerator" or "denominator") says whether the Jacobian is |out| × |in| or its transpose, `vec` ("row" or
    "column") in what order it runs over the entries of a matrix. Source is written from what passes its check, which is
    made when it is asked for; with `check=False` it is written unchecked. `expression` may be mathematics, LaTeX,
    MATLAB, Julia or NumPy, PyTorch and JAX code too; `syntax` names its notation and forbids guessing.

    Raises `InputError` for anything that is not a formula of the language, and for facts that cannot hold.

    >>> r = derive("u.T @ sigmoid(W@x + b)", wrt="W")
    >>> r.gradient.closed_form, r.where
    ('(u*h*(1 - h))@x.T', {'h': 'sigmoid(W@x + b)'})
    >>> derive("x.T@A@x", wrt="x", assume={"A": "symmetric"}).gradient.closed_form
    '2*A@x'
    """
    names = names_of(wrt)
    declared = shapes_of(shapes)
    statements = statements_of(expression, names, declared, syntax)
    problem = pose(statements, names, declared, assume=assumptions_of(assume))
    second = whole(order, 1, 2, "there is no derivative of order {} here", "order is 1 or 2") == 2
    checking, conventions = flag(check, "check"), [read_convention(layout, vec)]
    found = derivations(problem, second=second, conventions=conventions, checking=checking)
    return found[0] if isinstance(wrt, str) and len(found) == 1 else found


def derivations(
    problem: Problem,
    *,
    second: bool = False,
    conventions: Sequence[Convention] = (NUMERATOR_ROW,),
    checking: bool = True,
) -> Derivations:
    """The derivatives of a typed formula, written in the first of the conventions; see `answers`."""
    found = answers(problem, second=second, conventions=conventions)
    return Derivations(tuple(Derivation.of(answer, checking=checking) for answer in found))
