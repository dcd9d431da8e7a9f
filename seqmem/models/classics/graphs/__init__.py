"""Fitted classics as graphs: what they read, and the recurrence that they are."""
