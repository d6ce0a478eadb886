"""A whole derivation, line by line: a function, names of one's own, and claims about derivatives.

    z = W@x + b
    h = sigmoid(z)
    s = u.T@h
    ds/dz = u*h*(1 - h)          # 2 points
    delta = u*h*(1 - h)
    ∂s/∂W = delta@x.T

A left side that is a derivative makes a line a claim. Each claim is judged given the lines before it; one slip is
told once, at its line, and what follows from it is said to follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from typing import Any

import numpy as np

from jacobian_cli.api.check.answer import Check, Diagnosis, Graded
from jacobian_cli.api.check.book import book_of
from jacobian_cli.api.check.judge import Judge, with_arrivals
from jacobian_cli.api.check.judged import judged
from jacobian_cli.api.input.assume import assumptions_of
from jacobian_cli.api.input.problem import ShapeLike, marks_of, pose, shapes_of, statements_of
from jacobian_cli.checks.mistakes.edits import described, edits
from jacobian_cli.checks.oracles import hips_autograd as autodiff
from jacobian_cli.checks.verdict.claim import TruePoint, same
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Defined, Expr, Variable, rebuild
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.language import text as spelled
from jacobian_cli.syntax.declarations import Declared, parse_file
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Assumption, Declaration, Definition, Term

Array = Any
_CLAIM = re.compile(r"\s*(?:∂|d)\s*(\w+)\s*/\s*(?:∂|d)\s*(\w+)\s*=(?!=)")
_ADJOINT = re.compile(r"\s*(?:delta|δ)_(\w+)\s*=(?!=)")
_POINTS = re.compile(r"(\d+(?:\.\d+)?)\s*points?\b")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_NOT_ASKED = ("T", "e", "pi")
"""What stands in claims and is mostly no name of the formula."""
_TOLERANCE = 1e-8
_FOLLOWED = 4
"""At so many points a claim has to follow from a wrong one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A claim of a file: its line, what is differentiated by what, and the points it is worth."""

    number: int
    output: str
    wrt: str
    text: str
    points: float = 1.0


@dataclass(frozen=True, slots=True)
class DerivationFile:
    """What a file holds."""

    declarations: tuple[Declaration | Assumption, ...]
    definitions: tuple[Definition, ...]
    claims: tuple[Line, ...]
    lines: Mapping[str, int]
    """In which line each name is defined."""
    unread: Mapping[int, str] = field(default_factory=dict)
    """The lines that are neither, and why."""


def read_derivation(text: str, syntax: str | None = None) -> DerivationFile:
    r"""The definitions and the claims of a file, each in whatever notation it is or in the one that is named, and lines
    that cannot be read. Raises `InputError` where there is nothing but these, or where it is no line that is wrong.

    >>> found = read_derivation("s = x.T@x\nds/dx = 2*x  # 3 points")
    >>> found.claims[0].wrt, found.claims[0].points
    ('x', 3.0)
    """
    rest: list[str] = []
    claims: list[Line] = []
    lines: dict[str, int] = {}
    adjoints: list[tuple[int, str, str, float]] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        code, _, comment = line.partition("#")
        worth = _POINTS.search(comment)
        points = float(worth[1]) if worth else 1.0
        found = _CLAIM.match(code)
        rest.append("" if found else line)
        if found:
            claims.append(Line(number, found[1], found[2], code.rstrip(), points))
            continue
        adjoint = _ADJOINT.match(code)
        if adjoint:
            adjoints.append((number, adjoint[1], code.rstrip(), points))
        name = code.partition("=")[0].strip()
        if name.isidentifier():
            lines.setdefault(name, number)
    declarations, definitions, unread = _legible(rest, claims, syntax)
    if unread and not claims and not definitions:
        raise InputError("\n".join(unread.values()))
    outputs = [d.name for d in definitions if d.name and not _ADJOINT.match(d.source)]
    last = claims[0].output if claims else (outputs[-1] if outputs else "")
    claims += [Line(n, last, wrt, code, points) for n, wrt, code, points in adjoints if wrt in outputs and wrt != last]
    ordered = tuple(sorted(claims, key=lambda claim: claim.number))
    return DerivationFile(tuple(declarations), tuple(definitions), ordered, lines, unread)


def _legible(
    rest: list[str], claims: Sequence[Line], syntax: str | None
) -> tuple[list[Declaration | Assumption], list[Definition], dict[int, str]]:
    """What the lines say that can be read, and what is wrong with the others. The names in claims are asked for."""
    words = (word for claim in claims for word in (claim.wrt, *_WORD.findall(claim.text.split("=", 1)[1])))
    asked = [word for word in dict.fromkeys(words) if word not in FUNCTIONS and word not in _NOT_ASKED]
    beside = marks_of(claim.text for claim in claims)
    unread: dict[int, str] = {}

    def read(lines: list[str], said: list[Declared]) -> list[Definition]:
        return statements_of(lines, asked, shapes_of(None, said), syntax, beside=beside)

    while True:
        try:
            declarations, definitions = parse_file("\n".join(rest), read)
        except InputError as error:
            wrong = {one.line: one for one in error.errors if one.line is not None and rest[one.line - 1]}
            if not wrong:
                raise
            for number, one in wrong.items():
                one.line = None  # which is told beside it
                unread[number] = one.told()
            rest = ["" if number in wrong else line for number, line in enumerate(rest, start=1)]
        else:
            return declarations, definitions, unread


@dataclass(slots=True)
class _Wrong:
    """A claim that was found wrong, to see what follows from it."""

    line: Line
    judge: Judge
    expr: Expr


def _with(expr: Expr, name: str, value: Expr) -> Expr:
    """An expression in which a name stands for another value."""
    return rebuild(expr, lambda node: value if isinstance(node, Defined) and node.name == name else None)


def _excerpt(source: str, term: Term) -> str:
    return source[term.span.start : term.span.stop].strip()


def _unread(number: int, said: str) -> Graded:
    return Graded(str(number), "", None, said, 0.0, f"line {number}", number)


class Grader:
    """Judges the claims of one file."""

    def __init__(
        self,
        file: DerivationFile,
        *,
        shapes: Mapping[str, ShapeLike] | None = None,
        layout: str | None = None,
        vec: str | None = None,
    ) -> None:
        self.file = file
        self.shapes = shapes_of(shapes, file.declarations)
        self.assume = assumptions_of(None, file.declarations)
        self.layout, self.vec = layout, vec
        self.defined = {d.name: d for d in file.definitions if d.name}
        self.read: dict[int, str] = {}
        """The definitions that are not typed in the language, in it, by their lines; as far as claims were judged."""
        self._wrong: list[_Wrong] = []
        self._unreadable: set[int] = set()
        self._slips: dict[str, tuple[int, Diagnosis]] = {}

    def graded(self) -> Iterator[Graded]:
        """Every claim with its verdict, in the order of the file; a line that cannot be read does not stop the rest."""
        unread = dict(sorted(self.file.unread.items()))
        for line in self.file.claims:
            for number in [number for number in unread if number < line.number]:
                yield _unread(number, unread.pop(number))
            name = f"∂{line.output}/∂{line.wrt}"
            try:
                yield self._graded(line, name)
            except InputError as error:
                said = self._spoilt(line) or str(error)
                yield Graded(str(line.number), line.wrt, None, said, line.points, name, line.number)
        for number, said in unread.items():
            yield _unread(number, said)

    def _spoilt(self, line: Line) -> str:
        """What is said of a claim that rests on an adjoint which, judged at its own line, cannot be worked out."""
        words = re.findall(r"\w+", line.text.split("=", 1)[1])
        lines = [self.file.lines[name] for name in self._reached(words) if name in self.file.lines]
        spoilt = next((number for number in sorted(lines) if number in self._unreadable), None)
        return "" if spoilt is None else f"it rests on line {spoilt}, which cannot be worked out"

    def judge(self, line: Line) -> tuple[Judge, list[str]]:
        """The judge of a claim, and the names of one's own that it uses."""
        if line.output not in self.defined:
            raise InputError(f"'{line.output}' is not defined", text=line.text, hint="a claim is about a definition")
        function = self._reached([line.output])
        body = line.text.split("=", 1)[1]
        words = [w for w in re.findall(r"\w+", body) if w in self.defined]
        own = [name for name in self._reached(words) if name not in function]
        wanted = [*(n for n in self.defined if n in function or n in own)]
        statements = [self.defined[n] for n in wanted if n != line.output] + [self.defined[line.output]]
        shapes = {n: s for n, s in self.shapes.items() if self._named(n, statements, line)}
        assume = [a for a in self.assume if self._named(a.name, statements, line)]
        problem = pose(statements, [line.wrt], shapes, assume=assume)
        for made in problem.program.statements:
            if made.read and made.name:
                self.read.setdefault(self.file.lines[made.name], f"{made.name} = {made.read}")
        return Judge(problem, layout=self.layout, vec=self.vec), own

    def _named(self, name: str, statements: Sequence[Definition], line: Line) -> bool:
        return name == line.wrt or any(name in names_in(s.value) or name == s.name for s in statements)

    def _reached(self, names: Sequence[str]) -> list[str]:
        """Definitions that these names rest on, themselves included."""
        found: list[str] = []
        stack = [name for name in names if name in self.defined]
        while stack:
            name = stack.pop()
            if name not in found:
                found.append(name)
                stack += [n for n in names_in(self.defined[name].value) if n in self.defined]
        return found

    def _graded(self, line: Line, name: str) -> Graded:
        judge, own = self.judge(line)
        found = judged(judge, line.text)
        if found.passed:
            return Graded(str(line.number), line.wrt, found, None, line.points, name, line.number)
        read = judge.reader.read(line.text)
        follows = None
        if read.expr is None:
            self._unreadable.add(line.number)
        else:
            follows = self._follows(judge, read.expr)
            if follows is None:
                follows, found = self._own_slip(judge, own, read.expr, found)
            self._wrong.append(_Wrong(line, judge, read.expr))
        if follows == line.number:
            follows = None
        if follows is not None:
            said = f"consistent with line {follows}, and so wrong too"
            found = replace(found, diagnosis=(Diagnosis("chain_link", f"line {follows}", said, found.truth),))
        return Graded(str(line.number), line.wrt, found, None, line.points, name, line.number, follows)

    def _own_slip(self, judge: Judge, own: Sequence[str], expr: Expr, found: Check) -> tuple[int | None, Check]:
        """A change in one of the names of one's own after which the claim is right."""
        known = book_of(judge).by_change.names
        for name in own:
            place = self.file.lines.get(name, 0)
            for edit in edits(self.defined[name].value, known):
                try:
                    value = judge.reader.typed(edit.term, self.defined[name].source)
                except InputError:
                    continue
                if isinstance(value, InputError) or value.shape != judge.problem.program.values[name].shape:
                    continue
                changed = _with(expr, name, Defined(name, value))
                verdict = judge.verdict(changed, None)
                if verdict.meaning is None or not verdict.meaning.right:
                    continue
                source = self.defined[name].source
                what = described(edit, partial(_excerpt, source))
                told = Diagnosis(edit.mended, f"line {place}: {source.strip()}", what, f"{name} = {spelled(value)}")
                first = self._slips.setdefault(name, (place, told))
                if first[1] is told:
                    return None, replace(found, diagnosis=(told,))
                return place, found
        return None, found

    def _follows(self, judge: Judge, expr: Expr) -> int | None:
        """The line of an earlier wrong claim from which this one follows by the chain rule."""
        for wrong in self._wrong:
            # at some points the slip may do nothing
            followed = (self._chained(judge, expr, wrong, point) for point in judge.points[:_FOLLOWED])
            told = list(takewhile(lambda moved: moved is not None, followed))
            if len(told) == len(judge.points[:_FOLLOWED]) and any(told):
                return wrong.line.number
        return None

    def _chained(self, judge: Judge, expr: Expr, wrong: _Wrong, point: TruePoint) -> bool | None:
        """Whether a claim is not the true derivative at a point but what it is with the wrong ∂outer/∂inner; None where
        it is something else.
        """
        inner, outer = wrong.line.wrt, wrong.line.output
        try:
            upper = self._table(judge, point, judge.problem.name, outer)
            lower = self._table(judge, point, inner, judge.wrt.name)
            right = self._table(judge, point, outer, inner)
            middle = self._claimed(judge, wrong, point)
        except (InputError, KeyError, ValueError, np.linalg.LinAlgError):
            return None
        if upper is None or lower is None or middle is None or right is None or middle.shape != right.shape:
            return None
        if upper.shape[1] != middle.shape[0] or middle.shape[1] != lower.shape[0]:
            return None
        moved = upper @ (middle - right) @ lower
        table = point.table + moved  # which may have other paths too
        (claimed,) = judge.values(expr, [point])
        if table.size != claimed.size or not same(point, claimed, table.reshape(claimed.shape), _TOLERANCE):
            return None
        return bool(np.any(np.abs(moved) > _TOLERANCE))

    def _table(self, judge: Judge, point: TruePoint, output: str, wrt: str) -> Array | None:
        """The true Jacobian of one name by another, where the values are those of a point."""
        if output == wrt:
            size = int(np.prod([s.at(point.sizes) for s in self._shape(judge, output)], dtype=int))
            return np.eye(size)
        body = judge.problem.output if output == judge.problem.name else judge.reader.values[output]
        leaf = Variable(wrt, self._shape(judge, wrt))
        held = rebuild(body, lambda n: leaf if isinstance(n, Defined) and n.name == wrt else None)
        return autodiff.jacobian(held, self._at(judge, point, wrt), point.sizes, wrt)

    def _at(self, judge: Judge, point: TruePoint, name: str) -> dict[str, Array]:
        """The values of a point, that of one name of the file among them."""
        if name in point.values:
            return dict(point.values)
        value = evaluate(judge.reader.values[name], point.values, point.sizes)
        return {**point.values, name: np.asarray(value, float)}

    def _shape(self, judge: Judge, name: str) -> tuple[Any, ...]:
        values = judge.problem.program.values
        return values[name].shape if name in values else judge.problem.variables[name].shape

    def _claimed(self, judge: Judge, wrong: _Wrong, point: TruePoint) -> Array | None:
        """The table that a wrong claim gives at a point of another claim."""
        at = {**with_arrivals(point), **self._at(judge, point, wrong.judge.wrt.name)}
        value = np.asarray(evaluate(wrong.expr, at, point.sizes), float)
        function = wrong.judge.function
        rows, columns = (
            int(np.prod([size.at(point.sizes) for size in shape], dtype=int))
            for shape in (function.output.shape, function.wrt.shape)
        )
        return value.reshape(rows, columns) if value.size == rows * columns else None
