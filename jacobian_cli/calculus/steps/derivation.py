"""The derivation as a person writes it on a board (CS224N, lectures 3 and 4): the parts named, outermost first; then
backwards from the output, the local derivative of each part, and upstream × local = downstream; what comes back along
several paths added up; the names put back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from jacobian_cli.calculus.cost import AT_A_GLANCE, TELLING, cost
from jacobian_cli.calculus.derivative.forms import Derivative
from jacobian_cli.calculus.differentiate.lower import lower, lower_all
from jacobian_cli.calculus.differentiate.pullback import jacobian, pullback
from jacobian_cli.calculus.index.tensor import Leaf, Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.reshape import jacobian_form, jacobian_shape
from jacobian_cli.calculus.simplify.watch import watched
from jacobian_cli.calculus.steps.decompose import Part, passing, take_apart
from jacobian_cli.calculus.steps.expand import expanded
from jacobian_cli.calculus.steps.local import Slope, diagonal, entrywise, law, why
from jacobian_cli.calculus.steps.names import Glossary
from jacobian_cli.calculus.steps.step import Claim, Rule, Side, Step, Steps, Words
from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable, rebuild, walk
from jacobian_cli.ops import row
from jacobian_cli.ops.facts import FACTS

MAX_STEPS = 60
_LIMITS = (16, 12, 8, 5, 3, 1, 0)
"""How many parts are named at most: fewer where so many would make more than `MAX_STEPS` steps."""
_ABBREVIATIONS = 12


def derivation_steps(
    output: Expr,
    wrt: Variable,
    label: str,
    found: Derivative,
    order: Sequence[str],
    taken: Iterable[str],
    text: Callable[[Expr], str],
) -> Steps:
    """The steps that lead to the closed forms of `found`, at most `MAX_STEPS` of them.

    `label` is what the output is called, `order` ranks the variables, `taken` are names that mean something already,
    `text` prints an expression.
    """
    whole, calls = expanded(output, wrt)
    taken = {*taken, *order, *found.where, found.upstream.name}
    known = {full: name.name for full, name in found.named.given.items() if isinstance(name, Defined)}
    user = frozenset(node.name for node in walk([output]) if isinstance(node, Defined))
    for limit in _LIMITS:
        parts, left = take_apart(whole, wrt, label, known, calls, taken, limit)
        used = {*taken, *(part.name for part in parts)}
        names = Glossary(user, known, used, [*order, found.upstream.name], text)
        steps = _Board(output, whole, wrt, label, found, names).written(parts, left)
        if len(steps.steps) <= MAX_STEPS:
            return steps
    raise AssertionError("a derivation without parts is short")


@dataclass(slots=True)
class _Board:
    """The steps so far, and the gradients that are known."""

    output: Expr
    whole: Expr
    """The output, with calls that are short for something written out."""
    wrt: Variable
    label: str
    found: Derivative
    names: Glossary
    steps: list[Step] = field(default_factory=list)
    upstream: dict[str, Expr] = field(default_factory=dict)
    """The gradient at each part, in the form in which it is used."""
    claims: dict[str, Claim | None] = field(default_factory=dict)
    shares: dict[str, list[Expr]] = field(default_factory=dict)
    due: dict[str, int] = field(default_factory=dict)
    """How many shares of a gradient are still to come."""
    hadamard: bool = False
    """Whether it was shown how a diagonal matrix becomes a Hadamard product."""

    @property
    def top(self) -> str:
        """What gradients are of."""
        if not self.output.shape:
            return self.label
        return next(name for name in ("J", "L", "J1", "L1") if name not in self.names.taken)

    def text(self, expr: Expr) -> str:
        return self.names.text(expr)

    def add(self, rule: Rule, left: Side, right: Expr, claim: Claim, reason: Words = ()) -> None:
        self.steps.append(Step(len(self.steps) + 1, rule, left, right, reason, claim))

    def written(self, parts: Sequence[Part], left: int) -> Steps:
        for part in parts:
            self.name(part)
        if not parts:
            self.add(Rule("as given"), Side((self.label,)), self.output, Claim("value", self.output))
        if not left:
            self.sweep(parts)
        self.finish(left)
        names, upstream = self.names, self.found.upstream
        return Steps(
            tuple(self.steps), self.output, self.wrt, self.top, upstream, names.nodes, names.slopes, omitted=left
        )

    def name(self, part: Part) -> None:
        """f = uᵀh."""
        self.names.part(part.name, part.node, part.body)
        left = Side(tuple(dict.fromkeys((part.label, part.name))))
        claim = Claim("value", part.node)
        given = isinstance(part.node, Defined) or part.node is self.whole
        rule = Rule("as given") if given else Rule("name a part")
        if part.call is not None:
            self.add(rule, left, part.call, claim)
            rule = Rule("definition of", part.call.function)
        self.add(rule, left, part.body, claim)

    # backwards

    def sweep(self, parts: Sequence[Part]) -> None:
        for part in parts:
            for name, places in part.inputs.items():
                self.due[name] = self.due.get(name, 0) + len(places)
        for part in parts:
            if part.node is self.whole:
                self.upstream[part.name] = self.found.upstream if part.node.shape else write.number(1)
                self.claims[part.name] = None
            reached = part.name in self.upstream and not _is_zero(self.upstream[part.name])
            for name, places in part.inputs.items():
                for place, leaf in enumerate(places, 1):
                    child = Variable(name, leaf.shape)
                    if reached:
                        self.through(part, child, leaf, place if len(places) > 1 else 0)
                    else:
                        self.due[name] -= 1
                        if not self.due[name] and name in self.shares:
                            self.gather(child)

    def through(self, part: Part, child: Variable, leaf: Variable, place: int) -> None:
        """Upstream × local = downstream: from a part to one of those that it is made of."""
        arrives = self.upstream[part.name]
        tensors = lower_all(part.alias)
        # the part's own value may be in what arrives: 2r · z/r = 2z
        aliased = rebuild(arrives, lambda node: part.alias if node is part.variable else None)
        seed = lower_all(aliased)
        value, variable = tensors[part.alias], lower(leaf)
        assert isinstance(variable, Leaf)
        (local,) = jacobian(value, [variable])
        (down,) = pullback(value, seed[aliased], [variable])
        notation = self.names.notation({**tensors, **seed})
        result = part.in_names(write.shaped(notation.express(down), child.shape))
        alone = self.due[child.name] == 1 and child.name not in self.shares
        side = Side((), self.top, child.name, *(("", 0) if alone else (part.label, place)))
        claim = Claim("path", part.apart, leaf, self.claims[part.name])
        rule, reason = law(part, place), why(part, local)
        here = Side((), part.label, child.name, "", place)
        if isinstance(arrives, Number):
            rule, reason = self.turned(part, leaf, here, result, local) or (rule, reason)
        elif passing(local) is None:
            slope = self.local(part, leaf, here, local, notation)
            if slope is not None:
                rule, reason = self.chained(part, slope, result, side, claim)
        self.deliver(child, result, rule, side, claim, reason, alone=alone)

    def turned(self, part: Part, leaf: Variable, side: Side, result: Expr, local: Tensor) -> tuple[Rule, Words] | None:
        """Where the row xᵀA reads better than the gradient Aᵀx: the row first, then its transpose."""
        if len(result.shape) != 1 or not write.is_call(result, "@"):
            return None
        turned = write.transpose(result)
        if _transposes(turned) > _transposes(result):
            return None
        reason = why(part, local, backwards=False)
        self.add(law(part, side.place), replace(side, row=True), turned, Claim("local", part.apart, leaf), reason)
        return Rule("transpose of a product"), ("the gradient is a column",)

    def local(self, part: Part, leaf: Variable, side: Side, local: Tensor, notation: Notation) -> Slope | None:
        """∂h/∂z as a step, where it is a matrix that can be read, or a derivative for each entry."""
        order = len(local.shape) - len(write.proper(leaf).shape)
        matrix = max(order, len(local.shape) - order) <= 1
        entries = local if matrix else entrywise(local, order)
        if entries is None:
            return None
        form = part.in_names(jacobian_form(notation, local, order) if matrix else notation.express(entries))
        if cost(form) > TELLING or (not matrix and form.shape != part.node.shape):
            return None
        reason = why(part, local, backwards=False)
        if not matrix:
            reason = (*reason, "; " * bool(reason) + "entry by entry")
        side = replace(side, row=not part.node.shape and bool(form.shape))
        claim = Claim("local" if matrix else "slope", part.apart, leaf)
        self.add(law(part, side.place), side, form, claim, reason)
        return Slope(form, diagonal(local), matrix)

    def chained(self, part: Part, slope: Slope, result: Expr, side: Side, claim: Claim) -> tuple[Rule, Words]:
        """The local Jacobian, transposed, times what arrives; and the rule that leads from there to the result."""
        named = part.core and not row(part.core).law.name
        rule = Rule("chain rule through", part.core) if named else Rule("chain rule")
        if not slope.matrix:
            return rule, ("upstream times local is downstream, entry by entry",)
        if slope.diagonal and self.hadamard:
            return rule, ("a diagonal matrix times a vector, entry by entry",)
        product = write.shaped(slope.back(write.proper(self.upstream[part.name])), result.shape)
        reason = ("upstream times local is downstream",)
        if self.names.alike(product, result) or cost(product) > 2 * TELLING:
            return rule, reason
        self.add(rule, side, product, claim, reason)
        if slope.diagonal:
            self.hadamard = True
            return Rule("diagonal to Hadamard"), ("a diagonal matrix times a vector multiplies entry by entry",)
        return Rule("work out the product"), ()

    def deliver(
        self, child: Variable, result: Expr, rule: Rule, side: Side, claim: Claim, reason: Words, *, alone: bool
    ) -> None:
        """A share of a gradient; the last one makes it whole."""
        self.due[child.name] -= 1
        if alone:
            self.conclude(child, result, rule, reason)
            return
        self.add(rule, side, result, claim, reason)
        self.shares.setdefault(child.name, []).append(result)
        if not self.due[child.name]:
            self.gather(child)

    def gather(self, child: Variable) -> None:
        """What came back along several paths is added up."""
        shares = self.shares[child.name]
        kept = [share for share in shares if not _is_zero(share)] or shares[:1]
        plain = write.total([_signed(share) for share in kept])
        notation = self.names.notation({e: t for share in kept for e, t in lower_all(share).items()})
        merged = write.shaped(notation.express(lower(plain)), child.shape)
        rule: Rule = Rule("contributions add up")
        reason: Words = ("one from each path",)
        if Counter(_terms(merged)) == Counter(_terms(plain)):
            merged = plain
        else:
            self.add(rule, Side((), self.top, child.name), plain, self.gradient(child), reason)
            rule, reason = Rule("collect terms"), ("like terms and common factors are written once",)
        self.conclude(child, merged, rule, reason)

    def conclude(self, child: Variable, result: Expr, rule: Rule, reason: Words) -> None:
        """∂f/∂z is known; if it is still needed, and long or called δ in the closed form too, it is called δ."""
        claim = self.claims[child.name] = self.gradient(child)
        self.upstream[child.name] = result
        names: tuple[str, ...] = ()
        worth = cost(result) > AT_A_GLANCE or (isinstance(result, Apply) and self.names.named(result))
        if child is not self.wrt and worth:
            delta = self.names.delta(result, claim)
            self.upstream[child.name], names = delta, (delta.name,)
            reason = (*reason, "; " if reason else "", delta, " from here on")
        self.add(rule, Side(names, self.top, child.name), result, claim, reason)

    def gradient(self, child: Variable) -> Claim:
        node = self.names.nodes.get(child.name)
        held = self.whole if node is None else rebuild(self.whole, lambda n: child if n is node else None)
        return Claim("gradient", held, child)

    # the end

    def finish(self, left: int) -> None:
        """The names put back, and the closed forms as they are printed."""
        forms = self.found.forms[self.wrt.name]
        final = forms.vjp if forms.gradient is None else forms.gradient
        self.close(final, left)
        side = Side((), self.label, self.wrt.name, row=not self.output.shape)
        shown = {(step.left, self.text(step.right)) for step in self.steps}
        if self.text(forms.jacobian) != self.text(final) and (side, self.text(forms.jacobian)) not in shown:
            self.abbreviate(forms.jacobian)
            rule, reason = self.layout(final)
            self.add(rule, side, forms.jacobian, Claim("jacobian", self.output, self.wrt), reason)

    def close(self, final: Expr, left: int) -> None:
        """From the gradient as it was reached to the gradient as it is printed."""
        side, claim = Side((), self.top, self.wrt.name), Claim("gradient", self.output, self.wrt)
        reached = None if left else self.upstream.get(self.wrt.name)
        if reached is None:
            rule, reason = Rule("chain rule"), f"{left} more parts by the same rules, not written out"
            if not left:
                rule, reason = Rule("constant"), "nothing leads there"
            if self.output is self.wrt:
                rule, reason = Rule("the same value"), "the output is the variable"
            self.abbreviate(final)
            self.add(rule, side, final, claim, (reason,))
        elif self.text(reached) != self.text(final):
            restored = self.names.restored(reached, final)
            if self.names.alike(restored, final) or self.names.same(reached, final):
                self.abbreviate(final)
                self.add(Rule("names put back"), side, final, claim)
                return
            if not self.names.alike(restored, reached) and cost(restored) <= 2 * TELLING:
                self.add(Rule("names put back"), side, restored, claim)
            self.abbreviate(final)
            said = [
                f"{n} {FACTS[f].summary}" for n, used in self.found.used.items() for f, needed in used.items() if needed
            ]
            rule, reason = (Rule("use what is declared"), ", ".join(said)) if said else self.identities(restored, final)
            self.add(rule, side, final, claim, (reason,))

    def identities(self, reached: Expr, final: Expr) -> tuple[Rule, str]:
        """By which rows of the table of identities a gradient is brought to the form that is printed."""
        with watched() as fired:
            tensor = lower(self.names.full(reached))
        first, *more = dict.fromkeys(one.rule.name for one in fired) or ("collect terms",)
        if not fired and lower(self.names.full(final)) is not tensor:
            return Rule("names put back"), "what a definition stands for, by its name"
        if not fired:
            return Rule(first), "like terms merged, common factors taken out"
        return Rule(first), "; ".join((*more, "like terms merged"))

    def layout(self, final: Expr) -> tuple[Rule, Words]:
        """From the shape convention to the Jacobian."""
        if self.output.shape:
            delta = self.found.upstream
            reason: Words = ("row i is what comes back where ", delta, " is 1 at entry i and 0 elsewhere")
            return Rule("read off the Jacobian"), reason
        columns = write.extent(jacobian_shape((), self.wrt.shape)[1])
        if len(self.wrt.shape) > 1:
            reason = ("the Jacobian is the same entries row by row, in one row of ", columns, "; the gradient has the ")
            return Rule("shape convention"), (*reason, "shape of ", self.wrt)
        rule = Rule("transpose of a product" if write.is_call(final, "@") else "numerator layout")
        return rule, ("the Jacobian is a row of ", columns, "; the gradient is its transpose")

    def abbreviate(self, form: Expr) -> None:
        """Names that a closed form uses and that are not on the board yet."""
        missing = self.names.missing(form)
        for node in missing if len(missing) <= _ABBREVIATIONS else ():
            self.names.bodies[node.name] = node.body
            self.add(Rule("abbreviate"), Side((node.name,)), node.body, Claim("value", node), ("it repeats",))


def _transposes(expr: Expr) -> int:
    return sum(write.is_call(node, ".T") for node in walk([expr]))


def _terms(expr: Expr) -> list[Expr]:
    return [write.negate(term) if minus else term for minus, term in write.summands(expr)]


def _signed(expr: Expr) -> tuple[bool, Expr]:
    """An expression without the minus in front of it."""
    return (True, expr.children[0]) if write.is_call(expr, "u-") else (False, expr)


def _is_zero(expr: Expr) -> bool:
    return write.is_call(expr, "zeros") or write.is_number(expr, 0)
