"""A formula taken apart as on a blackboard: f = uᵀh, h = σ(z), z = Wx + b, outermost first.

A part holds one idea: one function, product or sum. What only adds, turns round or scales by a fixed number goes
with its neighbour; what the user or the closed form named, and what is used twice, is a part of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jacobian_cli.calculus.differentiate.lower import lower
from jacobian_cli.calculus.differentiate.pullback import jacobian
from jacobian_cli.calculus.index.tensor import Delta, Leaf, Product, Tensor
from jacobian_cli.calculus.steps.expand import active_nodes
from jacobian_cli.elaborate.builder import CONSTANTS
from jacobian_cli.expr import Apply, Defined, Expr, Parameters, Variable, rebuild, walk
from jacobian_cli.ops import FUNCTIONS, Kind, row
from jacobian_cli.shape import Shape, product

_LETTERS = ("rstcq", "qvge", "QFGE")
_PRODUCTS = ("stqr", "zav", "MPZ")
"""Letters for parts without a name, scalars, vectors, matrices: for matrix products and what is around them."""
_APART = 4
"""A part that occurs more often than this inside another is differentiated everywhere at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `node` of the formula, and `body`, the same in the names of its own parts."""

    name: str
    label: str
    """What it is called in ∂label/∂x: its name, or for the output the name of that."""
    node: Expr
    body: Expr
    inputs: Mapping[str, tuple[Variable, ...]]
    """For each part or variable that it is made of, the variables that stand for it in `apart`, one an occurrence."""
    apart: Expr
    core: str
    """The function that it is about; empty for another name of the same value."""
    call: Apply | None = None
    """The call that `body` is the definition of."""

    @property
    def variable(self) -> Variable:
        return Variable(self.name, self.node.shape)

    @property
    def alias(self) -> Defined:
        """The part by its name: a derivative that has its value in it, as σ′ = σ(1 − σ), is written with that."""
        return Defined(self.name, self.apart)

    def in_names(self, expr: Expr) -> Expr:
        """What was derived from `apart`, in the names of the board."""
        names: dict[Expr, Expr] = {v: Variable(name, v.shape) for name, vs in self.inputs.items() for v in vs}
        names[self.alias] = self.variable
        return rebuild(expr, names.get)


def take_apart(
    output: Expr,
    wrt: Variable,
    label: str,
    named: Mapping[Expr, str],
    calls: Mapping[Expr, Apply],
    taken: Iterable[str],
    limit: int,
) -> tuple[list[Part], int]:
    """The first `limit` parts of a formula, each after those that are made of it, and how many were left.

    `named` are nodes that have a name already; `calls` the calls that were written out.
    """
    active = active_nodes(output, wrt)
    if output not in active or output is wrt or limit < 1:
        return [], 0
    uses = Counter(child for node in active for child in node.children if child in active)
    cuts: dict[Expr, _Cut] = {}
    todo = [output]
    while todo:
        node = todo.pop()
        if node in cuts or node is wrt:
            continue
        cuts[node] = cut = _cut(node, wrt, active, uses, {*named, *calls})
        todo += cut.frontier
    order = _outermost_first(output, cuts)
    chosen, left = order[:limit], len(order) - limit
    names = _names({node: cuts[node] for node in chosen}, output, label, named, {*taken, *FUNCTIONS, *CONSTANTS})
    stand = {node: Variable(names[node], node.shape) for node in chosen} | {wrt: wrt}
    parts = []
    for node in chosen:
        root = node.body if isinstance(node, Defined) else node
        body = rebuild(root, {n: v for n, v in stand.items() if n is not root}.get)
        inputs, apart = _occurrences(body, [stand[n] for n in (*cuts[node].frontier,) if n in stand])
        call = calls.get(root)
        if call is not None:
            call = Apply(call.function, tuple(rebuild(a, stand.get) for a in call.arguments), (), call.shape)
        name = names[node]
        whole = label if node is output else name
        parts.append(Part(name, whole, node, body, inputs, apart, cuts[node].core, call))
    return parts, max(left, 0)


def _outermost_first(output: Expr, cuts: Mapping[Expr, _Cut]) -> list[Expr]:
    """Parts from the output downwards, each after all that are made of it, the left before the right."""
    done: list[Expr] = []
    seen: set[Expr] = set()
    stack = [(output, False)]
    while stack:
        node, finished = stack.pop()
        if finished:
            done.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(part, False) for part in cuts[node].frontier if part in cuts]
    return done[::-1]


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a part ends: the parts and variables at its lower edge."""

    frontier: tuple[Expr, ...]
    core: str
    product: bool = False
    """Whether it is a matrix product, with what is added to it."""


