"""Many claims: a class's answers, a chapter's formulas. What is worked out for one function serves all claims on it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Any

from jacobian_cli.api.check.answer import Check, Graded
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.judged import judged
from jacobian_cli.api.check.run import judge_of
from jacobian_cli.api.input.arguments import shown, textual
from jacobian_cli.api.input.assume import by_name
from jacobian_cli.api.input.problem import marks_of
from jacobian_cli.syntax.errors import InputError

UNREAD = "unread"
"""What a row of a file that is none holds: why it cannot be read."""
_COLUMNS = ("id", "wrt", "claim", "form", "points")
_SHARE = 50
"""How many claims on one function are one piece of work."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One claim to judge, with the function it is about."""

    expression: str | tuple[str, ...]
    wrt: str
    claim: str
    id: str = ""
    form: str | None = None
    points: float = 1.0
    shapes: tuple[tuple[str, str], ...] = ()
    assume: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def function(self) -> tuple[Any, ...]:
        """What is the same for claims that one judge serves."""
        return (self.expression, self.wrt, self.shapes, self.assume)

    @property
    def question(self) -> tuple[Any, ...]:
        """What is the same for claims that have one verdict."""
        return (*self.function, self.claim, self.form)


def check_all(
    claims: Iterable[Mapping[str, Any] | Asked], executor: Executor | None = None, share: int = _SHARE
) -> Iterator[Graded]:
    """Judge many claims, in their order.

    Each is a mapping with `expression`, `wrt`, `claim` and, if wanted, `id`, `form`, `points`, `shapes`, `assume`. With
    an `executor` of `concurrent.futures` (or one that behaves so) the work is spread, `share` claims on one function at
    a time, each text once. A claim that cannot be read does not stop the others: its `error` says why.

    >>> asked = [{"expression": "x.T@x", "wrt": "x", "claim": c} for c in ("2*x", "x", "2*(x")]
    >>> [one.verdict for one in check_all(asked)]
    ['right', 'wrong', 'unreadable']
    """
    if isinstance(claims, str | bytes | Mapping) or not isinstance(claims, Iterable):
        raise InputError(f"claims are a list, not {shown(claims)}", hint='as in [{"expression": "x.T@x", …}]')
    listed = [asked(claim, k) for k, claim in enumerate(claims, start=1)]
    if executor is None:
        judges: dict[tuple[Any, ...], Judge | str] = {}
        said: dict[tuple[Any, ...], Check] = {}
        for one in listed:
            yield _graded(one, judges, said)
        return
    groups: dict[tuple[Any, ...], dict[tuple[Any, ...], Asked]] = {}
    for one in listed:
        groups.setdefault(one.function, {}).setdefault(one.question, one)
    where: dict[tuple[Any, ...], tuple[Future[list[Graded]], int]] = {}
    for group in groups.values():
        for start in range(0, len(group), share):
            piece = list(group.values())[start : start + share]
            job = executor.submit(graded_piece, piece)
            where |= {one.question: (job, position) for position, one in enumerate(piece)}
    for one in listed:
        job, position = where[one.question]
        yield replace(job.result()[position], id=one.id, points=one.points)


def graded_piece(claims: Sequence[Asked]) -> list[Graded]:
    """The verdicts on some claims: what one worker does."""
    judges: dict[tuple[Any, ...], Judge | str] = {}
    said: dict[tuple[Any, ...], Check] = {}
    return [_graded(one, judges, said) for one in claims]


def _graded(one: Asked, judges: dict[tuple[Any, ...], Judge | str], said: dict[tuple[Any, ...], Check]) -> Graded:
    """The verdict on one claim; what others have said before is not judged again."""
    marks = marks_of([one.claim])
    function = (*one.function, marks)
    if function not in judges:
        try:
            facts = {n: list(f) for n, f in one.assume}
            judges[function] = judge_of(one.expression, one.wrt, shapes=dict(one.shapes), assume=facts, beside=marks)
        except InputError as error:
            judges[function] = str(error)
    judge = judges[function]
    if not one.claim.strip():
        return Graded(one.id, one.wrt, None, "there is no answer", one.points)
    try:
        if isinstance(judge, str):
            return Graded(one.id, one.wrt, None, judge, one.points)
        if one.question not in said:
            said[one.question] = judged(judge, one.claim, one.form, certify=False)
        return Graded(one.id, one.wrt, said[one.question], None, one.points)
    except InputError as error:
        return Graded(one.id, one.wrt, None, str(error), one.points)


def asked(claim: Mapping[str, Any] | Asked, number: int) -> Asked:
    """A claim as a value. Raises `InputError` for what is missing in it."""
    if isinstance(claim, Asked):
        return claim
    if not isinstance(claim, Mapping):
        raise InputError(f"claim {number} is not given by name", text=shown(claim), hint='as in {"wrt": "x", …}')
    missing = [name for name in ("expression", "wrt", "claim") if _is_nothing(claim.get(name))]
    if missing:
        raise InputError(f"claim {claim.get('id') or number} has no {' and no '.join(missing)}")
    expression = claim["expression"]
    said = by_name(claim.get("assume") or None, '{"S": "spd"}')
    facts = {n: (f,) if isinstance(f, str) else tuple(map(str, _listed(f, "facts"))) for n, f in said.items()}
    declared = by_name(claim.get("shapes") or None, '{"W": "n,m"}')
    shapes = {
        n: s if isinstance(s, str) else ",".join(map(str, _listed(s, "a shape"))) or "()" for n, s in declared.items()
    }
    worth = claim.get("points") or 1.0
    try:
        points = float(worth)
    except (TypeError, ValueError):
        raise InputError(f"claim {claim.get('id') or number} is worth {shown(worth)} points", hint="a number") from None
    return Asked(
        expression
        if isinstance(expression, str)
        else tuple(textual(part, "a formula") for part in _listed(expression, "a formula")),
        str(claim["wrt"]),
        str(claim["claim"]),
        str(claim.get("id") or number),
        claim.get("form") or None,
        points,
        tuple(shapes.items()),
        tuple(facts.items()),
    )


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str | list | tuple) and not value)


def _listed(value: object, what: str) -> Sequence[Any]:
    """A list. Raises `InputError` for anything else."""
    if not isinstance(value, list | tuple):
        raise InputError(f"{what} is a text or a list, not {shown(value)}")
    return value


def read_claims(text: str, path: str = "claims") -> list[dict[str, Any]]:
    r"""The rows of a file of claims: CSV with a header, or a JSON object a line; columns id, wrt, claim, form, points.

    A line that is no object does not stop the others: its row says so. Raises `InputError` for a file without these
    columns.

    >>> read_claims("id,wrt,claim\nann,x,2*x")[0]["claim"]
    '2*x'
    """
    body = text.lstrip("\ufeff")
    if body.lstrip().startswith("{"):
        rows: list[dict[str, Any]] = []
        for number, line in enumerate(body.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                row = {"id": f"line {number}", "claim": "", UNREAD: f"{path}:{number}: this line is no JSON object"}
            rows.append(row)
    else:
        reader = csv.DictReader(io.StringIO(body), skipinitialspace=True)
        rows = [{str(k).strip(): (v or "").strip() for k, v in row.items() if isinstance(v, str)} for row in reader]
    if rows and all(UNREAD in row for row in rows):
        raise InputError(rows[0][UNREAD])
    if rows and "claim" not in rows[0]:
        raise InputError(f"{path} has no column claim", hint=f"columns are {', '.join(_COLUMNS)}")
    if not rows:
        raise InputError(f"there are no claims in {path}")
    return rows
