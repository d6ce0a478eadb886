"""The computational graph at a point: forward values, then upstream times local at every node."""
