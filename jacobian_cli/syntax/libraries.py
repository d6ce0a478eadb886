"""What functions of NumPy, PyTorch, JAX and the like are in the language, by their modules' own meanings.

A row says the parameters of a function and, as a text of the language, what it computes. Words in capitals are what
shapes decide (`COUNT(x)` is how many entries there are); `axis` and `keepdims` are handed on to the outermost call. A
parameter that may be left out is given with its value, `a=0.2`.
"""

from __future__ import annotations

from dataclasses import dataclass

NUMPY, TORCH, JAX, TENSORFLOW = "numpy", "torch", "jax", "tensorflow"


@dataclass(frozen=True, slots=True)
class Spelling:
    """One function of a library."""

    parameters: tuple[str, ...]
    text: str
    defaults: tuple[tuple[str, str], ...] = ()
    doubt: str = ""
    """What to say where it is not what its name says in the language."""


MODULES = {
    "np": NUMPY, "numpy": NUMPY, "math": NUMPY, "scipy": NUMPY, "sp": NUMPY, "special": NUMPY, "linalg": NUMPY,
    "anp": NUMPY, "onp": NUMPY, "cp": NUMPY, "cupy": NUMPY, "cvxpy": NUMPY, "autograd": NUMPY,
    "LA": NUMPY, "la": NUMPY, "npl": NUMPY, "sla": NUMPY, "spla": NUMPY,
    "tf": TENSORFLOW, "tensorflow": TENSORFLOW, "keras": TENSORFLOW,
    "torch": TORCH, "F": TORCH, "nn": TORCH, "functional": TORCH,
    "jnp": JAX, "jax": JAX, "jsp": JAX, "jnn": JAX, "lax": JAX,
}  # fmt: skip
"""The first word of a dotted name, and the library that it speaks of."""
DENSITIES = frozenset("cdf pdf logcdf logpdf sf logsf".split())
"""Functions of SciPy's distributions."""
OF_SCIPY = frozenset("special linalg stats spatial integrate signal".split())
"""Modules of SciPy whose functions are read."""
REWRITE = "write what it computes, or define it above"
TOGETHER = {
    "axis": ("dim", "axes", "dims", "reduction_indices"),
    "keepdims": ("keepdim", "keep_dims"),
    "y": ("other", "x2", "b", "target", "labels"),
}
KEYWORDS = {word: name for name, words in TOGETHER.items() for word in words}
KEYWORDS |= {"shifts": "shift", "multiples": "reps"}
KEYWORDS |= dict.fromkeys(("a", "input", "inputs", "array", "x1", "tensor", "logits", "arr", "self"), "x")
OPTIONAL = "a"
"""What tables call a parameter that may be left out; libraries have several words for it."""
OPTIONAL_WORDS = frozenset("alpha beta delta lambd negative_slope offset diagonal k b".split())
IGNORED = frozenset("dtype device requires_grad copy order casting where_ precision".split())
"""Options that change nothing in what is computed on real numbers, a dtype of whole numbers apart."""
OF_TENSORS = frozenset(
    "norm topk median nanmedian quantile abs exp expm1 log log1p log2 log10 sqrt rsqrt reciprocal square sigmoid relu "
    "softmax log_softmax logsumexp logcumsumexp tanh sin cos tan sinh cosh asin acos atan erf lgamma digamma neg sign "
    "mm mv bmm addmm addmv baddbmm addr addcmul addcdiv add sub mul div pow matmul outer ger kron inner lerp dist "
    "unsqueeze permute expand clamp clamp_min clamp_max masked_fill where gather index_select repeat_interleave chunk "
    "flip det logdet slogdet inverse pinverse cholesky amax amin cummax cummin msort numel detach clone double half "
    "contiguous tril triu diag diag_embed unfold narrow select unbind movedim swapdims t adjoint".split()
)
"""Methods that PyTorch's tensors have, and arrays of NumPy and JAX have not."""
UFUNC_METHODS = frozenset("outer reduce accumulate reduceat at".split())
"""What NumPy's operators have as methods: `np.subtract.outer`."""


