"""A race as a table: one row a contender, with bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log

from jacobian_cli.api.bench.answer import TIMED, Bench, Growth, Row
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.cli.screen import Screen
from jacobian_cli.cli.show.about import about

_BLOCKS = "▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_WIDE, _ROOM = 100, 24
_TITLES = ("", "median", "±", "ratio", "compiled", "peak", "off")
_WORDS = {
    "gradient": "value and gradient",
    "jacobian": "Jacobian",
    "vjp": "backward rule (VJP)",
    "jvp": "derivative along a direction (JVP)",
    "hessian": "Hessian",
    "hvp": "Hessian times a vector",
}


def show_bench(problem: Problem, found: Bench) -> None:
    """The formula, the sizes, and the table."""
    screen = Screen()
    about(screen, problem)
    _what(screen, found)
    shown = [column for column in range(len(_TITLES)) if _told(found.rows, column)]
    timed = [row for row in found.rows if row.state == TIMED and row.median]
    slowest = max((row.median or 0.0 for row in timed), default=0.0)
    fastest = min((row.median or 0.0 for row in timed), default=0.0)
    bars = 12 if screen.width >= _WIDE else 0
    rows, styles = [], []
    for row in found.rows:
        cells = _cells(found, row)
        drawn = [_bar(row.median or 0.0, fastest, slowest, bars)] if bars else []
        rows.append([cells[0], *drawn, *(cells[k] for k in shown if k)])
        styles.append("bold" if row.name.startswith("jac") else "red" if row.state == "wrong" else "")
    titles = ["", *([""] if bars else []), *(_TITLES[k] for k in shown if k)]
    screen.table(titles, rows, styles)
    _why(screen, found.rows)
    _read(screen, found)


def _why(screen: Screen, rows: Iterable[Row]) -> None:
    """Why some have no time: each reason once."""
    reasons: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        if row.state != TIMED and row.reason:
            reasons.setdefault((row.state, row.reason), {})[row.name] = None
    for (state, reason), names in reasons.items():
        listed = " · ".join(names)
        screen.line(f"{listed}: {state}, {reason}", style="dim", indent=2)


def _what(screen: Screen, race: Bench) -> None:
    """What is timed, and at which sizes."""
    told = ", ".join(f"{name} = {n}" for name, n in race.sizes.items())
    by = ", ".join(race.wrt)
    screen.line(f"{_WORDS[race.form]} by {by}{f', {told}' * bool(told)}", style="bold")
    if race.assumed:
        one = "size that was" if len(race.assumed) == 1 else "sizes that were"
        screen.line(f"{', '.join(race.assumed)}: {one} not given, -s W=512,512 gives them", style="dim")


def _read(screen: Screen, race: Bench) -> None:
    """How the table is to be read."""
    versions = ", ".join(f"{name} {v}" for name, v in race.versions.items())
    turns = max((len(row.seconds) for row in race.rows), default=0)
    held = f"each held to be right before it was timed; off: from {race.reference}" if race.reference else ""
    cores = f"{race.cores} core{'s' * (race.cores != 1)}"
    screen.line(f"float64, {cores}, {turns} turns one after the other; {held}".rstrip("; "), style="dim")
    if any(row.estimated for row in race.rows):
        screen.line("~ a part of the differences was taken, the time is that of all", style="dim")
    screen.line(versions, style="dim")


def _told(rows: Sequence[Row], column: int) -> bool:
    """Whether a column has anything to say."""
    return {4: any(row.compile is not None for row in rows), 5: any(row.peak is not None for row in rows)}.get(
        column, True
    )


def _cells(race: Bench, row: Row) -> list[str]:
    if row.state != TIMED or not row.median:
        return [row.name, row.state, "", "", "", "", "" if row.off is None else f"{row.off:.0e}"]
    ratio = race.ratio(row)
    return [
        row.name,
        f"{'~' * row.estimated}{time_text(row.median)}",
        "" if row.spread is None else f"{row.spread:.0%}",
        "" if ratio is None else f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}",
        "" if row.compile is None else time_text(row.compile),
        "" if row.peak is None else bytes_text(row.peak),
        "" if row.off is None else f"{row.off:.0e}" if row.off else "0",
    ]


def time_text(seconds: float) -> str:
    """Seconds as people say them, to three digits.

    >>> time_text(0.00123), time_text(75.0)
    ('1.23 ms', '75.0 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            return f"{_digits(seconds / size)} {unit}"
    raise AssertionError(seconds)


def bytes_text(count: int) -> str:
    """Bytes as people say them; what is less than the system counts is said to be little.

    >>> bytes_text(2_200_000), bytes_text(0)
    ('2.20 MB', '< 0.1 MB')
    """
    if count < 100_000:
        return "< 0.1 MB"
    return f"{_digits(count / 1e9)} GB" if count >= 1e9 else f"{_digits(count / 1e6)} MB"


def _digits(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _bar(value: float, least: float, most: float, room: int) -> str:
    """A bar in a logarithmic scale that begins a little below the fastest."""
    if not value or not most:
        return ""
    share = log(value / least * 2) / log(most / least * 2)
    eighths = max(1, round(share * room * 8))
    return "█" * (eighths // 8) + (_BLOCKS[eighths % 8 - 1] if eighths % 8 else "")


def show_growth(problem: Problem, found: Growth) -> None:
    """For each contender the times at each size, and the exponent that they grow by."""
    screen = Screen()
    about(screen, problem)
    first = found.races[0]
    fixed = ", ".join(f"{name} = {n}" for name, n in first.sizes.items() if name != found.size)
    screen.line(f"{_WORDS[first.form]} by {', '.join(first.wrt)}{f', {fixed}' * bool(fixed)}", style="bold")
    points, slopes = found.points(), found.slopes()
    every = [seconds for pairs in points.values() for _, seconds in pairs]
    least, most = (min(every), max(every)) if every else (1.0, 1.0)
    rows, styles = [], []
    for row in first.rows:
        at = dict(points[row.name])
        if not at:
            continue
        grows = slopes[row.name]
        marks = "".join(_level(at[n], least, most) if n in at else " " for n in found.at)
        told = ["" if grows is None else f"{found.size}^{grows:.1f}", marks]
        rows.append([row.name, *(_at(found, row.name, k, at) for k in range(len(found.at))), *told])
        styles.append("bold" if row.name.startswith("jac") else "")
    screen.table(["", *(f"{found.size} = {n}" for n in found.at), "grows as", ""], rows, styles)
    _why(screen, (row for race in found.races for row in race.rows))
    _read(screen, first)


def _at(found: Growth, name: str, k: int, at: dict[int, float]) -> str:
    n = found.at[k]
    if n in at:
        row = next(row for row in found.races[k].rows if row.name == name)
        return f"{'~' * row.estimated}{time_text(at[n])}"
    return next(row.state for row in found.races[k].rows if row.name == name)


def _level(seconds: float, least: float, most: float) -> str:
    share = log(seconds / least) / (log(most / least) or 1.0)
    return _LEVELS[round(share * (len(_LEVELS) - 1))]
