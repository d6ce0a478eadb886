"""A file of Lean: the formula, and a theorem for each derivative."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill

from jacobian_cli.expr import Expr, Variable, size_names
from jacobian_cli.printers.lean.names import LeanError, Names, forall, joined, squeezed
from jacobian_cli.printers.lean.writer import ATOM, CALL, TIMES, Writer

_LONGEST = 6000
"""Letters of a term that somebody may read."""
_TIED, _BINDER = "\N{NO-BREAK SPACE}", 12
_HEAD = """/-! {}, and its derivatives as `jac` prints them. Their proofs are attempted, and were not run
when this was written; where an attempt fails, Lean warns of `sorry`. -/"""


@dataclass(frozen=True, slots=True)
class Statement:
    """An answer to be stated: f, the variable, what the derivative is, and what was declared."""

    name: str
    output: Expr
    wrt: Variable
    derivative: Expr
    """The gradient, or, where `upstream` is told, the backward rule."""
    upstream: Variable | None
    variables: Mapping[str, Variable]
    facts: Mapping[str, frozenset[str]]
    text: str


def statement_source(statements: Sequence[Statement]) -> str:
    """A file for `lake build` beside Mathlib: f, and for each variable a theorem, whose proof is attempted.

    Raises `LeanError` for what is outside of the class.
    """
    first = statements[0]
    exprs = [e for each in statements for e in (each.output, each.derivative, *each.variables.values())]
    names = Names([*first.variables, *([first.upstream.name] if first.upstream else [])], exprs)
    writer = Writer(names)
    body = writer.value(first.output).text
    conditions = writer.conditions
    _short(body)
    f = names.fresh(_bare(first.name) or "f")
    told = size_names(first.variables.values())
    implicit = [called for name, called in names.sizes.items() if name in told]
    explicit = [called for name, called in names.sizes.items() if name not in told]
    sizes = joined([f"{{{' '.join(implicit)} : ℕ}}" * bool(implicit), *(f"({n} : ℕ)" for n in explicit)])
    arguments = [f"({names.of(name)} : {names.type_of(v.shape)})" for name, v in first.variables.items()]
    asked = [f"({names.fresh('h')} : {condition})" for condition in (*_facts(first, names), *conditions)]
    head = joined([sizes, *arguments])
    made = [
        _HEAD.format(f"{first.name} = {_comment(first.text)}"),
        f"{_wrapped(f'noncomputable def {f} {head} : {names.type_of(first.output.shape)} :=')}\n{_wrapped(body, '  ')}",
        *(_theorem(each, names, [f, *explicit], head, asked) for each in statements),
    ]
    return "import Mathlib\n\nopen scoped Matrix\n\n" + "\n\n".join(made) + "\n"


def _theorem(found: Statement, names: Names, f: Sequence[str], head: str, asked: Sequence[str]) -> str:
    wrt, out, shape = names.of(found.wrt.name), squeezed(found.output.shape), squeezed(found.wrt.shape)
    writer = Writer(names)
    form = writer.value(found.derivative)
    along, t = names.spare("V" if len(shape) > 1 else "v"), names.spare("t")
    backward = found.upstream is not None
    delta = names.of(found.upstream.name) if found.upstream else ""
    moved = f"({wrt} + {t} {'•' if shape else '*'} {along})"
    value = joined([*f, *(moved if name == found.wrt.name else names.of(name) for name in found.variables)])
    if backward and not out:
        value = f"{delta} * {value}"
    value = {0: value, 1: f"{delta} ⬝ᵥ {value}", 2: f"Matrix.trace ({delta}ᵀ * {value})"}[len(out)]
    total = {
        0: f"{form.at(TIMES)} * {along}",
        1: f"{form.at(CALL)} ⬝ᵥ {along}",
        2: f"Matrix.trace ({form.at(ATOM)}ᵀ * {along})",
    }[len(shape)]
    _short(total)
    free = [f"({along} : {names.type_of(found.wrt.shape)})"]
    free += [f"({delta} : {names.type_of(found.output.shape)})"] if backward else []
    kind = "backward rule" if backward else "gradient"
    called = names.fresh(f"hasDerivAt_{f[0]}_{_bare(wrt)}")
    lines = [
        f"/-- The {kind} by {_comment(found.wrt.name)}: `{along}` is any direction. -/",
        _wrapped(f"theorem {called} {joined([head, *free, *asked])} :"),
        _wrapped(f"HasDerivAt (fun {t} : ℝ => {value})", "    "),
        _wrapped(f"({total}){_TIED}0{_TIED}:={_TIED}by", "      "),
        "  first",
        f"    | (unfold {f[0]}",
        "       refine (DifferentiableAt.hasDerivAt (by fun_prop (disch := simp_all))).congr_deriv ?_",
        "       simp_all [dotProduct, Matrix.mulVec, Matrix.vecMul, Matrix.mul_apply, Matrix.trace]",
        "       ring)",
        "    | sorry",
    ]
    return "\n".join(lines)


def _facts(found: Statement, names: Names) -> list[str]:
    conditions = []
    for name, facts in found.facts.items():
        variable, called = found.variables[name], names.of(name)
        for fact in sorted(facts):
            if fact == "symmetric":
                conditions.append(f"{called}ᵀ = {called}")
            elif fact == "positive":
                axes = [(names.index(size), size) for size in squeezed(variable.shape)]
                entry = joined([called, *(index for index, _ in axes)])
                conditions.append(forall([(i, names.fin(size)) for i, size in axes], f"0 < {entry}"))
            else:
                raise LeanError(f"that {name} is {fact.replace('_', ' ')}, on which the answer relies,")
    return conditions


def _wrapped(text: str, indent: str = "") -> str:
    """Lines of the length that Mathlib has, broken between binders where these are short."""
    kept = re.sub(rf"\([^()]{{1,{_BINDER}}} : (?:[^()]|\([^()]*\))*\)", lambda m: m[0].replace(" ", _TIED), text)
    lines = fill(kept, 100, initial_indent=indent, subsequent_indent=indent + "    ", break_long_words=False)
    return lines.replace(_TIED, " ")


def _bare(name: str) -> str:
    return re.sub(r"\W", "", name)


def _short(text: str) -> None:
    if len(text) > _LONGEST:
        raise LeanError(f"a formula of {len(text):,} letters, names written out,")


def _comment(text: str) -> str:
    return text.replace("-/", "- /").replace("/-", "/ -")
