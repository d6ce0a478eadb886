"""Definitions and declarations to a typed program: every name sorted out, every shape inferred."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from functools import cached_property
from typing import NamedTuple

from jacobian_cli.elaborate.alternatives import Alternatives
from jacobian_cli.elaborate.bounds import told
from jacobian_cli.elaborate.builder import CONSTANTS
from jacobian_cli.elaborate.defaults import defaults
from jacobian_cli.elaborate.demanded import CERTAIN, MET, suggested, wanted
from jacobian_cli.elaborate.doubts import doubts
from jacobian_cli.elaborate.guesses import dividing, flips, matrix_factors, named_sizes
from jacobian_cli.elaborate.habits import HABITS, Default, by_habit, habit
from jacobian_cli.elaborate.latents import NOISE
from jacobian_cli.elaborate.letter_pi import letters_in
from jacobian_cli.elaborate.meaning import meant, skeleton
from jacobian_cli.elaborate.options import OrderError, Scope
from jacobian_cli.elaborate.order import in_order, size_names
from jacobian_cli.elaborate.quoting import Typed, resting_on
from jacobian_cli.elaborate.settled import settled
from jacobian_cli.elaborate.statement import (
    no_values,
    picked_whole,
    subscripted,
    typed_statement,
    unknown_functions,
)
from jacobian_cli.expr import Defined, Expr, Variable, nodes, variables
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, Size, Unifier
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError, together
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Definition

_MOST_DECIDED = 8
_READINGS = 3
_READ = "what stands beside it asks for that"
_FITS = ("a scalar fits the formula", "a vector fits the formula", "a matrix fits the formula")


@record(frozen=True)
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
    whys: Mapping[str, str] = field(default_factory=dict)
    """Why a variable that nothing is declared of is taken to have as many axes as it has."""
    parts: Mapping[int, Shape] = field(default_factory=dict, repr=False)
    """The shape of every part of the statements, by the `id` of its tree."""

    @property
    def read(self) -> str | None:
        """What was typed, in the language, where it was typed in another notation."""
        statements = self.statements
        if not any(s.notation for s in statements):
            return None
        return "; ".join(f"{s.name} = {spelled(s.value)}" if s.name else spelled(s.value) for s in statements)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may have been read otherwise than it was meant, each with both readings as text to paste."""
        return tuple(map(str, self.doubts))

    @cached_property
    def doubts(self) -> tuple[Doubt, ...]:
        """The same, with the texts to paste apart."""
        assumed = {name: self.variables[name].shape for name in self.whys if name in self.variables}
        demanded = {name for name in assumed if self.whys[name] in (*_FITS, _READ, *MET)}
        loose = resting_on({*assumed, *self.valued}, self.statements)
        typed = Typed(self.statements, self.parts, assumed, demanded, self.declared, self._fits, loose, self._possible)
        return tuple(dict.fromkeys(doubts(typed)))

    def _possible(self, name: str, order: int) -> bool:
        """Whether the statements could be typed with so many axes of a name, whatever the others have then."""
        orders = {each: len(self.variables[each].shape) for each in (*self.valued, *self.square)}
        statements = [*(s for s in self.statements if s is not self.last), self.last]
        try:
            elaborate(statements, self.declared, {**orders, name: order})
        except InputError:
            return False
        return True

    def _fits(self, statement: Definition, other: Definition) -> bool:
        orders = {name: len(self.variables[name].shape) for name in (*self.valued, *self.square)}
        last = other if statement is self.last else self.last
        statements = [other if s is statement else s for s in self.statements if s is not self.last]
        try:
            elaborate([*statements, last], self.declared, orders)
        except InputError:
            return False
        return True

    @cached_property
    def decided_by(self) -> str | None:
        """The one name by whose being a vector, which is assumed, the output has axes."""
        assumed = [name for name, why in self.whys.items() if why == HABITS[1] and name in self.variables]
        if not self.output.shape or len(assumed) > _MOST_DECIDED:
            return None
        orders = {name: len(self.variables[name].shape) for name in (*self.valued, *self.square)}
        statements = [*(s for s in self.statements if s is not self.last), self.last]
        for name in assumed:
            with suppress(InputError):
                if not elaborate(statements, {**self.declared, name: ()}, orders).output.shape:
                    return name
        return None

    @cached_property
    def numbers_by(self) -> tuple[str, ...]:
        """The names, assumed to be vectors, by whose being numbers the output would be a number: alone, or all."""
        if (alone := self.decided_by) is not None or not self.output.shape:
            return (alone,) if alone is not None else ()
        assumed = tuple(name for name, why in self.whys.items() if why == HABITS[1] and name in self.variables)
        statements = [*(s for s in self.statements if s is not self.last), self.last]
        with suppress(InputError):
            if assumed and not elaborate(statements, {**self.declared, **dict.fromkeys(assumed, ())}).output.shape:
                return assumed
        return ()

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


