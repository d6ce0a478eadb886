"""Equal nodes are one node: immutable values that are shared, so that `==` is `is` and graphs stay graphs.

That holds in every thread, and for what was pickled or copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from threading import RLock
from typing import Any
from weakref import ref

_changing = RLock()
"""Held while an entry is put in or taken out. A thread may meet itself: memory is collected at any time."""
if hasattr(os, "register_at_fork"):  # a process forked in the middle would wait for ever
    os.register_at_fork(before=_changing.acquire, after_in_parent=_changing.release, after_in_child=_changing.release)


class _Reference(ref[Any]):
    """To a value, with what it is made of and where it is looked up."""

    __slots__ = ("alive", "key")
    alive: dict[tuple[Any, ...], _Reference]
    key: tuple[Any, ...]


class _Interning(type):
    """A metaclass under which building an equal value again returns the value already there."""

    __match_args__: tuple[str, ...]
    """What a dataclass is made of."""
    alive: dict[tuple[Any, ...], _Reference]
    """What there is, by what it is made of."""

    def __init__(cls, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        cls.alive = {}

    def __call__(cls, *given: Any) -> Any:
        alive = cls.alive
        known = alive.get(given)
        if known is not None and (node := known()) is not None:
            return node
        if len(given) < len(cls.__match_args__):  # left out or written out, a default is the same value
            return cls(*given, *_defaults(cls)[len(given) :])
        made = type.__call__(cls, *given)
        with _changing:  # another thread may have made it in the meantime
            reference = _Reference(made, _forget)
            reference.alive, reference.key = alive, given
            known = alive.setdefault(given, reference)
            if known is not reference:
                if (node := known()) is not None:
                    return node
                alive[given] = reference
        return made


@cache
def _defaults(kind: type) -> tuple[Any, ...]:
    """What each field of a kind is where it is left out."""
    return tuple(field.default for field in fields(kind) if field.init)


def _forget(dead: _Reference, changing: RLock = _changing) -> None:
    """Nodes also die when Python ends, and the names of this module are gone: the lock is at hand."""
    with changing:
        now = dead.alive.pop(dead.key, dead)
        if now is not dead:  # made again in the meantime
            dead.alive[dead.key] = now


class Interned(metaclass=_Interning):
    """The base of dataclasses whose equal values are one, also when they come out of a pickle."""

    __slots__ = ("__weakref__",)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self) if field.init)  # type: ignore[arg-type]  # its kinds are dataclasses

    def __copy__(self) -> Interned:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Interned:
        return self


class Portable:
    """A dataclass that holds formulas and can be pickled and copied, however deep they are nested.

    What is inside goes first, each part after its own parts, so that nothing is reached by recursion. What was worked
    out on demand is left behind, and worked out again.
    """

    def __getstate__(self) -> tuple[list[Any], dict[str, Any]]:
        state = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]  # its kinds are dataclasses
        return list(_inside_out(state)), state

    def __setstate__(self, state: tuple[list[Any], dict[str, Any]]) -> None:
        vars(self).update(state[1])


def _inside_out(root: Any) -> Iterator[Any]:
    """Every node and record within a value once, after all that is within it."""
    seen: set[int] = set()
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        value, done = stack.pop()
        if done:
            yield value
        elif id(value) not in seen:
            seen.add(id(value))
            if is_dataclass(value):
                stack.append((value, True))
            stack += [(part, False) for part in _parts(value)]


def _parts(value: Any) -> list[Any]:
    if isinstance(value, tuple | list | set | frozenset):
        return list(value)
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if is_dataclass(value):
        return [getattr(value, field.name) for field in fields(value)]
    if type(value).__module__.startswith(f"{__package__}."):
        return list(getattr(value, "__dict__", {}).values())
    return []
