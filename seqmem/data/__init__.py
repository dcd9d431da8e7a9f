"""Data: what comes in, checked once."""
