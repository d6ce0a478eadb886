"""One door for values: what is no array of finite numbers is refused in the same words wherever it is handed over."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.api.input.value_files import MAX_BYTES
from jacobian_cli.api.input.values import read_values
from jacobian_cli.syntax.errors import InputError


def deep(axes: int) -> Any:
    value: Any = 1.0
    for _ in range(axes):
        value = [value]
    return value


NO_NUMBERS: dict[str, Any] = {
    "complex": [1 + 2j, 0],
    "complex, without an imaginary part": np.array([1.0, 2.0]) + 0j,
    "complex numbers among objects": np.array([1.0, 2j], object),
    "nan": [1.0, np.nan],
    "infinity": [1.0, -np.inf],
    "a number beyond floats": [10**400, 1],
    "nothing": [],
    "no rows": np.zeros((0, 3)),
    "masked": np.ma.array([1.0, 2.0], mask=[False, True]),
    "masked among lists": [np.ma.array([1.0, 2.0], mask=[False, True]), [1.0, 2.0]],
    "dates": np.array(["2020-01-01", "2020-01-02"], "datetime64[D]"),
    "spans of time": np.array([1, 2], "timedelta64[s]"),
    "a text": "3",
    "texts": ["1", "2"],
    "texts among numbers": [1.0, "2"],
    "bytes": b"12",
    "None": None,
    "None among numbers": [1.0, None],
    "a set": {1.0, 2.0},
    "a dictionary": {"x": 1.0},
    "a function": len,
    "records": np.zeros(2, [("a", float), ("b", float)]),
    "rows of different lengths": [[1.0, 2.0], [3.0]],
    "too many axes": np.ones((1,) * 9),
    "nested forty deep": deep(40),
    "nested too deeply for NumPy": deep(100),
}

DOORS: dict[str, Callable[[Any], object]] = {
    "derive": lambda x: jac.derive("sum(x*x)", wrt="x").check(at={"x": x}),
    "chain": lambda x: jac.chain("s = sum(x*x)", wrt="x").check(at={"x": x}),
    "backprop": lambda x: jac.backprop("sum(x*x)", at={"x": x}),
    "tape": lambda x: jac.tape("sum(x*x)").forward(x=x),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("what", NO_NUMBERS)
@pytest.mark.filterwarnings("error")
def test_what_is_no_number_is_refused(door: str, what: str) -> None:
    with pytest.raises(InputError):
        DOORS[door](NO_NUMBERS[what])


@pytest.mark.parametrize("what", NO_NUMBERS)
def test_an_upstream_gradient_comes_through_the_same_door(what: str) -> None:
    tape = jac.tape("x*x")
    tape.forward(x=[1.0, 2.0])
    with pytest.raises(InputError):
        tape.backward(NO_NUMBERS[what])


NUMBERS: dict[str, Any] = {
    "whole": [1, 2],
    "fractions": [Fraction(1), Fraction(2)],
    "decimals": [Decimal(1), Decimal("2.0")],
    "large whole numbers": np.array([1, 2], object),
    "single precision": np.array([1, 2], np.float32),
    "a masked array without a masked entry": np.ma.array([1.0, 2.0]),
    "a tuple": (1.0, np.float64(2.0)),
    "read-only": np.broadcast_to(np.array([1.0, 2.0]), (2,)),
}


@pytest.mark.parametrize("what", NUMBERS)
def test_what_is_a_number_is_taken(what: str) -> None:
    value, gradients = jac.tape("sum(x*x)").gradients(x=NUMBERS[what])
    assert value == 5
    assert gradients["x"].tolist() == [2, 4]
    assert jac.backprop("sum(x*x)", at={"x": NUMBERS[what]}).value == 5


def test_a_mask_of_truths_is_zeros_and_ones() -> None:
    assert jac.tape("sum(x)").forward(x=[True, False, True]) == 2


@pytest.mark.parametrize(
    "sizes",
    [3, [("n", 2)], {"n": -1}, {"n": 0}, {"n": 2.5}, {"n": "3"}, {"n": True}, {"n": None}, {"q": 2}, {3: 3}],
    ids=str,
)
def test_sizes_of_a_table_are_whole_numbers(sizes: Any) -> None:
    with pytest.raises(InputError):
        jac.derive("W@x", wrt="W").jacobian.entries(sizes)


def test_whole_numbers_of_numpy_are_sizes_of_a_table() -> None:
    sizes: Any = {"n": np.int64(1), "m": np.uint8(2)}
    assert jac.derive("W@x", wrt="W").jacobian.entries(sizes).shape == (1, 2)


def test_an_index_that_leaves_the_values_is_refused() -> None:
    for formula in ("x[5]", "x[1:][1:]"):
        with pytest.raises(InputError):
            jac.tape(formula, shapes={"x": "n"}).forward(x=[1.0, 2.0])


def test_a_name_is_normal_however_it_is_written() -> None:
    assert jac.backprop("ﬁ*2", at={"ﬁ": 2.0}).value == 4
    with pytest.raises(InputError, match="two values"):
        jac.backprop("fi*2", at={"ﬁ": 2.0, "fi": 2.0})


def test_a_file_is_as_large_as_what_it_unpacks_to(tmp_path: Path) -> None:
    """Its table of contents tells of a gigabyte and more; none of it is unpacked to find out."""
    path = tmp_path / "zeros.npz"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        with archive.open("x.npy", "w", force_zip64=True) as member:
            np.lib.format.write_array_header_1_0(
                member, {"shape": ((MAX_BYTES >> 3) + 1,), "fortran_order": False, "descr": "<f8"}
            )
            member.write(bytes(1 << 24))
        archive.infolist()[0].file_size = MAX_BYTES + 1
    assert path.stat().st_size < 4 << 20
    with pytest.raises(InputError, match="unpacks to"):
        read_values([str(path)])


def npy(header: str) -> bytes:
    """A file of NumPy of which there is the header alone."""
    return b"\x93NUMPY\x01\x00\x76\x00" + header.encode().ljust(117) + b"\n"


BROKEN: dict[str, bytes] = {
    "cut.npz": b"PK\x03\x04",
    "empty.npz": b"",
    "empty.npy": b"",
    "text.npy": b"1,2,3",
    "lies.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }"),
    "objects.npy": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"),
    "words.csv": b"a,b\n",
    "ragged.csv": b"1,2\n3\n",
    "binary.csv": bytes(range(256)),
    "nan.csv": b"1,nan\n",
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.filterwarnings("ignore")
def test_a_broken_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(BROKEN[name])
    with pytest.raises(InputError):
        read_values([f"{'' if name.endswith('npz') else 'x='}{tmp_path / name}"])


SIZED: list[tuple[str, dict[str, str], dict[str, Any], float]] = [
    ("sum(W[i])", {"W": "n,m"}, {"W": [[1, 2], [3, 4]], "i": 1}, 7),
    ("sum(t*eye(n))", {"t": ""}, {"t": 2.0, "n": 3}, 6),
    ("sum(x)/m", {"x": "n*m"}, {"x": [1, 2, 3, 4, 5, 6], "n": 2, "m": 3}, 7),
    ("x[i]*x[i + 1]", {"x": "n"}, {"x": [2, 3, 5], "i": np.int64(1)}, 15),
]


@pytest.mark.parametrize(("formula", "shapes", "at", "value"), SIZED)
def test_a_size_that_no_array_tells_is_given_like_a_value(
    formula: str, shapes: dict[str, Any], at: dict[str, Any], value: float
) -> None:
    wrt = next(iter(shapes))
    assert jac.backprop(formula, at=at, shapes=shapes).value == value
    assert jac.tape(formula, shapes=shapes).forward(**at) == value
    report = jac.derive(formula, wrt=wrt, shapes=shapes).check(at=at)
    assert report.passed
    assert report.engines["autograd"].passed
    (name,) = at.keys() - shapes.keys() - {"m"}
    for wrong in (-1, 1.5, [1], *([] if name == "n" and "m" not in at else [10])):
        with pytest.raises(InputError):
            jac.tape(formula, shapes=shapes).forward(**at | {name: wrong})
    missing = {key: given for key, given in at.items() if key != name}
    with pytest.raises(InputError, match=f"no value is given for {name}"):
        jac.tape(formula, shapes=shapes).forward(**missing)


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("A=[1 2; 3 4],x=[1 2]", {"A": [[1, 2], [3, 4]], "x": [1, 2]}),
        ("x=1; y=2", {"x": 1, "y": 2}),
        ("x=[1; -2; .5]", {"x": [1, -2, 0.5]}),
        ("A=[1, 2; 3, 4]; x=[1, 2]", {"A": [[1, 2], [3, 4]], "x": [1, 2]}),
    ],
)
def test_values_may_be_written_as_in_matlab(typed: str, values: dict[str, Any]) -> None:
    found = read_values([typed])
    assert {name: np.asarray(value).tolist() for name, value in found.items()} == values
