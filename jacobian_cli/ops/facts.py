"""What may be declared of a variable, one row each."""

from __future__ import annotations

from collections.abc import Iterable

from jacobian_cli.records import record


@record(frozen=True, slots=True, kw_only=True, eq=False)
class Fact:
    """Something that holds for every value a variable is given."""

    name: str
    summary: str
    """In words, after the name of the variable."""
    holds: str = ""
    """The same as a condition, where that is shorter."""
    square: bool = False
    """Whether it speaks of square matrices."""
    rows: bool = False
    """Whether it speaks of the entries along the last axis."""
    implies: tuple[str, ...] = ()
    """What else holds then, what these imply being listed too."""
    beside: tuple[str, ...] = ()
    """What may be declared beside it and says something more."""
    ties: bool = False
    """Whether its entries cannot move freely, one by one."""
    along: str = ""
    """The gradient along changes that leave it so, G being the gradient in which every entry is free."""

    @property
    def condition(self) -> str:
        """What stands after "if" and the name of the variable."""
        return self.holds or self.summary


PLACES = "index"
MASK = "mask"
FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact(name="symmetric", summary="equals its transpose", holds="is symmetric", square=True, ties=True,
             along="G + Gᵀ − G ⊙ I", beside=("positive", "probability", "binary", "pm1")),
        Fact(name="spd", summary="is symmetric and positive definite", square=True, ties=True,
             along="G + Gᵀ − G ⊙ I", implies=("symmetric",), beside=("diagonal",)),
        Fact(name="diagonal", summary="is zero off its diagonal", holds="is diagonal", square=True, ties=True,
             along="G ⊙ I", implies=("symmetric",)),
        Fact(name="orthogonal", summary="has its transpose as inverse", holds="is orthogonal", square=True, ties=True),
        Fact(name="lower", summary="is lower triangular with a positive diagonal", square=True, ties=True),
        Fact(name="positive", summary="has positive entries"),
        Fact(name="probability", summary="has entries between 0 and 1", implies=("positive",)),
        Fact(name="binary", summary="has entries 0 and 1", ties=True),
        Fact(name=MASK, summary="has entries 0 and 1, and picks where it is 1: x[m]", ties=True, implies=("binary",)),
        Fact(name="pm1", summary="has entries 1 and -1", ties=True),
        Fact(name="sums_to_one", summary="sums to one along its last axis", holds="sums to one", rows=True, ties=True,
             beside=("positive", "probability")),
        Fact(name="one_hot", summary="is a row of the identity along its last axis", holds="is one-hot", rows=True,
             ties=True, implies=("sums_to_one", "binary")),
        Fact(name=PLACES, summary="holds places, whole numbers counted from 0", holds="holds places", ties=True),
    )
}  # fmt: skip


def everything(names: Iterable[str]) -> frozenset[str]:
    """The facts named and all that they imply.

    >>> sorted(everything(["spd"]))
    ['spd', 'symmetric']
    """
    names = frozenset(names)
    return names.union(*(FACTS[name].implies for name in names))
