"""Expressions to index form, and the pullback through them."""
