"""Sums of products in index notation: einsum, with the letters that the user typed for axes of these sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.batched import Labels, Operand, untransposed
from jacobian_cli.expr import Apply, Expr
from jacobian_cli.ops.rules import parsed
from jacobian_cli.shape import Size
from jacobian_cli.syntax.errors import InputError

LETTERS = "ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZ"


def typed_letters(exprs: Iterable[Expr]) -> dict[Size, str]:
    """The letters of axes in what was typed, by their sizes."""
    found: dict[Size, str] = {}
    for expr in exprs:
        subscripts = dict(expr.parameters).get("subscripts") if isinstance(expr, Apply) else None
        if subscripts is not None:
            for letters, argument in zip(parsed(subscripts)[0], expr.children, strict=True):
                for letter, size in zip(letters, argument.shape, strict=True):
                    found.setdefault(size, letter)
    return found


def summed(operands: Sequence[Operand], output: Labels, sizes: Mapping[int, Size], typed: Mapping[Size, str]) -> Expr:
    """The sum of products of tensors whose axes bear labels, over all labels that `output` lacks.

    Raises `InputError` where there are more labels than letters.
    """
    have = {k for _, labels in operands for k in labels}
    operands = [*operands, *((write.ones(sizes[k]), (k,)) for k in output if k not in have)]
    operands = sorted(map(untransposed, operands), key=lambda operand: operand[1])
    names: dict[int, str] = {}
    for label in dict.fromkeys([*output, *(label for _, labels in operands for label in labels)]):
        wanted = typed.get(sizes[label], "")
        free = (letter for letter in LETTERS if letter not in names.values() and letter not in typed.values())
        letter = wanted if wanted and wanted not in names.values() else next(free, "")
        if not letter:
            raise InputError(
                f"the derivative is a sum of products over more than {len(LETTERS)} indices: it cannot be written down",
                hint="differentiate the formula in steps, as definitions, each by the one before",
            )
        names[label] = letter
    left = ",".join("".join(names[k] for k in labels) for _, labels in operands)
    subscripts = f"{left}->{''.join(names[k] for k in output)}"
    return write.apply("einsum", *(e for e, _ in operands), subscripts=subscripts)
