"""PyTorch source: what differs from NumPy, and rules that autograd takes for its own."""
