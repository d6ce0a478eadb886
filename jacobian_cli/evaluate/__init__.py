"""What an expression means in NumPy, and the kernels that NumPy lacks."""
