"""One entry of an expression, in C: sums that it needs are worked out in loops in front of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Protocol

from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, walk
from jacobian_cli.ops import Kind, row
from jacobian_cli.ops.cuts import Listed, cut_of
from jacobian_cli.printers.c.places import ZERO, Place, count, flat
from jacobian_cli.printers.c.sums import Sum, Sums
from jacobian_cli.printers.c.target import CONSTANTS
from jacobian_cli.printers.c.windows import WINDOWS
from jacobian_cli.printers.numpy.target import LackingError
from jacobian_cli.printers.precedence import PYTHON, Level, Piece, negative, number_piece
from jacobian_cli.shape import Shape
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.names import LETTERS

_LETTERS = "ijklpqrs"
_EXACT = 2**53
_GREEK = {letter: name for name, letter in LETTERS.items()}


class Functions(Protocol):
    """What a function asks of its module."""

    def entry(self, function: str) -> str:
        """The name of a function of one entry."""

    def block(self, function: str, number: int) -> str:
        """The name of a function of so many entries, or of a matrix of so many rows."""

    def claim(self, name: str) -> str:
        """A name that is free in the module."""


class Entries:
    """Writes entries, and in front of them the loops that they need."""

    def __init__(
        self, functions: Functions, names: Mapping[Expr, str], sizes: Mapping[str, int], taken: set[str]
    ) -> None:
        self.functions = functions
        self.names = dict(names)
        """Values that have a name: arguments, definitions, and what is held."""
        self.sizes = sizes
        self.taken = taken
        self.lines: list[str] = []
        self.depth = 1
        self.loops = 0
        self.sums = Sums(self.lengths)

    def lengths(self, shape: Shape) -> tuple[int, ...]:
        """A shape in numbers."""
        return tuple(size.at(self.sizes) for size in shape)

    def claim(self, name: str) -> str:
        """A name that is free here."""
        return free(name, self.taken)

    def say(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    @contextmanager
    def over(self, lengths: Sequence[int]) -> Iterator[tuple[Place, ...]]:
        """Loops over all places."""
        before, places = (self.depth, self.loops), list[Place]()
        for length in lengths:
            if length == 1:
                places.append(ZERO)
                continue
            name = self._letter()
            self.say(f"for (int {name} = 0; {name} < {length}; {name}++) {{")
            self.depth += 1
            places.append(Place.of(name))
        yield tuple(places)
        while self.depth > before[0]:
            self.depth -= 1
            self.say("}")
        self.loops = before[1]

    def _letter(self) -> str:
        while True:
            name = _LETTERS[self.loops] if self.loops < len(_LETTERS) else f"i{self.loops}"
            self.loops += 1
            if name not in self.taken:
                return name

    def entry(self, node: Expr, at: tuple[Place, ...]) -> Piece:
        """One entry of an expression, in C; sums that it needs are worked out in front."""
        if node in self.names:
            name = self.names[node]
            return Piece(f"{name}[{flat(at, self.lengths(node.shape)).text}]" if node.shape else name)
        match node:
            case Number(value=value):
                return number(value)
            case Constant(name=name):
                return Piece(CONSTANTS[name])
            case Extent(size=size):
                return number(Fraction(size.at(self.sizes)))
        assert isinstance(node, Apply), node
        total = self.sums.of(node, self.names)
        if total is not None:
            return self._sum_at(total, at)
        if node.function in _ENTRIES:
            return _ENTRIES[node.function](self, node, at)
        entry = row(node.function)
        if entry.kind is Kind.ELEMENTWISE:
            return self._each(node, at)
        if self.whole(node) and not node.shape:
            (x,) = node.arguments
            return Piece(f"{self.block_name(node, count(self.lengths(x.shape)))}({self.pointer(x)})")
        raise unwritten(node.function)

    def operand(self, node: Expr, at: tuple[Place, ...]) -> Piece:
        """An entry of an operand that broadcasts."""
        lengths = self.lengths(node.shape)
        own = at[len(at) - len(lengths) :] if lengths else ()
        return self.entry(node, tuple(ZERO if n == 1 else p for n, p in zip(lengths, own, strict=True)))

    def _each(self, node: Apply, at: tuple[Place, ...]) -> Piece:
        if row(node.function).counts:
            raise unwritten(node.function)
        pieces = [self.operand(argument, at) for argument in node.arguments]
        return Piece(f"{self.functions.entry(node.function)}({', '.join(piece.text for piece in pieces)})")

    def _sum_at(self, total: Sum, at: tuple[Place, ...]) -> Piece:
        assert total.plain
        where: dict[int, Place] = {}
        apart = []
        for axis, here in zip(total.axes, at, strict=True):
            for label, _ in axis:
                if where.setdefault(label, here) != here:
                    apart.append(f"{where[label].text} == {here.text}")
        value = self.summed_at(total, where)
        return Piece(f"({' && '.join(apart)} ? {value.text} : 0.0)") if apart else value

    def summed_at(self, total: Sum, where: dict[int, Place]) -> Piece:
        if not total.summed:
            return self._product(total, where)
        name = self.claim("s1")
        self.say(f"double {name} = 0.0;")
        with self.over([total.long[label] for label in total.summed]) as at:
            value = self._product(total, {**where, **dict(zip(total.summed, at, strict=True))})
            self.say(f"{name} += {value.text};")
        return Piece(name)

    def _product(self, total: Sum, where: dict[int, Place]) -> Piece:
        found: Piece | None = None
        for factor in total.factors:
            piece = self.entry(factor.node, tuple(ZERO if label is None else where[label] for label in factor.labels))
            found = piece if found is None else PYTHON["*"].join(found, piece)
        return found or Piece("1.0")

    def whole(self, node: Apply) -> bool:
        """Whether a function takes its arguments as arrays."""
        entry = row(node.function)
        if entry.kind is Kind.REDUCTION:
            return node.function not in _LOOPS
        return entry.kind in (Kind.ROW, Kind.SHARE, Kind.CORE)

    def axes_of(self, node: Apply) -> list[int]:
        """The axes that a function runs along."""
        entry, order = row(node.function), len(node.arguments[0].shape)
        if entry.kind is Kind.CORE:
            return list(range(order - 2, order))
        everything = entry.kind in (Kind.REDUCTION, Kind.SHARE)
        axes = dict(node.parameters).get("axis")
        chosen = range(order) if axes is None and everything else (-1,) if axes is None else axes
        return sorted({axis % order for axis in chosen}) if order else []

    def block_name(self, node: Apply, size: int) -> str:
        if row(node.function).kind is Kind.CORE:
            return self.functions.block(node.function, self.lengths(node.arguments[0].shape)[-1])
        return self.functions.block(node.function, size)

    def pointer(self, node: Expr) -> str:
        """An array that is there."""
        if node in self.names:
            return self.names[node] if node.shape else f"&{self.names[node]}"
        assert isinstance(node, Apply), node
        return self.pointer(node.arguments[0])


def free(name: str, taken: set[str]) -> str:
    """A name like this that is not taken, which it then is.

    >>> taken = {"t1", "h"}
    >>> free("t1", taken), free("h", taken), sorted(taken)
    ('t2', 'h_', ['h', 'h_', 't1', 't2'])
    """
    stem, number = name.rstrip("0123456789"), name[len(name.rstrip("0123456789")) :]
    k = int(number or 0)
    while name in taken:
        k += 1
        name = f"{stem}{k}" if number else f"{name}_"
    taken.add(name)
    return name


def ascii_name(name: str) -> str:
    """A name in the letters of C, which keeps those that begin with an underscore for itself.

    >>> ascii_name("λ1"), ascii_name("_Bool"), ascii_name("ℓ")
    ('lambda1', 'u_Bool', 'u2113')
    """
    plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else _letter(c) for c in name)
    return f"u{plain}" if plain.startswith("_") else plain


def _letter(c: str) -> str:
    """A letter that C lacks: a Greek one by its name."""
    return _GREEK.get(c) or f"u{ord(c):x}"


def number(value: Fraction) -> Piece:
    """A number that C takes for a double."""
    if max(abs(value.numerator), value.denominator) > _EXACT:
        size = abs(value)
        piece = Piece(repr(float(size)) if size <= sys.float_info.max else "INFINITY", Level.NUMBER)
        return negative(piece) if value < 0 else piece
    piece = number_piece(value)
    if piece.level is Level.RATIO:
        return Piece(f"{value.numerator}.0/{value.denominator}.0", Level.PRODUCT, piece.signed)
    return piece if "." in piece.text or "e" in piece.text else piece._replace(text=f"{piece.text}.0")


def unwritten(function: str) -> InputError:
    """What is said of a function that C has no counterpart of."""
    return LackingError(function, "C")


def _infix(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    return PYTHON[node.function].join(*(body.operand(argument, at) for argument in node.arguments))


def _negative(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    return negative(body.operand(node.arguments[0], at))


def _power(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    base, exponent = node.arguments
    below = body.operand(base, at)
    if isinstance(exponent, Number) and exponent.value == 2 and below.level is Level.POSTFIX and "(" not in below.text:
        return PYTHON["*"].join(below, below)
    if isinstance(exponent, Number) and exponent.value == -1:
        return PYTHON["/"].join(Piece("1.0"), below)
    if isinstance(exponent, Number) and exponent.value == Fraction(1, 2):
        return Piece(f"sqrt({below.text})")
    return Piece(f"pow({below.text}, {body.operand(exponent, at).text})")


def _condition(body: Entries, node: Expr, at: tuple[Place, ...]) -> str:
    if isinstance(node, Apply) and node.function in COMPARED and node not in body.names:
        return PYTHON[node.function].join(*(body.operand(argument, at) for argument in node.arguments)).text
    return PYTHON["!="].join(body.operand(node, at), Piece("0")).text


def _compared(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    return Piece(f"({_condition(body, node, at)} ? 1.0 : 0.0)")


def _where(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    chosen, first, second = node.arguments
    condition = _condition(body, chosen, at)
    return Piece(f"({condition} ? {body.operand(first, at).text} : {body.operand(second, at).text})")


def _reduced(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    """A loop that adds up, multiplies, or looks for the largest."""
    (x,) = node.arguments
    start, step, value = _LOOPS[node.function]
    lengths, axes = body.lengths(x.shape), body.axes_of(node)
    kept = [axis for axis in range(len(lengths)) if axis not in axes]
    own = [at[axis] for axis in kept] if len(at) == len(lengths) else list(at)
    where = dict(zip(kept, own, strict=True))
    name = body.claim("s1")
    body.say(f"double {name} = {start};")
    with body.over([lengths[axis] for axis in axes]) as back:
        every = {**where, **dict(zip(axes, back, strict=True))}
        piece = body.entry(x, tuple(every[axis] for axis in range(len(lengths))))
        text = piece.text if piece.text.isidentifier() or step.count("{x}") == 1 else ""
        if not text:
            text = body.claim("x1")
            body.say(f"double {text} = {piece.text};")
        body.say(step.format(name=name, x=text))
    found = value.format(name=name, count=f"{count(lengths[axis] for axis in axes)}.0")
    return Piece(found, Level.PRODUCT if "/" in found else Level.POSTFIX)


def _indexed(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    (x,) = node.arguments
    shape, ahead, where = x.shape, list(at), list[Place]()
    for item in dict(node.parameters)["index"]:
        if item is None:
            ahead.pop(0)
            continue
        size = shape[len(where)]
        length = size.at(body.sizes)
        match item:
            case tuple():
                cut = cut_of(item, size)
                where.append(ahead.pop(0).times(cut.step).plus(Place(offset=cut.first.at(body.sizes))))
            case Listed():
                there, name = ahead.pop(0), body.claim("k1")
                listed = ", ".join(str(place % length) for place in item.places)
                body.say(f"static const int {name}[] = {{{listed}}};")
                where.append(Place.of(f"{name}[{there.text}]"))
            case int():
                where.append(Place(offset=item % length))
            case _:
                where.append(Place(offset=item.at(body.sizes) % length))
    return body.entry(x, (*where, *ahead)) if shape else body.entry(x, ())


def _reshaped(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    """The same entries row by row."""
    (x,) = node.arguments
    if same_axes(body, node):
        proper = [p for p, n in zip(at, body.lengths(node.shape), strict=True) if n != 1]
        return body.entry(x, tuple(ZERO if n == 1 else proper.pop(0) for n in body.lengths(x.shape)))
    return Piece(f"{body.pointer(x)}[{flat(at, body.lengths(node.shape)).text}]")


def same_axes(body: Entries, node: Apply) -> bool:
    """Whether axes of length one are all that a reshape adds or takes away."""
    one, other = ([n for n in body.lengths(s) if n != 1] for s in (node.shape, node.arguments[0].shape))
    return one == other


def _triangle(sign: str) -> Callable[[Entries, Apply, tuple[Place, ...]], Piece]:
    def cut(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
        return Piece(f"({at[-2].text} {sign} {at[-1].text} ? {body.entry(node.arguments[0], at).text} : 0.0)")

    return cut


def _ranked(body: Entries, node: Apply, places: Expr, at: tuple[Place, ...], there: int) -> str:
    """The place of an entry in rising order, one of as many as are there, or one that is written out; what others are
    C could not know.
    """
    ends = [part for part in walk([places]) if not part.children]
    if ends and all(isinstance(end, Number) and 0 <= end.value < there for end in ends) and _is_list(places):
        return body.entry(places, at).text
    inner = places
    while isinstance(inner, Defined) or (isinstance(inner, Apply) and inner.function in (".T", "transpose")):
        inner = inner.children[0]
    if not isinstance(inner, Apply) or inner.function != "argsort":
        raise unwritten(node.function)
    if any(body.lengths(inner.shape)[axis] > there for axis in body.axes_of(inner)):
        raise unwritten(node.function)
    return body.entry(places, at).text


def _is_list(places: Expr) -> bool:
    """Whether places are written out one by one."""
    return all(not part.children or (isinstance(part, Apply) and part.function in _LISTS) for part in walk([places]))


def _one_hot(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    there = _ranked(body, node, node.arguments[0], at[:-1], body.lengths(node.shape)[-1])
    return Piece(f"({there} == {at[-1].text} ? 1.0 : 0.0)")


def _taken(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    """The entry at a place."""
    (x, places), (axis,) = node.arguments, dict(node.parameters)["axis"]
    behind = axis + len(places.shape)
    there = _ranked(body, node, places, at[axis:behind], body.lengths(x.shape)[axis])
    name = body.claim("k1")
    body.say(f"int {name} = (int) {there};")
    return body.entry(x, (*at[:axis], Place.of(name), *at[behind:]))


def _scattered(body: Entries, node: Apply, at: tuple[Place, ...]) -> Piece:
    """The sum of what is put there."""
    x, places = node.arguments[:2]
    name = body.claim("s1")
    body.say(f"double {name} = 0.0;")
    with body.over(body.lengths(places.shape)) as back:
        there = _ranked(body, node, places, back, body.lengths(node.shape)[0])
        value = body.entry(x, (*back, *at[1:])).text
        body.say(f"{name} += {there} == {at[0].text} ? {value} : 0.0;")
    return Piece(name)


def _constant(text: str) -> Callable[[Entries, Apply, tuple[Place, ...]], Piece]:
    return lambda body, node, at: Piece(text)


_LISTS = frozenset({"stack", "concat"})
COMPARED = (">", "<", ">=", "<=", "==", "!=")
_LOOPS = {
    "sum": ("0.0", "{name} += {x};", "{name}"),
    "mean": ("0.0", "{name} += {x};", "{name}/{count}"),
    "prod": ("1.0", "{name} *= {x};", "{name}"),
    "max": ("-INFINITY", "{name} = {x} > {name} || {x} != {x} ? {x} : {name};", "{name}"),
    "min": ("INFINITY", "{name} = {x} < {name} || {x} != {x} ? {x} : {name};", "{name}"),
}
"""Where a loop over entries begins, what it does, and what its value is."""
_ENTRIES: dict[str, Callable[[Entries, Apply, tuple[Place, ...]], Piece]] = {
    **dict.fromkeys(("+", "-", "*", "/"), _infix),
    **dict.fromkeys(COMPARED, _compared),
    **dict.fromkeys(_LOOPS, _reduced),
    **dict.fromkeys(("ones", "ones_like"), _constant("1.0")),
    **dict.fromkeys(("zeros", "zeros_like"), _constant("0.0")),
    "one_hot": _one_hot, "take": _taken, "scatter_add": _scattered,
    "u-": _negative, "**": _power, "where": _where, "[]": _indexed, "reshape": _reshaped,
    "tril": _triangle(">="), "triu": _triangle("<="), **WINDOWS,
}  # fmt: skip
