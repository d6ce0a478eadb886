"""Index form: products of tensors over labelled axes, and their canonical order."""
