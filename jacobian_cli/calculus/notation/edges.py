"""The matrices of a product graph by the labels between which they lie, and which labels have seen a change."""

from __future__ import annotations

from jacobian_cli.calculus.notation.order import Powers

Pair = tuple[int, int]


class Edges(dict[Pair, Powers]):
    """Powers of matrices between two labels, found from either end in the order in which they came.

    >>> edges = Edges()
    >>> _ = edges.setdefault((0, 2), []), edges.setdefault((2, 3), [])
    >>> edges.at(2), edges.pop((0, 2)), edges.at(2), sorted(edges.changed)
    ([(0, 2), (2, 3)], [], [(2, 3)], [0, 2, 3])
    """

    def __init__(self) -> None:
        super().__init__()
        self._at: dict[int, dict[Pair, None]] = {}
        self.changed: set[int] = set()
        """Labels at which something has changed since who asks last emptied this."""

    def at(self, label: int) -> list[Pair]:
        """The pairs with this label."""
        return list(self._at.get(label, ()))

    def degree(self, label: int) -> int:
        """How many pairs there are with this label."""
        return len(self._at.get(label, ()))

    def setdefault(self, pair: Pair, powers: Powers) -> Powers:
        """The powers between two labels, to be added to."""
        for label in pair:
            self._at.setdefault(label, {})[pair] = None
        self.changed.update(pair)
        return super().setdefault(pair, powers)

    def __delitem__(self, pair: Pair) -> None:
        super().__delitem__(pair)
        for label in pair:
            self._at[label].pop(pair, None)
        self.changed.update(pair)

    def pop(self, pair: Pair) -> Powers:  # type: ignore[override]  # one argument is enough here
        """The powers between two labels, taken away."""
        powers = self[pair]
        del self[pair]
        return powers
