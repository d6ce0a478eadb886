"""What it takes to judge claims: a class's answers to one question, a chapter's to a hundred."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from jacobian_cli.api.check.many import check_all
from tests.corpus.test_identities import ENTRIES
from tests.mistakes.edits import mistakes

NEURON, WEIGHTS = "u.T @ sigmoid(W@x + b)", "(u*{S}*(1 - {S}))@x.T"
_SIGMOIDS = ("sigmoid(W@x+b)", "1/(1 + exp(-(W@x+b)))", "sigmoid(b + W@x)", "sigmoid(W@x + b)")
_ANSWERS = (
    *(WEIGHTS,) * 12,
    *"u@x.T|(u*{S})@x.T|(u*(W@x+b)*(1-(W@x+b)))@x.T|(u*{S}*(1-{S}))*x|({S}*(1-{S}))@x.T|(u*(1-{S}**2))@x.T".split("|"),
    *"-(u*{S}*(1-{S}))@x.T|x@(u*{S}*(1-{S})).T|(u*{S}*(1+{S}))@x.T|2*(u*{S}*(1-{S}))@x.T|(u*{S}*(1-{S}))@x".split("|"),
    *"outer(x, u*{S}*(1-{S}))|u.T*{S}*(1-{S})@x.T|(u*tanh(W@x+b))@x.T|(u*{S}*(1-{S}))@x.T@W|(u*{S}*({S}-1))@x.T".split(
        "|"
    ),
)


def of_one_formula(count: int = 1000) -> list[dict[str, Any]]:
    """A class's answers to the neuron by W: two in five right, each mistake written in several ways."""
    rng = random.Random(0)
    asked = []
    for _ in range(count):
        claim = rng.choice(_ANSWERS).replace("{S}", f"({rng.choice(_SIGMOIDS)})")
        asked.append({"expression": NEURON, "wrt": "W", "claim": rng.choice(("{}", "({})", "1*({})")).format(claim)})
    return asked


def of_many_formulas(formulas: int = 100, each: int = 10) -> list[dict[str, Any]]:
    """Published derivatives, right and with one mistake."""
    rng = random.Random(0)
    asked: list[dict[str, Any]] = []
    for entry in (e for e in ENTRIES if e["order"] == 1):
        listed = [m.claim for m in mistakes(entry["reference_numpy"])]
        if len(listed) + 1 >= each and len(asked) < formulas * each:
            shapes = {name: list(sizes) for name, sizes in entry["shapes"].items()}
            claims = [entry["reference_numpy"], *rng.sample(listed, each - 1)]
            common = {"expression": entry["expr"], "wrt": entry["wrt"], "shapes": shapes}
            asked += [common | {"claim": claim} for claim in claims]
    return asked


def judging(asked: list[dict[str, Any]]) -> Callable[[], object]:
    """The verdicts on all of them, in two processes."""

    def contend() -> object:
        with ProcessPoolExecutor(2) as executor:
            return list(check_all(asked, executor))

    return contend
