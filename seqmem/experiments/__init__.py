"""Experiments: the league of volatility and the studies; imported by the command alone."""
