"""What a raised T or t makes of what stands before it: its transpose, or a power, for these are written alike."""

from __future__ import annotations

import re

from jacobian_cli.elaborate.enclosed import Enclosed
from jacobian_cli.elaborate.factor_shapes import is_row
from jacobian_cli.elaborate.habits import habit
from jacobian_cli.elaborate.letter_e import E
from jacobian_cli.elaborate.shaped import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.trees import call_of
from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, parts_of

_LETTER = re.compile(r"\^\s*[{(]?\s*[-−]?\s*([tT])\s*[)}]?$|(ᵗ)$")
"""A letter above the line, which may be an exponent as ⊤ and ᵀ are not."""
_PRODUCTS = frozenset("?beside ?dot ?star ?inner @".split())
_BEFORE, _BEHIND = ("", *"([{+-−=|,/"), ("", *")]}+-−/|,;")
"""What stands around a part that is no factor."""
_SUMS = frozenset(("?plus", "?minus"))


class Transposes(Enclosed):
    """Types what stands before a sign of transposition."""

    def build(self, term: Term) -> Expr:
        if isinstance(term, Call) and term.function == "/":
            self.want_no_row_below(term.arguments[1])
        return super().build(term)

    def transposed(self, term: Call) -> Typed:
        """ᵀ; of a batch, of each matrix; of a number, a power."""
        (base,) = term.arguments
        inner = self.typed(base)
        order, mark = len(inner[0].shape), self.letter_above(term)
        names = names_in(base)
        greek = [name for name in names if name in self.assumed and habit(name) == 0]
        numbers = [name for name in greek if not self.assumed[name]]
        if mark == "t" and names and greek == names:  # γ^t
            raise self.no_transpose(term, inner, greek)
        if not order and numbers:  # θ^T, (α − 1)ᵀ
            self.strained(numbers[0], 1, *numbers[1:])
        elif not order and not _of_product(base):
            return self.raised_by(term, inner)
        self.want_transpose(term, inner, mark)
        return self.op(".T", term.span, inner) if order < 3 else self.turned(inner, (order - 2, order - 1), term.span)

    def want_transpose(self, term: Call, inner: Typed, mark: str) -> None:
        """Refuse (1 + r)^t, and (1 + r)^T where nothing is multiplied with the row; say of θ^T that a T is a number."""
        (base,) = term.arguments
        power = self.number_above(term)
        if not mark or not inner[0].shape:
            return
        inverted = _inverted(term)
        if _with_number(inverted or base):
            before, behind = self.around(term)
            if mark == "t" or inverted or not (before or behind):
                raise self.no_transpose(term, inner, [])
            grows = isinstance(base, Call) and base.function == "?plus"  # (1 − y)ᵀ is a row more often than not
            power = power if behind and not grows else Name(mark, term.span)
        elif not all(name == E or habit(name) == 0 for name in names_in(base)):
            return
        if power is not None:
            taken, other = spelled(call_of(".T", inner[1])), spelled(call_of("**", inner[1], power))
            self.doubt(
                f"`{taken}` is read, a transpose; a power is `{other}`, where {mark} is declared: `-s {mark}=()`"
            )

    def want_no_steps(self, term: Call) -> None:
        """Refuse x^t + γv^t, rows that nothing is multiplied with: the t may number steps."""
        names = [*map(self.stepped, term.arguments)]
        if all(names):
            indexed = " and ".join(f"`{name}_t`" for name in dict.fromkeys(names))
            rows = " and ".join(f"`{name}.T`" for name in dict.fromkeys(names))
            hint = f"an index is written {indexed}; a transpose {rows}"
            raise self.error(term.span, "is this an index of steps, or a transpose?", hint)

    def stepped(self, part: Term) -> str:
        """The name in x^t and γv^t."""
        while isinstance(part, Call) and part.function == "u-":
            (part,) = part.arguments
        *before, last = part.arguments if isinstance(part, Call) and part.function == "?beside" else (part,)
        match last:
            case Call(function="?T", arguments=(Name(text=name),)) if self.letter_above(last) == "t":
                return "" if any(self.build(one).shape for one in before) else name
        return ""

    def around(self, term: Call) -> tuple[bool, bool]:
        """Whether a factor stands before a part, and whether one stands behind it."""
        before, behind = self.text[: term.span.start].rstrip()[-1:], self.text[term.span.stop :].lstrip()[:1]
        return before not in _BEFORE, behind not in _BEHIND

    def letter_above(self, term: Call) -> str:
        """The letter that marks a transpose, if it is one."""
        found = _LETTER.search(self.text[: term.span.stop], term.span.start)
        return (found[1] or "t") if found else ""

    def number_above(self, term: Call) -> Term | None:
        """The name above the line, where it is known and a number."""
        power = next((name for _, name in term.keywords), None)
        return power if power is not None and not self.build(power).shape else None

    def raised_by(self, term: Call, inner: Typed) -> Typed:
        """(1 + r)^T of numbers, where T is a name that is known."""
        for _, power in term.keywords:
            if isinstance(power, Name) and self.assumed.get(power.text):
                self.strained(power.text, 0)
            exponent = self.typed(power)
            if (base := _inverted(term)) is not None:
                inner, exponent = self.typed(base), self.op("u-", term.span, exponent)
            return self.op("**", term.span, inner, exponent)
        raise self.no_transpose(term, inner, [])

    def no_transpose(self, term: Call, inner: Typed, numbers: list[str]) -> InputError:
        """That a power may be meant, and how it is written."""
        mark, shown, base = self.letter_above(term), inner[1], _inverted(term)
        exponent = mark or "T"
        above: Term = Name(exponent, term.span)
        if base is not None:
            shown, above = self.plain(base), call_of("u-", above)
        message, certain = "is this a power or a transpose?", not (numbers or inner[0].shape)
        power = spelled(call_of("**", shown, above))
        hint = f"a power is `{power}`, where {exponent} is declared: `-s {exponent}=()`"
        if numbers:
            hint += f"; of a vector it is a transpose: {' '.join(f'`-s {name}=n`' for name in numbers)}"
        elif inner[0].shape:
            hint += f"; a transpose is `{spelled(call_of('.T', inner[1]))}`"
        if certain:
            message = "a number has no transpose"
            if not mark:
                vectors = [f"`-s {name}=n`" for name in names_in(shown)]
                hint = f"vectors are declared: {' '.join(vectors[:4])}"
            match shown:
                case Call(function=function, arguments=(inside,)) if (row := FUNCTIONS.get(function)) and row.of_scalar:
                    hint = f"in the brackets it is `{spelled(call_of(function, call_of('.T', inside)))}`"
        return self.error(term.span, message, hint)

    def want_no_row_below(self, below: Term) -> None:
        """Refuse F/(1 + r)^T, which divides by a row if that is no power."""
        turned = isinstance(below, Call) and below.function == "?T"
        if isinstance(below, Call) and turned and self.letter_above(below) and is_row(self.build(below).shape):
            raise self.no_transpose(below, self.typed(below.arguments[0]), [])


def _inverted(term: Call) -> Term | None:
    """The x of x^-T, which is read as x^-1 transposed."""
    match term.arguments:
        case (Call(function="?power", arguments=(base, Literal()), span=span),) if span == term.span:
            return base
    return None


def _of_product(term: Term) -> bool:
    """Whether a number is a product of vectors and matrices, which has a transpose in derivations: (xᵀAy)ᵀ."""
    return any(isinstance(part, Call) and part.function in _PRODUCTS for part in (term, *parts_of(term)))


def _with_number(term: Term) -> bool:
    """Whether a part is a number beside + or −, as in 1 + r."""
    return isinstance(term, Call) and term.function in _SUMS and any(isinstance(a, Literal) for a in term.arguments)
