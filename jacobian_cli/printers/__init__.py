"""Printers of typed expressions: the language itself, mathematics for the terminal, LaTeX, NumPy source."""
