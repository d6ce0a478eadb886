"""Which texts are read, and as what; which are refused, and with what advice."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jacobian_cli.elaborate import elaborate
from jacobian_cli.shape import shape_text, size_of
from jacobian_cli.syntax.declarations import MAX_LINES, parse_declaration, parse_file, parse_sizes
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.mends import MAX_DIGITS
from jacobian_cli.syntax.parser import MAX_CHARACTERS, normal_name, parse, parse_statement, statements
from jacobian_cli.syntax.statements import split
from jacobian_cli.syntax.tree import Call, Declaration, Dots, Flag, Group, Literal, Name, Slice, Term, Text


def lisp(term: Term | None) -> str:
    """A tree in brackets, operators in front."""
    match term:
        case None:
            return "·"
        case Name(text=name):
            return name
        case Literal(value=value) | Flag(value=value):
            return str(value)
        case Text(value=value):
            return f"'{value}'"
        case Group(items=items):
            return "[" + " ".join(map(lisp, items)) + "]"
        case Dots():
            return "…"
        case Slice(start=start, stop=stop):
            return f"{lisp(start)}:{lisp(stop)}"
        case Call(function=function, arguments=arguments, keywords=keywords):
            options = [f"{name}={lisp(value)}" for name, value in keywords]
            return "(" + " ".join([function, *map(lisp, arguments), *options]) + ")"


READ = {
    "x": "x",
    "  x ": "x",
    "W@x + b": "(+ (@ W x) b)",
    "a.T@x@x.T@b": "(@ (@ (@ (.T a) x) (.T x)) b)",
    "A@B*C/D": "(/ (* (@ A B) C) D)",
    "a - b - c": "(- (- a b) c)",
    "a/b/c": "(/ (/ a b) c)",
    "a**b**c": "(** a (** b c))",
    "-x**2": "(u- (** x 2))",
    "(-x)**2": "(** (u- x) 2)",
    "-x.T": "(u- (.T x))",
    "-W@x": "(@ (u- W) x)",
    "x**-1": "(** x -1)",
    "-1": "-1",
    "--x": "(u- (u- x))",
    "+x": "x",
    "2*-x": "(* 2 (u- x))",
    "x.T.T": "(.T (.T x))",
    "(W@x).T": "(.T (@ W x))",
    "x > 0": "(> x 0)",
    "x + 1 >= y*2": "(>= (+ x 1) (* y 2))",
    "(a < b) == (c != d)": "(== (< a b) (!= c d))",
    "f()": "(f)",
    "f(x, y,)": "(f x y)",
    "sum(A, axis=1, keepdims=True)": "(sum A axis=1 keepdims=True)",
    "sum(A, axis=(0, -1))": "(sum A axis=[0 -1])",
    "sum(A, axis=None)": "(sum A axis=None)",
    "reshape(x, (n, 3*m))": "(reshape x [n (* 3 m)])",
    "reshape(x, [2, 3])": "(reshape x [2 3])",
    'einsum("ij,jk->ik", A, B)': "(einsum 'ij,jk->ik' A B)",
    "x[0]": "([] x [0])",
    "x[-1]": "([] x [-1])",
    "A[i, j]": "([] A [i j])",
    "A[:, 0]": "([] A [·:· 0])",
    "A[1:n, :-1]": "([] A [1:n ·:-1])",
    "x[:, None]": "([] x [·:· None])",
    "x[2:]": "([] x 2:·)",
    "(W@x)[0][1]": "([] ([] (@ W x) [0]) [1])",
    "λ*x": "(* λ x)",
    "αβγ + x_1": "(+ αβγ x_1)",
    "ﬁ": "fi",
    "__import__": "__import__",
    "x\n  + y": "(+ x y)",
    "x +\r\n\ty": "(+ x y)",
    "(a, b)": "[a b]",
}


@pytest.mark.parametrize("text", READ)
def test_is_read_as(text: str) -> None:
    assert lisp(parse(text)) == READ[text]


NUMBERS = {
    "0": Fraction(0),
    "0.1": Fraction(1, 10),
    ".5": Fraction(1, 2),
    "1.": Fraction(1),
    "0.044715": Fraction(44715, 1000000),
    "1e3": Fraction(1000),
    "2.5E-2": Fraction(1, 40),
    "1_000": Fraction(1000),
    "0x10": Fraction(16),
    "1e-20": Fraction(1, 10**20),
    "9" * MAX_DIGITS: Fraction(10**MAX_DIGITS - 1),
    "-0.25": Fraction(-1, 4),
    "0e999999999": Fraction(0),
}


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_exact(text: str) -> None:
    tree = parse(text)
    assert isinstance(tree, Literal)
    assert tree.value == NUMBERS[text]


REFUSED = {
    "": "there is no formula",
    " \n\t ": "there is no formula",
    "2x": "2*x, not 2x",
    "2 x": "not an expression",
    "x y": "not an expression",
    "W@@x": "operators are",
    "a + ": "ends too early",
    "W@": "ends too early",
    "f(,)": "not an expression",
    "(a": "never closed",
    "f(x[0)": "never opened",
    "a)": "never opened",
    '"x': "never closed",
    "x^2": "**",
    "(x+1)^(y+2)": "**",
    "X^T@x": ".T",
    "2*X^T": ".T",
    "A^-1@x": "inv(A)",
    "|x|": "abs(x)",
    "||x||**2": "norm(x)",
    "‖x‖": "norm(x)",
    "x²": "x**2",
    "√x": "sqrt(x)",
    "∑x": "sum(x)",
    "x ≥ 0": ">=",
    "x'": ".T",
    "(A@B)' + x": ".T",
    "a × b": "@",
    "a⊙b": "*",
    "a·b": "*",
    "Aᵀ@x": ".T",
    "a − b": "the minus sign is written -",
    "{a}": "round brackets",
    "n!": "factorial",
    "a %": "a remainder is written mod(x, y)",
    "a << b": "not in the language",
    "a | b": "not in the language",
    "~x": "not in the language",
    "not x": "not in the language",
    "a and b": "not in the language",
    "x if y else z": "not in the language",
    "[x for x in y]": "not in the language",
    "lambda": "lam for lambda",
    "lambda x: x": "not in the language",
    "lambda*x": "lam for lambda",
    "x + in": "word of Python",
    "a in b": "not in the language",
    "a is b": "not in the language",
    "a < b < c": "chain of comparisons",
    "x.shape": "the only attribute is .T",
    "x.t": "the only attribute is .T",
    "x.T()": "only functions of the language can be called",
    "f(x)(y)": "only functions of the language can be called",
    "np.exp(x)": "only functions of the language can be called",
    "f(*a)": "not in the language",
    "f(**a)": "not in the language",
    "x.sum(axis=0)": "sum(x) for x.sum()",
    "1j": "complex",
    'b"x"': "not in the language",
    'f"{x}"': "not in the language",
    "(x := 3)": "not in the language",
    "x := 3": "not an expression",
    "a = b": "not an expression",
    "a; b": "not an expression",
    "yield x": "not an expression",
    "await x": "not in the language",
    "import os": "cannot be read here",
    "$a": "not an expression",
    "01": "not an expression",
    "1.0.0": "not an expression",
    "a\0b": "",
    "x + '\ud800'": "",
    "\ud800": "",
}


@pytest.mark.parametrize("text", REFUSED)
def test_is_refused_with_advice(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert REFUSED[text] in str(caught.value)


def test_a_quotation_mark_inside_a_quotation_is_no_transpose() -> None:
    with pytest.raises(InputError, match="bracket is never closed"):
        parse("einsum('ij,jk->ik', A, B")


def test_a_comment_does_not_swallow_the_lines_below() -> None:
    """Newlines in an argument are blanks, so what follows a comment must be read, or the text refused."""
    try:
        tree = parse("x  # the input\n + y")
    except InputError:
        return
    assert lisp(tree) == "(+ x y)"


# limits


def nested(levels: int) -> str:
    return "(" * levels + "x" + ")" * levels


WITHIN = {
    "as many characters as may be": "x" + " " * (MAX_CHARACTERS - 2) + "y",
    "brackets in brackets": nested(190),
    "functions of functions": "sin(" * 190 + "x" + ")" * 190,
    "a sum": "+".join("x" * 190),
    "minus signs": "-" * 190 + "x",
    "a tower of powers": "**".join("x" * 60),
    "transposes": "x" + ".T" * 190,
}


@pytest.mark.parametrize("name", [n for n in WITHIN if n != "as many characters as may be"])
def test_is_within_the_limits(name: str) -> None:
    parse(WITHIN[name])


def test_the_longest_formula_is_read() -> None:
    text = "+".join(["a" * 98] * 101)[:MAX_CHARACTERS].rstrip("+")
    parse(text)
    parse(text.ljust(MAX_CHARACTERS))
    with pytest.raises(InputError, match="10,001 characters; at most 10,000"):
        parse(text.ljust(MAX_CHARACTERS + 1))


BEYOND = {
    "brackets in brackets": nested(250),
    "lists in lists": "[" * 400 + "]" * 400,
    "functions of functions": "sin(" * 250 + "x" + ")" * 250,
    "a sum": "+".join("x" * 250),
    "a long sum": "+".join("x" * 5000),
    "minus signs": "-" * 5000 + "x",
    "a tower of powers": "**".join("x" * 3000),
    "transposes": "x" + ".T" * 4000,
    "indices": "x" + "[0]" * 3000,
    "brackets never closed": "(" * 9000,
    "comparisons": "a" + "<a" * 4000,
}


@pytest.mark.parametrize("name", BEYOND)
def test_is_beyond_the_limits(name: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(BEYOND[name])
    assert len(str(caught.value)) < 400
    assert name == "comparisons" or "nested" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["1" * (MAX_DIGITS + 1), "1" * 5000, "0x" + "f" * 4000, "1e400", "1e61", "1e-70", "1e999999999", "0." + "1" * 70],
    ids=lambda text: f"{text[:12]}…{len(text)}",
)
def test_numbers_too_long_to_be_meant(text: str) -> None:
    with pytest.raises(InputError, match="number"):
        parse(f"x*{text}")


# definitions and files


def test_a_definition_has_a_name_and_a_value() -> None:
    definition = parse_statement("  z = W@x + b")
    assert (definition.name, lisp(definition.value), definition.source) == ("z", "(+ (@ W x) b)", "  z = W@x + b")
    assert parse_statement("z == x").name is None
    assert parse_statement("ﬁ = x").name == "fi" == normal_name("ﬁ")
    assert parse_statement("λ1=2").name == "λ1"


@pytest.mark.parametrize("text", ["= x", "2 = x", "a.b = x", "x[0] = y", "z = w = x", "z =", "z = (x", "a, b = c"])
def test_is_no_definition(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_statement(text)
    assert caught.value.text == text


def test_statements_are_separated_by_semicolons() -> None:
    found = statements(split("z = W@x; h = tanh(z);  ;u.T@h;"))
    assert [(s.name, lisp(s.value)) for s in found] == [("z", "(@ W x)"), ("h", "(tanh z)"), (None, "(@ (.T u) h)")]
    for nothing in ("", ";", " ; "):
        with pytest.raises(InputError):
            statements(split(nothing))


WINDOW = """\
# window.jac
W: 8, 20        # eight hidden units

