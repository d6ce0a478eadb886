"""What Python hands over by mistake is refused in one sentence, whatever the argument and whatever its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jacobian_cli as jac

MISTAKEN: tuple[Any, ...] = (
    3,
    3.5,
    None,
    b"x",
    [3],
    [[1]],
    {"x": 3},
    {3: 3},
    {"x"},
    object(),
    np.zeros((2, 2)),
    "?",
    (),
)
"""Kinds that are no formula, name, shape, size, fact, word, number, or value."""


def nested(depth: int) -> Any:
    value: Any = 1.0
    for _ in range(depth):
        value = [value]
    return value


class Node:
    """A function of one's own."""

    def forward(self, x: Any) -> Any:
        return x

    def backward(self, upstream: Any) -> Any:
        return [upstream]


derive: Any = jac.derive
"""As code without types sees it."""
chain: Any = jac.chain
CALLS: dict[str, Callable[[Any], Any]] = {
    "derive expression": lambda v: derive(v, "x"),
    "derive wrt": lambda v: derive("x", v),
    "derive shapes": lambda v: derive("x", "x", shapes=v),
    "derive a shape": lambda v: derive("x", "x", shapes={"x": v}),
    "derive a size": lambda v: derive("x", "x", shapes={"x": (v,)}),
    "derive order": lambda v: derive("x", "x", order=v),
    "derive assume": lambda v: derive("x", "x", assume=v),
    "derive a fact": lambda v: derive("x", "x", assume={"x": v}),
    "derive layout": lambda v: derive("x", "x", layout=v),
    "derive vec": lambda v: derive("x", "x", vec=v),
    "derive check": lambda v: derive("x", "x", check=v),
    "derive syntax": lambda v: derive("x", "x", syntax=v),
    "entries": derive("W@x", "x").jacobian.entries,
    "a size of entries": lambda v: derive("W@x", "x").jacobian.entries({"n": v, "m": 2}),
    "points": lambda v: derive("W@x", "x").check(v),
    "at": lambda v: derive("W@x", "x").check(at=v),
    "a value": lambda v: derive("c**2", "c", shapes={"c": ()}).check(at={"c": v}),
    "steps": lambda v: derive("W@x", "x").steps(v),
    "points of steps": derive("W@x", "x").stepwise.checked,
    "target": lambda v: derive("W@x", "x").to_python(v),
    "rewritten": lambda v: derive("W@x", "x").rewritten(v),
    "points of conventions": lambda v: derive("W@x", "x").conventions(v),
    "chain stages": lambda v: chain(v, "x"),
    "chain wrt": lambda v: chain("z = x", v),
    "chain shapes": lambda v: chain("z = x", "x", shapes=v),
    "chain assume": lambda v: chain("z = x", "x", assume=v),
    "points of a chain": lambda v: chain("z = u@x", "x").check(v),
    "rate": lambda v: chain("z = u@x", "x").prove(rate=v),
    "paths": lambda v: chain("z = u@x", "x").paths(v),
    "steps of a chain": lambda v: chain("z = u@x", "x").steps(v),
    "convert source": lambda v: jac.convert([[1, 2]], v, "shape", variable=(2,)),
    "convert target": lambda v: jac.convert([[1, 2]], "numerator", v, variable=(2,)),
    "convert variable": lambda v: jac.convert([[1, 2]], "numerator", "shape", variable=v),
    "convert out": lambda v: jac.convert([[1, 2]], "numerator", "shape", out=v, variable=(2,)),
    "convert array": lambda v: jac.convert(v, "numerator", "shape", variable=(2,)),
    "backprop expression": lambda v: jac.backprop(v, at={"x": 1}),
    "backprop at": lambda v: jac.backprop("x", at=v),
    "backprop wrt": lambda v: jac.backprop("x", at={"x": 1}, wrt=v),
    "nudge": lambda v: jac.backprop("x", at={"x": 1}).nudges(v),
    "tape": jac.tape,
    "tape wrt": lambda v: jac.tape("x", wrt=v),
    "a value of a tape": lambda v: jac.tape("x", shapes={"x": ()}).forward(x=v),
    "check expression": lambda v: jac.check(v, "x", "1"),
    "check wrt": lambda v: jac.check("x", v, "1"),
    "check claim": lambda v: jac.check("x", "x", v),
    "check form": lambda v: jac.check("x", "x", "1", form=v),
    "check rtol": lambda v: jac.check("x", "x", "1", rtol=v),
    "check_all": lambda v: list(jac.check_all(v)),
    "a claim": lambda v: list(jac.check_all([v])),
    "an expression of a claim": lambda v: list(jac.check_all([{"expression": v, "wrt": "x", "claim": "1"}])),
    "read_source": jac.read_source,
    "a function of a source": lambda v: jac.read_source("def f(x): return x", v),
    "register name": jac.register,
    "register signature": lambda v: jac.register("mistaken", signature=v)(Node),
    "register at": lambda v: jac.register("mistaken", at=v)(Node),
    "unregister": jac.unregister,
}
SENSIBLE: dict[str, tuple[Any, ...]] = {
    "derive shapes": (None,),
    "derive a shape": ((), [3]),
    "derive a size": (3,),
    "derive assume": (None,),
    "derive a fact": ((),),
    "derive syntax": (None,),
    "entries": (None,),
    "a size of entries": (3,),
    "points": (3,),
    "at": (None,),
    "a value": (3, 3.5),
    "steps": (None,),
    "points of steps": (3,),
    "points of conventions": (3,),
    "chain shapes": (None,),
    "chain assume": (None,),
    "points of a chain": (3,),
    "rate": (3, 3.5, None),
    "steps of a chain": (None,),
    "convert out": ((),),
    "backprop at": ({"x": 3},),
    "backprop wrt": (None,),
    "nudge": (3, 3.5),
    "tape wrt": (None,),
    "a value of a tape": (3, 3.5),
    "check form": (None,),
    "check rtol": (3, 3.5, None),
    "check_all": ((),),
    "an expression of a claim": ("?",),  # a claim that cannot be read does not stop the others
    "a function of a source": (None,),
    "register signature": (None,),
    "register at": (None, {"x": 3}),
}
"""Of these kinds the arguments may be."""


def is_one_of(value: Any, others: tuple[Any, ...]) -> bool:
    return any(type(value) is type(each) and repr(value) == repr(each) for each in others)


@pytest.mark.parametrize("argument", CALLS)
def test_what_is_of_another_kind_is_refused(argument: str) -> None:
    for value in MISTAKEN:
        if not is_one_of(value, SENSIBLE.get(argument, ())):
            with pytest.raises(jac.InputError) as refused:
                CALLS[argument](value)
            assert 0 < len(refused.value.message) < 300


@pytest.mark.parametrize("argument", SENSIBLE)
def test_what_is_sensible_is_not_refused(argument: str) -> None:
    for value in SENSIBLE[argument]:
        CALLS[argument](value)
        if argument.startswith("register"):
            jac.unregister("mistaken")


@pytest.mark.parametrize("depth", [40, 5000])
def test_values_nested_deeply_are_refused(depth: int) -> None:
    for call in ("a value", "a value of a tape", "convert array"):
        with pytest.raises(jac.InputError):
            CALLS[call](nested(depth))


def test_a_table_at_some_sizes_only_is_refused() -> None:
    with pytest.raises(jac.InputError, match="what is the size m"):
        derive("W@x", "x").jacobian.entries({"n": 2})
