"""Those that are timed: each module is run in a process of its own, and imports only what it needs."""
