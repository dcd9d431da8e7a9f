"""Leagues of volatility: on one series, and of one network for many."""

from seqmem.league.entries import REFERENCES, classics, network
from seqmem.league.panel import PanelLeague, panel_league
from seqmem.league.single import League, volatility_league

__all__ = ["REFERENCES", "League", "PanelLeague", "classics", "network", "panel_league", "volatility_league"]
