"""Pages: one answer as a file, and the text box that is served."""
