"""NumPy, PyTorch and JAX as they are typed: each by the meaning of its own module."""

from __future__ import annotations

import pytest

from jacobian_cli.syntax.errors import InputError
from tests.syntax.reading import program, read

READ = [
    ("np.dot(W, x) + b", "W", {}, "W@x + b"),
    ("np.linalg.norm(X @ w - y)**2", "w", {}, "norm(X@w - y)**2"),
    ("np.linalg.norm(x, 1)", "x", {}, "norm1(x)"),
    ("np.linalg.norm(x, ord=np.inf)", "x", {}, "max(abs(x))"),
    ("np.linalg.norm(X, axis=1)", "X", {}, "norm(X, axis=1)"),
    ("np.sum(X, 0)", "X", {}, "sum(X, axis=0)"),
    ("np.max(X, 0)", "X", {}, "max(X, axis=0)"),
    ("np.log(1 + np.exp(-y * (X @ w))).mean()", "w", {}, "mean(log(1 + exp(-y*(X@w))))"),
    ("np.linalg.slogdet(S)[1]", "S", {}, "slogdet(S)"),
    ("np.einsum('ij,ij', A, B)", "A", {}, 'einsum("ij,ij->", A, B)'),
    ("np.clip(x, -1, 1)", "x", {}, "clip(x, -1, 1)"),
    *(
        (f"{module}.{call}", "x", {}, call)
        for module, calls in {
            "np": (
                "log2(x)",
                "log10(x)",
                "exp2(x)",
                "hypot(x, y)",
                "arctan2(x, y)",
                "cbrt(x)",
                "sinc(x)",
                "cross(x, y)",
            ),
            "torch": ("rsqrt(x)", "lgamma(x)", "digamma(x)", "polygamma(1, x)", "erfc(x)", "erfinv(x)", "xlogy(x, y)"),
            "F": ("selu(x)", "relu6(x)", "mish(x)", "softshrink(x, 0.3)", "softsign(x)", "celu(x, 2)", "hardtanh(x)"),
            "jax.nn": ("hard_sigmoid(x)", "hard_swish(x)", "log_sigmoid(x)", "softplus(x)"),
            "scipy.special": ("ndtr(x)", "betaln(x, y)", "beta(exp(x), exp(y))"),
        }.items()
        for call in calls
    ),
    *(
        (f"{module}.{call}", "A", {}, call)
        for module, calls in {
            "np": ("cov(A)", "corrcoef(A)", "inner(A, B)", "vdot(A, B)"),
            "np.linalg": ("eigvalsh(A)", "pinv(A)", "svdvals(A)"),
            "torch.linalg": ("eigvalsh(A)", "svdvals(A)", "pinv(A)"),
            "scipy.linalg": ("expm(A)", "sqrtm(A)"),
        }.items()
        for call in calls
    ),
    ("np.linalg.eigh(S)[1] @ x", "S", {}, "eigvecs(S)@x"),
    ("np.linalg.lstsq(A, b, rcond=None)[0]", "A", {}, "lstsq(A, b)"),
    ("np.linalg.norm(A, 2)", "A", {}, "spectral_norm(A)"),
    ("torch.linalg.norm(A, 'nuc')", "A", {}, "nuclear_norm(A)"),
    ("np.linalg.norm(x, 3)", "x", {}, "norm(x, ord=3)"),
    ("torch.matrix_exp(A)", "A", {}, "expm(A)"),
    ("F.elu(x, alpha=2.0)", "x", {}, "elu(x, 2)"),
    ("F.leaky_relu(x, negative_slope=0.2)", "x", {}, "leaky_relu(x, 0.2)"),
    ("F.huber_loss(x, y, delta=2.0)", "x", {}, "mean(huber(x - y, 2))"),
    ("F.smooth_l1_loss(x, y)", "x", {}, "mean(smooth_l1(x - y))"),
    ("np.concatenate([x, y]) @ w", "x", {}, "concat(x, y)@w"),
    ("np.vstack([x, y])", "x", {}, "stack(x, y)"),
    ("np.hstack([A, B])", "A", {}, "concat(A, B, axis=1)"),
    ("X.transpose() @ y", "y", {}, "X.T@y"),
    ("X.mean(0)", "X", {}, "mean(X, axis=0)"),
    ("X.reshape(-1)", "X", {}, "reshape(X, -1)"),
    ("X.shape[0] * np.sum(X)", "X", {"X": "n,m"}, "n*sum(X)"),
    ("np.std(x, ddof=1)", "x", {"x": "n"}, "std(x)*sqrt(n/(n - 1))"),
    ("np.array(x) @ A", "x", {"x": "n", "A": "n,m"}, "A.T@x"),
    ("math.sqrt(2*math.pi)*x", "x", {}, "sqrt(2*pi)*x"),
    ("F.T @ x", "x", {}, "language"),
    ("torch.std(x)", "x", {"x": "n"}, "std(x)*sqrt(n/(n - 1))"),
    ("x.var(unbiased=False)", "x", {}, "var(x)"),
    ("torch.norm(X, p=2)", "X", {}, "norm(X)"),
    ("F.linear(x, W, b)", "W", {"x": "m"}, "W@x + b"),
    ("F.layer_norm(x, [5], w, b, eps=0.1)", "x", {}, "layernorm(x, gain=w, bias=b, eps=0.1)"),
    ("F.layer_norm(x, x.shape, bias=b)", "x", {}, "layernorm(x, bias=b, eps=0.00001)"),
    ("F.rms_norm(x, [5], weight=w)", "x", {}, "rmsnorm(x, gain=w)"),
    ("F.rms_norm(x, [5], w, 0.1)", "x", {}, "rmsnorm(x, gain=w, eps=0.1)"),
    ("np.tensordot(A, B, axes=([1], [0]))", "A", {}, "tensordot(A, B, axes=((1,), (0,)))"),
    ("torch.tensordot(A, B, dims=1)", "A", {}, "tensordot(A, B, axes=1)"),
    ("F.gelu(x)", "x", {}, "gelu(x)"),
    ("F.gelu(x, approximate='tanh')", "x", {}, "0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))"),
    ("F.logsigmoid(x)", "x", {}, "logsigmoid(x)"),
    ("torch.max(x, y)", "x", {}, "maximum(x, y)"),
    ("torch.max(X, dim=1).values", "X", {}, "max(X, axis=1)"),
    ("x.clamp(min=0)", "x", {}, "max(x, 0)"),
    ("q @ k.transpose(-1, -2)", "q", {"q": "n,d", "k": "m,d"}, "q@k.T"),
    ("K.transpose(1, 2) @ torch.relu(x)", "x", {"K": "b,n,d", "x": "b,n,k"}, "transpose(K, (0, 2, 1))@relu(x)"),
    ("F.softmax(Q @ K.T / d**0.5, dim=-1) @ V", "Q", {}, "softmax(Q@K.T/d**0.5, axis=-1)@V"),
    ("x.unsqueeze(1) * y", "x", {}, "x[:, None]*y"),
    ("x.pow(2).sum()", "x", {}, "sum(x**2)"),
    ("jax.nn.gelu(x, approximate=False)", "x", {}, "gelu(x)"),
    ("tf.reduce_sum(tf.square(x - y))", "x", {}, "sum(square(x - y))"),
    ("loss = np.sum((W @ x - y)**2)", "W", {}, "loss = sum((W@x - y)**2)"),
]


