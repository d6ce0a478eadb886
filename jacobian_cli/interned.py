"""Equal nodes are one node: immutable values that are shared, so that `==` is `is` and graphs stay graphs."""

from __future__ import annotations

from typing import Any, ClassVar
from weakref import WeakValueDictionary


class Interned(type):
    """A metaclass under which building an equal value again returns the value already there."""

    _alive: ClassVar[WeakValueDictionary[tuple[Any, ...], Any]] = WeakValueDictionary()

    def __call__(cls, *fields: Any) -> Any:
        key = (cls, *fields)
        node = Interned._alive.get(key)
        if node is None:
            node = Interned._alive[key] = super().__call__(*fields)
        return node
