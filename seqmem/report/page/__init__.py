"""One page on what was found: it opens without a network, in print and by keyboard."""
