"""Names for what repeats: a closed form says each thing once, and a *where* list says what the names mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from jacobian_cli.expr import Apply, Defined, Expr, rebuild, walk
from jacobian_cli.ops import FUNCTIONS, row
from jacobian_cli.syntax.errors import InputError

MAX_NAMES = 12
MAX_DEFINITIONS = 1000
_LONG = 600
"""Forms of more nodes than this are not named by what reads best, but wherever a part repeats."""
_WORTH = 6
"""How many characters a name must save."""


@dataclass(frozen=True, slots=True)
class Named:
    """Expressions in which repeated parts bear names, and the names in the order of their definition."""

    forms: Mapping[str, Expr]
    where: Mapping[str, Expr]
    given: Mapping[Expr, Expr]
    """For each part that got a name: the part in full, and the name."""

    def renamed(self, expr: Expr) -> Expr:
        """An expression written in full, with the names put in."""
        return rebuild(expr, self.given.get)


def name_repeats(
    forms: Mapping[str, Expr],
    group: Sequence[str],
    primal: Container[Expr],
    taken: Iterable[str],
    text: Callable[[Expr], str],
) -> Named:
    """Name what repeats within a form, or across the forms of the group.

    Parts of the formula itself (`primal`) are named after their function (h = σ(Wx + b)); other parts that the
    group shares are its δ₁, δ₂, …, counted from the output. `taken` are names that already mean something.
    """
    current = dict(forms)
    bodies: dict[Defined, Expr] = {}
    lengths: dict[Expr, int] = {}
    if max(map(_size, current.values()), default=0) > _LONG:
        current, bodies = _all_named(current)
    scopes = [*([key] for key in current), *([list(group)] if len(group) > 1 else [])]
    while len(bodies) < MAX_NAMES and max(map(_size, current.values()), default=0) <= _LONG:
        best: tuple[int, Expr] | None = None
        for scope in scopes:
            for node, count in _uses([*(current[key] for key in scope), *bodies.values()]).items():
                if count < 2 or not _nameable(node):
                    continue
                length = lengths.get(node) or lengths.setdefault(node, len(text(node)))
                gain = (count - 1) * length - 2 * count - 2
                if isinstance(node, Apply) and row(node.function).named:
                    gain = max(gain, _WORTH)
                if gain >= (_WORTH if len(scope) == 1 else 1) and (best is None or gain > best[0]):
                    best = (gain, node)
        if best is None:
            break
        node = best[1]
        named = Defined(f"?{len(bodies)}", node)
        current = {key: _replace(form, node, named) for key, form in current.items()}
        bodies = {name: _replace(body, node, named) for name, body in bodies.items()}
        bodies[named] = node
    return _christened(current, bodies, len(group) > 1, primal, taken)


def _with(node: Expr, made: Mapping[Expr, Expr]) -> Expr:
    """The node with what was made of its parts."""
    return rebuild(node, lambda part: None if part is node else made.get(part))


def _size(expr: Expr) -> int:
    """How many nodes are written, where what is below a name is not."""
    sizes: dict[Expr, int] = {}
    for node in walk([expr], lambda n: not isinstance(n, Defined)):
        sizes[node] = 1 + sum(sizes.get(child, 0) for child in node.children)
    return sizes[expr]


def _all_named(forms: Mapping[str, Expr]) -> tuple[dict[str, Expr], dict[Defined, Expr]]:
    """Very long forms: everything that is used twice gets a name, so that the length is that of the graph."""
    uses = _uses(forms.values())
    made: dict[Expr, Expr] = {}
    bodies: dict[Defined, Expr] = {}
    for node in walk(forms.values(), lambda n: not isinstance(n, Defined)):
        new = _with(node, made)
        if uses[node] > 1 and _nameable(node):
            named = Defined(f"?{len(bodies)}", node)
            bodies[named] = new
            new = named
            if len(bodies) > MAX_DEFINITIONS:
                raise InputError(
                    f"the derivative has more than {MAX_DEFINITIONS:,} parts that repeat: it cannot be written down",
                    hint="differentiate the formula in steps, as definitions",
                )
        made[node] = new
    return {key: made[form] for key, form in forms.items()}, bodies


def _christened(
    forms: Mapping[str, Expr],
    bodies: Mapping[Defined, Expr],
    shared: bool,
    primal: Container[Expr],
    taken: Iterable[str],
) -> Named:
    """The forms with real names for the provisional ones, given in the order of definition."""
    used = {*taken, *FUNCTIONS, "e", "pi"}
    used.update(node.name for form in forms.values() for node in walk([form]) if isinstance(node, Defined))
    final: dict[Expr, Expr] = {}
    full: dict[Expr, Expr] = {}

    def renamed(expr: Expr) -> Expr:
        return rebuild(expr, lambda node: final.get(node, node if isinstance(node, Defined) else None))

    waiting = dict(bodies)
    while waiting:
        for named, body in list(waiting.items()):
            if any(node in waiting for node in walk([body], lambda n: not isinstance(n, Defined))):
                continue
            # `named.body` is the part as it was written before anything in it got a name
            stem = "delta1" if shared and named.body not in primal and named.shape else _letter(named.body)
            name = _fresh(stem, used)
            used.add(name)
            final[named] = Defined(name, renamed(body))
            full[final[named]] = rebuild(renamed(body), full.get)
            del waiting[named]
    named_forms = {key: renamed(form) for key, form in forms.items()}
    return Named(named_forms, definitions(named_forms.values()), {part: name for name, part in full.items()})


def definitions(forms: Iterable[Expr]) -> dict[str, Expr]:
    """The names that expressions use, each after those it uses itself."""
    return {node.name: node.body for node in walk(forms) if isinstance(node, Defined)}


def _uses(roots: Iterable[Expr]) -> Counter[Expr]:
    """How often each node is written, when what is below a name is not."""
    uses: Counter[Expr] = Counter()
    for root in roots:
        uses[root] += 1
        seen: set[Expr] = set()
        stack = [root]
        while stack:
            node = stack.pop()
            if node in seen or isinstance(node, Defined):
                continue
            seen.add(node)
            for child in node.children:
                uses[child] += 1
                stack.append(child)
    return uses


def _nameable(node: Expr) -> bool:
    if not isinstance(node, Apply):
        return False
    if row(node.function).named:
        return True
    return bool(node.arguments) and node.function not in (".T", "u-") and any(a.children for a in node.arguments)


def _letter(node: Expr) -> str:
    assert isinstance(node, Apply)
    symbol = row(node.function).symbol
    if symbol:
        return symbol
    return ("c", "r", "M")[min(len(node.shape), 2)]


def _fresh(stem: str, used: set[str]) -> str:
    if stem not in used:
        return stem
    base = stem.rstrip("0123456789")
    return next(name for k in range(1, 10_000) if (name := f"{base}{k}") not in used)


def _replace(root: Expr, old: Expr, new: Expr) -> Expr:
    if root is old:
        return new
    return rebuild(root, lambda node: new if node is old else node if isinstance(node, Defined) else None)
