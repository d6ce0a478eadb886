"""Measurements, run on demand: `python -m tests.benchmarks.run`."""
