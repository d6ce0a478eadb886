"""Identities in the language, one row each: what stands on the left is what stands on the right, whatever the names
stand for, and from left to right it becomes simpler. To add one, add a row; the tests find it.

A name is a number, which runs along whatever it meets, unless `shapes` says otherwise. `where` says what must be known
of it: a fact that may be declared (see `facts`), or that it is a `constant`, that it `varies`, that it is `finite`,
`unsigned` (no minus stands in front), `added` (none stands before any of its terms).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cache
from operator import eq, ge, gt, le, lt, ne

from jacobian_cli.ops.read import read
from jacobian_cli.records import record
from jacobian_cli.syntax.tree import Call, Literal, Name, Term


@record(frozen=True, slots=True, kw_only=True, eq=False)
class Identity:
    """left = right."""

    name: str
    left: str
    right: str
    where: Mapping[str, str] = field(default_factory=dict)
    ordered: tuple[str, ...] = ()
    """Two names of which the first is surely below the second."""
    shapes: Mapping[str, str] = field(default_factory=dict)
    example_shapes: Mapping[str, str] = field(default_factory=dict)
    """Shapes of the names of the example, where it is not the left side."""
    offered: bool = False
    """Whether it may lengthen, so that it is only kept where it does not."""
    alone: bool = False
    """Of a sum: whether it is kept beside one of its terms, as in p*(1 - p); without such it is a factor of a product
    that becomes the right side.
    """
    example: str = ""
    """A formula in which it applies, where the left side is none by itself."""
    steady: bool = False
    """Whether the right side has a value, or digits, where the left one overflows or cancels: code is written so."""
    shows: str = ""
    """The formula as it is then written, where that is not the right side."""


@record(frozen=True, slots=True, kw_only=True, eq=False)
class Holds:
    """A fact of the value of a function, wherever `given` is a fact of its first argument (`""`: always)."""

    function: str
    fact: str
    given: str = ""


def _mirrored() -> tuple[Identity, ...]:
    """A constant stands on the right: 0 < x is x > 0."""
    pairs = (("<", ">"), (">", "<"), ("<=", ">="), (">=", "<="), ("==", "=="), ("!=", "!="))
    only = {"c": "constant", "x": "varies"}
    return tuple(
        Identity(name=f"a constant stands on the right of {right}", left=f"c {left} x", right=f"x {right} c",
                 where=only, example=f"0 {left} relu(x)*sin(9*x)", shows=f"relu(x)*sin(9*x) {right} 0")
        for left, right in pairs
    ) + tuple(
        Identity(name=f"a constant is the second of a {name}", left=f"{name}(c, x)", right=f"{name}(x, c)", where=only,
                 example=f"{name}(0, x)", shows=f"{name}(x, 0)")
        for name in ("maximum", "minimum", "logaddexp")
    )  # fmt: skip


def _bounds() -> tuple[Identity, ...]:
    """A maximum is below a bound where both of its values are, and a minimum above it."""
    sides = (("maximum", ("<", "<=")), ("minimum", (">", ">=")))
    return tuple(
        Identity(name=f"bound on a {name}, {sign}", left=f"{name}(x, a) {sign} b", right=f"(x {sign} b)*(a {sign} b)",
                 offered=True, example=f"{name}(x, {outside}) {sign} {inside}", shows=f"x {sign} {inside}")
        for (name, signs), outside, inside in zip(sides, (1, 2), (2, 1), strict=True)
        for sign in signs
    )  # fmt: skip


def _clipped() -> tuple[Identity, ...]:
    """The lesser of a x and of a times x clipped, as in PPO: x counts where a x is no more than the other. Where it is
    known which bound is the upper one, that is below it if a > 0, above the lower one if a < 0.
    """
    found = []
    for way in ("minimum(maximum(x, {b}), {c})", "maximum(minimum(x, {c}), {b})"):
        for sign, above, below in (("<", "x < {c}", "x > {b}"), (">", "x > {b}", "x < {c}")):
            name = f"a multiple {sign} it clipped, {way[:7]} outside"
            met = f"(x > {{b}})*(x < {{c}}) + ({{a}}*x {sign} {{a}}*{way})"
            kept, side = f"{{a}}*x {sign}= {{a}}*{way}", f"where({{a}} > 0, {above}, {below})"
            turned = kept.replace("{a}*x", "x*{a}")
            bare, other, known = ({"a": a, "b": b, "c": c} for a, b, c in ("abc", "yab", "y12"))
            found += [
                Identity(name=name, left=met.format(**bare), right=kept.format(**bare),
                         example=met.format(**other), shows=turned.format(**other)),
                Identity(name=f"{name}, by sides", left=kept.format(**bare), right=side.format(**bare),
                         ordered=("b", "c"), example=kept.format(**known), shows=side.format(**known)),
            ]  # fmt: skip
    return tuple(found)


def _picked() -> tuple[Identity, ...]:
    """Where the largest entry is, times the entries, is the largest: these rows say which function marks which."""
    return tuple(
        Identity(name=f"what {marks} marks", left=f"{marks}(x)@x", right=f"{picks}(x)", shapes={"x": "n"},
                 where={"x": "finite"})
        for marks, picks in (("largest", "max"), ("smallest", "min"))
    )  # fmt: skip


def _shifts() -> tuple[Identity, ...]:
    """softmax(x + c) = softmax(x), as in softmax(x - max(x)), and logsumexp(x + c) = logsumexp(x) + c."""
    return tuple(
        Identity(name=f"{name} of what is {word}", left=f"{name}(x {sign} c)", right=f"{name}(x)" + added,
                 shapes={"x": "n"}, example=f"{name}(x {sign} norm(y))", shows=shows or f"{name}(x)")
        for sign, word in (("+", "raised"), ("-", "lowered"))
        for name, added, shows in (
            ("softmax", "", ""),
            ("log_softmax", "", ""),
            ("logsumexp", f" {sign} c", f"logsumexp(x) {sign} norm(y)"),
        )
    )  # fmt: skip


def _differences() -> tuple[Identity, ...]:
    """q r > (q − 1) r where r > 0. Of equalities nothing is said: they hang on the last bit."""
    return tuple(
        Identity(name=f"difference {sign} 0", left=f"x {sign} y", right=f"x - y {sign} 0", where={"y": "varies"},
                 offered=True, example=f"(1 + c)*x {sign} c*x", shows=f"x {sign} 0", example_shapes={"c": "()"})
        for sign in (">", "<", ">=", "<=")
    )  # fmt: skip


def _turned() -> tuple[Identity, ...]:
    """-x > -y where x < y."""
    pairs = (("<", ">"), (">", "<"), ("<=", ">="), (">=", "<="))
    return tuple(
        Identity(name=f"opposites, {left}", left=f"-x {left} -y", right=f"x {right} y",
                 where={"x": "added", "y": "added"})
        for left, right in pairs
    )  # fmt: skip


def _gates() -> tuple[Identity, ...]:
    """relu(x) > 0 where x > 0: these functions have the sign of their argument, or none where it has a minus."""
    above: Mapping[str, str] = {"a": "positive"}
    rows: tuple[tuple[str, str, Mapping[str, str]], ...] = (
        ("relu(x)", "> <=", {}),
        ("maximum(x, 0)", ">", {}),
        ("leaky_relu(x, a)", "> < >= <=", above),
        ("elu(x, a)", "> < >= <=", above),
    )
    return tuple(
        Identity(name=f"the sign of {call}, {sign}", left=f"{call} {sign} 0", right=f"x {sign} 0", where=where)
        for call, signs, where in rows
        for sign in signs.split()
    )


IDENTITIES: tuple[Identity, ...] = (
    # the mirror comes first: other identities are stated for a constant on the right
    *_mirrored(),
    Identity(name="an indicator is not 0", left="y != 0", right="y", where={"y": "binary"}),
    Identity(name="an indicator is 0", left="y == 0", right="1 - y", where={"y": "binary"}),
    Identity(name="a choice that is made", left="where(1, x, y)", right="x", example="where(exp(z) > 0, x, y)"),
    Identity(name="a choice that is not made", left="where(0, x, y)", right="y", example="where(exp(z) < 0, x, y)"),
    *_bounds(),
    *_turned(),
    *_gates(),
    *_differences(),
    # what is declared
    Identity(name="modulus of a positive", left="abs(x)", right="x", where={"x": "positive"}),
    Identity(name="modulus of 0 or 1", left="abs(y)", right="y", where={"y": "binary"}),
    Identity(name="modulus of a sign", left="abs(s)", right="1", where={"s": "pm1"}, example="abs(s)*x", shows="x"),
    Identity(name="sign of a positive", left="sign(x)", right="1", where={"x": "positive"}, example="sign(x)*y",
             shows="y"),
    Identity(name="sign of 0 or 1", left="sign(y)", right="y", where={"y": "binary"}),
    Identity(name="sign of a sign", left="sign(s)", right="s", where={"s": "pm1"}),
    Identity(name="a positive is above 0", left="maximum(x, 0)", right="x", where={"x": "positive"}),
    Identity(name="0 or 1 is not below 0", left="maximum(y, 0)", right="y", where={"y": "binary"}),
    Identity(name="0 is below a positive", left="minimum(x, 0)", right="0", where={"x": "positive"},
             example="y + minimum(x, 0)", shows="y"),
    Identity(name="0 is not above 0 or 1", left="minimum(y, 0)", right="0", where={"y": "binary"},
             example="x + minimum(y, 0)", shows="x"),
    Identity(name="relu of a positive", left="relu(x)", right="x", where={"x": "positive"}),
    Identity(name="relu of 0 or 1", left="relu(y)", right="y", where={"y": "binary"}),
    Identity(name="inverse of an orthogonal matrix", left="inv(Q)", right="Q.T", where={"Q": "orthogonal"},
             shapes={"Q": "n,n"}),
    # functions that undo each other, and their totals
    Identity(name="logarithm of an exponential", left="log(exp(x))", right="x"),
    Identity(name="exponential of a logarithm", left="exp(log(x))", right="x"),
    Identity(name="inverse of an inverse", left="inv(inv(A))", right="A", shapes={"A": "n,n"}),
    Identity(name="logsumexp", left="log(sum(exp(x)))", right="logsumexp(x)", shapes={"x": "n"},
             steady=True),
    Identity(name="softplus", left="log(1 + exp(x))", right="softplus(x)", steady=True),
    # quotients that are a function
    Identity(name="tangent", left="sin(x)/cos(x)", right="tan(x)"),
    Identity(name="hyperbolic tangent", left="sinh(x)/cosh(x)", right="tanh(x)"),
    Identity(name="modulus from the sign", left="sign(x)*x", right="abs(x)", shows="abs(x)"),
    Identity(name="sign from the modulus", left="x/abs(x)", right="sign(x)"),
    Identity(name="sign as a quotient", left="abs(x)/x", right="sign(x)"),
    Identity(name="sign and modulus below", left="sign(x)/abs(x)", right="1/x"),
    Identity(name="square of a modulus", left="abs(x)**2", right="x**2"),
    Identity(name="square of a sign", left="sign(x)**2", right="1", example="sign(x)**2*y", shows="y"),
    Identity(name="a gate that is open already", left="(x > 0)*relu(x)", right="relu(x)"),
    Identity(name="a positive part is positive", left="(x > 0)*maximum(x, 0)", right="maximum(x, 0)"),
    Identity(name="a negative part is negative", left="(x < 0)*minimum(x, 0)", right="minimum(x, 0)"),
    Identity(name="what is masked is no share", left="(c != 0)*softmax(where(c, x, -inf))",
             right="softmax(where(c, x, -inf))", shapes={"c": "n", "x": "n"}),
    *_picked(),
    *_clipped(),
    Identity(name="a choice between what is alike", left="where(c, x, x)", right="x", example="where(y > 0, x, x)"),
    Identity(name="a band", left="(x > b - a)*(x < b + a)", right="abs(x - b) < a", offered=True),
    Identity(name="a band around 0", left="(x > -a)*(x < a)", right="abs(x) < a"),
    Identity(name="square of a hyperbolic cosine", left="sinh(x)**2 + cosh(x)**2", right="cosh(2*x)"),
    Identity(name="Pythagoras", left="sin(x)**2 + cos(x)**2", right="1",
             example="y*(sin(x)**2 + cos(x)**2)", shows="y"),
    Identity(name="Pythagoras, hyperbolic", left="cosh(x)**2 - sinh(x)**2", right="1",
             example="y*(cosh(x)**2 - sinh(x)**2)", shows="y"),
    Identity(name="the entry that was picked", left="x*e/(x.T@e)", right="e", where={"e": "one_hot"},
             shapes={"x": "n", "e": "n"}),
    # shares of one, and of a row
    Identity(name="softmax", left="exp(x)/sum(exp(x))", right="softmax(x)", shapes={"x": "n"}, steady=True),
    Identity(name="sigmoid", left="exp(x)/(1 + exp(x))", right="sigmoid(x)",
             example="exp(x)**2/(1 + exp(x))**2", shows="sigmoid(x)**2", steady=True),
    Identity(name="a sigmoid over its total", left="sigmoid(x)/(1 + exp(x))", right="sigmoid(x)*(1 - sigmoid(x))"),
    Identity(name="a sigmoid turned", left="exp(x)*sigmoid(-x)", right="sigmoid(x)"),
    Identity(name="what a turned sigmoid leaves of one", left="1 - sigmoid(-x)", right="sigmoid(x)",
             where={"x": "unsigned"}, alone=True, example="y*(1 - sigmoid(-x))", shows="y*sigmoid(x)"),
    Identity(name="a sigmoid turned less the sigmoid", left="sigmoid(-x) - sigmoid(x)", right="2*sigmoid(-x) - 1",
             where={"x": "unsigned"}),
    Identity(name="the other share of one", left="1/(1 + exp(x))", right="sigmoid(-x)", steady=True),
    # what is added to all entries of a row
    *_shifts(),
    # running sums, whose derivative is a matrix
    Identity(name="a running sum", left="cumsum(eye(n)).T@x", right="cumsum(x)", shapes={"x": "n"},
             example="y*(cumsum(eye(n)).T@x)", shows="y*cumsum(x)", example_shapes={"x": "n", "y": "n"}),
    Identity(name="a running sum from the end", left="cumsum(eye(n))@x", right="cumsum(x[::-1])[::-1]",
             shapes={"x": "n"}),
    # matrices
    Identity(name="inverse of the identity", left="inv(eye(n))", right="eye(n)", example="inv(eye(n))@x", shows="x"),
    Identity(name="inverse of a transpose", left="inv(A.T)", right="inv(A).T", shapes={"A": "n,n"}),
    Identity(name="cofactors of a transpose", left="cofactors(A.T)", right="cofactors(A).T", shapes={"A": "n,n"}),
    Identity(name="logarithm of the determinant of a Kronecker product", left="logdet(kron(A, B))",
             right="m*slogdet(A) + n*slogdet(B)", shapes={"A": "n,n", "B": "m,m"}),
    Identity(name="determinant of a Kronecker product", left="det(kron(A, B))", right="det(A)**m*det(B)**n",
             shapes={"A": "n,n", "B": "m,m"}),
    Identity(name="determinant of a diagonal", left="det(diag(x))", right="prod(x)", shapes={"x": "n"}),
)  # fmt: skip

STEADY: tuple[Identity, ...] = (
    *(identity for identity in IDENTITIES if identity.steady),
    Identity(name="softplus, near one", left="log1p(exp(x))", right="softplus(x)", steady=True),
    Identity(name="hyperbolic tangent, written out", left="(exp(x) - exp(-x))/(exp(x) + exp(-x))", right="tanh(x)",
             steady=True),
    Identity(name="log of a softmax", left="log(softmax(x))", right="log_softmax(x)", shapes={"x": "n"}, steady=True),
    Identity(name="log of a sigmoid", left="log(sigmoid(x))", right="log_sigmoid(x)", steady=True),
    Identity(name="log of the other share", left="log(1 - sigmoid(x))", right="log_sigmoid(-x)", steady=True),
    Identity(name="log of two exponentials", left="log(exp(x) + exp(y))", right="logaddexp(x, y)", steady=True),
    Identity(name="log of a hyperbolic cosine", left="log(cosh(x))", right="logaddexp(x, -x) - log(2)", steady=True),
    Identity(name="log near one", left="log(1 + x)", right="log1p(x)", steady=True),
    Identity(name="log near one, below", left="log(1 - x)", right="log1p(-x)", steady=True),
    Identity(name="exponential near one", left="exp(x) - 1", right="expm1(x)", steady=True),
    Identity(name="root of a dot product", left="sqrt(x.T@x)", right="norm(x)", shapes={"x": "n"}, steady=True),
    Identity(name="root of squares", left="sqrt(sum(x**2))", right="norm(x)", shapes={"x": "n"}, steady=True),
)  # fmt: skip
"""What code says instead of what is written on paper; those before come first."""

HOLDS: tuple[Holds, ...] = (
    *(Holds(function=name, fact="binary") for name in (">", "<", ">=", "<=", "==", "!=")),
    *(Holds(function=name, fact="positive") for name in ("exp", "sigmoid", "softmax")),
    *(Holds(function=name, fact="sums_to_one") for name in ("softmax", "largest", "smallest")),
    *(Holds(function="one_hot", fact=fact) for fact in ("one_hot", "sums_to_one", "binary")),
    Holds(function="argsort", fact="index"),
    Holds(function="det", fact="positive", given="spd"),
    Holds(function="inv", fact="spd", given="spd"),
)


LOGARITHM, EXPONENTIAL = "log", "exp"
"""What makes sums of products, and products of sums."""
COMPARED: Mapping[str, Callable[[int, int], bool]] = {">": gt, "<": lt, ">=": ge, "<=": le, "==": eq, "!=": ne}
"""What comparisons say of numbers."""
COMPLEMENTS: Mapping[str, str] = {">": "<=", "<": ">=", "==": "!=", "<=": ">", ">=": "<", "!=": "=="}
"""The comparison that holds wherever another one does not."""
DECIDED: Mapping[str, Mapping[str, int]] = {
    ">": {"maximum": 0}, "<": {"minimum": 0}, "<=": {"maximum": 1}, ">=": {"minimum": 1},
}  # fmt: skip
"""(x > a)*maximum(x, a) = (x > a)*x: the functions of two values that a comparison decides, and which of them it is."""
CHOICES = frozenset(name for decided in DECIDED.values() for name in decided)
"""The functions that are one of their two values, as a comparison of these says."""


@cache
def held(function: str) -> Mapping[str, str]:
    """The facts of a function's value, and for each the fact of its first argument under which it holds."""
    return {one.fact: one.given for one in HOLDS if one.function == function}


