"""Index calculus: expressions as sums of products of indexed tensors, their derivatives, and the way back."""