def elaborate(
    statements: Sequence[Definition],
    declared: Mapping[str, Shape] | None = None,
    orders: Mapping[str, int] | None = None,
    square: Iterable[str] = (),
    places: Iterable[str] = (),
    masks: Iterable[str] = (),
) -> Program:
    """Type a sequence of definitions; the last one is the output.

    `declared` gives shapes, `orders` the number of axes of further variables (known from their values), `square`
    names further ones that are square matrices, `places` those that hold places, `masks` those that pick entries.
    Raises `InputError` for unknown names, cycles, and shapes that do not fit.
    """
    declared = dict(declared or {})
    ordered, last = in_order(told(statements, declared))
    held = frozenset(places)
    covering = frozenset(masks)
    sizes = size_names(ordered, declared, held | covering)
    defined = {s.name for s in ordered if s.name}
    free = list(dict.fromkeys(name.text for s in ordered for name in s.names))
    own = frozenset(name for s in ordered for name in s.own)
    constants = {*CONSTANTS} - declared.keys() - own - letters_in(ordered, {*declared, *own})
    free = [n for n in free if n not in defined and n not in sizes and n not in constants]
    mistakes = no_values(ordered, {*declared, *defined, *(orders or {}), *own})
    for name in declared:
        if name in sizes:
            raise InputError(f"'{name}' is declared as a variable and used as a size", hint="rename one of the two")
    fixed = dict.fromkeys(square, 2) | dict(orders or {})
    read = {name: order for s in ordered for name, order in s.orders}
    settled = {name for s in ordered for name in s.settled}
    indexed = subscripted(ordered)
    guessed = {
        n: Default(fixed[n], "")
        if n in fixed
        else Default(indexed[n], "its subscripts say so")
        if n in indexed
        else Default(read[n], _READ)
        if read.get(n, habit(n)) != habit(n) or n in settled
        else by_habit(n)
        for n in free
        if n not in declared
    }
    squares = frozenset(n for n in square if n in guessed and guessed[n].order == 2)
    formula = _Formula(ordered, last, declared, sizes, free, frozenset(orders or {}), squares, held, covering)
    try:
        if any(s.notation and not s.read for s in ordered):
            likely = {s: replace(s, value=skeleton(s.value)) for s in ordered}
            plain = replace(formula, statements=[likely[s] for s in ordered], last=likely[last])
            counted, said = suggested(plain.statements, guessed, declared, sizes, plain.shapes)
            guessed |= said | counted
            formula = formula.settling(name for name, guess in said.items() if guess.order > 1 or guess.why == NOISE)
            return _meant(formula, {n: guess.order for n, guess in guessed.items()}, orders, fixed)
        guessed |= wanted(ordered, guessed, declared, sizes)
        likely_orders = formula.mended(guessed)
        certain = {name for name, guess in likely_orders.items() if guess.why in CERTAIN}
        fitting, program = formula.fitting(likely_orders, {*fixed, *certain})
    except InputError as error:
        raise together([*mistakes, error]) from None
    if mistakes:
        raise together(mistakes)
    if fitting != likely_orders:  # what had to be otherwise says more of the other names
        again = formula.mended(fitting)
        if again != fitting:
            with suppress(InputError):
                return formula.typed(again)
    return program


def _meant(
    formula: _Formula, guessed: dict[str, int], orders: Mapping[str, int] | None, fixed: Mapping[str, int]
) -> Program:
    """A formula in another notation, typed once what shapes decide in it is decided; where the formula in the language
    says more of a name than the notation did, it is read again.
    """
    below = dividing(formula.statements)
    choices = [n for n in guessed if n not in fixed and not (n in below and habit(n) == 0)]

    def candidates(found: Mapping[str, int]) -> Iterable[dict[str, int]]:
        return flips(choices, {name: Default(order, "") for name, order in found.items()})

    declared, square = formula.declared, formula.square
    program: Program | None = None
    for _ in range(_READINGS):
        places, masks = formula.places, formula.masks
        found = meant(
            formula.statements, declared, formula.sizes, guessed, candidates, square, places, masks, sized=True
        )
        place = next(k for k, s in enumerate(formula.statements) if s is formula.last)
        program = elaborate(
            [*found[:place], *found[place + 1 :], found[place]],
            declared,
            orders,
            square,
            formula.places,
            formula.masks,
        )
        known = {n: len(v.shape) for n, v in program.variables.items() if n in guessed}
        if all(known.get(name, order) == order for name, order in found[0].orders):
            break
        again = {name for statement in found for name in statement.settled}  # which the notation says again
        guessed = guessed | {name: order for name, order in known.items() if name not in again}
    assert program is not None
    return program


