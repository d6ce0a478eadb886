"""Every function of the table, in every library: what is exported runs, and agrees with what NumPy computes."""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.checks.points.sampling import NoPointError, draws_for, sample
from jacobian_cli.ops.places import places_of
from tests.calculus.expressions import CALLS, Call
from tests.checks.test_rows import calls, on_variables
from tests.export.compiled import needs_compiler, together

Array = Any
RULES = ("torch", "jax")
"""Libraries that have a counterpart of every function."""
FORMS = ("several axes", "several rows", "negative step", "anything but two vectors")
"""Forms of functions that PyTorch lacks."""
CALLED = [
    call
    for name in CALLS
    if name != "one_hot"  # it has places alone, by which nothing is differentiated
    for call in calls(name)[:1] + calls(name)[1:][-1:]  # those that differ most in shape
]
EXAMPLES = [pytest.param(call, id=f"{on_variables(call)[0]} {k}") for k, call in enumerate(CALLED)]
TOGETHER = 20
"""Files of C that are compiled as one."""


@cache
def derived(call: Call) -> tuple[jac.Derivation, dict[str, Array], dict[str, int]]:
    """The derivative by the first variable that moves, and a point."""
    formula, shapes = on_variables(call)
    moving = next(name for name in shapes if name not in call_places(formula, shapes))
    found = jac.derive(formula, moving, shapes, check=False)
    rng = np.random.default_rng(1)
    for sizes in draws_for([found.problem.output], 8, 0, set()):
        try:
            at = dict(sample(found.problem.output, sizes, rng))
            break
        except NoPointError:
            continue
    else:
        raise AssertionError(f"no point of {formula}")
    for name, variable in found.problem.variables.items():
        at.setdefault(name, rng.standard_normal([size.at(sizes) for size in variable.shape]))
    picking = places_of([found.problem.output])
    return found, {n: np.asarray(a, int) if n in picking else np.asarray(a, float) for n, a in at.items()}, sizes


def call_places(formula: str, shapes: dict[str, str]) -> set[str]:
    """The variables that hold places."""
    for name in shapes:
        try:
            return set(places_of([jac.derive(formula, name, shapes, check=False).problem.output]))
        except jac.InputError:
            continue
    return set()


def ran(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(source, "<exported>", "exec", dont_inherit=True), names)
    return names


def expected(call: Call) -> tuple[dict[str, Array], dict[str, int], Array, Array, Array]:
    """What NumPy finds: the value, an upstream gradient, and what comes back."""
    found, at, sizes = derived(call)
    module = ran(jac.export(found))
    extra = {n: sizes[n] for n in inspect.signature(module["value"]).parameters if n not in at}
    value = np.asarray(module["value"](**at, **extra), float)
    delta = np.random.default_rng(2).standard_normal(value.shape)
    return at, extra, value, delta, np.asarray(module["vjp"](delta, **at, **extra), float)


def source_of(call: Call, to: str) -> str:
    """The exported source. Skips, by name, what the library lacks."""
    found, _, _ = derived(call)
    try:
        return jac.export(found, to)
    except jac.InputError as error:
        said = str(error).splitlines()[0]
    assert any(form in said for form in FORMS), said
    pytest.skip(said)


@pytest.mark.parametrize("call", EXAMPLES)
def test_numpy_comes_back_with_what_the_jacobian_says(call: Call) -> None:
    found, at, _ = derived(call)
    _, extra, value, delta, back = expected(call)
    jacobian = np.asarray(ran(jac.export(found))["jacobian"](**at, **extra), float)
    scale = max(1.0, float(np.max(np.abs(back), initial=0.0)))
    np.testing.assert_allclose(back.ravel(), delta.ravel() @ jacobian.reshape(value.size, -1), 1e-8, 1e-10 * scale)


@pytest.mark.parametrize("call", EXAMPLES)
def test_torch_agrees(call: Call) -> None:
    torch = pytest.importorskip("torch", reason="what is exported to PyTorch runs where it is installed")
    module = ran(source_of(call, "torch"))
    at, extra, value, delta, back = expected(call)
    wrt = derived(call)[0].wrt
    given = {name: torch.as_tensor(a) for name, a in at.items()}
    given[wrt].requires_grad_()
    out = module["value"](**given, **extra)
    assert tuple(out.shape) == value.shape
    np.testing.assert_allclose(out.detach().numpy(), value, rtol=1e-8, atol=1e-10)
    (found,) = torch.autograd.grad(out, [given[wrt]], torch.as_tensor(delta))
    scale = max(1.0, float(np.max(np.abs(back), initial=0.0)))
    np.testing.assert_allclose(found.numpy(), back, rtol=1e-7, atol=1e-9 * scale)


@pytest.mark.parametrize("call", EXAMPLES)
def test_jax_agrees(call: Call) -> None:
    jax = pytest.importorskip("jax", reason="what is exported to JAX runs where it is installed")
    source = source_of(call, "jax")
    with jax.enable_x64(True):
        module = ran(source)
        at, extra, value, delta, back = expected(call)
        wrt = derived(call)[0].wrt
        given = {name: jax.numpy.asarray(a) for name, a in at.items()}
        out, pull = jax.vjp(lambda x: module["value"](**{**given, wrt: x}, **extra), given[wrt])
        assert out.shape == value.shape
        np.testing.assert_allclose(out, value, rtol=1e-8, atol=1e-10)
        scale = max(1.0, float(np.max(np.abs(back), initial=0.0)))
        np.testing.assert_allclose(pull(jax.numpy.asarray(delta))[0], back, rtol=1e-7, atol=1e-9 * scale)


