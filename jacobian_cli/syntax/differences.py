"""Δx and δx: a difference that is one name, where its parts stand nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.letters import Letters
from jacobian_cli.syntax.names import GREEK, key, spelling
from jacobian_cli.syntax.tokens import Token

_SIGNS = ("Delta", "delta")
_TIME = "t"
"""Whose difference is a number, and nothing else."""


def joined(tokens: Sequence[Token], letters: Letters) -> Sequence[Token]:
    """The tokens with each difference as one name: Δ before a name that stands nowhere without it, which nothing is
    known of. A small δ, which may be a number, is one where it stands twice, or behind a matrix: Qδx.
    """
    for sign in _SIGNS:
        followers = _followers([*_flat(tokens)], sign, letters)
        if followers:
            tokens = tuple(_merged(tokens, sign, letters))
            for follower in [name for name in followers if name != _TIME]:
                name, axes = spelling(sign, (follower,)), "n,m" if follower[0].isupper() else "n"
                factors = f"of a product the factors are declared: `-s {sign}=()` `-s {follower}={axes}`"
                letters.doubts.append(Doubt(f"`{name}` is read, a difference; {factors}"))
                if follower[0].islower():
                    letters.vectors.add(name)
    return tokens


def _is(token: Token, sign: str) -> bool:
    return token.kind == "name" and key(token.text) == (sign,)


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        for part in token.parts:
            yield from _flat(part)
            yield Token("end", "", token.stop, token.stop)


def _followers(flat: Sequence[Token], sign: str, letters: Letters) -> list[str]:
    """The names behind a sign, if it stands before names alone, and these behind it alone."""
    places = [place for place, token in enumerate(flat) if _is(token, sign)]
    if not places or letters.known.find(flat[places[0]].text):
        return []
    behind = [flat[place + 1] for place in places]
    names = [token.text for token in behind]
    alone = sum(token.kind == "name" and token.text in names for token in flat) == len(places)
    if not alone or any(token.kind != "name" or letters.known.find(token.text) for token in behind):
        return []
    if any(key(name)[0] in GREEK for name in names):
        return []
    if sign == "delta":
        before = flat[places[0] - 1] if places[0] else None
        matrix = before is not None and before.kind == "name" and before.text[:1].isupper()
        if not (matrix or len(places) > 1) or any(name[:1].isupper() for name in names):
            return []
    return list(dict.fromkeys(names))


def _merged(tokens: Sequence[Token], sign: str, letters: Letters) -> Iterator[Token]:
    before: Token | None = None
    for token in tokens:
        if before is not None:
            name = spelling(sign, (token.text,))
            yield Token("name", letters.known.find(name) or name, before.start, token.stop, before.space)
            before = None
        elif _is(token, sign):
            before = token
        else:
            yield token._replace(parts=tuple(tuple(_merged(part, sign, letters)) for part in token.parts))
