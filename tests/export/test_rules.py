"""Exported rules of PyTorch and JAX, run there: against differences, against NumPy's evaluation, differentiated again,
in single precision, over strides, and over batches.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.export.functions import rule
from jacobian_cli.cli.run import run

Array = Any
Shapes = dict[str, tuple[int, ...]]
FORMULAS: list[tuple[str, str, Shapes]] = [
    ("u.T@sigmoid(W@x + b)", "u,W,x,b", {"u": (3,), "W": (3, 2), "x": (2,), "b": (3,)}),
    ("softmax(W@x)", "W,x", {"W": (3, 2), "x": (2,)}),
    ("x.T@A@x/2 + c", "x,A,c", {"A": (3, 3), "x": (3,), "c": ()}),
    ("norm(X@w - y)**2 + c*sum(w**2)", "X,w,y,c", {"X": (4, 2), "w": (2,), "y": (4,), "c": ()}),
    ("sum(log(1 + exp(-y*(X@w))))", "X,w,y", {"X": (4, 2), "w": (2,), "y": (4,)}),
    ("layernorm(X)", "X", {"X": (2, 4)}),
    ("log_softmax(X, axis=0)", "X", {"X": (3, 2)}),
    ("x.T*A", "A,x", {"A": (2, 3), "x": (3,)}),
    ("sum((T - U@V.T)**2)", "T,U,V", {"T": (3, 3), "U": (3, 2), "V": (3, 2)}),
    ("softmax(Q@K.T/sqrt(2))@V", "Q,K,V", {"Q": (3, 2), "K": (4, 2), "V": (4, 3)}),
    ("relu(W@x)@v + max(x)", "W,x,v", {"W": (3, 2), "x": (2,), "v": (3,)}),
    ("gelu(x)*softplus(x) + elu(x)", "x", {"x": (3,)}),
    ("logsumexp(X, axis=1)", "X", {"X": (2, 3)}),
    ("std(X, axis=0) + var(X, axis=0)*e + pi", "X", {"X": (4, 2)}),
    ("concat(x, c, exp(x), sum(x))", "x,c", {"x": (2,), "c": (3,)}),
    ("trace(inv(A)@B)*det(A)", "A,B", {"A": (2, 2), "B": (2, 2)}),
    ("where(x > 0, x**2, -x)*maximum(x, 0.1)", "x", {"x": (3,)}),
    ("mean((A@x)[:2]) + sum(diag(A))", "A,x", {"A": (3, 3), "x": (3,)}),
    ("kron(A, B)", "A,B", {"A": (2, 2), "B": (1, 2)}),
    ("kron(A.T, B)", "A,B", {"A": (2, 3), "B": (2, 2)}),
    ("vech(A)@x", "A,x", {"A": (2, 2), "x": (3,)}),
    ("x@y.T + outer(x, y)", "x,y", {"x": (2,), "y": (3,)}),
    ("ones(k)*sum(x**2)", "x", {"x": (4,)}),
    ("rmsnorm(X)*g", "X,g", {"X": (2, 3), "g": (3,)}),
    ("sort(x)@w + topk(x, 2)@topk(w, 2) + median(x)", "x,w", {"x": (3,), "w": (3,)}),
    ("cumprod(x)*floor(9*x) + mod(x, 0.4)*ceil(9*x)", "x", {"x": (3,)}),
    ("sort(X, axis=0)*round(9*X) + sort(X)*trunc(9*X) + logit(X/9 + 1/2)", "X", {"X": (2, 3)}),
]
TARGETS = ("torch", "jax")


@cache
def derived(formula: str, wrt: str) -> jac.Derivations:
    return jac.derive(formula, wrt.split(","), check=False)


@cache
def module_of(formula: str, wrt: str, to: str) -> dict[str, Any]:
    pytest.importorskip(
        to, reason=f"exported rules of {to} run where {to} is installed: pip install jacobian-cli[{to}]"
    )
    names: dict[str, Any] = {}
    exec(compile(jac.export(derived(formula, wrt), to), f"<exported to {to}>", "exec", dont_inherit=True), names)
    return names


def numpy_of(formula: str, wrt: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(jac.export(derived(formula, wrt)), "<exported>", "exec", dont_inherit=True), names)
    return names


def point(shapes: Shapes, seed: int = 5) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(shape) * 0.7 + 0.4 for name, shape in shapes.items()}


def sizes_of(module: dict[str, Any], at: dict[str, Array]) -> dict[str, int]:
    """Sizes that no array tells."""
    return {name: 1 for name in inspect.signature(module["value"]).parameters if name not in at}


@pytest.mark.parametrize(("formula", "wrt", "shapes"), FORMULAS, ids=[f for f, _, _ in FORMULAS])
def test_torch_runs_the_rule_and_its_derivative(formula: str, wrt: str, shapes: Shapes) -> None:
    module = module_of(formula, wrt, "torch")
    torch = module["torch"]

    at = point(shapes)
    extra = sizes_of(module, at)
    names = wrt.split(",")
    tensors = {name: torch.tensor(a, requires_grad=name in names) for name, a in at.items()}

    def value(*moved: Any) -> Any:
        return module["value"](**{**tensors, **dict(zip(names, moved, strict=True))}, **extra)

    moved = [tensors[name] for name in names]
    expected = numpy_of(formula, wrt)["value"](**at, **extra)
    out = value(*moved)
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-12, atol=1e-12)
    assert torch.autograd.gradcheck(value, moved)
    assert torch.autograd.gradgradcheck(value, moved)
    single = [t.detach().float().requires_grad_() for t in moved]
    others = {name: t.detach().float() for name, t in tensors.items()}
    low = module["value"](**{**others, **dict(zip(names, single, strict=True))}, **extra)
    assert low.dtype is torch.float32
    for gradient, t in zip(torch.autograd.grad(low.sum(), single), single, strict=True):
        assert gradient.dtype is torch.float32
        assert gradient.shape == t.shape


@pytest.mark.parametrize(("formula", "wrt", "shapes"), FORMULAS, ids=[f for f, _, _ in FORMULAS])
def test_torch_runs_it_over_strides_and_over_batches(formula: str, wrt: str, shapes: Shapes) -> None:
    module = module_of(formula, wrt, "torch")
    torch = module["torch"]

    at = point(shapes)
    extra, names = sizes_of(module, at), wrt.split(",")
    others = [torch.tensor(at[name]) for name in at if name not in names]
    assert not others
    tensors = [torch.tensor(at[name]) for name in names]

    def value(*moved: Any) -> Any:
        return module["value"](**dict(zip(names, moved, strict=True)), **extra)

    out, pull = torch.func.vjp(value, *tensors)
    delta = torch.randn(*out.shape, 2, dtype=torch.float64)[..., 0]  # not contiguous where it has entries enough
    expected = pull(delta.clone(memory_format=torch.contiguous_format))
    spread = [torch.stack([t, t], -1)[..., 0] for t in tensors]
    for one, other in zip(torch.func.vjp(value, *spread)[1](delta), expected, strict=True):
        torch.testing.assert_close(one, other)
    batch = [torch.stack([t, 1.5 * t]) for t in tensors]
    several = torch.func.vmap(value)(*batch)
    torch.testing.assert_close(several[1], value(*(1.5 * t for t in tensors)))

    def total(*moved: Any) -> Any:
        return value(*moved).sum()

    down = torch.func.vmap(torch.func.grad(total, argnums=tuple(range(len(names)))))(*batch)
    alone = torch.func.grad(total, argnums=tuple(range(len(names))))(*tensors)
    for one, other in zip(down, alone, strict=True):
        torch.testing.assert_close(one[0], other)


@pytest.mark.parametrize(("formula", "wrt", "shapes"), FORMULAS, ids=[f for f, _, _ in FORMULAS])
def test_jax_runs_the_rule(formula: str, wrt: str, shapes: Shapes) -> None:
    module = module_of(formula, wrt, "jax")
    jax = module["jax"]

    at = point(shapes)
    numpy, names, extra = numpy_of(formula, wrt), wrt.split(","), sizes_of(module, at)
    places = tuple(range(len(names)))
    with jax.enable_x64(True):

        def value(*moved: Any) -> Any:
            return module["value"](**dict(zip(names, moved, strict=True)), **extra)

        arrays = [jax.numpy.asarray(at[name]) for name in names]
        out, pull = jax.vjp(value, *arrays)
        expected = numpy["value"](**at, **extra)
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)
        delta = np.random.default_rng(1).standard_normal(np.shape(expected))
        for name, found in zip(names, pull(jax.numpy.asarray(delta)), strict=True):
            np.testing.assert_allclose(found, numpy[f"vjp_{name}"](delta, **at, **extra), rtol=1e-9, atol=1e-12)

        def total(*moved: Any) -> Any:
            return value(*moved).sum()

        batch = [jax.numpy.stack([a, 1.5 * a]) for a in arrays]
        alone = jax.grad(total, argnums=places)(*arrays)
        for one, other in zip(jax.jit(jax.vmap(jax.grad(total, argnums=places)))(*batch), alone, strict=True):
            np.testing.assert_allclose(one[0], other, rtol=1e-9, atol=1e-12)
        single = [a.astype("float32") for a in arrays]
        assert value(*single).dtype == "float32"
        assert {str(g.dtype) for g in jax.grad(total, argnums=places)(*single)} == {"float32"}


def test_what_is_not_asked_for_is_not_computed_and_what_was_not_exported_is_refused() -> None:
    module = module_of("u.T@sigmoid(W@x + b)", "W,b", "torch")
    torch = module["torch"]

    tensors = {n: torch.tensor(a) for n, a in point({"u": (3,), "W": (3, 2), "x": (2,), "b": (3,)}).items()}
    tensors["b"].requires_grad_()
    module["value"](**tensors).backward()
    assert tensors["W"].grad is None
    assert tensors["b"].grad is not None
    tensors["x"].requires_grad_()
    with pytest.raises(NotImplementedError, match="no gradient was exported by u, x"):
        module["value"](**tensors).backward()


def test_jax_has_no_zero_in_place_of_what_was_not_exported() -> None:
    module = module_of("W@x", "W", "jax")
    jax = module["jax"]

    found = jax.grad(lambda x: module["value"](jax.numpy.ones((2, 2)), x).sum())(jax.numpy.ones(2))
    assert np.isnan(found).all()


@pytest.mark.parametrize(
    ("formula", "to", "named"),
    [
        ("x[::-2]", "torch", "a slice with a negative step has no counterpart in PyTorch"),
    ],
)
def test_what_has_no_counterpart_is_named(formula: str, to: str, named: str) -> None:
    with pytest.raises(jac.InputError, match=named):
        jac.export(jac.derive(formula, wrt=["A" if "A" in formula else "x"], check=False), to)


ATTENTION = ("softmax(Q@K.T/sqrt(d))@V", "Q,K,V", {"Q": "n,d", "K": "m,d", "V": "m,p"})
LAYERS = ("Z = W@X", "H = sigmoid(Z)", "V@H")


@pytest.mark.parametrize(
    ("formula", "wrt", "kept"),
    [
        ("softmax(Q@K.T/sqrt(2))@V", "Q,K,V", ["P"]),
        (LAYERS, "W,V", ["H"]),
        (("Z = W@X", "V@relu(Z)"), "W,V", ["Z"]),
        ("sum((T - U@V.T)**2)", "U", ["M"]),
        ("softmax(X)", "X", ["P"]),
        ("W@x", "W", []),
        ("kron(A, B)", "A,B", []),
    ],
)
def test_the_fewest_values_are_kept_and_named(formula: Any, wrt: str, kept: list[str]) -> None:
    derivations = jac.derive(formula, wrt.split(","), check=False)
    forward, backward = rule([each.written() for each in derivations])
    assert list(forward.kept) == list(backward.kept) == kept
    for to in TARGETS:
        source = jac.export(derivations, to)
        assert all(f"\n      {name} = " in source for name in kept)


@pytest.mark.parametrize("to", TARGETS)
def test_what_is_recomputed_is_not_kept_and_gives_the_same(to: str) -> None:
    pytest.importorskip(to, reason=f"exported rules of {to} run where {to} is installed")
    derivations = jac.derive(*ATTENTION[:1], wrt=ATTENTION[1].split(","), shapes=ATTENTION[2], check=False)
    found = []
    for recompute in (None, "P"):
        names: dict[str, Any] = {}
        exec(compile(jac.export(derivations, to, recompute), "<exported>", "exec", dont_inherit=True), names)
        at = point({"Q": (3, 2), "K": (4, 2), "V": (4, 5)})
        if to == "torch":
            tensors = [names["torch"].tensor(a, requires_grad=True) for a in at.values()]
            sizes: list[Any] = []
            with names["torch"].autograd.graph.saved_tensors_hooks(_noted(sizes), _same):
                out = names["value"](*tensors)
            out.sum().backward()
            assert ((3, 4) in [tuple(t.shape) for t in sizes]) is not bool(recompute)
            found.append([t.grad.numpy() for t in tensors])
        else:
            out, pull = names["jax"].vjp(names["value"], *map(names["jnp"].asarray, at.values()))
            found.append(pull(names["jnp"].ones_like(out)))
            shapes = [np.shape(a) for a in names["jax"].tree_util.tree_leaves(pull)]
            assert ((3, 4) in shapes) is not bool(recompute)
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def _same(tensor: Any) -> Any:
    return tensor


def _noted(kept: list[Any]) -> Callable[[Any], Any]:
    def note(tensor: Any) -> Any:
        kept.append(tensor)
        return tensor

    return note


def test_torch_keeps_no_more_than_it_says() -> None:
    module = module_of("softmax(X)", "X", "torch")
    torch = module["torch"]
    x = torch.randn(3, 4, requires_grad=True)
    kept: list[Any] = []
    with torch.autograd.graph.saved_tensors_hooks(_noted(kept), _same):
        out = module["value"](x)
    assert [t.data_ptr() for t in kept] == [out.data_ptr()]


@pytest.mark.parametrize(
    ("formula", "wrt", "shapes", "others"),
    [
        (("H = sigmoid(X@W)", "softmax(H@V)"), "X,W,V", {"X": (3, 2), "W": (2, 4), "V": (4, 3)}, [(3, 4)]),
        (("H = tanh(X@W)", "G = sigmoid(H@V)", "tanh(G@V)"), "X,W,V", {"X": (3, 2), "W": (2, 4), "V": (4, 4)},
         [(3, 4), (3, 4)]),
        (("h = exp(x)", "exp(sin(h))"), "x", {"x": (3,)}, [(3,)]),
    ],
)  # fmt: skip
def test_torch_keeps_its_value_as_what_it_gives_out(formula: Any, wrt: str, shapes: Shapes, others: list[Any]) -> None:
    """The value kept beside others is the output itself: nothing is held twice, and it is differentiated again."""
    pytest.importorskip("torch", reason="exported rules of torch run where torch is installed")
    module: dict[str, Any] = {}
    found = jac.derive(formula, wrt.split(","), check=False)
    exec(compile(jac.export(found, "torch"), "<exported>", "exec", dont_inherit=True), module)
    torch = module["torch"]
    at = [torch.tensor(a, requires_grad=True) for a in point(shapes).values()]
    kept: list[Any] = []
    with torch.autograd.graph.saved_tensors_hooks(_noted(kept), _same):
        out = module["value"](*at)
    held = [t for t in kept if all(t.data_ptr() != a.data_ptr() for a in at)]
    assert [tuple(t.shape) for t in held if t.data_ptr() != out.data_ptr()] == others
    assert out.data_ptr() in [t.data_ptr() for t in held]
    assert torch.autograd.gradcheck(module["value"], at)
    assert torch.autograd.gradgradcheck(module["value"], at)


@pytest.mark.parametrize("to", ["numpy", "c", "latex", "html"])
def test_recomputing_is_for_rules_and_of_something(to: str) -> None:
    found = jac.derive(LAYERS, ["W", "V"], check=False)
    unnamed: list[Any] = ["", " ", "H,", []]
    for nothing in unnamed:
        with pytest.raises(jac.InputError, match="nothing is named to be computed again"):
            jac.export(found, "torch", nothing)
    with pytest.raises(jac.InputError, match=f"nothing is kept between passes in {to}"):
        jac.export(found, to, "H")
    with pytest.raises(SystemExit) as left:
        run(["export", "W@x", "--wrt", "W", "--to", to, "--recompute", "", "--no-check"])
    assert left.value.code == 2


def test_a_name_of_nothing_that_is_kept_is_refused() -> None:
    found = jac.derive(LAYERS, ["W", "V"], check=False)
    with pytest.raises(jac.InputError, match="Z is not kept") as error:
        jac.export(found, "torch", "Z")
    assert "what is kept: H" in str(error.value)
    with pytest.raises(jac.InputError, match="nothing is kept between passes in numpy"):
        jac.export(found, "numpy", "H")


def test_rows_in_rows_are_computed_once() -> None:
    """Where the backward pass reads a deviation, no form of what it is a part of is left that computes it again."""
    block = ["N = layernorm(X)", "A = X + softmax(N@W)@N", "relu(layernorm(A)@V)@U"]
    shapes = {"X": "n,d", "W": "d,n", "V": "d,f", "U": "f,d"}
    found = jac.derive(block, ["X", "W", "V", "U"], shapes, check=False)
    forward, _ = rule([each.written() for each in found])
    ahead = jac.export(found, "torch").split("def forward")[1].split("@staticmethod")[0]
    counts = {name: ahead.count(f"{name}(") for name in ("softmax", "std", "mean", "layernorm")}
    assert counts == {"softmax": 1, "std": 2, "mean": 2, "layernorm": 0}, ahead
    assert {"r", "s", "P", "s1", "X_hat"} <= {*forward.kept}


@pytest.mark.parametrize(
    ("formula", "shapes"),
    [
        ("layernorm(X)*g + b", {"X": (3, 4), "g": (4,), "b": (4,)}),
        ("softmax(Q@K.T/sqrt(2))@V", {"Q": (3, 2), "K": (4, 2), "V": (4, 3)}),
        ("(A*c - B)*exp(A)/(1 + B**2)", {"A": (2, 3), "B": (2, 3), "c": ()}),
    ],
)
def test_what_is_done_in_place_is_done_to_each_of_a_batch(formula: str, shapes: Shapes) -> None:
    """Whichever arguments are batched, once and twice over, as at each point alone."""
    names = list(shapes)
    module = module_of(formula, ",".join(names), "torch")
    torch = module["torch"]
    assert re.search(r"^ +\w+ [-+*/]= ", jac.export(derived(formula, ",".join(names)), "torch"), re.MULTILINE)
    tensors = [torch.tensor(a) for a in point(shapes).values()]

    def value(*moved: Any) -> Any:
        return module["value"](**dict(zip(names, moved, strict=True)))

    for chosen in range(1, 2 ** len(names)):
        axes = tuple(0 if chosen >> k & 1 else None for k in range(len(names)))
        batch = [t if axis is None else torch.stack([t, 1.5 * t]) for t, axis in zip(tensors, axes, strict=True)]
        alone = [t if axis is None else 1.5 * t for t, axis in zip(tensors, axes, strict=True)]
        for k in range(len(names)):
            slopes = torch.func.jacrev(value, argnums=k)
            torch.testing.assert_close(torch.func.vmap(slopes, in_dims=axes)(*batch)[1], slopes(*alone))
