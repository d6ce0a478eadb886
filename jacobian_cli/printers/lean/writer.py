"""Expressions as terms of Lean: in matrix notation where there is one, entry by entry elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from jacobian_cli.expr import Apply, Constant, Expr, Extent, Number, Variable
from jacobian_cli.printers.lean.meanings import DOMAINS, REAL, meant, plain, positive, rational
from jacobian_cli.printers.lean.names import LeanError, Names, forall, joined, squeezed
from jacobian_cli.shape import ONE, Shape, Size

ATOM, CALL, POWER, VECTOR, TIMES, SUM, PLUS, FUN = 1024, 1023, 75, 73, 70, 67, 65, 0
"""How tightly notation binds; what is called, and what matrix notation joins, is an atom or a call."""
_INFIX = {"+": (" + ", PLUS), "-": (" - ", PLUS), "*": (" * ", TIMES), "/": (" / ", TIMES)}


@dataclass(frozen=True, slots=True)
class Text:
    """Notation, and how tightly its outermost sign binds."""

    text: str
    level: int

    def at(self, level: int) -> str:
        """In brackets where it binds less."""
        return self.text if self.level >= level else f"({self.text})"


Indices = tuple[str, ...]
"""An index for each axis; nothing stands for that of an axis of length one."""


class Writer:
    """One formula; the conditions are under which its functions are differentiable there."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._conditions: dict[str, None] = {}

    @property
    def conditions(self) -> list[str]:
        """Under which functions are what their names say."""
        return list(self._conditions)

    def value(self, expr: Expr) -> Text:
        """A value as a whole."""
        expr = plain(expr)
        axes = squeezed(expr.shape)
        if len(axes) > 2:
            raise LeanError(f"a value of {len(axes)} axes")
        if not axes:
            return self.entry(expr, ("",) * len(expr.shape))
        whole = self._whole(expr)
        if whole is not None:
            return whole
        indices = tuple("" if size is ONE else self.names.index(size) for size in expr.shape)
        entry = self.entry(expr, indices).text
        bound = " ".join(f"({i} : {self.names.indices[i]})" for i in indices if i)
        return Text(f"{'Matrix.of ' * (len(axes) == 2)}fun {bound} => {entry}", FUN)

    def _whole(self, expr: Expr) -> Text | None:
        """A value in matrix notation, where there is one for it."""
        match expr:
            case Variable(name):
                return Text(self.names.of(name), ATOM)
            case Apply("+" | "-" as name, (a, b)) if a.shape == b.shape:
                sign, level = _INFIX[name]
                return Text(f"{self.value(a).at(level)}{sign}{self.value(b).at(level + 1)}", level)
            case Apply("*", (a, b)) if not squeezed(a.shape) and b.shape == expr.shape:
                return self._scaled(a, b)
            case Apply("u-", (a,)):
                return Text(f"-{self.value(a).at(CALL)}", POWER)
            case Apply(".T", (a,)):
                return self._turned(a)
            case Apply("transpose", (a,)) if len(squeezed(a.shape)) < 2:
                return self.value(a)
            case Apply("transpose", (a,)) if len(a.shape) == 2:
                return self._turned(a)
            case Apply("@", (a, b)):
                return self._times(a, b)
            case Apply("outer", (a, b)) if len(squeezed(a.shape)) == len(squeezed(b.shape)) == 1:
                return Text(f"Matrix.vecMulVec {self.value(a).at(ATOM)} {self.value(b).at(ATOM)}", CALL)
            case Apply("diag", (a,)) if len(a.shape) == 1 and len(squeezed(expr.shape)) == 2:
                return Text(f"Matrix.diagonal {self.value(a).at(ATOM)}", CALL)
            case Apply("eye") if len(squeezed(expr.shape)) == 2 and expr.shape[0] is expr.shape[1]:
                return Text(f"(1 : {self.names.type_of(expr.shape)})", ATOM)
            case Apply("[]" | "reshape", (a,)) if squeezed(a.shape) == squeezed(expr.shape) and _whole_axes(expr):
                return self.value(a)
        return None

    def _turned(self, a: Expr) -> Text:
        inner = self.value(a)
        return inner if len(squeezed(a.shape)) < 2 else Text(f"{inner.at(ATOM)}ᵀ", ATOM)

    def _times(self, a: Expr, b: Expr) -> Text | None:
        """A product of matrices, of which some may be rows, columns or numbers."""
        if len(a.shape) > 2 or len(b.shape) > 2 or not a.shape or not b.shape:
            return None
        rows, inner = (ONE, a.shape[0]) if len(a.shape) == 1 else a.shape
        columns = b.shape[1] if len(b.shape) == 2 else ONE
        if len(a.shape) == 1 and len(b.shape) == 2 and b.shape[0] is ONE:
            rows, inner = a.shape[0], ONE  # a column times a row
        first, second = self.value(a), self.value(b)
        tall, wide = rows is not ONE, columns is not ONE
        if inner is ONE:
            if tall and wide:
                return Text(f"Matrix.vecMulVec {first.at(ATOM)} {second.at(ATOM)}", CALL)
            return self._scaled(b, a) if tall else self._scaled(a, b)
        if tall and wide:
            return Text(f"{first.at(TIMES)} * {second.at(TIMES + 1)}", TIMES)
        sign = " *ᵥ " if tall else " ᵥ* " if wide else " ⬝ᵥ "
        return Text(f"{first.at(CALL)}{sign}{second.at(CALL)}", VECTOR - (sign == " ⬝ᵥ "))

    def _scaled(self, scale: Expr, vector: Expr) -> Text:
        number = self.value(scale).at(CALL)
        return Text(f"{f'({number} : ℝ)' if number.isdigit() else number} • {self.value(vector).at(CALL)}", VECTOR)

    def entry(self, expr: Expr, at: Indices) -> Text:
        """One entry of a value."""
        expr = plain(expr)
        match expr:
            case Number(value):
                return _number(value)
            case Extent(size):
                return self._extent(size)
            case Constant("pi"):
                return Text("Real.pi", ATOM)
            case Constant("e"):
                return Text("Real.exp 1", CALL)
            case Constant(name):
                raise LeanError(name)
            case Apply():
                found = self._applied(expr, at)
                if found is not None:
                    return found
        whole = self._whole(expr)
        if whole is None:
            raise LeanError(expr.function if isinstance(expr, Apply) else "this")
        inside = [index for index in at if index]
        return Text(joined([whole.at(ATOM), *inside]), CALL) if inside else whole

    def _applied(self, node: Apply, at: Indices) -> Text | None:
        name, arguments = node.function, node.arguments
        if name in _INFIX:
            sign, level = _INFIX[name]
            first, second = (self.entry(a, _aligned(at, a.shape)) for a in arguments)
            if name == "/" and not positive(arguments[1]):
                self._ask("{} ≠ 0", second)
            return Text(f"{first.at(level)}{sign}{second.at(level + 1)}", level)
        match name:
            case "u-":
                return Text(f"-{self.entry(arguments[0], _aligned(at, arguments[0].shape)).at(CALL)}", POWER)
            case "**":
                return self._power(arguments[0], rational(arguments[1]), _aligned(at, arguments[0].shape))
            case "sum":
                return self._sum(node, at)
            case "trace":
                return Text(f"Matrix.trace {self.value(arguments[0]).at(ATOM)}", CALL)
            case "diag" | "diagonal" if len(arguments[0].shape) == 2 and len(node.shape) == 1:
                return self.entry(arguments[0], at * 2)
            case "einsum":
                return self._einsum(node, at)
            case "ones":
                return Text("(1 : ℝ)", ATOM)
            case "zeros":
                return Text("(0 : ℝ)", ATOM)
            case "@":
                return None if squeezed(node.shape) or _matrices(node) else self._times(*arguments)
            case "[]" | "reshape" if squeezed(arguments[0].shape) == squeezed(node.shape) and _whole_axes(node):
                there = iter([index for index, size in zip(at, node.shape, strict=True) if size is not ONE])
                return self.entry(arguments[0], tuple("" if s is ONE else next(there) for s in arguments[0].shape))
        if name in REAL:
            inner = self.entry(arguments[0], _aligned(at, arguments[0].shape))
            for condition in DOMAINS.get(name, ()):
                if not (condition.startswith("0 <") and positive(arguments[0])):
                    self._ask(condition, inner)
            return Text(f"{REAL[name]} {inner.at(ATOM)}", CALL)
        definition = meant(node)
        return None if definition is None else self.entry(definition, at)

    def _power(self, x: Expr, exponent: Fraction | None, at: Indices) -> Text:
        if exponent is None:
            raise LeanError("a power that is no rational number")
        inner = self.entry(x, at)
        if exponent.denominator == 1 and exponent >= 0:
            return Text(f"{inner.at(CALL)} ^ {exponent}", POWER)
        if not positive(x):
            self._ask("{} ≠ 0" if exponent.denominator == 1 else "0 < {}", inner)
        if exponent.denominator == 1:
            return Text(f"1 / {inner.at(CALL)} ^ {-exponent}", TIMES)
        return Text(f"{inner.at(CALL)} ^ ({exponent.numerator} / {exponent.denominator} : ℝ)", POWER)

    def _sum(self, node: Apply, at: Indices) -> Text:
        (x,) = node.arguments
        options = dict(node.parameters)
        over = {a % len(x.shape) for a in options.get("axis", range(len(x.shape)))} if x.shape else set()
        there = iter(at if not options.get("keepdims") else [a for k, a in enumerate(at) if k not in over])
        inner = tuple(
            ("" if size is ONE else self.names.index(size)) if k in over else next(there)
            for k, size in enumerate(x.shape)
        )
        return self._over([inner[k] for k in sorted(over) if inner[k]], self.entry(x, inner))

    def _over(self, indices: Sequence[str], body: Text) -> Text:
        if not indices:
            return body
        return Text("".join(f"∑ {i} : {self.names.indices[i]}, " for i in indices) + body.at(SUM), SUM)

    def _einsum(self, node: Apply, at: Indices) -> Text:
        inputs, output = dict(node.parameters)["subscripts"].split("->")
        letters = inputs.split(",")
        known = dict(zip(output, at, strict=True))
        summed = []
        for part, argument in zip(letters, node.arguments, strict=True):
            for letter, size in zip(part, argument.shape, strict=True):
                if letter not in known:
                    known[letter] = "" if size is ONE else self.names.index(size)
                    summed += [known[letter]] * (size is not ONE)
        factors = [
            self.entry(a, tuple(map(known.__getitem__, p))) for a, p in zip(node.arguments, letters, strict=True)
        ]
        body = factors[0]
        for factor in factors[1:]:
            body = Text(f"{body.at(TIMES)} * {factor.at(TIMES + 1)}", TIMES)
        return self._over(summed, body)

    def _extent(self, size: Size) -> Text:
        if size.value is not None:
            return _number(Fraction(size.value))
        name = size.name
        text = self.names.sizes[name] if name is not None else self.names.natural(size)
        return Text(f"({text} : ℝ)" if name is not None else f"(({text} : ℕ) : ℝ)", ATOM)

    def _ask(self, condition: str, inner: Text) -> None:
        """Add a hypothesis, for all values of the indices that are free in it."""
        said = condition.format(inner.at(ATOM if "cos" in condition else PLUS))
        bound = set(re.findall(r"(?:∑ |\()(\w+) : Fin", said))
        free = [i for i in dict.fromkeys(re.findall(r"\w+", said)) if i in self.names.indices and i not in bound]
        self._conditions.setdefault(forall([(i, self.names.indices[i]) for i in free], said))


def _matrices(node: Apply) -> bool:
    return any(len(a.shape) > 2 for a in node.arguments)


def _whole_axes(node: Expr) -> bool:
    """Whether axes of length one come or go, and nothing else."""
    if not isinstance(node, Apply) or node.function != "[]":
        return True
    return all(
        item is None or item == 0 or (isinstance(item, tuple) and set(item) <= {None})
        for item in dict(node.parameters)["index"]
    )


def _aligned(at: Indices, shape: Shape) -> Indices:
    """The indices of an operand that is broadcast."""
    there = at[len(at) - len(shape) :]
    return tuple("" if size is ONE else index for index, size in zip(there, shape, strict=True))


def _number(value: Fraction) -> Text:
    if value < 0:
        return Text(f"-{_number(-value).at(CALL)}", POWER)
    if value.denominator == 1:
        return Text(str(value), ATOM)
    return Text(f"({value.numerator} / {value.denominator} : ℝ)", ATOM)
