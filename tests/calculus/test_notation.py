"""From index form to matrix notation and back: the same entries, for formulas of any shapes.

Formulas are grown from variables of one to four axes, among them axes of length one and axes of equal sizes, by
whatever row of the table fits. Each is drawn from a seed of its own; a longer run is

    python -m tests.calculus.test_notation FIRST LAST
"""

from __future__ import annotations

import random
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from jacobian_cli.calculus.differentiate.lower import lower, lower_all
from jacobian_cli.calculus.differentiate.pullback import jacobian, pullback
from jacobian_cli.calculus.index.tensor import Leaf, Tensor, walk
from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.matrix_form import Notation
from jacobian_cli.calculus.reshape import CONVENTIONS, jacobian_form, rearrangement
from jacobian_cli.calculus.reshape.arrays import CANONICAL
from jacobian_cli.elaborate import Builder, Scope
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Expr, Variable, variables
from jacobian_cli.expr import walk as parts
from jacobian_cli.ops import FUNCTIONS, Row
from jacobian_cli.ops.identities import held
from jacobian_cli.ops.places import places_of
from jacobian_cli.ops.rules import ShapeError
from jacobian_cli.printers.language import text
from jacobian_cli.shape import ONE, Shape, Size
from jacobian_cli.syntax.errors import InputError
from tests.calculus.values import lengths, value

N, M = Size.named("n"), Size.named("m")
TWO = Size.number(2)
SIZES = {"n": 3, "m": 4}
_LENGTHS = (N, N, N, M, M, TWO, N + ONE, ONE)
_ALL = (None, None)
_ROWS = [
    row
    for row in FUNCTIONS.values()
    if row.parameters and row.own is None and row.reads is None and "binary" not in held(row.name)
]
_FAVOURED = [FUNCTIONS[name] for name in ("@", "*", "+", "-", "[]", "einsum", "sum", ".T", "transpose", "mean", "/")]
_MOST = 4000
"""Larger arrays than of so many entries are not evaluated."""


