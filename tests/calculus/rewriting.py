"""Formulas brought to normal form under watch: which rules were applied, and what each of them did."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from jacobian_cli.api.input.assume import assumptions_of
from jacobian_cli.api.input.problem import Problem, pose, shapes_of, statements_of
from jacobian_cli.calculus.derivative.assume import Declared
from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.index.tensor import Apply, Leaf, Reshape, Sum, Tensor, walk
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.simplify.recipe import Call, Fold, Open, Opened, Part, Plus, Rewrite, Times
from jacobian_cli.calculus.simplify.watch import Fired, watched
from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.shape import Size
from tests.calculus.values import contracted, value


def posed(formula: str, shapes: Mapping[str, str], facts: Mapping[str, str]) -> Problem:
    """A formula, typed, with what is declared."""
    statements = statements_of(formula)
    defined = [statement.name for statement in statements]
    assumptions = assumptions_of(facts)
    (name, *_) = (
        name
        for name in re.findall(r"[A-Za-z_]+", re.sub('"[^"]*"', "", formula))
        if name not in FUNCTIONS and name not in ("n", "m", *defined)
    )
    return pose(statements, [name], shapes_of(shapes), assume=assumptions)


def normal(problem: Problem) -> tuple[Tensor, list[Fired]]:
    """Its index form under what is declared, and the rules that led there."""
    with watched() as fired:
        tensor = Declared(problem.facts).tensor(lower(problem.output))
    return tensor, fired


def written(problem: Problem, tensor: Tensor) -> Expr:
    """The index form in the language."""
    return write.shaped(Notation(list(problem.variables)).matrices.express(tensor), problem.output.shape)


class Point:
    """Random values for the leaves of tensors, whatever these are."""

    def __init__(self, values: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        self.values, self.sizes = values, sizes

    def of(self, part: Part) -> Any:
        """What a recipe is, by the definition of its parts: nothing is simplified on the way."""
        match part:
            case Times(shape, factors, coefficient):
                found = {id(node): self.of(node) for node, _, _ in factors}
                return self._product(shape, factors, coefficient, found)
            case Plus(shape, terms):
                start = np.zeros([size.at(self.sizes) for size in shape])
                return sum((float(c) * self.of(term) for c, term in terms), start)
            case Call(function, arguments, loop, shape):
                return self._called(function, arguments, loop, shape)
            case Fold(body, shape):
                return np.reshape(self.of(body), [size.at(self.sizes) for size in shape])
            case Opened(body):
                return self.of(body)
        return value(part, self.values, self.sizes)

    def _product(self, shape: Any, factors: Any, coefficient: Any, found: Mapping[int, Any]) -> Any:
        names = {key: Leaf(f"?{k}", (), ()) for k, key in enumerate(found)}
        renamed = [(names[id(node)], labels, power) for node, labels, power in factors]
        values = {names[key]: known for key, known in found.items()}
        return contracted(shape, renamed, coefficient, values, self.sizes)  # type: ignore[arg-type]  # leaves that stand for parts

    def _called(self, function: str, arguments: Any, loop: int, shape: Any) -> Any:
        shapes = [argument.shape for argument in arguments]
        leaves = tuple(Leaf(f"?{k}", s, s) for k, s in enumerate(shapes))
        values = {leaf.name: self.of(argument) for leaf, argument in zip(leaves, arguments, strict=True)}
        return value(Apply(function, leaves, loop, shape), values, self.sizes)

    def before(self, fired: Fired) -> Any:
        """What stood there."""
        subject = fired.subject
        if isinstance(subject, Open):
            return self.of(Times(subject.shape, subject.factors, subject.coefficient))
        return value(subject, self.values, self.sizes)

    def after(self, fired: Fired) -> Any:
        """What the rule says; labels that disappeared without being summed over count their sizes."""
        subject, result = fired.subject, fired.result
        if not isinstance(result, Rewrite):
            return self.of(result)
        assert isinstance(subject, Open)
        factors = [*result.kept, *result.new]
        left = {label for _, labels, _ in factors for label in labels}.union(result.summed)
        sizes: dict[int, Size] = {
            label: size
            for node, labels, _ in subject.factors
            for label, size in zip(labels, node.shape, strict=True)
            if label >= subject.order
        }
        lost = np.prod([size.at(self.sizes) for label, size in sizes.items() if label not in left])
        return float(lost) * self.of(Times(subject.shape, factors, subject.coefficient * result.number))


def leaves(fired: list[Fired]) -> set[Leaf]:
    """The variables in what rules met."""
    roots: list[Tensor] = []
    for one in fired:
        if isinstance(one.subject, Open):
            roots += [node for node, _, _ in one.subject.factors]
        elif isinstance(one.subject, Sum | Apply | Reshape):
            roots.append(one.subject)
    return {node for node in walk(roots) if isinstance(node, Leaf)}
