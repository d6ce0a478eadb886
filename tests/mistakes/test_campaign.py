"""A sample of the campaign: mistakes of every kind are found, and nearly all are called by their name."""

from __future__ import annotations

from typing import Any

from tests.mistakes.campaign import controls, run, told

_EVERY = 7
_NAMED = 0.9


def test_mistakes_are_found_and_named(record_property: Any) -> None:
    report, alarms = run(seed=0, each=2, every=_EVERY), controls(_EVERY)
    record_property("mistakes", told(report, alarms))
    assert not alarms
    assert not [line for tally in report.values() if tally.found < tally.tried for line in tally.missed]
    tried, named = sum(t.tried for t in report.values()), sum(t.named for t in report.values())
    assert named >= _NAMED * tried, [line for tally in report.values() for line in tally.missed]
