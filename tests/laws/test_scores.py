"""Law: every score is lowest, on average, where the forecast is the truth."""

import numpy as np
import pandas as pd
import pytest
from samples import SCORES, split_after

from seqmem.data.reading import as_dataset
from seqmem.evaluation import compare
from seqmem.evaluation.forecast import Forecast
from seqmem.quantities import Price

ROWS, VARIANCE = 12_000, 1e-4


def _bars():
    """Days of 30 steps, each of the same variance."""
    steps = np.random.default_rng(3).normal(0, np.sqrt(VARIANCE / 30), (ROWS, 30))
    paths = np.cumsum(steps, axis=1) + np.cumsum(steps.sum(axis=1))[:, None] - steps.sum(axis=1)[:, None]
    opens = np.concatenate([[0.0], paths[:-1, -1]])[:, None]
    whole = np.concatenate([opens, paths], axis=1)
    columns = {"high": whole.max(axis=1), "low": whole.min(axis=1), "close": whole[:, -1]}
    dates = pd.bdate_range("1980-01-01", periods=ROWS)
    return as_dataset(100 * np.exp(pd.DataFrame(columns, dates)))


BARS = _bars()
SPLIT = split_after(BARS.frame, ROWS // 2)
ORIGINS = {"series": np.arange(ROWS // 2, ROWS - 5)}
HORIZONS = (1, 5)


def _truth(quantity):
    if quantity is Price:
        closes = BARS.frame["close"].to_numpy()
        return closes[ORIGINS["series"][:, None] + np.array(HORIZONS)]
    return np.full((len(ORIGINS["series"]), 2), VARIANCE) * np.array(HORIZONS)


@pytest.mark.parametrize("score", SCORES, ids=repr)
def test_every_score_is_minimal_at_the_truth(score):
    truth = _truth(score.quantity)
    forecasts = {
        factor: Forecast.assemble(BARS, ORIGINS, score.quantity(), HORIZONS, {"series": truth * factor})
        for factor in (0.7, 0.85, 1.0, 1.2, 1.5)
    }
    found = compare(forecasts, BARS, SPLIT, [score])
    for h in HORIZONS:
        losses = {factor: np.nanmean(found.origin_losses(score, factor, h)) for factor in forecasts}
        assert min(losses, key=losses.get) == 1.0, (h, losses)
        values = {factor: found.value(score, factor, h) for factor in forecasts}
        assert min(values, key=values.get) == 1.0, (h, values)
