"""How much room letters take, roughly: whatever font a browser chooses, a text is not wider than it is said to be."""

from __future__ import annotations

from unicodedata import category, east_asian_width

_EMS = {
    **dict.fromkeys("ijl|'.,:; !·", 0.36),
    **dict.fromkeys('ftrsIJ()[]/\\-"`₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹ᵀᵢⱼₖ', 0.48),
    **dict.fromkeys("abcdeghknopquvxyz0123456789_*?${}", 0.65),
    **dict.fromkeys("ABCDEFGKLPQRSTVXYZαβγδεζηθκλμνξπρστφχψ∂", 0.8),
    **dict.fromkeys("HNOUw+=<>×−→←∇∑Σ", 0.9),
}
_WIDE = 1.25
_OTHER = 1.05


def width(text: str, size: float) -> float:
    """The width of a text in letters of a size.

    >>> round(width("max", 10), 1)
    23.5
    """
    return size * sum(map(_em, text))


def _em(letter: str) -> float:
    if letter in _EMS:
        return _EMS[letter]
    if east_asian_width(letter) in "WF":
        return _WIDE
    return 0.0 if category(letter) in ("Mn", "Me") else _OTHER


def cut(text: str, size: float, limit: float) -> str:
    """The text, or as much of its beginning as has room.

    >>> cut("a long label", 10, 40)
    'a lon…'
    """
    if width(text, size) <= limit:
        return text
    room, kept = limit - width("…", size), 0
    for letter in text:
        room -= size * _em(letter)
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…"
