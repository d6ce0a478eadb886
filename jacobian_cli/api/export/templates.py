"""The parts of a test that are the same for every formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jacobian_cli.printers.numpy.kernels import kernel_source


@dataclass(frozen=True, slots=True)
class Library:
    """What a test needs of one library: `value_of`, `found_at` (the exported gradients) and `autodiff`."""

    imports: str
    body: str


@dataclass(frozen=True, slots=True)
class Common:
    """What every test has."""

    head: str
    draw: Callable[..., Any]
    body: str


def _draw(np: Any, rng: Any, shape: Any, kind: Any, count: Any = None) -> Any:
    if kind == "places":
        return rng.integers(count, size=shape)
    a = rng.standard_normal(shape)
    if kind == "plain":
        return a
    if kind in ("binary", "signs", "one_hot"):
        a = 1.0 * (a > 0) if kind == "binary" else np.where(a > 0, 1.0, -1.0)
        if kind != "signs" and a.ndim:  # of no row nothing is picked
            a[..., 0] = 1
        return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])] if kind == "one_hot" else a
    a = rng.uniform(0.3, 1.7, shape)
    if kind == "unit":
        return a / 2
    if kind == "shares":
        return a / a.sum(-1, keepdims=True)
    if kind == "dominant" and a.ndim == 2 and a.shape[0] == a.shape[1]:
        return (a + a.T) / 8 + np.diag(rng.uniform(1, 2, len(a)) + len(a) / 4)
    return a


COMMON = Common(
    head="""import importlib.util
import os
import pathlib

import numpy as np
import pytest

SEED = int(os.environ.get("JAC_SEED", "0"))""",
    draw=_draw,
    body=f'''{kernel_source(_draw, {"": "draw"})}


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXPORTED = load(pathlib.Path(__file__).with_name(FILE))


def point(sizes, seed):
    rng = np.random.default_rng([seed, *sizes.values()])
    among = counts(**sizes)
    at = {{name: draw(rng, shape, KINDS[name], among.get(name)) for name, shape in shapes(**sizes).items()}}
    return rng, at, {{name: sizes[name] for name in EXTRA}}


def slope(function, x, step=1e-5):
    """Differences of a function of an array, of fourth order: a row for each entry of its value."""
    if not x.size:
        return np.zeros((np.size(function(x)), 0))
    columns = []
    for k in range(x.size):
        e = np.zeros(x.size)
        e[k] = step
        e = e.reshape(x.shape)
        far = np.asarray(function(x + 2*e)) - np.asarray(function(x - 2*e))
        near = np.asarray(function(x + e)) - np.asarray(function(x - e))
        columns.append(np.ravel(8*near - far)/(12*step))
    return np.stack(columns, 1)


def same(found, expected, what, rtol=1e-5):
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape, f"{{what}}: shape {{found.shape}}, not {{expected.shape}}"
    room = rtol*max(1.0, np.max(np.abs(expected), initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=room, err_msg=what)


def strided(a):
    """The same numbers, not side by side."""
    return np.stack([a, a], -1)[..., 0]


def check(sizes, seed):
    """The value, and each gradient, against differences of the formula and against autodiff."""
    rng, at, extra = point(sizes, seed)
    value = value_of(formula, at, extra)
    same(value_of(EXPORTED.value, at, extra), value, "value", 1e-12)
    delta = rng.standard_normal(np.shape(value))
    found = found_at(delta, at, extra)
    rows = {{n: slope(lambda y, n=n: value_of(formula, {{**at, n: y}}, extra), np.asarray(at[n])) for n in WRT}}
    for name in WRT:
        same(found[name], (np.ravel(delta) @ rows[name]).reshape(np.shape(at[name])), f"gradient of {{name}}")
    for name, expected in autodiff(delta, at, extra).items():
        same(found[name], expected, f"gradient of {{name}}, by autodiff", 1e-9)
    apart = {{name: strided(a) for name, a in at.items()}}
    for name, again in found_at(strided(delta), apart, extra).items():
        same(again, found[name], f"gradient of {{name}}, of strided arrays", 1e-9)
    single(delta, at, extra, found)
    more(rng, at, extra, rows)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sizes", CASES, ids=str)
def test_exported(sizes, seed):
    check(sizes, seed)
''',
)

_LOW = '''
def single(delta, at, extra, found):
    """In single precision, which it stays in."""
    low = found_at(delta, at, extra, "float32")
    for name, gradient in low.items():
        assert str(gradient.dtype).endswith("float32"), f"gradient of {name} is {gradient.dtype}"
        same(gradient, found[name], f"gradient of {name}, in single precision", 2e-2)


def more(rng, at, extra, rows):
    """Nothing else is exported."""
'''

_ALONE = '''def autodiff(delta, at, extra):
    """NumPy has none."""
    return {}


def single(delta, at, extra, found):
    """In single precision."""
    low = {name: np.float32(a) for name, a in at.items()}
    for name, gradient in found_at(np.float32(delta), low, extra).items():
        same(gradient, found[name], f"gradient of {name}, in single precision", 2e-2)


'''
"""What stands in a library without derivatives of its own."""

_BLOCKS = """BLOCKS = (1, 2, 100)


def cut(block):
    \"\"\"The last argument, which is how long a block is.\"\"\"
    return {[*inspect.signature(EXPORTED.value).parameters][-1]: block}


def alike(every, rtol):
    \"\"\"What blocks of other lengths give is the same.\"\"\"
    for others in every:
        for name, gradient in every[0].items():
            same(others[name], gradient, f"gradient of {name}, in other blocks", rtol)
    return every[0]


