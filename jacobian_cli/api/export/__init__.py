"""Answers as files to take away: source for NumPy, PyTorch and JAX with its test, LaTeX, Markdown, JSON."""
