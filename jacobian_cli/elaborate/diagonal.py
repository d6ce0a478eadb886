"""Numbers beside matrices, and capitals: 1 − KH before a matrix is I − KH, and what scales a number alone is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from jacobian_cli.elaborate.blocks import along
from jacobian_cli.elaborate.factor_shapes import axes_of, is_row, shape_of
from jacobian_cli.elaborate.habits import MATRIX, habit, holds_weights, leans, weighs
from jacobian_cli.elaborate.intercepts import INTERCEPTS, SAMPLES
from jacobian_cli.elaborate.scaling import Scaling
from jacobian_cli.elaborate.shaped import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise, of_matrices
from jacobian_cli.elaborate.trees import call_of, summands
from jacobian_cli.expr import Expr
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import ONE, Size
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, parts_of, terms_in

_SUMS = ("?plus", "?minus")
_PRODUCTS = ("?beside", "?star", "?dot", "?matmul")
_BARS = ("?bars", "?logbars")
_ALONG = ("u-", "?T", ".T")


class Diagonal(Scaling):
    """Finds identities and numbers that are written as other things are."""

    def build(self, term: Term) -> Expr:
        if self.upright and isinstance(term, Call) and term.function == "/":
            self.want_numbers_below(*term.arguments)
        return super().build(term)

    def want_numbers_below(self, above: Term, below: Term) -> None:
        """‖p‖²/(2m) and ‖x‖²/a²: letters that divide a number made of arrays are numbers."""
        names = self.divided_by(below)
        if not names or isinstance(above, Literal) or self.build(above).shape:
            return
        if any(self.build(Name(name, above.span)).shape for name in names_in(above) if name not in names):
            self.strained(names[0], 0, *names[1:])

    def divided_by(self, below: Term) -> list[str]:
        """The names taken for vectors below a line, if all that stands there are letters and their powers."""
        names, stack = list[str](), [below]
        while stack:
            part = stack.pop()
            if isinstance(part, Call) and part.function == "?power" and isinstance(part.arguments[1], Literal):
                stack.append(part.arguments[0])
            elif isinstance(part, Call) and part.function in ("?beside", "*"):
                stack += part.arguments
            elif isinstance(part, Name):
                names.append(part.text)
            elif not isinstance(part, Literal):
                return []
        found = [name for name in names if self.assumed.get(name) == habit(name) == 1]
        return [] if any(name in self.turned_names or name in self.lengths for name in found) else found

    @cached_property
    def lengths(self) -> frozenset[str]:
        """The names between the bars of norms, which are vectors."""
        norms = (term for term in self.parents.values() if isinstance(term, Call) and term.function == "?norm")
        return frozenset(name for norm in norms for name in names_in(norm))

    def on_diagonal(self, sign: str, term: Call, left: Typed, right: Typed) -> tuple[Typed, Typed]:
        """(1 − KH)P and ln det(1 + HPHᵀ): a number beside a product of matrices, where a matrix is wanted, stands on
        the diagonal, and that is said.
        """
        sides = [left, right]
        for place, part in enumerate(term.arguments):
            (expr, number), other = sides[place], sides[1 - place]
            constant = _constant(part) or (isinstance(part, Name) and not expr.shape and habit(part.text) == 0)
            if not (self.upright and constant) or expr.shape or not (self.is_linear(other) and self.wants_matrix(term)):
                continue
            every = spelled(call_of(sign, *(plain for _, plain in sides)))
            eye = self.filled("eye", part.span)
            one = isinstance(number, Literal) and number.value == 1
            sides[place] = eye if one else self.op("*", part.span, (expr, number), eye)
            taken = spelled(call_of(sign, *(plain for _, plain in sides)))
            self.doubt(f"`{taken}` is read, on the diagonal; added to every entry it is `{every}` in the language")
            break
        return sides[0], sides[1]

    def is_linear(self, side: Typed) -> bool:
        """Whether a part is a square matrix, made of such by products and sums: no function of entries."""
        expr, plain = side
        if len(expr.shape) != 2 or is_row(expr.shape) or not of_matrices(plain):
            return False
        rows, columns = self.resolved(side)
        return rows == columns or rows.is_open or columns.is_open

    def wants_matrix(self, term: Term) -> bool:
        """Whether a part is multiplied as a matrix, inverted, or the argument of a function of matrices."""
        parent = self.parents.get(id(term))
        if not isinstance(parent, Call):
            return False
        others = [part for part in parent.arguments if part is not term]
        self.linear.add(id(term))  # those beside it ask in turn what they stand beside
        try:
            if parent.function in _PRODUCTS:
                return any(id(part) in self.linear or self.build(part).shape for part in others)
            if parent.function == "?power":
                return parent.arguments[0] is term
            if parent.function in _ALONG:
                return self.wants_matrix(parent)
            if parent.function in _SUMS:
                broad = any(id(part) in self.linear or len(self.build(part).shape) == 2 for part in others)
                return broad and self.wants_matrix(parent)
        finally:
            self.linear.discard(id(term))
        row = FUNCTIONS.get(ALIASES.get(parent.function, parent.function))
        return parent.function in _BARS or (row is not None and bool(row.of_scalar))

    def want_capital_number(self, term: Call, factors: Sequence[Typed]) -> None:
        """T/2 log|Ω| and V₀ e^(−‖x‖²): a capital in front of what is a number, and is made of arrays, is one; where
        it is not added to a number, that is said.
        """
        places = [place for place, part in enumerate(term.arguments) if any(names_in(part)) or factors[place][0].shape]
        parent = self.parents.get(id(term))
        if not self.upright or len(places) < 2 or (isinstance(parent, Call) and parent.function in _PRODUCTS):
            return
        first, *rest = places
        called = isinstance(term.arguments[first], Name) and _is_product(term.arguments[rest[0]])
        if called and len(rest) == 1:  # Λ(xᵀβ), which may be a function
            return
        names = self.lone_capitals(term, first)
        scaled = [factors[place] for place in rest]
        made = any(self.build(Name(n, term.span)).shape for k in rest for n in names_in(term.arguments[k]))
        if not names or shape_of([expr.shape for expr, _ in scaled]) != () or self.wants_matrix(term):
            return
        other = self.beside_in_sum(term)
        if not (made or other == ()) or (other is not None and len(other) == 2):
            return
        said = " and ".join(f"`{name}`" for name in names)
        taken = f"{said} is taken for a number, for it scales" if len(names) == 1 else f"{said} are numbers before"
        declared = " ".join(f"`-s {name}=n,m`" for name in names)
        number = spelled(self.product(scaled, term.span)[1])
        because = None if other == () else f"{taken} `{number}`; a matrix is declared: {declared}"
        self.strained(names[0], 0, *names[1:], because=because)

    def lone_capitals(self, term: Call, first: int) -> list[str]:
        """The capitals that a product begins with, T and NT/2, if each stands nowhere else than in front."""
        names = [name.text for name in _in_front(term.arguments[first])]
        large = [n for n in names if self.assumed.get(n) == habit(n) == 2]
        behind = {name for part in term.arguments[first + 1 :] for name in names_in(part)}
        alone = all(self.bare[n] == self.in_front[n] and n not in behind | self.turned_names for n in large)
        return large if alone and all(n in large or self.assumed.get(n) == 0 for n in names) else []

    @cached_property
    def in_front(self) -> Counter[str]:
        """How often each name stands in front of a product."""
        products = {id(t): t for t in self.parents.values() if isinstance(t, Call) and t.function == "?beside"}
        firsts = (next((part for part in t.arguments if any(names_in(part))), t) for t in products.values())
        found = {id(name): name.text for first in firsts for name in _in_front(first)}
        return Counter(found.values())

    def doubt_capitals(self, term: Call, left: Typed, right: Typed) -> None:
        """Say of A·B that it is the product of matrices, where both are capitals alone and nothing else says so."""
        names = [part.text for part in term.arguments if isinstance(part, Name)]
        lone = [n for n in names if self.assumed.get(n) == 2 and self.bare[n] == 1 and n not in self.turned_names]
        if not self.upright or len(lone) < 2 or self.wants_matrix(term) or holds_weights(lone[-1]):
            return
        product, dotted = (spelled(call_of("@", one, right[1])) for one in (left[1], call_of(".T", left[1])))
        vectors = " ".join(f"`-s {name}=n`" for name in lone)
        self.doubt(f"`{product}` is read, the product of matrices; of vectors, {vectors}, it is `{dotted}`")

    def intercept(self, term: Call, name: Name) -> bool:
        """Whether a Greek letter that is added to vectors is one number for all entries: β₀ + β₁x and α + Xβ."""
        stem, *marks = key(name.text)
        if habit(name.text) or not (stem == "alpha" or marks == ["0"]):
            return False
        whole: Term = term
        while isinstance(parent := self.parents.get(id(whole)), Call) and parent.function in _SUMS:
            whole = parent
        products = [part for part in summands(whole) if isinstance(part, Call) and part.function == "?beside"]
        stems = {key(each)[0] for part in products for each in names_in(part) if each != name.text}
        if marks == ["0"] and stem in stems:
            return True
        ends = [(part.arguments[0], part.arguments[-1]) for part in products]
        greek = (
            each for pair in ends for each in pair if isinstance(each, Name) and (weighs(each.text) or leans(each.text))
        )
        return stem == "alpha" and any(greek)

    def want_intercept(self, term: Call) -> None:
        """‖Xw + b − y‖²: what does nothing but to be added to the scores of all samples beside their targets is a
        number, and that is said.
        """
        if not self.upright or _is_sum(self.parents.get(id(term))):
            return
        terms = [*summands(term)]
        scores = next((part for part in terms if _samples(part)), None)
        for part in terms if scores is not None else ():
            if isinstance(part, Name) and scores is not None:
                self.want_one_for_all(part.text, scores)

    def want_one_for_all(self, name: str, scores: Term) -> None:
        """The number that is added to these scores; where their matrix may be of other things, both are said."""
        others = (n for n in self.bare if n not in (name, *names_in(scores)) and n in self.scope.values)
        target = any(len(self.scope.values[n].shape) == 1 for n in others)
        open_one = self.assumed.get(name) == 1 and name not in self.turned_names
        if not (target and open_one and self.in_sums[name] == self.bare[name]):
            return
        shown = spelled(self.typed(scores)[1])
        if name not in INTERCEPTS:
            if name[:-1] in INTERCEPTS and name[-1] == "1" and name in self.text:  # b1
                self.doubt(f"`{name}` is one name beside `{shown}`; times ones it is `{name[:-1]}*ones(n)`")
        elif SAMPLES.fullmatch(_samples(scores)):
            said = f"`{name}` is taken for a number, which is added to all of `{shown}`"
            self.strained(name, 0, because=f"{said}; a vector is declared: `-s {name}=n`")
        else:
            self.doubt(
                f"`{name}` is taken for a vector beside `{shown}`; one number for all is declared: `-s {name}=()`"
            )

    def want_points(self, term: Call) -> None:
        """[R t; 0 1][X; 1]: a capital end to end with a number is a vector, and that is said."""
        for part in term.arguments[1:]:
            cells = part.arguments if isinstance(part, Call) and part.function == "concat" else ()
            names = [cell.text for cell in cells if isinstance(cell, Name)]
            large = [name for name in names if self.assumed.get(name) == MATRIX == habit(name)]
            if large and len(names) < len(cells) and all(isinstance(cell, Name | Literal) for cell in cells):
                said = f"`{large[0]}` is taken for a vector, for a number stands below it"
                because = f"{said}; a number is declared: `-s {large[0]}=()`"
                self.strained(large[0], 1, *large[1:], because=because)

    def want_parts(self, term: Call, factors: Sequence[Typed]) -> None:
        """[H, Aᵀ; A, 0][x; λ]: a Greek name that meets a block that is a matrix is a vector."""
        for (left, _), part in zip(factors, term.arguments[1:], strict=False):
            if isinstance(part, Call) and part.function == "concat":
                sizes = along(left, 1)
                for cell, size in zip(part.arguments, sizes, strict=False) if len(sizes) == len(part.arguments) else ():
                    if isinstance(cell, Name) and self.is_open_number(cell.text) and size is not ONE:
                        self.strained(cell.text, 1)

    def with_zeros(self, term: Call, left: Typed, right: Typed) -> tuple[Typed, Typed]:
        """[A; B]x − [b; 0]: a 0 that meets several entries is zeros."""
        sides = [left, right]
        for place, part in enumerate(term.arguments):
            cells = part.arguments if isinstance(part, Call) and part.function == "concat" else ()
            sizes = along(sides[1 - place][0], 0)
            zeros = [isinstance(cell, Literal) and cell.value == 0 for cell in cells]
            if any(zeros) and len(sizes) == len(cells) > 1:
                made = [
                    self.zeros_of(cell, size) if zero and size is not ONE else self.typed(cell)
                    for cell, size, zero in zip(cells, sizes, zeros, strict=True)
                ]
                sides[place] = self.op("concat", part.span, *made)
        return sides[0], sides[1]

    def zeros_of(self, term: Term, size: Size) -> Typed:
        found = self.filled("zeros", term.span)
        self.scope.unifier.unify(found[0].shape[0], size)
        return found

    @cached_property
    def in_sums(self) -> Counter[str]:
        """How often each name is a term of a sum."""
        sums = {id(t): t for t in self.parents.values() if _is_sum(t)}
        return Counter(part.text for t in sums.values() for part in parts_of(t) if isinstance(part, Name))

    def of_same_entries(self, left: Typed, right: Typed) -> bool:
        """σ(Z)(1 − σ(Z)) of a matrix Z: whether both are functions of the entries of the same."""
        names = [{*names_in(plain)} for _, plain in (left, right)]
        matrices = all(axes_of(expr.shape) == 2 for expr, _ in (left, right))
        return (
            self.upright
            and matrices
            and names[0] == names[1]
            and all(_by_entries(p, names[0]) for _, p in (left, right))
        )


def _is_sum(term: Term | None) -> bool:
    return isinstance(term, Call) and term.function in _SUMS


def _samples(term: Term) -> str:
    """The matrix of scores of samples, as of Xw and Xᵀw; nothing where a part is none."""
    while isinstance(term, Call) and term.function == "u-":
        (term,) = term.arguments
    match term:
        case Call(function="?beside", arguments=(matrix, Name(text=weights))) if weighs(weights) or leans(weights):
            inner = matrix.arguments[0] if isinstance(matrix, Call) and matrix.function in ("?T", ".T") else matrix
            return inner.text if isinstance(inner, Name) and habit(inner.text) == MATRIX else ""
    return ""


def _in_front(part: Term) -> list[Name]:
    """The names that a part is a product or a quotient of, if something stands above the line."""
    names, above, stack = list[Name](), False, [(part, False)]
    while stack:
        inner, below = stack.pop()
        if isinstance(inner, Call) and inner.function in ("?beside", "u-"):
            stack += [(each, below) for each in inner.arguments]
        elif isinstance(inner, Call) and inner.function == "/":
            stack += zip(inner.arguments, (below, True), strict=True)
        elif isinstance(inner, Name):
            names.append(inner)
            above = above or not below
        elif not isinstance(inner, Literal):
            return []
    return names if above else []


def _is_product(term: Term) -> bool:
    return isinstance(term, Call) and term.function in _PRODUCTS


def _constant(term: Term) -> bool:
    return isinstance(term, Literal) or (
        isinstance(term, Call) and term.function == "u-" and isinstance(term.arguments[0], Literal)
    )


def of_entries_of(term: Term, names: set[str]) -> bool:
    """Whether a factor is a function of the entries of these names, or a logarithm, of no matrix product."""
    calls = [part for part in terms_in(term) if isinstance(part, Call)]
    functions = {call.function for call in calls if call.function.isidentifier() and elementwise(call)}
    shared = "log" in functions or not names.isdisjoint(names_in(term))
    return bool(functions) and shared and all(elementwise(call) for call in calls)


def _by_entries(term: Term, names: set[str]) -> bool:
    """Whether a factor is a function of the entries of these names, beside numbers or not: 1 − σ(Z)."""
    return not isinstance(term, Name) and of_entries_of(term, names)
