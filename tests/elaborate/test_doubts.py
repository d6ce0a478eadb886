"""What is warned of, with both readings as text to paste; and what is not."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

import jacobian_cli as jac
from jacobian_cli.elaborate import Program, elaborate
from jacobian_cli.syntax.declarations import parse_declaration
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.parser import statements
from jacobian_cli.syntax.statements import split
from tests.elaborate.test_hints import PACKAGE, templates
from tests.elaborate.test_shapes import program

MEANT = {
    "x-hat + y": "x_hat",
    "sum (y - x)**2": "sum((y - x)**2)",
    "alpha*x_hat + beta": "-s alpha=n",
    # matrices under *
    "W*x + b": "W@x + b",
    "A.T*x": "A.T@x",
    "norm1(A*x - y)": "norm1(A@x - y)",
    "x.T*A*x": "x.T@A@x",
    "A*B.T": "A@B.T",
    "A*B": "A@B",
    "sigmoid(X*W + b)": "sigmoid(X@W + b)",
    "softmax(X*W)": "softmax(X@W)",
    "tanh(W*X + b*ones(1, n))": "tanh(W@X + b*ones(1, n))",
    "A = X*W; L = trace(A)": "A = X@W",
    "mean(X)*w": "mean(X, axis=0)",
    "softmax(Q*K.T/sqrt(d))*V": "softmax(Q@K.T/sqrt(d))@V",
    "1/X + A": "inv(X)",
    "z = W*x + b; sigmoid(z)": "z = W@x + b",
    "y*X@w": "y*(X@w)",
    "sum(log(1 + exp(-y*X@w)))": "-y*(X@w)",
    "c*A@B@x": "c*(A@B@x)",
    "W2*relu(W1*x + b1) + b2": "W2@relu(W1@x + b1) + b2",
    "x*A*x": "x.T@A@x",
    "det(A*B)": "det(A@B)",
    # names that may be products
    "XW + b": "X@W + b",
    "Wx + b": "W@x + b",
    "sigmoid(Wx + b)": "sigmoid(W@x + b)",
    "norm(Ax - b)**2": "norm(A@x - b)**2",
    "wTx + b": "w.T@x + b",
    "xT@y": "x.T@y",
    "XTX": "X.T@X",
    "QKT@V": "(Q@K.T)@V",
    "x*y + xy": "x*y + x*y",
    # targets of a batch
    "mean((X@W - y)**2)": "-s y=n,k",
    "-sum(y*log(softmax(X@W)))": "-s y=m,n",
    "Z = X@W + b; P = sigmoid(Z); sum(-y*log(P) - (1 - y)*log(1 - P))": "-s y=n,k",
    # functions
    "cross_entropy(softmax(z), y)": "cross_entropy(z, y)",
    "cross_entropy(softmax(X@W, axis=1), Y)": "cross_entropy(X@W, Y)",
    "p = softmax(W@x); cross_entropy(p, y)": "cross_entropy(W@x, y)",
    "cross_entropy(Y, softmax(X@W))": "cross_entropy(X@W, Y)",
    "cross_entropy(Y, X@W)": "cross_entropy(X@W, Y)",
    "binary_cross_entropy(y, sigmoid(X@w))": "binary_cross_entropy(sigmoid(X@w), y)",
    "binary_cross_entropy(X@w, y)": "binary_cross_entropy(sigmoid(X@w), y)",
    "bce_with_logits(sigmoid(X@w), y)": "bce_with_logits(X@w, y)",
    "nll_loss(softmax(z), y)": "nll_loss(log_softmax(z), y)",
    "nll_loss(W@x, y)": "nll_loss(log_softmax(W@x), y)",
    "kl_div(log_softmax(z), p)": "F.kl_div(log_softmax(z), p)",
    "softmax(X, axis=0)": "softmax(X)",
    "norm(X, 1)": "norm1(X)",
    # rows and matrices
    "x*W + b": "W.T@x + b",
    "softmax(x*W)": "softmax(x.T@W)",
    "tanh(h*U + x*W)": "tanh(h.T@U + x.T@W)",
    "sigmoid(x*V + a)*W + b": "W.T@sigmoid(V.T@x + a) + b",
    # what an axis that is lost makes square
    "X - mean(X, axis=1)": "X - mean(X, axis=1, keepdims=True)",
    "exp(X)/sum(exp(X), axis=1)": "exp(X)/sum(exp(X), axis=1, keepdims=True)",
    "X/norm(X, axis=-1)": "X/norm(X, axis=-1, keepdims=True)",
    "X - logsumexp(X, axis=1)": "X - logsumexp(X, axis=1, keepdims=True)",
    "mu = mean(X, axis=1); Y = X - mu; sum(Y**2)": "mu = mean(X, axis=1, keepdims=True)",
    # entries and equations
    "x[1]*exp(x[2])": "x[0]*exp(x[1])",
    "A[1, 2]*y": "A[0, 1]*y",
    "x[[1]] + x[[2]]*x[[3]]": "x[0] + x[1]*x[2]",
    "y == W@x": "y - W@x",
    "A**-1@b": "inv(A)",
    "sum (y - X@w)**2": "sum((y - X@w)**2)",
    "A**T@b": "A.T",
    "outer(U, x)": "-s U=n",
    # names
    "A + I": "eye(n)",
    "e - B@u": "-s e=n",
    "trace(v)": "-s v=n,n",
    "p = nRT/V": "-s nRT=()",
    "softmax(q@k.T)": "-s q=n,d",
    "diag(x)*A": "diag(x)@A",
    "E[x]": "mean(x)",
    "Q = X@A; K = X@B; Q*K.T": "Q@K.T",
    "A = X@B; y = C@z; A*y": "A@y",
}


@pytest.mark.parametrize("text", MEANT)
def test_what_is_warned_of(text: str) -> None:
    found = program(text)
    assert len(found.warnings) == 1
    assert MEANT[text] in found.warnings[0]


@pytest.mark.parametrize("text", [*MEANT, "x.T@x"])
def test_what_a_warning_says_can_be_typed(text: str) -> None:
    (doubt,) = program(text, **({"x": "n,m"} if text == "x.T@x" else {})).doubts
    assert len(doubt.readings) > 1
    for reading in doubt.readings:
        if reading.startswith("-s "):
            parse_declaration(reading.removeprefix("-s "), "=")
            continue
        variables = {"z": 1} if reading.startswith("F.") else program(reading).variables
        jac.derive(reading, wrt=next(iter(variables), "q"), shapes={"q": "2"})


MARKED = {"xW + b": "-s x=()", "x'*x*y": "-s y=n", "x'φ'": "-s φ=", "a'*b*c + x'*x": "-s c=n", "xᵀAx b": "-s b=n"}
"""In notations whose products are those of matrices."""


def marked(text: str) -> Program:
    found = jac.derive(text, wrt="x")
    assert isinstance(found, jac.Derivation)
    return found.problem.program


@pytest.mark.parametrize("text", MARKED)
def test_what_nothing_but_its_place_says_of_a_name(text: str) -> None:
    (warning,) = marked(text).warnings
    assert MARKED[text] in warning


def test_every_doubt_of_the_sources_is_met() -> None:
    texts = {doubt.message for text in MEANT for doubt in program(text).doubts}
    texts |= {doubt.message for text in MARKED for doubt in marked(text).doubts}
    texts |= {doubt.message for text, shapes, _ in DECLARED for doubt in program(text, **shapes).doubts}
    found = {
        t
        for name in ("doubts", "products", "letter_e", "entries", "square", "fed", "statistics")
        for t in templates(PACKAGE / f"elaborate/{name}.py")
    }
    assert [t for t in sorted(found) if not any(re.search(t, text, re.DOTALL) for text in texts)] == []


@pytest.mark.parametrize("text", MEANT)
def test_the_other_reading_is_not_warned_of(text: str) -> None:
    if MEANT[text] in ("eye(n)", "inv(A)", "A.T", "z = W@x + b", "-y*(X@w)") or MEANT[text].startswith(
        ("-s", "F.", "mu =")
    ):
        return
    assert program(MEANT[text]).warnings == ()


def test_products_beside_an_identity_are_doubted() -> None:
    assert "with the matrix product it is (I - K@C)@P" in program("(I - K*C)*P").warnings[0]
    assert len(program("P = I*V; P + U").warnings) == 1  # of I, which may be a current


SILENT = [
    "W@x + b",
    "x*e**-x",
    "e.T@P@e",
    "Wx@x + Wh@h",
    "X@Wq",
    "softmax(Q@K.T/sqrt(d_k))@V",
    "a*x",
    "sum(M*X)",
    "sum(M*(X - Y)**2)",
    "F*C + O*G",
    "f*c + i*g",
    "X*W + A@B",
    "X - mean(X)",
    "norm((X - mean(X))@w)**2",
    "lam*sum(W) + x*y",
    "P*log(P)",
    "H*(1 - H)",
    "x[:, None]*A",
    "y*(X@w)",
    "(y*X)@w",
    "X*mean(X, axis=0)",
    "(X - mean(X, axis=0))/std(X, axis=0)*g.T",
    "cross_entropy(z, y)",
    "softmax(X)",
    "softmax(z, axis=0)",
    "A**2",
    "x.T@x",
    "trace(A)",
    "lr*g + eps",
    "inv(A + t*B)",
    "cross_entropy(z, softmax(t))",
    "nll_loss(log(softmax(z)), y)",
    "kl_div(X, W@H)",
    "X - mean(X, axis=1, keepdims=True)",
    "X - mean(X, axis=0)",
    "X - mean(Y, axis=1)",
    "x[0]*exp(x[1])",
    "x[2]*y",
    "X[1:]@w",
]


@pytest.mark.parametrize("text", SILENT)
def test_what_is_not_warned_of(text: str) -> None:
    assert program(text).warnings == ()


DECLARED: list[tuple[str, dict[str, str], bool]] = [
    ("W*x + b", {"W": "n,m", "x": "m", "b": "m"}, False),
    ("W*x + b", {"W": "n,m"}, True),
    ("A*B", {"A": "n,m", "B": "n,m"}, False),
    ("A*B", {"A": "n,m"}, True),
    ("A*B.T", {"A": "n,m", "B": "m,n"}, False),
    ("A*B.T", {"A": "2,3"}, True),
    ("softmax(X, axis=0)", {"X": "n,m"}, False),
    ("A + I", {"I": "n,n"}, False),
    ("Wx + b", {"Wx": "n"}, False),
    ("trace(v)", {"v": "n,n"}, False),
    ("x.T@x", {"x": "n,m"}, True),
    ("x.T@x", {"x": "n,1"}, False),
    ("X.T@X", {"X": "n,m"}, False),
    ("cross_entropy(softmax(z), y)", {"z": "n", "y": "n"}, True),
]


@pytest.mark.parametrize(("text", "shapes", "warned"), DECLARED, ids=str)
def test_a_declared_shape_leaves_no_doubt(text: str, shapes: dict[str, str], warned: bool) -> None:
    assert bool(program(text, **shapes).warnings) is warned


def test_values_say_nothing_of_products() -> None:
    found = elaborate(statements(split("x.T*A*x")), {}, {"A": 2, "x": 1})
    assert "x.T@A@x" in found.warnings[0]


TESTS = Path(__file__).parent.parent
ENTRIES = [json.loads(line) for line in (TESTS / "corpus/identities.jsonl").read_text(encoding="utf-8").splitlines()]


def test_what_is_published_is_not_warned_of() -> None:
    """Neither the formulas of the corpus, with their shapes or without, nor our own answers with theirs."""
    warned = []
    for entry in ENTRIES:
        shapes = {name: ",".join(sizes) or "()" for name, sizes in entry["shapes"].items()}
        warned += [(entry["id"], w) for w in program(entry["expr"], **shapes).warnings]
        try:
            warned += [(entry["id"], w) for w in program(entry["expr"]).warnings]
        except jac.InputError:
            continue
    assert warned == []


@pytest.mark.parametrize("entry", ENTRIES[::9], ids=lambda entry: str(entry["id"]))
def test_our_own_answers_are_not_warned_of(entry: dict[str, object]) -> None:
    sizes = entry["shapes"]
    assert isinstance(sizes, dict)
    shapes = {name: ",".join(parts) or "()" for name, parts in sizes.items()}
    found = jac.derive(str(entry["expr"]), wrt=str(entry["wrt"]), shapes=shapes)
    told = {**shapes, **{n: ",".join(map(str, s)) or "()" for n, s in found.shapes.items()}}
    told[found.upstream] = ",".join(map(str, found.output_shape)) or "()"
    names = [f"{name} = {body}" for name, body in found.where.items()]
    for form in (found.jacobian, found.gradient, found.vjp):
        if form is not None:
            assert program("; ".join([*names, form.closed_form]), **told).warnings == (), form.closed_form


def test_the_examples_are_not_warned_of() -> None:
    commands = tomllib.loads((TESTS / "golden/commands.toml").read_text(encoding="utf-8"))
    pages = [(TESTS / f"golden/{name}.txt").read_text(encoding="utf-8") for name in commands]
    assert [page for page in pages if "\n! " in page] == []


def test_warnings_stand_on_every_answer() -> None:
    text, point = "W*x + b", {"W": [[1.0, 2.0]], "x": [1.0, 2.0], "b": [0.0, 0.0]}
    derived = jac.derive(text, wrt="x")
    chained = jac.chain(["z = W*x + b", "s = sum(z)"], wrt=["x"])
    run = jac.backprop(text, at=point)
    assert "W@x" in derived.warnings[0]
    assert "W@x" in chained.warnings[0]
    assert "W@x" in run.warnings[0]
    assert derived.to_dict()["warnings"] == list(derived.warnings)
    assert chained.to_dict()["warnings"] == list(chained.warnings)
    assert run.to_dict()["warnings"] == list(run.warnings)


def test_a_doubt_knows_its_texts_to_paste() -> None:
    doubt = Doubt("`W*x` multiplies entry by entry; the matrix product is `W@x`")
    assert doubt.readings == ("W*x", "W@x")