x: 20
c: ()
λ : scalar
z = W @ x + b   # one
h = sigmoid(z)
x[0:2]
u.T @ h == c
"""


def test_a_file_declares_and_defines() -> None:
    declared, defined = parse_file(WINDOW)
    assert [(d.name, [lisp(t) for t in d.sizes]) for d in declared if isinstance(d, Declaration)] == [
        ("W", ["8", "20"]),
        ("x", ["20"]),
        ("c", []),
        ("λ", []),
    ]
    assert [(d.name, lisp(d.value)) for d in defined] == [
        ("z", "(+ (@ W x) b)"),
        ("h", "(sigmoid z)"),
        (None, "([] x 0:2)"),
        (None, "(== (@ (.T u) h) c)"),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(newline: str) -> None:
    declared, defined = parse_file(WINDOW.replace("\n", newline))
    assert (len(declared), len(defined)) == (4, 4)


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    declared, _ = parse_file("\ufeffW: 2\n")
    assert [d.name for d in declared] == ["W"]


def test_nothing_in_a_file_is_nothing() -> None:
    assert parse_file("") == ([], [])
    assert parse_file("\n# only a comment\n  \n") == ([], [])


def test_a_file_has_at_most_five_thousand_lines() -> None:
    assert len(parse_file("x = 1\n" * MAX_LINES)[1]) == 5_000
    with pytest.raises(InputError, match="5,001 lines; at most 5,000"):
        parse_file("x = 1\n" * (MAX_LINES + 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = x^2\n", "line 2: ^ is not a power"),
        ("\n\n# three\nz = (x\n", "line 4: this bracket is never closed"),
        ("W: n m\n", "line 1: "),
        ("x = 1\n2: n\n", "line 2: "),
        ("z = \n", "line 1: there is no formula"),
        ("z = x +\n  y\n", "line 1: the formula ends too early"),
    ],
)
def test_an_error_in_a_file_names_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_file(text)
    assert str(caught.value).startswith(message)


# sizes


def sizes(text: str) -> str:
    return shape_text(tuple(size_of(term, text) for term in parse_sizes(text)))


SIZES = {
    "n": "n",
    "n,m": "n × m",
    "(n, m)": "n × m",
    "8, 20": "8 × 20",
    "()": "scalar",
    " scalar ": "scalar",
    "": "scalar",
    "n,": "n",
    "3*m": "3*m",
    "m*3 + 1": "3*m + 1",
    "n*m": "n*m",
    "m*n": "n*m",
    "n*n, n**2": "n**2 × n**2",
    "n - 1": "n - 1",
    "n + n": "2*n",
    "2*(n + 1) - n": "n + 2",
    "n + m - n": "m",
    "d_k": "d_k",
    "1e3": "1000",
}


@pytest.mark.parametrize("text", SIZES)
def test_sizes_are_read_and_calculated(text: str) -> None:
    assert sizes(text) == SIZES[text]


@pytest.mark.parametrize(
    "text", ["n/2", "2.5", "-1", "n,,m", "n m", "2n", "n^2", "f(n)", "n.T", "x[0]", "'a'", "10**13", "n**9", "n**-1"]
)
def test_is_no_size(text: str) -> None:
    with pytest.raises(InputError) as caught:
        sizes(text)
    assert caught.value.span is not None


def test_declarations_are_names_with_sizes() -> None:
    declaration = parse_declaration("ﬁ = n, 3*m", "=")
    assert (declaration.name, [lisp(t) for t in declaration.sizes]) == ("fi", ["n", "(* 3 m)"])
    for text in ("W", "=n", "2=n", "W x=n", "W=n=m", "W=n m", "W=(n", "W=n^2"):
        with pytest.raises(InputError) as caught:
            parse_declaration(text, "=")
        assert caught.value.text == text


# nothing is executed

HOSTILE = [
    '__import__("os").system("touch pwned")',
    '__import__("os")',
    'exec("raise SystemExit")',
    "eval('1')",
    "open('pwned', 'w')",
    "print(x)",
    "().__class__.__bases__[0].__subclasses__()",
    "x.__class__",
    "(lambda: open('pwned', 'w'))()",
    "[open('pwned', 'w') for _ in (1,)]",
    'f\'{open("pwned", "w")}\'',
    "x[open('pwned', 'w')]",
    "sum(x, axis=open('pwned', 'w'))",
    "breakpoint()",
    "exit()",
    "9**9**9**9**9",
    "(x := open('pwned', 'w'))",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_ever_executed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def trap(name: str) -> Callable[..., Any]:
        def record(*_: Any, **__: Any) -> None:
            called.append(name)

        return record

    for name in ("eval", "exec", "open", "print", "breakpoint", "exit", "__import__"):
        monkeypatch.setattr(builtins, name, trap(name))
    try:
        elaborate([parse_statement(text)])
    except InputError:
        refused = True
    else:
        refused = False
    monkeypatch.undo()
    assert called == []
    assert refused or text.startswith("9")


# any text at all

WORDS = st.sampled_from(
    "x W b 2 0.5 1e400 + - * / ** @ @@ ^ .T ' ( ) [ ] { } , : ; = == < > ! % \" λ αβ ᵀ · ⊙ √ 𝑥 é \u0301 sum( sum(x, "
    'axis= lambda in if else not None True einsum("i,i->" #'.split(" ")
) | st.sampled_from([" ", "\n", "\t", "\x1b", "\0", "\ud800"])


def refusal(read: Callable[[str], object], text: str) -> InputError | None:
    try:
        read(text)
    except InputError as error:
        return error
    return None


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=12).map("".join) | st.text(max_size=20))
@example("x + y[")
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse, parse_statement, parse_sizes, parse_declaration, parse_file):
        error = refusal(read, text)
        if error is not None:
            assert all(c.isprintable() or c == "\n" for c in str(error))
            assert error.span is None or (error.text is not None and 0 <= error.span.start <= len(error.text))
