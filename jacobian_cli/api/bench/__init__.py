"""Closed forms raced against automatic differentiation: in time and in memory, each held to be right first."""
