"""For which sizes the lines of a derivation are proven, each by itself.

A name in a line stands for a part of the formula or for a gradient of an earlier line; that is put in its place, as it
was written there. What a line differentiates by is free, and so is the gradient that arrives where it has a name: a
line that holds of any values holds of those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jacobian_cli.calculus.steps.step import Claim, Step, Steps
from jacobian_cli.checks.every_size.certificate import Certificate
from jacobian_cli.checks.every_size.certify import certified
from jacobian_cli.checks.every_size.expand import composed
from jacobian_cli.checks.every_size.question import Question
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.expr import Defined, Expr, Variable, rebuild, size_names, variables, walk

_WORK = 150_000
"""Products that the certificate of one line may take."""
_SCALE = Variable("?scale", ())
_ARRIVING, _NONE = "?arriving", "?none"


def proven(derivation: Steps, rights: Sequence[Expr], facts: Mapping[str, frozenset[str]]) -> list[Certificate | None]:
    """For each line that has sizes its certificate, or nothing; `rights` are the right sides as they were read back."""
    parts = {node.name: node for node in walk([derivation.output]) if isinstance(node, Defined)}
    reader = _Reader({**parts, **derivation.names}, {claim: name for name, claim in derivation.slopes.items()})
    found: list[Certificate | None] = []
    for step, right in zip(derivation.steps, rights, strict=True):
        question = reader.question(step, right, derivation, facts)
        if question is not None and not size_names([question.output, *question.known.values()]):
            continue
        said = None if question is None else certified(question, work=_WORK)
        found.append(said if isinstance(said, Certificate) else None)
    return found


def proven_tables(
    tables: Sequence[tuple[Expr, Variable, Expr]],
    parts: Mapping[str, Expr],
    gradients: Mapping[str, Expr],
    facts: Mapping[str, frozenset[str]],
) -> list[Certificate | None]:
    """The same of Jacobians: of what, by what, and as it was read back. Names in them are parts, or gradients."""
    reader = _Reader(parts, {})
    for name, form in gradients.items():
        reader.gradients[name] = reader.told(form, {})
    found: list[Certificate | None] = []
    for of, by, right in tables:
        free = {**variables(of), by.name: by}
        question = _asked(of, by, {"jacobian": reader.told(right, free)}, facts, _NONE)
        if size_names([of, *question.known.values()]):
            said = certified(question, work=_WORK)
            found.append(said if isinstance(said, Certificate) else None)
    return found


class _Reader:
    """What the names in lines stand for, as far as they have been written."""

    def __init__(self, parts: Mapping[str, Expr], slopes: Mapping[Claim, str]) -> None:
        self.parts, self.slopes = parts, slopes
        self.gradients: dict[str, Expr] = {}
        self.written: dict[Claim, Expr] = {}

    def question(
        self, step: Step, right: Expr, derivation: Steps, facts: Mapping[str, frozenset[str]]
    ) -> Question | None:
        """What a line says, in the variables and in what it differentiates by; None where that is not told here."""
        claim, upstream = step.claim, derivation.upstream.name
        whole = self.told(right, {})
        if claim.kind == "gradient":
            self.gradients |= dict.fromkeys(step.left.names, whole)
        self.written.setdefault(claim, whole)
        by, of = claim.by, claim.of
        if by is None:
            delta = Variable(_ARRIVING, of.shape)  # what arrives may be in the line, of another shape
            forms = {"vjp": composed("sum(delta*x)", delta=delta, x=whole)}
            return _asked(composed("t*x", t=_SCALE, x=of), _SCALE, forms, facts, _ARRIVING)
        free = {name.partition("?")[0]: variable for name, variable in {**variables(of), by.name: by}.items()}
        seed = None if claim.seed is None else self.slopes.get(claim.seed)
        if seed is not None:
            free[seed] = Variable(seed, of.shape)
        told = self.told(right, free)
        if claim.kind == "slope":
            if by.shape != of.shape:
                return None
            return _asked(of, by, {"vjp": composed("d*x", d=Variable(upstream, by.shape), x=told)}, facts, upstream)
        if claim.kind in ("local", "jacobian"):
            return _asked(of, by, {"jacobian": told}, facts, upstream)
        if claim.seed is not None:
            arriving = self.written.get(claim.seed) if seed is None else Variable(seed, of.shape)
            if arriving is None or arriving.shape != of.shape:
                return None
            if seed is None:  # what it is made of stays where it is
                arriving = self.told(arriving, {**free, by.name.partition("?")[0]: _still(by)})
            output = composed("sum(s*x)" if of.shape else "s*x", s=arriving, x=of)
            return _asked(output, by, {"gradient": told}, facts, _NONE)
        return _asked(of, by, {"vjp" if upstream in variables(told) else "gradient": told}, facts, upstream)

    def told(self, expr: Expr, free: Mapping[str, Variable]) -> Expr:
        """An expression in which names are what they stand for; of the free ones, variables, also where they are
        written out.
        """
        leaves = {self.parts[name]: leaf for name, leaf in free.items() if name in self.parts}
        leaves |= {part.body: leaf for part, leaf in leaves.items() if isinstance(part, Defined)}

        def put(node: Expr) -> Expr | None:
            if node in leaves:
                return leaves[node]
            if not isinstance(node, Variable):
                return None
            if node.name in free:
                return free[node.name]
            standing = self.gradients.get(node.name) or self.parts.get(node.name)
            return None if standing is None else rebuild(standing, leaves.get)

        return rebuild(expr, put)


def _still(by: Variable) -> Variable:
    return Variable(by.name + "?still", by.shape)


def _asked(
    output: Expr, by: Variable, forms: Mapping[str, Expr], facts: Mapping[str, frozenset[str]], upstream: str
) -> Question:
    there = {name: v for form in (output, *forms.values()) for name, v in variables(form).items()}
    there[by.name] = by
    there.pop(upstream, None)
    alike: dict[str, str] = {}
    for name, variable in list(there.items()):
        plain = name.partition("?")[0]
        target = by.name if by.name.partition("?")[0] == plain else plain
        if plain and target != name:
            alike[name] = target
            there.setdefault(target, Variable(target, variable.shape))
    said = {name: facts[plain] for name in there if (plain := name.partition("?")[0]) in facts}
    return Question(output, by, forms, there, said, Laid(), upstream, "", alike)
