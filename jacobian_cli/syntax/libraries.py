"""What functions of NumPy, PyTorch, JAX and the like are in the language, by their modules' own meanings.

A row says the parameters of a function and, as a text of the language, what it computes. Words in capitals are what
shapes decide (`COUNT(x)` is how many entries there are); `axis` and `keepdims` are handed on to the outermost call.
"""

from __future__ import annotations

from dataclasses import dataclass

NUMPY, TORCH, JAX = "numpy", "torch", "jax"


@dataclass(frozen=True, slots=True)
class Spelling:
    """One function of a library."""

    parameters: tuple[str, ...]
    text: str
    doubt: str = ""
    """What to say where it is not what its name says in the language."""


MODULES = {
    "np": NUMPY, "numpy": NUMPY, "math": NUMPY, "scipy": NUMPY, "sp": NUMPY, "special": NUMPY, "linalg": NUMPY,
    "anp": NUMPY, "onp": NUMPY, "tf": NUMPY, "keras": NUMPY, "cp": NUMPY, "autograd": NUMPY,
    "torch": TORCH, "F": TORCH, "nn": TORCH, "functional": TORCH,
    "jnp": JAX, "jax": JAX, "jsp": JAX, "jnn": JAX, "lax": JAX,
}  # fmt: skip
"""The first word of a dotted name, and the library that it speaks of."""
TOGETHER = {
    "axis": ("dim", "axes", "dims"),
    "keepdims": ("keepdim", "keep_dims"),
    "y": ("other", "x2", "b", "target", "labels"),
}
KEYWORDS = {word: name for name, words in TOGETHER.items() for word in words}
KEYWORDS |= dict.fromkeys(("a", "input", "inputs", "array", "x1", "tensor", "logits", "arr", "self"), "x")
OPTIONAL = "a"
"""What tables call a parameter that may be left out; libraries have several words for it."""
OPTIONAL_WORDS = frozenset("alpha beta delta lambd negative_slope offset diagonal k b".split())
IGNORED = frozenset("dtype out device requires_grad copy order casting where_ precision".split())
"""Options that change nothing in what is computed on real numbers."""


def _rows(text: str) -> dict[str, Spelling]:
    found: dict[str, Spelling] = {}
    for line in text.strip().splitlines():
        names, parameters, meaning = (part.strip() for part in line.split("|"))
        for name in names.split():
            found[name] = Spelling(tuple(parameters.split()), meaning.replace("THIS", name))
    return found


SHARED = _rows("""
exp log log1p expm1 sqrt sin cos tan sinh cosh tanh sign square erf sigmoid silu | x | THIS(x)
arcsin arccos arctan abs expit swish det inv cholesky logdet relu softsign_ | x | THIS(x)
asin acos atan | x | arcTHIS(x)
absolute fabs | x | abs(x)
maximum minimum logaddexp | x y | THIS(x, y)
fmax | x y | maximum(x, y)
fmin | x y | minimum(x, y)
fmod | x y | x - y*trunc(x/y)
where | c x y | where(c, x, y)
power pow float_power | x y | x**y
add | x y | x + y
subtract sub | x y | x - y
multiply mul | x y | x*y
divide true_divide div | x y | x/y
negative neg | x | -x
positive real asarray array tensor float32 float64 float as_tensor ascontiguousarray Variable atleast_1d | x | x
matmul dot matvec | x y | MATMUL(x, y)
outer ger | x y | outer(x, y)
kron | x y | kron(x, y)
trace tril triu | x a | THIS(x, a)
diag diagflat diag_embed | x a | diag(x, a)
diagonal | x a | DIAGONAL(x, a)
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
nansum | x axis keepdims | sum(x)
amax | x axis keepdims | max(x)
amin | x axis keepdims | min(x)
reduce_sum | x axis keepdims | sum(x)
reduce_mean | x axis keepdims | mean(x)
reduce_max | x axis keepdims | max(x)
reduce_logsumexp logsumexp | x axis keepdims | logsumexp(x)
logcumsumexp | x axis | THIS(x)
ptp | x | max(x) - min(x)
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
cumsum | x axis | FLAT(cumsum(x))
softmax log_softmax | x axis | FLAT(THIS(x))
max | x axis keepdims | max(x)
min | x axis keepdims | min(x)
squared_difference | x y | (x - y)**2
"""),
    JAX: _rows("""
cumsum | x axis | FLAT(cumsum(x))
softmax log_softmax | x axis | THIS(x)
max | x axis keepdims | max(x)
min | x axis keepdims | min(x)
"""),
    TORCH: _rows("""
cumsum | x axis | FLAT(cumsum(x))
softmax log_softmax | x axis | FLAT(THIS(x))
softmin | x axis | FLAT(softmax(-x))
dist | x y | norm(x - y)
frobenius_norm | x | norm(x)
scaled_dot_product_attention | x k v | MATMUL(softmax(MATMUL(x, TURN(k))/sqrt(EXTENT(x, -1))), v)
mm | x y | MM(x, y)
mv | x y | MV(x, y)
bmm | x y | BMM(x, y)
lerp | x y w | x + w*(y - x)
linear | x W | MATMUL(x, TURN(W))
chain_matmul | x y | MATMUL(x, y)
"""),
}
"""What one library means by a name."""

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
    "arange": "declare a variable for it",
    "linspace": "declare a variable for it",
    "fft": "its values are complex",
}
"""What no formula of the language is, and what to do."""