def _cut(node: Expr, wrt: Variable, active: Collection[Expr], uses: Mapping[Expr, int], ends: Collection[Expr]) -> _Cut:
    """One part from its top downwards: at most one function that does more than pass on."""
    root = node.body if isinstance(node, Defined) else node
    if not isinstance(root, Apply):
        return _Cut((root,), "")

    def inner(child: Expr) -> bool:
        """Whether a child is no part of its own."""
        return isinstance(child, Apply) and (uses[child] == 1 or _turns(child)) and child not in ends

    def tail(child: Expr) -> bool:
        """Whether below a child there is nothing that does more than pass on, down to one name."""
        while isinstance(child, Apply) and inner(child) and passes_on(child, active):
            held = [a for a in child.arguments if a not in active]
            (child, *more) = [a for a in child.arguments if a in active]
            if more or any(isinstance(a, Apply) for a in held):
                return False
        return child is wrt or isinstance(child, Defined) or child in ends

    frontier: dict[Expr, None] = {}
    core = ""
    stack: list[tuple[Expr, str]] = [(root, "")]  # a node that is inside, and the core above it
    while stack:
        here, above = stack.pop()
        assert isinstance(here, Apply)
        below = [a for a in here.arguments if a in active]
        plain = passes_on(here, active)
        if not plain and not above:
            above = core = here.function
        elif plain and len(below) > 1:
            above = core = core or here.function
        for child in reversed(below):
            if (
                isinstance(child, Apply)
                and inner(child)
                and (
                    not above
                    or _turns(child)
                    or (tail(child) and len(below) == 1)
                    or (plain and passes_on(child, active))
                    or _one_idea(above, here, child, active)
                )
            ):
                stack.append((child, above))
            else:
                frontier[child] = None
    affine = passes_on(root, active) and any(map(_multiplies, root.children))
    return _Cut(tuple(reversed(frontier)), core or root.function, affine or _multiplies(root))


def _one_idea(core: str, above: Apply, child: Apply, active: Collection[Expr]) -> bool:
    """Whether a child of the core belongs to it: products in a product, and Σ of a product with fixed weights."""
    entry = row(core)
    if entry.algebra == "sum" and entry.kind is Kind.REDUCTION:
        lone = sum(a in active for a in child.arguments) == 1
        return above.function == core and lone and row(child.function).algebra == "product"
    multiplies = entry.algebra == "product" or (entry.kind is Kind.CONTRACTION and len(child.arguments) > 1)
    return multiplies and child.function == core


def _turns(node: Expr) -> bool:
    """Whether a node only rearranges the entries of a name, as xᵀ does: worth no name even where it repeats."""
    return (
        isinstance(node, Apply)
        and len(node.arguments) == 1
        and isinstance(node.arguments[0], Variable | Defined)
        and row(node.function).kind is Kind.CONTRACTION
        and product(node.shape) is product(node.arguments[0].shape)
    )


def passes_on(node: Apply, active: Collection[Expr]) -> bool:
    """Whether the local derivatives are ones, deltas and scalars that are held fixed: sums, transposes, 2x."""
    shapes = tuple(a.shape for a in node.arguments)
    held = {f"?{k}" for k, a in enumerate(node.arguments) if a not in active}
    for place, argument in enumerate(node.arguments):
        if argument in active:
            scalars = _scalars(node.function, shapes, node.parameters, node.shape, place)
            if scalars is None or not scalars <= held:
                return False
    return True


