"""Independent oracles: what an answer is compared with. None of them uses a derivative of the table."""