def is_unread(module: str) -> bool:
    """Whether what a module within a library computes is something else: `scipy.ndimage`, complex roots.

    >>> is_unread("scipy.ndimage"), is_unread("scipy.special")
    (True, False)
    """
    first, *words = module.split(".")
    return "emath" in words or (first in ("scipy", "sp") and bool(words) and words[0] not in OF_SCIPY)


def _rows(text: str) -> dict[str, Spelling]:
    found: dict[str, Spelling] = {}
    for line in text.strip().splitlines():
        names, parameters, meaning = (part.strip() for part in line.split("|"))
        words = [word.partition("=") for word in parameters.split()]
        defaults = tuple((word, value) for word, _, value in words if value)
        for name in names.split():
            found[name] = Spelling(tuple(word for word, _, _ in words), meaning.replace("THIS", name), defaults)
    return found


SHARED = _rows("""
exp log log1p expm1 sqrt sin cos tan sinh cosh tanh sign square erf sigmoid silu | x | THIS(x)
arcsin arccos arctan abs expit swish det inv logdet relu softsign_ | x | THIS(x)
asin | x | arcsin(x)
acos | x | arccos(x)
atan | x | arctan(x)
absolute fabs | x | abs(x)
maximum minimum logaddexp | x y | THIS(x, y)
fmax | x y | maximum(x, y)
fmin | x y | minimum(x, y)
fmod | x y | x - y*trunc(x/y)
power pow float_power | x y | x**y
add | x y | x + y
subtract sub | x y | x - y
multiply mul | x y | x*y
divide true_divide div | x y | x/y
negative neg | x | -x
positive real float32 float64 as_tensor ascontiguousarray Variable atleast_1d | x | x
dot | x y | UPTO(MATMUL(x, y), y)
outer ger | x y | outer(x, y)
kron | x y | KRON(x, y)
trace | x a | UPTO(trace(x, a), x)
tril triu | x a | THIS(x, a)
diag | x a | diag(x, a)
diagflat | x a | diag(reshape(x, -1), a)
diag_embed | x | EMBED(x)
diagonal | x a | UPTO(DIAGONAL(x, a), x)
inverse | x | inv(x)
solve | x y | solve(x, y)
ones_like zeros_like | x | THIS(x)
full_like | x y | y*ones_like(x)
leaky_relu elu celu softshrink | x a | THIS(x, a)
selu | x | selu(x)
hard_tanh | x | hardtanh(x)
soft_sign | x | softsign(x)
identity_ | x | x
sum mean prod | x axis keepdims | THIS(x)
nan_to_num | x | x
nansum | x axis keepdims | sum(x)
nanmean | x axis keepdims | mean(x)
log_expit | x | log_sigmoid(x)
log_ndtr | x | log(ndtr(x))
deg2rad radians | x | x*pi/180
rad2deg degrees | x | x*180/pi
vecdot | x y | sum(x*y, axis=-1)
logical_and | x y | (x != 0)*(y != 0)
logical_or | x y | maximum(x != 0, y != 0)
logical_xor | x y | (x != 0) != (y != 0)
logical_not | x | x == 0
cholesky_solve | y x | solve(MATMUL(tril(x), TURN(tril(x))), y)
gt greater | x y | x > y
lt less | x y | x < y
ge greater_equal | x y | x >= y
le less_equal | x y | x <= y
xlog1py | x y | x*log(1 + y)
amax | x axis keepdims | max(x)
amin | x axis keepdims | min(x)
reduce_sum | x axis keepdims | sum(x)
reduce_mean | x axis keepdims | mean(x)
reduce_max | x axis keepdims | max(x)
reduce_min | x axis keepdims | min(x)
reduce_prod | x axis keepdims | prod(x)
reduce_logsumexp | x axis keepdims | logsumexp(x)
logcumsumexp | x axis | THIS(x)
ptp | x | max(x) - min(x)
roll | x shift axis | roll(x, shift)
sgn | x | sign(x)
rel_entr | x y | x*log(x/y)
entr | x | -x*log(x)
entropy | x | -sum(x/sum(x)*log(x/sum(x)))
squareplus | x | (x + sqrt(x**2 + 4))/2
hard_silu | x | hard_swish(x)
matrix_exp | x | expm(x)
pinverse | x | pinv(x)
gammaln | x | lgamma(x)
psi | x | digamma(x)
count_nonzero | x axis keepdims | sum(x != 0)
t | x | TURN(x)
masked_fill | x m value | where(m, value, x)
adjoint matrix_transpose | x | TURN(x)
binary_cross_entropy | x y | binary_cross_entropy(x, y)
binary_cross_entropy_with_logits | x y | mean(softplus(x) - x*y)
sigmoid_binary_cross_entropy | x y | softplus(x) - x*y
cross_entropy | x y | cross_entropy(x, y)
""")
"""What all libraries mean alike."""

