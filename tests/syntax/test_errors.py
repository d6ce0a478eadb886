"""Where the caret stands, and how an error is drawn."""

from __future__ import annotations

import pytest

import jacobian_cli as jac
from jacobian_cli.api.input.problem import shapes_of
from jacobian_cli.elaborate import elaborate
from jacobian_cli.syntax.declarations import parse_declaration, parse_file
from jacobian_cli.syntax.errors import InputError, Span, excerpt, printable
from jacobian_cli.syntax.parser import parse, parse_statement, statements
from jacobian_cli.syntax.statements import split

# a text, and below it the carets as they are shown: two lines
CARETS = [
    """
W@@x
  ^
""",
    """
  W@@x
    ^
""",
    """
a +
   ^
""",
    """
a*(b +
  ^
""",
    """
sum(x[0)
       ^
""",
    """
a)
 ^
""",
    """
2 x
  ^
""",
    """
exp(y)^2
^^^^^^^^
""",
    """
x.T@A.shape
    ^^^^^^^
""",
    """
sum(x, axis=1) + f(x)(y)
                 ^^^^
""",
    """
exp(x) + (a < b < c)
          ^^^^^^^^^
""",
    """
x[1:2:0]
  ^^^^^
""",
    """
f(x, *y)
     ^^
""",
    """
x + 1e400
    ^^^^^
""",
    """
x + lambda
    ^^^^^^
""",
    """
x*(y if z else w)
   ^^^^^^^^^^^^^
""",
    """
x' + y
 ^
""",
    """
A × B
  ^
""",
    # letters outside ASCII: a caret counts characters, not bytes
    """
α + λ@@x
      ^
""",
    """
αβγ*(x^2)
     ^^^
""",
    """
λ*é + ü.shape
      ^^^^^^^
""",
    """
𝑥𝑦 + x.t
     ^^^
""",
    """
Ω × Σ
  ^
""",
    """
x*(αβ if γ else δ)
   ^^^^^^^^^^^^^^
""",
    # definitions: columns count from the start of the line
    """
z = W@@x
      ^
""",
    """
 z=x^2
   ^^^
""",
    """
β = α.shape
    ^^^^^^^
""",
    """
zeta = exp(x) + (y
                ^
""",
    """
z = w = x
      ^
""",
    """
λ1 = 2 +
        ^
""",
]


def drawn(error: InputError) -> list[str]:
    """The excerpt and the carets, without what is said above and below."""
    assert error.text is not None
    return excerpt(error.text, error.span)


@pytest.mark.parametrize("case", CARETS, ids=lambda case: repr(case.split("\n")[1]))
def test_the_caret_stands_under_what_is_meant(case: str) -> None:
    _, formula, carets, _ = case.split("\n")
    with pytest.raises(InputError) as caught:
        parse_statement(formula)
    assert drawn(caught.value) == ["  " + formula, "  " + carets]


TYPED = [
    """
x + foo(y)
    ^^^
""",
    """
α + β*unknown(γ)
      ^^^^^^^
""",
    """
2*(x + y.T)
   ^^^^^^^
""",
    """
z = λ + sum(x, axis=y)
                    ^
""",
    """
z = x + ones(3) + ones(4)
    ^^^^^^^^^^^^^^^^^^^^^
""",
    """
sum(x, foo=1)
           ^
""",
    """
x + exp(x, y)
    ^^^^^^^^^
""",
    """
ones(0)@x
     ^
""",
]


@pytest.mark.parametrize("case", TYPED, ids=lambda case: case.split("\n")[1])
def test_the_caret_of_what_does_not_fit(case: str) -> None:
    _, formula, carets, _ = case.split("\n")
    with pytest.raises(InputError) as caught:
        elaborate([parse_statement(formula)])
    assert drawn(caught.value) == ["  " + formula, "  " + carets]


def test_of_several_lines_the_one_in_question_is_shown() -> None:
    with pytest.raises(InputError) as caught:
        parse("exp(x)\n  + W@@y\n  + z")
    assert drawn(caught.value) == ["    + W@@y", "        ^"]


def test_of_several_definitions_the_one_in_question_is_shown() -> None:
    with pytest.raises(InputError) as caught:
        statements(split("z = W@x; h = z^2; u.T@h"))
    assert drawn(caught.value) == ["   h = z^2", "       ^^^"]


def test_the_caret_of_a_declaration_counts_from_the_start_of_the_line() -> None:
    with pytest.raises(InputError) as caught:
        shapes_of(None, parse_file("W: 8, n/2\n")[0])
    assert drawn(caught.value) == ["  W: 8, n/2", "        ^^^"]
    with pytest.raises(InputError) as caught:
        shapes_of(None, [parse_declaration("W=8, n/2", "=")])
    assert drawn(caught.value) == ["  W=8, n/2", "       ^^^"]


def test_the_caret_of_a_size() -> None:
    with pytest.raises(InputError) as caught:
        shapes_of({"W": "8, n/2"})
    assert drawn(caught.value) == ["  8, n/2", "     ^^^"]


# drawing


def test_an_error_says_what_where_and_how_to_mend_it() -> None:
    error = InputError("sizes differ", text="W@x", span=Span(0, 3), hint="transpose one")
    assert str(error) == "sizes differ\n  W@x\n  ^^^\ntranspose one"
    assert (error.message, error.hint) == ("sizes differ", "transpose one")
    assert str(InputError("no formula")) == "no formula"
    assert str(InputError("no caret", text="W@x")) == "no caret\n  W@x"


@pytest.mark.parametrize("start", [0, 5, 40, 71, 72, 100, 150, 195, 199])
@pytest.mark.parametrize("length", [1, 10, 150])
def test_a_long_line_is_cut_around_its_caret(start: int, length: int) -> None:
    text = "".join(chr(ord("a") + k % 26) for k in range(200))
    shown, carets = excerpt(text, Span(start, start + length))
    assert len(shown) <= 74
    assert len(carets) <= len(shown)
    at = carets.index("^")
    assert shown[at] == text[start] or shown[at] == "…"
    assert 1 <= carets.count("^") <= length


def test_a_line_that_is_cut_says_so() -> None:
    text = "x + " * 50
    assert excerpt(text, Span(0, 1))[0].endswith("…")
    middle = excerpt(text, Span(100, 101))[0]
    assert middle.startswith("  …")
    assert middle.endswith("…")
    assert excerpt(text, None)[0].endswith("…")
    assert excerpt("x" * 72, Span(0, 1))[0] == "  " + "x" * 72


def test_a_span_outside_the_text_is_no_error() -> None:
    assert excerpt("ab", Span(2, 3)) == ["  ab", "    ^"]
    assert excerpt("ab", Span(9, 12)) == ["  ab", "    ^"]
    assert excerpt("", Span(0, 0)) == ["  ", "  ^"]


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[31mb\r\x07\nλ") == "a\ufffd[31mb\ufffd\ufffd\nλ"
    error = InputError("bad \x1b]0;title\x07", text="x\x1b[2J + y^2", span=Span(8, 11), hint="\x1b[0m")
    assert "\x1b" not in str(error)
    assert str(error).splitlines()[2] == "          ^^^"
    with pytest.raises(InputError) as caught:
        parse("x + \ud800")
    str(caught.value).encode()


def test_what_cannot_be_parsed_and_what_there_is_no_function_for_are_told_together() -> None:
    with pytest.raises(jac.InputError) as caught:
        jac.derive("W@x + foo(x, bar(x)) + A^2", wrt="x")
    assert [error.message for error in caught.value.errors] == [
        "^ is not a power",
        "there is no function 'foo'",
        "there is no function 'bar'",
    ]
