"""Layers and losses with the constants and defaults of their library."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from fractions import Fraction

from jacobian_cli.syntax.code.arguments import Arguments, is_, whole
from jacobian_cli.syntax.code.places import counts_rows
from jacobian_cli.syntax.code.reductions import of_kind
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.libraries import GELU_TANH, JAX, TENSORFLOW, TORCH
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Flag, Group, Literal, Name, Term


def gelu(call: Arguments) -> Term:
    given = call.bound("x", "approximate")
    how = given.get("approximate")
    tanh = is_(how, "tanh", True) or ((call.library == JAX or call.module == "nn") and how is None)
    if not tanh:
        return call.call("gelu", given["x"])
    if how is None:
        call.code.doubt(f"JAX's gelu is the approximation by tanh, `{GELU_TANH}`; `gelu(x)` is the exact one")
    return call.made(GELU_TANH, {"x": given["x"]})


def normed(call: Arguments) -> Term:
    """PyTorch's layer_norm adds eps to the variance, rms_norm next to nothing; with gain and bias where given."""
    function, default = _NORMS[call.name]
    told = call.arguments.pop(1) if len(call.arguments) > 1 else call.keywords.pop("normalized_shape", None)
    given = call.bound("x", "weight", *(["bias"] if default else []), "eps")
    axes = _last_axes(call, told)
    eps = given.get("eps") or (Literal(Fraction(default), call.span) if default else None)
    term = call.call(function, given["x"], gain=given.get("weight"), bias=given.get("bias"), eps=eps)
    if axes is not None and "eps" not in given and default:
        call.code.doubt(f"PyTorch's {call.name} adds 1e-5 to the variance")
    if axes is _EVERY:
        return call.call("?whole", term, _over(call, given, eps, None))
    if axes is not None:
        return _over(call, given, eps, axes)
    if "eps" not in given and default:
        call.code.doubt(
            f"PyTorch's {call.name} adds eps: `{function}(x, eps=1e-5)` is read; `{function}(x)` is without"
        )
    return term


def _over(call: Arguments, given: Mapping[str, Term], eps: Term | None, axes: Group | None) -> Term:
    """A layer norm, or one by the mean square, over some axes or over all."""
    center, size = ("x - mean(x, AT)", "var(x, AT)") if call.name == "layer_norm" else ("x", "mean(x**2, AT)")
    text = f"({center})/sqrt({size}{' + eps' if eps is not None else ''})"
    text += f"{'*weight' * ('weight' in given)}{' + bias' * ('bias' in given)}"
    text = text.replace(", AT", "" if axes is None else ", axis=axes, keepdims=True")
    extra = {name: term for name, term in (("axes", axes), ("eps", eps)) if term is not None}
    return call.made(text, {**given, **extra})


_EVERY = Group((), Span(0, 0))
"""All axes."""


def _last_axes(call: Arguments, told: ast.expr | None) -> Group | None:
    """The last axes whose sizes are listed; none where that is the last alone."""
    first = call.arguments[0] if call.arguments else call.keywords["x"]
    match told:
        case None | ast.Constant() | ast.Subscript(slice=ast.Constant() | ast.UnaryOp()):
            return None
        case ast.Subscript(
            slice=ast.Slice(
                lower=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(count))), upper=None, step=None
            )
        ):
            return _so_many(call, count)
        case ast.Attribute(attr="shape", value=value) if ast.dump(value) == ast.dump(first):
            return _EVERY
        case ast.Call(func=ast.Attribute(attr="size", value=value), args=[]) if ast.dump(value) == ast.dump(first):
            return _EVERY
        case ast.Call(func=ast.Attribute(attr="size"), args=[_]):
            return None
        case ast.List(elts=sizes) | ast.Tuple(elts=sizes):
            return _so_many(call, len(sizes))
        case ast.Name():
            match size := call.code.term(told):
                case Group(items=items):
                    return _so_many(call, len(items))
                case Call(function="?shape", arguments=(array,)) if spelled(array) == spelled(call.code.term(first)):
                    return _EVERY
                case Call(function="stack" | "?shape"):
                    pass
                case _:
                    return None
            del size
    raise call.code.refuse(
        told, "over which of the last axes this runs cannot be told", "as in F.layer_norm(X, (3, 4))"
    )


