"""Source text that needs NumPy and nothing else."""
