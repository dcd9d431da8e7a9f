"""Seqmem beside its rivals; see README.md."""
