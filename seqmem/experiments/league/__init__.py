"""Leagues of volatility: on one series, and of one network for many."""

from seqmem.experiments.league.entries import REFERENCES, classics, network
from seqmem.experiments.league.panel import PanelLeague, panel_league
from seqmem.experiments.league.single import League, volatility_league

__all__ = ["REFERENCES", "League", "PanelLeague", "classics", "network", "panel_league", "volatility_league"]
