"""Where numbers modulo a prime say nothing of a function, or doubt what an identity of functions makes equal: the same
comparison in real numbers of 80 digits, to 30 of them. It is no proof.

Derivatives are central differences with a step so small that their error is beyond these digits: no rule is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from math import prod
from typing import Any

import mpmath
import numpy as np

from jacobian_cli.checks.every_size.asked import asked_sizes
from jacobian_cli.checks.every_size.certificate import Certificate, Doubt, Sizes
from jacobian_cli.checks.every_size.certify import CHOICES, certified
from jacobian_cli.checks.every_size.expand import UnknownError, constant, expanded
from jacobian_cli.checks.every_size.point import KERNELS
from jacobian_cli.checks.every_size.question import TIED, Question
from jacobian_cli.checks.points.constrained import drawn
from jacobian_cli.checks.points.sampling import fits
from jacobian_cli.evaluate.evaluate import lengths, resolved
from jacobian_cli.evaluate.pairwise import plan
from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Variable, size_names, walk
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.facts import everything

Array = Any
DIGITS = 30
_WORKING, _STEP = 80, 20
"""Digits that are computed with, and of the step: its square is beyond the digits compared, and so is what is lost."""
_WORK = 45_000
"""Numbers of so many digits that may be multiplied: about a tenth of a second."""
_FUNCTION, _NODE = 12, 20
"""What a function costs, and each node beside its entries."""
_OF_MATRIX = {
    **dict.fromkeys(("inv", "det", "logdet", "cholesky", "pinv"), 8),
    **dict.fromkeys(("expm", "eigvalsh", "eigvecs", "sqrtm"), 20),
    **dict.fromkeys(("polar", "svdvals", "spectral_norm", "nuclear_norm"), 25),
}
"""What each of the n³ steps of a function of a matrix costs."""
_BRANCHED = CHOICES | {"where"}
_INEXACT = frozenset(("orthogonal", "sums_to_one"))
"""Facts that hold of floating-point numbers in their digits only."""
_NAMES = {
    "exp": "exp", "sin": "sin", "cos": "cos", "erf": "erf", "arcsin": "asin", "arctan": "atan", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh", "erfinv": "erfinv", "digamma": "digamma", "polygamma": "psi",
    "log": "log",
}  # fmt: skip
"""What functions of entries are called there."""


class NotComparedError(Exception):
    """There is no real value, or it would take too long."""


def settled(question: Question) -> Certificate | Doubt | None:
    """The certificate of a formula and its derivative: exact, or else to so many digits."""
    found = certified(question)
    if isinstance(found, Certificate):
        return found
    try:
        return to_digits(question) or found
    except Exception:  # noqa: BLE001 - an answer that was checked by others does not fall with its certificate
        return found


def to_digits(question: Question, seed: int = 1) -> Certificate | None:
    """Compare at the sizes that a proof would ask for, as far as time allows; None where the digits differ, or where
    nothing could be compared.
    """
    names = tuple(size_names([question.output, *question.known.values()]))
    spared = {name for name, facts in question.facts.items() if everything(facts) & _INEXACT}
    if not names or spared:
        return None
    try:
        output = expanded(question.output)
        forms = {name: expanded(form) for name, form in question.forms.items() if name not in TIED}
        asked = asked_sizes(question, output, forms, names)
    except (UnknownError, RecursionError):
        return None
    if any(isinstance(node, Apply) and node.function in _BRANCHED for node in walk([output, *forms.values()])):
        return None  # a point is of one branch, and digits of it say nothing of another
    compared, numbers = list[Sizes](), Numbers(_WORK)
    with suppress(NotComparedError, UnknownError, ArithmeticError, ValueError):
        for sizes in asked.sizes:
            if not _agree(question, output, forms, numbers.at(sizes), seed + len(compared)):
                return None
            compared.append(sizes)
    if not compared:
        return None
    why = asked.why or ("" if len(compared) == len(asked.sizes) else "that would take too long")
    return Certificate(names, compared, 0, asked.most, why, digits=DIGITS)


def _agree(question: Question, output: Expr, forms: Mapping[str, Expr], at: Numbers, seed: int) -> bool:
    """Whether all forms say the same at one point, along one direction of the output and one of the variable."""
    if not fits([output, *question.known.values()], at.sizes):
        raise NotComparedError
    rng = np.random.default_rng(seed)
    values = _point(question, output, at, rng)
    draw: Callable[[Expr], Array] = lambda variable: at.exact(rng.standard_normal(lengths(variable.shape, at.sizes)))  # noqa: E731 - used thrice, here
    along, upstream = draw(question.wrt), draw(question.output)
    values |= {question.upstream: upstream, question.tangent: along}
    first = _moved(at, output, values, {question.wrt.name: along})
    agree = True
    for name, form in forms.items():
        found = np.asarray(at.value(form, values), object)
        if name.startswith("hessian "):
            other = name.removeprefix("hessian ")
            across = draw(question.known[other])
            true = _moved(at, output, values, {question.wrt.name: along}, {other: across})
            rows, columns = question.laid.flat(np.multiply.outer(upstream, along)), question.laid.flat(across)
            parts = rows[:, None] * np.reshape(found, (len(rows), -1)) * columns
            truth = upstream * true
        elif name == "jacobian":
            rows, columns = question.laid.flat(upstream), question.laid.flat(along)
            if question.laid.turned:
                rows, columns = columns, rows
            parts, truth = rows[:, None] * np.reshape(found, (len(rows), -1)) * columns, upstream * first
        elif name == "jvp":
            parts, truth = upstream * np.reshape(found, np.shape(upstream)), upstream * first
        else:
            scale = upstream if name == "gradient" else 1
            parts, truth = scale * along * np.reshape(found, np.shape(along)), upstream * first
        agree = agree and at.same(parts, truth)
    return agree


def _point(question: Question, output: Expr, at: Numbers, rng: np.random.Generator) -> dict[str, Array]:
    """Values of the variables for which the formula has one. Raises `NotComparedError` where none of a few has."""
    for low, high in ((0.0, 0.0), (0.1, 0.9), (1.0, 3.0)):
        values: dict[str, Array] = {}
        for name, variable in question.known.items():
            said, shape = question.facts.get(name), lengths(variable.shape, at.sizes)
            free = rng.uniform(low, high, shape) if high else rng.standard_normal(shape)
            values[name] = at.exact(drawn(said, shape, rng) if said else free)
        values |= {name: values[other] for name, other in question.alike.items()}
        with suppress(NotComparedError, ArithmeticError, ValueError):
            at.value(output, values)
            return values
    raise NotComparedError


def _moved(at: Numbers, output: Expr, values: Mapping[str, Array], *directions: Mapping[str, Array]) -> Array:
    """The derivative along one direction after the other."""
    total = 0
    step = at.real.mpf(10) ** -(_STEP if len(directions) == 1 else _STEP * 3 // 4)
    for signs in np.ndindex(*(2,) * len(directions)):
        moved = dict(values)
        for sign, direction in zip(signs, directions, strict=True):
            for name, along in direction.items():
                moved[name] = moved[name] + (2 * sign - 1) * step * along
        total = total + prod(2 * sign - 1 for sign in signs) * np.asarray(at.value(output, moved), object)
    return total / (2 * step) ** len(directions)


class Numbers:
    """Values of expressions in few functions (see `expand`), in real numbers of many digits."""

    def __init__(self, work: int, sizes: Sizes | None = None) -> None:
        self.real = mpmath.mp.clone()  # the precision of another context is nobody else's
        self.real.dps = _WORKING
        self.sizes: Sizes = sizes or {}
        self.left = work

    def at(self, sizes: Sizes) -> Numbers:
        """The same at these sizes."""
        self.sizes = sizes
        return self

    def exact(self, value: Array) -> Array:
        """Floating-point numbers as they are."""
        self.spend(4 * int(np.size(value)))
        return self.each(self.real.mpf, np.asarray(value, float))

    def same(self, parts: Array, truth: Array) -> bool:
        """Whether two sums are the same to so many digits of the largest of what is added."""
        self.spend(4 * int(np.size(parts)))
        largest = max(np.max(np.abs(parts)), np.max(np.abs(truth)))
        return bool(abs(np.sum(parts) - np.sum(truth)) <= largest * self.real.mpf(10) ** -DIGITS)

    def each(self, function: Any, *arguments: Array) -> Array:
        """A function of each entry. Raises `NotComparedError` where it is no real number."""
        found = np.frompyfunc(function, len(arguments), 1)(*arguments)
        for entry in np.ravel(np.asarray(found, object)):
            if isinstance(entry, self.real.mpc) or not self.real.isfinite(entry):
                raise NotComparedError
        return found

    def value(self, expr: Expr, values: Mapping[str, Array]) -> Array:
        """The value of an expression, given those of its variables."""
        found: dict[Expr, Array] = {}
        for node in walk([expr]):
            if node not in found:
                found[node] = self._value(node, [found[child] for child in node.children], values)
        return found[expr]

    def _value(self, node: Expr, arguments: Sequence[Array], values: Mapping[str, Array]) -> Array:
        match node:
            case Variable(name):
                return values[name]
            case Number(value):
                return self._fraction(value)
            case Extent(size):
                return self.real.mpf(size.at(self.sizes))
            case Constant("pi" | "e" as name):
                return +getattr(self.real, name)
            case Apply():
                self._spend(node)
                return self._applied(node, arguments)
        raise NotComparedError

    def _fraction(self, value: Fraction) -> Any:
        return self.real.mpf(value.numerator) / value.denominator

    def _spend(self, node: Apply) -> None:
        made = prod(lengths(node.shape, self.sizes))
        parts = [lengths(a.shape, self.sizes) for a in node.arguments]
        if "subscripts" in dict(node.parameters):
            made = 2 * sum(step.operations for step in plan(dict(node.parameters)["subscripts"], tuple(parts)))
        elif FUNCTIONS[node.function].kind is Kind.CONTRACTION:
            made *= 2 * max((part[-1] for part in parts if part), default=1)
        elif node.function in _OF_MATRIX:
            made = _OF_MATRIX[node.function] * max(parts[0]) ** 3
        elif node.function in _NAMES or node.function == "**":
            made *= _FUNCTION
        self.spend(_NODE + made)

    def spend(self, work: int) -> None:
        """Count what is multiplied. Raises `NotComparedError` where that is too much."""
        self.left -= work
        if self.left < 0:
            raise NotComparedError

    def _applied(self, node: Apply, arguments: Sequence[Array]) -> Array:
        name, options = node.function, dict(node.parameters)
        first: Array = arguments[0] if arguments else None
        axes = tuple(options.get("axis", ())) or None
        match name:
            case "+":
                return arguments[0] + arguments[1]
            case "*":
                return arguments[0] * arguments[1]
            case "**":
                return self._power(first, constant(node.arguments[1]))
            case "prod":
                return np.prod(first, axis=axes, keepdims=bool(options.get("keepdims")))
            case "cumprod":
                return np.cumprod(first, axis=(axes or (-1,))[0])
            case "lgamma":
                return self.each(lambda a: self.real.log(abs(self.real.gamma(a))), first)
        if name in _NAMES:
            return self.each(getattr(self.real, _NAMES[name]), *arguments)
        if name in _OF_MATRIX:
            return self._of_matrix(name, first)
        return self._rearranged(node, arguments)

    def _power(self, x: Array, exponent: Fraction | None) -> Array:
        if exponent is None:
            raise NotComparedError
        if exponent.denominator == 1:
            return self.each(lambda a: a ** int(exponent), x)
        if exponent.denominator % 2 == 0:
            return self.each(lambda a: a ** self._fraction(exponent), x)
        sign = exponent.numerator % 2
        return self.each(lambda a: self.real.sign(a) ** sign * abs(a) ** self._fraction(exponent), x)

    def _of_matrix(self, name: str, x: Array) -> Array:
        if np.ndim(x) != 2:
            raise NotComparedError
        real, matrix = self.real, self.real.matrix(np.asarray(x, object).tolist())
        match name:
            case "inv":
                return _entries(matrix**-1)
            case "det":
                return real.det(matrix)
            case "logdet":
                return self.each(real.log, abs(real.det(matrix)))
            case "cholesky":
                return _entries(real.cholesky((matrix + matrix.T) / 2))
            case "expm":
                return _entries(real.expm(matrix, method="taylor"))
            case "pinv":
                tall = matrix.rows >= matrix.cols
                return _entries((matrix.T * matrix) ** -1 * matrix.T if tall else matrix.T * (matrix * matrix.T) ** -1)
            case "eigvalsh" | "eigvecs" | "sqrtm":
                found, vectors = real.eigsy((matrix + matrix.T) / 2)
                found, vectors = _entries(found)[:, 0], _entries(vectors)
                if name == "eigvalsh":
                    return found
                if name == "sqrtm":
                    return vectors * self.each(real.sqrt, found) @ vectors.T
                return vectors * [real.sign(max(column, key=abs)) for column in vectors.T]
        left, found, right = real.svd_r(matrix)
        if name == "polar":
            return _entries(left * right)
        found = _entries(found)[:, 0]
        return found if name == "svdvals" else found[0] if name == "spectral_norm" else np.sum(found)

    def _rearranged(self, node: Apply, arguments: Sequence[Array]) -> Array:
        row = FUNCTIONS[node.function]
        kernel = KERNELS.of(row)
        if kernel is None or not (row.kind in (Kind.CONTRACTION, Kind.SHAPE) or node.function in ("sum", "cumsum")):
            raise UnknownError(node.function)
        options = {key: resolved(value, self.sizes) for key, value in node.parameters}
        places = [name in row.places for name in row.parameters]
        given = [np.asarray(a, int if k < len(places) and places[k] else object) for k, a in enumerate(arguments)]
        return np.reshape(np.asarray(kernel(*given, **options), object), lengths(node.shape, self.sizes))


def _entries(matrix: Any) -> Array:
    return np.array([[matrix[i, j] for j in range(matrix.cols)] for i in range(matrix.rows)], object)
