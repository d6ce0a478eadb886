"""A claim as it was typed, read in the terms of the function: its names, δ, and a direction to move in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product as combinations

from jacobian_cli.api.input.problem import Problem, statements_of
from jacobian_cli.checks.mistakes.edits import Edit
from jacobian_cli.elaborate import Builder, Scope
from jacobian_cli.elaborate.builder import CONSTANTS
from jacobian_cli.elaborate.meaning import filled, meant
from jacobian_cli.elaborate.options import ConformError
from jacobian_cli.elaborate.statement import named_places
from jacobian_cli.elaborate.trees import unclear
from jacobian_cli.expr import Defined, Expr, Variable, rebuild, size_names
from jacobian_cli.shape import Shape, Size, product
from jacobian_cli.syntax.errors import InputError, Part
from jacobian_cli.syntax.router import LANGUAGE
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.statements import split
from jacobian_cli.syntax.tree import Call, Definition, Name, Term, substituted

# each run of spaces is taken whole: several that may share one would be tried in every way
_D = r"(?:∂|d|\\partial|\\mathrm\s*+\{\s*+d\s*+\}|\\mathrm\s*+d)"
_NAME = r"(?:\\?\w+(?:\{[^{}=]*\})?(?:\s*+_\s*+\{[^{}=]*\})?)"
_LEFT = re.compile(
    rf"\s*+\$*\s*+(?:(?:∇|\\nabla|grad(?=[_\s]))\s*+(?:_?\s*+(?:\{{[^{{}}=]*\}}|\\?\w|[ₐ-ₜ])\s*+)?{_NAME}?\s*+(?:\([^()=]*\))?"
    rf"|\\[td]?frac\s*+\{{\s*+{_D}\s*+{_NAME}?\s*+\}}\s*+\{{\s*+{_D}\s*+{_NAME}\s*+\}}\s*+{_NAME}?"
    rf"|{_D}?\s*+{_NAME}?\s*+(?:/\s*+{_D}\s*+{_NAME}\s*+)?|{_D}\s[^=/]*)\s*+=(?!=)"
)
"""The side on which a claim says what it is: ∂f/∂W, \\frac{{\\partial f}}{{\\partial W}}, ∇_W f."""
_FIRST = re.compile(rf"∇|\\nabla|grad|/\s*{_D}|frac")
"""What in it says that these are first derivatives."""
UPSTREAM, TANGENT = "?upstream", "?tangent"
SIGNED = {
    "matlab": "MATLAB",
    "julia": "Julia",
    "r": "R",
    "mathematica": "Mathematica",
    "math": "mathematics",
    "latex": "mathematics",
}
"""Notations that a claim shares with its formula, and what they are called."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The tree of a claim and its value; without a value, `error` says what in it does not conform.

    `steps` are the names that a claim gives to its own parts before its last formula, `last`; `term` is all of it.
    """

    text: str
    term: Term
    form: str | None
    expr: Expr | None
    error: InputError | None = None
    upstream: str = ""
    read: str | None = None
    warnings: tuple[str, ...] = ()
    steps: tuple[tuple[str, Term], ...] = ()
    last: Term | None = None

    def variants(self, edits: Callable[[Term], Iterator[Edit]]) -> Iterator[Edit]:
        """The changes of a claim: of its last formula, then of each step, put together again."""
        if self.last is None:
            yield from edits(self.term)
            return
        for edit in edits(self.last):
            yield replace(edit, term=_joined(self.steps, edit.term))
        for k, (name, step) in enumerate(self.steps):
            for edit in edits(step):
                steps = (*self.steps[:k], (name, edit.term), *self.steps[k + 1 :])
                yield replace(edit, term=_joined(steps, self.last))

    def opened(self, part: Term) -> Term:
        """A part with the steps put in."""
        return _joined(self.steps, part)


def _joined(steps: Sequence[tuple[str, Term]], last: Term) -> Term:
    """The last formula with the steps put in."""
    values: dict[str, Term] = {}
    for name, step in steps:
        values[name] = substituted(step, values)
    return substituted(last, values)


class Reader:
    """Reads claims about one function and one variable.

    Names are those of the function, its definitions and its sizes; `delta` (δ, `delta_z`, `upstream`) is the gradient
    that arrives, `v` (or `dx`) the direction of a derivative along one.
    """

    def __init__(self, problem: Problem, wrt: Variable, further: Mapping[str, Expr] | None = None) -> None:
        self.problem, self.wrt = problem, wrt
        program = problem.program
        values: dict[str, Expr] = {n: self._held(Defined(n, _body(v))) for n, v in program.values.items()}
        values |= problem.variables
        values |= {n: self._held(Defined(n, _body(v))) for n, v in (further or {}).items() if n not in values}
        parts = [*problem.variables.values(), problem.output]
        self.sizes = {name: Size.named(name) for name in size_names(parts)} | dict(program.sizes)
        self._letters = {size for value in self.sizes.values() for size in value.names()}
        name = problem.name
        self.upstreams = [
            n for n in ("delta", "δ", "upstream", "dout", f"delta_{name}", f"δ_{name}") if n not in values
        ]
        self.tangents = [n for n in ("v", f"d{wrt.name}", "tangent") if n not in values and n not in self.sizes]
        values |= dict.fromkeys(self.upstreams, Variable(UPSTREAM, problem.output.shape))
        values |= dict.fromkeys(self.tangents, Variable(TANGENT, wrt.shape))
        self.values = {n: v for n, v in values.items() if n not in self.sizes or n in problem.variables}
        self._built: dict[int, tuple[Term, Expr]] = {}

    @property
    def _scope(self) -> Scope:
        """A scope in which nothing is left to be found out: every shape is known."""
        return Scope(self.values, self.sizes)

    def _held(self, expr: Expr) -> Expr:
        """The expression in which the variable, where it is a definition, is a value of its own."""
        name = self.wrt.name
        return rebuild(expr, lambda node: self.wrt if isinstance(node, Defined) and node.name == name else None)

    def read(self, text: str, form: str | None = None, syntax: str | None = None) -> Claim:
        """The claim, in whatever notation it is. Raises `InputError` for what is no formula, and for names that the
        function has not.
        """
        parts, left = _statements(text)
        if form is None and not self.problem.output.shape and _FIRST.search(left):
            form = "gradient"
        beside = frozenset(s.notation for s in self.problem.program.statements if s.notation in SIGNED)
        claim = self._read_as(parts, text, form, syntax, beside)
        if claim.error is None or syntax is not None or not beside:
            return claim
        try:
            other = self._read_as(parts, text, form, LANGUAGE, frozenset())
        except InputError:
            return claim
        if other.expr is None or other.expr.shape not in self._wanted():
            return claim
        theirs = next(name for notation, name in SIGNED.items() if notation in beside)
        said = f"`{spelled(other.term)}` is read, entry by entry: as {theirs} has `*`, this has no value"
        return replace(other, warnings=(*other.warnings, said))

    def _read_as(
        self, parts: Sequence[str], text: str, form: str | None, syntax: str | None, beside: Collection[str]
    ) -> Claim:
        """The claim in one notation, or in whatever it is `beside` a formula of these."""
        shapes = {name: value.shape for name, value in self.values.items()}
        error: InputError | None = None
        try:
            items = statements_of(parts, [*self.values], shapes, syntax, slopes=True, beside=beside)
            typed = {name for item in items for name, _ in named_places(item.value)}
            if "I" in typed and "I" not in self.values and "I" not in self.sizes:
                items = [replace(i, value=_identities(i.value), notation=i.notation or "math") for i in items]
            if any(unclear(item.value) for item in items):
                try:
                    items = meant(items, shapes, self.sizes, {}, lambda _: [{}])
                except ConformError as found:
                    error = found
                else:
                    items = self._sized(items, typed, text)
        except InputError as found:
            raise InputError(found.message, text=text, span=found.span, hint=found.hint) from None
        *before, item = items
        steps = tuple((step.name or "", step.value) for step in before)
        term = _joined(steps, item.value) if steps else item.value
        shown = "; ".join(f"{n} = {spelled(t)}" if n else spelled(t) for n, t in [*steps, ("", item.value)])
        claim = Claim(
            text,
            term,
            self._form(term, form),
            None,
            error,
            self._upstream(term),
            shown if any(i.notation for i in items) and error is None else None,
            tuple(str(doubt) for i in items for doubt in i.doubts),
            steps,
            item.value if steps else None,
        )
        if error is not None:
            return claim
        value = self.typed(term, text)
        return replace(claim, error=value) if isinstance(value, InputError) else replace(claim, expr=value)

    def _sized(self, items: Sequence[Definition], typed: Collection[str], text: str) -> list[Definition]:
        """The formulas in which every identity and vector of ones has a size: where the claim itself leaves that open,
        one at which it has as many entries as a derivative has.
        """
        known = {*typed, *self.values, *self.sizes, *CONSTANTS, *(item.name for item in items)}
        places = {name: span for item in items for name, span in named_places(item.value) if name not in known}
        if not places:
            return [*items]
        out, wrt, wanted = self.problem.output.shape, self.wrt.shape, self._wanted()
        flat = (product(out), product(wrt))
        *before, last = items
        term = _joined([(step.name or "", step.value) for step in before], last.value)
        for sizes in combinations(dict.fromkeys((*out, *wrt, *flat)), repeat=len(places)):
            settled = dict(zip(places, sizes, strict=True))
            value = self.built(filled(term, settled), text)
            if not isinstance(value, InputError) and value.shape in wanted:
                return [replace(item, value=filled(item.value, settled)) for item in items]
        span = next(iter(places.values()))
        raise InputError("which size has this?", text=text, span=span, hint="write it: `eye(n)`, `ones(n)`")

    def _wanted(self) -> tuple[Shape, ...]:
        """The shapes that a derivative may have."""
        out, wrt = self.problem.output.shape, self.wrt.shape
        flat = (product(out), product(wrt))
        return (flat, flat[::-1], wrt, (*out, *wrt))

    def read_definitions(self, definitions: Sequence[Definition], form: str | None = None) -> Claim:
        """A claim that is computed in several steps, as by a Python function: the last one is its value."""
        shapes = {name: value.shape for name, value in self.values.items()}
        if any(unclear(step.value) for step in definitions):
            definitions = meant(definitions, shapes, self.sizes, {}, lambda _: [{}])
        *before, last = definitions
        steps = tuple((step.name or "", step.value) for step in before)
        term = _joined(steps, last.value)
        claim = Claim(last.source, term, self._form(term, form), None)
        value = self.typed(term, last.source)
        return replace(claim, error=value) if isinstance(value, InputError) else replace(claim, expr=value)

    def typed(self, term: Term, text: str) -> Expr | InputError:
        """The value of a tree, or what in it does not conform. Raises `InputError` for names that are not known."""
        for name, span in named_places(term):
            if name not in self.values and name not in self.sizes and name not in CONSTANTS:
                known = ", ".join([*self.problem.variables, *self.problem.program.values])
                hint = f"the function has {known}; δ is written delta"
                raise InputError(f"'{name}' is not in the function", text=text, span=span, hint=hint)
        return self.built(term, text)

    def built(self, term: Term, text: str) -> Expr | InputError:
        """The same of a tree all of whose names are known."""
        unsettled = unclear(term)
        try:
            if unsettled:
                shapes = {name: value.shape for name, value in self.values.items()}
                (read,) = meant([Definition(None, term, text)], shapes, self.sizes, {}, lambda _: [{}])
                term = read.value
            found = _Sharing(self._scope, text, self._built).build(term)
        except ConformError as error:
            return error
        if unsettled and not self._letters.issuperset(size_names([found])):
            return InputError("which size has the identity?", text=text, span=term.span)
        return found

    def forget(self) -> None:
        """Drop what was kept of claims."""
        self._built.clear()

    def _upstream(self, term: Term) -> str:
        return next((name for name, _ in named_places(term) if name in self.upstreams), "")

    def _form(self, term: Term, form: str | None) -> str | None:
        """What a claim that speaks of δ or of a direction is; a step of that name is none."""
        names = {name for name, _ in named_places(term)}
        if form is not None:
            return form
        if names.intersection(self.upstreams):
            return "vjp"
        return "jvp" if names.intersection(self.tangents) else None


class _Sharing(Builder):
    """Builds what two trees share once: a changed claim is the claim itself but for one place."""

    def __init__(self, scope: Scope, text: str, built: dict[int, tuple[Term, Expr]]) -> None:
        super().__init__(scope, text)
        self._built = built

    def build(self, term: Term) -> Expr:
        """The typed expression, kept with its tree so that no other tree takes its address."""
        known = self._built.get(id(term))
        if known is None:
            known = self._built[id(term)] = (term, super().build(term))
        return known[1]


def _identities(term: Term) -> Term:
    """The tree in which I is the identity."""
    match term:
        case Name(text="I", span=span):
            return Call("?eye", (), (), span)
        case Call(function=function, arguments=arguments, keywords=keywords, span=span):
            return Call(function, tuple(map(_identities, arguments)), keywords, span)
    return term


def _statements(text: str) -> tuple[list[str], str]:
    """The formulas of a claim, each at its own place in the text; and the left side of the last one, no part of it."""
    parts = [" " * (part.start if isinstance(part, Part) else 0) + part for part in split(text)]
    last = parts[-1]
    left = _LEFT.match(last)
    if left:
        parts[-1] = " " * left.end() + last[left.end() :].replace("$", " " if "$" in left[0] else "$")
    return parts, left[0] if left else ""


def _body(value: Expr) -> Expr:
    return value.body if isinstance(value, Defined) else value
