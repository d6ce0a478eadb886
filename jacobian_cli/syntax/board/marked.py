"""Marks of names that are adjoints to some and names of their own to others: A* beside A, Φ' beside Φᵀ; and an I that
is inverted, as no identity is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.names import Known, key
from jacobian_cli.syntax.tokens import Token
from jacobian_cli.syntax.tree import Call, Literal, Name, Term, terms_in

_STAR = "star"
_ASTERISK = re.compile(r"[*∗]|\\ast")
_PRIMES = re.compile(r"['′’]|\\prime")
_PRODUCTS = frozenset("?beside ?dot ?star ?mtimes ?matmul".split())
_EYES = ("?eye", "eye")
_GAP = re.compile(r"\\(?:[,;:> ]|q?quad(?![a-z]))|~")
"""What sets parts apart in LaTeX."""


def want_clear(value: Term, text: str, known: Known) -> None:
    """Refuse what is an adjoint as likely as a name, and the inverse of an identity."""
    want_no_adjoint(value, text, known)
    want_no_second_mark(value, text)
    want_no_inverse(value, text)


def want_no_adjoint(value: Term, text: str, known: Known) -> None:
    """Refuse A*A and A + A*, where A* is no known name; W − W* is a distance."""
    terms = [*terms_in(value)]
    plain = {key(term.text): term.text for term in terms if isinstance(term, Name)}
    for term in terms:
        if not (isinstance(term, Call) and (term.function in _PRODUCTS or term.function == "?plus")):
            continue
        beside = {part.text for part in term.arguments if isinstance(part, Name)}
        for part in term.arguments:
            base = plain.get(key(part.text)[:-1], "") if isinstance(part, Name) else ""
            if not isinstance(part, Name) or key(part.text)[-1:] != (_STAR,) or not base or known.find(part.text):
                continue
            large = base[:1].isupper() and (term.function != "?plus" or base in beside)
            mark = text[part.span.start : part.span.stop]
            if _ASTERISK.search(mark) and (large or (base in beside and term.function != "?plus")):
                size = "n,n" if base[:1].isupper() else "n"
                hint = f"a transpose is written `{base}^T`; a name of its own is declared: `-s {part.text}={size}`"
                message = f"is this the transpose of {base}, or a name of its own?"
                raise InputError(message, text=text, span=part.span, hint=hint)


def want_no_second_mark(value: Term, text: str) -> None:
    """Refuse Φᵀ beside Φ': who writes ᵀ for the transpose means another name by a prime."""
    turned, primed = dict[str, Span](), dict[str, Span]()
    for term in terms_in(value):
        match term:
            case Call(function="?T", arguments=(Name(text=name) as inner,)):
                mark = text[inner.span.stop : term.span.stop]
                (primed if _PRIMES.search(mark) else turned)[name] = term.span
    for name, span in primed.items():
        if name in turned:
            written, transpose = (text[at.start : at.stop].strip() for at in (span, turned[name]))
            hint = f"a transpose is written `{transpose}`; another name has an index: `{name}_2`"
            raise InputError(f"is {written} the transpose of {name}, or another name?", text=text, span=span, hint=hint)


def doubts_of_marks(value: Term, text: str, tokens: Iterable[Token]) -> Iterator[Doubt]:
    """y' beside xᵀ, read as a transpose."""
    if not any(token.kind in ("T", "invT") for token in _flat(tokens)):
        return
    for term in terms_in(value):
        match term:
            case Call(function="?T", arguments=(Name(text=name) as inner,)):
                if _PRIMES.search(text[inner.span.stop : term.span.stop]):
                    written = text[term.span.start : term.span.stop].strip()
                    yield Doubt(
                        f"`{written}` is read as the transpose `{name}^T`; another name has an index: `{name}_2`"
                    )
                    return


def _flat(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        for part in token.parts:
            yield from _flat(part)


def want_no_inverse(value: Term, text: str) -> None:
    """Refuse I⁻¹ and I²R: nobody inverts or squares an identity."""
    for term in terms_in(value):
        match term:
            case Call(function="?power", arguments=(Call(function=function) as base, Literal(value=power))):
                if function in _EYES and (power < 0 or power > 1):
                    size = base.arguments[0] if base.arguments else base
                    name = f"I_{size.text}" if isinstance(size, Name) else "I"
                    ways = f"a matrix is declared: `-s {name}=n,n`, a number `-s {name}=()`"
                    hint = f"{ways}; a power of an identity is left out"
                    raise InputError("is this I an identity?", text=text, span=base.span, hint=hint)


def want_one_product(factors: Sequence[Term], text: str, span: Span) -> None:
    r"""Refuse [A\; B], which is a block matrix to some, and a product to others."""
    names = [part.text for part in factors if isinstance(part, Name) and part.text[:1].isupper()]
    gaps = (text[one.span.stop : other.span.start] for one, other in pairwise(factors))
    if len(names) == len(factors) and any(_GAP.search(gap) for gap in gaps):
        blocks, product = ", ".join(names), "@".join(names)
        hint = f"beside each other they are `concat({blocks}, axis=1)`, a product is `({product})`"
        raise InputError("are these blocks, or a product?", text=text, span=span, hint=hint)