OWN: dict[str, dict[str, Spelling]] = {
    NUMPY: _rows("""
cumsum cumprod | x axis | ROW(THIS(x))
softmax log_softmax | x axis | FLAT(THIS(x))
max | x axis keepdims | max(x)
min | x axis keepdims | min(x)
squared_difference | x y | (x - y)**2
"""),
    JAX: _rows("""
cumsum cumprod | x axis | ROW(THIS(x))
softmax log_softmax | x axis | THIS(x)
max | x axis keepdims | max(x)
min | x axis keepdims | min(x)
"""),
    TORCH: _rows("""
cumsum cumprod | x axis | FLAT(THIS(x))
softmax log_softmax | x axis | FLAT(THIS(x))
pairwise_distance | x y | norm(x - y + 0.000001, axis=-1)
softmin | x axis | FLAT(softmax(-x))
frobenius_norm | x | norm(x)
mm | x y | MM(x, y)
mv | x y | MV(x, y)
bmm | x y | BMM(x, y)
lerp | x y w | x + w*(y - x)
linear | x W | MATMUL(x, TURN(W))
chain_matmul | x y | MATMUL(x, y)
"""),
    TENSORFLOW: _rows("""
cumsum cumprod | x axis | THIS(x, axis=0)
softmax log_softmax | x axis | THIS(x)
leaky_relu | x a=0.2 | leaky_relu(x, a)
reduce_variance | x axis keepdims | var(x)
reduce_std | x axis keepdims | std(x)
squared_difference | x y | (x - y)**2
l2_loss | x | sum(x**2)/2
l2_normalize | x axis | FLAT(normalize(x))
diag_part | x | DIAGONAL(x)
cholesky_solve | x y | solve(MATMUL(tril(x), TURN(tril(x))), y)
triangular_solve | x y | solve(tril(x), y)
bias_add | x bias | x + bias
xw_plus_b | x weights biases | MATMUL(x, weights) + biases
batch_normalization | x m v offset scale eps | scale*((x - m)/sqrt(v + eps)) + offset
embedding_lookup | x ids | take(x, ids, axis=0)
divide_no_nan | x y | x/y
multiply_no_nan | x y | x*y
reduce_euclidean_norm | x axis keepdims | norm(x)
categorical_crossentropy | y x | -sum(y*log(x), axis=-1)
kl_divergence KLD kld | y x | sum(y*log(y/x), axis=-1)
log_cosh logcosh | y x | mean(log(cosh(x - y)), axis=-1)
poisson | y x | mean(x - y*log(x), axis=-1)
weighted_cross_entropy_with_logits | y x pos_weight | (1 - y)*x + (1 + (pos_weight - 1)*y)*softplus(-x)
softmax_cross_entropy_with_logits | y x axis | -sum(y*log_softmax(x), axis=-1)
sigmoid_cross_entropy_with_logits | y x | softplus(x) - x*y
mean_squared_error mse MSE | y x | mean((x - y)**2, axis=-1)
mean_absolute_error mae MAE | y x | mean(abs(x - y), axis=-1)
binary_crossentropy | y x | -mean(y*log(x) + (1 - y)*log(1 - x), axis=-1)
huber | y x a=1 | mean(huber(x - y, a), axis=-1)
"""),
}
"""What one library means by a name."""

