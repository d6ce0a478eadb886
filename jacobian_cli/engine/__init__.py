"""Reverse mode on arrays: formulas that run forwards once and backwards once, by the rules of the table."""
