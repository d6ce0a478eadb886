"""What cannot be compared modulo a prime is compared to thirty digits, and is said to be no more than that."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import Shown
from jacobian_cli.api.derive.proof import certificate_of
from jacobian_cli.checks.every_size.certificate import Certificate, Doubt
from jacobian_cli.checks.every_size.certify import certified
from jacobian_cli.checks.every_size.digits import DIGITS, settled, to_digits
from jacobian_cli.cli.run import run
from jacobian_cli.ops import FUNCTIONS
from tests.checks.test_every_size import certificate, claimed, derived

SPECTRAL = (
    "eigvalsh(A)", "eigvecs(A)", "svdvals(A)", "spectral_norm(A)", "nuclear_norm(A)", "polar(A)", "pinv(A)@b",
    "lstsq(A, b)", "sqrtm(A)", "u.T@(A@pinv(A)@u)",
)  # fmt: skip


@pytest.mark.parametrize("formula", SPECTRAL)
def test_decompositions_agree_to_thirty_digits(formula: str) -> None:
    found = certificate_of(Shown(derived(formula)[0]))
    assert isinstance(found, Certificate)
    assert found.digits == DIGITS
    assert not found.every
    assert found.line.startswith("· at ")
    assert "to 30 digits; not proven for every size: " in str(found)


def test_an_identity_of_functions_is_evidence_at_as_many_sizes_as_a_proof_would_need() -> None:
    question = claimed("sum(lgamma(x + 1))", "x", "digamma(x) + 1/x", {"x": "n"})
    assert isinstance(certified(question), Doubt)
    found = settled(question)
    assert isinstance(found, Certificate)
    assert (found.why, found.digits, found.every) == ("", DIGITS, False)
    assert str(found) == "at n=3: to 30 digits, as many sizes as a proof would need; that is no proof"
    assert "sizes" in found.to_dict()
    assert "modulus" not in found.to_dict()


@pytest.mark.parametrize("error", ["10**-29", "10**-20", "10**-8"])
@pytest.mark.parametrize(
    ("formula", "wrt", "claim", "shapes"),
    [
        ("sum(lgamma(x + 1))", "x", "digamma(x) + 1/x", {"x": "n"}),
        ("nuclear_norm(A)", "A", "polar(A)", {"A": "n,m"}),
        ("sum(eigvalsh(A)**2)", "A", "A + A.T", {"A": "n,n"}),
    ],
)
def test_what_is_wrong_in_a_digit_gets_no_certificate(
    formula: str, wrt: str, claim: str, shapes: dict[str, str], error: str
) -> None:
    assert isinstance(to_digits(claimed(formula, wrt, claim, shapes)), Certificate)
    assert to_digits(claimed(formula, wrt, f"({claim})*(1 + {error})", shapes)) is None


def test_what_holds_in_doubles_only_is_told_apart() -> None:
    question = claimed("sum(lgamma(x + 1))", "x", "digamma(x) + 1.0000000000000002/x", {"x": "n"})
    assert to_digits(question) is None


def test_no_rule_of_the_table_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [Shown(derived(formula)[0]) for formula in ("svdvals(A)", "nuclear_norm(A)", "eigvecs(A)")]
    assert all(each.forms for each in shown)
    for name, row in list(FUNCTIONS.items()):
        monkeypatch.setitem(FUNCTIONS, name, _without_derivative(row))
    for each in shown:
        found = certificate_of(each)
        assert isinstance(found, Certificate)
        assert found.digits == DIGITS


def _without_derivative(row: Any) -> Any:
    return replace(row, derivative=tuple("0" for _ in row.derivative), backward=())


def test_exact_answers_stay_exact() -> None:
    for d in derived("u.T@sigmoid(W@x + b)"):
        found = certificate(d, 1_000_000)
        assert found is not None
        assert not found.digits


@pytest.mark.parametrize(
    "formula", ["mean(take_along_axis(log_softmax(Z), y))", "sum(one_hot(y, 4)*Z)", "correlate(x, w)"]
)
def test_places_and_windows_are_compared_exactly(formula: str) -> None:
    found = certificate_of(Shown(jac.derive(formula, wrt="x" if "x, w" in formula else "Z", check=False)))
    assert isinstance(found, Certificate)
    assert not found.digits
    assert found.why in ("places", "windows")


def test_json_says_digits(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["derive", "nuclear_norm(A)", "--wrt", "A", "--json"])
    check = json.loads(capsys.readouterr().out)["answers"][0]["check"]
    assert check["digits"] == DIGITS
    assert check["sizes"] == [{"n": 3, "m": 4}, {"n": 4, "m": 5}]
    assert "modulus" not in check


def test_a_claim_is_compared_likewise() -> None:
    found = jac.check("sum(lgamma(x + 1))", "x", "digamma(x) + 1/x", assume={"x": "positive"})
    assert found.verdict == "right"
    assert found.certificate is not None
    assert found.certificate.digits == DIGITS