def _so_many(call: Arguments, count: int) -> Group | None:
    if count < 2:
        return None
    return Group(tuple(Literal(Fraction(axis), call.span) for axis in range(-count, 0)), call.span)


_NORMS = {"layer_norm": ("layernorm", "0.00001"), "rms_norm": ("rmsnorm", "")}
"""The row that each is, and the eps of PyTorch where none is given; that of rms_norm is the last digit of a number."""


def cosine(call: Arguments) -> Term:
    """The cosine along an axis; as a loss of Keras it is less the better, and along the last axis."""
    keras = call.library == TENSORFLOW
    given = call.bound("x", "y", "axis") if keras else call.bound("x", "y", "axis", "eps")
    axis = given.get("axis") or Literal(Fraction(-1 if keras else 1), call.span)
    x, y = given["x"], given["y"]
    above = call.call("sum", call.call("*", x, y), axis=axis)
    if keras:
        above = call.call("u-", above)
    norms = (_at_least(call, call.call("norm", part, axis=axis), given.get("eps")) for part in (x, y))
    return call.call("/", above, call.call("*", *norms))


def _at_least(call: Arguments, norm: Term, eps: Term | None) -> Term:
    """What divides, held away from zero; libraries' own eps is the last digit of a number."""
    if eps is None or (isinstance(eps, Literal) and 0 <= eps.value <= _TINY):
        return norm
    return call.call("maximum", norm, eps)


_TINY = Fraction(1, 10**6)


def normalized(call: Arguments) -> Term:
    given = call.bound("x", "p", "axis", "eps")
    x, kind, axis = given["x"], given.get("p"), given.get("axis") or Literal(Fraction(1), call.span)
    plain = call.call("normalize", x, axis=axis)
    if (kind is None or is_(kind, 2)) and _at_least(call, plain, given.get("eps")) is plain:
        return plain
    norm = of_kind(call, x, kind, axis, Flag(True, call.span), flat=False)
    return call.call("/", x, _at_least(call, norm, given.get("eps")))


_OF_CLASSES = {"cross_entropy": "-sum(y*log_softmax(x), axis=-1)", "nll_loss": "-sum(y*x, axis=-1)"}
"""Losses of labels of classes or of a probability for each, and what they are of each row."""

_OF_DIAGONAL = {"cross_entropy": "-mean(DIAGONAL(log_softmax(x)))", "nll_loss": "-mean(DIAGONAL(x))"}
"""The same where the label of each row is its number, as in contrastive losses."""


MARGINS = {
    "soft_margin_loss": ("x y", "softplus(-y*x)"),
    "margin_ranking_loss": ("x1 x2 y margin=0", "max(0, margin - y*(x1 - x2))"),
    "triplet_margin_loss": (
        "anchor positive negative margin=1",
        "max(0, margin + norm(anchor - positive + 0.000001, axis=-1) - norm(anchor - negative + 0.000001, axis=-1))",
    ),
    "poisson_nll_loss": ("x y", "exp(x) - y*x"),
}
"""Losses with a margin or none, their parameters, and what each is before it is reduced."""
_LOSSES = {
    "mse_loss": ("x y", "(x - y)**2"),
    "l1_loss": ("x y", "abs(x - y)"),
    "binary_cross_entropy": ("x y weight=1", "-weight*(y*log(x) + (1 - y)*log(1 - x))"),
    "binary_cross_entropy_with_logits": ("x y", "softplus(x) - x*y"),
    "huber_loss": ("x y reduction a", "huber(x - y, a)"),
    "smooth_l1_loss": ("x y size_average reduce reduction a", "smooth_l1(x - y, a)"),
} | MARGINS
_WEIGHTED = "weight*((1 - y)*x + (1 + (pos_weight - 1)*y)*softplus(-x))"


def _last(call: Arguments) -> Literal:
    return Literal(Fraction(-1), call.span)


