"""`derive`: a formula to its Jacobian, gradient and backward rule, with the proof on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any

from jacobian_cli.api.input.assume import FactsLike, assumptions_of
from jacobian_cli.api.input.problem import Formulas, Problem, ShapeLike, names_of, pose, shapes_of, statements_of
from jacobian_cli.calculus.derivative.forms import Derivative, Forms, derivative
from jacobian_cli.calculus.notation.storage import Stored, stored
from jacobian_cli.calculus.reshape import NUMERATOR_ROW, Convention, read_convention
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.interned import Portable
from jacobian_cli.ops.facts import FACTS
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.index import elementwise
from jacobian_cli.printers.math.latex import latex
from jacobian_cli.shape import Shape, Size, product
from jacobian_cli.syntax.errors import InputError

if TYPE_CHECKING:
    from jacobian_cli.api.derive.conventions import Comparison
    from jacobian_cli.api.derive.steps import Stepwise
    from jacobian_cli.checks.verdict.answer import Report

Symbols = tuple[str | int, ...]


def symbols(shape: Shape) -> Symbols:
    """A shape as users read it: names, products of names, and numbers."""
    return tuple(size.value if size.value is not None else str(size) for size in shape)


@dataclass(frozen=True, repr=False)
class ClosedForm(Portable):
    """One way of writing a derivative. `closed_form` is an expression of the language in the names of `where`."""

    expr: Expr
    shape: Symbols

    @cached_property
    def closed_form(self) -> str:
        """The text, an expression of the language."""
        return text(self.expr)

    @cached_property
    def latex(self) -> str:
        """The same in LaTeX."""
        return latex(self.expr)

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {"shape": list(self.shape), "closed_form": self.closed_form, "latex": self.latex}

    def __str__(self) -> str:
        return self.closed_form

    def __repr__(self) -> str:
        return f"<{self.closed_form}>"


@dataclass(frozen=True, repr=False)
class Jacobian(ClosedForm):
    """The pure-math matrix: |out| × |in| in numerator layout, its transpose in denominator layout."""

    derivation: Derivation
    layout: str = "numerator"
    vec: str = "row"

    @cached_property
    def elementwise(self) -> str:
        """One entry in index notation."""
        derivation = self.derivation
        return elementwise(derivation.derivative, derivation.wrt, derivation.problem.name)

    def entries(self, sizes: Mapping[str, int] | None = None) -> Any:
        """The explicit table as a `sympy.Matrix`, derived by SymPy at these sizes, laid out as the closed form.

        Raises `InputError` when it would have more than 400 entries.
        """
        return import_module("jacobian_cli.api.derive.proof").explicit_table(self.derivation, sizes).matrix

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {
            "shape": list(self.shape),
            "closed_form": self.closed_form,
            "elementwise": self.elementwise,
            "latex": self.latex,
            "layout": self.layout,
            "vec": self.vec,
        }


@dataclass(frozen=True, repr=False)
class Hessian(ClosedForm):
    """A block of second derivatives, |in| × |in|; that of one variable is symmetric."""

    entries: Size
    symmetric: bool

    @cached_property
    def stored(self) -> Stored:
        """How many entries it takes to keep, as its closed form and written out."""
        return stored(self.expr, self.entries)

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        structured, dense = symbols((self.stored.structured, self.stored.dense))
        kept = {"structured": structured, "dense": dense}
        return {**ClosedForm.to_dict(self), "symmetric": self.symmetric, "stored": kept}


@dataclass(frozen=True, repr=False)
class Derivation(Portable):
    """The derivative of one formula with respect to one variable, its Jacobian written in one convention."""

    problem: Problem
    derivative: Derivative
    variable: Variable
    convention: Convention = NUMERATOR_ROW

    def __repr__(self) -> str:
        return f"<∂{self.problem.name}/∂{self.wrt} = {self.jacobian.closed_form}>"

    @property
    def expression(self) -> str:
        """The formula as typed."""
        return self.problem.text

    @property
    def wrt(self) -> str:
        """The variable."""
        return self.variable.name

    @property
    def shapes(self) -> dict[str, Symbols]:
        """The shape of each variable."""
        return {name: symbols(v.shape) for name, v in self.problem.variables.items()}

    @property
    def output_shape(self) -> Symbols:
        """The shape of the output."""
        return symbols(self.problem.output.shape)

    @property
    def forms(self) -> Forms:
        """All ways of writing the derivative, as typed expressions."""
        return self.derivative.forms[self.wrt]

    @cached_property
    def jacobian(self) -> Jacobian:
        """The Jacobian. In numerator layout row i, column j holds ∂f_i/∂x_j, in denominator layout ∂f_j/∂x_i."""
        convention = self.convention
        shape = convention.shape(self.problem.output.shape, self.variable.shape)
        form = self.forms.jacobians.get(convention, self.forms.jacobian)
        return Jacobian(form, symbols(shape), self, str(convention.layout), str(convention.vec))

    def rewritten(self, layout: str = "numerator", vec: str = "row") -> Derivation:
        """The same derivative in another convention. Raises `InputError` for a convention that there is not.

        >>> derive("W@x + b", wrt="W").rewritten("denominator", "column").jacobian.closed_form
        'kron(x, eye(n))'
        """
        convention = read_convention(layout, vec)
        if convention == self.convention:
            return self
        if convention in self.forms.jacobians:
            return replace(self, convention=convention)
        again = derivations(self.problem, second=bool(self.hessians), conventions=[convention])
        return next(d for d in again if d.wrt == self.wrt)

    def conventions(self, points: int = 3) -> Comparison:
        """The Jacobian in every layout and vec order, with who writes so, each form checked.

        >>> for w in derive("A@X@B", wrt="X").conventions(points=1).writings:
        ...     print(w.layout, *w.vec, "-", w.form, "-", w.relation)
        numerator row - kron(A, B.T) - J
        numerator column - kron(B.T, A) - commutation(p, n)@J@commutation(m, k)
        denominator row - kron(A.T, B) - J.T
        denominator column - kron(B, A.T) - commutation(k, m)@J.T@commutation(n, p)
        """
        found: Comparison = import_module("jacobian_cli.api.derive.conventions").comparison(self, points)
        return found

    @cached_property
    def gradient(self) -> ClosedForm | None:
        """For a scalar output, the gradient in the shape of the variable."""
        found = self.forms.gradient
        return None if found is None else ClosedForm(found, symbols(self.variable.shape))

    @cached_property
    def vjp(self) -> ClosedForm:
        """The backward rule: the gradient of the variable, given that of the output."""
        return ClosedForm(self.forms.vjp, symbols(self.variable.shape))

    @cached_property
    def hessians(self) -> dict[str, Hessian]:
        """Second derivatives (asked for with `order=2`): for each variable the block |in| × |that variable|."""
        rows = product((*self.problem.output.shape, *self.variable.shape))
        found: dict[str, Hessian] = {}
        for name, form in self.forms.hessian.items():
            columns = product(self.problem.variables[name].shape)
            symmetric = name == self.wrt and not self.problem.output.shape
            found[name] = Hessian(form, symbols((rows, columns)), rows * columns, symmetric)
        return found

    @property
    def hessian(self) -> Hessian | None:
        """The Hessian |in| × |in| of a scalar output; None unless asked for with `order=2`.

        >>> derive("sum(log(1 + exp(X@w)))", wrt="w", order=2).hessian.stored
        Stored(structured=n*m + n, dense=m**2)
        """
        return self.hessians.get(self.wrt)

    @property
    def read(self) -> str | None:
        """What was typed, in the language, where it was typed in another notation."""
        return self.problem.read

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may have been read otherwise than it was meant, each with both readings as text to paste."""
        return self.problem.warnings

    @property
    def upstream(self) -> str:
        """The name of the gradient that arrives from above."""
        return self.derivative.upstream.name

    @cached_property
    def where(self) -> dict[str, str]:
        """What the names in the closed forms mean, each defined before it is used."""
        return {name: text(body) for name, body in self.derivative.where.items()}

    @property
    def assumed(self) -> dict[str, dict[str, str]]:
        """The facts declared of each variable, each `used`, or `unused` where the answer is the same without."""
        marks = {True: "used", False: "unused"}
        return {
            name: {fact: marks[used] for fact, used in facts.items()} for name, facts in self.derivative.used.items()
        }

    @property
    def unconstrained(self) -> bool:
        """Whether the variable is declared to be of a kind whose entries cannot move one by one. The derivative takes
        them as independent all the same.
        """
        return any(FACTS[fact].ties for fact in self.problem.facts.get(self.wrt, ()))

    def check(self, points: int = 3, at: Mapping[str, Any] | None = None) -> Report:
        """Compare the printed answer with autograd, central differences and SymPy.

        At `points` random points, or at the one given by `at` (a value for each variable).
        """
        report: Report = self._proofs.proved(points, at).report
        return report

    @cached_property
    def _proofs(self) -> Any:
        return import_module("jacobian_cli.api.derive.proof").Proofs(self)

    def steps(self, format: str | None = None) -> Any:  # noqa: A002 - the word for it
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
        made: Stepwise = import_module("jacobian_cli.api.derive.steps").Stepwise(self)
        return made

    def to_python(self, target: str = "numpy") -> str:
        """Source code of `value`, `jacobian`, `vjp` and, for a scalar, `gradient`, needing only NumPy."""
        written: str = import_module("jacobian_cli.api.derive.source").source(self, target)
        return written

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer, without the check."""
        return {
            "expression": self.expression,
            "wrt": self.wrt,
            "shapes": {name: list(shape) for name, shape in self.shapes.items()},
            "output_shape": list(self.output_shape),
            "jacobian": self.jacobian.to_dict(),
            "gradient": None if self.gradient is None else self.gradient.to_dict(),
            "vjp": {"upstream": self.upstream, **self.vjp.to_dict()},
            **({"hessian": self._hessian_dict()} if self.hessian else {}),
            "where": self.where,
            **({"assumed": self.assumed} if self.problem.facts else {}),
            **({"unconstrained": True} if self.unconstrained else {}),
            "read": self.read,
            "warnings": list(self.warnings),
        }

    def _hessian_dict(self) -> dict[str, Any]:
        assert self.hessian is not None
        blocks = {name: form.to_dict() for name, form in self.hessians.items() if name != self.wrt}
        return {**self.hessian.to_dict(), "vec": str(self.convention.vec), **({"blocks": blocks} if blocks else {})}

    def _repr_latex_(self) -> str:
        return f"$$\\frac{{\\partial {self.problem.name}}}{{\\partial {self.wrt}}} = {self.jacobian.latex}$$"

    def _repr_html_(self) -> str:
        """For notebooks, which typeset what stands between dollars: every form, and the text to copy."""
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


def derive(
    expression: Formulas,
    wrt: str | Sequence[str],
    shapes: Mapping[str, ShapeLike] | None = None,
    *,
    order: int = 1,
    assume: Mapping[str, FactsLike] | None = None,
    layout: str = "numerator",
    vec: str = "row",
    syntax: str | None = None,
) -> Any:
    """Differentiate a formula.

    `expression` is a formula, or definitions of which the last is the output; `wrt` a variable. With several
    variables (a list, or `"W,b"`) the answer is a list of derivations that share their names. With `order=2`
    each has its `hessian` too. `assume` declares facts of the values: `{"S": "spd", "y": ["sums_to_one", "positive"]}`;
    they make the answer shorter, and it is checked where they hold. `layout`
    ("numerator" or "denominator") says whether the Jacobian is |out| × |in| or its transpose, `vec` ("row" or "column")
    in what order it runs over the entries of a matrix. `expression` may be mathematics, LaTeX, MATLAB, Julia or NumPy,
    PyTorch and JAX code too; `syntax` names its notation and forbids guessing.

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
    if order not in (1, 2):
        raise InputError(f"there is no derivative of order {order} here", hint="order is 1 or 2")
    found = derivations(problem, second=order == 2, conventions=[read_convention(layout, vec)])
    return found[0] if isinstance(wrt, str) and len(found) == 1 else found


def derivations(
    problem: Problem, *, second: bool = False, conventions: Sequence[Convention] = (NUMERATOR_ROW,)
) -> list[Derivation]:
    """One derivation per variable, with what they share named once, written in the first of the conventions.

    In the others it can be `rewritten` without another name.
    """
    taken = {*problem.variables, *problem.program.values, *problem.program.sizes}
    taken |= {name for v in problem.variables.values() for size in v.shape for name in size.names()}
    upstream = next(name for name in ("delta", "upstream", "delta_out", "upstream_out") if name not in taken)
    found = derivative(
        problem.output,
        problem.wrt,
        list(problem.variables),
        upstream,
        sorted(taken),
        text,
        second=second,
        facts=problem.facts,
        conventions=conventions,
    )
    return [Derivation(problem, found, variable, conventions[0]) for variable in problem.wrt]
