"""The test that goes with exported source: points, shapes and types vary, and what it compares with shares nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from jacobian_cli.api.derive.answer import Answer
from jacobian_cli.api.derive.source import Written, computed_forms, function_of, sized
from jacobian_cli.api.export.directions import direction_of, jvp
from jacobian_cli.api.export.templates import COMMON, IN_BLOCKS, LIBRARIES
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Apply, Expr, Extent, Variable, size_names, walk
from jacobian_cli.ops import Kind, row
from jacobian_cli.ops.places import places_of
from jacobian_cli.printers.jax.target import JAX
from jacobian_cli.printers.numpy.module import module_source
from jacobian_cli.printers.numpy.target import NUMPY
from jacobian_cli.printers.precedence import size_piece
from jacobian_cli.printers.torch.target import TORCH
from jacobian_cli.shape import Shape, Size
from jacobian_cli.syntax.errors import InputError

TARGETS = {"numpy": NUMPY, "torch": TORCH, "jax": JAX}
KINDS = ("plain", "positive", "unit", "dominant")
"""How the numbers of a point are drawn, the first that the formula has a value for."""
_FACTS = {
    "one_hot": "one_hot", "sums_to_one": "shares", "mask": "binary", "binary": "binary", "pm1": "signs",
    "symmetric": "dominant", "spd": "dominant", "probability": "unit", "positive": "positive",
}  # fmt: skip
"""How a variable is drawn of which this is declared, the first that is."""
_STEADY = frozenset({"one_hot", "mask", "binary", "pm1"})
"""Facts of what does not move: by it no differences are taken."""
_ALONG = (Kind.REDUCTION, Kind.ROW, Kind.SHARE, Kind.CORE, Kind.FORMULA)
_SEEDS = 2


def written_test(answers: Sequence[Written], to: str, file: str, *, together: bool, blocks: bool = False) -> str:
    """The source of a test of the exported `file`, which may run over `blocks` of an axis.

    Raises `InputError` where no point is found at which the formula has a value.
    """
    answer = answers[0].answer
    problem = answer.problem
    names = size_names([problem.output, *problem.variables.values()])
    among = _among(answer)
    (formula,) = sized(problem, [function_of(answer, "formula", (), problem.output, "What is differentiated.")])
    tried = [sizes for sizes in _sizes(names) if all(bound.holds(sizes) for bound in formula.wants)]
    cases, kinds = cases_of(answer, tried, [w.answer.wrt for w in answers], among)
    apart = {name: k for k, name in enumerate(names, 2)}
    forms = [form for w in answers for form in (w.answer.forms.jacobian, w.answer.forms.vjp)]
    forms = computed_forms(answer, [problem.output, *forms])
    empty = (
        []
        if blocks or among
        else [{**apart, name: 0} for name in names if name not in formula.arguments and _may_be_empty(forms, name)]
    )
    empty = [sizes for sizes in empty if all(bound.holds(sizes) for bound in formula.wants)]
    moved = [jvp(w.answer, direction_of(w.answer)) for w in answers] if empty else []
    cases += [sizes for sizes in empty if _has_value(answer, sizes, kinds, among, moved)][:1]
    shapes = ", ".join(f'"{n}": {_shape(v.shape)}' for n, v in problem.variables.items())
    counts = ", ".join(f'"{n}": {size_piece(size, "//").text}' for n, size in among.items())
    library = (IN_BLOCKS if blocks else LIBRARIES)[to]
    extra = [name for name in formula.arguments if name not in problem.variables]
    source = module_source([formula], TARGETS[to])
    head = f'"""The test of {file}, written with it. JAC_SEED=n draws other points, and replays a failure."""\n\n'
    facts = [
        f"FILE = {file!r}",
        f"CASES = {cases!r}",
        f"KINDS = {kinds!r}",
        f"WRT = {[w.answer.wrt for w in answers]!r}",
        f"EXTRA = {extra!r}",
        f"TOGETHER = {together!r}",
        f"DIRECTIONS = {_directions(answers)!r}",
        f"SEEDS = [SEED + k for k in range({_SEEDS})]",
    ]
    taken = ", ".join(names)
    shaped = f"def shapes({taken}):\n    return {{{shapes}}}\n\n\ndef counts({taken}):\n    return {{{counts}}}"
    imports = library.imports
    return "\n\n".join([f"{head}{imports}\n{source}", COMMON.head, "\n".join(facts), shaped, library.body, COMMON.body])


def _may_be_empty(forms: Sequence[Expr], name: str) -> bool:
    """Whether an axis of this length may have no entries: nothing but sums runs along it, and nothing counts it."""
    for node in walk(forms):
        if isinstance(node, Extent) and name in node.size.names():
            return False
        if not isinstance(node, Apply) or row(node.function).kind not in _ALONG or node.function == "sum":
            continue
        first = node.arguments[0]
        whole = row(node.function).kind in (Kind.CORE, Kind.FORMULA)
        given = dict(node.parameters).get("axis", (-1,) if row(node.function).kind is Kind.ROW else None)
        axes = range(len(first.shape)) if whole or given is None or not first.shape else given
        if any(name in first.shape[axis].names() for axis in axes):
            return False
    return True


def _directions(answers: Sequence[Written]) -> dict[str, str]:
    return {w.answer.wrt: direction_of(w.answer).name for w in answers}


def _shape(shape: Shape) -> str:
    texts = [size_piece(size, "//").text for size in shape]
    return f"({', '.join(texts)}{',' * (len(texts) == 1)})"


def _among(answer: Answer) -> dict[str, Size]:
    """Of each variable that holds places, of how many entries each is one."""
    found = places_of([answer.problem.output])
    if any(len({*sizes}) > 1 for sizes in found.values()):
        raise InputError("no test is written of places that pick from axes of several lengths", hint="leave --test out")
    return {name: sizes[0] for name, sizes in found.items()}


def cases_of(
    answer: Answer,
    tried: Sequence[dict[str, int]],
    moving: Collection[str],
    among: Mapping[str, Size] | None = None,
) -> tuple[list[dict[str, int]], dict[str, str]]:
    """Those of the sizes tried at which the formula has a value, and how each variable is drawn there, of which some
    are `moving`; `among` says of how many entries places are one.
    """
    problem = answer.problem
    if among is None and places_of([problem.output]):
        raise InputError("no test is written of a formula with places", hint="leave --test out")
    among = among or {}
    told = {name: facts for name, facts in problem.facts.items() if facts and name not in among}
    wrt = {name for name in told if name in moving and told[name] & _STEADY}
    if wrt or any(facts - _FACTS.keys() for facts in told.values()):
        raise InputError("no test is written under these facts", hint="leave --test out")
    drawn = {name: next(kind for fact, kind in _FACTS.items() if fact in facts) for name, facts in told.items()}
    for kind in KINDS:
        kinds = {name: drawn.get(name, kind) for name in problem.variables}
        kinds |= dict.fromkeys(among, "places")
        cases = [sizes for sizes in tried if _has_value(answer, sizes, kinds, among)]
        if len(cases) > min(1, len(tried) - 1):
            return cases, kinds
    raise InputError("no test is written: no point was found at which the formula has a value", hint="leave --test out")


def _sizes(names: Sequence[str]) -> Iterator[dict[str, int]]:
    """All apart, all alike, and each of them 1."""
    apart = {name: k for k, name in enumerate(names, 2)}
    yield apart
    if names:
        yield dict.fromkeys(names, 3)
        yield {name: 7 - size for name, size in apart.items() if size < 7} | {n: s for n, s in apart.items() if s >= 7}
    for name in names:
        yield {**apart, name: 1}


def _has_value(
    answer: Answer,
    sizes: Mapping[str, int],
    kinds: Mapping[str, str],
    among: Mapping[str, Size],
    moved: Sequence[Expr] = (),
) -> bool:
    """Whether there is a value, and are derivatives, wherever points are drawn; `moved` are those along a direction."""
    problem = answer.problem
    try:
        for seed in range(4):
            rng = np.random.default_rng(seed)
            counts = {name: size.at(sizes) for name, size in among.items()}
            at = {
                n: COMMON.draw(np, rng, [s.at(sizes) for s in v.shape], kinds[n], counts.get(n))
                for n, v in problem.variables.items()
            }
            for node in walk(moved):
                if isinstance(node, Variable) and node.name not in at:
                    at[node.name] = rng.standard_normal([s.at(sizes) for s in node.shape])
            forms = (problem.output, answer.forms.jacobian, *moved)
            if not all(np.all(np.isfinite(evaluate(form, at, sizes))) for form in forms):
                return False
    except (InputError, ArithmeticError, ValueError, IndexError):
        return False
    return True
