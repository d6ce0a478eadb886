"""Text to syntax tree, and carets: the lowest layer, which knows no function and no shape."""
