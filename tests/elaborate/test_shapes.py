"""What shapes are inferred, what is assumed, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from jacobian_cli.api.input.problem import shapes_of
from jacobian_cli.elaborate import Program, elaborate
from jacobian_cli.expr import Defined, Extent
from jacobian_cli.shape import ONE, Size, Unifier, product, shape_text
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import statements
from jacobian_cli.syntax.statements import split


def program(text: str, **shapes: str) -> Program:
    return elaborate(statements(split(text)), shapes_of(shapes))


def inferred(found: Program) -> str:
    """`W n × m, x m -> n`."""
    shapes = ", ".join(f"{name} {shape_text(v.shape)}" for name, v in found.variables.items())
    return f"{shapes} -> {shape_text(found.output.shape)}".removeprefix(" ")


# nothing declared: the textbook habit, and what the formula demands

ASSUMED = {
    "x": "x n -> n",
    "A": "A n × m -> n × m",
    "alpha": "alpha scalar -> scalar",
    "λ*x": "λ scalar, x n -> n",
    "lam*x + mu_1*y": "lam scalar, x n, mu_1 scalar, y n -> n",
    "2*x": "x n -> n",
    "pi*x/e": "x n -> n",
    "W@x + b": "W n × m, x m, b n -> n",
    "u.T@sigmoid(W@x + b)": "u n, W n × m, x m, b n -> scalar",
    "W2@relu(W1@x + b1) + b2": "W2 n × m, W1 m × k, x k, b1 m, b2 n -> n",
    "X@W + b": "X n × m, W m × k, b k -> n × k",
    "X@w": "X n × m, w m -> n",
    "x.T": "x n -> 1 × n",
    "x.T.T": "x n -> n",
    "x.T@y": "x n, y n -> scalar",
    "x@y": "x n, y n -> scalar",
    "x@y.T": "x n, y m -> n × m",
    "a.T@x@x.T@b": "a n, x n, b n -> scalar",
    "x.T@A@x": "x n, A n × n -> scalar",
    "x.T@A@y": "x n, A n × m, y m -> scalar",
    "A.T@A": "A n × m -> m × m",
    "A@B": "A n × m, B m × k -> n × k",
    "A@A": "A n × n -> n × n",
    "A.T + A": "A n × n -> n × n",
    "A*B": "A n × m, B n × m -> n × m",
    "A + b": "A n × m, b m -> n × m",
    "x[:, None]*A": "x n, A n × m -> n × m",
    "x[:, None] + y.T": "x n, y m -> n × m",
    "x.T*y.T": "x n, y n -> 1 × n",
    "trace(A)": "A n × n -> scalar",
    "trace(A@B)": "A n × m, B m × n -> scalar",
    "diag(x)@A": "x n, A n × m -> n × m",
    "diag(A)": "A n × n -> n",
    "outer(x, y)": "x n, y m -> n × m",
    "kron(x, y)": "x n, y m -> n*m",
    "kron(A, B)": "A n × m, B k × p -> n*k × m*p",
    "vec(A)": "A n × m -> n*m",
    "reshape(x, (2, 3))": "x 6 -> 2 × 3",
    "reshape(x, (n, m))@y": "x n*m, y m -> n",
    "sum(A)": "A n × m -> scalar",
    "sum(A, axis=0)": "A n × m -> m",
    "sum(A, axis=-1)": "A n × m -> n",
    "sum(A, axis=1, keepdims=True)": "A n × m -> n × 1",
    "mean(A, axis=0) + x": "A n × m, x m -> m",
    "norm(A@x - b)**2 + lam*norm(x)**2": "A n × m, x m, b n, lam scalar -> scalar",
    "A/sum(A, axis=1, keepdims=True)": "A n × m -> n × m",
    "max(x, 0)": "x n -> n",
    "where(x > 0, x, y)": "x n, y n -> n",
    "log(1 + exp(-y*(X@w)))": "y n, X n × m, w m -> n",
    "A[0]": "A n × m -> m",
    "A[:, 0]": "A n × m -> n",
    "A[0, 1]": "A n × m -> scalar",
    "x[0]": "x n -> scalar",
    "x[1:3]": "x n -> 2",
    "x[1:] - x[:-1]": "x n -> n - 1",
    "x[:, None]": "x n -> n × 1",
    "x[None, :]": "x n -> 1 × n",
    'einsum("ij,jk->ik", A, B)': "A n × m, B m × k -> n × k",
    'einsum("i,i->", x, y)': "x n, y n -> scalar",
    'einsum("ii->i", A)': "A n × n -> n",
    "eye(n)@x": "x n -> n",
    "ones(n).T@x": "x n -> scalar",
    "ones(n, m)@x": "x m -> n",
    "zeros(2, 3) + A": "A 2 × 3 -> 2 × 3",
    "S + lam*eye(n)": "S n × n, lam scalar -> n × n",
    "leaky_relu(x)": "x n -> n",
    "(W@x)[0]": "W n × m, x m -> scalar",
    "3": "-> scalar",
    "ones(n)": "-> n",
}


@pytest.mark.parametrize("text", ASSUMED)
def test_shapes_are_inferred(text: str) -> None:
    assert inferred(program(text)) == ASSUMED[text]


# the letters are given out in one order, and none that means something else


def test_a_name_of_the_formula_is_no_size() -> None:
    assert inferred(program("A@n")) == "A m × k, n k -> m"
    assert inferred(program("A@x + n")) == "A m × k, x k, n m -> m"
    assert inferred(program("W@x", b="n")) == "W m × k, x k, b n -> m"
    assert inferred(program("W@x", n="3")) == "W m × k, x k, n 3 -> m"
    assert inferred(program("n = x.T@x; n*W@y")) == "x m, W k × p, y p -> k"


DECLARED: list[tuple[str, dict[str, str], str]] = [
    ("W@x + b", {"W": "8,20"}, "W 8 × 20, x 20, b 8 -> 8"),
    ("W@x", {"W": "n,m+1"}, "W n × m + 1, x m + 1 -> n"),
    ("W@x", {"x": "m,k"}, "W n × m, x m × k -> n × k"),
    ("W@x", {"W": "n"}, "W n, x n -> scalar"),
    ("A@x", {"A": "1,m"}, "A 1 × m, x m -> scalar"),
    ("A@x", {"A": "n,1"}, "A n × 1, x 1 -> n"),
    ("A.T", {"A": "1,m"}, "A 1 × m -> m"),
    ("x*y", {"x": "1", "y": "n"}, "x 1, y n -> n"),
    ("A*B", {"A": "n,1", "B": "1,m"}, "A n × 1, B 1 × m -> n × m"),
    ("c*x", {"c": ""}, "c scalar, x n -> n"),
    ("c*x", {"c": "()"}, "c scalar, x n -> n"),
    ("x + y", {"x": "2*n"}, "x 2*n, y 2*n -> 2*n"),
    ("x[1:] + y", {"y": "4"}, "x 5, y 4 -> 4"),
    ("x[1:] + y", {"y": "m"}, "x m + 1, y m -> m"),
    ("x[n:2*n]", {"x": "3*n"}, "x 3*n -> n"),
    ("x[n:]", {"x": "2*n"}, "x 2*n -> n"),
    ("kron(x, y) + z", {"x": "2", "z": "6"}, "x 2, y 3, z 6 -> 6"),
    ("kron(A, B)", {"A": "n,n", "B": "m,m"}, "A n × n, B m × m -> n*m × n*m"),
    ("reshape(A, (m, n))", {"A": "n,m"}, "A n × m -> m × n"),
    ("reshape(A, n*m)", {"A": "n,m"}, "A n × m -> n*m"),
    ("reshape(A, (6,))", {"A": "2,3"}, "A 2 × 3 -> 6"),
    ("X + b", {"X": "n,m,k"}, "X n × m × k, b k -> n × m × k"),
    ("sum(X, axis=1)", {"X": "n,m,k"}, "X n × m × k -> n × k"),
    ("X[0]", {"X": "n,m,k"}, "X n × m × k -> m × k"),
    ('einsum("ijk,k->ij", X, y)', {"X": "2,n,m"}, "X 2 × n × m, y m -> 2 × n"),
    ("x", {"y": "3"}, "x n, y 3 -> n"),
    ("pi*x", {"pi": "3"}, "pi 3, x 3 -> 3"),
    ("z = W@x; z + b", {"z": "5"}, "W 5 × n, x n, b 5 -> 5"),
    ("W = 2*V; W@x", {"W": "n,m"}, "V n × m, x m -> n"),
]


@pytest.mark.parametrize(("text", "shapes", "expected"), DECLARED, ids=str)
def test_shapes_are_inferred_from_declarations(text: str, shapes: Mapping[str, str], expected: str) -> None:
    assert inferred(program(text, **shapes)) == expected


def test_a_capital_before_a_greek_name_stays_a_matrix() -> None:
    """`X@theta` is how every course writes linear regression."""
    assert inferred(program("X@theta")) == "X n × m, theta m -> n"
    assert inferred(program("sum((X@theta - y)**2)")) == "X n × m, theta m, y n -> scalar"
    assert inferred(program("K@alpha")) == "K n × m, alpha m -> n"


# where shapes come from

ORIGINS: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("W@x", {"W": "n,m"}, {"W": "declared", "x": "assumed"}),
    ("x.T@A@x", {}, {"x": "assumed", "A": "inferred"}),
    ("X@W + b", {}, {"X": "inferred", "W": "assumed", "b": "assumed"}),
    ("trace(A) + alpha", {}, {"A": "inferred", "alpha": "assumed"}),
    ("outer(x, y)", {}, {"x": "inferred", "y": "inferred"}),
    ("A[0, 0]*x", {"x": "n"}, {"A": "inferred", "x": "declared"}),
    ("z = W@x; z + b", {"z": "n"}, {"W": "inferred", "x": "inferred", "b": "assumed"}),
    ("exp(x)", {"y": "3"}, {"x": "assumed", "y": "declared"}),
]


@pytest.mark.parametrize(("text", "shapes", "expected"), ORIGINS, ids=str)
def test_where_shapes_come_from(text: str, shapes: Mapping[str, str], expected: Mapping[str, str]) -> None:
    assert program(text, **shapes).origins == expected


def test_the_number_of_axes_may_come_from_a_value() -> None:
    found = elaborate(statements(split("c*x + A")), {}, {"c": 0, "A": 1})
    assert inferred(found) == "c scalar, x n, A n -> n"
    assert found.origins == {"c": "valued", "x": "assumed", "A": "valued"}


# sizes as numbers


@pytest.mark.parametrize(
    ("text", "shapes", "expected"),
    [
        ("sum(x)/n", {"x": "n"}, "x n -> scalar"),
        ("sqrt(d)*x", {"x": "d"}, "x d -> d"),
        ("n*m*A", {"A": "n,m"}, "A n × m -> n × m"),
        ("ones(n)/n + x", {}, "x n -> n"),
        ("x*m", {"x": "3"}, "x 3, m 3 -> 3"),
    ],
)
def test_a_size_is_a_number_where_one_is_declared(text: str, shapes: Mapping[str, str], expected: str) -> None:
    assert inferred(program(text, **shapes)) == expected


def test_a_size_that_is_used_as_a_number_is_an_extent() -> None:
    output = program("n", x="n").output
    assert isinstance(output, Extent)
    assert str(output.size) == "n"


# what does not fit

MISMATCHES: list[tuple[str, dict[str, str], str, list[str]]] = [
    ("W@x", {"W": "n,m", "x": "k"}, "W@x", ["n × m", "(k)"]),
    ("W@x", {"W": "2,3", "x": "4"}, "W@x", ["2 × 3", "(4)"]),
    ("b + W@x", {"W": "n,m", "x": "n"}, "W@x", ["n × m", "(n)"]),
    ("A@B", {"A": "2,3", "B": "2,3"}, "A@B", ["2 × 3", ".T"]),
    ("x.T@W", {"x": "n", "W": "m,n"}, "x.T@W", ["1 × n", "m × n"]),
    ("A*B", {"A": "2,3", "B": "3,2"}, "A*B", ["2 × 3", "3 × 2"]),
    ("A + b", {"A": "n,m", "b": "n"}, "A + b", ["n × m", "(n)", "[:, None]"]),
    ("exp(x + y)", {"x": "2", "y": "3"}, "x + y", ["(2)", "(3)"]),
    ("x + y", {"x": "n", "y": "m"}, "x + y", ["(n)", "(m)"]),
    ("x + y", {"x": "n + 1", "y": "3"}, "x + y", ["n + 1", "(3)"]),
    ("x + y", {"x": "n", "y": "n*n"}, "x + y", ["(n)", "n**2"]),
    ("W@x + b", {"W": "8,20", "b": "9"}, "W@x + b", ["(8)", "(9)"]),
    ("W@x + b.T", {}, "W@x + b.T", ["row", "column", ".T"]),
    ("trace(W)", {"W": "2,3"}, "trace(W)", ["2 × 3", "square"]),
    ("outer(x, y)", {"x": "n,m"}, "outer(x, y)", ["n × m"]),
    ("x@A@x", {"x": "n", "A": "n,n"}, "x@A", ["(n)", "n × n", "x.T"]),
    ("A@c", {"A": "n,m", "c": ""}, "A@c", ["n × m", "scalar", "*"]),
    ("A[5, 0]", {"A": "3,3"}, "A[5, 0]", ["5", "3"]),
    ("x[1:9]", {"x": "3"}, "x[1:9]", ["1:9", "3"]),
    ("x[2:2]", {"x": "3"}, "x[2:2]", ["2:2", "nothing"]),
    ("x[0, 0]", {"x": "n"}, "x[0, 0]", ["too many indices", "(n)"]),
    ("sum(x, axis=1)", {"x": "n"}, "sum(x, axis=1)", ["axis 1", "(n)"]),
    ("sum(A, axis=-3)", {"A": "n,m"}, "sum(A, axis=-3)", ["axis -3", "n × m"]),
    ("reshape(A, (5,))", {"A": "2,3"}, "reshape(A, (5,))", ["2 × 3", "5"]),
    ("eye(2, 3)", {}, "eye(2, 3)", ["one size"]),
    ('einsum("ij,j->i", A)', {"A": "n,m"}, 'einsum("ij,j->i", A)', ["2 operands", "1"]),
    ('einsum("i1", A)', {"A": "n,m"}, 'einsum("i1", A)', ["letters"]),
    ('einsum("ij->...", A)', {"A": "n,m"}, 'einsum("ij->...", A)', ["dots"]),
    ("transpose(A, (0, 1, 2))", {"A": "n,m"}, "transpose(A, (0, 1, 2))", ["2 axes", "3 are named"]),
    ("transpose(A, (0, 0))", {"A": "n,m"}, "transpose(A, (0, 0))", ["once"]),
    ("concat(A, B)", {"A": "n,m", "B": "n,k"}, "concat(A, B)", ["n × m", "axis=1"]),
    ("concat(A, B, axis=2)", {"A": "n,m", "B": "n,k"}, "concat(A, B, axis=2)", ["no axis 2"]),
    ("A@B", {"A": "b,n,m", "B": "c,m,k"}, "A@B", ["b × n × m", "c × m × k"]),
    ("x@A", {"A": "b,n,m", "x": "n"}, "x@A", ["x.T"]),
    ("reshape(x, (-1, n))", {"x": "m", "A": "n,n"}, "reshape(x, (-1, n))", ["declare"]),
    ("x[..., 0, ...]", {"x": "n,m"}, "x[..., 0, ...]", ["once"]),
    ("tril(x)", {"x": "n"}, "tril(x)", ["matrix", "(n)"]),
    ('einsum("ij->ik", A)', {"A": "n,m"}, 'einsum("ij->ik", A)', ["letter"]),
    ("z = W@x; z + b", {"z": "3,3"}, "W@x", ["3 × 3"]),
]


@pytest.mark.parametrize(("text", "shapes", "at", "said"), MISMATCHES, ids=str)
def test_what_does_not_fit_is_named(text: str, shapes: Mapping[str, str], at: str, said: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        program(text, **shapes)
    error = caught.value
    message = f"{error.message} {error.hint}"
    assert error.text is not None
    assert error.span is not None
    assert error.text[error.span.start : error.span.stop] == at
    assert [word for word in said if word not in message] == []
    assert "?1" not in message


CALLS = {
    "sigmod(x)": "did you mean sigmoid",
    "Sigmoid(x)": "did you mean sigmoid",
    "relU(x)": "did you mean relu",
    "transpos(A)": "did you mean transpose",
    "lo(x)": "did you mean log",
    "frobnicate(x)": "there is no function 'frobnicate'",
    "z*(1 - z) + z(2)": "a product is written z@(x + y), entry by entry z*(x + y)",
    "relu()": "relu takes 1 argument",
    "relu(x, y)": "relu takes 1 argument (x), not 2",
    "maximum(x)": "2 arguments",
    "leaky_relu(x, 1, 2)": "leaky_relu takes 2 arguments",
    "sum(x, axis=1.5)": "a whole number belongs here",
    "sum(x, keepdims=3)": "keepdims is True or False",
    "sum(x, foo=1)": "no option 'foo'",
    "exp(x, axis=0)": "exp has no option 'axis'",
    "sum(x, axis=0, axis=0)": "twice",
    "einsum(A)": "einsum begins with its subscripts",
    "exp('x')": "a quoted text is not a value",
    "exp(True)": "True is not a value",
    "exp((x, y))": "what stands in round brackets",
    "ones()": "ones wants sizes",
    "ones(0)": "at least 1",
    "ones(2.5)": "not a size",
}


@pytest.mark.parametrize("text", CALLS)
def test_calls_that_cannot_be_meant(text: str) -> None:
    with pytest.raises(InputError) as caught:
        program(text)
    assert CALLS[text] in str(caught.value)


# definitions


def test_definitions_may_come_in_any_order() -> None:
    expected = {"u": "n", "W": "n × m", "x": "m", "b": "n"}
    for text in ("z = W@x + b; h = sigmoid(z); u.T@h", "h = sigmoid(z); z = W@x + b; u.T@h"):
        found = program(text)
        assert {name: shape_text(v.shape) for name, v in found.variables.items()} == expected
        assert found.output.shape == ()
        assert list(found.values) == ["z", "h"]
        assert found.unused == ()


def test_the_last_definition_is_the_output_wherever_it_is_used() -> None:
    found = program("y = 2*z; z = exp(x)")
    assert (found.output_name, shape_text(found.output.shape), found.unused) == ("z", "n", ("y",))


def test_a_definition_keeps_its_name() -> None:
    found = program("z = W@x; z + z")
    assert isinstance(found.values["z"], Defined)
    assert found.values["z"] in found.output.children
    assert program("a = x; b = y").output_name == "b"
    assert program("a = x; b").output_name == ""


def test_what_is_not_used_is_told() -> None:
    assert program("z = x; w = z + 1; y").unused == ("z", "w")
    assert program("z = x; w = z + 1; w + y").unused == ()


def test_hundreds_of_definitions_in_the_wrong_order() -> None:
    text = ";".join(f"x{k} = x{k + 1} + 1" for k in range(500))
    assert inferred(program(f"{text}; x0")) == "x500 n -> n"


REFUSED = {
    "z = z + 1": "'z' is defined by way of itself",
    "a = b; b = a; a": "is defined by way of itself",
    "a = b + 1; b = c + 1; c = 2*a; a": "is defined by way of itself",
    "z = x; z = y; z": "'z' is defined twice",
    "exp = 3; x": "'exp' already has a meaning",
    "pi = 3; x": "'pi' already has a meaning",
    "n = x; ones(n)": "'n' is a variable and cannot be a size",
}


@pytest.mark.parametrize("text", REFUSED)
def test_definitions_that_cannot_be_meant(text: str) -> None:
    with pytest.raises(InputError) as caught:
        program(text)
    assert REFUSED[text] in str(caught.value)
    assert "^" in str(caught.value)


def test_a_variable_and_a_size_bear_different_names() -> None:
    for text, shapes in (("n*x", {"n": "3", "x": "n"}), ("ones(x)", {"x": "3"})):
        with pytest.raises(InputError, match="rename one of the two"):
            program(text, **shapes)


# arithmetic of sizes

n, m, three = Size.named("n"), Size.named("m"), Size.number(3)


def test_sizes_have_one_normal_form() -> None:
    assert n + m is m + n
    assert (n + m) * (n + m) is n * n + Size.number(2) * n * m + m * m
    assert (n + m) - m is n
    assert n - n is Size.number(0)
    assert product((n, m, ONE)) is m * n
    assert str(n * m) == str(m * n) == "n*m"
    assert [str(s) for s in (three * n + ONE, n * n, n - ONE, Size.number(0))] == ["3*n + 1", "n**2", "n - 1", "0"]


def test_sizes_know_their_value() -> None:
    assert (three * three).value == 9
    assert (n - n).value == 0
    assert n.value is None
    assert n.name == "n"
    assert (n + n).name is None
    assert (three * n * m + ONE).at({"n": 2, "m": 5}) == 31
    assert (n * m).names() == ["n", "m"]
    assert (n * n + m).replace({"n": m + ONE}) is m * m + three * m + ONE


SOLVED: list[tuple[Callable[[Size], Size], Size, Size]] = [
    (lambda u: u + three, n, n - three),
    (lambda u: u * Size.number(2), n * Size.number(4), n + n),
    (lambda u: n - u, m, n - m),
    (lambda u: u, n * m, n * m),
]


@pytest.mark.parametrize("case", range(len(SOLVED)))
def test_unknown_sizes_are_solved_for(case: int) -> None:
    left, right, expected = SOLVED[case]
    unifier = Unifier()
    unknown = unifier.fresh()
    assert unifier.unify(left(unknown), right)
    assert unifier.resolve(unknown) is expected


def test_what_cannot_be_solved_is_not() -> None:
    unifier = Unifier()
    unknown, other = unifier.fresh(), unifier.fresh()
    assert not unifier.unify(n, m)
    assert not unifier.unify(three, Size.number(4))
    assert not unifier.unify(unknown * Size.number(2), three)
    assert not unifier.unify(unknown * other, n)
    assert unifier.unify(unknown, other)
    assert unifier.unify(other, three)
    assert unifier.resolve(unknown) is three
    assert not unifier.unify(unknown, n)


# what a reader was not sure of


def test_the_doubts_of_a_reader_stand_beside_the_program() -> None:
    doubt = Doubt("`W*x` multiplies entry by entry; the matrix product is `W@x`")
    (statement,) = statements(split("W@x"))
    found = elaborate([replace(statement, doubts=(doubt, doubt))])
    assert found.warnings == ("W*x multiplies entry by entry; the matrix product is W@x",)
    assert doubt.readings == ("W*x", "W@x")
