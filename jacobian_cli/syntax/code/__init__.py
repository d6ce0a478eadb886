"""Calls of NumPy, PyTorch and JAX, and the expressions of Python around them."""

from jacobian_cli.syntax.code.expressions import Code, read
from jacobian_cli.syntax.code.python import Places, arguments_of, library_of, parsed

__all__ = ["Code", "Places", "arguments_of", "library_of", "parsed", "read"]
