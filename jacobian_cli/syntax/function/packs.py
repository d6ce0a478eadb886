"""Parameters that hold several arrays, each of which is a variable of its own: `params["W"]`, `W, b = params`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jacobian_cli.syntax.function.decorators import last_word

_ARRAYS_OF = frozenset(
    "dot matmul mm mv bmm linear solve inv det slogdet einsum outer cholesky trace norm cdist logdet".split()
)
"""Functions whose arguments are arrays."""
_ARRAYS = frozenset("T mT H mH shape ndim".split())
"""What only arrays have."""
_TOTALS = frozenset("sum mean".split())
_HOLDERS = frozenset("args batch data inputs sample example dataset weights layers".split())
"""Names of what holds several arrays, and no numbers."""
_PACKS = frozenset("params parameters p par pars".split())
OF_ARRAYS = _ARRAYS | frozenset(
    "data values real imag size dtype device grad eigenvalues eigenvectors logabsdet solution".split()
)
"""Attributes that are none of parts."""


def unpacks_arrays(function: ast.AST | None, owner: str, target: ast.Tuple | ast.List) -> bool:
    """Whether what is unpacked are arrays: one of them is used as such, or is unpacked again."""
    names = {part.id for part in target.elts if isinstance(part, ast.Name)}
    if owner in _HOLDERS or len(names) < len(target.elts):
        return True
    return any(names & used for used in map(set, _used(function, names)))


def picks_arrays(function: ast.AST | None, owner: str) -> bool:
    """Whether `p[0]` is the first of several arrays: W of `W = p[0]` is used as one, or p[0] itself of parameters."""
    if owner in _HOLDERS:
        return True
    names = {*assigned(function, owner).values(), *_unpacked(function, owner)}
    if names and owner[:1].islower() and any(names & used for used in map(set, _used(function, names))):
        return True
    return owner in _PACKS and any(
        _first_of(side, owner) for part in (ast.walk(function) if function else ()) for side in _operands(part)
    )


def assigned(function: ast.AST | None, owner: str) -> dict[int, str]:
    """The names that parts are assigned to: `W, b = p[0], p[1]`."""
    found: dict[int, str] = {}
    for part in ast.walk(function) if function else ():
        match part:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                pairs = [*zip(targets, values, strict=False)]
            case ast.Assign(targets=[target], value=value):
                pairs = [(target, value)]
            case _:
                continue
        for target, value in pairs:
            match target, value:
                case (
                    ast.Name(id=name),
                    ast.Subscript(value=ast.Name(id=holder), slice=ast.Constant(value=int() as place)),
                ) if holder == owner:
                    found.setdefault(place, name)
    return found


def _unpacked(function: ast.AST | None, owner: str) -> Iterator[str]:
    """The names that stand for parts of parts: `W, b = params[0]`."""
    for part in ast.walk(function) if function else ():
        match part:
            case ast.Assign(targets=[ast.Tuple(elts=inner)], value=value) if _first_of(value, owner):
                yield from (name.id for name in inner if isinstance(name, ast.Name))


def _used(function: ast.AST | None, names: set[str]) -> Iterator[set[str]]:
    """The names that are used as arrays are."""
    for part in ast.walk(function) if function else ():
        yield {side.id for side in _operands(part) if isinstance(side, ast.Name)}
        match part:
            case ast.Attribute(value=ast.Name(id=name), attr=word) if word in _ARRAYS:
                yield {name}
            case ast.Call(func=ast.Attribute(value=inner, attr=word), args=arguments) if word in _TOTALS:
                whole = [inner, *arguments[:1]]
                inside = {n.id for one in whole for n in ast.walk(one) if isinstance(n, ast.Name)}
                values = {name for name in inside if name not in _MODULES}
                if values and values <= names:  # np.sum(mu**2 - logvar), where no other array stands
                    yield values


_MODULES = frozenset("np jnp torch tf F math jax numpy".split())


def _operands(part: ast.AST) -> Iterator[ast.expr]:
    """What stands beside @, and the arguments of functions of arrays, without signs and transposes."""
    match part:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield from map(_bare, (left, right))
        case ast.Call(func=function, args=arguments) if last_word(function) in _ARRAYS_OF:
            yield from map(_bare, arguments)
            if isinstance(function, ast.Attribute):
                yield _bare(function.value)


def _bare(node: ast.expr) -> ast.expr:
    while True:
        match node:
            case ast.UnaryOp(operand=inner) | ast.Attribute(value=inner, attr="T" | "mT"):
                node = inner
            case ast.Call(func=ast.Attribute(value=inner, attr="t" | "transpose")):
                node = inner
            case _:
                return node


def _first_of(node: ast.expr, owner: str) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int())):
            return name == owner
    return False
