"""What a terminal shows, page by page."""
