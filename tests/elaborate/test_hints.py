"""Every hint is typed: the texts that it quotes parse and have a derivative.

The texts to paste stand between backticks in the sources. Each of them must be met here by a formula that is refused,
so that a new hint is tried too.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.input.problem import shapes_of
from jacobian_cli.cli.main import jac as command
from jacobian_cli.elaborate import elaborate
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.places import places_of
from jacobian_cli.ops.table import ELSEWHERE
from jacobian_cli.syntax.declarations import parse_assumptions, parse_declaration, parse_file
from jacobian_cli.syntax.doubts import pastes
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.parser import statements
from jacobian_cli.syntax.statements import split
from tests.syntax.reading import program

PACKAGE = Path(jac.__file__).parent
ROOMS = ("syntax/parser.py", "syntax/mends.py", "syntax/declarations.py", "elaborate", "ops", "shape.py")
APART = (
    *(
        f"elaborate/{name}.py"
        for name in (
            "doubts",
            "board_doubts",
            "board_factors",
            "board_sums",
            "products",
            "entries",
            "square",
            "tensors",
            "fed",
            "statistics",
            "capitals",
            "intercepts",
            "weighted",
            "amounts",
            "kernels",
            "overall",
            "means",
            "steps",
            "formulas",
        )
    ),
    *(
        f"elaborate/{name}.py"
        for name in (
            "letter_e",
            "plain_numbers",
            "meaning",
            "shaped",
            "enclosed",
            "written",
            "scaling",
            "greek_vectors",
            "amplitudes",
            "signs",
            "sums",
        )
    ),
    *(
        f"elaborate/{name}.py"
        for name in (
            "dotted",
            "greeks",
            "diagonal",
            "programmed",
            "columns",
            "flat_arrays",
            "transposes",
            "unlike",
            "coded",
        )
    ),
)
"""What is said of formulas that are read: see `test_doubts` and the tests of the readers."""
REFUSED = [
    "h = sum(x); x[:h]",
    # signs and words of other notations
    *("x^2", "A^T@x", "A^-1@x", "x'", "A·B", "A×B", "x⊙y", "Aᵀx", "x − y", "x÷2", "√x", "∑x", "∏x", "‖x‖", "A⊗B"),
    *("x ≤ y", "x ≥ y", "x ≠ y", "A⁻¹", "x²", "||x||", "|x|", "{x}", "x!", "x %", "x + lambda", "2 x", "x & y"),
    *("x is y", "x < y < z", "x.shape", "x.sum()", "np.exp(x)", "X.dot(W)", "A.flatten()", "f(x)(y)", "A[[0, 2], 1]"),
    *("x*(y if z else w)", "", "2*(x + y", "W@x; W=n,m"),
    # calls
    *(f"{name}(x)" for name in ELSEWHERE),
    *("sigmod(x)", "frobnicate(x)", "sum(X, 1)", "sum(X, 2)", "sum(X, 0)", "lerp(x, y, 0.3)", "sum(f, x)"),
    *(
        "ones()",
        "reshape(x)",
        "einsum(A)",
        "exp('x')",
        "exp((x, y))",
        "z*(1 - z) + z(2)",
    ),
    *(
        "take_along_axis(x, A)",
        "flip(A, 5)",
        "roll(x)",
        "roll(A, (1, 2), 0)",
        "pad(x, (1, 2, 3))",
        "pad(x, ((1, 2), (1, 2)))",
        "pad(x, -1)",
    ),
    *(
        "moveaxis(A, (0, 1), 0)",
        "squeeze(A, 0)",
        "x[x > 0]",
        "take(W, x + 1)",
        "x[[]]",
        "x[::0]",
        "x[argsort(x), None]",
    ),
    *("scatter_add(ones(2), ones(3), n)", "quantile(x, 2)", "topk(A, 1, (0, 1))", "duplication(n, m)"),
    "W@x + W(x + y)",
    "nan*x",
    *(f"{name} + x" for name, row in FUNCTIONS.items() if row.called),
    # shapes
    *(
        "x + y.T",
        "trace(ones(2, 3))",
        "inv(ones(2, 3))",
        "det(ones(2, 3))",
        "inv(x + ones(2))",
        "concat(A, B, axis=(0, 1))",
    ),
    *("softmax(X, axis=(0, 1))", "transpose(A, (0, 1, 2))", "transpose(A, (0, 0))", 'einsum("i1", A)', "eye(2, 3)"),
    *("conv1d(x, ones(2, 2))", "conv2d(A, ones(2, 2), stride=(1, 1, 1))", "max_pool(x, 0)", "fold(ones(2)) + x"),
    *("conv1d(x, y, padding='same')", "max_pool(x, 2, padding=1)", "correlate(A@A, x)"),
    *("x[x > 0]", "cross_entropy(z@z.T, A@A)"),
    *("[]", "[[a, b], c]", "[x[:2], y[:2]]", "[[a, b], [c]]", "[[0, A], [A, 0]]", "(x, y) + z", "[[], [a]]"),
    *("commutation(2)", "reshape(ones(2, 3), (5,))", "reshape(ones(2, 3), (-1, 4))", "ones(n/m)"),
    *("concat(ones(2, 3), ones(2, 4))", "ones(2, 3)@ones(2, 3)", "ones(2, 3) + ones(2)", "ones(2)@ones(2, 2)"),
    *("cross(ones(2), ones(2))", "rot2(ones(2))", "svdvals(3)", "svdvals(ones(2, 3))", "qr(ones(2, 2, 2))"),
    *("batchnorm(3)", "corrcoef(ones(2))", "pinv(ones(1, 3))", "spectral_norm(3)", "inv_gaps(3)"),
    *("z = W@x; z = b; z", "sum(x); z"),
]
DECLARED: list[tuple[str, dict[str, str]]] = [
    ("x@A@x", {"x": "n", "A": "n,n"}),
    ("A@c", {"A": "n,m", "c": ""}),
    ("(A + C)/B", {"A": "n,m", "B": "m,m", "C": "n,m"}),
    ("x(y)", {"x": ""}),
    ("A[i, i]", {"i": "k"}),
]
DECLARATIONS: list[Callable[[], object]] = [
    lambda: parse_declaration("W", "="),
    lambda: parse_declaration("W=n/", "="),
    lambda: parse_declaration("W", ":"),
    lambda: parse_declaration("W: n/", ":"),
    lambda: parse_assumptions("S"),
    lambda: parse_file("A : B"),
]


def refusal(text: str, shapes: dict[str, str]) -> InputError | None:
    try:
        elaborate(statements(split(text)), shapes_of(shapes))
    except InputError as error:
        return error
    return None


def hints() -> Iterator[str]:
    for text, shapes in (*((t, {}) for t in REFUSED), *DECLARED):
        error = refusal(text, shapes)
        if error is not None:
            yield from (e.quoted for e in error.errors if e.quoted)
    for declare in DECLARATIONS:
        with pytest.raises(InputError) as caught:
            declare()
        assert caught.value.quoted
        yield caught.value.quoted


HINTS = sorted(set(hints()))
PASTES = sorted({text for hint in HINTS for text in pastes(hint)})


@pytest.mark.parametrize("text", PASTES)
def test_what_a_hint_says_can_be_typed(text: str) -> None:
    if text.startswith("jac "):
        _, name, *rest = shlex.split(text)
        command.get_command(None, name).make_context(name, list(rest))  # type: ignore[arg-type, union-attr]  # a group, which click does not tell
    elif text.startswith("-s "):
        parse_declaration(text.removeprefix("-s "), "=")
    elif text.startswith("--assume "):
        parse_assumptions(text.removeprefix("--assume "))
    elif re.match(r"assume |\w+: ", text):
        parse_file(text)
    elif text not in ("lam", "λ"):
        jac.derive(text, wrt=first_name(text), shapes={"q": "3"})


def first_name(text: str) -> str:
    found = program(text)
    return next((name for name in found.variables if name not in places_of([found.output])), "q")


@pytest.mark.parametrize("hint", HINTS)
def test_code_in_a_hint_is_there_to_be_pasted(hint: str) -> None:
    said = re.sub(
        r"`[^`]*`|for x\.sum\(\)|for np\.exp\(x\)|for X\.dot\(W\)|\* / \*\* @|arctan2\(y, x\)|atan2\(y, x\)", "", hint
    )
    assert not re.search(r"\w\(|\w\[|\w@\w|\w\.T\b|\w\*", said), said


def test_every_hint_of_the_sources_is_tried() -> None:
    found = {template for room in ROOMS for path in sources(room) for template in templates(path)}
    assert [t for t in sorted(found) if not any(re.search(t, hint, re.DOTALL) for hint in HINTS)] == []


def sources(room: str) -> list[Path]:
    path = PACKAGE / room
    return [path] if path.is_file() else sorted(set(path.glob("*.py")) - {PACKAGE / name for name in APART})


def templates(path: Path) -> Iterator[str]:
    """What is between backticks in the strings of a module, docstrings left out, as patterns."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    inside = {id(part) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for part in n.values}
    for node in ast.walk(tree):
        if id(node) in told or id(node) in inside:
            continue
        text = ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = re.escape(node.value).replace(r"\{\}", ".*")
        elif isinstance(node, ast.JoinedStr):
            parts = (re.escape(str(p.value)) if isinstance(p, ast.Constant) else ".*" for p in node.values)
            text = "".join(map(str, parts))
        if text.count("`") > 1:
            yield text


