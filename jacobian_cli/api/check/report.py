"""Verdicts on many claims for other programs: a JUnit report, a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as Xml

from jacobian_cli.api.check.answer import UNREADABLE, Graded


def cells(one: Graded) -> tuple[str, str, str, str, str]:
    """Which claim, the verdict, where, the kind of mistake, and the points it earns of those it is worth."""
    check = one.check
    first = check.diagnosis[0] if check is not None and check.diagnosis else None
    place = "" if first is None else first.place or first.explanation
    if check is not None and check.condition:
        place = f"if {check.condition}"
    if check is None:
        place = (one.error or "").splitlines()[0]
    if one.follows is not None:
        place = f"consistent with line {one.follows}, and so wrong too"
    kind = "" if first is None or one.follows is not None else first.kind
    who = f"{one.id}: {one.name}" if one.name else one.id
    return who, one.verdict, place, kind, f"{one.points if one.passed else 0:g}/{one.points:g}"


def markdown(graded: Sequence[Graded], counted: Mapping[str, int]) -> str:
    """A table, and how often each kind was met."""
    lines = ["| claim | verdict | where | kind | points |", "| --- | --- | --- | --- | --- |"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells(one)) + " |" for one in graded]
    total = sum(one.points for one in graded)
    earned = sum(one.points for one in graded if one.passed)
    lines += ["", f"{earned:g} of {total:g} points", ""]
    lines += [f"- {kind}: {count}" for kind, count in counted.items()]
    return "\n".join(lines).rstrip()


def junit(graded: Sequence[Graded]) -> str:
    """A JUnit report: a claim is a test case, a wrong one a failure, an unreadable one an error."""
    wrong = [one for one in graded if not one.passed and one.verdict != UNREADABLE]
    unread = [one for one in graded if one.verdict == UNREADABLE]
    suite = Xml.Element(
        "testsuite", name="jac check", tests=str(len(graded)), failures=str(len(wrong)), errors=str(len(unread))
    )
    for one in graded:
        who, verdict, place, kind, _ = cells(one)
        case = Xml.SubElement(suite, "testcase", classname="claims", name=who)
        if one in wrong:
            told = Xml.SubElement(case, "failure", type=kind or verdict, message=f"{verdict}: {place}"[:200])
            told.text = str(one.check)
        elif one in unread:
            told = Xml.SubElement(case, "error", type=UNREADABLE, message=place[:200])
            told.text = one.error
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
