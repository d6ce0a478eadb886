"""The normal distribution of SciPy and JAX, of numbers and of vectors."""

from __future__ import annotations

from fractions import Fraction

from jacobian_cli.syntax.code.arguments import Arguments
from jacobian_cli.syntax.tree import Literal, Term


def normal(call: Arguments) -> Term:
    """The normal distribution, of mean 0 and deviation 1 unless told otherwise."""
    if call.module.rpartition(".")[2] == "multivariate_normal":
        return _of_vectors(call)
    if call.module.rpartition(".")[2] != "norm":
        raise call.refuse("of distributions only the normal one is read", "it is `Phi(x)`, its density `phi(x)`")
    given = call.bound("x", "loc", "scale")
    z = "x" if "loc" not in given else "(x - loc)"
    z = f"({z}/scale)" if "scale" in given else z
    less, over = (" - log(scale)", "/scale") if "scale" in given else ("", "")
    texts = {
        "cdf": f"ndtr({z})",
        "sf": f"ndtr(-{z})",
        "pdf": f"normal_pdf({z}){over}",
        "logcdf": f"log(ndtr({z}))",
        "logsf": f"log(ndtr(-{z}))",
        "logpdf": f"-{z}**2/2{less} - log(2*pi)/2",
    }
    return call.made(texts[call.name], given)


_OF_VECTORS = "-MATMUL(x - mean, solve(cov, x - mean))/2 - logdet(cov)/2 - EXTENT(x, -1)*log(2*pi)/2"


def _of_vectors(call: Arguments) -> Term:
    """The density at one vector, of a mean and a covariance."""
    given = call.bound("x", "mean", "cov", "allow_singular")
    if call.name not in ("pdf", "logpdf"):
        raise call.refuse(f"'{call.name}' of vectors is not in the language", "there are pdf and logpdf")
    logarithm = call.made(_OF_VECTORS, {name: given[name] for name in ("x", "mean", "cov")})
    made = logarithm if call.name == "logpdf" else call.call("exp", logarithm)
    return call.call("?upto", made, given["x"], Literal(Fraction(1), call.span))
