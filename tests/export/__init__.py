"""What is exported is run."""
