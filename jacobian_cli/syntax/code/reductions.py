"""Functions over entries whose meaning hangs on the library: extremes, spreads, norms, sizes."""

from __future__ import annotations

import ast
import re
from fractions import Fraction

from jacobian_cli.syntax.code.arguments import Arguments, is_, lost, whole
from jacobian_cli.syntax.libraries import CONVEX, JAX, NUMPY, TENSORFLOW, TORCH
from jacobian_cli.syntax.tree import Call, Flag, Group, Literal, Term, Text


def extreme(call: Arguments) -> Term:
    """`max` and `min`: over entries, along an axis, or of two values; PyTorch's along an axis are a pair."""
    name = call.name
    if not call.library and not call.method:  # Python's own
        if len(call.arguments) == 1:
            return call.call(name, *map(call.code.term, call.arguments))
        return call.plain()
    torch = call.library == TORCH
    whole = len(call.arguments) > 1 and isinstance(call.arguments[1], ast.Constant | ast.UnaryOp | ast.Tuple)
    other = call.arguments[1] if len(call.arguments) == 2 else None
    named = isinstance(other, ast.Name) and other.id not in ("axis", "dim", "dims")
    of_two = other is not None and ((torch and not whole) or (call.method and not call.library and named))
    if "y" in call.keywords or of_two:
        given = call.bound("x", "y")
        return call.call("maximum" if name == "max" else "minimum", given["x"], given["y"])
    given = call.bound("x", "axis", "keepdims")
    made = call.call(name, given["x"], axis=given.get("axis"), keepdims=given.get("keepdims"))
    return Call("?pair", (made,), (), call.span) if torch and "axis" in given else made


def spread(call: Arguments) -> Term:
    """Variance and deviation: by n in NumPy and JAX, by n - 1 in PyTorch."""
    settled = any(isinstance(a, ast.Constant) and isinstance(a.value, bool) for a in call.arguments[1:])
    if call.library == TORCH or (settled and not call.library):  # x.var(0, False)
        names = ("x", "axis", "unbiased", "keepdims", "correction", "ddof")
        given = call.bound(*(n for n in names if n != "axis" or not settled or len(call.arguments) > 2))
        less = given.get("correction") or given.get("ddof") or Literal(Fraction(1), call.span)
        if is_(given.get("unbiased"), False):
            less = Literal(Fraction(0), call.span)
    else:
        if len(call.arguments) > 3:
            call.no_out(call.arguments[3])
        given = call.bound("x", "axis", "dtype", "out", "ddof", "keepdims", "correction")
        less = given.get("ddof") or given.get("correction") or Literal(Fraction(0), call.span)
    options = {name: given[name] for name in ("axis", "keepdims") if name in given}
    made = call.call(call.name, given["x"], **options)
    if not call.library and not settled and "ddof" not in given:
        other = "var(x)*n/(n - 1)" if call.name == "var" else "std(x)*sqrt(n/(n - 1))"
        call.code.doubt(f"`{call.name}(x)` is read, which divides by n; PyTorch's is `{other}`")
    if is_(less, 0):
        return made
    if not isinstance(less, Literal):
        raise call.refuse("how many are taken from n must be a number")
    count = call.call("?count", given["x"], axis=given.get("axis"), keepdims=given.get("keepdims"))
    ratio = call.call("/", count, call.call("-", count, less))
    return call.call("*", made, call.call("sqrt", ratio) if call.name == "std" else ratio)


def norm(call: Arguments) -> Term:
    """Norms; `2` of a matrix is its spectral norm, but for PyTorch's older `norm` and TensorFlow's, which take all
    entries in a row.
    """
    which = "p" if "p" in call.keywords else "ord"
    given = call.bound("x", which, "axis", "keepdims")
    older = call.library == TORCH and not _LINALG.search(call.module)
    if call.module in CONVEX and not {which, "axis"} & given.keys():
        return call.call("?widest", given["x"])
    flat = older or call.name == "vector_norm" or call.library == TENSORFLOW
    made = of_kind(call, given["x"], given.get(which), given.get("axis"), given.get("keepdims"), flat=flat)
    return call.up_to_two(made, given["x"]) if call.name == "matrix_norm" and "axis" not in given else made


