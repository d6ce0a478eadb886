"""Mistakes made on purpose in published derivatives, to see whether they are found and named."""
