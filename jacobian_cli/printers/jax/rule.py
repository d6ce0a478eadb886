"""A formula with its backward pass, as a `jax.custom_vjp`."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.ops.places import places_of
from jacobian_cli.printers.jax.target import JAX
from jacobian_cli.printers.numpy.module import Body, Function, Module, definition, documented, mentioned


def rule_source(forward: Function, backward: Function, wrt: Sequence[str]) -> str:
    """A module in which `value` computes `forward`, and what JAX sends back is worked out by `backward`.

    The first argument of `backward` is the upstream gradient, its results are the gradients of `wrt` in this order.
    By other variables the gradient is nan: it was not exported, and zero would be wrong. By places there is none.
    """
    module = Module([forward, backward], JAX, also=["value", "jax", "partial"])
    ahead, behind, kept = (module.claim(name) for name in ("_forward", "_backward", "kept"))
    arguments, upstream = list(forward.arguments), backward.arguments[0]
    arrays = [name for name in arguments if name in forward.shapes]
    sizes = [name for name in arguments if name not in forward.shapes]
    picking = places_of([forward.result, *dict(forward.definitions).values()])
    like = next((name for name in arrays if forward.shapes[name] and name not in picking), arrays[0])
    there, back = Body.of(forward, module, like), Body.of(backward, module, upstream, backward.kept)
    hints = [f"{name}: {'int' if name in sizes else f'{module.np}.ndarray'}" for name in arguments]
    passed, result = [*there.known, *there.checked, *there.definitions.values()], there.results[""]
    lines = [*documented(forward), *passed, f"return {result}"]
    value = definition("value", hints, lines, f"{module.np}.ndarray")
    tie = "@jax.custom_vjp"
    if sizes:
        places = ", ".join(str(arguments.index(name)) for name in sizes)
        tie = f"@partial(jax.custom_vjp, nondiff_argnums=({places},))"
    forms = dict(zip(wrt, back.results.values(), strict=True))
    lost = {n: "None" if n in picking else f"{module.np}.full_like({n}, {module.np}.nan)" for n in arrays}
    results = [forms.get(name, lost[name]) for name in arrays]
    names = [*mentioned(arrays, [*back.lines, *results]), *(there.names[name] for name in forward.kept)]
    saved = f"({', '.join(names)}{',' * (len(names) == 1)})"
    first = definition(ahead, arguments, [*passed, f"return {result}, {saved}"])
    unpacked = [f"{saved.strip('()')} = {kept}"] if names else []
    lines = [*unpacked, *back.known, *back.definitions.values(), f"return ({', '.join(results)},)"]
    second = definition(behind, [*sizes, kept, upstream], lines)
    extra = ["from functools import partial"] if sizes else []
    bodies = [f"{tie}\n{value}", first, second, f"value.defvjp({ahead}, {behind})"]
    return module.source(bodies, ["import jax", *extra])
