"""What makes an index form shorter and keeps its value."""
