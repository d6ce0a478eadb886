"""Names around the latent variables of models in code: means that are vectors as the variances beside them, and noise.

`(mu1 - mu2)**2*exp(-logvar2)` and `mu + exp(logvar/2)*eps`, where a Greek letter and a small number would be numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from jacobian_cli.elaborate.habits import HABITS, SCALAR, VECTOR, Default, of_means
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.tree import Call, Definition, Name, Term

NOISE = "noise is an array as what scales it"
_PARTNER = "a mean is an array as the variance beside it"
_SPREAD = re.compile(r"(log_?)?(var|std|sigma)|lv")
_MARKED = re.compile(r"(log_?)?(var|std|sigma|s)|lv")
"""Names of variances; and of those that bear a mark: s1 beside mu1."""
_NOISE = re.compile(r"eps(ilon)?|[εϵ]")
_MEANS = ("mean", "loc")


def latents(
    statements: Sequence[Definition],
    guessed: Mapping[str, Default],
    declared: Mapping[str, Shape],
    order: Callable[[Term], int],
) -> dict[str, Default]:
    """The means beside variances, and the noise that these scale; `order` says how many axes a part has at least."""
    found: dict[str, Default] = {}
    greek = {name for name, guess in guessed.items() if guess.why == HABITS[SCALAR] and of_means(name)}
    if greek:
        lower = {name: VECTOR for name, guess in guessed.items() if guess.why == HABITS[VECTOR]}
        spreads = dict(_spreads(lower | {name: len(shape) for name, shape in declared.items()}))
        for name in greek:
            if spreads.get(mark := key(name)[1:], SCALAR):
                found[name] = Default(spreads[mark], _PARTNER)
    noises = {
        name
        for name, (axes, why) in guessed.items()
        if _NOISE.fullmatch(name) and why and (axes == SCALAR or why in HABITS)
    }
    if noises:
        for statement in statements:
            for call in statement.calls:
                for name, scale in _scaled(call):
                    if name in noises and order(scale):
                        found[name] = Default(order(scale), NOISE)
    return found


def _spreads(orders: Mapping[str, int]) -> Iterator[tuple[tuple[str, ...], int]]:
    """The marks of variances, and how many axes these have."""
    for name, order in orders.items():
        stem, *marks = key(name)
        if stem == "log" and marks:
            stem, *marks = f"log_{marks[0]}", *marks[1:]
        if (_MARKED if marks else _SPREAD).fullmatch(stem):
            yield tuple(marks), order


def _scaled(call: Call) -> Iterator[tuple[str, Term]]:
    """What is multiplied entry by entry by an array, and added to a mean: eps of mu + exp(logvar/2)*eps."""
    if call.function != "+" or len(call.arguments) != 2:
        return
    for mean, part in (call.arguments, call.arguments[::-1]):
        named = isinstance(mean, Name) and (of_means(mean.text) or mean.text in _MEANS)
        if named and isinstance(part, Call) and part.function == "*":
            for factor, scale in (part.arguments, part.arguments[::-1]):
                if isinstance(factor, Name):
                    yield factor.text, scale
