"""Local Jacobians of a chain, their products, the deltas they share, and the proof of each."""
