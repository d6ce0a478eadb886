"""Points to compare at: inside the domain, where declared facts hold, away from kinks."""