@pytest.mark.parametrize(("typed", "wrt", "shapes", "meant"), READ, ids=[row[0] for row in READ])
def test_is_read(typed: str, wrt: str, shapes: dict[str, str], meant: str) -> None:
    assert read(typed, wrt, shapes) == meant


@pytest.mark.parametrize(
    ("typed", "wrt", "said"),
    [
        ("x.var()", "x", "var(x)*n/(n - 1)"),
        ("jax.nn.gelu(x)", "x", "tanh"),
        ("F.layer_norm(x, x.shape)", "x", "1e-5"),
        ("torch.max(X, dim=1)", "X", "pair"),
    ],
)
def test_what_libraries_mean_differently_is_doubted(typed: str, wrt: str, said: str) -> None:
    assert any(said in warning for warning in program(typed, wrt).warnings)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("np.random.randn(3) + x", "random"),
        ("torch.randn(3) + x", "random"),
        ("F.dropout(x)", "random"),
        ("np.foo(x)", "not known"),
        ("x.detach() * y", "held fixed"),
        ("np.sum(x, where=y)", "no option 'where'"),
        ("np.exp(x", "was never closed"),
        ("np.exp(x) if x else 0", "choice between"),
        ("np.sum([a for a in x])", "loop"),
        ("np.sum(*x)", "* before an argument"),
        ("x.__class__.__bases__[0].__subclasses__()", "not"),
        ("__import__('os').system('true')", "not"),
        ("np.sum(x, axis=0, keepdims=True, axis=1)", "given twice"),
        ("np.exp(x) << 2", "operator"),
        ("torch.cumsum(X)", "along which axis"),
        ("np.gelu()", "wants an argument"),
        ("F.cross_entropy(x)", "wants y"),
        ("np.exp()", "wants x"),
        ("optax.huber_loss(x, y)", "no module"),
        ("model.sigmoid(W@x)", "no module"),
    ],
)
def test_is_refused_with_a_way_out(typed: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(typed, "x", syntax="numpy")
    assert said in str(caught.value)
    assert caught.value.text == typed


@pytest.mark.parametrize(
    "text",
    [
        "np.exp(" * 300,
        "np.exp(" * 150 + "x" + ")" * 150,
        "x" + ".T" * 4000,
        "x" + ".sum()" * 1500,
        "-" * 9000 + "x",
        "x" + "+x" * 4000,
        "np." * 3000,
        "x[" * 3000,
        "\0",
        "9" * 5000,
        "x" * 200_000,
        "é.sum(" * 500,
    ],
    ids=lambda text: f"{text[:8]!r} {len(text)}",
)
def test_every_text_ends(text: str) -> None:
    try:
        program(text, "x", syntax="numpy")
    except InputError as error:
        str(error)