def distance(call: Arguments) -> Term:
    """PyTorch's `dist`, the norm of the difference of all entries."""
    given = call.bound("x", "y", "p")
    return of_kind(call, call.call("-", given["x"], given["y"]), given.get("p"), None, flat=True)


_LINALG = re.compile(r"\b(?:linalg|LA|la)$")


def of_kind(
    call: Arguments, x: Term, kind: Term | None, axis: Term | None, keep: Term | None = None, *, flat: bool
) -> Term:
    """The norm of a kind; `flat` where that of a matrix is that of all its entries."""
    if is_(kind, 0):
        raise call.refuse("how many entries are not zero has no derivative", "as in norm(x, 1)")
    whole = axis is None and not flat
    if isinstance(axis, Group) and len(axis.items) == 2 and not (flat and call.library != TENSORFLOW):
        return _of_matrices(call, x, kind, axis, keep)
    if kind is None or is_(kind, "fro", "euclidean"):
        return call.call("norm", x, axis=axis, keepdims=keep)
    for number in (2, 1, "inf"):
        if is_(kind, number) and whole and is_(keep, True):
            raise call.refuse("keepdims without an axis is not read here", "as in `np.linalg.norm(x, 1)`")
        if is_(kind, number) and whole:
            matrix = (Flag(None, call.span),) if call.name == "matrix_norm" else ()
            return call.call("?norm", x, Text(str(number), call.span), *matrix)
    if is_(kind, 1, 2):
        return call.call("norm1" if is_(kind, 1) else "norm", x, axis=axis, keepdims=keep)
    if is_(kind, "inf"):
        return call.call("max", call.call("abs", x), axis=axis, keepdims=keep)
    if is_(kind, "nuc"):
        return call.call("nuclear_norm", x, axis=axis, keepdims=keep)
    if flat and axis is None:
        x = call.row(x)
    return call.call("norm", x, axis=axis, keepdims=keep, ord=kind)


def _of_matrices(call: Arguments, x: Term, kind: Term | None, axes: Group, keep: Term | None) -> Term:
    """The norm of a matrix whose rows and columns lie along two axes: the first counts the rows."""
    if kind is None or is_(kind, "fro", "euclidean"):
        return call.call("norm", x, axis=axes, keepdims=keep)
    if is_(kind, 1, "inf"):
        inner, _ = axes.items if is_(kind, 1) else axes.items[::-1]
        sums = call.call("sum", call.call("abs", x), axis=inner, keepdims=Flag(True, call.span))
        return call.call("max", sums, axis=axes, keepdims=keep)
    places = {whole(axis) for axis in axes.items}
    if is_(kind, 2) and keep is None and places == {0, 1}:
        return call.call("?norm", x, Text("2", call.span), Flag(None, call.span))
    if is_(kind, 2, "nuc") and keep is None and places == {-1, -2}:
        return call.call("spectral_norm" if is_(kind, 2) else "nuclear_norm", x)
    raise call.refuse("this norm of matrices along two axes is not in the language", "as in `np.linalg.norm(A, 2)`")


def logsumexp(call: Arguments) -> Term:
    """SciPy's and JAX's have weights, b."""
    weighted = call.library in (NUMPY, JAX) and not call.method
    given = call.bound("x", "axis", *(["y"] if weighted else []), "keepdims")
    options = {name: given.get(name) for name in ("axis", "keepdims")}
    if "y" not in given:
        return call.call("logsumexp", given["x"], **options)
    total = call.call("sum", call.call("*", given["y"], call.call("exp", given["x"])), **options)
    return call.call("log", total)


def ordered(call: Arguments) -> Term:
    """Entries in order, or their places; PyTorch's `sort` is a pair."""
    if call.name == "sort" and call.method and call.library == NUMPY:
        raise call.refuse("an array's own sort gives None and changes the array", "as in `np.sort(x)`")
    given = call.bound("x", "axis", "descending", "kind", "stable")
    if call.name == "msort":  # along the first axis, and no pair
        return call.call("sort", given["x"], axis=Literal(Fraction(0), call.span))
    x = call.row(given["x"]) if call.flat(1) else given["x"]
    if call.name == "argsort" and is_(given.get("descending"), True):
        x = call.call("u-", x)
    if call.name == "argsort":
        return call.call("argsort", x, axis=given.get("axis"))
    made = call.call("sort", x, axis=given.get("axis"), descending=given.get("descending"))
    return Call("?pair", (made,), (), call.span) if call.library == TORCH else made


