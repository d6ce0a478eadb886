"""What was asked on a page: a text as a file of definitions holds it, and what is chosen and declared beside it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from jacobian_cli.api.input.assume import assumptions_of
from jacobian_cli.api.input.problem import Problem, pose, shapes_of, statements_of
from jacobian_cli.elaborate.statement import named_places
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.syntax.declarations import Declared, parse_assumptions, parse_declaration, parse_file
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.tree import Assumption, Definition

MAX_TEXT = 20_000
_CODE = ("def ", "import ", "from ", "@", "class ")
"""How Python begins, of which a line alone says nothing."""


@dataclass(frozen=True)
class Question:
    """A formula or definitions, one a line; the variables (none for every one), declared sizes and facts by name,
    values as JSON by name, and a claim about the derivative.
    """

    text: str = ""
    wrt: tuple[str, ...] = ()
    shapes: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    at: Mapping[str, str] = field(default_factory=dict)
    claim: str = ""

    @classmethod
    def of(cls, given: object) -> Question:
        """The question that an object of JSON holds. Raises `InputError` for one that is none.

        >>> Question.of({"text": "W@x", "wrt": ["W"]}).command
        'jac derive W@x --wrt W'
        """
        if not isinstance(given, dict) or not given.keys() <= {each.name for each in fields(cls)}:
            raise InputError("this is no question")
        known: dict[str, Any] = dict(given)
        wrt = known.get("wrt", ())
        texts = (known.get("text", ""), known.get("claim", ""))
        named = [known.get(name, {}) for name in ("shapes", "facts", "at")]
        lists = isinstance(wrt, list | tuple) and all(isinstance(name, str) for name in wrt)
        maps = all(
            isinstance(each, dict) and all(isinstance(part, str) for pair in each.items() for part in pair)
            for each in named
        )
        if not (lists and maps and all(isinstance(text, str) for text in texts)):
            raise InputError("this is no question")
        if sum(map(len, texts)) > MAX_TEXT:
            raise InputError(f"a question has at most {MAX_TEXT:,} characters")
        return cls(**{**known, "wrt": tuple(wrt)})

    @cached_property
    def _read(self) -> tuple[list[Definition], list[Declared]]:
        """The formulas, and what is declared in the text and beside it."""
        beside: list[Declared] = [parse_declaration(f"{name}={sizes}", "=") for name, sizes in self.shapes.items()]
        beside += [fact for name, said in self.facts.items() for fact in parse_assumptions(f"{name}={said}")]
        asked = [*self.wrt, *self.at]
        if self.text.lstrip().startswith(_CODE):
            return statements_of([self.text], asked, shapes_of(None, beside)), beside
        said, statements = parse_file(
            self.text, lambda lines, said: statements_of(lines, asked, shapes_of(None, [*said, *beside]))
        )
        if not statements:
            raise InputError("there is no formula", hint="type one, as in W@x + b")
        return statements, [*said, *beside]

    @cached_property
    def problem(self) -> Problem:
        """The typed formula. What is chosen of names that are in it no more is left out."""
        statements, declared = self._read
        called = {name for s in statements for name, _ in named_places(s.value)} | {
            s.name for s in statements if s.name
        }
        kept = [each for each in declared if each.name in called or each.name not in {*self.shapes, *self.facts}]
        wrt = [name for name in self.wrt if name in called]
        return pose(statements, wrt or None, shapes_of(None, kept), assume=assumptions_of(None, kept))

    def values(self) -> dict[str, Any]:
        """The values given, as JSON has them: numbers and lists, and nothing from a file."""
        found = {}
        for name, text in self.at.items():
            try:
                found[name] = json.loads(text)
            except (ValueError, RecursionError):
                found[name] = None
            if isinstance(found[name], bool) or not isinstance(found[name], int | float | list):
                raise InputError(f"a value of {name} is a number or a list of numbers", hint=f"as in {name} = [1, 2.5]")
        return found

    @property
    def command(self) -> str:
        """The command line that answers the same question on any machine."""
        if self.text.lstrip().startswith(_CODE):
            return command_of([self.text.strip()], self._read[1], self.wrt)
        statements, declared = self._read
        return command_of([s.source.strip() for s in statements], declared, self.wrt)


def command_of(
    formulas: Sequence[str], declared: Iterable[Declared], wrt: Sequence[str], at: Sequence[str] = ()
) -> str:
    """The command line that derives formulas with what is declared of their variables.

    >>> command_of(["W@x"], [parse_declaration("W: 2, 3")], ["W"])
    'jac derive W@x --wrt W -s W=2,3'
    """
    options = [("--wrt", ",".join(wrt))] if wrt else []
    for each in declared:
        if isinstance(each, Assumption):
            options.append(("--assume", f"{each.name}={each.fact}"))
        else:
            options.append(("-s", each.source.replace(":", "=", 1).replace(" ", "")))
    options += [("--at", values) for values in at]
    return shlex.join(["jac", "derive", *formulas, *(word for option in options for word in option)])


_DECLARED = re.compile(r"-s (\w+)=(.+)")
_ASSUMED = re.compile(r"--assume (\w+)=(\w+)")
_CHOSEN = re.compile(r"--wrt (\S+)")
_WAYS = 4
"""So many ways out are offered."""


def mended(question: Question, error: InputError) -> list[dict[str, Any]]:
    """The ways out of mistakes that lead to an answer: for each a label, and what changes in the question.

    >>> from jacobian_cli.syntax.errors import Span
    >>> typed = Question("x*A@x")
    >>> mended(typed, InputError("so not", text="x*A@x", span=Span(0, 1), hint="write `x.T`"))
    [{'label': 'x.T', 'question': {'text': 'x.T*A@x'}}]
    """
    ways: list[dict[str, Any]] = []
    for one in error.errors:
        for paste in one.pastes:
            for change in _changes(question, one, paste):
                if change not in [way["question"] for way in ways] and _answers(replace(question, **change)):
                    ways.append({"label": paste, "question": change})
                    break
    if question.shapes and _answers(replace(question, shapes={})):
        ways.append({"label": "forget the sizes", "question": {"shapes": {}}})
    if question.facts and _answers(replace(question, facts={})):
        ways.append({"label": "forget what is declared", "question": {"facts": {}}})
    return ways[:_WAYS]


def _changes(question: Question, error: InputError, paste: str) -> list[dict[str, Any]]:
    """What a text to paste may mean: a declaration, another choice, another part of the line, another line."""
    if found := _DECLARED.fullmatch(paste):
        return [{"shapes": {**question.shapes, found[1]: found[2]}}]
    if found := _ASSUMED.fullmatch(paste):
        return [{"facts": {**question.facts, found[1]: found[2]}}]
    if found := _CHOSEN.fullmatch(paste):
        return [{"wrt": tuple(found[1].split(","))}]
    text, lines = error.text, question.text.splitlines()
    if text is None or not (at := [k for k, line in enumerate(lines) if text.strip() in line]):
        return []
    parts, wrong = [paste], ""
    if error.span is not None:
        wrong = text[error.span.start : error.span.stop]
        parts.insert(0, text[: error.span.start] + paste + text[error.span.stop :])
    words, kept = _words(text), _words(text) - _words(wrong)
    parts = [part for part in parts if kept <= _words(part) <= words | _SPELT]  # others are examples of something else
    return [
        {"text": "\n".join([*lines[: at[0]], lines[at[0]].replace(text.strip(), part.strip()), *lines[at[0] + 1 :]])}
        for part in parts
    ]


_SPELT = {"T", *FUNCTIONS}


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d]\w*", text))


def _answers(question: Question) -> bool:
    try:
        question.problem  # noqa: B018 - it is kept there
    except InputError:
        return False
    return True
