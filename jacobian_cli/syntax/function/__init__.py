"""A Python function as definitions, read by its tree and never run."""

from jacobian_cli.syntax.function.source import MAX_SOURCE, read, read_source

__all__ = ["MAX_SOURCE", "read", "read_source"]
