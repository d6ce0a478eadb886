"""What a function needs outside of its row: where its definition does not say it, every place that is missing is named
at once, with the file to edit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import jacobian_cli as jac
from jacobian_cli.checks.every_size.expand import UnknownError, expanded
from jacobian_cli.checks.oracles import hips_autograd
from jacobian_cli.checks.oracles.budget import Budget, TooLargeError
from jacobian_cli.checks.oracles.symbolic.entries import every_entry
from jacobian_cli.checks.oracles.symbolic.kernels import EXPANDED
from jacobian_cli.ops import FUNCTIONS
from jacobian_cli.printers.numpy.target import LackingError
from tests.calculus.expressions import Call
from tests.calculus.expressions import calls as fitting
from tests.checks.test_kernels import BY_OTHER_TESTS, KERNELS
from tests.checks.test_oracles import WITHOUT_ENTRIES
from tests.checks.test_rows import calls
from tests.export.test_table import LACKING_IN_C, at_numbers, derived
from tests.fuzz.reference import meaning_of


def autograd(call: Call) -> None:
    found, at, sizes = derived(call)
    hips_autograd.jacobian(found.problem.output, at, sizes, found.wrt)


def sympy(call: Call) -> None:
    found, _, sizes = derived(call)
    every_entry(found.problem.output, sizes, EXPANDED, Budget())


def every_size(call: Call) -> None:
    expanded(derived(call)[0].problem.output)


def torch(call: Call) -> None:
    jac.export(derived(call)[0], "torch")


def jax(call: Call) -> None:
    jac.export(derived(call)[0], "jax")


def c(call: Call) -> None:
    jac.export(at_numbers(call), "c")


def reference(call: Call) -> None:
    meaning_of(call.function)


def digits(call: Call) -> None:
    kernel = FUNCTIONS[call.function].kernel
    if kernel is not None and call.function not in {*KERNELS, *BY_OTHER_TESTS}:
        raise KeyError(call.function)


PLACES: dict[Callable[[Call], None], tuple[str, set[str]]] = {
    autograd: ("a rule for autograd: _RULES of jacobian_cli/checks/oracles/hips_autograd.py", set()),
    sympy: (
        "what it is to SymPy: `sympy=` of the row, or a method of jacobian_cli/checks/oracles/symbolic/kernels.py",
        WITHOUT_ENTRIES,
    ),
    every_size: ("what it is in few functions: jacobian_cli/checks/every_size/expand.py", set()),
    torch: ("its name or its source in PyTorch: jacobian_cli/printers/torch/target.py", set()),
    jax: ("its source in JAX: jacobian_cli/printers/jax/target.py", set()),
    c: ("its name or its source in C: jacobian_cli/printers/c/target.py", LACKING_IN_C),
    reference: ("what it means, in other words: tests/fuzz/reference.py", set()),
    digits: ("what its kernel is compared with: tests/checks/test_kernels.py", set()),
}
"""What asks for each place, how it is named, and the functions that are known to do without."""
PRIMITIVES = [name for name, row in FUNCTIONS.items() if not row.definition and not row.reads and calls(name)]
PRIMITIVES.remove("one_hot")  # of places alone, by which nothing is differentiated


def lacking(call: Call) -> dict[str, str]:
    """The places that know nothing of a function."""
    found = {}
    for asked, (place, without) in PLACES.items():
        try:
            with np.errstate(all="ignore"):
                asked(call)
        except (AssertionError, AttributeError, KeyError, LackingError, TooLargeError, UnknownError) as error:
            if getattr(error, "function", call.function) not in without:
                found[place] = f"{type(error).__name__}: {error}"
    return found


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_function_has_every_counterpart(name: str) -> None:
    missing = lacking(calls(name)[0])
    assert not missing, f"{name} lacks, beside its row:\n" + "\n".join(f"- {p} ({e})" for p, e in missing.items())


def test_a_new_function_is_told_every_place_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    row = replace(FUNCTIONS["erf"], name="erf_again", sympy="")
    monkeypatch.setitem(FUNCTIONS, row.name, row)
    call = next(call for call in fitting(row) if call.arguments)
    assert lacking(call).keys() == {place for place, _ in PLACES.values()}


def test_what_a_definition_says_needs_no_place_but_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    row = replace(FUNCTIONS["erf"], name="erf_of_erfc", sympy="", kernel=None, definition="1 - erfc(x)")
    monkeypatch.setitem(FUNCTIONS, row.name, row)
    call = next(call for call in fitting(row) if call.arguments)
    assert not lacking(call)


@pytest.mark.parametrize("name", sorted(LACKING_IN_C - {"one_hot"}))
def test_what_c_is_said_to_lack_it_lacks(name: str) -> None:
    with pytest.raises(LackingError):
        c(calls(name)[0])
