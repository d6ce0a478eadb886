"""The tests, and the two scripts beside them: `python -m tests.regenerate` and `python -m tests.benchmarks.run`."""
