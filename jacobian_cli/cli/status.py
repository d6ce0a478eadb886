"""The four exit statuses of the program."""

RIGHT, MISMATCH, REFUSED = 0, 1, 2
INTERRUPTED = 130
"""Of a program that Ctrl-C ended, as shells count it."""
