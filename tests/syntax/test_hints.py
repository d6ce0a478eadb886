"""Every hint and every doubt of the readers is typed: it is accepted, or leads on by one more that is.

The texts to paste stand between backticks in the sources. Each of them must be met by a formula here or in the table of
typed ones, so that a new hint is tried too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jacobian_cli as jac
from jacobian_cli.api.input.problem import pose, shapes_of, statements_of
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.syntax.declarations import parse_assumptions, parse_declaration
from jacobian_cli.syntax.doubts import pastes
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.libraries import MODULES
from tests.elaborate.test_hints import PACKAGE, templates
from tests.syntax.test_typed import ENTRIES, is_derived

ROOMS = (
    *("syntax/board", "syntax/code", "syntax/matlab", "syntax/function", "syntax/letters.py", "syntax/latex.py"),
    *("syntax/mathematics.py", "syntax/libraries.py", "syntax/subscripts.py", "syntax/counts.py"),
    *(
        f"elaborate/{name}.py"
        for name in ("meaning", "shaped", "enclosed", "written", "scaling", "signs", "sums", "dotted")
    ),
    *(f"elaborate/{name}.py" for name in ("programmed", "columns", "transposes", "unlike")),
)
TYPED = (
    "x/y z; log x y; x y; a × b; √x²; √2x; x_i; f(x+y); A^B; A^0.5; ‖A‖₂; ‖x‖₃; sin^-1 x; W x y; Ax·Ay; y log −x; |x|",
    "2 log3x; xTAx; x^{⊗}; tr; ∑ᵢ xᵢ yⱼ; foo x; sin 2x; ‖A‖; log x/2; A^2; e^A; 2^A; sigma(x + y); C(x); x^T*A*x + A*x",
    "x^y^z; x : A; 2(x, y); A x = b; A*x^2; 1_{n/2}ᵀx",
    r"\|A\|_2; \log x y; \sum_i x_i y_j; \hat{xy}; \operatorname{foo}(x); \ln x y z",
    "np.reshape(X, (2,3), order='F'); np.linalg.norm(X, 2); np.linalg.norm(x, 3); np.tensordot(A, B)",
    "F.nll_loss(x, y); F.normalize(x, p=1); F.cross_entropy(x, y, reduction='sum'); x.var(); x.std(); jax.nn.gelu(x)",
    "F.layer_norm(x, x.shape); X.transpose(0, 1); np.einsum(A); torch.max(X, dim=1); np.linalg.slogdet(A)",
    "x'*A*y*z; a/b' + x'*y; x^2 + y'*z; var(x'); std(x.^2); eig(A)*x'; repmat(x, 2, 2)*y'; sum(X.^2); var(x.^2)",
    "np.linalg.eig(A); np.linalg.qr(A); np.linalg.svd(A); F.glu(x); ‖x‖₃",
    "h^(l-1); h^(i); σ²(x); σ²(x + y); x''; 1j x; [x 1]; x -> x^2; 0,5 x; lg x; tg x; sigmod(W x); sofmax(x)",
    r"\sum_i w^T x_i; \sum_{i=1}^5 x_i; \sum_i x; \sum_i x_i y_j; \sum_{ij} x_i; \sum_i x_i + \sum_i a_i norm(x_i)",
    r"\binom{n}{k} x; x(end+1)'*y; X^+ y; A^H x; KL(p || x); argmin ||x||; x* − y",
    "Σ(x - y)²; Σ(x − y); x e^x; ∑ᵢ (xᵢ + softmax(x)); A − ∑ᵢ Aᵢ",
    "x.repeat(2); torch.exp(x).repeat(); F.nll_loss(x, y, reduction='sum')",
    "log()'*x; softmax(A*x').*B; np.linalg.pinv(A); F.kl_div(x, y); 2 3 x; [a, b;c]; X.flatten(2)",
    r"\sum_i (\sum_j A_{ij} x_j)^2; \prod_{ij} x_{ij}; \sum_{i=1}^N x_i + \sum_{i=1}^M x_i; \sum_n x_n - y_n",
    r"w^T \sum_i x_i; A \sum_i x_i; \sum_i x_i \sum_i y_i; \sum_{n=1}^n x_n; \sum_{ij} x_{ij} a_i; \sum_i x_i - y_i",
    r"\sum_k \pi_k x_k; -x_y + \log \sum_j \exp(x_j); \mathrm{E}[x^2]",
    "Γ(x + 1); Φ(x + 1); Xᵀ e; Var(x); A.T(x + y); x(1)^2; a × b; y wᵀx; x[1]^2; LN(x); x if x > 0 else -x; dJ/dx",
    "np.split(x, n)[0]; np.split(x, [n])[0]; torch.split(x, n)[0]; ‖x‖ if x > 0 else 0; np.split(x, 2)",
    "(x if y else z)*np.exp(x); np.diagonal(np.exp(x))",
    r"A \succeq 0; e^{iθ}; x^* x; a .x; Δx; Δxᵀ A Δx; σ∘(A x); min ‖A x‖; [1 − x]_+; \left[ x \right]_+",
    "np.swapaxes(np.exp(x), 1, 2) + x[0]; E[x]; a x[n-1] + b u[n]; det(A)^T x",
    "var(A %*% x); sd(A %*% x); eigen(A) %*% x; determinant(A) %*% x; x.y %*% x; x %*% diag(a); rep(x, 2) %*% x",
    "diag(nrow=2*n) %*% x; abs() %*% x; norm(x) %*% x; log(x, 2) %*% x; foo(x) %*% x; x[-1] %*% x",
    "Sin[x] + Variance[x]; Sin[x] + Max[0, x]; Sin[x] + Sum[x]; Sin[x] + x[[1]]",
    "norm.(x .- y); @. sqrt(sum(x^2)); @. x/sum(x); @. X*w; 2.^-x.^2; sqrt(A).*B; log(A).*B",
    "determinant(A) %*% x; x %in% y; sweep(X, X) %*% y; scale(X, center=FALSE); scale(X, k=2); x$y %*% z; mtimes(x)",
    "cp.norm(X); cp.reshape(X, -1); cp.diff(X); scale(X, X)",
    "[A -b c]*x; [1 x]*w; [2 x]*w; y .* 2i; W*x + 1i; W*x + 1j; softmax.(x); x(1)^2 y; [x 1] y; [x 1]ᵀ y",
    "‖x‖2; ‖x‖1; ‖x‖22; ‖x‖7; ‖A‖F; ‖A‖2F; 2ᵀ x; x .^2 |> 2; bsxfun(@foo, A, x)",
    "np.linalg.qr(A, mode='r'); torch.median(x); scipy.stats.t.cdf(x); torch.cross(x, y, dim=1); x² % y",
    "torch.diag_embed(A); log() %*% x; log(x, 2, 3) %*% x; Clip[x, 0, 1]; outer(x, y, '^') %*% z; norm(A,3)*x'",
    "scipy.linalg.solve_triangular(L, b, trans=1); 2π A π",
)


def refused(text: Any, shapes: Mapping[str, str], wrt: str, syntax: str | None = None) -> tuple[InputError, ...]:
    """What is wrong with a text; where nothing is, what is doubted of it is noted. It is read, not differentiated."""
    declared = shapes_of(shapes)
    try:
        found = pose(statements_of(text, [wrt], declared, syntax), [wrt], declared)
    except InputError as error:
        return () if "neither in the formula" in error.message else error.errors
    DOUBTS.extend(found.program.doubts)
    return ()


DOUBTS: list[Any] = []


def variables(text: str) -> list[str]:
    names = dict.fromkeys(re.findall(r"[^\W\d_](?:\w*)", text))
    return [name for name in names if name not in FUNCTIONS and name not in ALIASES and name not in MODULES] or ["x"]


@cache
def met() -> tuple[tuple[str, str, Mapping[str, str]], ...]:
    """Each text to paste that anybody is told, with the whole of what is said and what was declared."""
    return tuple(_met())


def _met() -> Iterator[tuple[str, str, Mapping[str, str]]]:
    for entry in ENTRIES:
        text: Any = entry["typed"]
        shapes = entry.get("declared", {})
        try:
            if entry["notation"] == "python_function":
                text = jac.read_source(text, entry.get("entry"))
        except InputError as error:
            said = error.errors
        else:
            said = refused(text, shapes, entry["wrt"], entry.get("syntax"))
        for one in said:
            yield from ((paste, one.quoted or "", shapes) for paste in one.pastes)
    for text in (text for line in TYPED for text in line.split("; ")):
        for one in refused(text, {}, next((n for n in "xXAa" if re.search(rf"(?<![a-z]){n}(?![a-z])", text)), "x")):
            yield from ((paste, one.quoted or "", {}) for paste in one.pastes)
    for doubt in dict.fromkeys(DOUBTS):
        yield from ((paste, doubt.message, {}) for paste in doubt.readings)


def ends(text: str, shapes: Mapping[str, str]) -> tuple[InputError, ...]:
    """What is wrong with a text to paste, by whichever of its names."""
    if text.startswith("-s "):
        parse_declaration(text.removeprefix("-s "), "=")
        return ()
    if text.startswith("--assume "):
        parse_assumptions(text.removeprefix("--assume "))
        return ()
    wrt, declared = [variables(text)[0]], shapes_of(shapes)
    try:
        is_derived(pose(statements_of(text, wrt, declared), wrt, declared))
    except InputError as error:
        return () if "neither in the formula" in error.message else error.errors
    return ()


def test_what_a_reader_says_can_be_typed() -> None:
    pastes = sorted({(paste, tuple(shapes.items())) for paste, _, shapes in met()})
    assert len(pastes) > 800
    stuck = [
        (text, declared, error)
        for text, declared in pastes
        for error in ends(text, dict(declared))
        if all(ends(paste, dict(declared)) for paste in error.pastes)
    ]
    assert stuck == []


def test_every_hint_of_the_readers_is_tried() -> None:
    said = {message for _, message, _ in met()}
    found = {template for room in ROOMS for path in _sources(room) for template in templates(path)}
    assert [t for t in sorted(found) if not any(re.search(t, message, re.DOTALL) for message in said)] == []


_BY_COUNT = re.compile(r"\*(?:sqrt)?\(n(?:\*m)?/\(n(?:\*m)? - 1\)\)")
"""The number by which variances are scaled."""


def test_no_hint_proposes_an_entrywise_product_alone() -> None:
    """Where it proposes x*y it proposes a product of matrices too, unless a number scales or a sum runs over it."""
    for _, message, _ in met():
        texts = [_BY_COUNT.sub("", text) for text in pastes(message)]
        if any(
            re.search(r"(?<!sigma)(?<!gamma)(?<!var\(x\))(?<!std\(x\))(?<=[A-Za-z)])\*[A-Za-z(]", text)
            for text in texts
        ):
            assert any("@" in t or re.search(r"\d\*|sum|einsum|expm|-s ", t) for t in texts), message


def _sources(room: str) -> list[Path]:
    path = PACKAGE / room
    return [path] if path.is_file() else sorted(path.glob("*.py"))
