"""Parameters that choose what a function computes, and the branches that their values decide."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from math import isfinite
from typing import NamedTuple

from jacobian_cli.syntax.function.decorators import last_word, root
from jacobian_cli.syntax.function.module import Bound
from jacobian_cli.syntax.libraries import MODULES
from jacobian_cli.syntax.tree import Flag, Literal, Text


class Choice(NamedTuple):
    """What a test comes out as, and what must be said of that."""

    taken: bool
    doubt: str


def decided(
    test: ast.expr, local: Mapping[str, Bound], absent: Collection[str], options: Collection[str]
) -> Choice | None:
    """What `mask is None`, `not squared` and `kind == "mean"` are, where that is known without a value; `absent` are
    None because they are left out, `options` what their defaults are.
    """
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            found = decided(inner, local, absent, options)
            return found._replace(taken=not found.taken) if found else None
        case ast.Name(id=name):
            match local.get(name):
                case (Flag() | Literal()) as value if value.value is not None:
                    return Choice(bool(value.value), _said(name, str(value.value)) if name in options else "")
            return Choice(False, _said(name, "None")) if name in absent else None
        case ast.Compare(left=ast.Name(id=name), ops=[sign], comparators=[beside]) if (
            type(sign) in _ORDERS and (bound := _number(beside)) is not None
        ):
            match local.get(name):
                case Literal(value=number):
                    said = _said(name, str(number)) if name in options else ""
                    return Choice(_ORDERS[type(sign)](number, bound), said)
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=bool() as flag)]
        ):
            match local.get(name):
                case Flag() as held if held.value is not None:
                    said = _said(name, str(held.value)) if name in options else ""
                    return Choice((held.value is flag) == isinstance(op, ast.Is), said)
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Eq() | ast.NotEq() as op], comparators=[ast.Constant(value=other)]
        ):
            match local.get(name):
                case (Text() | Literal()) as kind:
                    said = _said(name, str(kind.value)) if name in options else ""
                    return Choice((kind.value == other) == isinstance(op, ast.Eq), said)
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]
        ) if name in local:
            here = local[name]
            nothing = name in absent or (isinstance(here, Flag) and here.value is None)
            return Choice(nothing == isinstance(op, ast.Is), _said(name, "None") if name in absent else "")
    return None


_ORDERS: Mapping[type[ast.cmpop], Callable[[Fraction, Fraction], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _number(node: ast.expr) -> Fraction | None:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and isfinite(value):
            return Fraction(str(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand) if (found := _number(operand)) is not None:
            return -found
    return None


def _said(name: str, value: str) -> str:
    return f"{name} is {value}, as it is where it is left out"


def is_option(name: str, default: ast.expr, function: ast.FunctionDef | ast.Lambda) -> bool:
    """Whether a parameter says how something is computed: its default is no array, and all that is done with it is to
    hand it on to functions, as an axis is, or to ask what it is.
    """
    match default:
        case ast.Constant(value=bool() | str()):
            return True
        case ast.Constant(value=int()) | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())) | ast.Tuple():
            body = [function.body] if isinstance(function, ast.Lambda) else function.body
            places = [part for statement in body for part in ast.walk(statement)]
            used = sum(isinstance(part, ast.Name) and part.id == name for part in places)
            handed = sum(_handed(part, name) for part in places)
            return 0 < used == handed
    return False


def _handed(part: ast.AST, name: str) -> int:
    """How often a part hands a name on as an option of a call."""
    if not isinstance(part, ast.Call):
        return 0
    plain = isinstance(part.func, ast.Name) or root(part.func) in MODULES
    behind = [] if last_word(part.func) in _OF_VALUES else part.args[1:] if plain else part.args
    behind = [*behind, *(k.value for k in part.keywords if k.arg and k.arg.startswith(("axis", "dim", "keepdim")))]
    flat = [item for each in behind for item in (each.elts if isinstance(each, ast.Tuple) else [each])]
    return sum(isinstance(each, ast.Name) and each.id == name for each in flat)


_OF_VALUES = frozenset(
    "pow power float_power maximum minimum fmax fmin max min clip clamp clamp_min clamp_max add sub subtract mul "
    "multiply div divide true_divide where full full_like fill array tensor dot matmul outer".split()
)
"""Functions whose further arguments are values."""