def test_no_hint_proposes_an_element_wise_product_where_a_matrix_product_could_be_meant() -> None:
    for text in ("W(x)", "W x", "W·x", "W×x", "Wx b", "W@x + W(x + y)"):
        error = refusal(text, {"W": "n,m"})
        assert error is not None
        entrywise = [p for p in error.pastes if re.search(r"[A-Za-z]\)?\*[A-Za-z(]", p)]
        assert not entrywise or any("@" in p for p in error.pastes), text


FAR = (
    "cot",
    "logm",
    "rank",
    "perm",
    "scan",
)


@pytest.mark.parametrize("name", FAR)
def test_a_name_is_not_taken_for_one_that_means_something_else(name: str) -> None:
    error = refusal(f"{name}(x)", {})
    assert error is not None
    assert "did you mean" not in str(error)


# what is written instead of a function, against NumPy's and SciPy's own

x, y = np.array([0.3, 0.9, 0.5]), np.array([0.4, 0.2, 0.7])
A, B = np.array([[0.9, 0.2], [0.3, 0.8], [0.1, 0.4]]), np.array([[0.5, 0.1], [0.2, 0.6], [0.7, 0.3]])
SAME: dict[str, list[Any]] = {
    "average": [np.average(x)],
    "column_stack": [np.column_stack([x, y])],
    "cot": [1 / np.tan(x)],
    "coth": [1 / np.tanh(x)],
    "dstack": [np.dstack([A, B])],
    "hstack": [np.hstack([x, y]), np.hstack([A, B])],
    "mae": [np.abs(x - y).mean()],
    "sec": [1 / np.cos(x)],
    "vstack": [np.vstack([x, y]), np.vstack([A, B])],
}


@pytest.mark.parametrize("name", SAME)
def test_what_is_written_instead_has_the_same_value(name: str) -> None:
    for text, expected in zip(pastes(ELSEWHERE[name]), SAME[name], strict=False):
        found = jac.derive(text, wrt=first_name(text))
        functions: dict[str, Any] = {}
        exec(found.to_python(), functions)
        values = {n: {"x": x, "y": y, "A": A, "B": B}[n] for n in found.shapes}
        assert np.allclose(np.squeeze(functions["value"](**values)), expected), text
