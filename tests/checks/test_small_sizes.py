"""Claims that are right at some sizes only, of as many kinds as could be thought of: none gets a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from jacobian_cli.checks.every_size.certificate import Certificate, Doubt
from jacobian_cli.checks.every_size.certify import attempted
from jacobian_cli.checks.every_size.question import Question
from jacobian_cli.checks.oracles.layout import Laid
from jacobian_cli.checks.points.constrained import drawn
from jacobian_cli.elaborate import elaborate
from jacobian_cli.evaluate.evaluate import evaluate
from jacobian_cli.expr import Variable
from jacobian_cli.shape import Size
from jacobian_cli.syntax.parser import parse_statement
from tests.checks.test_every_size import UNHURRIED, shapes_of


@cache
def elementary(k: int, x: str) -> str:
    """The sum of the products of k different entries, by Newton's identities: zero of fewer entries."""
    if k == 0:
        return "1"
    terms = (f"{'-' if i % 2 == 0 else '+'}({elementary(k - i, x)})*sum(({x})**{i})" for i in range(1, k + 1))
    return f"({' '.join(terms)})/{k}"


def apart(names: str) -> str:
    """Σ over different indices of the product of an entry of each vector: Möbius inversion over set partitions."""
    found = []
    for partition in _partitions(list(names)):
        sign = (-1) ** (len(names) - len(partition))
        times = np.prod([float(np.prod(range(1, len(block)))) for block in partition])
        found.append(f"{sign * int(times):+d}*" + "*".join(f"sum({'*'.join(block)})" for block in partition))
    return " ".join(found)


def _partitions(items: list[str]) -> list[list[list[str]]]:
    if not items:
        return [[]]
    first, rest = items[0], items[1:]
    found = []
    for partition in _partitions(rest):
        found.append([[first], *partition])
        found += [[*partition[:k], [first, *block], *partition[k + 1 :]] for k, block in enumerate(partition)]
    return found


def gram(names: str) -> str:
    """The determinant of the dot products of some vectors: zero where there are more vectors than entries."""
    terms = []
    for order in permutations(range(len(names))):
        inversions = sum(order[i] > order[j] for j in range(len(order)) for i in range(j))
        dots = "*".join(f"({names[i]}.T@{names[j]})" for i, j in enumerate(order))
        terms.append(f"{'-' if inversions % 2 else '+'} {dots}")
    return " ".join(terms)


X = {"x": "n"}
FIVE = dict.fromkeys("xyzuv", "n")
FACTS = {"m": frozenset({"binary"}), "h": frozenset({"one_hot"}), "q": frozenset({"sums_to_one"})}
WRONG: Mapping[str, tuple[str, Mapping[str, str], tuple[int, ...]]] = {
    "parity: the floor of a half": ("(floor(n/2) - (n - 1)/2)*sum(x)", X, (3, 5)),
    "at most four: a choice": ("where(n > 4, 1, 0)*sum(x)", X, (2, 3, 4)),
    "at most forty: a choice": ("where(n > 40, 1, 0)*sum(x)", X, (2, 3, 4)),
    "at most four: a least of two": ("(minimum(n, 4)/n - 1)*sum(x)", X, (2, 3, 4)),
    "at most four: a ramp": ("relu(n - 4)*sum(x)", X, (2, 3, 4)),
    "all but seven: an equality": ("where(n == 7, 1, 0)*sum(x)", X, (2, 3, 4)),
    "all but four of a mask: an equality": ("where(sum(m) == 5, 1, 0)*sum(x)", {"x": "n", "m": "n"}, (2, 3, 4)),
    "between: two choices by a size": ("where((n - 4)*(n - 40) < 0, 1, 0)*sum(x)", X, (2, 3, 4)),
    "at least three: a root of a product": ("(sqrt((n - 3)*(n - 3)*sum(x**2)) - (n - 3)*norm(x))", X, (3, 4, 5)),
    "the first three and the last": ("(sum(x) - x[0] - x[1] - x[2] - x[-1])", X, (4,)),
    "at most fifty: a ramp": ("relu(n - 50)*sum(x)", X, (2, 3, 4)),
    "at most four: a floor": ("floor(n/5)*sum(x)", X, (2, 3, 4)),
    "at most four: a sign": ("(1 - sign(9/2 - n))*sum(x)", X, (2, 3, 4)),
    "at least three: an absolute value": ("(abs(n - 3) - n + 3)*sum(x)", X, (3, 4, 5)),
    "at least three: a root of a square": ("(sqrt((n - 3)**2) - n + 3)*sum(x)", X, (3, 4, 5)),
    "six different indices": (elementary(6, "x"), X, (2, 3, 4, 5)),
    "seven different indices": (elementary(7, "x"), X, (2, 4, 6)),
    "six different indices, under a function": (f"sin({elementary(6, 'x')})", X, (2, 4, 5)),
    "products of sums of five vectors": (apart("xyzuv"), FIVE, (2, 3, 4)),
    "more vectors than entries": (gram("xyzu"), dict.fromkeys("xyzu", "n"), (2, 3)),
    "a mask of five": (elementary(5, "where(x > 0, 1, 0)"), X, (2, 3, 4)),
    "a mask of five, declared": (elementary(5, "m"), {"x": "n", "m": "n"}, (2, 3, 4)),
    "a mask that holds more than four": ("where(sum(m) > 9/2, 1, 0)*sum(x)", {"x": "n", "m": "n"}, (2, 3, 4)),
    "the floor of a mask": ("floor(sum(m)/5)*sum(x)", {"x": "n", "m": "n"}, (2, 3, 4)),
    "the others of a one-hot": (elementary(4, "1 - h"), {"x": "n", "h": "n"}, (2, 3, 4)),
    "the entries of a distribution": (f"{elementary(5, 'q')}*n", {"x": "n", "q": "n"}, (2, 3, 4)),
    "the entries of a softmax": (elementary(5, "softmax(x)"), X, (2, 3, 4)),
    "three entries, under an exponential": ("exp(sum(x)) - exp(x[0] + x[1] + x[2])", X, (3,)),
    "the mean of four": ("sum(x)/4 - mean(x)", X, (4,)),
    "sizes that are equal": ("(n - k)*sum(x)", {"x": "n", "y": "k"}, ()),
    "a large choice by a value": ("where(sum(x**2) > 10**6, 1, 0)*sum(x)", X, (2, 3, 4)),
    "rows apart": (elementary(5, "sum(A, axis=1)"), {"x": "n", "A": "n,k"}, (2, 3, 4)),
    "the rank of a product": (elementary(4, "eigvalsh(A@A.T)"), {"x": "n", "A": "n,3"}, (2, 3)),
}
"""What is claimed to be nothing, the shapes, and some sizes n at which it is."""


