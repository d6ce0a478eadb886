"""Nothing that is typed is too long, too deep or too many for an answer or one clear refusal, in any notation."""

from __future__ import annotations

import time

import pytest

import jacobian_cli as jac


def _doubled(step: str) -> str:
    """Forty definitions, each of which uses the one before several times."""
    return "".join(step.format(k, k + 1) + "; " for k in range(40))


ENDLESS = {
    "braces": "{" * 4000 + "x" + "}" * 4000,
    "a million primes": "x" + "'" * 1_000_000,
    "primes": "x" + "'" * 9000,
    "primes of a function": "σ" + "'" * 5000 + "(x)",
    "transposes": "x" + "ᵀ" * 9000,
    "towers": "x" + "^x" * 3000,
    "nested powers": "x^{" * 2000 + "x" + "}" * 2000,
    "bars": "|" * 9000,
    "norms": "‖x" * 3000,
    "brackets": "(" * 9000,
    "letters": "x" * 9000,
    "indices": "x" + "₁" * 9000,
    "dots": "·".join(["x"] * 190),
    "numbers": "9" * 5000 + " x",
    "roots": r"\sqrt{" * 1500 + "x" + "}" * 1500,
    "fractions": r"\frac{" * 1500 + "x",
    "hats": r"\hat{" * 1500 + "x" + "}" * 1500,
    "commands": r"\alpha" * 1500,
    "raised": "x" + r"^{\top}" * 1000,
    "lists": "[" * 4000 + "x.*y",
    "signs": "-" * 5000 + "x.*x",
    "calls": "np.exp(" * 1200 + "x" + ")" * 1200,
    "methods": "x" + ".sum()" * 1500,
    "a surrogate": "x\ud800 y",
    "sums that numbers scale": "α(x + " * 30 + "x" + ")" * 30,
    "sums behind matrices": "A(x + " * 30 + "x" + ")" * 30,
    "numbers that are used twice": "s0 = J*sum(x); " + _doubled("s{1} = s{0}*s{0} + J*s{0}") + "J*s40",
    "scores that are used twice": "h0 = A@x; " + _doubled("h{1} = h{0}*h{0} + Y") + "sum(h40 - Y)",
    "scores in MATLAB": "h0 = A*x; " + _doubled("h{1} = h{0}.*h{0} + Y") + "sum(h40 - Y)",
    "Greek names that are used twice": "u0 = alpha*x; " + _doubled("u{1} = u{0}*u{0} + beta*u{0}") + "sum(u40*mu)",
    "places that are squared again and again": "a0 = 3; " + _doubled("a{1} = a{0}*a{0}") + "x[a40]",
    "kernels that are used twice": "K0 = s*exp(-D/l); " + _doubled("K{1} = K{0}*K{0} + s*K{0}") + "y.T@K40@x",
}
SOURCES = {
    "ten megabytes": "x = 1\n" * 1_700_000,
    "brackets": "def f(x):\n    return " + "(" * 3000 + "x" + ")" * 3000,
    "signs": "def f(x):\n    return " + "-" * 5000 + "x",
    "calls of calls": "def a0(x):\n    return x\n"
    + "".join(f"def a{k}(x):\n    return a{k - 1}(x) + a{k - 1}(x)\n" for k in range(1, 30)),
    "a null": "def f(x):\n\x00 return x",
    "statements": "def f(x):\n" + "    x = x + 1\n" * 3000 + "    return x\n",
    "doubled": "def f(x):\n" + "    x = x + x\n" * 200 + "    return x\n",
}
LONG = {
    "rows": ("a{1} = a{0} - X", "np.sum(a{0}*mu, axis=1)"),
    "rows behind a matrix": ("a{1} = a{0} - X", "np.sum(a{0}, axis=1)@u"),
    "exponentials": ("a{1} = a{0} - X", "np.sum(np.log(a{0}) - np.exp(eta))"),
    "matrices": ("a{1} = a{0} - X", "np.sum(1 + logvar - a{0}, axis=1)"),
    "products": ("a{1} = a{0} @ W", "np.sum(a{0}*mu, axis=1)"),
    "layers": ("a{1} = np.tanh(W @ a{0})", "np.sum(a{0}, axis=1)"),
    "outer products": ("a{1} = a{0} @ a{0}.T", "np.sum(a{0}*mu, axis=1)"),
    "inverses": ("a{1} = np.linalg.inv(a{0} + W)", "np.sum(a{0}*mu, axis=1)"),
}
"""Steps and endings of functions of hundreds of lines."""
_CHARACTERS = 1000
_SECONDS = 20
"""What is quadratic takes minutes."""


@pytest.mark.parametrize("name", ENDLESS)
def test_formulas(name: str) -> None:
    begun = time.monotonic()
    told = ""
    try:
        jac.derive(ENDLESS[name], wrt="x")
    except jac.InputError as error:
        told = str(error)
    assert time.monotonic() - begun < _SECONDS
    assert len(told) < _CHARACTERS


@pytest.mark.parametrize("name", SOURCES)
def test_sources(name: str) -> None:
    begun = time.monotonic()
    told = ""
    try:
        jac.read_source(SOURCES[name])
    except jac.InputError as error:
        told = str(error)
    assert time.monotonic() - begun < _SECONDS
    assert len(told) < _CHARACTERS


@pytest.mark.parametrize("name", LONG)
def test_long_functions(name: str) -> None:
    step, end = LONG[name]
    lines = ["a0 = X", *(step.format(k, k + 1) for k in range(320)), f"return {end.format(320)}"]
    begun = time.monotonic()
    told = ""
    try:
        found = jac.derive(jac.read_source("def f(X, W, mu, u, eta, logvar):\n    " + "\n    ".join(lines)), wrt="X")
        assert found.jacobian.closed_form
    except jac.InputError as error:
        told = str(error)
    assert time.monotonic() - begun < _SECONDS
    assert len(told) < _CHARACTERS
