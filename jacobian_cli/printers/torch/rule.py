"""A formula with its backward pass, as a `torch.autograd.Function`."""

from __future__ import annotations

from collections.abc import Sequence

from jacobian_cli.expr import Variable, walk
from jacobian_cli.printers.numpy.module import Body, Function, Module, definition, documented, indented, like_of
from jacobian_cli.printers.torch.target import TORCH


def rule_source(forward: Function, backward: Function, wrt: Sequence[str]) -> str:
    """A module in which `value` computes `forward`, and what autograd sends back is worked out by `backward`.

    The first argument of `backward` is the upstream gradient, its results are the gradients of `wrt` in this order.
    The rule can be differentiated again, since all that it does are operations on what was saved.
    """
    module = Module([forward, backward], TORCH, also=["value"])
    rule, ctx, inputs, output = (module.claim(name) for name in ("Rule", "ctx", "inputs", "output"))
    ahead, back = Body.of(forward, module), Body.of(backward, module, like=like_of(forward))
    arguments, upstream = list(forward.arguments), backward.arguments[0]
    used = _used(backward, arguments, like_of(forward))
    sizes = [name for name in arguments if name not in forward.shapes]
    saved = [name for name in used if name not in sizes]
    unpacked = f"{_tuple(arguments)} = {inputs}"
    keep = [unpacked, f"{ctx}.save_for_backward({', '.join(saved)})", *(f"{ctx}.{n} = {n}" for n in sizes)]
    static = "@staticmethod"
    result = ahead.results[""]
    result = f"{result}.view_as({result})" if result in arguments else result  # no argument goes out as it came in
    plain = [*ahead.known, *ahead.checked, *ahead.definitions.values(), f"return {result}"]
    parts = [
        [*documented(forward), "", "generate_vmap_rule = True"],
        [static, *definition("forward", arguments, plain).splitlines()],
        [static, *definition("setup_context", [ctx, inputs, output], keep).splitlines()],
        [
            static,
            *definition("backward", [ctx, upstream], _backward(module, ctx, forward, back, wrt, saved)).splitlines(),
        ],
    ]
    body = "\n\n".join(indented(part) for part in parts)
    hints = [f"{name}: {'int' if name in sizes else f'{module.np}.Tensor'}" for name in arguments]
    called = [*documented(forward), f"return {rule}.apply({', '.join(arguments)})"]
    apply = definition("value", hints, called, f"{module.np}.Tensor")
    return module.source([f"class {rule}({module.np}.autograd.Function):\n{body}", apply])


def _backward(
    module: Module, ctx: str, forward: Function, back: Body, wrt: Sequence[str], saved: Sequence[str]
) -> list[str]:
    arguments = list(forward.arguments)
    gradients = {name: module.claim(f"grad_{name}") for name in wrt}
    forms = dict(zip(wrt, back.results, strict=True))
    lines = [f"{_tuple(saved)} = {ctx}.saved_tensors"] if saved else []
    lines += [f"{name} = {ctx}.{name}" for name in arguments if name not in forward.shapes]
    others = [k for k, name in enumerate(arguments) if name not in wrt and name in forward.shapes]
    if others:
        names = ", ".join(arguments[k] for k in others)
        asked = " or ".join(f"{ctx}.needs_input_grad[{k}]" for k in others)
        lines += [f"if {asked}:", f'    raise NotImplementedError("no gradient was exported by {names}")']
    lines += [*back.known, f"{' = '.join(gradients.values())} = None"]
    alone = _alone(back)
    lines += [line for name, line in back.definitions.items() if name not in alone]
    for name in wrt:
        lines.append(f"if {ctx}.needs_input_grad[{arguments.index(name)}]:")
        lines += [f"    {line}" for each, line in back.definitions.items() if alone.get(each) == forms[name]]
        lines.append(f"    {gradients[name]} = {back.results[forms[name]]}")
    returned = ", ".join(gradients.get(name, "None") for name in arguments)
    return [*lines, f"return {returned}"]


def _alone(back: Body) -> dict[str, str]:
    """Definitions that one result alone needs."""
    users: dict[str, list[str]] = {}
    for result, names in back.uses.items():
        for name in names:
            users.setdefault(name, []).append(result)
    return {name: results[0] for name, results in users.items() if len(results) == 1}


def _used(function: Function, arguments: Sequence[str], like: str) -> list[str]:
    """The arguments that a function reads: by name, for a size of theirs, or since numbers are like theirs."""
    roots = [*function.results, *(body for _, body in function.definitions)]
    met = {node.name for node in walk(roots) if isinstance(node, Variable)}
    places = " ".join([*function.sizes.values(), *(place for place, _ in function.fits)])
    return [name for name in arguments if name in met or f"{name}.shape" in places or name == like]


def _tuple(names: Sequence[str]) -> str:
    return ", ".join(names) + "," * (len(names) == 1)
