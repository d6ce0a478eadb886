"""Definitions and declarations to a typed program: every name sorted out, every shape inferred."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, combinations, count, product

from jacobian_cli.elaborate.alternatives import Alternatives
from jacobian_cli.elaborate.builder import CONSTANTS, OrderError, Scope
from jacobian_cli.elaborate.statement import named_places, typed_statement
from jacobian_cli.expr import Defined, Expr, Variable, variables, walk
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.ops.table import ALIASES
from jacobian_cli.shape import UNKNOWN, Shape, Size, Unifier
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.tree import Call, Definition, Group, Name, Slice, Term

GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lam lamda mu nu xi rho sigma tau upsilon phi chi psi "
    "omega".split()
)
_LETTERS = "nmkpqrdltvwghijabcfsuxyz"
_COUNTS = frozenset("nmNM")
"""Letters that count something wherever all that they do is to divide."""
_MAX_FLIPS = 2


@dataclass(frozen=True)
class Program:
    """Typed definitions. `output` is the last; `values` maps every definition's name to its expression."""

    statements: tuple[Definition, ...]
    last: Definition
    declared: Mapping[str, Shape]
    output: Expr
    output_name: str
    values: Mapping[str, Expr]
    variables: Mapping[str, Variable]
    sizes: Mapping[str, Size] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    valued: frozenset[str] = frozenset()
    """Variables whose number of axes is that of the value given for them."""
    square: frozenset[str] = frozenset()
    """Variables that are square matrices because of what is declared of them."""

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What may have been read otherwise than it was meant, each with both readings as text to paste."""
        return tuple(dict.fromkeys(str(doubt) for statement in self.statements for doubt in statement.doubts))

    @cached_property
    def origins(self) -> Mapping[str, str]:
        """For each variable, whether its shape was declared, inferred (no other number of axes fits the
        formula) or assumed (the textbook habit).
        """
        found: dict[str, str] = {}
        fits = Alternatives(self.statements, self.declared, self.sizes, self.values, self.variables)
        for name, variable in self.variables.items():
            if name in self.declared:
                found[name] = "declared"
            elif name in self.valued:
                found[name] = "valued"
            elif name in self.square:
                found[name] = "square"
            elif any(fits(name, order) for order in range(3) if order != len(variable.shape)):
                found[name] = "assumed"
            else:
                found[name] = "inferred"
        return found


def habit(name: str) -> int:
    """The textbook habit: how many axes a name suggests (capital 2, lower-case 1, Greek 0)."""
    stem = re.sub(r"[\d_].*$", "", name)
    if stem.lower() in GREEK or any("Ͱ" <= c <= "Ͽ" for c in stem):
        return 0
    return 2 if stem[:1].isupper() else 1


def elaborate(
    statements: Sequence[Definition],
    declared: Mapping[str, Shape] | None = None,
    orders: Mapping[str, int] | None = None,
    square: Iterable[str] = (),
) -> Program:
    """Type a sequence of definitions; the last one is the output.

    `declared` gives shapes, `orders` the number of axes of further variables (known from their values), `square`
    names further ones that are square matrices.
    Raises `InputError` for unknown names, cycles, and shapes that do not fit.
    """
    declared = dict(declared or {})
    ordered, last = _in_order(statements)
    sizes = _size_names(ordered, declared)
    defined = {s.name for s in ordered if s.name}
    free = list(dict.fromkeys(name for s in ordered for name, _ in named_places(s.value)))
    free = [n for n in free if n not in defined and n not in sizes and (n not in CONSTANTS or n in declared)]
    _not_functions(ordered, {*declared, *defined, *(orders or {})})
    for name in declared:
        if name in sizes:
            raise InputError(f"'{name}' is declared as a variable and used as a size", hint="rename one of the two")
    fixed = dict.fromkeys(square, 2) | dict(orders or {})
    counts = dict.fromkeys(_only_divides(ordered), 0)
    guessed = {n: (counts | fixed).get(n, habit(n)) for n in free if n not in declared}
    squares = frozenset(n for n in square if guessed.get(n) == 2)
    first: InputError | None = None
    for flips in _flips([n for n in guessed if n not in fixed], guessed):
        try:
            return _typed(ordered, last, declared, guessed | flips, sizes, free, frozenset(orders or {}), squares)
        except InputError as error:
            first = first or error
            if not isinstance(first, OrderError):
                break
    assert first is not None
    raise first


def _not_functions(statements: Sequence[Definition], known: set[str]) -> None:
    """Refuse the name of a function where a value belongs, unless it was declared as a variable."""
    for statement in statements:
        for name, span in named_places(statement.value):
            if name not in known and (name in FUNCTIONS or name in ALIASES):
                raise InputError(
                    f"'{name}' is a function, and a value belongs here",
                    text=statement.source,
                    span=span,
                    hint=f"apply it, {name}(x); or, if it is a variable of yours, declare it: -s {name}=n",
                )


def _only_divides(statements: Sequence[Definition]) -> set[str]:
    """Names that read as a count, for all that they do is to divide or to stand under a root: `sum(x)/n`, `sqrt(d)`."""
    counts: dict[str, bool] = {}
    for statement in statements:
        stack: list[tuple[Term, bool, bool]] = [(statement.value, False, False)]
        while stack:
            term, below, root = stack.pop()
            if isinstance(term, Name):
                name = term.text
                fits = (below and name in _COUNTS) or (root and len(name) == 1 and name.islower())
                counts[name] = counts.get(name, True) and fits
            elif isinstance(term, Call):
                numeric = term.function in ("+", "-", "*")
                for k, argument in enumerate(term.arguments):
                    under = (term.function == "/" and k == 1) or (below and (numeric or term.function == "sqrt"))
                    stack.append((argument, under, (term.function == "sqrt" and below) or (root and numeric)))
                stack.extend((value, False, False) for _, value in term.keywords)
            else:
                stack.extend((part, False, False) for part in _parts(term))
    return {name for name, counted in counts.items() if counted}


def _parts(term: Term) -> tuple[Term, ...]:
    match term:
        case Group(items=items):
            return items
        case Slice(start=start, stop=stop):
            return tuple(bound for bound in (start, stop) if bound is not None)
    return ()


def _flips(names: list[str], guessed: Mapping[str, int]) -> Iterable[dict[str, int]]:
    """Departures from the habit, fewest first: what the formula demands beats what names suggest."""
    for flipped in range(_MAX_FLIPS + 1):
        candidates = [
            dict(zip(chosen, orders, strict=True))
            for chosen in combinations(names, flipped)
            for orders in product(*([o for o in range(3) if o != guessed[n]] for n in chosen))
        ]
        # more axes before fewer: in X@theta, theta is a vector rather than X one
        yield from sorted(candidates, key=lambda c: (sum(o < guessed[n] for n, o in c.items()), sum(c.values())))
        if len(names) > 12:
            return


def _typed(
    statements: Sequence[Definition],
    last: Definition,
    declared: Mapping[str, Shape],
    guessed: Mapping[str, int],
    sizes: Mapping[str, Size],
    free: Sequence[str],
    valued: frozenset[str] = frozenset(),
    square: frozenset[str] = frozenset(),
) -> Program:
    unifier = Unifier()
    shapes: dict[str, Shape] = {n: declared[n] for n in free if n in declared}
    for name in free:
        if name not in shapes:
            axes = tuple(unifier.fresh() for _ in range(1 if name in square else guessed[name]))
            shapes[name] = axes * 2 if name in square else axes
    if guessed:
        # the first pass collects equations between sizes, the second builds with what they say
        _build(statements, last, Scope({n: Variable(n, s) for n, s in shapes.items()}, sizes, unifier), declared)
        shapes = _named_sizes(
            shapes, unifier, {*free, *sizes, *(n for s in declared.values() for z in s for n in z.names())}
        )
    extra = {n: s for n, s in declared.items() if n not in shapes and n not in {d.name for d in statements}}
    known = {n: Variable(n, s) for n, s in {**shapes, **extra}.items()}
    scope = Scope(dict(known), sizes, Unifier())
    output = _build(statements, last, scope, declared)
    values = {s.name: scope.values[s.name] for s in statements if s.name}
    used = set(variables(output))
    ordered = {n: known[n] for n in (*(n for n in free if n in used), *(n for n in known if n not in used))}
    return Program(
        tuple(statements),
        last,
        declared,
        output,
        last.name or "",
        values,
        ordered,
        sizes,
        _unused(output, values),
        valued,
        square,
    )


def _build(statements: Sequence[Definition], last: Definition, scope: Scope, declared: Mapping[str, Shape]) -> Expr:
    """Every statement typed; the value is that of `last`."""
    output: Expr | None = None
    for statement in statements:
        body = typed_statement(statement, scope, declared)
        if statement.name:
            scope.values[statement.name] = Defined(statement.name, body)
        if statement is last:
            output = body
    assert output is not None
    return output


def _named_sizes(shapes: Mapping[str, Shape], unifier: Unifier, taken: set[str]) -> dict[str, Shape]:
    letters = (letter for letter in chain(_LETTERS, (f"n{i}" for i in count(1))) if letter not in taken)
    names: dict[str, Size] = {}
    for shape in shapes.values():
        for size in shape:
            for name in unifier.resolve(size).names():
                if name.startswith(UNKNOWN) and name not in names:
                    names[name] = Size.named(next(letters))
    return {n: tuple(unifier.resolve(size).replace(names) for size in shape) for n, shape in shapes.items()}


def _size_names(statements: Sequence[Definition], declared: Mapping[str, Shape]) -> dict[str, Size]:
    """Names that are sizes: those in declared shapes, and those where only a size can stand."""
    found = {name: Size.named(name) for shape in declared.values() for size in shape for name in size.names()}
    for statement in statements:
        stack = [statement.value]
        while stack:
            term = stack.pop()
            if isinstance(term, Group):
                stack.extend(term.items)
            if not isinstance(term, Call):
                continue
            row = FUNCTIONS.get(ALIASES.get(term.function, term.function))
            options = row.options if row else ()
            sized: tuple[Term, ...] = ()
            if "sizes" in options:
                sized = term.arguments
            elif "shape" in options:
                sized = term.arguments[1:]
            elif "index" in options:
                sized = _group(term.arguments[1])
            for part in sized:
                found.update((name, Size.named(name)) for name, _ in named_places(part) if name not in declared)
            stack.extend(t for t in term.arguments if t not in sized)
            stack.extend(t for _, t in term.keywords)
    return found


def _group(term: Term) -> tuple[Term, ...]:
    return term.items if isinstance(term, Group) else (term,)


def _in_order(statements: Sequence[Definition]) -> tuple[list[Definition], Definition]:
    """The definitions sorted so that each comes after those it uses; cycles and second definitions refused."""
    by_name: dict[str, Definition] = {}
    for statement in statements:
        if statement.name is None:
            continue
        if statement.name in by_name:
            raise InputError(
                f"'{statement.name}' is defined twice",
                text=statement.source,
                span=_name_span(statement),
                hint="give the second one a name of its own",
            )
        if statement.name in FUNCTIONS or statement.name in CONSTANTS:
            raise InputError(
                f"'{statement.name}' already has a meaning", text=statement.source, span=_name_span(statement)
            )
        by_name[statement.name] = statement
    if not statements:
        raise InputError("there is no formula", hint='type one, as in jac derive "W@x + b" --wrt W')
    *others, last = statements
    for statement in others:
        if statement.name is None:
            raise InputError(
                "only the last formula may be without a name",
                text=statement.source,
                span=statement.value.span,
                hint="name it, as in z = …; jac chain reads formulas without names as f∘g",
            )
    ordered: list[Definition] = []
    state: dict[str, bool] = {}  # False while its parts are being visited
    roots = [s for s in statements if s is not last] + [last]
    for root in roots:
        stack: list[tuple[Definition, bool]] = [(root, False)]
        while stack:
            statement, done = stack.pop()
            if done:
                ordered.append(statement)
                state[statement.name or ""] = True
                continue
            if statement.name:
                if statement.name in state:
                    continue
                state[statement.name] = False
            stack.append((statement, True))
            for name, span in named_places(statement.value):
                needed = by_name.get(name)
                if needed is None or state.get(name) is True:
                    continue
                if state.get(name) is False and any(s is needed and d for s, d in stack):
                    raise InputError(
                        f"'{name}' is defined by way of itself",
                        text=statement.source,
                        span=span,
                        hint=f"break the circle {_circle(name, [s.name or '' for s, d in stack if d])}",
                    )
                stack.append((needed, False))
    return ordered, last


def _circle(name: str, visited: Sequence[str]) -> str:
    """z → h → z: each is defined by way of the next."""
    return " → ".join((*visited[visited.index(name) :], name))


def _name_span(statement: Definition) -> Span:
    at = statement.source.find(statement.name or "")
    return Span(max(at, 0), max(at, 0) + len(statement.name or ""))


def _unused(output: Expr, values: Mapping[str, Expr]) -> tuple[str, ...]:
    used = {node.name for node in walk([output]) if isinstance(node, Defined)}
    return tuple(n for n, v in values.items() if n not in used and isinstance(v, Defined) and v.body is not output)