def loss(call: Arguments) -> Term:
    """Losses with `reduction`: the mean unless told otherwise."""
    how = call.keywords.pop("reduction", None)
    words, text = _LOSSES.get(call.name, ("x y", ""))
    parameters = [word.partition("=")[0] for word in words.split()]
    if "reduction" in parameters and len(call.arguments) > (place := parameters.index("reduction")):
        how = call.arguments.pop(place)
        parameters.remove("reduction")
    kind = how.value if isinstance(how, ast.Constant) else "mean" if how is None else None
    if call.name in _OF_CLASSES and kind == "mean" and len(call.arguments) == 2 and counts_rows(call.arguments[1]):
        return call.made(_OF_DIAGONAL[call.name], {"x": call.code.term(call.arguments[0])})
    weighted = call.name == "binary_cross_entropy_with_logits" and {"weight", "pos_weight"} & {*call.keywords}
    if weighted:
        parameters, text = [*parameters, "weight", "pos_weight"], _WEIGHTED
    smooth = call.keywords.pop("label_smoothing", None) if call.name == "cross_entropy" else None
    given = call.bound(*parameters)
    for word in ("size_average", "reduce"):
        if word in given:
            raise call.refuse(f"{word} is not read", "reduction says the same: 'mean', 'sum' or 'none'")
    if call.name in _OF_CLASSES:
        made: Term = Call("?classes", (call.call(call.name, given["x"], given["y"]),), (), call.span)
        if smooth is not None:
            parts = {"made": made, "x": given["x"], "s": call.code.term(smooth)}
            made = call.made("(1 - s)*made - s*mean(log_softmax(x))", parts)
        if kind == "sum":  # as many as there are rows
            return call.call("*", call.call("?count", call.call("sum", given["x"], axis=_last(call))), made)
        if kind != "mean":
            names = {"x": spelled(given["x"]), "y": spelled(given["y"])}
            text = re.sub(r"\b[xy]\b", lambda found: names[found[0]], _OF_CLASSES[call.name])
            raise call.refuse("only the mean and the sum over rows are read here", f"of each it is `{text}`")
        return made
    wrap = {"mean": "mean({})", "sum": "sum({})", "none": "{}"}.get(str(kind))
    if wrap is None:
        raise call.refuse("this reduction cannot be read", "reduction is 'mean', 'sum' or 'none'")
    if "weight=" in words and "weight" not in given:
        text = text.replace("weight*", "")
    defaults = {word: value for word, _, value in (w.partition("=") for w in words.split()) if value}
    defaults |= {"weight": "1", "pos_weight": "1"} if weighted else {}
    numbers = {n: Literal(Fraction(v), call.span) for n, v in defaults.items() if n not in given}
    given.update(numbers)
    return _fed(call, _ALSO.get(call.name, call.name), call.made(wrap.format(text), given), given)


_ALSO = {"binary_cross_entropy_with_logits": "bce_with_logits"}
"""What losses are called in the language, where they have another name."""


def _fed(call: Arguments, name: str, made: Term, given: Mapping[str, Term]) -> Term:
    """What a loss computes, with its call, by which one sees what it is fed."""
    if not {"x", "y"} <= given.keys():
        return made
    return Call("?fed", (made, Call(name, (given["x"], given["y"]), (), call.span)), (), call.span)


def gated(call: Arguments) -> Term:
    """Of one array, its two halves along the last axis unless told otherwise."""
    given = call.bound("x", "y", "axis")
    if "y" in given and whole(given["y"]) is not None:
        given["axis"] = given.pop("y")
    if "y" in given:
        return call.call(call.name, given["x"], given["y"])
    return call.call(call.name, given["x"], axis=given.get("axis"))


def divergence(call: Arguments) -> Term:
    """PyTorch's takes log-probabilities first and the target distribution second."""
    if call.library != TORCH:
        raise call.refuse("whose kl_div is this?", "PyTorch's is F.kl_div, SciPy's scipy.special.kl_div")
    how = call.keywords.pop("reduction", None)
    logarithm = call.keywords.pop("log_target", None)
    given = call.bound("x", "y")
    of_logs = isinstance(logarithm, ast.Constant) and logarithm.value
    text = "exp(y)*(y - x)" if of_logs else "y*(log(y) - x)"
    kind = how.value if isinstance(how, ast.Constant) else "mean" if how is None else None
    wrap = {"mean": "mean({})", "sum": "sum({})", "none": "{}", "batchmean": "sum({})/EXTENT(x, 0)"}.get(str(kind))
    if wrap is None:
        raise call.refuse("this reduction cannot be read", "reduction is 'mean', 'batchmean', 'sum' or 'none'")
    return _fed(call, "F.kl_div", call.made(wrap.format(text), given), given)


