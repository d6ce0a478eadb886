"""⊗, which is Kronecker's product, of vectors as often the outer one, and to some the product entry by entry."""

from __future__ import annotations

from functools import cached_property

from jacobian_cli.elaborate.factor_shapes import axes_of
from jacobian_cli.elaborate.shaped import Typed
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise
from jacobian_cli.elaborate.trees import call_of, outer_text
from jacobian_cli.elaborate.written import Mathematics
from jacobian_cli.expr import Variable
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Name, Term, terms_in

_SUMS = ("?plus", "?minus")
_TENSOR = "?tensor"
_PAIRED = ("?colon", "?inner")
_BEHIND = ("?beside", "?star", "?matmul", "?dot")


class Tensors(Mathematics):
    """What shapes decide of ⊗."""

    def tensor(self, term: Call) -> Typed:
        """x ⊗ y: of vectors the outer product where a matrix is beside it, or a vector behind; else both are said."""
        left, right = self.typed(term.arguments[0]), self.typed(term.arguments[1])
        for part, one, other in zip(term.arguments, (left, right), (right, left), strict=True):  # η δ ⊗ x
            last = part.arguments[-1] if isinstance(part, Call) and part.function == "?beside" else part
            if not one[0].shape and other[0].shape and isinstance(last, Name) and self.is_open_number(last.text):
                self.strained(last.text, 1)
        if not len(left[0].shape) == len(right[0].shape) == 1:
            return self.op("kron", term.span, left, right)
        self.want_no_gates(term, left, right)
        if id(term) not in self.asked and self.asks(term):
            return self.op("outer", term.span, left, right)
        made = self.op("kron", term.span, left, right)
        plain = not (_computed(left[1], right[1]) or any(_is_tensor(part) for part in term.arguments))
        values = (self.scope.values.get(name) for name in names_in(term))
        given = all(isinstance(value, Variable) and value.name not in self.assumed for value in values)
        if plain and not given and not self.is_column(term):
            outer = spelled(call_of("outer", left[1], right[1]))
            self.doubt(f"`{spelled(made[1])}` is read, a long vector; the outer product, a matrix, is `{outer}`")
        return made

    def is_column(self, term: Call) -> bool:
        """Whether only a long vector fits: behind a matrix, in a product that is added to a vector."""
        parent = self.parents.get(id(term))
        if not (isinstance(parent, Call) and parent.function == "?beside" and parent.arguments[-1] is term):
            return False
        before = [axes_of(self.build(part).shape) for part in parent.arguments[:-1]]
        other = self.beside_in_sum(parent) if 2 in before else None
        return other is not None and axes_of(other) == 1

    @cached_property
    def asked(self) -> set[int]:
        """Products that ask what they stand beside, which may ask in turn."""
        return set()

    def asks(self, term: Call) -> bool:
        """Whether the outer product is wanted here, asked once."""
        self.asked.add(id(term))
        try:
            return self.wants_outer(term)
        finally:
            self.asked.discard(id(term))

    def wants_outer(self, term: Call) -> bool:
        """Whether a matrix is wanted where ⊗ stands between vectors: (x ⊗ y)z, A − x ⊗ y, tr(x ⊗ y)."""
        whole: Term = term
        while isinstance(parent := self.parents.get(id(whole)), Call) and (
            parent.function == "u-" or (parent.function in ("?beside", "*") and parent.arguments[-1] is whole)
        ):
            if any(self.build(part).shape for part in parent.arguments[:-1]):
                return False
            whole = parent
        if isinstance(parent, Call) and parent.function in _BEHIND and parent.arguments[-1] is not whole:
            place = next(k for k, part in enumerate(parent.arguments) if part is whole)
            return axes_of(self.build(parent.arguments[place + 1]).shape) > 0
        if isinstance(parent, Call) and parent.function in _PAIRED:
            return any(axes_of(self.build(part).shape) == 2 for part in parent.arguments if part is not whole)
        if isinstance(parent, Call) and parent.function in _SUMS and isinstance(whole, Call):
            other = self.beside_in_sum(whole)
            identity = any(isinstance(p, Call) and p.function == "?eye" for p in terms_in(parent))
            return identity or (other is not None and axes_of(other) == 2)
        plain = not (isinstance(parent, Call) and parent.function in (*_BEHIND, "?T"))
        return isinstance(whole, Call) and plain and self.wants_matrix(whole)

    def want_no_gates(self, term: Call, left: Typed, right: Typed) -> None:
        """Refuse f ⊗ c + i ⊗ g of vectors, whose products entry by entry are as likely meant as the outer ones."""
        parent = self.parents.get(id(term))
        if not (isinstance(parent, Call) and parent.function in _SUMS):
            return
        others = [part for part in parent.arguments if part is not term]
        names = {*names_in(term)}
        if all(_is_tensor(part) and {*names_in(part)} != names for part in others):
            times, outer = spelled(call_of("*", left[1], right[1])), outer_text(left[1], right[1])
            message = "is ⊗ the product entry by entry, or the outer product?"
            raise self.error(term.span, message, f"write `{times}`, or `{outer}`")


def _is_tensor(term: Term) -> bool:
    return isinstance(term, Call) and term.function == _TENSOR


def _computed(*parts: Term) -> bool:
    """Whether a part is a function of entries, of which another doubt says that ⊗ may be the product entry by entry."""
    return any(isinstance(part, Call) and part.function.isidentifier() and elementwise(part) for part in parts)
