"""Sums over an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from jacobian_cli.elaborate.dotted import Dotted
from jacobian_cli.elaborate.factor_shapes import is_row
from jacobian_cli.elaborate.habits import habit
from jacobian_cli.elaborate.indexed import (
    ROW,
    Indexed,
    by_rows,
    carriers,
    crossed,
    entries_in,
    parts_of_sum,
    together,
    total,
    vector_last,
    vectorial,
)
from jacobian_cli.elaborate.options import OrderError
from jacobian_cli.elaborate.scaling import NUMBER
from jacobian_cli.elaborate.shaped import LEANING, StrainedError, Typed
from jacobian_cli.elaborate.signs import Signs
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import Size
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Extent, Flag, Group, Literal, Name, Slice, Term, Text, terms_in

_BY_ENTRY = {
    **dict.fromkeys(("?beside", "?dot", "?star", "?cross", "?hadamard"), "*"),
    "?plus": "+",
    "?minus": "-",
    "?power": "**",
    "?bars": "abs",
    "?exp": "exp",
}
"""What stands between entries, which are numbers."""
_EINSUM = 'sums over an index are written `einsum("ij,j->i", A, x)`'

_LIMIT = "give the number of entries a name of its own: `\\sum_{i=1}^n x_i`"


class Sums(Signs):
    """What shapes decide in sums."""

    def over(self, term: Call) -> Typed:
        """∑ᵢ xᵢ yᵢ is sum(x*y), and ∑ᵢ wᵀxᵢ is sum(X@w): names with the index are arrays, all others numbers."""
        self.want_one_index(term)
        return self.typed(self.summed(term))

    def by_index(self, term: Call) -> Typed:
        """exp(xᵢ)/∑ⱼ exp(xⱼ) for each i: every name with the index is a vector, indices off, entry by entry."""
        value, index = term.arguments
        assert isinstance(index, Text)
        made = together("*", self.factors(value), term.span)
        if crossed(value) or made.indices != index.value:
            raise self.error(term.span, f"not all that carries the index {index.value} is a vector", _EINSUM)
        return self.typed(made.term)

    def summed(self, term: Call) -> Term:
        """A sum or a product over an index in the language."""
        value, function, limit, index = parts_of_sum(term)
        dotted = Dotted(self.assumed, lambda name: len(self.build(name).shape), self.doubt, self.error)
        value = dotted.turned(value)
        outer = (self.outer_sum(value) or self.vector_sum(value)) if function == "sum" else None
        if outer is None and function == "sum":
            self.doubt_numbers(value)
        parts = [] if outer else self.factors(value) if function == "sum" else [self.by_entry(value)]
        if limit:
            self.want_all(value, index, limit, term.span)
        return outer or total(together("*", parts, term.span), function, term.span)

    def beside(self, term: Call) -> Typed:
        """Factors side by side, none of them a matrix or a row that multiplies a sum of vectors."""
        place = next(
            (k for k, part in enumerate(term.arguments) if isinstance(part, Call) and self.of_numbers(part)), 0
        )
        before = [self.build(part).shape for part in term.arguments[:place]]
        over = term.arguments[place]
        if any(map(is_row, before)) and isinstance(over, Call):
            sign, inside = self.text[over.span.start : over.span.stop], over.arguments[0].span.start - over.span.start
            row = self.text[term.span.start : over.span.start].strip()
            under = " ".join(f"{sign[:inside]} {row} {sign[inside:]}".split())
            raise self.error(
                term.span,
                "a row stands before a sum of numbers",
                f"put the row under the sum sign: `{under}`; {self.as_numbers(over)}",
            )
        if any(len(shape) == 2 for shape in before) and isinstance(over, Call):
            for part in term.arguments[:place]:
                if (
                    isinstance(part, Name) and NUMBER.fullmatch(part.text) and self.assumed.get(part.text) == 2
                ):  # N ∑ᵢ xᵢ
                    self.strained(part.text, 0)
            capitals = [n for part in term.arguments[:place] for n in names_in(part) if self.assumed.get(n) == 2]
            numbers = "".join(f"; a number is declared: `-s {name}=()`" for name in capitals[:1])
            hint = f"{self.of_vectors(over)}{numbers}"
            raise self.error(term.span, "a matrix stands before a sum of numbers", hint)
        return super().beside(term)

    def transposed(self, term: Call) -> Typed:
        self.want_no_vectors(term.arguments[0], "a sum of numbers has no transpose")
        return super().transposed(term)

    def norm(self, term: Call) -> Typed:
        self.want_no_vectors(term.arguments[0], "a sum of numbers has no norm")
        return super().norm(term)

    def want_no_vectors(self, term: Term, message: str) -> None:
        """Refuse (∑ᵢ xᵢ)ᵀ and ‖∑ᵢ xᵢ‖, where vectors must have been meant."""
        sums = [part for part in terms_in(term) if isinstance(part, Call) and self.of_numbers(part)]
        if sums and not self.build(term).shape:
            raise self.error(sums[-1].span, message, self.of_vectors(sums[-1]))

    def of_numbers(self, term: Call) -> bool:
        """Whether a term is a sum of what may be vectors, and was read as one of numbers."""
        if term.function != "?over" or not vectorial(term.arguments[0]):
            return False
        return all(
            name in self.assumed and len(places) == len(self.build(Name(name, term.span)).shape)
            for name, places in carriers(term.arguments[0])
        )

    def of_vectors(self, term: Call) -> str:
        """What a sum of vectors is in the language; and how to say that they are numbers."""
        return f"of vectors in the rows of X it is `sum(X, axis=0)`; {self.as_numbers(term)}"

    def as_numbers(self, term: Call) -> str:
        declared = " ".join(f"`-s {name}=n`" for name, _ in carriers(term.arguments[0]))
        return f"for numbers declare {declared}"

    def want_one_index(self, term: Call) -> None:
        """Refuse a sum over two indices, with what is the same in the language."""
        value, function, _, letters = parts_of_sum(term)
        while isinstance(value, Call) and value.function == "?over" and parts_of_sum(value)[1] == function:
            value, _, _, more = parts_of_sum(value)
            letters += more
        if len(letters) == 1 and not crossed(value):
            return
        message = "a sum over two indices is not read" if len(letters) > 1 else "a sum stands in one over another index"
        if len(letters) != 2 or crossed(value):
            raise self.error(term.span, message, _EINSUM)
        parts = self.factors(value) if function == "sum" else [self.by_entry(value)]
        whole = total(together("*", parts, term.span), function, term.span)
        try:
            self.typed(whole)
        except StrainedError:
            raise
        except InputError:
            raise self.error(term.span, message, _EINSUM) from None
        declared = " ".join(self.declarations(dict.fromkeys(name for name, _ in carriers(value))))
        hint = f"over all entries it is `{spelled(whole)}`" + (f", with {declared}" if declared else "")
        raise self.error(term.span, message, hint)

    def declarations(self, names: Iterable[str]) -> Iterator[str]:
        """How to declare those of these names that have more or fewer axes than one would think."""
        letters: dict[Size, str] = {}
        for name in names:
            shape = [self.scope.unifier.resolve(size) for size in self.build(Name(name, Span(0, 0))).shape]
            axes = [letters.setdefault(size, "nmkpqr"[len(letters)]) for size in shape]
            if name in self.assumed and len(shape) != habit(name):
                yield f"`-s {name}={','.join(axes) or '()'}`"

    def want_all(self, value: Term, index: str, limit: str, span: Span) -> None:
        """Make the limit of a sum the number of entries that it runs over. Raises `InputError` where it is another."""
        for name, places in carriers(value):
            if index not in places:
                continue
            shape = self.build(Name(name, span)).shape
            axis = places.index(index)
            size = self.scope.unifier.resolve(shape[axis])
            rest = ",".join("mkpq"[: len(shape) - 1])
            declare = f"`-s {name}={limit}{',' * bool(rest)}{rest}`"
            if limit.isdecimal():
                if size == Size.number(int(limit)):
                    continue
            elif limit not in self.scope.sizes:
                raise self.error(span, f"the sum runs to {limit}, which is a value here and no size", _LIMIT)
            elif self.scope.unifier.unify(size, Size.named(limit)):
                self.extents.append(Extent(name, axis, limit))
                continue
            if name in self.assumed and not limit.isdecimal():
                message = f"one sum over {name} runs to {size}, another to {limit}"
                raise self.error(span, message, "a sum runs over all entries; call what has others by another name")
            if name in self.assumed:
                message = f"whether the sum runs over all entries is not known: to {limit}"
                raise self.error(span, message, f"declare how many there are: {declare}")
            message = f"the sum runs to {limit}, and {name} has {size} {'entries' if not rest else 'rows'}"
            raise self.error(span, message, f"a sum runs over all of them; declare {declare}")

    def factors(self, term: Term) -> list[Indexed]:
        """The factors of a product under a sum; between a row and a column, their product is one."""
        if not isinstance(term, Call) or _BY_ENTRY.get(term.function) != "*":
            return [self.by_entry(term)]
        if term.function != "?beside":
            return [found for part in term.arguments for found in self.factors(part)]
        found, parts = list[Indexed](), self.weights_first(term.arguments)
        while parts:
            inner, used = self.row_times(parts)
            found.append(inner or self.by_entry(parts[0]))
            del parts[: max(used, 1)]
        return found

    def weights_first(self, parts: Sequence[Term]) -> list[Term]:
        """Factors in which no number stands between a row and its column: αᵢwᵀxᵢ for wᵀαᵢxᵢ."""
        return sorted(parts, key=lambda part: not self.is_weight(part))

    def row_times(self, parts: Sequence[Term]) -> tuple[Indexed | None, int]:
        """wᵀxᵢ, where x₁, x₂ … are the rows of a matrix: X@w carries the index; and how many factors that takes."""
        row = parts[0]
        if not (isinstance(row, Call) and row.function == "?T" and vectorial(row.arguments[0])):
            return None, 0
        middle: list[Term] = []
        place = 1
        while place < len(parts) and self.is_matrix(parts[place]):
            middle.append(self.plain(parts[place]))
            place += 1
        if place == len(parts) or not vectorial(parts[place]):
            return None, 0
        right = parts[place]
        one, other = self.vectors(row.arguments[0]), self.vectors(right)
        span = Span(row.span.start, right.span.stop)
        if not one.indices and not other.indices:
            return Indexed(Call("?beside", tuple(parts[: place + 1]), (), span), ""), place + 1
        for matrix in middle:  # wᵀAB is (Bᵀ(Aᵀw))ᵀ
            if one.indices:
                one = Indexed(Call("@", (one.term, matrix), (), span), one.indices)
            else:
                one = Indexed(Call("@", (Call(".T", (matrix,), (), span), one.term), (), span), "")
        return self.met(one, other, span), place + 1

    def met(self, one: Indexed, other: Indexed, span: Span) -> Indexed:
        """The dot products of vectors in rows, one for each index."""
        if one.indices == other.indices:
            axis = (("axis", Literal(Fraction(1), span)),)
            return Indexed(Call("sum", (Call("*", (one.term, other.term), (), span),), axis, span), one.indices)
        if not one.indices:
            return Indexed(Call("@", (other.term, one.term), (), span), other.indices)
        if other.indices:  # xᵢᵀxⱼ
            return Indexed(
                Call("@", (one.term, Call(".T", (other.term,), (), span)), (), span), one.indices + other.indices
            )
        return Indexed(Call("@", (one.term, other.term), (), span), one.indices)

    def is_matrix(self, term: Term) -> bool:
        if entries_in(term):
            return False
        shape = self.build(term).shape
        return len(shape) == 2 and not is_row(shape)

    def is_weight(self, term: Term) -> bool:
        """Whether an entry is a number that weighs vectors: αᵢ in wᵀαᵢxᵢ."""
        match term:
            case Call(function="?entry", arguments=(Name(text=name), _)):
                return habit(name) == 0 and key(name)[0] not in LEANING and name in self.assumed
        return False

    def outer_sum(self, term: Term) -> Term | None:
        """∑ᵢ aᵢxᵢyᵢᵀ, of which the vectors are the rows of X and Y: (a[:, None]*X).T@Y."""
        match term:
            case Call(
                function="?beside", arguments=(*before, left, Call(function="?T", arguments=(right,))), span=span
            ) if vectorial(left) and vectorial(right) and entries_in(left) and entries_in(right):
                one, other = self.vectors(left), self.vectors(right)
                weights = [found for part in before for found in self.factors(part)]
                return Call("@", (Call(".T", (self.weighed(weights, one, span),), (), span), other.term), (), span)
        return None

    def doubt_numbers(self, value: Term) -> None:
        """Say of names whose typeface is that of vectors, or whose sum is a vector, that they are taken for numbers."""
        for name, index in carriers(value):
            if name in self.rows and name in self.assumed and self.orders_of(name, value.span) == len(index):
                self.doubt(f"the entries of `{name}` are taken for numbers; for vectors declare `-s {name}=n,m`")

    def orders_of(self, name: str, span: Span) -> int:
        return len(self.build(Name(name, span)).shape)

    def vector_sum(self, term: Term) -> Term | None:
        """∑ᵢ (wᵀxᵢ − yᵢ) xᵢ, of which the xᵢ are known to be vectors: the sum over rows."""
        match term:
            case Call(function="/", arguments=(above, below), span=span) if not entries_in(below):
                under = self.by_entry(below).term
                made = self.vector_sum(above)
                return None if made is None else Call("/", (made, self.plain(under)), (), span)
        beside = isinstance(term, Call) and term.function == "?beside"
        parts = self.weights_first(term.arguments) if isinstance(term, Call) and beside else [term]
        parts = vector_last(parts, lambda name: self.orders_of(name, term.span))
        last, span = parts[-1], term.span
        if not (vectorial(last) and entries_in(last)):
            return None
        if any(self.orders_of(name, span) != len(i) + 1 for name, i in carriers(last)):
            return None
        numbers: list[Indexed] = []
        matrices: list[Term] = []
        while len(parts) > 1:
            inner, used = self.row_times(parts)
            if used == len(parts):
                return None
            if inner is None and self.is_matrix(parts[0]):
                matrices.append(parts.pop(0))
                continue
            numbers.append(inner or self.by_entry(parts[0]))
            del parts[: max(used, 1)]
        rows = self.with_rows(last)
        for matrix in reversed(matrices):
            rows = self.scaled_rows(matrix, rows, span)
        made = self.weighed(numbers, rows, span)
        return Call("sum", (made,), (("axis", Literal(Fraction(0), span)),), span)

    def weighed(self, numbers: list[Indexed], rows: Indexed, span: Span) -> Term:
        """Vectors in rows, each multiplied by numbers."""
        if not numbers:
            return rows.term
        number = together("*", numbers, span)
        picks = Group((Slice(None, None, span), Flag(None, span)), span)
        scale = Call("[]", (number.term, picks), (), span) if number.indices else number.term
        return Call("*", (scale, rows.term), (), span)

    def vectors(self, term: Term) -> Indexed:
        """A vector, or the vectors that carry an index, in the rows of a matrix."""
        made, indices = self.with_rows(term)
        if len(indices) > len("i" + ROW):  # xᵢ + yⱼ
            raise self.no_number(term)
        return Indexed(made, indices.removesuffix(ROW))

    def with_rows(self, term: Term) -> Indexed:
        match term:
            case Call(function="?entry", arguments=(Name() as name, Text(value=indices))):
                if name.text in self.bare and name.text in self.assumed:
                    raise self.error(
                        term.span,
                        f"{name.text} stands with an index and without one",
                        f"call one of them by another name; if they are the rows of one matrix, declare it: "
                        f"`-s {name.text}=n,m`",
                    )
                of_rows = self.of_order(name, len(indices) + 1, "carries the index, and is no vector")
                return Indexed(of_rows, indices + ROW)
            case Call(function="?plus" | "?minus" | "?hadamard", arguments=arguments, span=span):
                return together(_BY_ENTRY[term.function], map(self.with_rows, arguments), span)
            case Call(function="?beside", arguments=(*before, last), span=span):
                made = self.with_rows(last)
                for part in reversed(before):
                    made = self.scaled_rows(part, made, span)
                return made
            case Call(function=function, arguments=(inner,), keywords=(), span=span) if by_rows(term):
                return Indexed(Call(function, (self.with_rows(inner)[0],), (), span), self.with_rows(inner)[1])
            case Name():
                return Indexed(self.of_order(term, 1, "does not carry the index, and is no vector"), ROW)
        raise self.no_number(term)

    def scaled_rows(self, part: Term, rows: Indexed, span: Span) -> Indexed:
        """A xᵢ, a xᵢ and aᵢ xᵢ: the vectors in rows, multiplied by a matrix or a number."""
        if self.is_matrix(part):
            turned = Call(".T", (self.plain(part),), (), span)
            return Indexed(Call("@", (rows.term, turned), (), span), rows.indices)
        return Indexed(self.weighed([self.by_entry(part)], rows, span), rows.indices)

    def by_entry(self, term: Term) -> Indexed:
        """A term under a sum, its products entry by entry."""
        match term:
            case Call(function="?entry", arguments=(Name() as name, Text(value=indices)), span=span) if (
                len(indices) == 2 and len({*indices}) == 1
            ):  # Cᵢᵢ
                of_matrix = self.of_order(name, 2, "carries two indices, and is no matrix")
                return Indexed(Call("diag", (of_matrix,), (), span), indices[0])
            case Call(function="?entry", arguments=(Name() as name, Text(value=indices))):
                return Indexed(self.of_order(name, len(indices), "carries the index, and is no vector"), indices)
            case Name():
                return Indexed(self.of_order(term, 0, "does not carry the index, and is no number"), "")
            case Call(function="?over"):  # a sum by itself: no index of others stands in it
                self.want_one_index(term)
                return Indexed(self.summed(term), "")
            case Call(function="?norm", arguments=(value, Text(value=kind)), span=span):
                if not entries_in(term):
                    return Indexed(term, "")
                if kind in ("", "2", "2?"):
                    if distances := self.distances(value):
                        return distances
                    rows, indices = self.vectors(value)
                    return Indexed(Call("norm", (rows,), (("axis", Literal(Fraction(-1), span)),), span), indices)
            case Call(function=function, arguments=arguments, keywords=(), span=span):
                plain = _BY_ENTRY.get(function, function)
                row = FUNCTIONS.get(ALIASES.get(plain, plain))
                if row is not None and row.of_two and len(arguments) == 2:
                    row = FUNCTIONS[row.of_two]
                if row is not None and row.kind is Kind.ELEMENTWISE:
                    return together(plain, self.factors(term) if plain == "*" else map(self.by_entry, arguments), span)
            case Literal():
                return Indexed(term, "")
        raise self.no_number(term)

    def distances(self, term: Term) -> Indexed | None:
        """‖xᵢ − yⱼ‖, the distances between the rows of two matrices."""
        match term:
            case Call(function="?minus", arguments=(left, right), span=span) if all(
                isinstance(part, Call) and part.function == "?entry" for part in (left, right)
            ):
                one, other = self.vectors(left), self.vectors(right)
                if one.indices != other.indices:
                    return Indexed(Call("cdist", (one.term, other.term), (), span), one.indices + other.indices)
        return None

    def no_number(self, term: Term) -> InputError:
        return self.error(
            term.span,
            "this cannot be read under a sum over an index, where every value is a number",
            f"let a matrix hold what carries the index in its rows: `X@w` holds each w^T x_i; {_EINSUM}",
        )

    def of_order(self, name: Name, order: int, message: str) -> Name:
        expr = self.build(name)
        if len(expr.shape) != order:
            if name.text in self.assumed:
                self.strained(name.text, order)
                raise OrderError(f"{name.text} {message}", text=self.text, span=name.span, hint=_EINSUM)
            raise self.error(name.span, f"{name.text} {message}", _EINSUM)
        if name.text in self.assumed:
            self.held.add(name.text)
        return name
