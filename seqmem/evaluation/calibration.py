"""Calibration of variances: whether what came is, on average, what was forecast."""

import numpy as np
import pandas as pd

from seqmem.evaluation.results import Evaluation, index_of
from seqmem.evaluation.scores import Proxy
from seqmem.evaluation.significance import mincer_zarnowitz


def calibration_table(evaluation: Evaluation, proxy: Proxy) -> pd.DataFrame:
    """How forecasts of a variance compare with what came, beside the regression of Mincer and Zarnowitz.

    Indexed by (h, model): ratio (mean of realised over forecast: 1 where the level is right), intercept (in
    percent squared a row), slope, r2, p_value (of an intercept of 0 and a slope of 1 together, HAC errors).
    """
    outcome = evaluation.outcome
    realised = proxy.realised(outcome)
    rows: dict[tuple[int, str], dict[str, float]] = {}
    for column, h in enumerate(outcome.horizons):
        for model, forecast in evaluation.forecasts.items():
            came = outcome.mean_by_date(realised[:, column]) * 1e4 / h
            said = outcome.mean_by_date(np.where(np.isnan(realised), np.nan, forecast.point)[:, column])
            ratio = float(np.nanmean(realised[:, column] / forecast.point[:, column]))
            rows[h, model] = {"ratio": ratio, **mincer_zarnowitz(came, said * 1e4 / h, horizon=h)._asdict()}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return frame.set_axis(index_of(rows, ["h", "model"]))
