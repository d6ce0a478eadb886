"""Equal nodes are one node: immutable values that are shared, so that `==` is `is` and graphs stay graphs."""

from __future__ import annotations

from typing import Any
from weakref import KeyedRef

_alive: dict[tuple[Any, ...], KeyedRef[tuple[Any, ...], Any]] = {}


class Interned(type):
    """A metaclass under which building an equal value again returns the value already there."""

    def __call__(cls, *fields: Any) -> Any:
        key = (cls, *fields)
        known = _alive.get(key)
        node = known() if known is not None else None
        if node is None:
            node = super().__call__(*fields)
            _alive[key] = KeyedRef(node, _forget, key)
        return node


def _forget(dead: KeyedRef[tuple[Any, ...], Any]) -> None:
    if _alive.get(dead.key) is dead:
        del _alive[dead.key]
