"""Which trial wins."""
