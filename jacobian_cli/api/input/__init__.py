"""What a caller hands over: formulas, shapes, facts and values, each read by one door."""
