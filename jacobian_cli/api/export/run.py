"""`export`: derivatives as source, or in another form to take away."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from jacobian_cli.api.derive.derivation import Derivation, Derivations
from jacobian_cli.api.export.c import c_source
from jacobian_cli.api.export.constants import want_numbers
from jacobian_cli.api.export.forms import written
from jacobian_cli.api.export.functions import exported, rule, streamed
from jacobian_cli.api.export.html import page
from jacobian_cli.api.export.lean import lean_source
from jacobian_cli.api.export.templates import LIBRARIES
from jacobian_cli.api.export.written_test import written_test
from jacobian_cli.api.input.arguments import shown, word
from jacobian_cli.api.input.problem import names_of
from jacobian_cli.expr import size_names
from jacobian_cli.printers.jax.rule import rule_source as jax_rule
from jacobian_cli.printers.math.lines import SLIDE
from jacobian_cli.printers.numpy.module import module_source
from jacobian_cli.printers.numpy.streamed import Axis, streamed_source
from jacobian_cli.printers.numpy.target import NUMPY, LackingError
from jacobian_cli.printers.torch.rule import rule_source as torch_rule
from jacobian_cli.printers.torch.target import TORCH
from jacobian_cli.syntax.errors import InputError

CODE = ("numpy", "torch", "jax", "c")
_DIGITS = 12
RULES = ("torch", "jax")
"""Libraries for which a rule is written, a forward and a backward pass."""
TARGETS = (*CODE, "lean", "latex", "markdown", "html", "json")


def export(
    derivation: Derivation | Derivations,
    to: str = "numpy",
    recompute: str | Sequence[str] | None = None,
    *,
    sizes: Mapping[str, int] | None = None,
    chunk: str | Mapping[str, int] | None = None,
    columns: int = SLIDE,
) -> str:
    """What was derived as a text to take away: source for a library, LaTeX, Markdown, HTML, JSON, or for Lean.

    Of NumPy there are `value`, `jacobian`, `vjp(delta, **variables)` and `jvp(**variables, v)`; of a scalar `gradient`
    and `value_and_gradient`, which computes each part once; with `order=2` `hessian` and `hvp`. With several variables
    the names end in them: `vjp_W`. Source is written from what passes the check.

    Of PyTorch there is `value`, a `torch.autograd.Function` that can be differentiated again and runs under
    `torch.func.vmap`; of JAX `value`, a `jax.custom_vjp`. Of C, `c`, there are the functions that NumPy has, in C99 of
    arrays that lie row by row, with a test behind `#ifdef JAC_TEST`; all sizes are numbers there, letters those that
    `sizes` says. What has no counterpart is refused by name.

    What an inverse only multiplies is solved for: `inv` is called where the inverse itself is wanted, or where more
    than three solutions would take longer. Of what is positive definite under the facts declared, as K or
    X.T@X + c*eye(d), rules of PyTorch and JAX make one Cholesky factor, for solutions, the inverse and the determinant;
    a second derivative is then along moves that keep it symmetric. NumPy has no triangular solve: such systems are
    solved there as others are.

    Of Lean, `lean`, there is the statement against Mathlib, that along every direction the derivative is what the
    gradient or the backward rule says, and an attempt at its proof: of products, sums, traces and smooth functions of
    entries, under the conditions that their domains make.

    A rule keeps the fewest values from which its backward pass follows by cheap operations, and says which: of those
    that `recompute` names none is kept.

    `chunk`, as in `"n=64"`, names an axis: NumPy's `value` and `value_and_gradient` of a scalar, and PyTorch's `value`,
    run over blocks of it, so that nothing that has it is held whole: logits over a vocabulary, their probabilities.

    LaTeX stands in lines of so many `columns`, letters of words; those of a slide if left out.

    Raises `InputError` for another target, for a name of nothing that is kept, and where nothing passes the check.

    >>> import jacobian_cli as jac
    >>> ns = {}
    >>> exec(export(jac.derive("x.T@A@x", wrt="x", order=2)), ns)
    >>> import numpy as np
    >>> x, A = np.array([1.0, 2.0]), np.array([[1.0, 0.0], [1.0, 3.0]])
    >>> ns["jvp"](x, A, v=x), ns["hvp"](x, A, v=x), ns["value_and_gradient"](x, A)[0]
    (np.float64(30.0), array([ 4., 13.]), np.float64(15.0))
    """
    found: object = Derivations((derivation,)) if isinstance(derivation, Derivation) else derivation
    if not isinstance(found, Derivations) or not found:
        raise InputError(f"{shown(derivation)} is no derivation", hint='export takes what jac.derive("W@x", "W") gives')
    word(to, TARGETS, "there is no target {}")
    if sizes and to != "c":
        raise InputError(f"{to} takes any sizes", hint="sizes are fixed in C only")
    again = recomputed(recompute, to)
    axis = cut_along(chunk, to, again)
    if to in CODE:
        output, name = found[0].problem.output, found[0].problem.name
        if output.shape and found[0].hessian is not None:
            raise InputError(f"a Hessian is that of a scalar; {name} is none", hint="leave order=2 out, or sum it")
        want_numbers(output, sizes or {})
        try:
            if axis is not None:
                return _in_blocks(found, to, axis)
            return _code(found, to, again, sizes or {}, together=len(found) > 1 or found is derivation)
        except LackingError as error:
            if re.search(rf"\b{error.function}\b", formula := found[0].problem.text):
                raise
            raise LackingError(error.function, error.target, formula) from None
    if to == "lean":
        return lean_source([each.written() for each in found])
    settled = [each.settled if each.checking else each for each in found]
    reports = [each.check() for each in found if each.checking]
    if to == "html":
        return page(found[0].problem, settled, reports)
    if to != "json":
        return written(found[0].problem, settled, to, reports, columns) + "\n"
    checks = [report.to_dict() for report in reports] or [{"passed": None, "skipped": True}] * len(found)
    answers_ = [{**each.to_dict(), "check": check} for each, check in zip(settled, checks, strict=True)]
    return json.dumps({"answers": answers_}, indent=2, ensure_ascii=False) + "\n"


def _code(found: Derivations, to: str, again: Sequence[str], sizes: Mapping[str, int], *, together: bool) -> str:
    answers = [each.written() for each in found]
    if to == "c":
        return c_source(answers, _numbers(sizes), together=together)
    if to == "numpy":
        return module_source(exported(answers, together=together))
    forward, backward = rule(answers, again)
    write = torch_rule if to == "torch" else jax_rule
    return write(forward, backward, [each.wrt for each in found])


def _in_blocks(found: Derivations, to: str, axis: Axis) -> str:
    problem = found[0].problem
    names = list(size_names([problem.output, *problem.variables.values()]))
    if axis.name not in names:
        raise InputError(f"there is no axis {axis.name} in the formula", hint=f"there are {', '.join(names) or 'none'}")
    if problem.output.shape:
        raise InputError(f"blocks are of a scalar; {problem.name} is none", hint="leave --chunk out, or sum it")
    both, alone = streamed([each.written() for each in found], axis.name)
    if axis.name in both.arguments:
        raise InputError(f"{axis.name} is no axis of an argument", hint="blocks are cut out of arguments")
    return streamed_source(both, alone, axis, NUMPY if to == "numpy" else TORCH)


def cut_along(chunk: str | Mapping[str, int] | None, to: str, again: Sequence[str] = ()) -> Axis | None:
    """The axis that is cut into blocks, and their length. Raises `InputError` where it is none, or cannot be cut."""
    if chunk is None:
        return None
    if to not in ("numpy", "torch"):
        raise InputError(f"{to} is not written in blocks", hint="chunk is for numpy and torch")
    if again:
        raise InputError("nothing is kept between passes over blocks", hint="leave recompute out")
    if isinstance(chunk, str):
        name, _, length = (part.strip() for part in chunk.partition("="))
        if length.isascii() and length.isdigit() and len(length) <= _DIGITS:
            chunk = {name: int(length)}
    if not isinstance(chunk, Mapping) or len(chunk) != 1:
        raise InputError(f"{shown(chunk)} is no axis with a length", hint="as in chunk n=64")
    ((name, size),) = _numbers(chunk).items()
    return Axis(name, size)


def recomputed(recompute: str | Sequence[str] | None, to: str) -> list[str]:
    """The names of what is computed again. Raises `InputError` where there are none, or nothing is kept."""
    if recompute is None:
        return []
    names = [name.strip() for name in names_of(recompute)]
    if to not in RULES:
        raise InputError(f"nothing is kept between passes in {to}", hint="recompute is for torch and jax")
    if not names or "" in names:
        raise InputError("nothing is named to be computed again", hint="name what is kept: recompute h, or p,h")
    return names


def _numbers(sizes: Mapping[str, int]) -> dict[str, int]:
    given: Mapping[str, object] = sizes
    for name, size in given.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise InputError(f"a size is a whole number from 1 on, and {name} is {shown(size)}", hint="as in n=3")
    return dict(sizes)


def export_test(derivation: Derivation | Derivations, to: str, file: str, *, blocks: bool = False) -> str:
    """The test that goes with the exported `file`, to stand beside it, for pytest; `blocks`, of code that was cut."""
    found = derivation if isinstance(derivation, Derivations) else Derivations((derivation,))
    word(to, LIBRARIES, "there is no test of {}")
    together = isinstance(derivation, Derivations)
    return written_test([each.written() for each in found], to, file, together=together, blocks=blocks)
