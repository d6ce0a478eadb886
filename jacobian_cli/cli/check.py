"""`jac check`: one claim, a file of them, or a class's answers, to the judges; verdicts to the screen or to a file."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import click

from jacobian_cli.api.check.answer import Diagnosis, Graded, summary
from jacobian_cli.api.check.derivation_file import Grader, read_derivation
from jacobian_cli.api.check.judge import Judge
from jacobian_cli.api.check.judged import judged, judged_source
from jacobian_cli.api.check.many import UNREAD, Asked, check_all, read_claims
from jacobian_cli.api.check.numbers import judged_numbers, read_array
from jacobian_cli.api.check.report import junit, markdown, warned
from jacobian_cli.cli.derive import problem_of
from jacobian_cli.cli.files import read_file, write_files
from jacobian_cli.cli.refusals import print_json
from jacobian_cli.cli.request import Request, want_variables
from jacobian_cli.cli.status import MISMATCH, RIGHT
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Assumption

_DERIVATIVE = re.compile(r"\s*(?:∂|d)\s*\w+\s*/\s*(?:∂|d)\s*(\w+)\s*=(?!=)")


@dataclass(frozen=True, slots=True)
class Wishes:
    """How claims are judged, and where the verdicts go."""

    layout: str
    vec: str
    form: str | None
    claims: str | None
    values: str | None
    rtol: float | None
    junit: str | None
    style: str | None
    texts: str | None
    jobs: int
    syntax: str | None
    claim_source: str | None
    run: bool
    force: bool


def answer(request: Request, claim: str, wishes: Wishes) -> int:
    """Print the verdict; the exit status is 0 if every claim is right as it stands."""
    gc.freeze()
    gc.enable()
    sentences = _sentences(wishes.texts)
    if request.text:
        grader, total = _from_file(request, wishes)
        return _many(request, grader.graded(), total, wishes, sentences, grader.read)
    if wishes.claims is not None:
        return _many(request, *_from_class(request, wishes), wishes, sentences)
    named = _DERIVATIVE.match(claim)
    if not request.wrt and named is not None:  # the claim says it itself: df/dx = …
        request = replace(request, wrt=(named[1],))
    want_variables(request)
    if len(request.wrt) != 1:
        raise InputError("a claim is about one variable", text=", ".join(request.wrt), hint="name one with --wrt")
    problem, values = problem_of(request)
    if len(problem.wrt) != 1:
        raise InputError("a claim is about one variable", hint="name one with --wrt")
    judge = Judge(problem, layout=wishes.layout, vec=wishes.vec, rtol=wishes.rtol, at=values)
    if wishes.values is not None:
        found = judged_numbers(judge, read_array(wishes.values), wishes.values, wishes.form)
    elif wishes.run:
        if wishes.claim_source is None:
            raise InputError("there is no function to run", hint="--run belongs to --claim FILE:NAME")
        from jacobian_cli.api.check.running import judged_by_running

        found = judged_by_running(judge, wishes.claim_source, wishes.form)
    elif wishes.claim_source is not None:
        from jacobian_cli.api.input.source import read_source_file

        try:
            found = judged_source(judge, read_source_file(wishes.claim_source), wishes.form)
        except InputError as error:
            error.hint = "; ".join(filter(None, [error.hint, "--run runs the function instead of reading it"]))
            raise
        found = replace(found, claim=wishes.claim_source, read=None)
    else:
        found = judged(judge, claim, wishes.form, wishes.syntax)
    found = replace(found, diagnosis=tuple(_said(d, sentences) for d in found.diagnosis))
    one = Graded("claim", found.wrt, found)
    if wishes.junit is not None:
        write_files({wishes.junit: junit([one])}, force=wishes.force)
    if request.as_json:
        print_json(found.to_dict())
    elif wishes.style == "markdown":
        click.echo(markdown([one], summary([one])))
    else:
        from jacobian_cli.cli.show.check import show_check

        show_check(problem, found)
    return RIGHT if found.passed else MISMATCH


def _from_file(request: Request, wishes: Wishes) -> tuple[Grader, int]:
    """The judge of a whole derivation, and how many claims it holds."""
    file = read_derivation(request.text, wishes.syntax)
    if not file.claims:
        raise InputError(f"there is no claim in {request.path}", hint="a claim is a line such as ds/dW = delta@x.T")
    file = replace(file, declarations=(*file.declarations, *request.declarations))
    return Grader(file, layout=wishes.layout, vec=wishes.vec), len(file.claims)


def _from_class(request: Request, wishes: Wishes) -> tuple[Iterator[Graded], int]:
    """Many people's answers about one function, and how many; a row may name the variable and the form."""
    assert wishes.claims is not None
    rows = read_claims(read_file(wishes.claims), wishes.claims)
    shapes: dict[str, Shape | str] = {}
    facts: dict[str, tuple[str, ...]] = {}
    for declared in request.declarations:
        if isinstance(declared, Assumption):
            facts[declared.name] = (*facts.get(declared.name, ()), declared.fact)
        else:
            shapes[declared.name] = (
                ",".join(declared.source[term.span.start : term.span.stop] for term in declared.sizes) or "()"
            )
    expression = tuple(statement.source for statement in request.statements)
    listed, unread = [], dict[int, Graded]()
    for number, row in enumerate(rows, start=1):
        wrt = str(row.get("wrt") or ",".join(request.wrt))
        try:
            points = float(row.get("points") or 1.0)
        except ValueError:
            said = f"{wishes.claims}, row {number}: points are a number, not {row['points']!r}"
            unread[number - 1] = Graded(str(row.get("id") or number), wrt, None, said, 0.0)
            points = 0.0
        if UNREAD in row:
            unread[number - 1] = Graded(str(row["id"]), wrt, None, str(row[UNREAD]), points)
        listed.append(
            Asked(
                expression,
                wrt,
                str(row.get("claim") or ""),
                str(row.get("id") or number),
                row.get("form") or wishes.form,
                points,
                tuple((n, str(s)) for n, s in shapes.items()),
                tuple(facts.items()),
            )
        )
    graded = check_all(listed) if wishes.jobs == 1 else _spread(listed, wishes.jobs)
    return (unread.get(number, one) for number, one in enumerate(graded)), len(listed)