class _Equated(NamedTuple):
    """The shapes of variables, with sizes that are open, the equations between these, and what was built of them."""

    unifier: Unifier
    shapes: Mapping[str, Shape]
    output: Expr
    values: Mapping[str, Expr]
    parts: Mapping[int, Shape]


@record(frozen=True, slots=True)
class _Formula:
    """What is typed, with one guess after the other of how many axes its names have."""

    statements: Sequence[Definition]
    last: Definition
    declared: Mapping[str, Shape]
    sizes: Mapping[str, Size]
    free: Sequence[str]
    valued: frozenset[str]
    square: frozenset[str]
    places: frozenset[str] = frozenset()
    masks: frozenset[str] = frozenset()
    equations: dict[frozenset[tuple[str, int]], _Equated] = field(init=False, default_factory=dict)
    """What a guess that fits says of sizes."""

    def settling(self, names: Iterable[str]) -> _Formula:
        """The same formula, in which it is settled how many axes these names have."""
        settled = frozenset(names)
        if not settled:
            return self
        found = {id(s): replace(s, settled=s.settled | settled) for s in self.statements}
        return replace(self, statements=[found[id(s)] for s in self.statements], last=found[id(self.last)])

    def mended(self, guessed: Mapping[str, Default]) -> dict[str, Default]:
        """The guess mended by what the formula suggests."""
        return defaults(self.statements, guessed, self.sizes, self.shapes)

    def fitting(self, guessed: Mapping[str, Default], fixed: set[str]) -> tuple[Mapping[str, Default], Program]:
        """The guess that fits the formula and departs least from this one, and the program. Raises `InputError` if
        there is none.
        """
        first: InputError | None = None
        fewest: InputError | None = None
        factors: set[str] | None = None
        for changed in flips([n for n in guessed if n not in fixed], guessed):
            if changed and factors is None:
                factors = {name for s in self.statements for name in matrix_factors(s.value)}
            if factors is not None and any(
                name in factors and (habit(name) == 2 or (habit(name), order) == (1, 2))
                for name, order in changed.items()
            ):
                continue  # x@A@x wants a row, neither a matrix called x nor a vector called A
            flipped = {**guessed, **{name: Default(order, _FITS[order]) for name, order in changed.items()}}
            try:
                return flipped, self.typed(flipped)
            except InputError as error:
                first = first or error
                if fewest is None or len(error.errors) < len(fewest.errors):
                    fewest = error
                if not all(isinstance(e, OrderError) for e in first.errors):
                    break
        assert fewest is not None
        # another shape may mend what does not fit, but no unknown name
        certain = [e for e in fewest.errors if not isinstance(e, OrderError)]
        raise together(certain or fewest.errors)

    def leaves(self, guessed: Mapping[str, Default], unifier: Unifier) -> dict[str, Shape]:
        """The shape of every variable, its sizes open where nothing is declared."""
        shapes: dict[str, Shape] = {n: self.declared[n] for n in self.free if n in self.declared}
        for name in self.free:
            if name in self.square:
                shapes[name] = (unifier.fresh(),) * 2
            elif name not in shapes:
                shapes[name] = tuple([unifier.fresh() for _ in range(guessed[name].order)])
        for name, axis, size in (extent for s in self.statements for extent in s.extents):
            if name in shapes and axis < len(shapes[name]):
                unifier.unify(shapes[name][axis], Size.named(size))
        return shapes

    def shapes(self, guessed: Mapping[str, Default]) -> Mapping[int, Shape]:
        """The shape of every part that can be typed, by the `id` of its tree."""
        seen: dict[int, Shape] = {}
        with suppress(InputError):
            self.equated(guessed, seen)
        return seen

    def equated(self, guessed: Mapping[str, Default], seen: dict[int, Shape] | None = None) -> _Equated:
        """The shapes of variables, and the equations between their sizes. Raises `InputError` if they do not fit."""
        orders = frozenset((name, default.order) for name, default in guessed.items())
        if seen is not None or orders not in self.equations:
            unifier, parts = Unifier(), {} if seen is None else seen
            shapes = self.leaves(guessed, unifier)
            known: dict[str, Expr] = {n: Variable(n, s) for n, s in shapes.items()}
            output = self.build(Scope(known, self.sizes, unifier, parts, self.places, self.masks))
            values = {s.name: known[s.name] for s in self.statements if s.name}
            self.equations[orders] = _Equated(unifier, shapes, output, values, parts)
        return self.equations[orders]

    def typed(self, guessed: Mapping[str, Default]) -> Program:
        """The program with this guess. The first pass collects equations between sizes; where what they say may make
        other expressions of it, a second builds with that.
        """
        declared, names = self.declared, {d.name for d in self.statements}
        found = self.equated(guessed) if guessed else None
        size = self._sizes(found) if found else None
        shapes = found.shapes if found else self.leaves(guessed, Unifier())
        if size is not None:
            shapes = {name: tuple(map(size, shape)) for name, shape in shapes.items()}
        extra = {n: s for n, s in declared.items() if n not in shapes and n not in names}
        known = {n: Variable(n, s) for n, s in {**shapes, **extra}.items()}
        built = found and size and settled([found.output, *found.values.values()], known, size)
        if found and built:
            made, shaped = built
            output, values = made[found.output], {name: made[value] for name, value in found.values.items()}
            parts = {term: shaped(shape) for term, shape in found.parts.items()}
        else:
            parts = {}
            scope = Scope(dict(known), self.sizes, Unifier(), parts, self.places, self.masks)
            output = self.build(scope)
            values = {s.name: scope.values[s.name] for s in self.statements if s.name}
        used = set(variables(output))
        ordered = {n: known[n] for n in (*(n for n in self.free if n in used), *(n for n in known if n not in used))}
        return Program(
            tuple(self.statements),
            self.last,
            declared,
            output,
            self.last.name or "",
            values,
            ordered,
            self.sizes,
            _unused(output, values, declared),
            self.valued,
            self.square,
            {name: default.why for name, default in guessed.items() if default.why},
            parts,
        )

    def _sizes(self, found: _Equated) -> Callable[[Size], Size]:
        """What the equations say of a size, with a letter for each of which they say nothing."""
        unifier, shapes, declared = found.unifier, found.shapes, self.declared
        for name, count in picked_whole(self.statements).items():
            if name in shapes and name not in declared and len(shapes[name]) == 1:
                unifier.unify(shapes[name][0], Size.number(count))
        taken = {*self.free, *self.sizes, *declared, *(s.name for s in self.statements if s.name)}
        taken |= {n for s in declared.values() for z in s for n in z.names()}
        letters = named_sizes(shapes, unifier, taken)
        return lambda size: unifier.resolve(size).replace(letters)

    def build(self, scope: Scope) -> Expr:
        """Every statement typed; the value is that of the last. Raises `InputError`, which holds all mistakes."""
        output: Expr | None = None
        wrong: list[InputError] = []
        unknown: set[str | None] = set()
        extents = [extent for statement in self.statements for extent in statement.extents]
        for statement in self.statements:
            if unknown and not unknown.isdisjoint(name.text for name in statement.names):
                unknown.add(statement.name)
                wrong += unknown_functions([statement])
                continue
            try:
                body = typed_statement(statement, scope, self.declared)
            except InputError as error:
                wrong.append(error)
                unknown.add(statement.name)
                continue
            if statement.name:
                scope.values[statement.name] = Defined(statement.name, body)
                for extent in extents:
                    if extent.name == statement.name:
                        scope.unifier.unify(body.shape[extent.axis], Size.named(extent.size))
            if statement is self.last:
                output = body
        if wrong:
            raise together(wrong)
        assert output is not None
        return output


def _unused(output: Expr, values: Mapping[str, Expr], declared: Iterable[str]) -> tuple[str, ...]:
    """Definitions that nothing stands on, and names that only a declaration holds."""
    used = {node.name for node in nodes(output) if isinstance(node, Defined)}
    idle = {n: v for n, v in values.items() if n not in used and isinstance(v, Defined) and v.body is not output}
    every = nodes(output, *idle.values())  # the others stand in the output
    held = {*values, *(node.name for node in every if isinstance(node, Variable))}
    return (*idle, *(name for name in declared if name not in held))
