"""Mathematics as on a board: factors side by side, sums, ones and identities of the size that fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from jacobian_cli.elaborate.amplitudes import amplitude
from jacobian_cli.elaborate.diagonal import Diagonal, of_entries_of
from jacobian_cli.elaborate.factor_shapes import axes_of, is_row, way_of
from jacobian_cli.elaborate.habits import habit, is_bias, scales_as_number
from jacobian_cli.elaborate.scaling import NUMBER, scaled
from jacobian_cli.elaborate.shaped import LEANING, Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.elaborate.trees import call_of, inner_text, span_of, summands, times_text, upright
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import LITERAL, Call, Literal, Name, Term

PI = "pi"
_OVER_NORMS = re.compile(r"/\s*\(?\s*[‖|]")
_VECTOR_PRODUCTS = re.compile(r"[×·]|\\times|\\cdot(?![a-z])")


class Mathematics(Diagonal):
    """What shapes decide in mathematics and LaTeX."""

    paired_entries = 0
    """How often vectors beside each other were multiplied entry by entry."""

    # ---- products --------------------------------------------------------------------------------------------------

    def beside(self, term: Call) -> Typed:
        """Factors side by side, associated so that shapes fit."""
        self.want_points(term)
        factors = [self.typed(part) for part in term.arguments]
        self.want_parts(term, factors)
        for place, part in enumerate(term.arguments[1:], start=1):
            if isinstance(part, Literal) and part.value == 1:
                factors[place] = self.filled("ones", part.span)
        self.want_number_of_ones(term.arguments)
        first = term.arguments[0]
        if isinstance(first, Literal) and first.value == 1 and is_row(factors[1][0].shape):  # 1bᵀ
            factors[0] = self.filled("ones", first.span)
        self.want_no_samples(term.arguments)
        self.want_columns(term, factors)
        self.want_numbers(term.arguments, factors)
        self.want_capital_number(term, factors)
        self.want_no_constants(term, factors)
        for part, behind, (expr, _) in zip(term.arguments, term.arguments[1:], factors[1:], strict=False):
            if not expr.shape and _ones(part):  # 1ᵀ(μ² − log σ²)
                self.want_entries(behind, factors[term.arguments.index(behind)][1])
        made = self.product(self.by_entries(term.arguments, factors), term.span)
        self.doubt_projection(term.arguments, factors)
        self.doubt_amplitude(term.arguments, factors)
        if len(made[0].shape) == 1 and (names := self.scaling_names(term)):
            ways = " ".join(f"`-s {name}=()`" for name in names)
            taken, number = (
                ("is taken for a vector", "a number is")
                if len(names) == 1
                else ("are taken for vectors", "numbers are")
            )
            listed = " and ".join(f"`{name}`" for name in names)
            self.doubt(f"{listed} {taken} in `{spelled(made[1])}`; {number} declared: {ways}")
        return made

    def doubt_projection(self, parts: Sequence[Term], factors: Sequence[Typed]) -> None:
        """Say that π(RX + t) is a number times a vector, where no number stands before it."""
        for place, (part, behind) in enumerate(pairwise(parts)):
            alone = not (place and isinstance(parts[place - 1], Literal))
            constant = isinstance(part, Name) and part.text == "pi" and part.text not in self.scope.values
            if alone and constant and factors[place + 1][0].shape and self.text[behind.span.start] == "(":
                product = spelled(call_of("*", part, factors[place + 1][1]))
                self.doubt(f"`{product}` is read, a product with the number; a projection called π is not known")

    def doubt_amplitude(self, parts: Sequence[Term], factors: Sequence[Typed]) -> None:
        """Say of A sin(ωt + φ), V₀ e^{-t/τ} and P(1 + r)ⁿ that the capital in front is a matrix."""
        for part, (behind, made) in zip(parts, factors[1:], strict=False):
            if not (isinstance(part, Name) and self.bare[part.text] == 1 and len(behind.shape) == 1):
                continue
            matrix = self.assumed.get(part.text) == habit(part.text) == 2
            if matrix and (said := amplitude(part, made, self.assumed)):
                self.doubt(said)

    def by_entries(self, parts: Sequence[Term], factors: Sequence[Typed]) -> list[Typed]:
        """The factors, with p log p and y log ŷ made one entry by entry: a vector before a function of entries."""
        found = [factors[0]]
        for part, before, factor in zip(parts[1:], parts, factors[1:], strict=False):
            columns = len(found[-1][0].shape) == len(factor[0].shape) == 1
            number = isinstance(before, Name) and (scales_as_number(before.text) or NUMBER.fullmatch(before.text))
            if self.of_same_entries(found[-1], factor):
                product = spelled(call_of("@", found[-1][1], factor[1]))
                found[-1] = self.op("*", span_of(before, part, part.span), found[-1], factor)
                self.doubt(f"`{spelled(found[-1][1])}` is read, entry by entry; the matrix product is `{product}`")
            elif columns and not number and of_entries_of(factor[1], {*names_in(found[-1][1])}):
                self.paired_entries += 1
                found[-1] = self.op("*", span_of(before, part, part.span), found[-1], factor)
            else:
                found.append(factor)
        return found

    def want_no_constants(self, term: Call, factors: Sequence[Typed]) -> None:
        """Refuse Iω and P^T π, in which neither an identity nor 3.14… makes sense; where all else is declared, say of
        the I what it is.
        """
        for place, part in enumerate(term.arguments):
            before, behind = [expr.shape for expr, _ in factors[:place]], factors[place + 1 :]
            if isinstance(part, Call) and part.function == "?eye" and (behind or any(before)):
                word = self.word_around(part.span)
                hint = f"if {word} is one name, declare it: `-s {word}=()`; " if word.isupper() else ""
                hint += "a variable is declared: `-s I=()` or `-s I=n,n`; an identity is left out of a product"
                if self.assumed:
                    raise self.error(part.span, "is this I an identity?", hint)
                self.doubt(f"I is read as the identity; {hint.rpartition('; ')[0] or hint}")  # all others are declared
            pi = isinstance(part, Name) and part.text == PI and part.text not in self.scope.values
            if pi and any(axes_of(shape) == 2 or is_row(shape) for shape in before):
                sign = self.text[part.span.start : part.span.stop].lstrip("\\")
                hint = f"a vector is declared: `-s {sign}=n`; the number stands in front"
                raise self.error(part.span, "π is the number 3.14… here, and stands behind a matrix", hint)

    def dot(self, term: Call) -> Typed:
        """· between numbers, matrices and vectors; of two vectors the dot product."""
        left = self.typed(term.arguments[0])
        right = term.arguments[1]
        if isinstance(right, Literal) and right.value == 1 and axes_of(left[0].shape) == 2:
            return self.product([left, self.filled("ones", right.span)], term.span)
        self.want_dotted(term, left)
        other = self.typed(right)
        self.want_no_constants(term, [left, other])
        if self.gated(term, left, other):
            made = self.op("*", term.span, left, other)
            dotted, what = inner_text(left[1], other[1]), "dot product"
            if len(left[0].shape) == 2:
                dotted, what = spelled(call_of("@", left[1], other[1])), "product of matrices"
            self.doubt(f"`{spelled(made[1])}` is read, entry by entry; the {what} is `{dotted}`")
            return made
        if len(left[0].shape) == len(other[0].shape) == 1:
            made = self.op("@", term.span, self.op(".T", term.span, left), other)
            if not self.certainly_dot(term, left[1], other[1]):
                times = times_text(left[1], other[1])
                self.doubt(f"`{spelled(made[1])}` is read, the dot product; entry by entry it is `{times}`")
            return made
        self.want_numbers(term.arguments, [left, other])
        self.doubt_capitals(term, left, other)
        return self.product([left, other], term.span)

    def gated(self, term: Call, left: Typed, right: Typed) -> bool:
        """Whether · stands between a part and a function of entries of the same input, of as many axes: x·Φ(x) and
        xV · σ(xW), but p·log p may be a dot product.
        """
        part, function = term.arguments
        if not (self.upright and isinstance(function, Call) and _of_entries(right[1]) and function.function != "log"):
            return False
        broad = {name for name in names_in(function) if self.build(Name(name, term.span)).shape}
        same = {*names_in(part)} == broad and len(left[0].shape) == 1
        alike = (
            len(left[0].shape) == 2
            and not is_row(left[0].shape)
            and _first_name(part) == _first_name(*function.arguments)
        )
        return len(left[0].shape) == len(right[0].shape) and (same or (alike and _first_name(part) != ""))

    def certainly_dot(self, term: Call, left: Term, right: Term) -> bool:
        """Whether · between two vectors makes a number where only that is meant: r·r, ω·Jω, (v·n)n, x·y/(‖x‖‖y‖)."""
        if _of_entries(left) or _of_entries(right):
            return False
        names = [{*names_in(part)} for part in (left, right)]
        alike = names[0] == names[1] or (names[0] < names[1] and isinstance(right, Call) and right.function == "@")
        behind = self.text[term.span.stop :].lstrip()
        enclosed = self.text[term.span.start] == "("
        scales = enclosed and (behind[:1].isalnum() or behind[:1] in ("^", "²", "³", "("))
        return alike or scales or id(term) in self.certain or bool(_OVER_NORMS.match(behind))

    def cross(self, term: Call) -> Typed:
        """× between numbers and what they scale; of two vectors the vector product."""
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        greek = [
            isinstance(part, Name) and self.assumed.get(part.text) == 0 and key(part.text)[0] in LEANING
            for part in term.arguments
        ]
        orders = [len(left[0].shape) or greek[0], len(right[0].shape) or greek[1]]
        if not all(orders):
            return self.op("*", term.span, left, right)
        for part, lean in zip(term.arguments, greek, strict=True):  # ω × r
            if lean and isinstance(part, Name):
                self.strained(part.text, 1)
        product, times = (spelled(call_of(sign, left[1], right[1])) for sign in "@*")
        vectors = [len(left[0].shape), len(right[0].shape)] == [1, 1]
        settled = [any(name not in self.assumed for name in names_in(part)) for part in term.arguments]
        declared = any(settled)
        entries = any(map(_of_entries, term.arguments)) and not all(settled)  # d × exp(-c × x): no vector product
        if not vectors or entries or not (declared or len(_VECTOR_PRODUCTS.findall(self.text)) > 1):
            hint = f"write `{product}`, or `{times}` entry by entry"
            if vectors:
                cross = spelled(Call("cross", (left[1], right[1]), (), term.span))
                hint = f"there are `{cross}`, `{inner_text(left[1], right[1])}` and, entry by entry, `{times}`"
            numbers = [p.text for p in term.arguments if isinstance(p, Name) and self.assumed.get(p.text) == 1]
            if entries and numbers:
                hint = f"write `{times}` entry by entry; a number is declared: `-s {numbers[0]}=()`"
            raise self.error(term.span, "× between vectors or matrices cannot be read", hint)
        made = self.op("cross", term.span, left, right)
        if not declared:
            others = f"a dot product is `{inner_text(left[1], right[1])}`, entry by entry it is `{times}`"
            self.doubt(f"`{spelled(made[1])}` is read, of vectors of three entries; {others}")
        return made

    def star(self, term: Call) -> Typed:
        """`*` in mathematics: the matrix product where there is one."""
        left = self.typed(term.arguments[0])
        self.want_starred(term, left)
        right = self.typed(term.arguments[1])
        self.want_no_constants(term, [left, right])
        step = way_of(left[0].shape, right[0].shape)
        if step != "@":
            if (self.notation == "latex" or "∗" in self.text) and len(left[0].shape) == len(right[0].shape) == 1:
                slid = spelled(Call("conv1d", (left[1], right[1]), (), term.span))
                times, inner = times_text(left[1], right[1]), inner_text(left[1], right[1])
                others = f"the dot product is `{inner}`, of one that slides along the other `{slid}`"
                self.doubt(f"`{times}` is read, entry by entry; {others}")
            return self.op("*", term.span, left, right)
        made = self.op("@", term.span, left, right)
        if is_row(left[0].shape) or is_row(right[0].shape):
            self.products = True
        elif not self.products and any(name in self.assumed for name in names_in(term)):
            self.doubt(
                f"`{spelled(made[1])}` is read, the matrix product; entry by entry it is "
                f"`{times_text(left[1], right[1])}` in the language"
            )
        return made

    def mtimes(self, term: Call) -> Typed:
        """`*` in MATLAB and Julia: the matrix product, or a number times something."""
        for part, other in (term.arguments, term.arguments[::-1]):  # b*vector(1)
            ones = isinstance(other, Call) and other.function == "?vector"
            if ones and isinstance(part, Name) and self.assumed.get(part.text) == 1:
                self.strained(part.text, 0)
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        return self.product([left, right], term.span)

    # ---- mathematics again -----------------------------------------------------------------------------------------

    def hadamard(self, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        for part, other in zip(term.arguments, (right, left), strict=True):  # σ ⊙ ε
            if isinstance(part, Name) and self.assumed.get(part.text) == 0:
                self.strained(part.text, max(1, axes_of(other[0].shape)))
            if isinstance(part, Name) and NUMBER.fullmatch(part.text) and other[0].shape and part.text in self.assumed:
                self.held.add(part.text)
        self.want_alike(term, left, right)
        self.want_same_shape(term, left, right)
        if is_row(left[0].shape) != is_row(right[0].shape) and axes_of(left[0].shape) == axes_of(right[0].shape) == 1:
            column = call_of("*", *(one[1] if len(one[0].shape) == 1 else upright(one[1]) for one in (left, right)))
            row = spelled(call_of(".T", column))
            raise self.error(
                term.span,
                "a row and a column do not mix entry by entry",
                f"of two columns it is `{spelled(column)}`, of two rows `{row}`",
            )
        return self.op("*", term.span, left, right)

    def plus(self, term: Call) -> Typed:
        return self.added("+", term)

    def minus(self, term: Call) -> Typed:
        return self.added("-", term)

    def added(self, sign: str, term: Call) -> Typed:
        combined = [scaled(part) for part in summands(term)]
        if len(combined) > 1 and all(self.orders(names) == (1, 2) for names in combined):  # aA + bB
            first, *others = dict.fromkeys(name for name, _ in combined)
            self.strained(first, 0, *others)
        self.want_scaled(term)
        self.want_intercept(term)
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        left, right = self.with_zeros(term, left, right)
        self.want_alike(term, left, right)
        for part, one, other in zip(term.arguments, (left, right), (right, left), strict=True):  # wᵀx + k qᵀq
            number = not other[0].shape and not isinstance(other[1], Literal)
            if number and len(one[0].shape) == 1 and (names := self.scaling_names(part)):
                self.strained(names[0], 0, *names[1:])
        for part, other in zip(term.arguments, (right, left), strict=True):  # wᵀX + b
            if is_row(other[0].shape) and isinstance(part, Name) and habit(part.text) == 1 and self.upright:
                self.want_number_beside_row(sign, part, other)
        self.want_other_name(term, left, right)
        if not (sign == "-" and self.doubt_inverse(term, left)):
            left, right = self.on_diagonal(sign, term, left, right)
        for part, one, other in zip(term.arguments, (left, right), (right, left), strict=True):
            if axes_of(one[0].shape) == 2 and len(other[0].shape) == 1 and isinstance(part, Call):
                self.want_vector(part)
        self.want_like(sign, term, left, right)
        self.want_no_steps(term)
        return self.op(sign, term.span, left, right)

    def want_number_beside_row(self, sign: str, name: Name, row: Typed) -> None:
        """wᵀX + b: what is added to scores is a number; of other names a row may be meant."""
        if self.assumed.get(name.text) != 1 or name.text in self.turned_names:
            return
        if is_bias(name.text):
            self.strained(name.text, 0)
        turned = spelled(call_of(sign, row[1], call_of(".T", name)))
        hint = f"with a row it is `{turned}`; a number is declared: `-s {name.text}=()`"
        raise self.error(name.span, "a vector is no row, as what it is added to", hint)

    def doubt_inverse(self, term: Call, left: Typed) -> bool:
        """Say of A−1 that one is taken from each entry: the −1 may have stood above the line before it was copied."""
        matrix, one = term.arguments
        last = matrix
        while isinstance(last, Call) and last.function == "?beside":
            last = last.arguments[-1]
        made = isinstance(last, Call) and last.function.isidentifier()  # 2σ(X)−1
        glued = self.upright and len(self.text[matrix.span.stop : one.span.start]) == 1
        doubted = glued and not made and isinstance(one, Literal) and one.value == 1 and axes_of(left[0].shape) == 2
        if doubted:
            shown = spelled(left[1])
            self.doubt(f"`{shown} - 1` is read, entry by entry; the inverse of the matrix is `inv({shown})`")
        return doubted

    def orders(self, names: Sequence[str]) -> tuple[int, ...]:
        """How many axes names have that are assumed, or are matrices."""
        values = self.scope.values
        return tuple(
            self.assumed[n] if n in self.assumed else 2 * (len(values[n].shape) == 2) for n in names if n in values
        )

    def want_vector(self, part: Call) -> None:
        """Aᵀλ + c: a Greek name behind a matrix is a vector where the product is added to one."""
        last = part.arguments[-1] if part.function == "?beside" else None
        if isinstance(last, Name) and self.assumed.get(last.text) == 0 == habit(last.text):
            self.strained(last.text, 1)

    def want_number_of_ones(self, parts: Sequence[Term]) -> None:
        """b𝟏: what stands before a vector of ones is a number, whatever its letter."""
        for part, behind in pairwise(parts):
            ones = isinstance(behind, Call) and behind.function in ("?ones", "ones") and len(behind.arguments) < 2
            if isinstance(part, Name) and (ones or _is_one(behind)) and self.assumed.get(part.text) == 1:
                self.strained(part.text, 0)

    def want_other_name(self, term: Call, left: Typed, right: Typed) -> None:
        """Refuse x − x', whose x' is another vector to most who write it."""
        match left[1], right[1]:
            case (Name(text=name), Call(function=".T", arguments=(Name(text=other),))) if name == other:
                if len(left[0].shape) == 1:
                    raise self.error(
                        term.span,
                        f"a row and a column do not mix; is {name}' another vector?",
                        f"another vector has another name: `{name} - {name}2`",
                    )

    def want_alike(self, term: Call, left: Typed, right: Typed) -> None:
        """x − μ: a Greek name that stands beside a vector is one too."""
        for part, other in zip(term.arguments, (right, left), strict=True):
            if isinstance(part, Name) and self.assumed.get(part.text) == 0 and self.intercept(term, part):
                self.held.add(part.text)
                continue
            if (
                isinstance(part, Name)
                and self.assumed.get(part.text) == 0
                and other[0].shape
                and key(part.text)[0] in LEANING
                and part.text not in self.divisors
            ):
                self.strained(part.text, axes_of(other[0].shape))
            if isinstance(part, Call) and part.function == "?beside" and len(other[0].shape) == 1:  # x + σ ε
                last = part.arguments[-1]
                if isinstance(last, Name) and self.assumed.get(last.text) == 0 and not self.build(part).shape:
                    stem = key(last.text)[0]
                    stems = [key(one.text)[0] for one in part.arguments if isinstance(one, Name)]
                    if stems.count(stem) > 1:  # μ_x μ_y
                        continue
                    if stem in LEANING or (stem == "epsilon" and not isinstance(part.arguments[0], Literal)):
                        self.strained(last.text, 1)

    def colon(self, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if not (axes_of(left[0].shape) == 2 and axes_of(right[0].shape) == 2):
            raise self.error(
                term.span, "A : B stands between matrices", "it is trace(A.T@B); a quotient is written a/b"
            )
        return self.paired(left, right, term.span)

    def inner(self, term: Call) -> Typed:
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        if len(left[0].shape) == len(right[0].shape) == 1:
            return self.op("@", term.span, self.op(".T", term.span, left), right)
        if len(left[0].shape) == len(right[0].shape) == 2:
            return self.paired(left, right, term.span)
        raise self.misfit(left, right, term.span)

    def paired(self, left: Typed, right: Typed, span: Span) -> Typed:
        turned = self.op(".T", span, left)
        return self.op("trace", span, self.op("@", span, turned, right))

    # ---- lists ------------------------------------------------------------------------------------------------------

    def below(self, term: Call) -> Typed:
        """A list of numbers, or vectors end to end."""
        cells = [self.typed(part) for part in term.arguments]
        plain = tuple(cell for _, cell in cells)
        numbers = not any(expr.shape for expr, _ in cells)
        call = Call(LITERAL if numbers else "concat", plain, (), term.span)
        return super().build(call), call

    # ---- ones and identities ---------------------------------------------------------------------------------------

    def identity(self, term: Call) -> Typed:
        return self.filled("eye", term.span)

    def ones(self, term: Call) -> Typed:
        return self.filled("ones", term.span)

    def zeros(self, term: Call) -> Typed:
        return self.filled("zeros", term.span)


def _ones(term: Term) -> bool:
    """Whether a factor is 1ᵀ."""
    match term:
        case Call(function="?T" | ".T", arguments=(Call(function="?ones"),)):
            return True
    return False


def _is_one(term: Term) -> bool:
    return isinstance(term, Literal) and term.value == 1


def _of_entries(term: Term) -> bool:
    """Whether a part is a function of entries, as in y·log(p)."""
    while isinstance(term, Call) and term.function in ("*", "u-", "/"):
        term = term.arguments[-1] if term.function == "*" else term.arguments[0]
    return isinstance(term, Call) and term.function.isidentifier() and elementwise(term)


def _first_name(*terms: Term) -> str:
    """The name that a product begins with; nothing where there is none."""
    if len(terms) != 1:
        return ""
    (term,) = terms
    while isinstance(term, Call) and term.function in ("?beside", "@", "?star", "?dot", "u-"):
        term = term.arguments[0]
    return term.text if isinstance(term, Name) else ""
