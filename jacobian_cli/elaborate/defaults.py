"""How many axes a name has that nothing is declared of: what the formula suggests, then what names suggest.

The first of these that says something decides. What the formula demands (`program.elaborate` tries) beats them all.

1. A number by its name: `n`, `d_k`, `eps`, `lr`, `reg`, `C` where they only scale, or are added to what stands under
   a root or a fraction line; what stands under a root under a fraction line; `n` and `m` where they only divide, and
   a capital that divides what is no matrix: `softmax(z/T)`; and an intercept that is added to the scores of samples
   that are all summed, `sum((y - X@w - b)**2)`; and a step, `x + h*(A@x + b)`.
2. A number by its part: what scales a scalar, or is added to one, is a scalar: `s**2*exp(-norm(x)**2)`, `u.T@h + b`.
   A scalar is here what sums its entries away, whatever the names in it are. Not so where the whole is added to
   something that has axes (`W@x + norm(y)*b`), and not for a name whose own entries are summed (`x/norm(x)`). And
   a number is what scales a row (`k*x.T@y`), an array of constants (`c*eye(n)`), or a matrix of which a function of
   matrices is taken (`expm(t*A)`). So is what stands in a list, `[x*cos(t), 1]`, if nothing in that list has axes
   anyway (`[[A, b], [0, 1]]` is made of blocks).
3. A vector by its part: a Greek name that is added to a vector and scales nothing: `x - mu`, and the square of μ or θ;
   not λ and τ, with which entries are compared: `max(abs(x) - lam, 0)`.
4. The habit: a capital is a matrix, a lower-case name a vector, a Greek name a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from jacobian_cli.elaborate.factor_shapes import is_row
from jacobian_cli.elaborate.habits import HABITS, MATRIX, SCALAR, VECTOR, Default, bounds, habit, is_setting
from jacobian_cli.elaborate.intercepts import biases, scored, starts
from jacobian_cli.elaborate.parts import Parts, Place
from jacobian_cli.elaborate.steps import steps
from jacobian_cli.elaborate.terms import COUNTED, elementwise, is_number, of_scalar, values_in
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.tree import LITERAL, Call, Definition, Group, Name, Term, listed, parts_of

_NUMBER = re.compile(
    r"(n|d)(_\w+|\d*)|lr|reg|(logit_)?scale|temperature|momentum|weight_decay|learning_rate|step_size|l1_ratio|C|N|dt|Ts|T_s"
)
_TEMPERATURE = "T"
_SMALL = re.compile(r"eps\w*|ε|ϵ")
_COUNTS = frozenset("nmNM")
"""Letters that count something wherever all that they do is to divide."""
_ROW = "a scalar can scale a row, a vector cannot"
_CONSTANT = "what scales an array of constants is a scalar"
_EXPONENT = "an exponent alone is a number"
_ENTRY = "an entry of a list is a scalar"
_IN_FUNCTION = "what scales a matrix in a function of matrices is a scalar"
_SCALAR_PART = "what scales a scalar, or is added to one, is a scalar"


def defaults(
    statements: Sequence[Definition],
    guessed: Mapping[str, Default],
    sizes: Collection[str],
    shapes_at: Callable[[Mapping[str, Default]], Mapping[int, Shape]],
) -> dict[str, Default]:
    """The guesses mended by what the formula suggests, one rule at a time until none has more to say.

    `shapes_at` types the statements with a guess and says the shape of every part (by its `id`) that could be typed.
    """
    found = dict(guessed)
    for _ in range(len(guessed) + 1 if guessed else 0):
        parts = Parts(statements, found, sizes, shapes_at(found))
        changed = next(
            (change for rule in (_by_name, biases, steps, _by_part, _by_entry, _by_vector) if (change := rule(parts))),
            None,
        )
        if changed is None:
            break
        found |= changed
    return found


def numbers(
    statements: Sequence[Definition],
    guessed: Mapping[str, Default],
    sizes: Collection[str],
    shapes: Mapping[int, Shape],
) -> dict[str, Default]:
    """The names that are numbers by their names and places alone, or because they stand in a list."""
    parts = Parts(statements, guessed, sizes, shapes)
    return _by_entry(parts) | _by_name(parts) | biases(parts) | steps(parts)


def _by_name(parts: Parts) -> dict[str, Default]:
    reasons: dict[str, set[str | None]] = {}
    likely = {
        name
        for name, guess in parts.guessed.items()
        if guess.order != SCALAR
        and guess.why in HABITS
        and (parts.marked or parts.divides or is_setting(name) or _SMALL.fullmatch(name) or _NUMBER.fullmatch(name))
    }
    for name, place in parts.places if likely else ():
        if name in likely:
            alone = parts.marked and place.exponent and habit(name) == VECTOR
            warms = name == _TEMPERATURE and not parts.marked and place.scales
            reasons.setdefault(name, set()).add(
                _EXPONENT if alone else _degree_here(place) if warms else _number_here(name, place)
            )
    return {
        name: Default(SCALAR, min(why for why in said if why))
        for name, said in reasons.items()
        if None not in said and said != {""}
    }


def _number_here(name: str, place: Place) -> str | None:
    """Why a name reads as a number where it stands, if it does; nothing where it may be one."""
    if place.root and habit(name) == VECTOR:
        return "what divides under a root is a number"
    if place.below and name in _COUNTS:
        return "a letter that only divides is a number"
    if place.below and habit(name) == MATRIX and place.beside < MATRIX and not place.inverted:
        return "a capital that only divides, and no matrix, is a number"
    if place.below and habit(name) == VECTOR and place.beside == MATRIX and not (place.inverted or place.spread):
        return "what divides a matrix, and does nothing else, is a number"
    if is_setting(name) and (place.scales or place.inside or place.summed):
        return f"{name} is a number by its name"
    if _SMALL.fullmatch(name) and (place.scales or place.inside):
        return f"{name} is a small number"
    if name[0] == "d" and place.curved and place.beside == VECTOR:
        return None  # diag(L)*log(d)
    if name == "d" and place.entries and place.beside == VECTOR:
        return None  # sum(d*(eta - log(r)))
    if _NUMBER.fullmatch(name) and place.joined and not (place.beside or place.below or place.inside):
        return None  # x + alpha*d
    if _NUMBER.fullmatch(name) and place.scales and place.beside <= {"C": 1, "N": 0}.get(name, 2):
        return f"{name} only scales, and is a number"
    if place.scales and habit(name) == MATRIX and place.beside == SCALAR and not place.below:
        return ""
    return None


def _degree_here(place: Place) -> str:
    """Why T reads as a temperature where it scales, if it does: it may be one anywhere, where it divides scores."""
    divides = place.below and (place.beside < MATRIX or place.curved or place.shares)
    return "what divides what is no matrix, or scores, is a temperature" if divides else ""


def _by_part(parts: Parts) -> dict[str, Default]:
    found: dict[str, Default] = {}
    if not parts.unsummed:  # each is a vector for certain
        return found
    classes: dict[str, str] = {}
    for statement in parts.statements:
        firsts = [call.arguments[0] for call in statement.calls if call.function == "@"]
        factors = frozenset(id(t) for t in firsts if isinstance(t, Call) and t.function in ("*", "/"))
        kind = _Scaled(parts, classes, found, factors).kind(statement.value, pulled=False)
        if statement.name:
            classes[statement.name] = "vector" if kind == "loose" else kind
    return found


class _Scaled(NamedTuple):
    """Finds the names that scale a scalar, or are added to one.

    A part is a `number`, a `scalar` that sums entries away, `loose` where it has its axes from such names alone, or a
    `vector` (or more) anyway; a `constant` one is made of no variables.
    """

    parts: Parts
    classes: Mapping[str, str]
    found: dict[str, Default]
    factors: frozenset[int]
    """The products and quotients that are the first factor of a matrix product, by the `id` of their trees."""

    def kind(self, term: Term, *, pulled: bool, joined: bool = False) -> str:
        """The class of a part; `pulled` where it is added to something that has axes, `joined` to what may."""
        parts = self.parts
        if isinstance(term, Name):
            if term.text in self.classes:
                return self.classes[term.text]
            if term.text in self.found or parts.order(term) == 0:
                return "number"
            return "loose" if parts.loose(term) else "vector"
        if not isinstance(term, Call) or _counts(term):
            return "number"
        if not elementwise(term):
            for part in parts_of(term):
                self.kind(part, pulled=False)
            if of_scalar(term):
                self._scaling(term.arguments[0])
            broad = any(parts.order(a) != 0 for a in values_in(term))
            if parts.order(term) != 0:
                return "constant" if is_number(term, parts.sizes) else "vector"
            return "scalar" if broad else "number"
        kinds = [self.kind(a, pulled=p, joined=j) for a, p, j in self._pulls(term, pulled, joined)]
        row = id(term) in self.factors and any(is_row(parts.shapes.get(id(a))) for a in term.arguments)
        bare = "constant" in kinds and term.function in ("*", "/")
        behind = (
            joined and term.function == "*" and kinds == ["scalar", "loose"]
        )  # tr(A)*x + b: a number stands in front
        if row or bare or ("scalar" in kinds and "vector" not in kinds and not (pulled or behind)):
            loose = [a for a, kind in zip(term.arguments, kinds, strict=True) if kind == "loose"]
            why = _ROW if row else _CONSTANT if bare else _SCALAR_PART
            self.found.update({name: Default(SCALAR, why) for a in loose for name in parts.carriers(a)})
            kinds = [kind for kind in kinds if kind != "loose"]
        return next((kind for kind in ("vector", "constant", "loose", "scalar") if kind in kinds), "number")

    def _scaling(self, term: Term) -> None:
        """Of t*A in a function of matrices, t is a scalar."""
        if isinstance(term, Call) and term.function in ("*", "/") and any(map(self._is_matrix, term.arguments)):
            loose = [part for part in term.arguments if self.parts.loose(part)]
            self.found.update({n: Default(SCALAR, _IN_FUNCTION) for part in loose for n in self.parts.carriers(part)})

    def _is_matrix(self, term: Term) -> bool:
        return self.parts.order(term) == 2 and not self.parts.loose(term)

    def _pulls(self, term: Call, pulled: bool, joined: bool) -> Iterator[tuple[Term, bool, bool]]:
        match term.function, term.arguments:
            case (("+" | "-"), (a, b)):
                yield a, pulled or self._stiff(b), joined or self.parts.loose(b)
                yield b, pulled or self._stiff(a), joined or self.parts.loose(a)
            case (("*" | "u-"), arguments):
                yield from ((a, pulled, joined) for a in arguments)
            case (("/" | "**"), (a, b)):
                yield a, pulled, joined
                yield b, False, False
            case _, arguments:
                yield from ((a, False, False) for a in arguments)

    def _stiff(self, term: Term) -> bool:
        return self.parts.order(term) != 0 and not self.parts.loose(term)


def _by_entry(parts: Parts) -> dict[str, Default]:
    for statement in parts.statements:
        for term in statement.terms:
            call = listed(term) if isinstance(term, Group) and term.square else term
            if isinstance(call, Call) and call.function == LITERAL and all(map(parts.free, call.arguments)):
                names = frozenset[str]().union(*map(parts.carriers, call.arguments))
                if names:
                    return {name: Default(SCALAR, _ENTRY) for name in names}
    return {}


def _by_vector(parts: Parts) -> dict[str, Default]:
    added: dict[str, bool] = {}
    greek = any(guess.why == HABITS[0] for guess in parts.guessed.values())
    added_once = scored(parts) | starts(parts.guessed) if greek else set[str]()  # X*β .+ α
    for name, place in parts.places if greek else ():
        if parts.guessed[name].why == HABITS[0] and not bounds(name) and name not in added_once:
            outside = not (place.below or place.root or (place.inside and _is_small(name)))
            fits = place.added == VECTOR and outside and not place.scales
            added[name] = (added.get(name, True) and not place.scales) and (added.get(name, False) or fits)
    return {name: Default(VECTOR, "a Greek name added to a vector is a vector") for name, fits in added.items() if fits}


def _counts(term: Call) -> bool:
    """Whether a part is how many entries there are: sum(ones_like(x))."""
    inner = term.arguments[0] if term.function == "sum" and term.arguments else None
    return term.function in COUNTED or (isinstance(inner, Call) and inner.function == "ones_like")


def _is_small(name: str) -> bool:
    return name == "epsilon" or bool(_SMALL.fullmatch(name))
