"""Random formulas against an engine that shares nothing with the product: `python -m tests.fuzz --help`."""
