"""Derivatives along a direction: J v and H v, without J and without H."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jacobian_cli.api.derive.answer import Answer
from jacobian_cli.calculus.derivative.common_subexpressions import name_repeats
from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.differentiate.pullback import pullback
from jacobian_cli.calculus.index.tensor import Leaf, Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.plain import plain
from jacobian_cli.calculus.reshape import jacobian_shape
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.checks.points.sampling import NoPointError, draws_for, sample
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr, Variable, size_names
from jacobian_cli.shape import product
from jacobian_cli.syntax.errors import InputError

_TRIES = 2


def direction_of(answer: Answer) -> Variable:
    """The direction that a variable moves in: v, or the next name that is free."""
    problem = answer.problem
    taken = {*problem.variables, *problem.program.values, *problem.program.sizes, answer.upstream, *answer.where}
    taken |= {name for v in problem.variables.values() for size in v.shape for name in size.names()}
    name = "v"
    while name in taken:
        name += "_"
    return Variable(name, answer.variable.shape)


def jvp(answer: Answer, v: Variable) -> Expr:
    """J v, in the shape of the output."""
    tensor, order = answer.forms.tensor, answer.forms.out_order
    axes = tuple(range(len(tensor.shape)))

    def moved() -> Tensor:
        return algebra.product(tensor.shape[:order], [(tensor, axes, 1), (lower(v), axes[order:], 1)])

    out = answer.problem.output
    matrix = write.shaped(answer.forms.jacobian, jacobian_shape(out.shape, v.shape))
    product_of = write.apply("@", matrix, write.shaped(v, (product(v.shape),)))
    return _short(answer, v, moved, write.shaped(product_of, out.shape))


def hvp(answer: Answer, v: Variable) -> Expr:
    """H v, in the shape of the variable; of a scalar whose Hessian was asked for."""
    tensor, leaf = answer.forms.tensor, lower(answer.variable)
    assert answer.hessian is not None
    assert isinstance(leaf, Leaf)

    def moved() -> Tensor:
        axes = tuple(range(len(tensor.shape)))
        (found,) = pullback(algebra.product((), [(tensor, axes, 1), (lower(v), axes, 1)]), algebra.number(1), [leaf])
        return found

    square = (product(v.shape), product(v.shape))
    product_of = write.apply("@", write.shaped(answer.hessian.expr, square), write.shaped(v, (product(v.shape),)))
    return _short(answer, v, moved, write.shaped(product_of, v.shape))


def _short(answer: Answer, v: Variable, moved: Callable[[], Tensor], long: Expr) -> Expr:
    """What is contracted in index form, as it is written best, if it has the value of the product that was proven."""
    named = answer.derivative.named
    try:
        tensor = moved()
        form = plain(tensor, shape=long.shape) if answer.fault else None
        form = form or write.shaped(answer.derivative.notation.express(tensor), long.shape)
    except (InputError, RecursionError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - then the product itself is what stands
        return long
    form = named.renamed(form)
    taken = [*answer.problem.variables, *answer.problem.program.values, *answer.where, answer.upstream, v.name]
    form = name_repeats({"": form}, (), [*taken, *size_names([form, long])]).forms[""]
    return form if _same(answer, v, form, long) else long


def _same(answer: Answer, v: Variable, short: Expr, long: Expr) -> bool:
    """Whether two forms have one value, at a few points."""
    rng = np.random.default_rng(0)
    for sizes in draws_for([answer.problem.output, short, long, *answer.problem.variables.values()], _TRIES, 0, set()):
        try:
            point = sample(answer.problem.output, sizes, rng)
        except (NoPointError, InputError):
            return False
        for variable in (*answer.problem.variables.values(), v):
            point.setdefault(variable.name, rng.standard_normal([size.at(sizes) for size in variable.shape]))
        one, other = (np.asarray(evaluate(form, point, sizes), float) for form in (short, long))
        if not np.allclose(one, other, rtol=1e-7, atol=1e-9 * max(1.0, np.max(np.abs(other), initial=0.0))):
            return False
    return True