"""

LIBRARIES = {
    "numpy": Library(
        "",
        """def value_of(function, at, extra):
    return function(**at, **extra)


def called(kind, name):
    return getattr(EXPORTED, f"{kind}_{name}" if TOGETHER else kind, None)


def found_at(delta, at, extra):
    return {name: called("vjp", name)(delta, **at, **extra) for name in WRT}


"""
        + _ALONE
        + '''def more(rng, at, extra, rows):
    """The other functions, against the same differences and against differences of the gradient."""
    for name in WRT:
        x = np.asarray(at[name])
        v = rng.standard_normal(x.shape)
        along = {**at, **extra, DIRECTIONS[name]: v}
        same(called("jacobian", name)(**at, **extra), rows[name], f"jacobian of {name}")
        out = np.shape(formula(**at, **extra))
        same(called("jvp", name)(**along), (rows[name] @ v.ravel()).reshape(out), f"jvp of {name}")
        if (gradient := called("gradient", name)) is None:
            continue
        same(gradient(**at, **extra), rows[name].reshape(x.shape), f"gradient of {name}")
        value, gradients = EXPORTED.value_and_gradient(**at, **extra)
        same(value, formula(**at, **extra), "value, with its gradients", 1e-12)
        same(gradients[name], rows[name].reshape(x.shape), f"gradient of {name}, with the value")
        if (hessian := called("hessian", name)) is not None:
            bent = slope(lambda y: np.ravel(gradient(**{**at, name: y}, **extra)), x)
            same(hessian(**at, **extra), bent, f"hessian of {name}")
            same(called("hvp", name)(**along), (bent @ v.ravel()).reshape(x.shape), f"hvp of {name}")''',
    ),
    "torch": Library(
        "",
        """def tensors(at, kind="float64", leaves=True):
    made = {name: torch.as_tensor(a).to(getattr(torch, kind)) for name, a in at.items()}
    return {name: t.requires_grad_(leaves and name in WRT) for name, t in made.items()}


def value_of(function, at, extra):
    return function(**tensors(at, leaves=False), **extra).numpy()


def pulled(function, delta, at, extra, kind):
    given = tensors(at, kind)
    out = function(**given, **extra)
    upstream = torch.as_tensor(delta).to(out.dtype)
    return dict(zip(WRT, torch.autograd.grad(out, [given[name] for name in WRT], upstream), strict=True))


def found_at(delta, at, extra, kind="float64"):
    return pulled(EXPORTED.value, delta, at, extra, kind)


def autodiff(delta, at, extra):
    given = tensors(at)
    found = pulled(formula, delta, at, extra, "float64")
    if all(a.size for a in map(np.asarray, at.values())):
        assert torch.autograd.gradgradcheck(
            lambda *moved: EXPORTED.value(**{**given, **dict(zip(WRT, moved, strict=True))}, **extra),
            [given[name] for name in WRT],
        )
    return found

"""
        + _LOW.rstrip(),
    ),
    "jax": Library(
        'import jax\n\njax.config.update("jax_enable_x64", True)\n',
        """def value_of(function, at, extra):
    return np.asarray(function(**{name: jnp.asarray(a) for name, a in at.items()}, **extra))


def pulled(function, delta, at, extra, kind):
    given = {name: jnp.asarray(a, kind) for name, a in at.items()}

    def moved(*arrays):
        return function(**{**given, **dict(zip(WRT, arrays, strict=True))}, **extra)

    out, pull = jax.vjp(jax.jit(moved), *(given[name] for name in WRT))
    return dict(zip(WRT, pull(jnp.asarray(delta, out.dtype)), strict=True))


def found_at(delta, at, extra, kind="float64"):
    return pulled(EXPORTED.value, delta, at, extra, kind)


def autodiff(delta, at, extra):
    return pulled(formula, delta, at, extra, "float64")

"""
        + _LOW.rstrip(),
    ),
}


IN_BLOCKS = {
    "numpy": Library(
        "import inspect\n",
        _BLOCKS
        + """def value_of(function, at, extra):
    return function(**at, **extra)


def found_at(delta, at, extra):
    low = any(np.asarray(a).dtype == np.float32 for a in at.values())
    every = [EXPORTED.value_and_gradient(**at, **extra, **cut(block))[1] for block in BLOCKS]
    return {name: delta*gradient for name, gradient in alike(every, 1e-3 if low else 1e-9).items()}


"""
        + _ALONE
        + '''def more(rng, at, extra, rows):
    """The value beside its gradients, and alone, of blocks of several lengths."""
    for block in BLOCKS:
        own = {**extra, **cut(block)}
        same(EXPORTED.value(**at, **own), formula(**at, **extra), "value, in other blocks", 1e-9)
        same(EXPORTED.value_and_gradient(**at, **own)[0], formula(**at, **extra), "value, with its gradients", 1e-9)''',
    ),
    "torch": Library(
        "import inspect\n",
        _BLOCKS
        + LIBRARIES["torch"].body[: LIBRARIES["torch"].body.index("def found_at")]
        + """def found_at(delta, at, extra, kind="float64"):
    every = [pulled(EXPORTED.value, delta, at, {**extra, **cut(block)}, kind) for block in BLOCKS]
    return alike([{n: g.numpy() for n, g in found.items()} for found in every], 1e-3 if kind == "float32" else 1e-9)


def autodiff(delta, at, extra):
    return pulled(formula, delta, at, extra, "float64")

"""
        + _LOW.rstrip(),
    ),
}
"""The same for code that runs over blocks of an axis."""
