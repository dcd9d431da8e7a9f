"""Calibration of variances: whether what came is, on average, what was forecast."""

from typing import ClassVar

import numpy as np
import pandas as pd

from seqmem.evaluation.forecast import Forecast
from seqmem.evaluation.outcome import Outcome
from seqmem.evaluation.results import Evaluation, index_of
from seqmem.evaluation.scores import Proxy, Score
from seqmem.evaluation.significance import mincer_zarnowitz
from seqmem.quantities import Quantity, Variance


class Calibration(Score):
    """The mean of realised over forecast: 1 where the level is right, 2 where forecasts are half of it.

    No score to be low on, so that it is not tested.

    Args:
        proxy: what is realised.
    """

    quantity: ClassVar[type[Quantity]] = Variance
    proper: ClassVar[bool] = False
    format = ".2f"

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.name: str = f"calibration ({proxy.name})"
        self.title: str = f"mean of realised ({proxy.name}) / forecast"

    def loss(self, forecast: Forecast, outcome: Outcome) -> np.ndarray:
        """Realised over forecast."""
        return self.proxy.realised(outcome) / forecast.point


def calibration_table(evaluation: Evaluation, proxy: Proxy) -> pd.DataFrame:
    """How forecasts of a variance compare with what came, beside the regression of Mincer and Zarnowitz.

    Indexed by (h, model): ratio (mean of realised over forecast), intercept (in percent squared a row),
    slope, r2, p_value (of an intercept of 0 and a slope of 1 together, HAC errors).
    """
    outcome, score = evaluation.outcome, Calibration(proxy)
    realised = proxy.realised(outcome)
    rows: dict[tuple[int, str], dict[str, float]] = {}
    for column, h in enumerate(outcome.horizons):
        for model, forecast in evaluation.forecasts.items():
            came = outcome.mean_by_date(realised[:, column]) * 1e4 / h
            said = outcome.mean_by_date(np.where(np.isnan(realised), np.nan, forecast.point)[:, column])
            ratio = float(np.nanmean(score.loss(forecast, outcome)[:, column]))
            rows[h, model] = {"ratio": ratio, **mincer_zarnowitz(came, said * 1e4 / h, horizon=h)._asdict()}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return frame.set_axis(index_of(rows, ["h", "model"]))
