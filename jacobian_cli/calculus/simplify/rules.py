"""THE table of identities. A rule says to what it applies (`heads`) and what then stands there instead; it builds
nothing. The engine (`normal_form`) asks the rules of a head in the order of the table, until none applies any more.

Rules that only ever shorten are applied. An offer may lengthen: what it proposes is built, and kept only if the cost
falls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from functools import lru_cache, partial
from itertools import count
from typing import Any, Generic, TypeVar

from jacobian_cli.calculus.index.tensor import Apply, Product, Reshape, Sum, Tensor
from jacobian_cli.calculus.simplify import assumptions as facts
from jacobian_cli.calculus.simplify import (
    calls,
    definitions,
    fractions,
    inverses,
    joined_axes,
    multiples,
    selections,
    sums,
)
from jacobian_cli.calculus.simplify.patterns import Pattern
from jacobian_cli.calculus.simplify.recipe import Open, Part, Rewrite
from jacobian_cli.calculus.simplify.stated import made_of
from jacobian_cli.ops import FUNCTIONS, Row
from jacobian_cli.ops.facts import FACTS
from jacobian_cli.ops.identities import COMPARED, IDENTITIES, inverts
from jacobian_cli.records import record

S = TypeVar("S", Open, Sum, Apply, Reshape)
Result = Part | Rewrite


@record(frozen=True, slots=True, kw_only=True, eq=False)
class Rule(Generic[S]):
    """An identity. It is asked only where one of its heads is: the kind of a factor, a function, or a fact."""

    name: str
    heads: frozenset[str]
    matches: Callable[[S], Result | None]
    example: str
    """A formula in which it applies."""
    shows: str
    """The formula as it is then written."""
    shapes: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    """What is declared in the example."""
    given: str = ""
    """The definitions of the example."""
    needs: Callable[[], frozenset[str]] = frozenset
    """Heads that must all be there beside."""


@record(frozen=True, slots=True, kw_only=True, eq=False)
class Offer(Generic[S]):
    """An identity that may lengthen: its proposals are kept only where the cost falls."""

    name: str
    heads: frozenset[str]
    offers: Callable[[S], Iterable[Result]]
    example: str
    shows: str
    shapes: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    given: str = ""
    needs: Callable[[], frozenset[str]] = frozenset


class Stage(tuple[Rule[S] | Offer[S], ...]):
    """Rules in the order in which they are asked. It is looked up as one thing, not rule by rule."""

    __slots__ = ()
    __hash__ = object.__hash__


def kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


def having(of: Callable[[Row], object]) -> frozenset[str]:
    """The functions of which the table says something."""
    return frozenset(name for name, entry in FUNCTIONS.items() if of(entry))


_INVERSES = frozenset(filter(inverts, FUNCTIONS))
_PATTERNS = tuple(map(Pattern, IDENTITIES))
_CALLS = tuple(pattern for pattern in _PATTERNS if pattern.of_call)
_ALONE = tuple(pattern for pattern in _PATTERNS if pattern.identity.alone)
_SUMS = tuple(pattern for pattern in _PATTERNS if pattern.of_sum and pattern not in _ALONE)
_PRODUCTS = tuple(pattern for pattern in _PATTERNS if pattern not in (*_CALLS, *_SUMS, *_ALONE))
_APPLIED = tuple(pattern for pattern in _PRODUCTS if pattern.applies)
_ABSORBED = tuple(pattern for pattern in _PRODUCTS if pattern.absorbs)


def _stated(pattern: Pattern, matches: Callable[[Pattern, S], Result | None]) -> Rule[S] | Offer[S]:
    """An identity of the language as a rule."""
    stated = pattern.identity
    example, shows = stated.example or stated.left, stated.shows or stated.right
    facts = {name: fact for name, fact in stated.where.items() if fact in FACTS}
    if not stated.offered:
        return Rule(
            name=stated.name,
            heads=pattern.heads,
            matches=partial(matches, pattern),
            example=example,
            shows=shows,
            shapes=stated.example_shapes or stated.shapes,
            facts=facts,
            needs=lambda: pattern.needs,
        )

    def offers(subject: S) -> Iterable[Result]:
        found = matches(pattern, subject)
        return () if found is None else (found,)

    return Offer(name=stated.name, heads=pattern.heads, offers=offers, example=example, shows=shows,
                 shapes=stated.example_shapes or stated.shapes, facts=facts, needs=lambda: pattern.needs)  # fmt: skip


FACTORS: Stage[Open] = Stage((
    # Facts come first: they take factors away, and what is left is less to look at. Inverses come before sums are
    # opened, since a sum may be what an inverse undoes.
    Rule(name="a sum on the diagonal is a diagonal", heads=kinds("Sum"), matches=sums.diagonal_sum,
         example="trace((diag(x) + diag(y))@A)", shows="(x + y).T@diag(A)"),
    Rule(name="powers of 0, 1 and -1", heads=kinds("binary", "pm1"), matches=facts.idempotent, example="y*y*x",
         shows="y*x", facts={"y": "binary"}),
    Rule(name="what is masked already", heads=kinds("Alias", "Sum"), matches=definitions.masked_already,
         needs=lambda: kinds("binary"), given="z = y*x**2", example="y*z", shows="z", facts={"y": "binary"}),
    Rule(name="a one-hot vector has one entry", heads=kinds("one_hot"), matches=facts.one_hot, example="outer(y, y)",
         shows="diag(y)", facts={"y": "one_hot"}),
    Rule(name="a diagonal matrix is zero off its diagonal", heads=kinds("diagonal"), matches=facts.on_the_diagonal,
         example="D*eye(n)", shows="D", facts={"D": "diagonal"}),
    Rule(name="the diagonal of a triangle", heads=having(lambda row: row.mask), matches=facts.masked,
         example="diag(tril(A))", shows="diag(A)"),
    Rule(name="an orthogonal matrix and its transpose cancel", heads=kinds("orthogonal"), matches=facts.orthogonal,
         example="Q.T@Q@x", shows="x", facts={"Q": "orthogonal"}),
    Rule(name="a matrix and its inverse cancel", heads=_INVERSES, matches=inverses.cancelled,
         example="inv(A@B)@A@x", shows="inv(B)@x", shapes={"A": "n,n", "B": "n,n"}),
    Rule(name="a matrix that is minus its transpose", heads=kinds("Sum", "Alias"), matches=sums.minus_its_transpose,
         given="G = A - A.T", example="sum(G, axis=0) - sum(G, axis=1)", shows="-2*sum(G, axis=1)"),
    Rule(name="a sum over joined axes runs over each", heads=kinds("Reshape"), matches=joined_axes.unfolded,
         example="vec(A).T@vec(B)", shows="sum(A*B)", shapes={"A": "n,m", "B": "n,m"}),
    Rule(name="a sum is opened for its identity", heads=kinds("Sum"), matches=sums.distributed,
         example="(eye(n) - A)@x", shows="x - A@x"),
    Rule(name="a sum that no matrix holds is opened", heads=kinds("Sum"), matches=sums.distributed_matrices,
         example='einsum("ijk,k->ij", einsum("ij,k->ijk", A, x) + einsum("ij,k->ijk", B, y), z)',
         shows="(x.T@z)*A + (y.T@z)*B", shapes={"A": "n,m", "B": "n,m", "z": "k"}),
    Offer(name="a sum is summed term by term", heads=kinds("Sum"), offers=sums.summed_apart,
          example="sum(x - mean(x) + x*y)", shows="x.T@y"),
    Rule(name="the trace of an outer product", heads=kinds("Sum"), matches=sums.trace_apart,
         example="trace(A + outer(x, y))", shows="trace(A) + x.T@y"),
    Rule(name="deviations from a mean add up to nothing", heads=kinds("Alias", "Sum"), matches=definitions.zeros_summed,
         given="m = mean(x)", example="sum(x - m)", shows="0"),
    Rule(name="the shares of a total are one", heads=kinds("Alias"), matches=definitions.shares_summed,
         given="Q = A**2/sum(A**2)", example="x*sum(Q)", shows="x", shapes={"A": "n,m"}),
    Offer(name="a definition is opened for its inverse", heads=kinds("Alias"), offers=definitions.undone,
          given="z = inv(A)@x", example="A@z", shows="x", shapes={"A": "n,n"}),
    Rule(name="what is taken of what is taken", heads=kinds("Window"), matches=selections.taken_twice,
         example="x[::-1][::-1] + y", shows="x + y"),
    Rule(name="what sums to one", heads=kinds("sums_to_one", "Unit", "Window"), matches=facts.ones_summed,
         example="x*sum(softmax(y))", shows="x"),
))  # fmt: skip
"""Of the factors of a product as they meet."""

POWERS: Stage[Open] = Stage((
    # what a condition decides comes before two conditions become one: a band decides nothing; and after a
    # function that has decided already, (x > 0)*maximum(x, 0)
    *(_stated(pattern, Pattern.in_product) for pattern in _ABSORBED),
    Rule(name="what a condition decides", heads=frozenset(COMPARED), matches=calls.decided,
         example="(x > 1)*(2*maximum(x, 1) > y)", shows="(x > 1)*(2*x > y)"),
    Offer(name="what a condition decides, by definitions", heads=frozenset(COMPARED), offers=calls.decided_by_meaning,
          given="z = x*y; w = minimum(x, 1)*y", example="(x < 1)*(z >= w)", shows="x < 1"),
    Rule(name="a root of factors that stand beside it", heads=kinds("Product"), matches=multiples.under_its_root,
         example="x*y/sqrt(x*y)", shows="sqrt(x*y)"),
    Rule(name="a sum over what it is a multiple of", heads=kinds("Sum"), matches=multiples.multiple_of_a_divisor,
         given="m = (x + y)/2", example="(x + y)/m*z", shows="2*z"),
    Rule(name="powers of one base", heads=having(lambda row: row.algebra == "power"), matches=calls.powers_met,
         example="x**a*x/x**c", shows="x**(1 + a - c)", shapes={"a": "()", "c": "()"}),
    *(_stated(pattern, Pattern.in_product) for pattern in _PRODUCTS if pattern not in (*_ABSORBED, *_APPLIED)),
    *(_stated(pattern, Pattern.applied) for pattern in _APPLIED),
    *(_stated(pattern, Pattern.in_factor) for pattern in _ALONE),
    Offer(name="a sum is opened for factors that cancel", heads=kinds("Sum"), offers=fractions.met_by_factors,
          example="(1 + y**2/x**2)*x**2", shows="y**2 + x**2"),
    Offer(name="a sum over one of its terms", heads=kinds("Sum"), offers=multiples.by_one_of_its_terms,
          example="(sqrt(x) - sqrt(y))/sqrt(x)", shows="1 - sqrt(y/x)"),
))  # fmt: skip
"""Of the factors of a product once the powers of each are one: a quotient is only then seen."""

SCALARS: Stage[Open] = Stage((
    Rule(name="common factors taken out", heads=kinds("Sum"), matches=sums.scalars_taken_out, example="(x/c + y/c)*z",
         shows="z*(x + y)/c", shapes={"c": "()"}),
))  # fmt: skip
"""Of the factors of a product when nothing else applies: a scalar inside a sum may have been about to cancel."""

TERMS: Stage[Sum] = Stage((
    Rule(name="the parts of a whole", heads=kinds("Sum", "Alias"), matches=multiples.whole_of_its_parts,
         given="m = (x + y)/2", example="z*x/m + z*y/m", shows="2*z"),
    Rule(name="numbers under roots", heads=kinds("Product"), matches=multiples.roots_alike,
         example="2*x/sqrt(2*pi) + sqrt(2/pi)*x", shows="2*sqrt(2/pi)*x"),
    Offer(name="over one denominator", heads=kinds("Sum"), offers=fractions.over_one_denominator,
          example="1/(1 + x) - x/(1 + x)**2", shows="1/(1 + x)**2"),
    Offer(name="diagonals between the same matrices", heads=kinds("Sum"), offers=sums.diagonals_met,
          example="A.T@diag(x/(1 + x))@A + A.T@diag(1/(1 + x))@A", shows="A.T@A"),
    Rule(name="the units of an axis add up to ones", heads=kinds("Unit"), matches=sums.every_unit,
         example="x[0]*eye(2)[0]*y + x[0]*eye(2)[1]*y", shows="x[0]*y", shapes={"y": "2"}),
    Offer(name="multiplied out", heads=kinds("Sum"), offers=fractions.multiplied_out,
          example="x*(1 - y) + x*y", shows="x"),
    Offer(name="an indicator and its complement", heads=frozenset(COMPARED), offers=sums.complements,
          example="c*(x > y) - (1 - c)*(x <= y)", shows="c - (x <= y)", shapes={"c": "()"}),
    *(_stated(pattern, Pattern.in_sum) for pattern in _SUMS),
))  # fmt: skip
"""Of a sum."""

CALLS: Stage[Apply] = Stage((
    Rule(name="what is surely larger", heads=frozenset(COMPARED), matches=calls.surely_larger,
         example="y + (1 + exp(x) > 0)", shows="1 + y"),
    *(_stated(pattern, Pattern.in_call) for pattern in _CALLS),
    Rule(name="a number is the exponent", heads=having(lambda row: row.algebra == "power"), matches=calls.raised,
         example="x**(1 - y)*x**y", shows="x"),
    Rule(name="the inverse of a multiple", heads=_INVERSES, matches=inverses.of_scaled,
         example="inv(2*diag(x)@A)", shows="inv(A)@diag(1/x)/2", shapes={"A": "n,n"}),
    Rule(name="the inverse of a product", heads=_INVERSES, matches=inverses.of_known_ends,
         example="inv(inv(A)@B)", shows="inv(B)@A", shapes={"A": "n,n", "B": "n,n"}),
    Rule(name="a function of what repeats", heads=having(lambda row: row.name), matches=calls.repeated,
         example="exp(outer(ones(m), x))@y", shows="(exp(x).T@y)*ones(m)", shapes={"x": "n", "y": "n"}),
))  # fmt: skip
"""Of a function and its arguments."""

FOLDS: Stage[Reshape] = Stage((
    Rule(name="a reshape of a reshape is one", heads=kinds("Reshape"), matches=joined_axes.folded_twice,
         example="reshape(vec(A), (n, m))", shows="reshape(A.T, (n, m))", shapes={"A": "n,m"}),
    Rule(name="the identity on joined axes", heads=kinds("Delta"), matches=joined_axes.split_identity,
         example='einsum("ijij->", reshape(eye(n*m), (n, m, n, m)))*x', shows="m*n*x", shapes={"x": "n*m"}),
    Rule(name="a number in front of a reshape", heads=kinds("Product", "Sum"), matches=joined_axes.number_in_front,
         example="vec(2*A)", shows="2*reshape(A.T, n*m)"),
))  # fmt: skip
"""Of a reshape, by what it reshapes."""

RULES: tuple[Rule[Any] | Offer[Any], ...] = (*FACTORS, *POWERS, *SCALARS, *TERMS, *CALLS, *FOLDS)


_FACTS = frozenset(fact for rule in FACTORS for fact in rule.heads) & frozenset(FACTS)


_bits: dict[str, int] = {}
_unused = count()


def _bit(head: str) -> int:
    """One bit for each head, so that several are one number."""
    return _bits.get(head) or _bits.setdefault(head, 1 << next(_unused))


def bits(heads: Iterable[str]) -> int:
    """Heads as one number."""
    found = 0
    for head in heads:
        found |= _bit(head)
    return found


@lru_cache(maxsize=1 << 15)
def heads(node: Tensor) -> int:
    """What rules are asked about a tensor: its kind, its function or those inside it, and what is known of it."""
    return bits([*made_of(node), *(fact for fact in _FACTS if facts.known(node, fact))])


@lru_cache(maxsize=1 << 14)
def heads_in(node: Sum) -> int:
    """What rules are asked about a sum: that it is one, and what its terms are made of."""
    found = bits(["Sum"])
    for _, term in node.terms:
        if isinstance(term, Product):
            for part, _, _ in term.factors:
                found |= heads(part)
        else:
            found |= heads(term)
    return found


@lru_cache(maxsize=1 << 14)
def asked(stage: Stage[S], there: int) -> tuple[Rule[S] | Offer[S], ...]:
    """The rules of a stage for these heads, in the order of the table."""
    return tuple(rule for rule in stage if bits(rule.heads) & there and not bits(rule.needs()) & ~there)
