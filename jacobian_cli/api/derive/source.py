"""Source code of an answer: `value`, `jacobian`, `gradient` and `vjp` as plain functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jacobian_cli.api.derive.answer import Answer
from jacobian_cli.api.derive.settle import Settled, mismatch
from jacobian_cli.api.input.arguments import word
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.calculus.derivative.common_subexpressions import definitions, name_repeats
from jacobian_cli.calculus.derivative.solutions import solved
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.opened import opened
from jacobian_cli.calculus.notation.steady import steady
from jacobian_cli.calculus.notation.symmetric import symmetrised
from jacobian_cli.calculus.reshape import jacobian_shape
from jacobian_cli.checks.squares import without_roots
from jacobian_cli.expr import Expr, size_names
from jacobian_cli.printers.numpy.module import Function, module_source
from jacobian_cli.printers.numpy.sizes import sizes_of
from jacobian_cli.shape import ONE, Shape, product, shape_text
from jacobian_cli.syntax.errors import InputError


@dataclass(frozen=True, slots=True)
class Written:
    """An answer to be written as source, and what its docstrings say of its check; empty where it passed."""

    answer: Answer
    remark: str = ""


class FailedError(InputError):
    """A derivative that fails its check, of which no source is written."""


def vouched(found: Settled) -> Written:
    """What stands of a settled answer. Raises `FailedError` where nothing does."""
    answer, report = found.answer, found.proof.report
    if report.passed is False:
        raise FailedError(
            f"no source is written of a derivative that fails its check: {mismatch(report)}",
            text=answer.expression,
            hint="please report this formula, a fault of jac; check=False, or --no-check, writes it all the same",
        )
    unchecked = f"Not checked: {'; '.join(report.notes) or 'nothing could be compared'}." if not report.passed else ""
    return Written(answer, " ".join([*([answer.warnings[-1]] if answer.fault else []), unchecked]).strip())


def source(answers: Sequence[Written], target: str = "numpy", *, together: bool = False) -> str:
    """A module in NumPy: `value`, `jacobian`, `gradient`, … of one answer, or `together` of answers by several
    variables, `value`, then `jacobian_W`, `gradient_W`, … of each.

    Sizes that no axis tells are further arguments. Raises `InputError` for other targets.
    """
    word(target, ["numpy"], "there is no target {}", "jac.export writes for other libraries than numpy")
    named = {
        function.name: function
        for written in answers
        for function in functions(written, f"_{written.answer.wrt}" if together else "")
    }
    return module_source(sized(answers[0].answer.problem, list(named.values())))


def functions(written: Written, suffix: str = "") -> list[Function]:
    """`value`, and the functions that are named for the variable where there are several."""
    answer = written.answer
    problem, forms = answer.problem, answer.forms
    wrt, name, upstream = answer.wrt, problem.name, answer.upstream
    out, variable = problem.output.shape, answer.variable.shape
    matrix = _two_axes(answer.jacobian.expr, jacobian_shape(out, variable))

    def function(kind: str, result: Expr, doc: str, *first: str) -> Function:
        return function_of(answer, kind + suffix, first, result, f"{doc}\n{written.remark}".strip())

    found = [
        function_of(answer, "value", (), problem.output, f"{name} = {problem.text}"),
        function("jacobian", matrix, f"The Jacobian ∂{name}/∂{wrt}: numerator layout, axes row by row."),
    ]
    if forms.gradient is not None:
        found.append(function("gradient", forms.gradient, f"The gradient of {name}, in the shape of {wrt}."))
    if (hessian := answer.hessian) is not None:
        form = _two_axes(hessian.expr, (product((*out, *variable)), product(variable)))
        form = symmetrised(form, problem.facts) if hessian.symmetric else form
        found.append(function("hessian", form, f"The Hessian of {name} by {wrt}, row by row."))
    found.append(function("vjp", forms.vjp, f"The gradient of {wrt}, given {upstream}, that of {name}.", upstream))
    return found


def _two_axes(form: Expr, shape: Shape) -> Expr:
    """A Jacobian with both its axes, also where one of them has length one."""
    if form.shape == shape:
        return form
    if product(shape) is ONE:
        return write.apply("*", form, write.ones(ONE, ONE))
    return write.shaped(form, shape)


def function_of(answer: Answer, name: str, first: tuple[str, ...], result: Expr, doc: str) -> Function:
    """A function of the variables, and of what stands before them."""
    return function_as_is(answer, name, first, computed_forms(answer, [result])[0], doc)


def function_as_is(answer: Answer, name: str, first: tuple[str, ...], result: Expr, doc: str) -> Function:
    """The same of a form that is in the terms in which it is computed."""
    arguments = (*first, *answer.problem.variables)
    return Function(name, arguments, tuple(definitions([result]).items()), result, shape_text(result.shape), doc, {})


def computed_forms(answer: Answer, forms: Sequence[Expr]) -> list[Expr]:
    """Forms as they are computed side by side: in steady terms, in which nothing is computed twice for that, nor in a
    function of rows what another form reads of its definition; what an inverse only multiplies is solved for. A
    norm that is 0 somewhere is not taken of its square: a library that differentiates the code would divide by it.
    """
    found = opened([steady(without_roots(form, meeting=True)) for form in forms])
    problem = answer.problem
    taken = [*problem.variables, *problem.program.values, *answer.where, answer.upstream, *size_names(found)]
    if found != list(forms):
        keys = [str(k) for k in range(len(found))]
        named = name_repeats(dict(zip(keys, found, strict=True)), keys, taken).forms
        found = [named[key] for key in keys]
    return solved(found, taken)


def sized(problem: Problem, functions: Sequence[Function]) -> list[Function]:
    """The functions with their sizes: read off their arguments, or further arguments of them all."""
    parts = [part for f in functions for part in (*f.results, *dict(f.definitions).values())]
    sizes = sizes_of(problem.variables, problem.output, parts)
    several = "are whole numbers" if len(sizes.arguments) > 1 else "is a whole number"
    told = [f"{', '.join(sizes.arguments)} {several}."] if sizes.arguments else []
    told += [f"The formula wants {', '.join(map(str, sizes.wants))}."] if sizes.wants else []
    return [
        replace(
            function,
            arguments=(*function.arguments, *sizes.arguments),
            sizes=dict(sizes.places),
            fits=sizes.fits,
            wants=sizes.wants,
            docstring="\n".join([function.docstring, *[""] * bool(told), *told]),
        )
        for function in functions
    ]
