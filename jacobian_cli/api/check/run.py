"""`check`: is a derivation made by hand right?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from jacobian_cli.api.check.answer import Check
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.judged import judged
from jacobian_cli.api.input.arguments import positive, textual
from jacobian_cli.api.input.assume import FactsLike, assumptions_of
from jacobian_cli.api.input.problem import ShapeLike, marks_of, names_of, pose, shapes_of, statements_of
from jacobian_cli.syntax.errors import InputError


def judge_of(
    expression: str | Sequence[str],
    wrt: str,
    *,
    shapes: Mapping[str, ShapeLike] | None = None,
    assume: Mapping[str, FactsLike] | None = None,
    layout: str | None = None,
    vec: str | None = None,
    rtol: float | None = None,
    beside: Collection[str] = (),
) -> Judge:
    """What judges claims about one formula by one variable; what is worked out once serves all of them. `beside` are
    the notations that the claims are in by marks of their own.
    """
    names = names_of(wrt)
    if len(names) != 1:
        raise InputError("a claim is about one variable", text=", ".join(names))
    problem = pose(statements_of(expression, beside=beside), names, shapes_of(shapes), assume=assumptions_of(assume))
    if rtol is not None:
        rtol = positive(rtol, "{} is no tolerance", "a number above 0, as in rtol=1e-6")
    return Judge(problem, layout=layout, vec=vec, rtol=rtol)


def check(
    expression: str | Sequence[str],
    wrt: str,
    claim: str,
    *,
    form: str | None = None,
    shapes: Mapping[str, ShapeLike] | None = None,
    assume: Mapping[str, FactsLike] | None = None,
    layout: str | None = None,
    vec: str | None = None,
    rtol: float | None = None,
) -> Check:
    """Judge a derivative that was found by hand.

    `claim` is an expression in the names of the function; `delta` is the gradient that arrives (the claim is then a
    backward rule), `v` a direction (the derivative along it). `form` is one of gradient, jacobian, vjp, jvp, hessian
    and is told from the claim if left out. The verdict is "right", "right if" (in another convention, or under a fact
    that was not declared) or "wrong", with what went wrong and where. A claim whose products cannot be formed is wrong.

    Raises `InputError` for what is no formula, and for names that the function has not.

    >>> check("norm(Y - X@W)**2", "W", "2*X.T@(Y - X@W)").diagnosis[0].kind
    'sign'
    >>> check("x.T@A@x", "x", "2*A@x").condition
    'A is symmetric'
    """
    textual(claim, "a claim", 'as in "2*A@x"')
    judge = judge_of(
        expression, wrt, shapes=shapes, assume=assume, layout=layout, vec=vec, rtol=rtol, beside=marks_of([claim])
    )
    return judged(judge, claim, form)
