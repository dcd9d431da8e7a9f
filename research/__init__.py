"""Evidence, not speed: how the design was chosen, and what the claims rest on; see README.md."""
