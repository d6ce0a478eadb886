"""Local Jacobians and the product of them."""
