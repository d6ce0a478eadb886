"""The gamma function and its kin: series of our own, which need no SciPy.

Formulas: Abramowitz & Stegun, 6.1.33 (log Γ at 2), 6.1.41, 6.3.18 and 6.4.11 (for large arguments), 6.4.6 (the way
there), 7.1 (the error function), 26.2 (the normal distribution).
"""

from __future__ import annotations

import math
from typing import Any

from jacobian_cli.ops.row import Row


def _erf(np: Any, x: Any) -> Any:
    return np.vectorize(math.erf, otypes=[float])(x)[()]


def _erfc(np: Any, x: Any) -> Any:
    return np.vectorize(math.erfc, otypes=[float])(x)[()]


def _erfinv(np: Any, x: Any) -> Any:
    """A first guess (Winitzki 2008), then Halley's method, in the tails on erfc."""

    def inverse(p: float) -> float:
        if not abs(p) < 1:
            return p * math.inf if abs(p) == 1 else math.nan
        log = math.log1p(-p * p)
        half = 4.330746750799873 + log / 2
        y = math.sqrt(math.sqrt(half * half - log / 0.147) - half)
        for _ in range(3):
            error = math.erf(y) - abs(p) if abs(p) < 0.5 else (1 - abs(p)) - math.erfc(y)
            step = error * math.exp(y * y) * 0.886226925452758
            y -= step / (1 + step * y)
        return math.copysign(y, p)

    return np.vectorize(inverse, otypes=[float])(x)[()]


def _lgamma(np: Any, x: Any) -> Any:
    x = np.where(np.greater(x, 0), x, np.nan)
    y, product = np.minimum(x, 8), 1.0
    for _ in range(6):
        product, y = np.where(y > 2.5, product * (y - 1), product), np.where(y > 2.5, y - 1, y)
    z = np.where(x < 0.5, x, np.where(x < 1.5, x - 1, y - 2))
    total = 0.0
    for c in (
        3.1044247747322276e-11, 6.4229645638381e-11, 1.330476437424449e-10, 2.7595228851242334e-10,
        5.731367241678862e-10, 1.1921401405860912e-09, 2.4836745438024785e-09, 5.183475041970047e-09,
        1.0838659214896955e-08, 2.2711094608943164e-08, 4.7698101693639804e-08, 1.0043224823968099e-07,
        2.1207184805554665e-07, 4.492469198764566e-07, 9.55141213040742e-07, 2.039215753801366e-06,
        4.374866789907488e-06, 9.439488275268397e-06, 2.050721277567069e-05, 4.492623673813314e-05,
        9.945751278180853e-05, 0.00022315475845357939, 0.0005096695247430425, 0.001192753911703261,
        0.0028905103307415234, 0.007385551028673986, 0.020580808427784546, 0.0673523010531981,
        0.3224670334241132,
    ):  # fmt: skip  # (ζ(k) - 1)/k
        total = c - z * total
    near = z * (0.42278433509846713 + z * total) + np.log(product)
    near = near - np.where(x < 1.5, np.log1p(z), 0) - np.where(x < 0.5, np.log(x), 0)
    y, tail = np.maximum(x, 8), 0.0
    for c in (-3617 / 122400, 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12):
        tail = tail / y / y + c
    far = (y - 0.5) * (np.log(y) - 1) + (0.4189385332046727 + tail / y)
    return np.where(x < 8, near, far)[()]


def _digamma(np: Any, x: Any) -> Any:
    x = np.where(np.greater(x, 0), x, np.nan)
    y, added = np.where(x < 1, x + 1, np.minimum(x, 8)), np.where(x < 1, -1 / x, 0.0)
    for _ in range(6):
        added, y = np.where(y > 2, added + 1 / np.where(y > 2, y - 1, 1), added), np.where(y > 2, y - 1, y)
    t = y - 1.4616321449683622 - 9.549995429965697e-17
    total = 0.0
    for c in (
        5.586299683532171e-08, -8.165115189488409e-08, 1.1934394829830244e-07, -1.7443695117727745e-07,
        2.549626552021554e-07, -3.7266161283438227e-07, 5.446941930669446e-07, -7.96142543124197e-07,
        1.1636675363548843e-06, -1.7008538854332607e-06, 2.486022733129538e-06, -3.6336507898010456e-06,
        5.3110609208898636e-06, -7.762817668462094e-06, 1.134638458466385e-05, -1.6584242271854135e-05,
        2.424006611860132e-05, -3.5430070947659604e-05, 5.178575795222081e-05, -7.569179582195066e-05,
        0.0001106337276874741, -0.00016170622091974803, 0.00023635601564027053, -0.0003454680251063077,
        0.000504953265834602, -0.0007380709389960052, 0.0010788252019162967, -0.0015769367714301972,
        0.002305126326734928, -0.003369801655439328, 0.004926781395729853, -0.007204534386356869,
        0.010538791616612175, -0.01542476590494896, 0.022597648232218104, -0.03316112647484736,
        0.04880428816414311, -0.07219956125645471, 0.10782405069126237, -0.16394270544240652,
        0.258499760955651, -0.4427631689835921, 0.9676722454476212,
    ):  # fmt: skip  # the Taylor series at the root
        total = c + t * total
    y, tail = np.maximum(x, 8), 0.0
    for c in (43867 / 14364, -3617 / 8160, 1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12):
        tail = tail / y / y + c
    return np.where(x < 8, t * total + added, np.log(y) - (0.5 + tail / y) / y)[()]