def _spread(listed: list[Asked], jobs: int) -> Iterator[Graded]:
    with ProcessPoolExecutor(jobs) as executor:
        yield from check_all(listed, executor)


def _many(
    request: Request,
    graded: Iterator[Graded],
    total: int,
    wishes: Wishes,
    sentences: Mapping[str, str],
    read: Mapping[int, str] | None = None,
) -> int:
    """The verdicts on many claims, as a table, as Markdown or as JSON; of a file, how its definitions were `read`."""
    found = [_told(one, sentences) for one in _watched(request, graded, total, wishes)]
    counted = summary(found)
    if wishes.junit is not None:
        write_files({wishes.junit: junit(found)}, force=wishes.force)
    if request.as_json:
        said: dict[str, object] = {"claims": [one.to_dict() for one in found], "summary": counted}
        if read is not None:
            said |= {"read": {str(line): text for line, text in sorted(read.items())}, "warnings": warned(found)}
        print_json(said)
    elif wishes.style == "markdown":
        click.echo(markdown(found, counted))
    else:
        from jacobian_cli.cli.show.check import show_graded

        show_graded(found, counted, read or {})
    return RIGHT if all(one.passed for one in found) else MISMATCH


def _watched(request: Request, graded: Iterator[Graded], total: int, wishes: Wishes) -> Iterator[Graded]:
    """The same with a progress bar, where somebody watches."""
    if request.as_json or wishes.style:
        return graded
    from jacobian_cli.cli.show.check import watched

    return watched(graded, total)


def _told(one: Graded, sentences: Mapping[str, str]) -> Graded:
    if one.check is None or not sentences:
        return one
    return replace(one, check=replace(one.check, diagnosis=tuple(_said(d, sentences) for d in one.check.diagnosis)))


def _said(diagnosis: Diagnosis, sentences: Mapping[str, str]) -> Diagnosis:
    """A diagnosis in somebody else's words."""
    return replace(diagnosis, explanation=sentences.get(diagnosis.kind, diagnosis.explanation))


def _sentences(path: str | None) -> Mapping[str, str]:
    if path is None:
        return {}
    try:
        found = json.loads(read_file(path))
    except ValueError:
        raise InputError(f"{path} is no JSON", hint='as in {"sign": "Look at the sign again."}') from None
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise InputError(f"{path} does not map kinds to sentences", hint='as in {"sign": "Look at the sign again."}')
    return found