_CVXPY = _rows("""
sum_squares | x | sum(x**2)
quad_form | x P | MATMUL(MATMUL(x, P), x)
quad_over_lin | x y | sum(x**2)/y
matrix_frac | x P | MATMUL(MATMUL(x, inv(P)), x)
log_det | x | logdet(x)
log_sum_exp | x axis keepdims | logsumexp(x)
logistic | x | softplus(x)
kl_div | x y | x*log(x/y) - x + y
pos | x | relu(x)
neg | x | relu(-x)
inv_pos | x | 1/x
inv_prod | x | 1/prod(x)
norm1 | x | sum(abs(x))
norm2 | x | norm(x)
norm_inf normInf | x | max(abs(x))
norm_nuc normNuc | x | nuclear_norm(x)
sigma_max | x | spectral_norm(x)
lambda_max | x | max(eigvalsh(x))
lambda_min | x | min(eigvalsh(x))
huber | x a=1 | 2*huber(x, a)
scalar_product | x y | sum(x*y)
tv | x | sum(abs(diff(x)))
xexp | x | x*exp(x)
vec | x | VEC(x)
""")
"""What only CVXPY has; what CuPy has too, of which `cp` may stand for either, is told apart where they differ."""

WITHIN: dict[str, dict[str, Spelling]] = {
    "cp": _CVXPY,
    "cvxpy": _CVXPY,
    "special": _rows("""
softmax | x axis | WHOLE(softmax(x), exp(x - logsumexp(x)))
log_softmax | x axis | WHOLE(log_softmax(x), x - logsumexp(x))
huber | a x | huber(x, a)
pseudo_huber | a x | a**2*(sqrt(1 + (x/a)**2) - 1)
kl_div | x y | x*log(x/y) - x + y
"""),
    "nn": _rows("identity | x | x"),
    "lax": _rows("""
cumsum cumprod cummax cummin | x axis | THIS(x, axis=0)
clamp | min x max | clip(x, min, max)
max | x y | maximum(x, y)
min | x y | minimum(x, y)
select | c x y | where(c, x, y)
batch_matmul | x y | MATMUL(x, y)
"""),
}
"""What a module within a library means by a name that means something else around it."""

CONVEX = frozenset(("cp", "cvxpy"))
"""Words before a point that may be CVXPY's."""
APART = frozenset("skew huber hinge mse triplet_loss bce_with_logits smooth_l1".split())
"""Functions of the language that no library means by these names."""

GELU_TANH = "0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))"
REFUSED = {
    **dict.fromkeys(
        "randn rand random normal uniform randint choice standard_normal randn_like rand_like dropout bernoulli "
        "permutation shuffle multinomial poisson".split(),
        "random numbers are no formula; make the number a parameter",
    ),
    **dict.fromkeys(("detach", "stop_gradient", "no_grad"), "what is held fixed is a variable of its own"),
    **dict.fromkeys(("argmax", "argmin"), "its derivative is zero or none"),
    **dict.fromkeys(
        ("eig", "eigvals", "matrix_rank", "cond"), "of symmetric matrices there are `eigvalsh(A)` and `eigvecs(A)`"
    ),
    **dict.fromkeys(
        ("sparse_softmax_cross_entropy_with_logits", "sparse_categorical_crossentropy"),
        "of labels of classes there is `cross_entropy(Z, y)`, with `--assume y=index`",
    ),
    "fft": "its values are complex",
}
"""What no formula of the language is, and what to do."""
