"""What is said of a claimed derivative: the verdict, where it differs, and what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jacobian_cli.checks.every_size.certificate import Certificate

RIGHT, RIGHT_IF, WRONG = "right", "right if", "wrong"


@dataclass(frozen=True, slots=True)
class Worst:
    """The entry where claim and truth differ most; indices count from 1."""

    entry: str
    claimed: float
    true: float

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {"entry": self.entry, "claimed": self.claimed, "true": self.true}


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Small whole numbers at which a claim is wrong, to be redone by hand."""

    sizes: Mapping[str, int]
    values: Mapping[str, Any]
    claimed: Any
    true: Any

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {
            "sizes": dict(self.sizes),
            "values": dict(self.values),
            "claimed": self.claimed,
            "true": self.true,
        }


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One mistake that explains a wrong claim.

    `kind` is a stable key, `place` the part of the claim or the step of the derivation, `fix` a formula that is right,
    `certain` whether nothing else that was tried explains the claim as well.
    """

    kind: str
    place: str
    explanation: str
    fix: str
    certain: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {
            "kind": self.kind,
            "place": self.place,
            "certain": self.certain,
            "explanation": self.explanation,
            "fix": self.fix,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Check:
    """The verdict on one claim: `right`, `right if` (in another convention, or under a fact), or `wrong`."""

    verdict: str
    claim: str
    wrt: str
    form: str
    convention: str = ""
    condition: str | None = None
    declare: str = ""
    """How the condition is declared, where it can be."""
    max_relative_error: float = 0.0
    worst: Worst | None = None
    differing: int = 0
    entries: int = 0
    pattern: str = ""
    """Which entries differ, in words."""
    drawn: tuple[str, ...] = ()
    """The same as a picture, a line for each row, where it is small and not all do."""
    counterexample: Counterexample | None = None
    diagnosis: tuple[Diagnosis, ...] = ()
    points: int = 0
    notes: tuple[str, ...] = ()
    expression: str = ""
    truth: str = ""
    """The derivative in closed form."""
    where: Mapping[str, str] = field(default_factory=dict)
    read: str | None = None
    """The claim in the language, where it was typed in another notation."""
    warnings: tuple[str, ...] = ()
    certificate: Certificate | None = None
    """For which sizes a claim that is right is proven; None where nothing is said of that."""

    @property
    def passed(self) -> bool:
        """Whether the claim is right as it stands."""
        return self.verdict == RIGHT

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        return {
            "expression": self.expression,
            "wrt": self.wrt,
            "claim": self.claim,
            "verdict": self.verdict,
            "form": self.form,
            "convention": self.convention,
            "condition": self.condition,
            "max_relative_error": self.max_relative_error,
            "worst": None if self.worst is None else self.worst.to_dict(),
            "differing": self.differing,
            "entries": self.entries,
            "counterexample": None if self.counterexample is None else self.counterexample.to_dict(),
            "diagnosis": [found.to_dict() for found in self.diagnosis],
            "points": self.points,
            "notes": list(self.notes),
            "truth": {"closed_form": self.truth, "where": self._used(self.truth)},
            "read": self.read,
            "warnings": list(self.warnings),
            **({} if self.certificate is None else self.certificate.to_dict()),
        }

    def names_in(self, form: str) -> list[tuple[str, str]]:
        """What names stand for that the closed form brings with it, where a formula uses them; the user's own are
        known.
        """
        own = {part.partition(" = ")[0] for part in self.expression.split("; ")}
        return [(n, body) for n, body in self._used(form).items() if n not in own]

    def _used(self, form: str) -> dict[str, str]:
        """The names that a formula rests on, of those that the closed forms bring with them."""
        found: set[str] = set()
        stack = [form]
        while stack:
            # not the T of A.T
            new = {n for n in re.findall(r"(?<![\w.])[^\W\d]\w*", stack.pop()) if n in self.where} - found
            found |= new
            stack += [self.where[n] for n in new]
        return {n: body for n, body in self.where.items() if n in found}

    def __repr__(self) -> str:
        """The claim, the verdict, what explains it, and the closed form."""
        mark = {RIGHT: "✓", RIGHT_IF: "?"}.get(self.verdict, "✗")
        where = [f"  where {name} = {body}" for name, body in self._used(self.truth).items()]
        truth = [] if self.passed else [f"closed form: {self.truth}", *where]
        return "\n".join([f"claimed: {self.claim}", f"{mark} {self}", *truth])

    def _repr_markdown_(self) -> str:
        lines = [line.replace("*", r"\*").replace("_", r"\_") for line in repr(self).splitlines()]
        return "  \n".join(lines)

    def __str__(self) -> str:
        head = self.verdict + (f": {self.condition}" if self.condition else "")
        return "\n".join([head, *(f"{d.kind}: {d.explanation}" for d in self.diagnosis)])


@dataclass(frozen=True, slots=True)
class Graded:
    """One of many claims: its verdict, or why it could not be read."""

    id: str
    wrt: str
    check: Check | None
    error: str | None = None
    points: float = 1.0
    name: str = ""
    line: int | None = None
    follows: int | None = None
    """The line of the slip from which this one follows."""

    @property
    def passed(self) -> bool:
        """Whether the claim is right."""
        return self.check is not None and self.check.passed

    @property
    def verdict(self) -> str:
        """The verdict, or "unreadable"."""
        return self.check.verdict if self.check is not None else UNREADABLE

    @property
    def kind(self) -> str:
        """The first kind of mistake."""
        return self.check.diagnosis[0].kind if self.check is not None and self.check.diagnosis else ""

    def to_dict(self) -> dict[str, Any]:
        """The stable fields of the JSON answer."""
        said = self.check.to_dict() if self.check is not None else {"verdict": UNREADABLE, "error": self.error}
        return {
            "id": self.id,
            "wrt": self.wrt,
            "line": self.line,
            "points": self.points,
            "follows": self.follows,
            **said,
        }


UNREADABLE = "unreadable"


def summary(graded: Iterable[Graded]) -> dict[str, int]:
    """How often each kind of mistake was made; what follows from an earlier slip is not counted again."""
    counted: dict[str, int] = {}
    for one in graded:
        if not one.passed and one.follows is None:
            kind = one.kind or one.verdict
            counted[kind] = counted.get(kind, 0) + 1
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
