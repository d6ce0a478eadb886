"""The independent oracles, each against the others and against NumPy written out by hand."""
