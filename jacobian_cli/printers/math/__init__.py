"""Mathematics for people: one walker over expressions, a medium for text and one for LaTeX."""
