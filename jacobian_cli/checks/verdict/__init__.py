"""Comparison of an answer, its steps and its chain with the oracles."""
