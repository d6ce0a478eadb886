"""A reader of the terms of Lean that are written here: precedence as in Mathlib, types strictly, values by NumPy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Value = Any
Env = Mapping[str, Any]
Term = Callable[[Env], Value]
_NAME = r"«[^»]*»|[^\W\dᵀᵥ](?:[^\Wᵀᵥ]|')*(?:\.[^\W\d]\w*)*"
_TOKEN = re.compile(rf"\s*(\d+|{_NAME}|=>|:=|\*ᵥ|ᵥ\*|⬝ᵥ|[-+*/^•ᵀ(){{}}:,∑∀<≠→=ᵥ])")
_INFIX = {"+": (65, 66), "-": (65, 66), "*": (70, 71), "/": (70, 71), "^": (76, 75), "•": (74, 73),
          "*ᵥ": (74, 73), "ᵥ*": (73, 74), "⬝ᵥ": (72, 73), "<": (51, 51), "≠": (51, 51), "=": (51, 51)}  # fmt: skip
"""What binds to the left, and to the right."""
_FUNCTIONS = {
    "Real.exp": np.exp, "Real.log": np.log, "Real.sin": np.sin, "Real.cos": np.cos, "Real.tan": np.tan,
    "Real.sinh": np.sinh, "Real.cosh": np.cosh, "Real.tanh": np.tanh, "Real.sqrt": np.sqrt, "Real.arctan": np.arctan,
    "Real.arsinh": np.arcsinh, "Real.arcsin": np.arcsin, "Real.arccos": np.arccos,
}  # fmt: skip


class Reader:
    """One term, or a type."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        place = 0
        text = text.strip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            assert found, f"no token: {text[place : place + 20]}"
            self.tokens.append(found[1])
            place = found.end()
        self.place = 0

    @property
    def next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        found = self.next
        assert not wanted or found == wanted, f"{found} for {wanted}"
        self.place += 1
        return found

    def whole(self) -> Term:
        found = self.term(0)
        assert not self.next, f"left: {self.tokens[self.place :]}"
        return found

    def term(self, level: int) -> Term:
        left = self.prefix()
        while self.next in _INFIX:
            least, right = _INFIX[self.next]
            own = min(least, right)
            if own < level:
                break
            sign = self.take()
            left = _joined(sign, left, self.term(right))
        return left

    def prefix(self) -> Term:
        if self.next == "-":
            self.take()
            inner = self.term(75)
            return lambda env: -inner(env)
        if self.next in ("∑", "∀"):
            every = self.take() == "∀"
            name = self.take()
            self.take(":")
            length = self.length()
            self.take(",")
            body = self.term(0 if every else 67)
            together = np.all if every else sum
            return lambda env: together([body({**env, name: k}) for k in range(length(env))])
        if self.next == "fun":
            return self.function()
        return self.call()

    def function(self) -> Term:
        self.take("fun")
        binders = []
        while self.next != "=>":
            bracket = self.next == "(" and self.take()
            name = self.take()
            self.take(":")
            binders.append((name, self.take() and None if self.next == "ℝ" else self.length()))
            if bracket:
                self.take(")")
        self.take("=>")
        body = self.term(0)
        if binders[0][1] is None:
            return lambda env: lambda t: body({**env, binders[0][0]: t})
        names, lengths = [n for n, _ in binders], [length for _, length in binders if length]

        def tabled(env: Env) -> Value:
            shape = [length(env) for length in lengths]
            entries = [body({**env, **dict(zip(names, at, strict=True))}) for at in np.ndindex(*shape)]
            assert all(np.ndim(entry) == 0 for entry in entries)
            return np.reshape(np.array(entries), shape)

        return tabled

    def length(self) -> Callable[[Env], int]:
        self.take("Fin")
        inner = self.atom()
        return lambda env: int(inner(env))

    def call(self) -> Term:
        head = self.next
        function = self.atom()
        arguments = []
        while self.next == "(" or re.match(r"[«\w](?<!ᵀ)(?<!ᵥ)", self.next):
            arguments.append(self.function() if self.next == "fun" else self.atom())
        return _called(head, function, arguments) if arguments else function

    def atom(self) -> Term:
        token = self.take()
        if token == "(":
            inner = self.term(0)
            if self.next == ":":
                self.take()
                inner = self.typed(inner)
            self.take(")")
        elif token.isdigit():
            number = float(token)
            inner = lambda _: number  # noqa: E731 - one term of several
        elif token == "Real.pi":
            inner = lambda _: np.pi  # noqa: E731 - one term of several
        else:
            assert re.match(r"[«\w]", token), token
            inner = lambda env: env[token]  # noqa: E731 - one term of several
        while self.next == "ᵀ":
            self.take()
            inner = _turned(inner)
        return inner

    def typed(self, inner: Term) -> Term:
        """A term with its type: of one, a unit matrix."""
        said = self.type()

        def checked(env: Env) -> Value:
            value, shape = inner(env), said(env)
            if len(shape) == 2 and np.ndim(value) == 0:
                assert value == 1
                return np.eye(*shape)
            assert np.shape(value) == shape
            return value

        return checked

    def type(self) -> Callable[[Env], tuple[int, ...]]:
        if self.next in ("ℝ", "ℕ"):
            self.take()
            return lambda _: ()
        if self.next == "Matrix":
            self.take()
            lengths = []
            for _ in range(2):
                self.take("(")
                lengths.append(self.length())
                self.take(")")
            self.take("ℝ")
            return lambda env: (lengths[0](env), lengths[1](env))
        length = self.length()
        self.take("→")
        self.take("ℝ")
        return lambda env: (length(env),)


