"""What a Python user imports: `derive` and what it returns."""
