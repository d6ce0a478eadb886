"""JAX source: what differs from NumPy, and rules that JAX takes for its own."""
