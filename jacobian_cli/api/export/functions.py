"""The functions of an exported module: all that is asked of a derivative, by one variable or by several."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from jacobian_cli.api.derive.source import Written, computed_forms, function_as_is, function_of, functions, sized
from jacobian_cli.api.export.directions import direction_of, hvp, jvp
from jacobian_cli.api.export.kept import Kept, keep
from jacobian_cli.calculus.derivative.common_subexpressions import definitions, name_repeats
from jacobian_cli.calculus.derivative.solutions import factored
from jacobian_cli.expr import Defined, Expr, rebuild, size_names, walk
from jacobian_cli.printers.language import text
from jacobian_cli.printers.numpy.module import Function
from jacobian_cli.printers.numpy.passes import spelled
from jacobian_cli.shape import Shape, shape_text

_LONGEST = 100
"""A formula that is longer is read better line by line, in the code."""


def exported(answers: Sequence[Written], *, together: bool) -> list[Function]:
    """`value`, `jacobian`, `gradient`, `hessian`, `vjp`, `jvp`, `hvp`, and `value_and_gradient` by all variables."""
    found: dict[str, Function] = {}
    for written in answers:
        suffix = f"_{written.answer.wrt}" if together else ""
        for function in (*functions(written, suffix), *_along(written, suffix)):
            found[function.name] = function
    gradients = [(w.answer.wrt, w.answer.forms.gradient) for w in answers]
    if all(gradient is not None for _, gradient in gradients):
        function = _joint(answers, [(name, gradient) for name, gradient in gradients if gradient is not None])
        found[function.name] = function
    return typed(answers, list(found.values()))


def rule(answers: Sequence[Written], recompute: Collection[str] = ()) -> tuple[Function, Function]:
    """A formula, and its backward pass by all variables: what a rule of a library for autodiff is made of. What is
    kept between them has a name in both; what `recompute` names is computed again instead.
    """
    first = answers[0].answer
    problem, upstream = first.problem, first.upstream
    remark = "\n".join(dict.fromkeys(w.remark for w in answers if w.remark))
    whole = apart([problem.output, *(w.answer.forms.vjp for w in answers)])
    taken = [*problem.variables, *problem.program.values, *first.where, upstream, *size_names(whole)]
    output, *forms = computed_forms(first, factored(whole, problem.facts, taken))
    kept = keep(output, forms, upstream, recompute)
    value = function_as_is(first, "value", (), kept.value, f"{problem.name} = {problem.text}\n{remark}".strip())
    names = ", ".join(w.answer.wrt for w in answers)
    said = [value.docstring, f"Its backward pass, by {names}, is a closed form.", _told(kept)]
    value = replace(value, docstring="\n\n".join(filter(None, said)), kept=kept.names)
    result, *others = kept.forms
    back = function_as_is(first, "backward", (upstream,), result, "")
    defined = tuple(definitions([result, *others]).items())
    named = tuple((w.answer.wrt, form) for w, form in zip(answers[1:], others, strict=True))
    back = replace(back, definitions=defined, others=named, kept=kept.names)
    forward, backward = typed(answers, [value, back])
    return forward, replace(backward, sizes={**backward.sizes, **_lengths(upstream, problem.output.shape)})


def _told(kept: Kept) -> str:
    """What is kept, and why."""
    if not kept.names:
        return "Nothing is kept for it but arguments that it reads."
    bodies = definitions([kept.value, *kept.forms])
    said = [f"  {n} = {text(bodies[n])}, {shape_text(bodies[n].shape)}" for n in kept.names]
    if isinstance(kept.value, Defined) and kept.value.name in kept.names:
        said[kept.names.index(kept.value.name)] += ", the value itself"
    return "\n".join(["Kept for it, since it reads them or what cheap operations make of them:", *said])


def _lengths(name: str, shape: Shape) -> dict[str, str]:
    """Sizes as an array tells them that is there in any case."""
    return {size.name: f"{name}.shape[{k}]" for k, size in enumerate(shape) if size.name is not None}


def typed(answers: Sequence[Written], found: Sequence[Function]) -> list[Function]:
    """The functions with sizes, the types of their arguments and, in their docstrings, the shapes."""
    answer = answers[0].answer
    shapes = {name: variable.shape for name, variable in answer.problem.variables.items()}
    shapes[answer.upstream] = answer.problem.output.shape
    made = []
    for function in sized(answer.problem, found):
        known = {**shapes, **function.shapes}
        told = ", ".join(f"{n}: {shape_text(known[n])}" for n in function.arguments if n in known)
        formula = text(function.result)
        said = [f"It is {formula}."] if len(formula) <= _LONGEST and not function.others else []
        doc = "\n\n".join([function.docstring, *said, f"Of {told}."])
        made.append(replace(function, typed=True, shapes=known, docstring=doc))
    return made


def _along(written: Written, suffix: str) -> list[Function]:
    answer = written.answer
    v, name, wrt = direction_of(answer), answer.problem.name, answer.wrt
    kinds = {"jvp": (jvp, f"The derivative of {name} where {wrt} moves along {v.name}.")}
    if answer.hessian is not None:
        kinds["hvp"] = (hvp, f"The Hessian of {name} by {wrt}, times {v.name}.")
    made = []
    for kind, (form, doc) in kinds.items():
        function = function_of(answer, kind + suffix, (), form(answer, v), f"{doc}\n{written.remark}".strip())
        arguments = (*function.arguments, v.name)
        made.append(replace(function, arguments=arguments, shapes={v.name: v.shape}))
    return made


def _joint(answers: Sequence[Written], gradients: Sequence[tuple[str, Expr]]) -> Function:
    """The value and all gradients in one pass, in which nothing is computed twice."""
    first = answers[0].answer
    problem = first.problem
    value = first.derivative.named.renamed(problem.output)
    result, *forms = computed_forms(first, apart([value, *(gradient for _, gradient in gradients)]))
    names = ", ".join(name for name, _ in gradients)
    remark = "\n".join(dict.fromkeys(w.remark for w in answers if w.remark))
    doc = f"{problem.name}, and its gradients by {names}, each in the shape of its variable."
    function = function_as_is(first, "value_and_gradient", (), result, f"{doc}\n{remark}".strip())
    others = tuple((name, form) for (name, _), form in zip(gradients, forms, strict=True))
    defined = tuple(definitions([result, *forms]).items())
    return replace(function, definitions=defined, others=others, result_shape_text=None)


def streamed(answers: Sequence[Written], axis: str) -> tuple[Function, Function]:
    """The value with all gradients, and the value alone, for code that runs over blocks of an axis."""
    first = answers[0].answer
    gradients = [(w.answer.wrt, w.answer.forms.gradient) for w in answers]
    joint = _joint(answers, [(name, gradient) for name, gradient in gradients if gradient is not None])
    alone = function_of(first, "value", (), first.problem.output, f"{first.problem.name} = {first.problem.text}")
    made = []
    for function in (joint, alone):
        forms = [spelled(form, axis) for form in function.results]
        taken = [*first.problem.variables, *first.problem.program.values, first.upstream, *size_names(forms)]
        keys = [str(k) for k in range(len(forms))]
        taken += [node.name for node in walk(forms) if isinstance(node, Defined)]
        named = name_repeats(dict(zip(keys, forms, strict=True)), keys, taken).forms
        result, *others = (named[key] for key in keys)
        pairs = tuple((name, form) for (name, _), form in zip(function.others, others, strict=True))
        defined = tuple(definitions([result, *others]).items())
        doc = f"{function.docstring}\n\nIn blocks of {axis}: nothing that has it is held whole but the gradients."
        made.append(replace(function, result=result, others=pairs, definitions=defined, docstring=doc))
    both, value = typed(answers, made)
    return both, value


def apart(forms: Sequence[Expr]) -> list[Expr]:
    """Expressions in which one name means one thing, whatever it meant in each of them."""
    meant: dict[str, Expr] = {}
    again: dict[Expr, Expr] = {}
    for node in walk(forms):
        if isinstance(node, Defined):
            body = rebuild(node.body, again.get)
            name = node.name
            while meant.get(name, body) is not body:
                name += "_"
            meant[name] = body
            again[node] = Defined(name, body)
    return [rebuild(form, again.get) for form in forms]
