"""Index form back to matrix notation."""
