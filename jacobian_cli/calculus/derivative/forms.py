"""All ways of writing one derivative, for one or several variables of one formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import NamedTuple

from jacobian_cli.calculus.derivative.assume import Declared, Facts
from jacobian_cli.calculus.derivative.common_subexpressions import Named
from jacobian_cli.calculus.derivative.normalised import normalised
from jacobian_cli.calculus.derivative.recognised import Recognised
from jacobian_cli.calculus.derivative.skeleton import Skeleton, skeleton
from jacobian_cli.calculus.derivative.writer import Writer, in_names
from jacobian_cli.calculus.differentiate.adjoints import Backward
from jacobian_cli.calculus.differentiate.lower import lower, lower_all
from jacobian_cli.calculus.differentiate.pullback import jacobian
from jacobian_cli.calculus.index.canonical import antisymmetric, symmetric
from jacobian_cli.calculus.index.tensor import Alias, Leaf, Reshape, Tensor
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.reshape import NUMERATOR_ROW, Convention, Vec
from jacobian_cli.calculus.simplify import normal_form as algebra
from jacobian_cli.expr import Expr, Variable
from jacobian_cli.ops.facts import everything
from jacobian_cli.records import record
from jacobian_cli.syntax.errors import InputError

_FEW = 4
"""Where so few adjoints have names, it may be shorter still to have none."""


@record(frozen=True, slots=True)
class Forms:
    """One derivative, written as a Jacobian matrix, as a gradient (of a scalar only) and as a backward rule.

    `tensor` is the derivative itself, with axes out + in, of which `out_order` are the output's. `jacobian` is
    written in the convention that was asked for, or in the first of several.
    """

    jacobian: Expr
    gradient: Expr | None
    vjp: Expr
    tensor: Tensor
    out_order: int
    hessian: Mapping[str, Expr] = field(default_factory=dict)
    """For second derivatives, by the variable differentiated by next: |out|·|in| × |in|."""
    jacobians: Mapping[Convention, Expr] = field(default_factory=dict)
    """The Jacobian in each of several conventions."""
    symmetric: Expr | None = None
    """The gradient by a variable that stays symmetric: an entry moves its mirror image with it."""


@record(frozen=True, slots=True)
class Derivative:
    """The derivatives of one output with respect to several variables, with the names they share."""

    forms: Mapping[str, Forms]
    where: Mapping[str, Expr]
    upstream: Variable
    notation: Notation = field(compare=False)
    named: Named
    used: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """For each declared fact, by variable, whether the forms would be others without it."""


def derivative(
    output: Expr,
    variables: Sequence[Variable],
    order: Sequence[str],
    upstream: str,
    taken: Sequence[str],
    *,
    second: bool = False,
    facts: Facts | None = None,
    conventions: Sequence[Convention] = (NUMERATOR_ROW,),
    everywhere: bool = False,
) -> Derivative:
    """Differentiate `output` with respect to `variables`, with `second` once more by each of them.

    `order` ranks all variables as the user wrote them, `upstream` names the gradient that arrives from above,
    `taken` are names that may not be given to repeated parts, `facts` are declared of values. They are put into the
    derivatives, in which every entry was free.
    Hessians are written in the vec order of the first convention. With `everywhere` the forms are to be computed
    rather than read: they have a value wherever there is a derivative. Raises `InputError` where definitions stand in
    one another too deeply.
    """
    asked = _Asked(variables, order, upstream, taken, second, facts or {}, conventions, everywhere)
    try:
        ways = [output]
        if not second and (other := normalised(output, [*taken, *order, upstream])) is not None:
            ways.append(other)
        found = [_Way(way, asked) for way in ways]
        return (min(found, key=lambda way: way.said.price) if len(found) > 1 else found[0]).derivative()
    except RecursionError:
        raise InputError(
            "the definitions stand in one another too deeply: the derivative cannot be written down",
            hint="differentiate the formula in parts, each by the one before",
        ) from None


class _Asked(NamedTuple):
    """What is wanted of a formula; see `derivative`."""

    variables: Sequence[Variable]
    order: Sequence[str]
    upstream: str
    taken: Sequence[str]
    second: bool
    facts: Facts
    conventions: Sequence[Convention]
    everywhere: bool


class _Way:
    """The derivatives of one way of writing the formula: `said` are the rules in names, by which ways are compared, so
    that all that is written in one piece is written of one way only.
    """

    def __init__(self, output: Expr, asked: _Asked) -> None:
        self.output, self.asked = output, asked
        parts = lower_all(output)
        if free := any(isinstance(part, Alias) and (symmetric(part) or antisymmetric(part)) for part in parts.values()):
            parts = lower_all(output, free=True)
        self.free, self.parts = free, parts
        tensor = parts[output]
        while isinstance(tensor, Alias) or (isinstance(tensor, Reshape) and not tensor.loop):
            tensor = tensor.body  # rows of a Jacobian run over the output's entries, whatever its shape
        self.tensor = tensor
        self.leaves = [leaf for leaf in (lower(v) for v in asked.variables) if isinstance(leaf, Leaf)]
        self.delta = Variable(asked.upstream, output.shape)
        seed = lower(self.delta) if output.shape else algebra.number(1)
        self.backward = Backward(parts[output], seed, self.leaves, asked.everywhere, frozenset(parts.values()))
        self.ours = self._writer(asked.facts)
        known = [*asked.taken, *asked.order, asked.upstream]
        self.way = skeleton(
            self.backward, [v.shape for v in asked.variables], self.ours.value, known, self.ours.constant
        )
        self.said = in_names(self.ours, self.way, known)
        if 0 < len(self.way.held) <= _FEW:
            whole = Skeleton((), self.backward.swept({}).gradients)
            joint = in_names(self.ours, whole, known)
            if joint.price < self.said.price:
                self.way, self.said = whole, joint

    def _writer(self, facts: Facts) -> Writer:
        asked, declared = self.asked, Declared(facts, free=self.free)
        notation = Notation([*asked.order, asked.upstream], declared.spellings((t, e) for e, t in self.parts.items()))
        known = list(map(declared.tensor, self.parts.values()))
        notation.chooses(known)
        rows, columns = len(self.tensor.shape), len(self.parts[self.output].shape)
        orders = {Vec.ROW: rows, Vec.COLUMN: columns if columns > 1 else rows}
        scalar = not self.output.shape
        return Writer(
            notation, declared, Recognised(known), asked.variables, orders, asked.conventions, scalar=scalar, known={}
        )

    @cached_property
    def jacobians(self) -> Sequence[Tensor]:
        """The derivatives, with the axes of the output in front."""
        if self.output.shape or self.tensor is not self.parts[self.output]:
            return jacobian(self.tensor, self.leaves, everywhere=self.asked.everywhere)
        return list(self.backward.swept({}).gradients)  # that of a number is what its backward pass finds

    @cached_property
    def shaped(self) -> Mapping[Vec, Sequence[Tensor]]:
        """The same by the order in which entries run."""
        columns, output = self.jacobians, self.parts[self.output]
        if self.tensor is not output and any(c.vec is Vec.COLUMN for c in self.asked.conventions):
            columns = _by_columns(output, self.jacobians, len(self.tensor.shape), self.leaves)
        return {Vec.ROW: self.jacobians, Vec.COLUMN: columns}

    @cached_property
    def again(self) -> Sequence[Sequence[Tensor]]:
        """The second derivatives, if they are wanted."""
        asked, leaves = self.asked, self.leaves
        return [jacobian(d, leaves, everywhere=asked.everywhere) if asked.second else [] for d in self.jacobians]

    def matrices(self, writer: Writer) -> dict[str, Expr]:
        """What is written in one piece in any case: the Jacobians of what is no scalar, and second derivatives."""
        forms: dict[str, Expr] = {}
        for k, variable in enumerate(self.asked.variables):
            if self.output.shape:
                forms |= writer.matrices(variable, {vec: tensors[k] for vec, tensors in self.shaped.items()})
            forms |= writer.blocks(variable, self.again[k], len(self.jacobians[k].shape))
        return forms

    def derivative(self) -> Derivative:
        """All the forms."""
        variables, _, _, _, second, facts, conventions, _ = self.asked
        ours, declared, delta = self.ours, self.ours.declared, self.delta
        rest = self.matrices(ours)
        named = self.said.named(rest)

        def same(fewer: Facts) -> bool:
            other = self._writer(fewer)
            numbers = all(other.constant(tensor) is not None for tensor in self.way.numbers)
            return numbers and other.rules(self.way) == ours.rules(self.way) and self.matrices(other) == rest

        used = _Used(facts, same) if facts else {}
        forms: dict[str, Forms] = {}
        for variable, derived in zip(variables, self.jacobians, strict=True):
            name = variable.name
            gradient = named.forms.get(f"{name} gradient")
            vjp = _times(delta, gradient) if gradient is not None else named.forms[f"{name} vjp"]
            blocks = {v.name: named.forms[f"{name} hessian {v.name}"] for v in variables} if second else {}
            first, *_ = written = [named.forms[f"{name} jacobian {c}"] for c in conventions]
            several = dict(zip(conventions, written, strict=True)) if len(written) > 1 else {}
            plain, tied = declared.tensor(derived), None
            if gradient is not None and "symmetric" in (known_of := everything(facts.get(name, ()))):
                free = "diagonal" in known_of
                tied = None if free else named.renamed(ours.value(_mirrored(plain), variable.shape))
            forms[name] = Forms(first, gradient, vjp, plain, len(self.tensor.shape), blocks, several, tied)
        return Derivative(forms, named.where, delta, ours.notation, named, used)


def _mirrored(gradient: Tensor) -> Tensor:
    """G + Gᵀ − G ⊙ I (Magnus & Neudecker 1999, ch. 3)."""
    shape = gradient.shape
    if len(shape) < 2:
        return gradient
    diagonal = algebra.product(shape, [(gradient, (0, 1), 1), (algebra.delta(shape[0]), (0, 1), 1)])
    return algebra.add(shape, [(1, gradient), (1, algebra.permute(gradient, (1, 0))), (-1, diagonal)])


class _Used(Mapping[str, Mapping[str, bool]]):
    """For each fact whether the answer needs it, found out when that is asked: all forms are written again for each."""

    def __init__(self, facts: Facts, enough: Callable[[Facts], bool]) -> None:
        self._facts, self._enough = facts, enough

    @cached_property
    def _found(self) -> Mapping[str, Mapping[str, bool]]:
        return _used(self._facts, self._enough)

    def __getitem__(self, name: str) -> Mapping[str, bool]:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


def _used(facts: Facts, enough: Callable[[Facts], bool]) -> dict[str, dict[str, bool]]:
    """The same at once, `enough` telling whether the answer is the same under fewer facts. Where several say the same,
    and one would do, all count as used.
    """
    needed = {
        name: frozenset(fact for fact in said if not enough({**facts, name: said - {fact}}))
        for name, said in facts.items()
    }
    all_of_them = any(needed[name] != said for name, said in facts.items()) and not enough(needed)
    return {name: {fact: all_of_them or fact in needed[name] for fact in sorted(said)} for name, said in facts.items()}


def _by_columns(output: Tensor, jacobians: Sequence[Tensor], out_order: int, leaves: Sequence[Leaf]) -> list[Tensor]:
    """The derivatives of what stands behind the output's reshape, made those of the output where columns count.

    A vector has no columns: its entries run as those of what was reshaped do, row by row.
    """
    if len(output.shape) > 1:
        return jacobian(output, leaves)
    turned = [(*reversed(range(out_order)), *range(out_order, len(derived.shape))) for derived in jacobians]
    return [algebra.permute(derived, axes) for derived, axes in zip(jacobians, turned, strict=True)]


def _times(delta: Variable, gradient: Expr) -> Expr:
    """δ times a gradient, with the sign in front; δ·1 is δ, and δ·0 is 0."""
    minus, rest = write.unsigned(gradient)
    if write.is_number(rest, 1):
        return write.negate(delta) if minus else delta
    product = rest if write.is_number(rest, 0) else write.scaled(delta, rest)
    return write.negate(product) if minus else product
