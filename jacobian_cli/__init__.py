"""`jac`: Jacobians of vector and matrix expressions, derived, shown with every shape, and proven.

>>> import jacobian_cli as jac
>>> r = jac.derive("W@x + b", wrt="W")
>>> r.jacobian.closed_form, r.vjp.closed_form
('kron(eye(n), x.T)', 'delta@x.T')
"""

from importlib import import_module

TYPE_CHECKING = False  # type checkers take it for true; `typing` is not loaded before it is needed
if TYPE_CHECKING:
    from jacobian_cli.api.backprop.register import register, unregister
    from jacobian_cli.api.backprop.run import Backprop, backprop
    from jacobian_cli.api.backprop.tape import Tape, tape
    from jacobian_cli.api.bench.answer import Bench
    from jacobian_cli.api.bench.run import bench
    from jacobian_cli.api.chain.composition import Composition, chain
    from jacobian_cli.api.check.answer import Check, Counterexample, Diagnosis
    from jacobian_cli.api.check.many import check_all
    from jacobian_cli.api.check.run import check
    from jacobian_cli.api.derive.answer import ClosedForm
    from jacobian_cli.api.derive.convert import convert
    from jacobian_cli.api.derive.derivation import Derivation, Derivations, derive
    from jacobian_cli.api.export.run import export
    from jacobian_cli.api.input.source import read_source
    from jacobian_cli.syntax.errors import InputError

__version__ = "0.1.0"
__all__ = [
    "Backprop",
    "Bench",
    "Check",
    "ClosedForm",
    "Composition",
    "Counterexample",
    "Derivation",
    "Derivations",
    "Diagnosis",
    "InputError",
    "Tape",
    "backprop",
    "bench",
    "chain",
    "check",
    "check_all",
    "convert",
    "derive",
    "export",
    "read_source",
    "register",
    "tape",
    "unregister",
]

_HOMES = {
    "Backprop": "jacobian_cli.api.backprop.run",
    "Bench": "jacobian_cli.api.bench.answer",
    "bench": "jacobian_cli.api.bench.run",
    "ClosedForm": "jacobian_cli.api.derive.answer",
    "Composition": "jacobian_cli.api.chain.composition",
    "chain": "jacobian_cli.api.chain.composition",
    "Check": "jacobian_cli.api.check.answer",
    "check": "jacobian_cli.api.check.run",
    "check_all": "jacobian_cli.api.check.many",
    "Counterexample": "jacobian_cli.api.check.answer",
    "Diagnosis": "jacobian_cli.api.check.answer",
    "Derivation": "jacobian_cli.api.derive.derivation",
    "Derivations": "jacobian_cli.api.derive.derivation",
    "convert": "jacobian_cli.api.derive.convert",
    "backprop": "jacobian_cli.api.backprop.run",
    "derive": "jacobian_cli.api.derive.derivation",
    "export": "jacobian_cli.api.export.run",
    "InputError": "jacobian_cli.syntax.errors",
    "read_source": "jacobian_cli.api.input.source",
    "Tape": "jacobian_cli.api.backprop.tape",
    "register": "jacobian_cli.api.backprop.register",
    "tape": "jacobian_cli.api.backprop.tape",
    "unregister": "jacobian_cli.api.backprop.register",
}


if not TYPE_CHECKING:  # they know the names from above, and refuse others

    def __getattr__(name: str) -> object:
        """Import what is asked for, and no more: `jac --help` must not wait for mathematics."""
        if name in _HOMES:
            return getattr(import_module(_HOMES[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What there is to use, loaded or not: for TAB."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
