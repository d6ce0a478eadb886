"""What others are measured by: objectives of ADBench (Šrajer, Kukelova & Fitzgibbon 2018), layers, Newton's method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Preset:
    """A formula, what it is differentiated by, and sizes as they are in use."""

    summary: str
    formulas: tuple[str, ...]
    wrt: tuple[str, ...]
    shapes: Mapping[str, str]
    sizes: Mapping[str, int]
    form: str
    assume: tuple[str, ...] = field(default=())


PRESETS = {
    "gmm": Preset(
        "log-likelihood of a Gaussian mixture with diagonal precisions exp(2Q), by all its parameters",
        (
            "P = exp(2*Q)",
            "D = X**2@P.T - 2*X@(M*P).T + sum(M**2*P, axis=1)",
            "L = sum(logsumexp(alpha + sum(Q, axis=1) - D/2, axis=1)) - n*logsumexp(alpha)",
        ),
        ("alpha", "M", "Q"),
        {"X": "n,d", "M": "k,d", "Q": "k,d", "alpha": "k"},
        {"n": 1000, "d": 16, "k": 25},
        "gradient",
    ),
    "lstm": Preset(
        "one step of a long short-term memory on a batch, backwards from h and by all weights",
        (
            "f = sigmoid(X@Wf + H@Uf + bf)",
            "i = sigmoid(X@Wi + H@Ui + bi)",
            "o = sigmoid(X@Wo + H@Uo + bo)",
            "g = tanh(X@Wg + H@Ug + bg)",
            "h = o*tanh(f*C + i*g)",
        ),
        tuple(f"{kind}{gate}" for kind in ("W", "U", "b") for gate in "fiog"),
        {"X": "n,d", "H": "n,k", "C": "n,k"}
        | {f"W{gate}": "d,k" for gate in "fiog"}
        | {f"U{gate}": "k,k" for gate in "fiog"}
        | {f"b{gate}": "k" for gate in "fiog"},
        {"n": 64, "d": 64, "k": 128},
        "vjp",
    ),
    "ba": Preset(
        "bundle adjustment: the error of one projected point (Rodrigues, radial distortion), by camera and point",
        (
            "p = X - C",
            "theta = norm(r)",
            "a = r/theta",
            "q = cos(theta)*p + sin(theta)*cross(a, p) + (1 - cos(theta))*(a@p)*a",
            "s = q[:2]/q[2]",
            "t = sum(s**2)",
            "error = w*(f*(1 + k[0]*t + k[1]*t**2)*s + c - y)",
        ),
        ("r", "C", "f", "c", "k", "X", "w"),
        {"X": "3", "C": "3", "r": "3", "k": "2", "c": "2", "y": "2", "f": "()", "w": "()"},
        {},
        "jacobian",
    ),
    "attention": Preset(
        "scaled dot-product attention with one head, backwards",
        ("softmax(Q@K.T/sqrt(d))@V",),
        ("Q", "K", "V"),
        {"Q": "n,d", "K": "n,d", "V": "n,d"},
        {"n": 256, "d": 64},
        "vjp",
    ),
    "layernorm": Preset(
        "layer normalisation with gain and bias, backwards",
        ("layernorm(X)*g + b",),
        ("X", "g", "b"),
        {"X": "n,d", "g": "d", "b": "d"},
        {"n": 256, "d": 512},
        "vjp",
    ),
    "logistic-newton": Preset(
        "the Hessian that a step of Newton's method takes in logistic regression",
        ("sum(log(1 + exp(-y*(X@w))))",),
        ("w",),
        {"X": "n,d", "y": "n", "w": "d"},
        {"n": 2048, "d": 256},
        "hessian",
    ),
    "gp": Preset(
        "marginal log-likelihood of a Gaussian process, by length, scale and noise; D holds squared distances",
        (
            "K = exp(2*a - D*exp(-2*l)/2) + exp(2*s)*eye(n)",
            "L = y@solve(K, y)/2 + logdet(K)/2",
        ),
        ("a", "l", "s"),
        {"D": "n,n", "y": "n", "a": "()", "l": "()", "s": "()"},
        {"n": 256},
        "gradient",
        ("D=symmetric",),
    ),
}
"""By name, as `jac bench --preset` takes them."""
