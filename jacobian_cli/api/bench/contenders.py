"""Who takes part: for each contender its library, and the source of what it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec

from jacobian_cli.api.bench.answer import FAILED, MISSING, TOO_LARGE
from jacobian_cli.api.derive.source import Written, function_of
from jacobian_cli.api.export.functions import exported, rule, typed
from jacobian_cli.calculus.derivative.common_subexpressions import definitions
from jacobian_cli.calculus.notation.storage import kept, stored
from jacobian_cli.checks.verdict.claim import FORMS
from jacobian_cli.expr import Expr
from jacobian_cli.printers.jax.rule import rule_source as jax_rule
from jacobian_cli.printers.jax.target import JAX
from jacobian_cli.printers.numpy.module import Function, module_source
from jacobian_cli.printers.numpy.target import NUMPY, Target
from jacobian_cli.printers.torch.rule import rule_source as torch_rule
from jacobian_cli.printers.torch.target import TORCH
from jacobian_cli.shape import Size
from jacobian_cli.syntax.errors import InputError

RACED = (*FORMS, "hvp")
"""The forms that are timed."""
AGAINST = ("autograd", "jax", "torch", "torch.compile", "differences")
"""Libraries, by the names that choose among them."""
OURS = "jac"
STRUCTURED = "jac, structured"
MOST = 40_000_000
"""So many numbers at most are found at once by one contender."""
_AUTOGRAD = replace(NUMPY, name="autograd", module="autograd.numpy", kernels={}, traced=True)
_INSTALL = {"torch": "pip install jacobian-cli[torch]", "jax": "pip install jacobian-cli[jax]"}
_WITH_RULES = ("gradient", "vjp")
"""Forms that a rule for a backward pass gives."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One who takes part, or who cannot: then `state` and `reason` say why."""

    name: str
    library: str
    source: str = ""
    state: str = ""
    reason: str = ""
    form: str = ""
    compiled: bool = False


def contenders(
    answers: Sequence[Written], form: str, sizes: dict[str, int], against: Sequence[str] = AGAINST
) -> list[Contender]:
    """All of them, ours first; those that are not installed are among them. `against` names who else takes part."""
    answer = answers[0].answer
    entries = sum(_entries(w, form).at(sizes) for w in answers)
    large = f"{entries:,} numbers" if entries > MOST else ""
    value = typed(answers, [function_of(answer, "value", (), answer.problem.output, "The formula.")])
    names = [w.answer.wrt for w in answers]

    def made(
        name: str, library: str, write: Callable[[], str], *, asked: str = form, compiled: bool = False
    ) -> Contender:
        needed = {"jac": "numpy", "differences": "numpy"}.get(library, library.partition(".")[0])
        if find_spec(needed) is None:
            return Contender(name, library, state=MISSING, reason=_INSTALL.get(needed, ""))
        if large and name != STRUCTURED:
            return Contender(name, library, state=TOO_LARGE, reason=large)
        try:
            return Contender(name, library, write(), form=asked, compiled=compiled)
        except InputError as error:
            return Contender(name, library, state=FAILED, reason=str(error).splitlines()[0])

    def plain(target: Target) -> Callable[[], str]:
        return lambda: module_source(value, target)

    found = [made(OURS, "jac", lambda: _ours(answers, form))]
    if parts := parts_of(answers, form):
        found.append(made(STRUCTURED, "jac", lambda: _structured(answers, parts), asked="parts"))
    if form in _WITH_RULES:
        in_torch = made("jac in PyTorch", "torch", lambda: torch_rule(*rule(answers), names))
        in_jax = made("jac in JAX", "jax", lambda: jax_rule(*rule(answers), names), compiled=True)
        found += [in_torch, in_jax]
    found += [
        made("autograd", "autograd", plain(_AUTOGRAD)),
        made("JAX, jitted", "jax", plain(JAX), compiled=True),
        made("PyTorch", "torch", plain(TORCH)),
    ]
    if form in _WITH_RULES:
        found.append(made("PyTorch, compiled", "torch.compile", plain(TORCH), compiled=True))
    if form != "hvp":
        found.append(made("differences", "differences", plain(NUMPY)))
    return [c for c in found if c.library == "jac" or c.library in against]


def _entries(written: Written, form: str) -> Size:
    """How many numbers the derivative has."""
    answer = written.answer
    found, of = Size.number(1), answer.variable.shape
    shapes = {
        "jacobian": (*answer.problem.output.shape, *of),
        "hessian": (*of, *of),
        "jvp": answer.problem.output.shape,
    }
    for size in shapes.get(form, of):
        found = found * size
    return found


def _ours(answers: Sequence[Written], form: str) -> str:
    if form == "vjp":
        return module_source([rule(answers)[1]])
    names = {f"{form}_{w.answer.wrt}" for w in answers} if form != "gradient" else {"value_and_gradient"}
    return module_source([function for function in exported(answers, together=True) if function.name in names])


def parts_of(answers: Sequence[Written], form: str) -> list[Expr]:
    """What is kept of a Jacobian or a Hessian written in factors and diagonals; nothing of one that is dense."""
    found: dict[Expr, None] = {}
    for written in answers:
        if (dense := matrix_of(written, form)) is None:
            return []
        size = Size.number(1)
        for axis in dense.shape:
            size = size * axis
        if not stored(dense, size).saves:
            return []
        found |= kept(dense)
    return list(found)


def matrix_of(written: Written, form: str) -> Expr | None:
    """The closed form of a Jacobian or a Hessian."""
    if form == "jacobian":
        return written.answer.jacobian.expr
    hessian = written.answer.hessian if form == "hessian" else None
    return None if hessian is None else hessian.expr


def _structured(answers: Sequence[Written], parts: Sequence[Expr]) -> str:
    answer = answers[0].answer
    function = function_of(answer, "parts", (), parts[0], "What the matrix is made of.")
    others = tuple((f"part{k}", part) for k, part in enumerate(parts[1:], 1))
    defined = tuple(definitions(parts).items())
    whole: Function = replace(function, definitions=defined, others=others)
    return module_source(typed(answers, [whole]))
