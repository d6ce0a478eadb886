"""Records behave as frozen dataclasses do: each statement is asked of both."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

import pytest

from jacobian_cli.records import record


@record(frozen=True, slots=True)
class Ours:
    """Of the kind of syntax trees."""

    name: str
    items: tuple[int, ...] = ()
    noted: list[str] = field(default_factory=list, compare=False)
    size: int = field(init=False, repr=False, default=7)
    count: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", len(self.items))


@dataclass(frozen=True, slots=True)
class Theirs:
    """The same."""

    name: str
    items: tuple[int, ...] = ()
    noted: list[str] = field(default_factory=list, compare=False)
    size: int = field(init=False, repr=False, default=7)
    count: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", len(self.items))


@record(frozen=True)
class Base:
    """With a dictionary, so that what is worked out on demand is kept."""

    x: int

    @cached_property
    def double(self) -> int:
        return 2 * self.x


@record(frozen=True, repr=False)
class Derived(Base):
    """Fields of the base come first."""

    y: int = 1


@record(kw_only=True)
class Named:
    """By name only, and open to change."""

    x: int
    y: int = 2


@record(frozen=True, eq=False)
class Alone:
    """Equal to itself."""

    x: int


SAID: list[Callable[[Any], object]] = [
    lambda kind: kind("a", (1, 2)),
    lambda kind: kind(items=(1,), name="a").count,
    lambda kind: kind("a") == kind("a", ()),
    lambda kind: kind("a") == kind("b"),
    lambda kind: kind("a") == "a",
    lambda kind: hash(kind("a", (1,))) == hash(kind("a", (1,), ["not compared"])),
    lambda kind: kind("a").noted is kind("a").noted,
    lambda kind: replace(kind("a", (1, 2)), name="b"),
    lambda kind: [each.name for each in fields(kind)],
    is_dataclass,
    lambda kind: kind.__match_args__,
    lambda kind: copy.deepcopy(kind("a", (1, 2), ["x"])),
    lambda kind: pickle.loads(pickle.dumps(kind("a", (1, 2), ["x"]))) == kind("a", (1, 2)),
    lambda kind: hasattr(kind("a"), "__dict__"),
    lambda kind: {kind("a"): 1}[kind("a")],
]


@pytest.mark.parametrize("said", SAID, ids=map(str, range(len(SAID))))
def test_a_record_does_what_a_dataclass_does(said: Callable[[Any], object]) -> None:
    ours, theirs = said(Ours), said(Theirs)
    assert repr(ours).replace("Ours", "Theirs") == repr(theirs)


@pytest.mark.parametrize(
    "given", [((), {}), (("a", (), [], 1), {}), (("a",), {"name": "b"}), (("a",), {"other": 1})], ids=str
)
def test_what_a_dataclass_refuses_a_record_refuses(given: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    for kind in (Ours, Theirs):
        with pytest.raises(TypeError):
            kind(*given[0], **given[1])


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_nothing_in_it_changes(kind: Any) -> None:
    value = kind("a")
    with pytest.raises(FrozenInstanceError):
        value.name = "b"
    with pytest.raises(FrozenInstanceError):
        del value.name
    with pytest.raises((FrozenInstanceError, TypeError)):  # the standard library's own answer hangs on the version
        value.other = 1


def test_of_other_kinds() -> None:
    derived = Derived(1)
    assert (derived.x, derived.y, derived.double, derived.double) == (1, 1, 2, 2)
    assert Derived(1) == Derived(1, 1)
    assert Base(1) != Derived(1)
    assert "Derived" in repr(derived)
    assert "x=1" in repr(derived)  # the base's own
    named = Named(x=1)
    named.y = 3
    assert repr(named) == "Named(x=1, y=3)"
    with pytest.raises(TypeError):
        Named(1)  # type: ignore[call-arg] # what is refused
    with pytest.raises(TypeError):
        hash(named)
    assert Alone(1) != Alone(1)
    match Ours("a", (1, 2)):
        case Ours(name, (first, *_)):
            assert (name, first) == ("a", 1)
