"""What stands: an answer that passes its check, or else the plain index form of the same derivative, if that does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jacobian_cli.api.derive.answer import Answer, plain_answer
from jacobian_cli.api.derive.printed import Array, Shown
from jacobian_cli.api.derive.proof import Proof, prove_shown
from jacobian_cli.checks.oracles.budget import Budget
from jacobian_cli.checks.verdict.report import Report
from jacobian_cli.interned import Portable
from jacobian_cli.syntax.errors import InputError


@dataclass(frozen=True)
class Settled(Portable):
    """An answer to be shown, with its proof, and what it was shown in place of."""

    answer: Answer
    proof: Proof
    failed: Failed | None = None

    @property
    def report(self) -> Report:
        """The verdict on the answer found first."""
        return self.proof.report if self.failed is None else self.failed.report

    @property
    def passed(self) -> bool | None:
        """Whether the answer found first stood its check; None if nothing could be compared."""
        return self.report.passed

    def to_dict(self) -> dict[str, Any]:
        """The answer and its check, and, of one that failed, the forms that did."""
        replaced = {} if self.failed is None else {"replaced": self.failed.to_dict()}
        return {**self.answer.to_dict(), **self.proof.to_dict(), **replaced}


@dataclass(frozen=True)
class Failed(Portable):
    """An answer that did not pass its check."""

    answer: Answer
    report: Report

    def to_dict(self) -> dict[str, Any]:
        """Its forms, where they can be printed at all, and its check: what whoever mends it wants to know."""
        forms = {"jacobian": self.answer.jacobian, "gradient": self.answer.gradient, "vjp": self.answer.vjp}
        texts: dict[str, Any] = {name: None if form is None else form.closed_form for name, form in forms.items()}
        return {**texts, "where": self.answer.where, "check": self.report.to_dict()}


def settle(
    answer: Answer,
    points: int = 3,
    values: Mapping[str, Array] | None = None,
    *,
    full: bool = False,
    budget: Budget | None = None,
) -> Settled:
    """Prove an answer. One that fails is replaced by its plain index form, if that passes. SymPy works as long as the
    budget lasts.

    Raises `InputError` where the formula has no value.
    """
    return settled(Shown(answer), lambda shown: prove_shown(shown, points, values, full=full, budget=budget))


def settled(shown: Shown, prove: Callable[[Shown], Proof]) -> Settled:
    """The same of texts that may have been read before, with a proof of one's own."""
    answer = shown.answer
    try:
        read_back(shown)
        proof = prove(shown)
    except (InputError, RecursionError, MemoryError):
        raise
    except Exception as error:
        found = _instead(answer, prove, Report(False, 0, {}, [], [_said(error)]))
        if found is None:
            raise
        return found
    if proof.passed is not False:
        return Settled(answer, proof)
    return _instead(answer, prove, proof.report) or Settled(answer, proof)


class UnreadableError(Exception):
    """A printed form that the language does not read."""


def read_back(shown: Shown) -> None:
    """Read the printed forms. Raises `UnreadableError` for what is no form of the language."""
    try:
        shown.forms  # noqa: B018 - kept there
    except InputError as error:
        raise UnreadableError(error.message) from error


def _instead(answer: Answer, prove: Callable[[Shown], Proof], report: Report) -> Settled | None:
    """The plain index form with its proof, if that passes where this report was the verdict on the closed form."""
    if answer.fault:  # it is the plain form
        return None
    try:
        plain = plain_answer(answer, f"the closed form did not pass its check ({mismatch(report)})")
        proof = prove(Shown(plain))
    except Exception:  # noqa: BLE001 - then there is nothing better to show
        return None
    return Settled(plain, proof, Failed(answer, report)) if proof.passed else None


def mismatch(report: Report) -> str:
    """The first mismatch of a report, in words."""
    for engine in report.engines.values():
        if not engine.passed:
            worst = engine.worst
            if worst is None:
                return f"{engine.name} differs"
            return (
                f"{worst.entry} of the {worst.form}: printed form {worst.printed:.6g}, {engine.name} {worst.true:.6g}"
            )
    return "; ".join(report.notes)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
