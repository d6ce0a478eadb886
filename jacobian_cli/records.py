"""Records that cost little to define: `record` is `dataclass`, but for methods that are shared instead of compiled.

`dataclass` writes the source of up to six methods for each class and compiles it, which for the sixty classes that a
first answer needs is a seventh of its time. Here the fields are collected by `dataclass` itself, so that `fields`,
`replace` and `match` know a record; what it does with them is done by the functions below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(*, frozen: bool = False, eq: bool = True, repr: bool = True, slots: bool = False, kw_only: bool = False):  # noqa: A002 - named as those of `dataclass`
        """The decorator; its options are those of `dataclass`.

        >>> @record(frozen=True, slots=True)
        ... class Point:
        ...     x: int
        ...     y: int = 0
        >>> Point(1), Point(1) == Point(x=1, y=0), len({Point(1), Point(1)})
        (Point(x=1, y=0), True, 1)
        """

        def made(cls: type) -> type:
            own = vars(cls)
            cls = dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
            cls.__init__ = _initialiser(cls, kw_only=kw_only)
            if repr and "__repr__" not in own:
                cls.__repr__ = _repr
            if eq and "__eq__" not in own:
                cls.__eq__ = _equality(cls)
                cls.__hash__ = _hash(cls) if frozen else None
            if frozen:
                cls.__setattr__, cls.__delattr__ = _refuse_to_set, _refuse_to_delete
                if slots and "__getstate__" not in own:
                    cls.__getstate__, cls.__setstate__ = _state, _restore
            return cls

        return made


def _initialiser(cls: type, *, kw_only: bool) -> Callable[..., None]:
    """`__init__`: what is given, then defaults, then `__post_init__`."""
    every: tuple[Field[Any], ...] = fields(cls)
    taken = [field for field in every if field.init]
    left_out = {field.name: field for field in taken if _has_default(field)}
    setters = [_setter(cls, field.name) for field in taken]
    worked_out = [(_setter(cls, f.name), f) for f in every if not f.init and _has_default(f)]
    names = tuple(field.name for field in taken)
    defaults = tuple(field.default for field in taken)
    wanted = max((k for k, default in enumerate(defaults, 1) if default is MISSING), default=0)
    post_init: Callable[[Any], None] | None = getattr(cls, "__post_init__", None)

    def completed(given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if wanted <= len(given) <= whole and not named:  # the rest is the same for all
            return given + defaults[len(given) :]
        if len(given) > (0 if kw_only else len(names)):
            raise TypeError(f"{cls.__qualname__} takes {', '.join(names)}; {len(given)} values were given")
        rest = names[len(given) :]
        if named and (wrong := named.keys() - set(rest)):
            raise TypeError(f"{cls.__qualname__} takes {', '.join(names)}, once each, not {min(wrong)}")
        if lacking := [name for name in rest if name not in named and name not in left_out]:
            raise TypeError(f"{cls.__qualname__} lacks {lacking[0]}")
        return given + tuple([named[name] if name in named else _default(left_out[name]) for name in rest])

    slotted = any(_slot(cls, name) for name in names)
    whole = -1 if kw_only else len(names)  # so many values are all there are

    def initialise(self: Any, *given: Any, **named: Any) -> None:
        if named or len(given) != whole:
            given = completed(given, named)
        if slotted:
            for put, value in zip(setters, given):  # noqa: B905 - as many of one as of the other
                put(self, value)
        else:
            self.__dict__.update(zip(names, given))  # noqa: B905 - as many of one as of the other
        for put, field in worked_out:
            put(self, _default(field))
        if post_init is not None:
            post_init(self)

    of_so_many = _STRAIGHT.get(whole) if slotted and not worked_out else None
    return initialise if of_so_many is None else of_so_many(*setters, post_init, initialise)


_LEFT_OUT: Any = object()
_Put = Callable[[Any, Any], None]
_Then = Callable[[Any], None] | None


def _of_one(put: _Put, then: _Then, anyhow: Callable[..., None]) -> Callable[..., None]:
    """`__init__` of one field, given by its place; `anyhow` does what is given otherwise."""

    def initialise(self: Any, one: Any = _LEFT_OUT, /, *more: Any, **named: Any) -> None:
        if one is _LEFT_OUT or more or named:
            return anyhow(self, *_given(one), *more, **named)
        put(self, one)
        return None if then is None else then(self)

    return initialise


def _of_two(put_one: _Put, put_two: _Put, then: _Then, anyhow: Callable[..., None]) -> Callable[..., None]:
    def initialise(self: Any, one: Any = _LEFT_OUT, two: Any = _LEFT_OUT, /, *more: Any, **named: Any) -> None:
        if two is _LEFT_OUT or more or named:
            return anyhow(self, *_given(one, two), *more, **named)
        put_one(self, one)
        put_two(self, two)
        return None if then is None else then(self)

    return initialise


def _of_three(
    put_one: _Put, put_two: _Put, put_three: _Put, then: _Then, anyhow: Callable[..., None]
) -> Callable[..., None]:
    def initialise(
        self: Any, one: Any = _LEFT_OUT, two: Any = _LEFT_OUT, three: Any = _LEFT_OUT, /, *more: Any, **named: Any
    ) -> None:
        if three is _LEFT_OUT or more or named:
            return anyhow(self, *_given(one, two, three), *more, **named)
        put_one(self, one)
        put_two(self, two)
        put_three(self, three)
        return None if then is None else then(self)

    return initialise


def _of_four(
    put_one: _Put, put_two: _Put, put_three: _Put, put_four: _Put, then: _Then, anyhow: Callable[..., None]
) -> Callable[..., None]:
    def initialise(
        self: Any,
        one: Any = _LEFT_OUT,
        two: Any = _LEFT_OUT,
        three: Any = _LEFT_OUT,
        four: Any = _LEFT_OUT,
        /,
        *more: Any,
        **named: Any,
    ) -> None:
        if four is _LEFT_OUT or more or named:
            return anyhow(self, *_given(one, two, three, four), *more, **named)
        put_one(self, one)
        put_two(self, two)
        put_three(self, three)
        put_four(self, four)
        return None if then is None else then(self)

    return initialise


_STRAIGHT: dict[int, Callable[..., Callable[..., None]]] = {1: _of_one, 2: _of_two, 3: _of_three, 4: _of_four}
"""Nodes and syntax trees have so few fields and are made by the thousand: no loop runs over these."""


def _given(*values: Any) -> tuple[Any, ...]:
    return tuple([value for value in values if value is not _LEFT_OUT])


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _setter(cls: type, name: str) -> Callable[[Any, Any], None]:
    """What sets a field of a record, also of one that is frozen."""
    return _slot(cls, name) or (lambda self, value: object.__setattr__(self, name, value))


def _slot(cls: type, name: str) -> Callable[[Any, Any], None] | None:
    """What sets a field that has a slot."""
    slot = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
    put: Callable[[Any, Any], None] | None = getattr(slot, "__set__", None)
    return put


def _compared(cls: type) -> Callable[[Any], Any]:
    names = [field.name for field in fields(cls) if field.compare]
    return attrgetter(*names) if names else lambda _: ()


def _equality(cls: type) -> Callable[[Any, object], Any]:
    parts = _compared(cls)

    def equal(self: Any, other: object) -> Any:
        return parts(self) == parts(other) if other.__class__ is self.__class__ else NotImplemented

    return equal


def _hash(cls: type) -> Callable[[Any], int]:
    parts = _compared(cls)
    return lambda self: hash(parts(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse_to_set(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