class Formula:
    """A random formula, and a variable of it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.pool: list[Expr] = []
        for name in "abcdxyABCPQ":
            order = self.random.choice((0, 1, 1, 2)) if name.islower() else self.random.choice((1, 2, 2, 3, 3, 4))
            self.pool.append(Variable(name, tuple(self.random.choice(_LENGTHS) for _ in range(order))))
        self.places = [Variable(name, tuple(self.random.choices((N, M), k=order))) for order, name in enumerate("ijk")]
        self.output = self._grown(self.random.randint(1, 5))
        while not (moving := [v for v in variables(self.output).values() if v not in self.places]):
            self.output = self._grown(2)
        self.wrt = self.random.choice(moving)

    def _grown(self, steps: int) -> Expr:
        expr = self.random.choice(self.pool)
        tries = 0
        while steps or not expr.children:
            tries += 1
            if tries > 2000:
                return expr
            row = self.random.choice(_FAVOURED if self.random.random() < 0.7 else _ROWS)
            made = self._applied(row, expr)
            if made is None or len(made.shape) > 4:
                continue
            expr, steps = made, steps - 1
            self.pool.append(expr)
        return expr

    def _applied(self, row: Row, expr: Expr) -> Expr | None:
        draw = self.random
        many = row.parameters[-1:] == ("...",)
        arity = draw.choice((1, 2, 2, 3)) if many else len(row.parameters)
        arguments = [draw.choice(self.pool) for _ in range(arity)]
        arguments[draw.randrange(arity)] = expr
        for name, k in zip(row.parameters, range(arity), strict=False):
            if name in row.places:
                arguments[k] = draw.choice(self.places)
        options = {name: found for name in row.options if (found := self._option(name, arguments)) is not None}
        if row.bare and not options:
            return None
        try:
            return Builder(Scope({}), "").applied(row, tuple(arguments), options)
        except (ShapeError, InputError):
            return None

    def _option(self, name: str, arguments: list[Expr]) -> Any:
        draw = self.random
        order = len(arguments[0].shape)
        match name:
            case "axis":
                return draw.choice(
                    (None, (draw.randint(-order, max(0, order - 1)),), tuple(draw.sample(range(order), min(order, 2))))
                )
            case "axes":
                return tuple(draw.sample(range(order), order))
            case "keepdims":
                return draw.choice((True, None, None))
            case "subscripts":
                return self._subscripts(arguments)
            case "index":
                items = ((0,), (-1,), _ALL, _ALL, (Size.number(1), None), (None, TWO), None)
                drawn = [draw.choice(items) for _ in range(draw.randint(1, max(1, order)))]
                return tuple(item[0] if item in ((0,), (-1,)) else item for item in drawn)
            case "count":
                return draw.choice(_LENGTHS)
            case "shape" | "sizes":
                shape = list(arguments[0].shape)
                draw.shuffle(shape)
                return tuple(shape) or (ONE,)
        return None

    def _subscripts(self, arguments: list[Expr]) -> str:
        draw = self.random
        letters: dict[Size, list[str]] = {}
        written = []
        for argument in arguments:
            part = ""
            for size in argument.shape:
                known = letters.setdefault(size, [])
                if not known or draw.random() < 0.4:
                    known.append("ijklmnopqrstuvw"[sum(map(len, letters.values()))])
                part += draw.choice(known)
            written.append(part)
        used = list(dict.fromkeys("".join(written)))
        kept = draw.sample(used, draw.randint(0, min(4, len(used))))
        return f"{','.join(written)}->{''.join(kept)}"

    def point(self) -> dict[str, Any]:
        rng = np.random.default_rng(0)
        known = {**variables(self.output), "delta": Variable("delta", self.output.shape)}
        values: dict[str, Any] = {name: rng.uniform(0.2, 0.9, lengths(v.shape, SIZES)) for name, v in known.items()}
        for name, among in places_of([self.output]).items():
            values[name] = rng.integers(min(size.at(SIZES) for size in among), size=values[name].shape)
        return values

    def forms(self) -> Iterator[tuple[str, Tensor, Expr, Shape]]:
        """Each tensor with what is written of it, and the order in which its axes are laid there."""
        spelled = lower_all(self.output)
        leaf = lower(self.wrt)
        assert isinstance(leaf, Leaf)
        given = {t: e for e, t in spelled.items()}
        names = [*variables(self.output), "delta"]
        whole = spelled[self.output]
        yield "value", whole, write.shaped(Notation(names, given).express(whole), self.output.shape), whole.shape
        (pulled,) = pullback(whole, lower(Variable("delta", self.output.shape)), [leaf])
        yield "vjp", pulled, write.shaped(Notation(names, given).express(pulled), self.wrt.shape), pulled.shape

    def check(self) -> bool:
        """Compare all forms; whether there was anything to compare."""
        point = self.point()
        with np.errstate(all="ignore"):
            found = [self._agree(what, tensor, form, point) for what, tensor, form, _ in self.forms()]
            return any(found) or self._jacobians(point)

    def _agree(self, what: str, tensor: Tensor, form: Expr, point: dict[str, Any]) -> bool:
        if not _small([tensor], [form]):
            return False
        expected = value(tensor, point, SIZES)
        if not np.all(np.isfinite(expected)) or np.max(np.abs(expected), initial=0) > 1e9:
            return False
        nudged = {name: x * (1 + 1e-12) if x.dtype == float else x for name, x in point.items()}
        if np.max(np.abs(value(tensor, nudged, SIZES) - expected), initial=0) > 1e-8:
            return False  # eigenvectors of what is zero but for rounding
        got = np.asarray(evaluate(form, point, SIZES), float)
        assert got.shape == lengths(form.shape, SIZES), (what, text(form))
        if not np.all(np.isfinite(got)):
            return False  # what was typed has no value where something cancels
        np.testing.assert_allclose(
            got.reshape(expected.shape), expected, rtol=1e-7, atol=1e-7, err_msg=f"{what}: {text(form)}"
        )
        return True

    def _jacobians(self, point: dict[str, Any]) -> bool:
        spelled = lower_all(self.output)
        leaf = lower(self.wrt)
        assert isinstance(leaf, Leaf)
        whole = spelled[self.output]
        (derived,) = jacobian(whole, [leaf])
        given = {t: e for e, t in spelled.items()}
        compared = False
        for convention in CONVENTIONS:
            form = jacobian_form(Notation([*variables(self.output)], given), derived, len(whole.shape), convention)
            if not _small([derived], [form]):
                continue
            expected = value(derived, point, SIZES)
            if not np.all(np.isfinite(expected)) or np.max(np.abs(expected), initial=0) > 1e9:
                continue
            laid = rearrangement(CANONICAL, convention, lengths(whole.shape, SIZES), lengths(leaf.shape, SIZES)).of(
                expected
            )
            got = np.asarray(evaluate(form, point, SIZES), float)
            if not np.all(np.isfinite(got)):
                continue
            np.testing.assert_allclose(
                got.reshape(laid.shape), laid, rtol=1e-7, atol=1e-7, err_msg=f"{convention}: {text(form)}"
            )
            compared = True
        return compared

    def __str__(self) -> str:
        shapes = ", ".join(f"{n} {v.shape}" for n, v in variables(self.output).items())
        return f"{text(self.output)} by {self.wrt.name}, {shapes}"


def _small(tensors: list[Tensor], exprs: list[Expr]) -> bool:
    shapes = [node.shape for node in walk(tensors)] + [node.shape for node in parts(exprs)]
    return all(np.prod(lengths(shape, SIZES), dtype=float) <= _MOST for shape in shapes)


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_matrix_notation_says_what_the_index_form_says(first: int) -> None:
    compared = 0
    for seed in range(first, first + 20):
        formula = Formula(seed)
        try:
            compared += formula.check()
        except (InputError, ArithmeticError):
            continue  # a function of matrices refuses those of one row; polygamma of no whole order has no value
        except Exception as error:
            raise AssertionError(f"{seed}: {formula}") from error
    assert compared > 5


def main(first: int, last: int) -> None:
    """Every formula of a range of seeds on which the two differ."""
    for seed in range(first, last):
        formula = Formula(seed)
        try:
            formula.check()
        except Exception as error:  # noqa: BLE001 - whatever is raised is reported
            at = [f"{place.filename}:{place.lineno}" for place in traceback.extract_tb(error.__traceback__)[-6:]]
            sys.stdout.write(f"{seed} {formula}\n    {type(error).__name__} {error!s:.300}\n    {' '.join(at)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
