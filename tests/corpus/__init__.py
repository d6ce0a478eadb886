"""Published identities as data."""
