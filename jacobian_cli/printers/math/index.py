"""A derivative in index notation, as a person writes one entry of it: ∂zᵢ/∂Wⱼₖ = δᵢⱼ xₖ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, count, zip_longest
from typing import TypeGuard

from jacobian_cli.calculus.derivative.forms import Derivative
from jacobian_cli.calculus.index.tensor import Delta, Labels, Product, Rational, Sum, Tensor, magnitude
from jacobian_cli.calculus.notation import exponents, write
from jacobian_cli.calculus.notation.write import multiply
from jacobian_cli.expr import Apply, Defined, Expr, Number, Variable, walk
from jacobian_cli.ops import Kind, row
from jacobian_cli.ops.identities import marked
from jacobian_cli.ops.rules import reduced_axes
from jacobian_cli.printers.math.unicode import math
from jacobian_cli.printers.precedence import Index
from jacobian_cli.shape import ONE

_LETTERS = "ijklprstuvoaehx"
_SUBSCRIPTS = dict(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_NOT_READ = str.maketrans("", "", "".join(_SUBSCRIPTS.values()) + "()  ")
"""What is not counted where two texts are compared: an index and parentheses are marks."""
_SEEN_THROUGH = frozenset({".T", "diag"})
"""What moves indices, and bears none itself."""


def elementwise_if_short(derivative: Derivative, wrt: str, output_name: str) -> str:
    """The same as `elementwise`, or "" where it tells less than the closed form does: where it is longer (what a name
    means counts if the entry says it without the name), or an index is put on a product or another operation of
    matrices, as in (AB)ᵢⱼ.
    """
    forms = derivative.forms[wrt]
    express, renamed = derivative.notation.express, derivative.named.renamed
    indexed = [renamed(express(node)) for node in _indexed(derivative, forms.tensor)]
    if any(map(_holds_matrices, indexed)):
        return ""
    text = elementwise(derivative, wrt, output_name)
    closed = forms.jacobian if forms.gradient is None else forms.gradient
    names = {node for node in walk(indexed) if isinstance(node, Defined)}
    explained = [
        closed,
        *(n.body for n in walk([closed], lambda n: n not in names) if isinstance(n, Defined) and n not in names),
    ]
    return text if _length(text.partition(" = ")[2]) <= sum(_length(math(e)) for e in explained) else ""


def _indexed(derivative: Derivative, tensor: Tensor) -> Iterator[Tensor]:
    """The tensors that bear an index in one entry of another."""
    if isinstance(tensor, Sum):
        for _, term in tensor.terms:
            yield from _indexed(derivative, term)
    elif isinstance(tensor, Product):
        for node, labels, power in derivative.notation.turned_sums(tensor)[1]:
            if _is_written_out(node, labels, power, derivative):
                yield from _indexed(derivative, node)
            elif labels and not isinstance(node, Delta):
                yield node
    elif not isinstance(tensor, Delta):
        yield tensor


def _holds_matrices(whole: Expr) -> bool:
    """Whether an operation of matrices is written in an entry of a value, under no name."""
    within = walk([whole], lambda node: bool(node.shape) and not isinstance(node, Defined))
    return any(_is_of_matrices(node) for node in within if node.shape)


def _is_of_matrices(expr: Expr) -> bool:
    """Whether something is an operation of matrices that has no index form of its own."""
    match expr:
        case Apply(function="@", arguments=(left, right)):
            return not _is_outer(left, right)
        case Apply(function=function):
            return function not in _SEEN_THROUGH and row(function).kind in (Kind.CORE, Kind.CONTRACTION)
    return False


def _length(text: str) -> int:
    return len(text.translate(_NOT_READ))


def elementwise(derivative: Derivative, wrt: str, output_name: str) -> str:
    """One entry of the derivative with respect to `wrt`, with its left-hand side."""
    forms = derivative.forms[wrt]
    letters = list(_LETTERS[: len(forms.tensor.shape)])
    left = f"∂{_entry_name(output_name, letters[: forms.out_order])}/∂{_entry_name(wrt, letters[forms.out_order :])}"
    return f"{left} = {_tensor(derivative, forms.tensor, letters)}"


def entry(expr: Expr, labels: Sequence[str]) -> Expr:
    """One entry of a value, as a scalar expression: what works entry by entry is done to the entries.

    `labels` are those of its axes that are not of length one.
    """
    given = iter(labels)
    places: list[str] = ["" if size is ONE else next(given) for size in expr.shape]
    match expr:
        case Variable(name=name) | Defined(name=name):
            return Variable(_entry_name(name, labels), ())
        case Apply(function=".T", arguments=(inner,)):
            return entry(inner, labels[::-1])
        case Apply(function="transpose", arguments=(inner,), parameters=((_, axes),)):
            turned = dict(zip((axis % len(axes) for axis in axes), places, strict=True))
            return entry(inner, [turned[axis] for axis in sorted(turned) if turned[axis]])
        case Apply(function="[]", arguments=(inner,), parameters=((_, index),)) if _only_spreads(index):
            kept = [place for place, item in zip_longest(places, index, fillvalue=()) if item is not None]
            return entry(inner, [place for place in kept if place])
        case Apply(function="@", arguments=(left, right)) if len(labels) == 2 and _is_outer(left, right):
            return multiply(entry(left, labels[:1]), entry(right, labels[1:]))
        case Apply(function="eye"):
            return Variable("δ" + _subscript(labels), ())
        case Apply(function="ones"):
            return Number(Fraction(1))
        case Apply(function="diag", arguments=(inner,)) if len(inner.shape) == 1:
            tie = Variable("δ" + _subscript(labels), ())
            return Apply("*", (tie, entry(inner, labels[:1])), (), ())
        case Apply(function=function, arguments=arguments) if row(function).kind is Kind.ELEMENTWISE:
            return Apply(function, tuple(entry(a, _broadcast(a, places)) for a in arguments), (), ())
        case Apply(function=function, arguments=(inner,), parameters=options) if marked(function):
            picked = write.apply(marked(function), inner, **dict(options))
            along = reduced_axes(expr.shape, dict(options))
            beside = [label for axis, label in enumerate(places) if label and axis not in along]
            return Apply("==", (entry(inner, labels), entry(picked, beside)), (), ())
    if not labels:
        return expr
    return Variable(f"({math(expr)})" + _subscript(labels), ())


def _is_outer(left: Expr, right: Expr) -> bool:
    """Whether a product of matrices is the outer product of two vectors."""
    return len(left.shape) == 1 and len(right.shape) == 2 and right.shape[0] is ONE


def _only_spreads(index: Index) -> bool:
    """Whether an index only puts in axes of length one."""
    return all(item in (None, (None, None)) for item in index)


def _broadcast(argument: Expr, places: Sequence[str]) -> list[str]:
    """The labels of an operand among those of the whole value, whose last axes it has."""
    own = places[len(places) - len(argument.shape) :]
    return [place for place, size in zip(own, argument.shape, strict=True) if size is not ONE]


def _entry_name(name: str, labels: Sequence[str]) -> str:
    return math(Variable(name, ())) + _subscript(labels)


def _subscript(labels: Sequence[str]) -> str:
    return "".join(_SUBSCRIPTS.get(letter, letter) for letter in labels)


def _tensor(derivative: Derivative, tensor: Tensor, letters: Sequence[str], taken: Sequence[str] = ()) -> str:
    """An entry at `letters`; those `taken` mean something around it."""
    if not isinstance(tensor, Sum):
        minus, text = _term(derivative, 1, tensor, letters, taken)
        return f"−{text}" if minus else text
    if not tensor.terms:
        return "0"
    terms = sorted((_term(derivative, c, t, letters, taken) for c, t in tensor.terms), key=lambda term: term[0])
    minus, joined = terms[0]
    joined = f"−{joined}" if minus else joined
    for minus, text in terms[1:]:
        joined += f" − {text}" if minus else f" + {text}"
    return joined


def _term(
    derivative: Derivative, coefficient: Rational, tensor: Tensor, letters: Sequence[str], taken: Sequence[str]
) -> tuple[bool, str]:
    """One product of entries, and whether it is subtracted."""
    if not isinstance(tensor, Product):
        tensor = Product(1, ((tensor, tuple(range(len(tensor.shape))), 1),), tensor.shape)
    names = dict(enumerate(letters))
    used = {*letters, *taken}
    fresh = (letter for letter in chain(_LETTERS, (f"i{k}" for k in count(1))) if letter not in used)
    summed: list[str] = []
    ties: list[str] = []
    above: list[tuple[tuple[int, bool], str]] = []
    below: list[str] = []
    number, factors = derivative.notation.turned_sums(tensor)
    coefficient = coefficient * number
    for node, labels, _ in factors:  # where δᵢⱼ stands, j is read as i
        if isinstance(node, Delta):
            names[max(labels)] = names[min(labels)]
    for node, labels, power in factors:
        for label in labels:
            if label not in names:
                names[label] = next(fresh)
                summed.append(names[label])
        places = [names[k] for k in labels]
        if isinstance(node, Delta):
            ties.append("δ" + _subscript([letters[k] for k in labels]))
            continue
        if _is_written_out(node, labels, power, derivative):
            text = f"({_tensor(derivative, node, places, (*letters, *taken, *names.values()))})"
        else:
            whole = derivative.named.renamed(derivative.notation.express(node))
            text = _power(entry(whole, places), magnitude(power))
        if power > 0:
            above.append(((min(map(_LETTERS.find, places), default=-1), len(text) > 4), text))
        else:
            below.append(text)
    size = abs(Fraction(coefficient))
    ranked = ties + [text for _, text in sorted(above, key=lambda ranked: ranked[0])]
    if summed:
        ranked = [f"Σ{_subscript(summed)}", *ranked]
    if size.numerator != 1 or not ranked:
        ranked = [str(size.numerator), *ranked]
    if size.denominator != 1:
        below = [str(size.denominator), *below]
    text = " ".join(ranked)
    if below:
        text += "/" + (below[0] if len(below) == 1 else f"({' '.join(below)})")
    return coefficient < 0, text


def _is_written_out(node: Tensor, labels: Labels, power: Rational, derivative: Derivative) -> TypeGuard[Sum]:
    """Whether a factor is a sum that no matrix holds: an entry of it is the sum of the entries of its terms."""
    return isinstance(node, Sum) and power == 1 and len(labels) > 2 and node not in derivative.notation.given


def _power(base: Expr, power: Rational) -> str:
    whole = exponents.power(base, power)
    text = math(whole)
    loose = isinstance(whole, Apply) and whole.function in ("+", "-", "u-", "@")
    return f"({text})" if loose else text
