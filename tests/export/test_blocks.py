"""Losses in blocks of an axis: the same as at once, whatever the length of a block, and nothing is held whole."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.export.run import export_test
from jacobian_cli.cli.run import run
from tests.export.test_numpy import module_of
from tests.export.test_written_test import judged

Array = Any
SHAPES = {"H": "n,d", "W": "d,v", "y": "n", "o": "n", "a": "n", "X": "n,d", "Y": "n,v", "b": "()", "w": "d"}
LOSSES: dict[str, tuple[Any, str, list[str]]] = {
    "cross entropy": ("cross_entropy(H@W, y)", "H,W", ["n", "v"]),
    "soft targets": (["Z = H@W", "mean(logsumexp(Z, axis=1) - sum(Y*Z, axis=1))"], "H,W", ["n", "v"]),
    "preferences": (
        ["c = sum(one_hot(y, v)*log_softmax(H@W), axis=1)", "r = sum(one_hot(y, v)*log_softmax(X@W), axis=1)",
         "-mean(log(sigmoid(b*(c - r - o))))"], "H,X,W", ["n", "v"],
    ),
    "group advantages": (
        ["l = sum(one_hot(y, v)*log_softmax(H@W), axis=1)", "p = exp(l - o)",
         "-mean(minimum(p*a, minimum(maximum(p, 4/5), 6/5)*a))"], "H,W", ["n", "v"],
    ),
    "entropy": (["P = softmax(H@W)", "-mean(sum(P*log_softmax(H@W), axis=1))"], "H,W", ["n", "v"]),
    "logistic": ("sum(log(1 + exp(-a*(H@w))))", "w,H", ["n", "d"]),
    "least squares": ("sum((H@w - a)**2)/2", "w", ["n"]),
    "largest": ("sum(max(H@W, axis=1))", "H,W", ["n"]),
    "extremes": ("b*max(H@w) - b*min(X@w)**2", "b", ["n", "d"]),
}  # fmt: skip
CASES = [(name, axis) for name, (_, _, axes) in LOSSES.items() for axis in axes]
SIZES = {"n": 6, "d": 4, "v": 7}


def derived(name: str) -> jac.Derivations:
    formula, wrt, _ = LOSSES[name]
    used = set(re.findall(r"[A-Za-z]\w*", " ".join([formula] if isinstance(formula, str) else formula)))
    shapes = {name: shape for name, shape in SHAPES.items() if name in used}
    assume = {"y": "index"} if "y" in shapes else None
    return jac.derive(formula, wrt.split(","), shapes, assume=assume, check=False)


def point(found: jac.Derivations) -> dict[str, Array]:
    rng = np.random.default_rng(7)
    at: dict[str, Array] = {}
    for name, variable in found[0].problem.variables.items():
        shape = [size.at(SIZES) for size in variable.shape]
        at[name] = rng.integers(SIZES["v"], size=shape) if name == "y" else rng.standard_normal(shape)
    return at


@pytest.mark.parametrize(("name", "axis"), CASES)
def test_blocks_of_any_length_give_the_same(name: str, axis: str) -> None:
    found = derived(name)
    at = point(found)
    dense, module = module_of(jac.export(found)), module_of(jac.export(found, chunk={axis: 2}))
    value, gradients = dense["value_and_gradient"](**at)
    for block in (1, 2, 3, 7, 100):
        assert module["value"](**at, block=block) == pytest.approx(value, rel=1e-12)
        again, others = module["value_and_gradient"](**at, block=block)
        assert again == pytest.approx(value, rel=1e-12)
        assert list(others) == list(gradients)
        for each, gradient in gradients.items():
            np.testing.assert_allclose(others[each], gradient, 1e-10, 1e-12, err_msg=each)
            assert np.shape(others[each]) == np.shape(at[each])
    low = {n: a if n == "y" else np.float32(a) for n, a in at.items()}
    assert all(np.asarray(g).dtype == np.float32 for g in module["value_and_gradient"](**low)[1].values())


@pytest.mark.parametrize(("name", "axis"), CASES)
def test_torch_sends_back_the_same(name: str, axis: str) -> None:
    torch = pytest.importorskip("torch", reason="blocks of PyTorch run where it is installed")
    found = derived(name)
    at = point(found)
    _, gradients = module_of(jac.export(found))["value_and_gradient"](**at)
    module = module_of(jac.export(found, "torch", chunk=f"{axis}=2"))
    given = {n: torch.as_tensor(a) for n, a in at.items()}
    for wrt in gradients:
        given[wrt].requires_grad_()
    others = {n: t for n, t in given.items() if n not in gradients}
    plain = {n: given[n].detach() for n in gradients}
    down = torch.func.grad(lambda moved: 3 * module["value"](**moved, **others))(plain)
    for wrt, gradient in gradients.items():
        np.testing.assert_allclose(down[wrt].numpy(), 3 * gradient, 1e-9, 1e-11)
    out = 3 * module["value"](**given)
    back = torch.autograd.grad(out, [given[wrt] for wrt in gradients], retain_graph=True, create_graph=True)
    for gradient, moved in zip(gradients.values(), back, strict=True):
        np.testing.assert_allclose(moved.detach().numpy(), 3 * gradient, 1e-9, 1e-11)
    for gradient, moved in zip(
        gradients.values(), torch.autograd.grad(out, [given[w] for w in gradients]), strict=True
    ):
        np.testing.assert_allclose(moved.numpy(), 3 * gradient, 1e-9, 1e-11, err_msg="asked for again")
    with torch.no_grad():
        np.testing.assert_allclose(3 * module["value"](**given), out.detach())
    with pytest.raises(RuntimeError, match=r"once_differentiable|does not require grad"):
        torch.autograd.grad(back[0].sum(), [given[next(iter(gradients))]])


@pytest.mark.parametrize(("axis", "block"), [("n", 16), ("v", 1024)])
def test_logits_are_never_held_whole(axis: str, block: int) -> None:
    rng = np.random.default_rng(0)
    n, d, v = 256, 8, 20_000
    at = {"H": rng.standard_normal((n, d)), "W": rng.standard_normal((d, v)), "y": rng.integers(v, size=n)}
    module = module_of(jac.export(derived("cross entropy"), chunk={axis: block}))
    tracemalloc.start()
    module["value_and_gradient"](**at)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.4 * n * v * 8, peak


def test_extreme_logits_stay_finite() -> None:
    module = module_of(jac.export(derived("cross entropy"), chunk="v=2"))
    at = {"H": np.array([[1.0], [-1.0]]), "W": np.array([[1e300, -1e300, 0.0, 5.0]]), "y": np.array([0, 2])}
    value, gradients = module["value_and_gradient"](**at)
    assert value == pytest.approx(5e299)
    assert all(np.all(np.isfinite(g)) for g in gradients.values())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sum(softmax(X@W))", "--chunk", "k"], "'k' is no axis with a length"),
        (["sum(softmax(X@W))", "--chunk", "k=0"], "a size is a whole number from 1 on"),
        (["sum(softmax(X@W))", "--chunk", "z=4"], "there is no axis z in the formula"),
        (["softmax(X@W)", "--chunk", "n=4"], "blocks are of a scalar"),
        (["sum(sort(X@W)*(X@W))", "--chunk", "k=4"], "is not computed in blocks along k"),
        (["sum(layernorm(X@W)**3)", "--chunk", "k=4"], "is not computed in blocks along k"),
        (["sum(softmax(X@W))", "--chunk", "n=4", "--to", "jax"], "jax is not written in blocks"),
        (["sum(softmax(X@W))", "--chunk", "n=4", "--to", "html"], "html is not written in blocks"),
        (["sum(softmax(X@W))", "--chunk", "n=4", "--to", "torch", "--recompute", "h"], "leave recompute out"),
    ],
)
def test_what_cannot_be_cut_is_refused(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(["export", *arguments, "--wrt", "X", "-s", "X=n,m", "-s", "W=m,k", "--no-check"])
    assert left.value.code == 2
    assert said in capsys.readouterr().err


FAULTS = {
    "numpy": [("1.0*(y_", "2.0*(y_"), ("total_ += ", "total_ = "), ("total/n", "total/(n + 1)")],
    "torch": [("delta1 /= n", "delta1 /= n + 1"), ("total_.addmm_(", "total_ = torch.mm("), (" -= 1", " -= 2")],
}


@pytest.mark.parametrize("to", FAULTS)
def test_the_written_test_finds_faults_between_blocks(to: str, tmp_path: Path) -> None:
    if to != "numpy":
        pytest.importorskip(to, reason=f"blocks of {to} run where it is installed")
    found = derived("cross entropy")
    source, test = jac.export(found, to, chunk="n=2"), export_test(found, to, "rule.py", blocks=True)
    assert judged(tmp_path, source, test) == ""
    for right, wrong in FAULTS[to]:
        assert right in source, source
        assert judged(tmp_path, source.replace(right, wrong), test), (right, wrong)


@pytest.mark.parametrize(("name", "axis"), CASES)
def test_a_test_is_written_of_blocks(name: str, axis: str, tmp_path: Path) -> None:
    found = derived(name)
    test = export_test(found, "numpy", "rule.py", blocks=True)
    assert judged(tmp_path, jac.export(found, chunk=f"{axis}=3"), test) == ""