def topmost(call: Arguments) -> Term:
    """The largest entries, and behind them their places."""
    given = call.bound("x", "k", "axis", "largest", "sorted")
    made = call.call("topk", given["x"], given["k"], axis=given.get("axis"), largest=given.get("largest"))
    return Call("?pair", (made,), (), call.span) if call.library else made


def median(call: Arguments) -> Term:
    """Of an even number of entries PyTorch takes the lower of the two in the middle, NumPy their mean."""
    given = call.bound("x", "axis", "keepdims")
    made = call.call("median", given["x"], axis=given.get("axis"), keepdims=given.get("keepdims"))
    if call.library == TORCH:
        call.code.doubt("of an even number of entries PyTorch's median is the lower of the two; `median` is their mean")
        return Call("?pair", (made,), (), call.span) if "axis" in given else made
    return made


def average(call: Arguments) -> Term:
    given = call.bound("x", "axis", "weights", "keepdims")
    options = {name: given[name] for name in ("axis", "keepdims") if name in given}
    if "weights" not in given:
        return call.call("mean", given["x"], **options)
    if "axis" in given:  # a weight for each place along it
        if "keepdims" in given or not is_(given["axis"], 0, 1, -1):
            raise call.refuse("along which axis do the weights run?", "as in np.average(X, axis=0, weights=w)")
        return call.made("MATMUL(w, x)/sum(w)" if is_(given["axis"], 0) else "MATMUL(x, w)/sum(w)",
                         {"x": given["x"], "w": given["weights"]})  # fmt: skip
    product = call.call("?alike", given["x"], given["weights"])
    weighted = call.call("sum", product, **options)
    return call.call("/", weighted, call.call("sum", given["weights"]))


def cholesky(call: Arguments) -> Term:
    """The lower factor; SciPy's is the upper one unless told otherwise."""
    given = call.bound("x", "lower", "overwrite_a", "check_finite", "upper")
    of_scipy = _SCIPY.search(call.module) is not None
    for word in ("lower", "upper"):
        if word in given and not is_(given[word], True, False):
            raise call.refuse(f"whether the factor is {word} must be said", f"as in {word}=True")
    lower = is_(given.get("lower"), True) or not (of_scipy or is_(given.get("upper"), True))
    made = call.call("cholesky", given["x"])
    return made if lower else call.call(".T", made)


_SCIPY = re.compile(r"^(?:scipy|sp|sla|spla|jsp)\b|\bscipy\.")


def svd(call: Arguments) -> Term:
    """Of three factors the singular values, which stand in the middle."""
    given = call.bound("x", "full_matrices", "compute_uv")
    values = call.call("svdvals", given["x"])
    if is_(given.get("compute_uv"), False):
        return values
    others = (lost(f"the {side} factor of svd", call.span) for side in ("left", "right"))
    first, last = others
    return Group((first, values, last), call.span)


def triangular(call: Arguments) -> Term:
    """SciPy's and PyTorch's solution with one triangle of a matrix."""
    given = call.bound("x", "y", "trans", "lower", "upper", "unit_diagonal", "overwrite_b", "check_finite")
    for word in ("lower", "upper"):
        if word in given and not is_(given[word], True, False):
            raise call.refuse(f"which triangle it is must be said, by {word}", "as in `solve(tril(L), b)`")
    for word in ("trans", "unit_diagonal"):
        if word in given and not is_(given[word], 0, False):
            raise call.refuse(f"{word} of {call.name} is not read", "as in `solve(tril(L), b)`")
    lower = is_(given.get("lower"), True) or is_(given.get("upper"), False)
    return call.call("solve", call.call("tril" if lower else "triu", given["x"]), given["y"])


