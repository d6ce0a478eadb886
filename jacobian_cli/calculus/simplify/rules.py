"""THE table of identities. A rule says to what it applies (`heads`) and what then stands there instead; it builds
nothing. The engine (`normal_form`) asks the rules of a head in the order of the table, until none applies any more.

Rules that only ever shorten are applied. An offer may lengthen: what it proposes is built, and kept only if the cost
falls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, TypeVar

from jacobian_cli.calculus.index.tensor import Apply, Reshape, Sum, Tensor
from jacobian_cli.calculus.simplify import assumptions as facts
from jacobian_cli.calculus.simplify import fractions, functions, inverses, joined_axes, sums
from jacobian_cli.calculus.simplify.recipe import Open, Part, Rewrite
from jacobian_cli.ops import FUNCTIONS, Row
from jacobian_cli.ops.facts import FACTS

S = TypeVar("S", Open, Sum, Apply, Reshape)
Result = Part | Rewrite


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offer(Generic[S]):
    """An identity that may lengthen: its proposals are kept only where the cost falls."""

    name: str
    heads: frozenset[str]
    offers: Callable[[S], Iterable[Result]]
    example: str
    shows: str
    shapes: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


def kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


def having(of: Callable[[Row], object]) -> frozenset[str]:
    """The functions of which the table says something."""
    return frozenset(name for name, entry in FUNCTIONS.items() if of(entry))


FACTORS: tuple[Rule[Open] | Offer[Open], ...] = (
    # Facts come first: they take factors away, and what is left is less to look at. Inverses come before sums are
    # opened, since a sum may be what an inverse undoes.
    Rule(name="a sum on the diagonal is a diagonal", heads=kinds("Sum"), matches=sums.diagonal_sum,
         example="(diag(x) + diag(y))@A", shows="diag(x + y)@A"),
    Rule(name="powers of 0, 1 and -1", heads=kinds("binary", "pm1"), matches=facts.idempotent, example="y*y*x",
         shows="y*x", facts={"y": "binary"}),
    Rule(name="a one-hot vector has one entry", heads=kinds("one_hot"), matches=facts.one_hot, example="outer(y, y)",
         shows="diag(y)", facts={"y": "one_hot"}),
    Rule(name="a diagonal matrix is zero off its diagonal", heads=kinds("diagonal"), matches=facts.on_the_diagonal,
         example="D*eye(n)", shows="D", facts={"D": "diagonal"}),
    Rule(name="the diagonal of a triangle", heads=having(lambda row: row.mask), matches=facts.masked,
         example="diag(tril(A))", shows="diag(A)"),
    Rule(name="an orthogonal matrix and its transpose cancel", heads=kinds("orthogonal"), matches=facts.orthogonal,
         example="Q.T@Q@x", shows="x", facts={"Q": "orthogonal"}),
    Rule(name="a matrix and its inverse cancel", heads=having(lambda row: row.inverts), matches=inverses.cancelled,
         example="inv(A@B)@A@x", shows="inv(B)@x", shapes={"A": "n,n", "B": "n,n"}),
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
    Rule(name="what sums to one", heads=kinds("sums_to_one", "Unit", "Window"), matches=facts.ones_summed,
         example="x*sum(softmax(y))", shows="x"),
)  # fmt: skip
"""Of the factors of a product as they meet."""

POWERS: tuple[Rule[Open] | Offer[Open], ...] = (
    Rule(name="an indicator is its own square", heads=having(lambda row: row.indicator),
         matches=functions.one_indicator, example="(x > 0)**2*y", shows="y*(x > 0)"),
    Rule(name="even powers", heads=having(lambda row: row.even_powers), matches=functions.even_power,
         example="abs(x)**3", shows="abs(x)*x**2"),
    Rule(name="quotients that are a function",
         heads=frozenset((f for row in FUNCTIONS.values() for p in row.products for f, _ in p)),
         matches=functions.one_function, example="sinh(x)/cosh(x)", shows="tanh(x)"),
    Rule(name="a share with its sign turned", heads=having(lambda row: row.share_of), matches=functions.turned_share,
         example="exp(x)*sigmoid(-x)", shows="sigmoid(x)"),
    Rule(name="a share of one", heads=kinds("Sum"), matches=functions.share_of_one, example="exp(x)/(1 + exp(x))",
         shows="sigmoid(x)"),
    Rule(name="a share of a row", heads=kinds("Product"), matches=functions.share_of_row,
         example="exp(x)/sum(exp(x))", shows="softmax(x)"),
    Offer(name="a sum is opened for factors that cancel", heads=kinds("Sum"), offers=fractions.met_by_factors,
          example="(1 + y**2/x**2)*x**2", shows="y**2 + x**2"),
)  # fmt: skip
"""Of the factors of a product once the powers of each are one: a quotient is only then seen."""

SCALARS: tuple[Rule[Open] | Offer[Open], ...] = (
    Rule(name="common factors taken out", heads=kinds("Sum"), matches=sums.scalars_taken_out, example="(x/c + y/c)*z",
         shows="z*(x + y)/c", shapes={"c": "()"}),
)  # fmt: skip
"""Of the factors of a product when nothing else applies: a scalar inside a sum may have been about to cancel."""

TERMS: tuple[Rule[Sum] | Offer[Sum], ...] = (
    Offer(name="over one denominator", heads=kinds("Sum"), offers=fractions.over_one_denominator,
          example="1/(1 + x) - x/(1 + x)**2", shows="1/(1 + x)**2"),
    Offer(name="multiplied out", heads=kinds("Sum"), offers=fractions.multiplied_out,
          example="x*(1 - y) + x*y", shows="x"),
)  # fmt: skip
"""Of a sum."""

CALLS: tuple[Rule[Apply] | Offer[Apply], ...] = (
    # the mirror comes first: rules of comparisons are stated for a constant on the right
    Rule(name="constants stand on the right", heads=having(lambda row: row.mirror), matches=functions.mirrored,
         example="0 < x", shows="x > 0"),
    Rule(name="an indicator compared with 0", heads=having(lambda row: row.of_indicator),
         matches=functions.of_indicator, example="(x > 0) == 0", shows="1 - (x > 0)"),
    Rule(name="what is declared", heads=having(lambda row: row.under), matches=facts.value_under, example="abs(x)",
         shows="x", facts={"x": "positive"}),
    Rule(name="a function undoes its inverse", heads=having(lambda row: row.undoes), matches=functions.undone,
         example="log(exp(x))", shows="x"),
    Rule(name="the logarithm of a total", heads=having(lambda row: row.undoes), matches=functions.log_of_total,
         example="log(sum(exp(x)))", shows="logsumexp(x)"),
    Rule(name="the inverse of the identity", heads=having(lambda row: row.inverts), matches=inverses.of_identity,
         example="inv(eye(n))@x", shows="x"),
    Rule(name="the inverse of a transpose", heads=having(lambda row: row.inverts), matches=inverses.of_transpose,
         example="inv(A.T)", shows="inv(A).T", shapes={"A": "n,n"}),
    Rule(name="the inverse of a multiple", heads=having(lambda row: row.inverts), matches=inverses.of_scaled,
         example="inv(2*diag(x)@A)", shows="inv(A)@diag(1/x)/2", shapes={"A": "n,n"}),
    Rule(name="the inverse of a product", heads=having(lambda row: row.inverts), matches=inverses.of_known_ends,
         example="inv(inv(A)@B)", shows="inv(B)@A", shapes={"A": "n,n", "B": "n,n"}),
    Rule(name="a function of the diagonal", heads=having(lambda row: row.of_diagonal), matches=functions.of_diagonal,
         example="det(diag(x))", shows="prod(x)"),
    Rule(name="a function of what repeats", heads=having(lambda row: row.name), matches=functions.repeated,
         example="exp(outer(ones(m), x))@y", shows="(exp(x).T@y)*ones(m)", shapes={"x": "n", "y": "n"}),
)  # fmt: skip
"""Of a function and its arguments."""

FOLDS: tuple[Rule[Reshape] | Offer[Reshape], ...] = (
    Rule(name="a reshape of a reshape is one", heads=kinds("Reshape"), matches=joined_axes.folded_twice,
         example="reshape(vec(A), (n, m))", shows="reshape(A.T, (n, m))", shapes={"A": "n,m"}),
    Rule(name="the identity on joined axes", heads=kinds("Delta"), matches=joined_axes.split_identity,
         example='einsum("ijij->", reshape(eye(n*m), (n, m, n, m)))*x', shows="m*n*x", shapes={"x": "n*m"}),
    Rule(name="a number in front of a reshape", heads=kinds("Product", "Sum"), matches=joined_axes.number_in_front,
         example="vec(2*A)", shows="2*reshape(A.T, n*m)"),
)  # fmt: skip
"""Of a reshape, by what it reshapes."""

RULES: tuple[Rule[Any] | Offer[Any], ...] = (*FACTORS, *POWERS, *SCALARS, *TERMS, *CALLS, *FOLDS)


_FACTS = frozenset(fact for rule in FACTORS for fact in rule.heads) & frozenset(FACTS)


@lru_cache(maxsize=1 << 15)
def heads(node: Tensor) -> frozenset[str]:
    """What rules are asked about a tensor: its kind, its function, and what is known of it."""
    said = {fact for fact in _FACTS if facts.known(node, fact)}
    return frozenset({type(node).__name__, *([node.function] if isinstance(node, Apply) else ()), *said})


@lru_cache(maxsize=4096)
def asked(stage: tuple[Rule[S] | Offer[S], ...], there: frozenset[str]) -> tuple[Rule[S] | Offer[S], ...]:
    """The rules of a stage for these heads, in the order of the table."""
    return tuple(rule for rule in stage if rule.heads & there)
