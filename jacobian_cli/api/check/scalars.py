"""Claims that are right where what was taken for a vector is a number, or for a number a vector."""

from __future__ import annotations

from collections.abc import Mapping

from jacobian_cli.api.check.claim import Claim
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.input.problem import pose
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import LITERAL, Call, Group

_MOST = 4


def if_numbers(judge: Judge, claim: Claim) -> tuple[str, ...]:
    """What to declare for a wrong claim to be right, where only habit says that a name is a vector."""
    declared = judge.problem.program.declared
    vector = _if_vector(judge, claim) if judge.wrt.name not in declared else None
    if vector is not None:
        return (vector,)
    free = [n for n, v in judge.problem.variables.items() if len(v.shape) == 1 and n not in declared]
    if judge.at is not None or not free:
        return ()
    for names in dict.fromkeys([tuple(free), *((name,) for name in free[:_MOST])]):
        if _right_with(judge, claim, dict.fromkeys(names, ())):
            said = f"{' and '.join(names)} {'is a number' if len(names) == 1 else 'are numbers'}"
            return (f"right if {said}: declare it with {' '.join(f'-s {name}=()' for name in names)}",)
    return ()


def of_its_size(judge: Judge, claim: Claim) -> Judge:
    """The judge of the same formula in which the variable has as many entries as a claim lists, [2*x[0]*x[1], x[0]**2],
    where nothing else says how many it has; else this one.
    """
    shape = () if claim.expr is None else claim.expr.shape
    made = isinstance(claim.term, Call) and claim.term.function in (LITERAL, "concat", "stack")
    listed = made or isinstance(claim.term, Group)
    free = judge.at is None and judge.wrt.name not in judge.problem.program.declared
    if not (listed and free and shape and len(judge.wrt.shape) == 1):
        return judge
    (size,) = judge.wrt.shape
    if shape[-1].value is None or not size.name:
        return judge
    return _with_shapes(judge, {judge.wrt.name: shape[-1:]}) or judge


def _if_vector(judge: Judge, claim: Claim) -> str | None:
    """The same for the variable itself, where habit says that it is a number and the claim is a vector: μ in X - μ."""
    if judge.at is not None or judge.wrt.shape or claim.expr is None or len(claim.expr.shape) != 1:
        return None
    name, (size,) = judge.wrt.name, claim.expr.shape
    if not _right_with(judge, claim, {name: (size,)}):
        return None
    return f"right if {name} is a vector: declare it with -s {name}={size}"


def _right_with(judge: Judge, claim: Claim, shapes: Mapping[str, Shape]) -> bool:
    """Whether a claim is right where some names have these shapes."""
    other = _with_shapes(judge, shapes)
    if other is None or not other.any_point:
        return False
    try:
        read = other.reader.read(claim.text, claim.form)
    except InputError:
        return False
    if read.expr is None:
        return False
    found = other.verdict(read.expr, read.form).meaning
    return found is not None and found.right


def _with_shapes(judge: Judge, shapes: Mapping[str, Shape]) -> Judge | None:
    """The judge of the same formula in which some names have these shapes, kept with it; None where it is none then."""
    kept: dict[object, Judge | None] = judge.__dict__.setdefault("with_shapes", {})
    asked = tuple(shapes.items())
    if asked not in kept:
        program = judge.problem.program
        try:
            problem = pose(
                program.statements,
                [judge.wrt.name],
                {**program.declared, **shapes},
                assume=judge.problem.assumptions,
            )
            kept[asked] = Judge(problem, layout=judge.laid.layout, vec=judge.laid.vec, rtol=judge.rtol)
        except InputError:
            kept[asked] = None
    return kept[asked]
