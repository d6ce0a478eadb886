"""A formula with its backward pass, as a `torch.autograd.Function`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jacobian_cli.printers.numpy.module import Body, Function, Module, definition, documented, indented, mentioned
from jacobian_cli.printers.torch.in_place import assigned
from jacobian_cli.printers.torch.target import TORCH

_STATIC = "@staticmethod"


class _Passes(NamedTuple):
    """What is written: the forward and the backward pass, and what is said of values between them."""

    forward: Function
    ahead: Body
    back: Body
    wrt: Sequence[str]
    upstream: str
    whole: str
    """The name of the value, where that is kept."""
    kept: Sequence[str]
    """What the forward pass gives out beside the value."""

    @property
    def arrays(self) -> list[str]:
        """The arguments that are no sizes."""
        return [name for name in self.forward.arguments if name in self.forward.shapes]

    @property
    def sizes(self) -> list[str]:
        """The arguments that are."""
        return [name for name in self.forward.arguments if name not in self.forward.shapes]

    @property
    def again(self) -> list[str]:
        """Lines that compute what is kept from the arguments."""
        needed = frozenset[str]().union(*(self.ahead.uses[name] for name in self.kept))
        lines = [line for name in self.ahead.definitions if name in needed for line in _defined(self.ahead, name)]
        first = [line for line in self.ahead.known if line not in self.back.known]
        return [*(line for line in first if mentioned([line.split(" = ")[0]], lines)), *lines]


def rule_source(forward: Function, backward: Function, wrt: Sequence[str]) -> str:
    """A module in which `value` computes `forward`, and what autograd sends back is worked out by `backward`.

    The first argument of `backward` is the upstream gradient, its results are the gradients of `wrt` in this order.
    The rule can be differentiated again: what was kept is then computed anew, as a function of the arguments.
    """
    module = Module([forward, backward], TORCH, also=["value"])
    rule, ctx, inputs, output = (module.claim(name) for name in ("Rule", "ctx", "inputs", "output"))
    arguments, upstream = list(forward.arguments), backward.arguments[0]
    ahead = Body.of(forward, module)
    result = ahead.results[""]
    names = [ahead.names[name] for name in forward.kept]
    whole = result if result in names else ""
    kept = [name for name in names if name != whole]
    passes = _Passes(forward, ahead, Body.of(backward, module, upstream, backward.kept), wrt, upstream, whole, kept)
    saved = mentioned(passes.arrays, [*passes.back.lines, *passes.again])
    result = f"{result}.view_as({result})" if result in arguments else result  # no argument goes out as it came in
    made = [line for name in ahead.definitions for line in _defined(ahead, name)]
    plain = [*ahead.known, *ahead.checked, *made, f"return {', '.join([result, *kept])}"]
    context = [f"{_tuple(arguments)} = {inputs}"]
    if kept:
        context += [
            f"_, {_tuple(kept)} = {output}",
            f"{ctx}.mark_non_differentiable({', '.join(kept)})",
            f"{ctx}.set_materialize_grads(False)",
        ]
    first = f"{output}[0]" if kept else output
    stored = [*saved, *kept, *([first] if whole else [])]
    context += [f"{ctx}.save_for_backward({', '.join(stored)})", *(f"{ctx}.{n} = {n}" for n in passes.sizes)]
    back = _backward(module, ctx, passes, [*saved, *kept, *([whole] if whole else [])])
    taken = [ctx, upstream, *([f"*{module.claim('_')}"] if kept else [])]
    parts = [
        [*documented(forward), "", "generate_vmap_rule = True"],
        [_STATIC, *definition("forward", arguments, plain).splitlines()],
        [_STATIC, *definition("setup_context", [ctx, inputs, output], context).splitlines()],
        [_STATIC, *definition("backward", taken, back).splitlines()],
    ]
    body = "\n\n".join(indented(part) for part in parts)
    hints = [f"{name}: {'int' if name in passes.sizes else f'{module.np}.Tensor'}" for name in arguments]
    called = [*documented(forward), f"return {rule}.apply({', '.join(arguments)}){'[0]' * bool(kept)}"]
    apply = definition("value", hints, called, f"{module.np}.Tensor")
    return module.source([f"class {rule}({module.np}.autograd.Function):\n{body}", apply])


def _backward(module: Module, ctx: str, passes: _Passes, stored: Sequence[str]) -> list[str]:
    arguments, back, wrt = list(passes.forward.arguments), passes.back, passes.wrt
    gradients: Mapping[str, str] = {name: module.claim(f"grad_{name}") for name in wrt}
    forms = dict(zip(wrt, back.results, strict=True))
    lines: list[str] = []
    if passes.kept:
        nothing = ", ".join(["None"] * len(arguments))
        lines += [f"if {passes.upstream} is None:", f"    return {nothing}"]
    lines += [f"{_tuple(stored)} = {ctx}.saved_tensors"] if stored else []
    lines += [f"{name} = {ctx}.{name}" for name in passes.sizes]
    others = [k for k, name in enumerate(arguments) if name not in wrt and name in passes.arrays]
    if others:
        names = ", ".join(arguments[k] for k in others)
        asked = " or ".join(f"{ctx}.needs_input_grad[{k}]" for k in others)
        lines += [f"if {asked}:", f'    raise NotImplementedError("no gradient was exported by {names}")']
    lines += [*back.known, f"{' = '.join(gradients.values())} = None"]
    if passes.kept:
        lines.append(f"if {module.np}.is_grad_enabled():  # to be differentiated again, as a function of the arguments")
        lines += [f"    {line}" for line in passes.again]
    alone = _alone(back)
    lines += [line for name in back.definitions if name not in alone for line in _defined(back, name)]
    for name in wrt:
        lines.append(f"if {ctx}.needs_input_grad[{arguments.index(name)}]:")
        own = [line for n in back.definitions if alone.get(n) == forms[name] for line in _defined(back, n)]
        lines += [f"    {line}" for line in [*own, *_result(back, forms[name], gradients[name])]]
    returned = ", ".join(gradients.get(name, "None") for name in arguments)
    return [*lines, f"return {returned}"]


def _defined(body: Body, name: str) -> list[str]:
    """The lines of a definition."""
    return assigned(body.writer, name, body.bodies[name])


def _result(body: Body, key: str, name: str) -> list[str]:
    """The lines that give a result a name."""
    found = assigned(body.writer, name, body.bodies[key])
    return found if len(found) > 1 else [f"{name} = {body.results[key]}"]


def _alone(back: Body) -> dict[str, str]:
    """Definitions that one result alone needs."""
    users: dict[str, list[str]] = {}
    for result in back.results:
        for name in back.uses[result]:
            users.setdefault(name, []).append(result)
    return {name: results[0] for name, results in users.items() if len(results) == 1}


def _tuple(names: Sequence[str]) -> str:
    return ", ".join(names) + "," * (len(names) == 1)