@cache
def _sides() -> tuple[tuple[Term, Term], ...]:
    return tuple((read(one.left), read(one.right)) for one in IDENTITIES)


@cache
def mirror(function: str) -> str:
    """The function with its two arguments exchanged; "" if there is none."""
    for sides in _sides():
        match sides:
            case Call(name, (Name(a), Name(b))), Call(other, (Name(c), Name(d))):
                if name == function and (a, b) == (d, c):
                    return other
    return ""


@cache
def turns(function: str) -> bool:
    """Whether the value for a transpose is the transpose of the value."""
    return any(_is_of(left, function, ".T") and _is_of(right, ".T", function) for left, right in _sides())


@cache
def chooses(function: str) -> bool:
    """Whether its value is its second or its third argument, as the first one says."""
    return any(isinstance(left, Call) and left.function == function and _are_alike(left) for left, _ in _sides())


def _are_alike(call: Call) -> bool:
    match call.arguments:
        case Name(), Name(a), Name(b):
            return a == b
    return False


@cache
def marked(function: str) -> str:
    """The function of entries of which it says which entry was picked: `max` for `largest`; or ""."""
    return next((picks for marks, picks in _marks() if marks == function), "")


@cache
def marks(function: str) -> str:
    """For a function that picks one of many entries, or says where it is: what says where it is; or ""."""
    return next((marks for marks, picks in _marks() if function in (marks, picks)), "")


