"""The log of a search, and its replay."""
