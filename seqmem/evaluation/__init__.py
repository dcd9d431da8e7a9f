"""Evaluation: every model at the same origins, scored, with significance."""

from seqmem.evaluation.panel import PanelTest, panel_test, panel_verdict
from seqmem.evaluation.paths import backtest, edge, scores
from seqmem.evaluation.significance import (
    CONFIDENCE,
    MIN_ORIGINS,
    SIGNIFICANCE,
    DieboldMariano,
    diebold_mariano,
    model_confidence_set,
)
from seqmem.evaluation.summary import volatility_verdict
from seqmem.evaluation.volatility import seed_spread, volatility_backtest, volatility_scores

__all__ = [
    "CONFIDENCE",
    "MIN_ORIGINS",
    "SIGNIFICANCE",
    "DieboldMariano",
    "PanelTest",
    "backtest",
    "diebold_mariano",
    "edge",
    "model_confidence_set",
    "panel_test",
    "panel_verdict",
    "scores",
    "seed_spread",
    "volatility_backtest",
    "volatility_scores",
    "volatility_verdict",
]