def _polygamma(np: Any, k: Any, x: Any) -> Any:
    k = int(np.max(k))
    x = np.where(np.greater(x, 0), x, np.nan)
    y, total, tail = x, 0.0, 0.0
    for j in range(12 + k):
        y = x + j
        total = total + np.where(y < 12 + k, y ** (-k - 1.0), 0)
    y = x + np.maximum(np.ceil(12 + k - x), 0)
    numbers = (43867 / 798, -3617 / 510, 7 / 6, -691 / 2730, 5 / 66, -1 / 30, 1 / 42, -1 / 30, 1 / 6)  # of Bernoulli
    for j, b in zip(range(18, 0, -2), numbers, strict=True):
        tail = tail / y / y + b * math.factorial(j + k - 1) / math.factorial(j) / math.factorial(k)
    total = total + (1.0 / k + (0.5 + tail / y) / y) / y**k
    return (-1.0) ** (k + 1) * math.factorial(k) * total


SPECIAL = (
    Row(name="erf", summary="error function", derivative=("2*exp(-x**2)/sqrt(pi)",), kernel=_erf, sympy="erf",
        latex=r"\operatorname{erf}"),
    Row(name="erfc", summary="1 - erf(x), accurate where that is small", derivative=("-2*exp(-x**2)/sqrt(pi)",),
        kernel=_erfc, sympy="erfc"),
    Row(name="erfinv", summary="inverse of erf", derivative=("sqrt(pi)*exp(ans**2)/2",), kernel=_erfinv,
        sympy="erfinv", domain=("1 - x", "1 + x"), example="erfinv(tanh(x))"),
    Row(name="ndtr", summary="Φ, the cumulative distribution of the normal distribution",
        derivative=("normal_pdf(x)",), definition="(1 + erf(x/sqrt(2)))/2",
        computed={"ans": "erfc(-x/sqrt(2))/2"}, math="Φ", latex=r"\Phi"),
    Row(name="normal_pdf", summary="φ, the density of the normal distribution", derivative=("-x*ans",),
        definition="exp(-x**2/2)/sqrt(2*pi)", math="φ", latex=r"\varphi"),
    Row(name="lgamma", summary="logarithm of the gamma function, of positive numbers", derivative=("digamma(x)",),
        kernel=_lgamma, sympy="loggamma", domain=("x",), math="log Γ({})", latex=r"\log\Gamma({})",
        example="lgamma(exp(x))"),
    Row(name="digamma", summary="derivative of lgamma", derivative=("polygamma(1, x)",), kernel=_digamma,
        sympy="digamma", domain=("x",), math="ψ", latex=r"\psi",
        example="digamma(exp(x))"),
    Row(name="betaln", summary="logarithm of the beta function, of positive numbers", parameters=("x", "y"),
        derivative=("digamma(x) - digamma(x + y)", "digamma(y) - digamma(x + y)"),
        definition="lgamma(x) + lgamma(y) - lgamma(x + y)", domain=("x", "y"), example="betaln(exp(x), exp(y))"),
    Row(name="beta", summary="the beta function, of positive numbers; a name that is no call is a variable",
        parameters=("x", "y"), derivative=("ans*(digamma(x) - digamma(x + y))", "ans*(digamma(y) - digamma(x + y))"),
        definition="exp(betaln(x, y))", domain=("x", "y"), math="Β", latex=r"\mathrm{B}",
        example="beta(exp(x), exp(y))"),
    Row(name="polygamma", summary="the k-th derivative of digamma; k is a whole number from 1 on",
        parameters=("k", "x"), counts={"k": 1}, derivative=("", "polygamma(k + 1, x)"), kernel=_polygamma,
        sympy="polygamma", domain=("x",), latex=r"\psi^{{({})}}({})", example="polygamma(1, exp(x))"),
)  # fmt: skip
