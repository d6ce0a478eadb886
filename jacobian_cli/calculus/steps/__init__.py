"""A derivation line by line."""