def batch(call: Arguments) -> Term:
    """In training: the running values are not looked at."""
    given = call.bound("x", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")
    if not is_(given.get("training"), True):
        raise call.refuse("with running values it is no function of the batch", "as in F.batch_norm(…, training=True)")
    eps = given.get("eps") or Literal(Fraction("0.00001"), call.span)
    made = call.call("batchnorm", given["x"], gain=given.get("weight"), bias=given.get("bias"), eps=eps)
    return call.up_to_two(made, given["x"])


def groups(call: Arguments) -> Term:
    given = call.bound("x", "num_groups", "weight", "bias", "eps")
    eps = given.get("eps") or Literal(Fraction("0.00001"), call.span)
    options = {"gain": given.get("weight"), "bias": given.get("bias"), "eps": eps}
    return call.up_to_two(call.call("groupnorm", given["x"], given["num_groups"], **options), given["x"])


_ADDED = {"addmm": "MM(x, y)", "addmv": "MV(x, y)", "baddbmm": "BMM(x, y)", "addr": "outer(x, y)", "addcmul": "x*y"}
_ADDED |= {"addcdiv": "x/y"}


def added(call: Arguments) -> Term:
    """beta*b + alpha*(a product of x and y); `addcmul` and `addcdiv` call alpha `value`."""
    scale = "value" if call.name.startswith("addc") else "alpha"
    given = call.bound("b", "x", "y", scale, *([] if scale == "value" else ["beta"]))
    product = f"{scale}*{_ADDED[call.name]}" if scale in given else _ADDED[call.name]
    return call.made(
        f"{'beta*b' if 'beta' in given else 'b'} + {product}", {n: given[n] for n in ("b", "x", "y")} | given
    )


def softplus(call: Arguments) -> Term:
    """PyTorch's goes over to the identity behind a threshold, where the two are one to the last digit."""
    given = call.bound("x", "beta", "threshold")
    if "threshold" in given and not (isinstance(far := given["threshold"], Literal) and far.value >= _FAR):
        raise call.refuse("softplus has no threshold here", "as in `where(x > 5, x, softplus(x))`")
    return call.call("softplus", given["x"], beta=given.get("beta"))


_FAR = 20


def linear(call: Arguments) -> Term:
    given = call.bound("x", "weight", "bias")
    made = call.made("MATMUL(x, TURN(W))", {"x": given["x"], "W": call.call("?weight", given["weight"])})
    return call.call("+", made, given["bias"]) if "bias" in given else made


def attention(call: Arguments) -> Term:
    """PyTorch's, causal or not; what a mask holds, numbers or true and false, cannot be told."""
    given = call.bound("q", "k", "v", "attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa")
    for word in ("attn_mask", "dropout_p", "enable_gqa"):
        if word in given and not is_(given[word], 0, False):
            raise call.refuse(f"{word} is not read", "as in `softmax(where(M, Q@K.T/sqrt(d), -inf))@V`")
    if "is_causal" in given and not is_(given["is_causal"], True, False):
        raise call.refuse("whether it is causal must be said", "as in is_causal=True")
    scores = "MATMUL(q, TURN(k))*scale" if "scale" in given else "MATMUL(q, TURN(k))/sqrt(EXTENT(q, -1))"
    scored = call.made(scores, given)
    if is_(given.get("is_causal"), True):
        past = call.call("tril", call.call("ones_like", scored))
        scored = call.call("where", call.call(">", past, Literal(Fraction(0), call.span)), scored, _never(call))
    return call.made("MATMUL(softmax(s), v)", {"s": scored, "v": given["v"]})


def _never(call: Arguments) -> Term:
    return call.call("u-", Name("inf", call.span))
