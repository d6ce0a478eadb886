"""A derivation made by hand: is it right, and if not, where and what kind of mistake."""
