"""Inverses as they are computed: what an inverse only multiplies is solved for, and of what is positive definite one
Cholesky factor is made, which every solution and the determinant share (G. H. Golub and C. F. Van Loan, Matrix
Computations, 4th ed. 2013, chapters 3.4 and 4.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

from jacobian_cli.calculus.derivative.common_subexpressions import fresh_name
from jacobian_cli.calculus.notation.definite import is_definite
from jacobian_cli.calculus.notation.operations import (
    apply,
    chain,
    is_call,
    is_diagonal,
    is_number,
    multiply,
    number,
    scalar_part,
    unsigned,
)
from jacobian_cli.calculus.notation.write import transpose
from jacobian_cli.expr import Apply, Defined, Expr, rebuild, walk, with_parts
from jacobian_cli.shape import ONE

_PAYS = 3
"""So many solutions take no longer than one inverse: each is 2/3 n³ operations, the inverse 2 n³."""


class _Uses(NamedTuple):
    """How often an inverse is a factor of a product, and how often it is anything else."""

    products: int
    others: int


def solved(forms: Sequence[Expr], taken: Collection[str]) -> list[Expr]:
    """The same forms, an inverse that has a name written out where it is a factor and need not be known itself, and a
    vector that it is applied to more than once under a name.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> program = [parse_statement(line) for line in ("M = inv(A@A.T)", "M@x + M.T@y")]
    >>> text(solved([elaborate(program).output], ["A", "x", "y", "M"])[0])
    'inv(G)@x + inv(G).T@y'
    """
    used = {*taken, *(n.name for n in walk(forms) if isinstance(n, Defined))}
    forms = _kept_whole(forms, used)
    if not any(isinstance(n, Defined) and _is_inverse(n.body) for n in walk(forms)):
        return list(forms)
    forms = _shared(_applied(forms), used)
    users = _users(forms)
    everywhere: dict[Expr, Expr] = {}
    factors: dict[Expr, Expr] = {}
    for node in [n for n in walk(forms) if isinstance(n, Defined) and _is_inverse(n.body)]:
        products, others = _counted(node, users, forms)
        if lower_factor(node.body):
            (factors if others else everywhere)[node] = node.body
        elif not others and products <= _PAYS:
            (of,) = node.body.children
            if products > 1 and isinstance(of, Apply) and of.function != ".T":
                of = _called(of, used)
            everywhere[node] = apply("inv", of)
    return _put(forms, everywhere, factors)


def _kept_whole(forms: Sequence[Expr], used: set[str]) -> list[Expr]:
    """The same forms; an inverse that must be known itself has a name, since then products with it cost less."""
    users = _users(forms)
    named: dict[Expr, Expr] = {}
    for node in walk(forms):
        if _is_inverse(node) and not lower_factor(node) and not any(isinstance(u, Defined) for u in users[node]):
            products, others = _counted(node, users, forms)
            if products and others:
                named[node] = _called(node, used)
    return [rebuild(form, named.get) for form in forms] if named else list(forms)


def _called(node: Expr, used: set[str]) -> Expr:
    name = fresh_name(node, used)
    used.add(name)
    return Defined(name, node)


def _applied(forms: Sequence[Expr]) -> list[Expr]:
    """Products of matrices with a vector, in which an inverse has a name, from the vector on, and each inverse in front
    of what it is applied to.
    """
    made: dict[Expr, Expr] = {}
    for node in walk(forms):
        here = with_parts(node, made)
        found = _from_its_vector(chain(here)) if is_call(here, "@") else None
        made[node] = found if found is not None and found.shape == node.shape else here
    return [made[form] for form in forms]


def _from_its_vector(factors: Sequence[Expr]) -> Expr | None:
    """A product of matrices and a column, a row or both."""
    columns = [k for k, f in enumerate(factors) if len(f.shape) == 1]
    rows = [k for k, f in enumerate(factors) if is_call(f, ".T") and len(f.children[0].shape) == 1]
    if not any(map(_named_inverse, factors)) or any(len(f.shape) > 2 for f in factors):
        return None
    if any(len(f.shape) == 2 and f.shape[0] is ONE and k not in rows for k, f in enumerate(factors)):
        return None  # a row that is no column transposed
    match columns, rows:
        case [k], [] if k == len(factors) - 1:
            return _times(factors[:-1], factors[-1])
        case [0], []:
            return _times([transpose(f) for f in factors[:0:-1]], factors[0])
        case [], [0]:
            return apply(".T", _times([transpose(f) for f in factors[:0:-1]], factors[0].children[0]))
        case [k], [0] if k == len(factors) - 1:
            return apply("@", factors[0], _times(factors[1:-1], factors[-1]))
        case [k], [j] if j == k + 1:
            row = _times([transpose(f) for f in factors[:j:-1]], factors[j].children[0])
            return apply("@", _times(factors[:k], factors[k]), apply(".T", row))
    return None


def _times(matrices: Sequence[Expr], vector: Expr) -> Expr:
    """A product with a vector, from right to left; the signs and factors of inverses in front of it."""
    minus, numbers = False, []
    for matrix in reversed(matrices):
        plain = matrix
        while _named_inverse(plain) and not isinstance(plain, Defined) and not is_call(plain, ".T"):
            factor, plain = scalar_part(plain)
            negative, factor = unsigned(factor or number(1))
            minus ^= negative
            numbers += [] if is_number(factor, 1) else [factor]
        vector = apply("@", _symmetric(plain), vector)
    if not numbers:
        return apply("u-", vector) if minus else vector
    first = reduce(multiply, numbers)
    return apply("*", apply("u-", first) if minus else first, vector)


def _symmetric(matrix: Expr) -> Expr:
    """Of the transpose of an inverse that is symmetric the inverse."""
    if is_call(matrix, ".T") and isinstance(inner := matrix.children[0], Defined) and lower_factor(inner.body):
        return inner
    return matrix


def _named_inverse(node: Expr) -> bool:
    while _same_but_scaled(node):
        node = node.children[-1]
    return isinstance(node, Defined) and _is_inverse(node.body)


def _shared(forms: Sequence[Expr], used: set[str]) -> list[Expr]:
    """Forms in which an inverse is applied to each vector once: the solution has a name."""
    users = _users(forms)
    named: dict[Expr, Expr] = {}
    for node in walk(forms):
        if isinstance(node, Defined):
            named.setdefault(node.body, node)
    made: dict[Expr, Expr] = {}
    for node in walk(forms):
        if isinstance(node, Defined):
            body = made[node.body]
            made[node] = body if isinstance(body, Defined) and body.name == node.name else with_parts(node, made)
            continue
        made[node] = with_parts(node, made)
        if is_call(node, "@") and len(node.shape) == 1 and _named_inverse(node.children[0]):
            known = named.get(node)
            if isinstance(known, Defined):
                made[node] = Defined(known.name, made[node])
            elif len(users[node]) + sum(form is node for form in forms) > 1:
                made[node] = _called(made[node], used)
    return [made[form] for form in forms]


def only_solved(value: Expr, forms: Sequence[Expr]) -> set[Expr]:
    """The inverses that need not be known beyond a pass: what they are inverse to, or its factor, does as well."""
    found = set()
    for node in walk([value, *forms]):
        if not _is_inverse(node):
            continue
        there = [value] if lower_factor(node) else [value, *forms]
        products, others = _counted(node, _users(there), there)
        if not others and (products <= _PAYS or lower_factor(node)):
            found.add(node)
            found.update(node.children if lower_factor(node) else ())
    return found


def factored(forms: Sequence[Expr], facts: Mapping[str, Collection[str]], taken: Iterable[str]) -> list[Expr]:
    """The same forms, inverses and determinants of what is positive definite by its Cholesky factor.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> formula = elaborate([parse_statement("y.T@inv(K)@y + logdet(K)")]).output
    >>> text(factored([formula], {"K": ["spd"]}, ["y", "K"])[0])
    'y.T@inv(L@L.T)@y + 2*sum(log(diag(L)))'
    """
    used = {*taken, *(n.name for n in walk(forms) if isinstance(n, Defined))}
    made: dict[Expr, Expr] = {}
    lower: dict[Expr, Expr] = {}

    def factor(of: Expr) -> Expr:
        while isinstance(of, Defined):
            of = of.body
        if of not in lower:
            found = apply("cholesky", of)
            name = fresh_name(found, used)
            used.add(name)
            lower[of] = Defined(name, found)
        return lower[of]

    for node in walk(forms):
        here = with_parts(node, made)
        if isinstance(node, Apply) and node.function in _BY_FACTOR and is_definite(node.arguments[0], facts):
            here = _BY_FACTOR[node.function](factor(made[node.arguments[0]]))
        made[node] = here
    return [made[form] for form in forms]


def _logdet(lower: Expr) -> Expr:
    return apply("*", number(2), apply("sum", apply("log", apply("diag", lower))))


_BY_FACTOR: Mapping[str, Callable[[Expr], Expr]] = {
    "inv": lambda lower: apply("inv", apply("@", lower, apply(".T", lower))),
    "logdet": _logdet,
    "slogdet": _logdet,
    "det": lambda lower: apply("**", apply("prod", apply("diag", lower)), number(2)),
}
"""What functions of a positive definite matrix are in its Cholesky factor; its determinant is positive."""


def _is_inverse(node: Expr) -> bool:
    return is_call(node, "inv") and len(node.shape) == 2


def lower_factor(node: Expr) -> Expr | None:
    """Of inv(L@L.T) the name L of a Cholesky factor."""
    if not is_call(node, "inv"):
        return None
    (of,) = node.children
    while isinstance(of, Defined):
        of = of.body
    if not is_call(of, "@"):
        return None
    lower, upper = of.children
    by_cholesky = isinstance(lower, Defined) and is_call(lower.body, "cholesky")
    return lower if by_cholesky and upper is apply(".T", lower) else None


def _users(forms: Sequence[Expr]) -> dict[Expr, list[Expr]]:
    found: dict[Expr, list[Expr]] = defaultdict(list)
    for node in walk(forms):
        for child in node.children:
            found[child].append(node)
    return found


def _counted(node: Expr, users: Mapping[Expr, list[Expr]], forms: Sequence[Expr]) -> _Uses:
    """The uses of an inverse, and of what is one up to a sign, a number or a transpose."""
    products, others = 0, sum(form is node for form in forms)
    for user in users.get(node, ()):
        if is_call(user, "@") and not any(map(_is_diagonal, user.children)):
            products += 1
        elif _same_but_scaled(user):
            below = _counted(user, users, forms)
            products, others = products + below.products, others + below.others
        else:
            others += 1
    return _Uses(products, others)


def _same_but_scaled(node: Expr) -> bool:
    if is_call(node, ".T") or is_call(node, "u-"):
        return True
    return is_call(node, "*") and not node.children[0].shape and bool(node.children[1].shape)


def _is_diagonal(node: Expr) -> bool:
    while isinstance(node, Defined):
        node = node.body
    return is_diagonal(node)


def _put(forms: Sequence[Expr], everywhere: Mapping[Expr, Expr], factors: Mapping[Expr, Expr]) -> list[Expr]:
    """Forms with inverses in the place of their names: everywhere, or where they are factors of products."""
    made: dict[Expr, Expr] = {}
    for node in walk(forms):
        if node in everywhere:
            made[node] = rebuild(everywhere[node], made.get)
        elif is_call(node, "@"):
            made[node] = with_parts(node, {child: _as_factor(child, made, factors) for child in node.children})
        else:
            made[node] = with_parts(node, made)
    return [made[form] for form in forms]


def _as_factor(node: Expr, made: Mapping[Expr, Expr], factors: Mapping[Expr, Expr]) -> Expr:
    """What has become of a factor, of an inverse up to a sign, a number or a transpose what is known of it too."""
    if node in factors:
        return rebuild(factors[node], made.get)
    if not _same_but_scaled(node):
        return made[node]
    return with_parts(node, {child: _as_factor(child, made, factors) for child in node.children})