def posed(zero: str, shapes: Mapping[str, str]) -> Question:
    """`sum(x)`, and that its gradient is 1 plus what is claimed to be nothing."""
    known = _shapes(shapes)
    variables = {name: Variable(name, shape) for name, shape in known.items()}
    sizes = {"?sizes": tuple(map(Size.named, ("n", "k")))}
    output = elaborate([parse_statement("sum(x)" + "".join(f" + 0*sum({n})" for n in known if n != "x"))], known).output
    form = elaborate([parse_statement(f"ones(n)*(1 + {zero})", limited=False)], {**known, **sizes}).output
    facts = {name: said for name, said in FACTS.items() if name in known}
    return Question(output, variables["x"], {"gradient": form}, variables, facts, Laid(), "delta")


def _shapes(shapes: Mapping[str, str]) -> dict[str, Any]:
    numbers = {name: sizes.split(",") for name, sizes in shapes.items()}
    plain = shapes_of({name: sizes for name, sizes in shapes.items() if "3" not in sizes})
    return plain | {n: (Size.named(s[0]), Size.number(3)) for n, s in numbers.items() if "3" in s}


@pytest.mark.parametrize("kind", WRONG)
def test_it_is_right_at_these_sizes(kind: str) -> None:
    question, rng = posed(*WRONG[kind][:2]), np.random.default_rng(0)
    for n in WRONG[kind][2]:
        sizes = {"n": n, "k": 6}
        values = {}
        for name, variable in question.known.items():
            shape = tuple(size.at(sizes) for size in variable.shape)
            said = question.facts.get(name)
            values[name] = drawn(said, shape, rng) if said else rng.standard_normal(shape)
        assert np.asarray(evaluate(question.forms["gradient"], values, sizes)) == pytest.approx(np.ones(n), abs=1e-8)


@pytest.mark.parametrize("kind", WRONG)
def test_it_gets_no_certificate(kind: str) -> None:
    for seed in range(4):
        found = attempted(posed(*WRONG[kind][:2]), seed, UNHURRIED)
        assert found is None or isinstance(found, Doubt) or not found.every, found


TRUE = {
    "Lagrange's identity": ("sum(x*x)*sum(y*y) - sum(x*y)**2 - sum((outer(x, y) - outer(y, x))**2)/2", "xy"),
    "Newton's identity": (f"{elementary(2, 'x')} - (sum(x)**2 - sum(x**2))/2", "x"),
    "the parallelogram": ("norm(x + y)**2 + norm(x - y)**2 - 2*norm(x)**2 - 2*norm(y)**2", "xy"),
    "a rank of one": ("trace(outer(x, y)@outer(x, y)) - trace(outer(x, y))**2", "xy"),
    "pairs": ("sum((x[:, None] - x[None, :])**2)/2 - n*sum(x**2) + sum(x)**2", "x"),
}


@pytest.mark.parametrize("kind", TRUE)
def test_what_is_true_gets_one(kind: str) -> None:
    zero, names = TRUE[kind]
    found = attempted(posed(zero, dict.fromkeys(names, "n")), 1, UNHURRIED)
    assert isinstance(found, Certificate)
    assert found.every, found