@cache
def _marks() -> tuple[tuple[str, str], ...]:
    found = []
    for sides in _sides():
        match sides:
            case Call("@", (Call(marks, (Name(a),)), Name(b))), Call(picks, (Name(c),)) if a == b == c:
                found.append((marks, picks))
    return tuple(found)


@cache
def gate(function: str) -> str:
    """The comparison with 0 of its argument without which the value of a function is 0: `>` for `relu`, and for
    `maximum` whose other argument is 0; or "".
    """
    for sides in _sides():
        match sides:
            case (
                Call("*", (Call(compares, (Name(a), Literal())), Call(name, (Name(b), *rest)))),
                Call(other, (Name(c), *others)),
            ):
                if name == other == function and a == b == c and len(rest) == len(others):
                    return compares
    return ""


@cache
def hides(function: str) -> bool:
    """Whether the value of a function is 0 where a choice makes its argument -inf, as that of `softmax`."""
    for sides in _sides():
        match sides:
            case Call("*", (Call("!=", (Name(a), Literal())), Call(name, (Call(choice, (Name(b), *_)),)))), Call(other):
                if name == other == function and a == b and chooses(choice):
                    return True
    return False


@cache
def inverts(function: str) -> bool:
    """Whether a function of a matrix is the inverse: it leaves the identity as it is."""
    return function in _of_the_identity()


@cache
def _of_the_identity() -> frozenset[str]:
    found = set()
    for left, _ in _sides():
        match left:
            case Call(function, (Call("eye", _),)):
                found.add(function)
    return frozenset(found)


@cache
def shift(function: str) -> str:
    """What a number added to all entries of its argument adds to its value: "0" or "1" times that number, or ""."""
    for sides in _sides():
        match sides:
            case Call(name, (Call("+", (Name(), Name())),)), Call(other, arguments) if name == function:
                return "0" if other == name else str(sum(isinstance(term, Name) for term in arguments))
    return ""


def _is_of(term: Term, function: str, inner: str) -> bool:
    match term:
        case Call(outer, (Call(name, _),)):
            return outer == function and name == inner
    return False