LACKING_IN_C = {
    "digamma", "polygamma", "erfinv", "eigvalsh", "eigvecs", "pinv", "nuclear_norm", "polar", "sqrtm", "expm", "take",
    "scatter_add",
}  # fmt: skip
OF_ONE_IN_C = {"inv_gaps", "largest_so_far", "smallest_so_far"}
"""Functions that C has by their definitions, which are of one vector, not of a batch."""


def at_numbers(call: Call) -> jac.Derivation:
    """The same derivative where every size is a number, as C wants them."""
    found, _, sizes = derived(call)
    formula, _ = on_variables(call)
    for name, size in sizes.items():
        formula = re.sub(rf"\b{name}\b", str(size), formula)
    shapes = {n: tuple(s.at(sizes) for s in v.shape) for n, v in found.problem.variables.items()}
    return jac.derive(formula, found.wrt, shapes, check=False)


def in_c(derivation: jac.Derivation) -> str | None:
    """The exported source; nothing where C lacks the function."""
    try:
        return jac.export(derivation, "c")
    except jac.InputError as error:
        said = str(error).splitlines()[0]
        name, _, _ = said.partition(" has no counterpart")
        assert name in LACKING_IN_C | OF_ONE_IN_C, said
        return None


@needs_compiler
@pytest.mark.parametrize("first", range(0, len(CALLED), TOGETHER))
def test_c_agrees(first: int, tmp_path: Path) -> None:
    """At sizes that are numbers: value, Jacobian and backward rule."""
    fixed = [(call, at_numbers(call)) for call in CALLED[first : first + TOGETHER]]
    exported = [(call, found, source) for call, found in fixed if (source := in_c(found)) is not None]
    libraries = together([source for _, _, source in exported], tmp_path)
    for (call, found, _), library in zip(exported, libraries, strict=True):
        _, at, _ = derived(call)
        module = ran(jac.export(found))
        value = np.asarray(module["value"](**at), float)
        given = {**at, "delta": np.random.default_rng(2).standard_normal(value.shape)}
        for function in ("value", "jacobian", "vjp"):
            returned, written = library(function, given)
            takes = inspect.signature(module[function]).parameters
            expected = np.asarray(module[function](**{name: given[name] for name in takes}), float)
            scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
            flat = np.ravel(written[0] if returned is None else returned)
            said = f"{function} of {on_variables(call)}"
            np.testing.assert_allclose(flat, expected.ravel(), 1e-8, 1e-10 * scale, err_msg=said)


def test_c_has_most_functions() -> None:
    lacking = {name for call in CALLED if (name := call.function) in LACKING_IN_C | OF_ONE_IN_C}
    assert lacking == LACKING_IN_C | OF_ONE_IN_C


PICKED: list[tuple[str, str, dict[str, tuple[int, ...]], dict[str, str]]] = [
    ("sum(W[i]@x)", "W,x", {"W": (4, 3), "x": (3,), "i": (5,)}, {"i": "index"}),
    ("take(W, i)", "W", {"W": (4, 3), "i": (5,)}, {}),
    ("one_hot(i, n)@x", "x", {"x": (4,), "i": (5,)}, {}),
    ("scatter_add(x, i, n)", "x", {"x": (5,), "i": (5,)}, {}),
    ("cross_entropy(Z, y)", "Z", {"Z": (5, 4), "y": (5,)}, {"y": "index"}),
    ("W[[0, 2, 0]]", "W", {"W": (4, 3)}, {}),
]


@pytest.mark.parametrize("to", RULES)
@pytest.mark.parametrize(("formula", "wrt", "shapes", "assume"), PICKED, ids=[f for f, *_ in PICKED])
def test_what_is_picked_gets_its_part_back(
    formula: str, wrt: str, shapes: dict[str, tuple[int, ...]], assume: dict[str, str], to: str
) -> None:
    library = pytest.importorskip(to, reason=f"what is exported to {to} runs where it is installed")
    names = wrt.split(",")
    found = jac.derive(formula, names, check=False, assume=assume)
    module, numpy = ran(jac.export(found, to)), ran(jac.export(found))
    rng = np.random.default_rng(0)
    at = {n: rng.integers(4, size=s) if n in ("i", "y") else rng.standard_normal(s) for n, s in shapes.items()}
    extra = {n: 4 for n in inspect.signature(module["value"]).parameters if n not in at}
    value = np.asarray(numpy["value"](**at, **extra))
    delta = rng.standard_normal(value.shape)
    if to == "torch":
        given = {n: library.as_tensor(a) for n, a in at.items()}
        out = module["value"](**{n: t.requires_grad_(n in names) for n, t in given.items()}, **extra)
        back = library.autograd.grad(out, [given[n] for n in names], library.as_tensor(delta))
        out = out.detach()
    else:
        with library.enable_x64(True):
            moved = [library.numpy.asarray(at[n]) for n in names]
            out, pull = library.vjp(
                lambda *x: module["value"](**{**at, **dict(zip(names, x, strict=True))}, **extra), *moved
            )
            back = pull(library.numpy.asarray(delta))
    np.testing.assert_allclose(np.asarray(out), value, rtol=1e-10)
    for name, gradient in zip(names, back, strict=True):
        np.testing.assert_allclose(np.asarray(gradient), numpy[f"vjp_{name}"](delta, **at, **extra), 1e-9, 1e-12)