@lru_cache(maxsize=1024)
def _scalars(
    function: str, shapes: tuple[Shape, ...], parameters: Parameters, shape: Shape, place: int
) -> frozenset[str] | None:
    """The scalar arguments in the local derivative, if beside them it has but deltas."""
    if row(function).kind is not Kind.ELEMENTWISE and product(shape) is not product(shapes[place]):
        return None
    arguments = tuple(Variable(f"?{k}", s) for k, s in enumerate(shapes))
    whole, leaf = lower(Apply(function, arguments, parameters, shape)), lower(arguments[place])
    assert isinstance(leaf, Leaf)
    (local,) = jacobian(whole, [leaf])
    return passing(local)


def passing(local: Tensor) -> frozenset[str] | None:
    """The names of the scalars in a product of scalars and deltas; None for any other tensor."""
    if isinstance(local, Delta):
        return frozenset()
    if not isinstance(local, Product):
        return frozenset({local.name}) if isinstance(local, Leaf) and not local.shape else None
    names = []
    for node, _, _ in local.factors:
        if isinstance(node, Leaf) and not node.shape:
            names.append(node.name)
        elif not isinstance(node, Delta):
            return None
    return frozenset(names)


def _names(
    cuts: Mapping[Expr, _Cut], output: Expr, label: str, named: Mapping[Expr, str], taken: set[str]
) -> dict[Expr, str]:
    """The user's names and those of the closed form; for the rest letters that are free."""
    names: dict[Expr, str] = {}
    taken = {*taken, *named.values()}
    for node, cut in cuts.items():
        if isinstance(node, Defined):
            names[node] = node.name
        elif node in named:
            names[node] = named[node]
        else:
            letters = _PRODUCTS if cut.product else _LETTERS
            wanted = label if node is output else row(cut.core).symbol
            names[node] = _free([wanted, *letters[min(len(node.shape), 2)]], taken)
        taken.add(names[node])
    return names


def _multiplies(node: Expr) -> bool:
    return isinstance(node, Apply) and row(node.function).kind is Kind.CONTRACTION and len(node.arguments) > 1


def _free(wanted: Iterable[str], taken: Collection[str]) -> str:
    """The first letter that means nothing yet, or one with a number."""
    letters = [letter for letter in wanted if letter]
    numbered = (f"{letter}{k}" for k in range(1, 10_000) for letter in letters)
    return next(name for names in (letters, numbered) for name in names if name not in taken)


def _occurrences(body: Expr, inputs: list[Expr]) -> tuple[dict[str, tuple[Variable, ...]], Expr]:
    """The variables of a body, told apart occurrence by occurrence."""
    paths: dict[Expr, int] = {}
    for node in reversed(list(walk([body]))):
        paths[node] = paths.get(node, 0) + (node is body)
        for child in node.children:
            paths[child] = paths.get(child, 0) + paths[node]
    wanted = [v for v in inputs if isinstance(v, Variable) and v in paths]
    repeated = {v for v in wanted if 1 < paths[v] <= _APART}
    found: dict[str, tuple[Variable, ...]] = {v.name: (v,) for v in wanted}
    if not repeated:
        return found, body
    met: dict[Expr, list[Variable]] = {v: [] for v in repeated}
    apart = _told_apart(body, met, _active_in(body, repeated))
    return found | {v.name: tuple(met[v]) for v in met if isinstance(v, Variable)}, apart


def _active_in(body: Expr, variables: Collection[Expr]) -> set[Expr]:
    found = set(variables)
    for node in walk([body]):
        if any(child in found for child in node.children):
            found.add(node)
    return found


def _told_apart(node: Expr, met: Mapping[Expr, list[Variable]], inside: Collection[Expr]) -> Expr:
    if node in met:
        assert isinstance(node, Variable)
        met[node].append(Variable(f"{node.name}?{len(met[node])}", node.shape))
        return met[node][-1]
    if node not in inside or not isinstance(node, Apply):
        return node
    arguments = tuple(_told_apart(a, met, inside) for a in node.arguments)
    return Apply(node.function, arguments, node.parameters, node.shape)
