"""Products that several chains share: Aᵀδ in XᵀAᵀδ and AᵀδWᵀ, which are then associated so that it may have a name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from jacobian_cli.calculus.notation import write
from jacobian_cli.expr import Apply, Defined, Expr, visible, with_parts

_MOST = 400
"""Of more parts of chains than these nobody looks for what is shared."""
_ROUNDS = 4
Run = tuple[Expr, ...]


def associated(forms: Mapping[str, Expr], barred: Collection[Run] = ()) -> tuple[dict[str, Expr], dict[Run, Expr]]:
    """The forms with what several of their chains share multiplied first, where that is more than one operation; and
    what is shared, but for what is barred: its factors and their product.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.shape import Size
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> square = dict.fromkeys("XSDW", (Size.named("n"),) * 2)
    >>> forms = {f: elaborate([parse_statement(f)], square).output for f in ("X.T@S.T@D", "S.T@D@W.T")}
    >>> found, shared = associated(forms)
    >>> [text(form) for form in found.values()], [text(product) for product in shared.values()]
    (['X.T@(S.T@D)', 'S.T@D@W.T'], ['S.T@D'])
    """
    found, shared = dict(forms), dict[Run, Expr]()
    for _ in range(_ROUNDS):
        run = _shared(found, {*barred, *shared})
        if run is None:
            break
        shared[run] = write.matmul(*run)
        found = _grouped(found, run, shared[run])
    return found, shared


def grouped(forms: Mapping[str, Expr], products: Iterable[Expr]) -> dict[str, Expr]:
    """The forms with these products multiplied first in all chains in which their factors stand, so that a name for one
    is met in 2PxrᵀP too, where 2P is what is multiplied first.
    """
    found = dict(forms)
    for product in products:
        run = tuple(write.chain(product)) if write.is_call(product, "@") else ()
        if len(run) > 1 and all(factor.shape for factor in run):
            found = _grouped(found, run, product)
    return found


def _chains(forms: Mapping[str, Expr]) -> Iterator[tuple[Apply, Run]]:
    """Each product of matrices that stands in no other, with its factors, without a sign or number in front."""
    nodes = visible(*forms.values())
    inside = {node.children[0] for node in nodes if write.is_call(node, "@")}
    for node in nodes:
        if isinstance(node, Apply) and node.function == "@" and node not in inside:
            first, *others = write.chain(node)
            yield node, (write.scalar_part(first)[1], *others)


def _shared(forms: Mapping[str, Expr], barred: Collection[Run]) -> Run | None:
    """The longest run of factors that two chains have and that is no beginning of both; None if there is none."""
    chains = [(node, run) for node, run in _chains(forms) if all(factor.shape for factor in run)]
    counts, heads = Counter[Run](), defaultdict[Run, Counter[Expr]](Counter)
    for node, run in chains:
        runs = (run[i:j] for i, j in combinations(range(len(run) + 1), 2) if j - i > 1)
        counts.update(dict.fromkeys(runs, 1))  # in the order in which they are met, so that it is told in every run
        for j in range(2, len(run) + 1):
            heads[run[:j]][write.chain(node)[0]] += 1  # with what stands in front of it
        if len(counts) > _MOST:
            return None
    worth = [
        run
        for run, times in counts.items()
        if times > 1 and max(heads[run].values(), default=0) < times and _long(run) and run not in barred
    ]
    return max(worth, key=lambda run: (len(run), counts[run]), default=None)


def _long(run: Run) -> bool:
    return len(run) > 2 or any(factor.children and not isinstance(factor, Defined) for factor in run)


def _grouped(forms: Mapping[str, Expr], shared: Run, product: Expr) -> dict[str, Expr]:
    """The forms in which a run of factors is multiplied first."""
    chains = {node for node, run in _chains(forms) if any(True for _ in _places(run, shared))}
    made: dict[Expr, Expr] = {}
    for node in visible(*forms.values()):
        if node in chains:
            made[node] = _regrouped([made[factor] for factor in write.chain(node)], shared, product)
        else:
            made[node] = node if isinstance(node, Defined) else with_parts(node, made)
    return {key: made[form] for key, form in forms.items()}


def _places(run: Sequence[Expr], shared: Run) -> Iterator[int]:
    yield from (k for k in range(len(run) - len(shared) + 1) if tuple(run[k : k + len(shared)]) == shared)


def _regrouped(factors: list[Expr], shared: Run, product: Expr) -> Expr:
    front, factors[0] = write.scalar_part(factors[0])
    for place in _places(factors, shared):
        factors[place : place + len(shared)] = [product]
        break
    result, *others = factors
    if result is product and front is not None:  # not inside of it, where it would be another product
        result = write.apply("u-", result) if write.is_number(front, -1) else write.apply("*", front, result)
        front = None
    for factor in others:
        result = write.apply("@", result, factor)
    return result if front is None else write.scaled(front, result)
