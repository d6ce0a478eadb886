"""Verdicts in a line, and on many claims for other programs: a JUnit report, a Markdown table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as Xml

from jacobian_cli.api.check.answer import RIGHT, RIGHT_IF, UNREADABLE, Check, Graded

_TITLES = {
    "gradient": "gradient",
    "jacobian": "Jacobian",
    "vjp": "backward rule (VJP)",
    "jvp": "derivative along a direction (JVP)",
    "hessian": "Hessian",
}


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


def headline(found: Check) -> str:
    """The verdict in one line."""
    if found.verdict == RIGHT:
        convention = "" if found.convention == "shape" else f", {found.convention} layout"
        title = _TITLES.get(found.form, found.form)
        points = f"{found.points} points" if found.points > 1 else "one point"
        return f"right: the {title}{convention}; compared at {points} with autograd and differences"
    if found.verdict == RIGHT_IF:
        return f"right if {found.condition}"
    named = [d for d in found.diagnosis if d.kind not in ("unknown", "does_not_conform", "shape")]
    together = all(d.certain for d in named)
    kinds = (" and " if together else " or ").join(dict.fromkeys(d.kind.replace("_", " ") for d in named))
    if found.form == "hessian" and found.worst is not None:
        return f"wrong as second derivatives: {kinds}" if kinds else "wrong as second derivatives"
    if any(d.kind == "does_not_conform" for d in found.diagnosis):
        return "wrong: it cannot be worked out" + (f"; {kinds}" if kinds else "")
    if any(d.kind == "shape" for d in found.diagnosis):
        return "wrong: it has another shape" + (f"; {kinds}" if kinds else "")
    return f"wrong: {kinds}" if kinds else "wrong"


def told(graded: Sequence[Graded]) -> list[tuple[str, str]]:
    """What is said of each claim that is not right: which one, and what explains it, with the formula that is."""
    found = []
    for one in graded:
        check = one.check
        if check is not None and not one.passed and one.follows is None and check.diagnosis:
            first = check.diagnosis[0]
            where = "".join(f", where {n} = {body}" for n, body in check.names_in(first.fix))
            fix = f"; right is  {first.fix}{where}" if first.fix else ""
            found.append((cells(one)[0], f"{first.explanation}{fix}"))
        elif one.error:
            found.append((cells(one)[0], one.error))
    return found


def warned(graded: Sequence[Graded]) -> list[str]:
    """What may have been read otherwise than it was meant, each warning once."""
    return list(dict.fromkeys(text for one in graded if one.check is not None for text in one.check.warnings))


def markdown(graded: Sequence[Graded], counted: Mapping[str, int]) -> str:
    """A table, how often each kind was met, and what is said of each claim that is not right."""
    lines = [line for text in warned(graded) for line in (f"> {_plain(text)}", "")]
    lines += ["| claim | verdict | where | kind | points |", "| --- | --- | --- | --- | --- |"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells(one)) + " |" for one in graded]
    total = sum(one.points for one in graded)
    earned = sum(one.points for one in graded if one.passed)
    lines += ["", f"{earned:g} of {total:g} points", ""]
    lines += [f"- {kind}: {count}" for kind, count in counted.items()]
    lines += ["", *(f"- {_plain(who)}: {_plain(said.splitlines()[0])}" for who, said in told(graded))]
    return "\n".join(lines).rstrip()


def _plain(text: str) -> str:
    """A text that Markdown shows as it is, in one line."""
    return re.sub(r"([*_|<\\`])", r"\\\1", " ".join(text.split()))


def _headline(verdict: str, said: str, one: Graded) -> str:
    """The verdict with its condition, or with what explains it."""
    return f"{verdict} {one.check.condition}" if one.check and one.check.condition else f"{verdict}: {said}"


def junit(graded: Sequence[Graded]) -> str:
    """A JUnit report: a claim is a test case, a wrong one a failure, an unreadable one an error."""
    wrong = [one for one in graded if not one.passed and one.verdict != UNREADABLE]
    unread = [one for one in graded if one.verdict == UNREADABLE]
    suite = Xml.Element(
        "testsuite", name="jac check", tests=str(len(graded)), failures=str(len(wrong)), errors=str(len(unread))
    )
    explained = dict(told(graded))
    for one in graded:
        who, verdict, place, kind, _ = cells(one)
        case = Xml.SubElement(suite, "testcase", classname="claims", name=who)
        if one in wrong:
            said = explained.get(who, place).partition("; right is  ")[0] if one.follows is None else place
            failure = Xml.SubElement(case, "failure", type=kind or verdict, message=_headline(verdict, said, one)[:200])
            failure.text = repr(one.check)
        elif one in unread:
            error = Xml.SubElement(case, "error", type=UNREADABLE, message=place[:200])
            error.text = one.error
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
