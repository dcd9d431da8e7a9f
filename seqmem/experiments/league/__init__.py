"""Leagues of volatility: on one series, and of one network for many."""

from seqmem.experiments.league.entrants import Design, collect_warnings, display_name
from seqmem.experiments.league.league import Judged, League
from seqmem.experiments.league.leagues import panel_league, volatility_league

__all__ = [
    "Design",
    "Judged",
    "League",
    "collect_warnings",
    "display_name",
    "panel_league",
    "volatility_league",
]
