"""Leagues of volatility: on one series, and of one network for many."""

from seqmem.experiments.league.entrants import Design, collect_warnings, display_name
from seqmem.experiments.league.league import Judged, League
from seqmem.experiments.league.leagues import BUNDLED_POOL, panel_league, volatility_league
from seqmem.experiments.league.page import league_sections
from seqmem.experiments.league.recommendation import Recommendation

__all__ = [
    "BUNDLED_POOL",
    "Design",
    "Judged",
    "League",
    "Recommendation",
    "collect_warnings",
    "display_name",
    "league_sections",
    "panel_league",
    "volatility_league",
]