def _turned(inner: Term) -> Term:
    def turned(env: Env) -> Value:
        value = inner(env)
        assert np.ndim(value) == 2
        return value.T

    return turned


def _called(head: str, function: Term, arguments: list[Term]) -> Term:
    def called(env: Env) -> Value:
        values = [a(env) for a in arguments]
        if head in _FUNCTIONS:
            assert len(values) == 1
            assert np.ndim(values[0]) == 0
            return _FUNCTIONS[head](values[0] + 0j)
        match head:
            case "Matrix.of":
                assert np.ndim(values[0]) == 2
                return values[0]
            case "Matrix.trace":
                assert np.ndim(values[0]) == 2
                assert len(set(np.shape(values[0]))) == 1
                return np.trace(values[0])
            case "Matrix.vecMulVec":
                assert all(np.ndim(v) == 1 for v in values)
                return np.outer(*values)
            case "Matrix.diagonal":
                assert np.ndim(values[0]) == 1
                return np.diag(values[0])
        value = function(env)
        if callable(value):
            return value(*values)
        assert np.ndim(value) == len(values)
        assert all(isinstance(v, int) for v in values)
        return value[tuple(values)]

    return called


def _joined(sign: str, left: Term, right: Term) -> Term:
    def joined(env: Env) -> Value:
        a, b = left(env), right(env)
        ranks = np.ndim(a), np.ndim(b)
        match sign:
            case "+" | "-":
                assert np.shape(a) == np.shape(b)
                return a + b if sign == "+" else a - b
            case "*":
                assert ranks in ((0, 0), (2, 2))
                return a @ b if ranks == (2, 2) else a * b
            case "•":
                assert ranks[0] == 0 < ranks[1]
                return a * b
            case "*ᵥ":
                assert ranks == (2, 1)
                return a @ b
            case "ᵥ*":
                assert ranks == (1, 2)
                return a @ b
            case "⬝ᵥ":
                assert ranks == (1, 1)
                return a @ b
            case "=":
                assert np.shape(a) == np.shape(b)
                return np.allclose(a, b)
        assert ranks == (0, 0)
        match sign:
            case "<":
                return np.real(a) < np.real(b)
            case "≠":
                return abs(a - b) > 1e-9
        return a / b if sign == "/" else a**b

    return joined


@dataclass(frozen=True)
class Theorem:
    """What is said of a derivative, and under which hypotheses."""

    name: str
    arguments: dict[str, str]
    hypotheses: list[str]
    function: str
    derivative: str


@dataclass(frozen=True)
class File:
    """The sizes, the arguments of f, its type and its body, and the theorems."""

    sizes: list[str]
    arguments: dict[str, str]
    f: str
    type: str
    body: str
    theorems: list[Theorem]


def parsed(text: str) -> File:
    """A file as it is written here, and nothing else."""
    text = re.sub(r"/-.*?-/", "", text, flags=re.DOTALL)
    head, *theorems = re.split(r"\ntheorem ", text)
    assert head.startswith("import Mathlib\n\nopen scoped Matrix\n")
    found = re.search(r"noncomputable def (\S+) (.*?) :=\n(.*)", head, flags=re.DOTALL)
    assert found
    signature, _, kind = _binders(found[2])
    sizes = re.match(r"\{([^{}]*) : ℕ\}", found[2])
    made = []
    for theorem in theorems:
        name, rest = theorem.split(None, 1)
        parts = r"(.*?) :\s+HasDerivAt \((.*?)\)\n {6}\((?! )(.*)\) 0 := by\n  first\n.*\| sorry\s*"
        said = re.fullmatch(parts, rest, flags=re.DOTALL)
        assert said, theorem
        arguments, hypotheses, _ = _binders(said[1])
        function, derivative = said[2], said[3]
        made.append(Theorem(name, arguments, hypotheses, function, derivative))
    explicit = re.findall(r"\((\w+) : ℕ\)", found[2])
    return File([*(sizes[1].split() if sizes else []), *explicit], signature, found[1], kind, found[3], made)


def _binders(text: str) -> tuple[dict[str, str], list[str], str]:
    """The typed arguments, the hypotheses, and what comes behind."""
    arguments, hypotheses, place = {}, [], 0
    text = text.strip()
    while place < len(text) and text[place] in "({":
        depth, start = 0, place
        while True:
            depth += (text[place] in "({") - (text[place] in ")}")
            place += 1
            if not depth:
                break
        name, said = re.split(r" :\s+", text[start + 1 : place - 1], maxsplit=1)
        if text[start] == "(" and re.match(r"ℕ|ℝ|Fin|Matrix \(Fin", said.strip()):
            arguments[name] = said
        elif text[start] == "(":
            hypotheses.append(said)
        while place < len(text) and text[place].isspace():
            place += 1
    return arguments, hypotheses, text[place:].lstrip(": \n")