def qr(call: Arguments) -> Term:
    """Q and R, a pair; with mode="r" the second."""
    given = call.bound("x", "mode")
    call.code.doubt("`qr(A)` is the R whose diagonal is positive; that of a library may have rows of the other sign")
    upper = call.call("qr", given["x"])
    if is_(given.get("mode"), "r"):
        return upper
    if "mode" in given and not is_(given["mode"], "reduced", "economic"):
        raise call.refuse("only the reduced Q and R are read", 'as in np.linalg.qr(A, mode="reduced")')
    return Group((call.call("@", given["x"], call.call("inv", upper)), upper), call.span)


def cross(call: Arguments) -> Term:
    """Of two vectors, whose one axis need not be named."""
    given = call.bound("x", "y", "axis")
    if "axis" in given and not is_(given["axis"], 0, -1):
        raise call.refuse("only the product of two vectors is read", "as in `cross(u[:3], v[:3])`")
    return call.call("cross", given["x"], given["y"])


def clip(call: Arguments) -> Term:
    """Between two bounds, either of which may be missing."""
    low = next((word for word in ("min", "a_min", "min_val", "clip_value_min") if word in call.keywords), "min")
    high = next((word for word in ("max", "a_max", "max_val", "clip_value_max") if word in call.keywords), "max")
    given = call.bound("x", low, high)
    term = given["x"]
    if low in given and high in given:
        return call.call("clip", term, given[low], given[high])
    if low in given:
        term = call.call("max", term, given[low])
    if high in given:
        term = call.call("min", term, given[high])
    return term


def bounded(call: Arguments) -> Term:
    """PyTorch's `clamp_min` and `clamp_max`."""
    given = call.bound("x", call.name.removeprefix("clamp_"))
    bound = next(value for name, value in given.items() if name != "x")
    return call.call("max" if call.name == "clamp_min" else "min", given["x"], bound)


def einsum(call: Arguments) -> Term:
    subscripts, *operands = [call.code.term(a) for a in call.arguments]
    if not isinstance(subscripts, Text):
        raise call.refuse("einsum begins with its subscripts", 'as in einsum("ij,j->i", A, x)')
    call.want_only("optimize", "order", "preferred_element_type")
    text = subscripts.value.replace(" ", "")
    if "->" not in text:
        letters = sorted({c for c in text if c.isalpha()})
        text += "->" + "..." * ("..." in text) + "".join(c for c in letters if text.count(c) == 1)
    return call.call("einsum", Text(text, subscripts.span), *operands)


def slogdet(call: Arguments) -> Term:
    given = call.bound("x")
    return Call("?slogdet", (call.call("slogdet", given["x"]),), (), call.span)


def eigh(call: Arguments) -> Term:
    """Eigenvalues and eigenvectors, a pair."""
    given = call.bound("x")
    return Group((call.call("eigvalsh", given["x"]), call.call("eigvecs", given["x"])), call.span)


def lstsq(call: Arguments) -> Term:
    """The solution is the first of what is returned."""
    call.keywords.pop("rcond", None)
    given = call.bound("x", "y")
    return Call("?pair", (call.call("lstsq", given["x"], given["y"]),), (), call.span)


def length(call: Arguments) -> Term:
    given = call.bound("x", "axis")
    if "axis" in given:
        return call.call("?extent", given["x"], given["axis"])
    if call.name == "len":
        return call.call("?extent", given["x"], Literal(Fraction(0), call.span))
    return call.call("?count", given["x"])


def spread_and_mean(call: Arguments) -> Term:
    """PyTorch's `std_mean` and `var_mean`, a pair."""
    inner = spread(call.renamed(call.name.partition("_")[0]))
    given = {name: call.code.term(value) for name, value in call.keywords.items() if name in ("axis", "keepdims")}
    if len(call.arguments) > 1:
        given["axis"] = call.code.term(call.arguments[1])
    return Group((inner, call.call("mean", call.code.term(call.arguments[0]), **given)), call.span)


def moments(call: Arguments) -> Term:
    """TensorFlow's mean and variance, a pair."""
    given = call.bound("x", "axis", "shift", "keepdims")
    options = {name: given[name] for name in ("axis", "keepdims") if name in given}
    return Group((call.call("mean", given["x"], **options), call.call("var", given["x"], **options)), call.span)
