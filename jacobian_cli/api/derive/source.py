"""Source code of a derivation: `value`, `jacobian`, `gradient` and `vjp` as plain functions of arrays."""

from __future__ import annotations

from collections.abc import Mapping

from jacobian_cli.api.derive.derivation import Derivation
from jacobian_cli.calculus.derivative.common_subexpressions import definitions
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.reshape import jacobian_shape
from jacobian_cli.expr import Defined, Expr, Variable, size_names, walk
from jacobian_cli.printers.numpy.module import Function, module_source
from jacobian_cli.shape import ONE, Shape, Size, product, shape_text
from jacobian_cli.syntax.errors import InputError


def source(derivation: Derivation, target: str = "numpy") -> str:
    """A module in NumPy. Raises `InputError` for other targets, and for sizes that no argument tells."""
    if target != "numpy":
        raise InputError(f"there is no target '{target}'", hint="numpy is the one there is")
    derivation = derivation.rewritten()  # whatever is on the screen, code keeps to one convention
    problem, forms = derivation.problem, derivation.forms
    wrt, name = derivation.wrt, problem.name
    out, variable = problem.output.shape, derivation.variable.shape
    rows, columns = jacobian_shape(out, variable)
    matrix = _two_axes(derivation.jacobian.expr, (rows, columns))
    functions = [
        _function(derivation, "value", (), problem.output, f"{name} = {problem.text}"),
        _function(
            derivation, "jacobian", (), matrix, f"The Jacobian ∂{name}/∂{wrt}: numerator layout, axes row by row."
        ),
    ]
    if forms.gradient is not None:
        functions.append(
            _function(derivation, "gradient", (), forms.gradient, f"The gradient of {name}, in the shape of {wrt}.")
        )
    if (hessian := derivation.hessian) is not None:
        rows, columns = product((*out, *variable)), product(variable)
        form = _two_axes(hessian.expr, (rows, columns))
        form = _symmetrised(form) if hessian.symmetric else form
        functions.append(_function(derivation, "hessian", (), form, f"The Hessian of {name} by {wrt}, row by row."))
    upstream = derivation.upstream
    rule = f"The gradient of {wrt}, given {upstream}, that of {name}."
    functions.append(_function(derivation, "vjp", (upstream,), forms.vjp, rule))
    return module_source(functions)


def _two_axes(form: Expr, shape: Shape) -> Expr:
    """A Jacobian with both its axes, also where one of them has length one."""
    if form.shape == shape:
        return form
    if product(shape) is ONE:
        return write.apply("*", form, write.ones(ONE, ONE))
    return write.shaped(form, shape)


def _symmetrised(form: Expr) -> Expr:
    """A Hessian that is symmetric to the last bit: rounding may make one of its halves differ from the other."""
    taken = {node.name for node in walk([form]) if isinstance(node, Variable | Defined)}
    taken |= set(size_names([form]))
    named = Defined(next(name for k in range(len(taken) + 1) if (name := "H" + "_" * k) not in taken), form)
    return write.apply("/", write.apply("+", named, write.transpose(named)), write.number(2))


def _function(derivation: Derivation, name: str, first: tuple[str, ...], result: Expr, doc: str) -> Function:
    variables = derivation.problem.variables
    names = definitions([result])
    return Function(
        name,
        (*first, *variables),
        tuple(names.items()),
        result,
        shape_text(result.shape),
        doc,
        _sizes(derivation, [result, *names.values()]),
    )


def _sizes(derivation: Derivation, parts: list[Expr]) -> dict[str, str]:
    """For each size symbol in use, where it can be read off."""
    found: dict[str, str] = {}
    axes = [
        (size, f"{variable.name}.shape[{axis}]")
        for variable in derivation.problem.variables.values()
        for axis, size in enumerate(variable.shape)
    ]
    for _ in axes:  # each pass may tell one more: n*m is known, and m, so n is
        for size, place in axes:
            unknown = [name for name in size.names() if name not in found]
            if len(unknown) == 1 and (told := _solved(size, unknown[0], place, found)):
                found[unknown[0]] = told
    wanted = size_names(parts)
    for symbol in wanted:
        if symbol not in found:
            raise InputError(f"no argument tells the size {symbol}", hint="declare shapes in numbers")
    return {symbol: found[symbol] for symbol in wanted}


def _solved(size: Size, name: str, place: str, known: Mapping[str, str]) -> str:
    """The size symbol `name` from the length at `place`, or nothing if it is not linear in it."""
    bearing = [(m, c) for m, c in size.terms if name in dict(m)]
    ((monomial, coefficient),) = bearing if len(bearing) == 1 else ((((name, 2),), 1),)
    if dict(monomial)[name] != 1:
        return ""
    others = _code(Size.collect((m, c) for m, c in size.terms if m != monomial), known)
    factor = _code(Size.collect([(tuple(p for p in monomial if p[0] != name), coefficient)]), known)
    over = place if others == "0" else f"({place} - ({others}))"
    return over if factor == "1" else f"{over}//({factor})"


def _code(size: Size, known: Mapping[str, str]) -> str:
    """A size as Python, from what is known."""
    terms = []
    for monomial, coefficient in size.terms:
        factors = [f"({known[name]})" for name, power in monomial for _ in range(power)]
        terms.append("*".join([str(coefficient), *factors] if coefficient != 1 or not factors else factors))
    return " + ".join(terms) or "0"
