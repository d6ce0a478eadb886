"""The value of an answer: one derivative of one formula, in all the ways of writing it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Self

from jacobian_cli.api.input.problem import Problem
from jacobian_cli.calculus.derivative.forms import Derivative, Forms, derivative
from jacobian_cli.calculus.derivative.plain import plain_derivative
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.storage import Stored, stored
from jacobian_cli.calculus.reshape import NUMERATOR_ROW, Convention, read_convention
from jacobian_cli.expr import Defined, Expr, Variable
from jacobian_cli.interned import Portable
from jacobian_cli.ops.facts import FACTS, PLACES
from jacobian_cli.printers.language import text
from jacobian_cli.printers.math.index import elementwise_if_short
from jacobian_cli.printers.math.latex import latex
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, Size, product
from jacobian_cli.syntax.errors import InputError

if TYPE_CHECKING:
    from jacobian_cli.checks.oracles.symbolic import Matrix

Symbols = tuple[str | int, ...]


def symbols(shape: Shape) -> Symbols:
    """A shape as users read it: names, products of names, and numbers."""
    return tuple(size.value if size.value is not None else str(size) for size in shape)


@record(frozen=True, repr=False)
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

    @cached_property
    def mathml(self) -> str:
        """The same in MathML Core, as one `math` element for a page; each name says in `data-name` which it is.

        >>> from jacobian_cli import derive
        >>> derive("W@x", wrt="x").jacobian.mathml
        '<math><mrow><mrow><mi data-name="W">W</mi></mrow></mrow></math>'
        """
        from jacobian_cli.printers.math.mathml import math_element, mathml  # few ask for it

        return math_element(mathml(self.expr))

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {"shape": list(self.shape), "closed_form": self.closed_form, "latex": self.latex}

    def __str__(self) -> str:
        return self.closed_form

    def __repr__(self) -> str:
        return f"<{self.closed_form}>"

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"


@record(frozen=True, repr=False)
class Jacobian(ClosedForm):
    """The pure-math matrix: |out| × |in| in numerator layout, its transpose in denominator layout."""

    answer: Answer
    layout: str = "numerator"
    vec: str = "row"

    @cached_property
    def elementwise(self) -> str:
        """One entry in index notation; empty where it would tell less than the closed form."""
        answer = self.answer
        return "" if answer.fault else elementwise_if_short(answer.derivative, answer.wrt, answer.problem.name)

    def entries(self, sizes: Mapping[str, int] | None = None) -> Matrix:
        """The explicit table as a `sympy.Matrix`, derived by SymPy at these sizes, laid out as the closed form.

        Raises `InputError` when it would have more than 400 entries, and where only some of the sizes are given;
        without any they are small.
        """
        from jacobian_cli.api.derive.explicit import explicit_table  # loads SymPy

        answer, hint = self.answer, f"the closed form is {self.closed_form}"
        return explicit_table(answer.problem, answer.variable, answer.convention, sizes, hint).matrix

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


@record(frozen=True, repr=False)
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


@record(frozen=True, repr=False)
class Answer(Portable):
    """The derivative of one formula with respect to one variable, its Jacobian written in one convention."""

    problem: Problem
    derivative: Derivative
    variable: Variable
    convention: Convention = NUMERATOR_ROW
    fault: str = ""
    """What was wrong with the closed form, where the plain index form stands in its place."""

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

    def rewritten(self, layout: str = "numerator", vec: str = "row") -> Self:
        """The same derivative in another convention. Raises `InputError` for a convention that there is not.

        >>> from jacobian_cli import derive
        >>> derive("W@x + b", wrt="W").rewritten("denominator", "column").jacobian.closed_form
        'kron(x, eye(n))'
        """
        convention = read_convention(layout, vec)
        if convention == self.convention:
            return self
        if convention in self.forms.jacobians:
            return replace(self, convention=convention)
        second = bool(self.hessians)
        if self.fault:
            return replace(self, derivative=_plain(self.problem, second, [convention]), convention=convention)
        (again, *_) = answers(self.problem, second=second, conventions=[convention])
        return replace(self, derivative=again.derivative, convention=convention, fault=again.fault)

    @cached_property
    def gradient(self) -> ClosedForm | None:
        """For a scalar output, the gradient in the shape of the variable."""
        found = self.forms.gradient
        return None if found is None else ClosedForm(found, symbols(self.variable.shape))

    @cached_property
    def symmetric(self) -> ClosedForm | None:
        """Of a scalar, by a variable declared symmetric: the gradient where an entry moves its mirror image too.

        >>> from jacobian_cli import derive
        >>> derive("log(det(S))", wrt="S", assume={"S": "symmetric"}).symmetric.closed_form
        '2*inv(S) - diag(diag(inv(S)))'
        """
        found = self.forms.symmetric
        return None if found is None else ClosedForm(found, symbols(self.variable.shape))

    @cached_property
    def half_vector(self) -> ClosedForm | None:
        """The same gradient by the entries on the diagonal and below it, `vech(S)`."""
        if self.forms.symmetric is None:
            return None
        found = write.apply("vech", self.forms.symmetric)
        return ClosedForm(found, symbols(found.shape))

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

        >>> from jacobian_cli import derive
        >>> derive("sum(log(1 + exp(X@w)))", wrt="w", order=2).hessian.stored
        Stored(structured=n*m + n, dense=m**2)
        """
        return self.hessians.get(self.wrt)

    @property
    def upstream(self) -> str:
        """The name of the gradient that arrives from above."""
        return self.derivative.upstream.name

    @cached_property
    def where(self) -> dict[str, str]:
        """What the names in the closed forms mean, each defined before it is used."""
        return {name: text(body) for name, body in self.derivative.where.items()}

    @property
    def read(self) -> str | None:
        """What was typed, in the language, where it was typed in another notation."""
        return self.problem.read

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may have been read otherwise than it was meant, and whether the plain index form had to stand in."""
        return (*self.problem.warnings, *([self._instead] if self.fault else []))

    @property
    def _instead(self) -> str:
        stands = "the plain index form stands in its place; please report this formula, it shows a fault of jac"
        return f"{self.fault}: {stands}"

    @property
    def assumed(self) -> dict[str, dict[str, str]]:
        """The facts declared of each variable, each `used`, or `unused` where the answer is the same without."""
        marks = {True: "used", False: "unused"}
        return {
            name: {fact: marks[used or fact == PLACES] for fact, used in facts.items()}
            for name, facts in self.derivative.used.items()
        }

    @property
    def unconstrained(self) -> bool:
        """Whether the variable is declared to be of a kind whose entries cannot move one by one. The derivative takes
        them as independent all the same.
        """
        return any(FACTS[fact].ties for fact in self.problem.facts.get(self.wrt, ()))

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
            **({"wants": list(self.problem.wants)} if self.problem.wants else {}),
            **({"assumed": self.assumed} if self.problem.facts else {}),
            **({"unconstrained": True} if self.unconstrained else {}),
            **({"symmetric": self.symmetric.to_dict()} if self.symmetric else {}),
            **({"half_vector": self.half_vector.to_dict()} if self.half_vector else {}),
            "read": self.read,
            "warnings": list(self.warnings),
        }

    def _hessian_dict(self) -> dict[str, Any]:
        assert self.hessian is not None
        blocks = {name: form.to_dict() for name, form in self.hessians.items() if name != self.wrt}
        return {**self.hessian.to_dict(), "vec": str(self.convention.vec), **({"blocks": blocks} if blocks else {})}


def answers(
    problem: Problem,
    *,
    second: bool = False,
    conventions: Sequence[Convention] = (NUMERATOR_ROW,),
    everywhere: bool = False,
) -> list[Answer]:
    """One answer per variable, with what they share named once, written in the first of the conventions.

    In the others it can be `rewritten` without another name. Where the way back from index form to matrix notation
    breaks, the answers are in plain index form and say so. With `everywhere` they are to be computed rather than
    read: they have a value wherever there is a derivative.
    """
    arguments, fault = _arguments(problem), ""
    try:
        found = derivative(
            *arguments, second=second, facts=problem.facts, conventions=conventions, everywhere=everywhere
        )
    except (InputError, RecursionError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - the plain form stands in, and says so
        fault = f"the closed form could not be written ({type(error).__name__}: {str(error)[:100]})"
        try:
            found = _plain(problem, second, conventions)
        except Exception:  # noqa: BLE001 - then what broke first is what to know
            raise error from None
    return [Answer(problem, found, variable, conventions[0], fault) for variable in problem.wrt]


def plain_answer(answer: Answer, fault: str) -> Answer:
    """The same derivative in plain index form, since its closed form has this fault."""
    found = _plain(answer.problem, bool(answer.hessians), [answer.convention])
    return Answer(answer.problem, found, answer.variable, answer.convention, fault)


def _plain(problem: Problem, second: bool, conventions: Sequence[Convention]) -> Derivative:
    return plain_derivative(*_arguments(problem), second=second, conventions=conventions)


def _arguments(problem: Problem) -> tuple[Expr, Sequence[Variable], list[str], str, list[str]]:
    """What is differentiated by what, the order of the variables, δ, names that mean something."""
    taken = {*problem.variables, *problem.program.values, *problem.program.sizes}
    taken |= {name for v in problem.variables.values() for size in v.shape for name in size.names()}
    upstream = upstream_name(taken)
    name = problem.program.output_name
    output = Defined(name, problem.output) if name else problem.output
    return output, problem.wrt, list(problem.variables), upstream, sorted(taken)


def upstream_name(taken: Container[str]) -> str:
    """What the gradient that arrives from above is called where these names mean something else."""
    names = chain(("delta", "upstream", "delta_out", "upstream_out"), (f"delta_{k}" for k in count(1)))
    return next(name for name in names if name not in taken)
