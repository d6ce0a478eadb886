"""Claims that are right where what was taken for a vector is a number."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.api.check.claim import Claim
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.input.problem import pose
from jacobian_cli.syntax.errors import InputError

_MOST = 4


def if_numbers(judge: Judge, claim: Claim) -> tuple[str, ...]:
    """What to declare for a wrong claim to be right, where only habit says that a name is a vector."""
    declared = judge.problem.program.declared
    free = [n for n, v in judge.problem.variables.items() if len(v.shape) == 1 and n not in declared]
    if judge.at is not None or not free:
        return ()
    for names in dict.fromkeys([tuple(free), *((name,) for name in free[:_MOST])]):
        other = _with_numbers(judge, names)
        if other is None or not other.any_point:
            continue
        try:
            read = other.reader.read(claim.text, claim.form)
        except InputError:
            continue
        if read.expr is None:
            continue
        found = other.verdict(read.expr, read.form, conditions=False).meaning
        if found is not None and found.right:
            said = f"{' and '.join(names)} {'is a number' if len(names) == 1 else 'are numbers'}"
            return (f"right if {said}: declare it with {' '.join(f'-s {name}=()' for name in names)}",)
    return ()


def _with_numbers(judge: Judge, names: Sequence[str]) -> Judge | None:
    """The judge of the same formula in which some names are numbers, kept with it; None where it is none then."""
    kept: dict[tuple[str, ...], Judge | None] = judge.__dict__.setdefault("with_numbers", {})
    if tuple(names) not in kept:
        program = judge.problem.program
        shapes = {**program.declared, **dict.fromkeys(names, ())}
        try:
            problem = pose(program.statements, [judge.wrt.name], shapes, assume=judge.problem.assumptions)
            kept[tuple(names)] = Judge(problem, layout=judge.laid.layout, vec=judge.laid.vec, rtol=judge.rtol)
        except InputError:
            kept[tuple(names)] = None
    return kept[tuple(names)]
