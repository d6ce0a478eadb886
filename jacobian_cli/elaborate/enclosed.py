"""What stands between bars in mathematics, and what stands above the line."""

from __future__ import annotations

import re
from fractions import Fraction

from jacobian_cli.elaborate.above import beside_number, numbers_at
from jacobian_cli.elaborate.factor_shapes import axes_of, is_row
from jacobian_cli.elaborate.habits import STEPS
from jacobian_cli.elaborate.shaped import Shaped, Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.trees import call_of, spelled_out
from jacobian_cli.expr import Apply
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.identities import COMPARED
from jacobian_cli.ops.table import OF_MATRICES
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, Text, terms_in

_WEIGHT = re.compile(r"([A-ZΣΛΩΓ]\w{0,9}?)(⁻¹|\^\{?-1\}?)?")
"""A matrix below the bars of a norm, or its inverse."""
_HALF = Fraction(1, 2)
_MOST_POWERS = 8


class Enclosed(Shaped):
    """What shapes decide of bars, norms, powers and slopes."""

    def bars(self, term: Call) -> Typed:
        inner = self.typed(term.arguments[0])
        if len(inner[0].shape) == 2 and not is_row(inner[0].shape):
            made = self.op("det", term.span, inner)
            differs = isinstance(term.arguments[0], Call) and term.arguments[0].function == "?minus"
            if differs and self.assumed_in(inner[1]) and not _holds_identity(inner[1]):
                self.doubt_determinant(made[1], inner[1])
            return made
        made = self.op("abs", term.span, inner)
        if inner[0].shape:
            shown = spelled(inner[1])
            self.doubt(f"`abs({shown})` is read, entry by entry; the length of a vector is `norm({shown})`")
        return made

    def assumed_in(self, term: Term) -> bool:
        """Whether nothing was declared of a matrix in a part."""
        return any(self.assumed.get(name) == 2 for name in names_in(term))

    def doubt_determinant(self, taken: Term, inner: Term, power: str = "") -> None:
        """Say of |Y − XW| and |W|² that a matrix has a determinant between bars, and how its norm is written."""
        self.doubt(f"`{spelled(taken)}{power}` is read, a determinant; a norm is `norm({spelled(inner)}){power}`")

    def logbars(self, term: Call) -> Typed:
        inner = self.typed(term.arguments[0])
        if len(inner[0].shape) == 2 and not is_row(inner[0].shape):
            return self.op("logdet", term.span, inner)
        return self.op("log", term.span, self.bars(term))

    def norm(self, term: Call) -> Typed:
        self.want_larger(term.arguments[0], 1)
        inner = self.typed(term.arguments[0])
        (_, kind, *given) = term.arguments
        assert isinstance(kind, Text)
        matrix = len(inner[0].shape) == 2 and not is_row(inner[0].shape)
        shown = spelled(inner[1])
        match kind.value:
            case "2" if matrix:
                made = self.op("spectral_norm", term.span, inner)
                if not self.board:
                    self.doubt(
                        f"`{spelled(made[1])}` is read, the spectral norm; that of all entries is `norm({shown})`"
                    )
                return made
            case "2?" if matrix:
                raise self.error(
                    term.span,
                    "is this the spectral norm, or that of all entries?",
                    f"write `norm({shown}, 2)` or `norm({shown})`",
                )
            case "1" | "inf" if matrix and not self.board:
                order: Term = Literal(Fraction(1), term.span) if kind.value == "1" else Name("inf", term.span)
                call = Call("norm", (inner[1], order), (), term.span)
                return super().build(call), call
            case "1" | "∞" | "inf" | "infty" if matrix:
                along, function, index = ("columns", "sum", "1") if kind.value == "1" else ("rows", "max", "inf")
                raise self.error(
                    term.span,
                    f"is this a norm of {along}, or of all entries?",
                    f"write `norm({shown}, {index})` or `{function}(abs({shown}))`",
                )
            case "*" | "∗" | "nuc" if matrix:
                return self.op("nuclear_norm", term.span, inner)
            case "" | "2" | "2?" | "F" | "f" | "Fro":
                made = self.op("norm", term.span, inner)
                if matrix and not kind.value:
                    name = inner[1].text if isinstance(inner[1], Name) else ""
                    vector = f"; a vector is declared: `-s {name}=n`" if self.assumed.get(name) == 2 else ""
                    others = f"the spectral norm is `norm({shown}, 2)`{vector}"
                    self.doubt(f"`norm({shown})` is read, the Frobenius norm; {others}")
                return made
            case "1" if not matrix:
                return self.op("norm1", term.span, inner)
            case "∞" | "inf" | "infty" if not matrix:
                return self.op("max", term.span, self.op("abs", term.span, inner))
            case "p" if given and matrix:
                hint = f"there are `norm({shown})`, `norm({shown}, 1)`, `norm({shown}, 2)` and `norm({shown}, inf)`"
                raise self.error(term.span, "a matrix has no norm of this order here", hint)
            case "p" if given:
                if isinstance(given[0], Name) and self.assumed.get(given[0].text) == 1:
                    self.strained(given[0].text, 0)
                call = Call("norm", (inner[1], self.typed(given[0])[1]), (), term.span)
                return super().build(call), call
        if (weight := _WEIGHT.fullmatch(kind.value)) and not matrix:  # ‖y − Hx‖²_{R⁻¹}
            within = f"inv({weight[1]})" if weight[2] else weight[1]
            row = call_of("@", call_of(".T", inner[1]), Name(within, term.span))
            square = spelled(call_of("@", row, inner[1]))
            raise self.error(term.span, "a norm with a matrix below it is not read", f"its square is `{square}`")
        raise self.error(
            term.span,
            f"the norm with the index {kind.value[:20]} is not in the language",
            f"there are `norm({shown})`, `norm({shown}, 1)`, `norm({shown}, inf)` and, of a vector, `norm(x, 3)`",
        )

    def power(self, term: Call) -> Typed:
        base, exponent = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        self.want_no_index(term, base, exponent[1])
        above = term.arguments[1]
        compared = [isinstance(part, Call) and part.function in COMPARED for part in term.arguments]
        if compared[1] or (compared[0] and isinstance(above, Literal) and above.value == 1):
            message = "is this a power, or that one of the two alone holds?"
            two = spelled(call_of("!=", base[1], exponent[1]))
            hint = f"one of the two alone is `{two}`, the power `{spelled(call_of('**', base[1], exponent[1]))}`"
            raise self.error(term.span, message, hint)
        if isinstance(above, Name) and base[0].shape and self.assumed.get(above.text) == 1:  # x^p
            self.strained(above.text, 0)
        if self.upright and base[0].shape[1:] == () and len(exponent[0].shape) < 2:
            broad = any(self.build(Name(name, term.span)).shape for name in names_in(term.arguments[0]))
            order = len(base[0].shape)
            if names := numbers_at(term, self.assumed, self.standing, base=order, made=broad):
                self.strained(names[0], 0, *names[1:])
        whole = term.arguments[1].value if isinstance(term.arguments[1], Literal) else None
        if axes_of(exponent[0].shape) == 2:
            if base[0].shape:
                raise self.error(term.span, "a matrix above the line cannot be read", "entry by entry it is `A**B`")
            made = self.op("**", term.span, base, exponent)
            self.entrywise("the power with a matrix as its exponent is not in the language", made[1])
            return made
        if len(base[0].shape) < 2:
            match base[1]:
                case Call(function="det", arguments=(inner,)) if whole == 2 and self.barred(term):
                    if self.assumed_in(inner) and not (isinstance(inner, Call) and inner.function == "-"):
                        self.doubt_determinant(base[1], inner, "**2")
            return self.op("**", term.span, base, exponent)
        if is_row(base[0].shape):
            return self.op("**", term.span, base, exponent)
        if whole is None or whole.denominator != 1 or not 0 < abs(whole) <= _MOST_POWERS:
            capitals = [name for name in names_in(term.arguments[0]) if self.assumed.get(name) == 2]
            if self.upright and len(capitals) == 1 and beside_number(term.arguments[0]):  # (1 + rN)^{1/k}
                self.strained(capitals[0], 0)
            hint = f"entry by entry it is `{spelled(Call('**', (base[1], exponent[1]), (), term.span))}`"
            if whole == _HALF:
                hint = f"the root of a matrix is `{spelled(Call('sqrtm', (base[1],), (), term.span))}`; {hint}"
            raise self.error(term.span, "this power of a matrix is not in the language", hint)
        if whole < 0:
            base = self.op("inv", term.span, base)
        total = base
        for _ in range(int(abs(whole)) - 1):
            total = self.op("@", term.span, total, base)
        if whole > 1:
            shown = spelled(Call("**", (base[1], exponent[1]), (), term.span))
            self.doubt(f"`{spelled(total[1])}` is read, the matrix power; entry by entry it is `{shown}`")
        return total

    def barred(self, term: Call) -> bool:
        """Whether a power is that of what stands between bars."""
        base = term.arguments[0]
        return isinstance(base, Call) and base.function == "?bars"

    def want_no_index(self, term: Call, base: Typed, plain: Term) -> None:
        """Refuse x − z^k, whose k is an index, and b^1; say so of a^k where a power fits as well."""
        name, above = term.arguments
        if not (self.upright and isinstance(name, Name) and base[0].shape):
            return
        if isinstance(above, Literal) and above.value == 1 and self.text[term.span.stop :].lstrip()[:1] != "/":
            hint = f"an index is written `{name.text}_1`; the power is `{name.text}` itself"
            raise self.error(term.span, "is this an index, or a power?", hint)
        found = self.iterates.get(id(term))
        if found is None or self.assumed.get(found.letter) is None:
            return
        index = f"{found.name}_{found.above}" if len(found.above) == 1 else f"{found.name}_{{{found.above}}}"
        axes = "n" if len(base[0].shape) == 1 else "n,m"
        declared = f" with `-s {index}={axes}`" if found.above in ("i", "j", "k") else ""
        shown = spelled(Call("**", (base[1], plain), (), term.span))
        ways = f"an index is `{index}`{declared}, a power is meant with `-s {found.letter}=()`"
        if axes_of(base[0].shape) == 2:
            ways = f"an index is `{index}`{declared}; of a matrix no such power is read, entry by entry it is `{shown}`"
        if found.as_vector or (axes_of(base[0].shape) == 2 and found.letter in STEPS):
            raise self.error(term.span, "is this an index, or a power?", ways)
        if found.letter in STEPS:
            self.doubt(f"`{shown}` is read, a power entry by entry; {ways}")

    def exponential(self, term: Call) -> Typed:
        self.want_time(term.arguments[0])
        exponent = self.typed(term.arguments[0])
        made = self.op("exp", term.span, exponent)
        if axes_of(exponent[0].shape) == 2:
            self.entrywise(OF_MATRICES["exp"], made[1])
        return made

    def slope(self, term: Call) -> Typed:
        """σ′(z): what the table has for the derivative of the function."""
        (call,) = term.arguments
        expr, plain = self.typed(call)
        assert isinstance(expr, Apply)
        assert isinstance(plain, Call)
        row = FUNCTIONS[expr.function]
        made = spelled_out(row.derivative[0], {row.parameters[0]: plain.arguments[0], "ans": plain}, term.span)
        return self.build(made), made


def _holds_identity(term: Term) -> bool:
    """Whether an identity is in a part, as in |A − λI|."""
    return any(isinstance(part, Call) and part.function == "eye" for part in terms_in(term))
