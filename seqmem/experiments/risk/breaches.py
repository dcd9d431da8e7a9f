"""How often value at risk was exceeded, and what the backtests make of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from seqmem.evaluation import Evaluation
from seqmem.evaluation.risk_tests import (
    acerbi_szekely,
    acerbi_szekely_size,
    conditional_coverage,
    dynamic_quantile,
    independence,
    kupiec,
    shortfall_test,
    traffic_light,
)
from seqmem.evaluation.tails import expected_shortfall, standard_deviation, tail_returns, value_at_risk

KEYS = ["series", "h", "side", "level", "model"]
YEAR = 250  # days that the traffic light looks at


def backtests(evaluation: Evaluation, levels: Sequence[float]) -> pd.DataFrame:
    """Breaches and p-values by series, h, side, level and model.

    Over h days every h-th origin counts alone, so that no day counts twice. The light is that of the latest
    250 of them.
    """
    rows = []
    for name, mine in evaluation.outcome.series():
        for column, h in enumerate(evaluation.outcome.horizons):
            chosen = np.flatnonzero(mine)[:: int(h)]
            returns = np.log(evaluation.outcome.value()[chosen, column] / evaluation.outcome.last[chosen])
            there = ~np.isnan(returns)
            chosen, returns = chosen[there], returns[there]
            for side, sign in (("long", 1), ("short", -1)):
                for level in levels:
                    for model in evaluation.models:
                        forecast = evaluation.forecasts[model]
                        short = side == "short"
                        risk = value_at_risk(forecast, level, short=short)[chosen, column]
                        shortfall = expected_shortfall(forecast, level, short=short)[chosen, column]
                        tail = tail_returns(forecast, level, short=short)[chosen, column]
                        row = _row(sign * returns, risk, shortfall, tail, level)
                        rows.append({**dict(zip(KEYS, (name, h, side, level, model), strict=True)), **row})
    return pd.DataFrame(rows).set_index(KEYS)


def _row(
    returns: np.ndarray, risk: np.ndarray, shortfall: np.ndarray, tail: np.ndarray, level: float
) -> dict[str, object]:
    breaches = returns < -risk
    return {
        "days": len(returns),
        "breaches": int(breaches.sum()),
        "expected": level * len(returns),
        "coverage p": kupiec(breaches, level).p_value,
        "independence p": independence(breaches).p_value,
        "both p": conditional_coverage(breaches, level).p_value,
        "dynamic p": dynamic_quantile(breaches, risk, level).p_value,
        "shortfall p": shortfall_test(returns, risk, shortfall).p_value,
        "Z1 p": acerbi_szekely_size(returns, risk, tail).p_value,
        "Z2 p": acerbi_szekely(returns, risk, tail, level).p_value,
        "light": traffic_light(breaches[-YEAR:], level),
    }


def sized(evaluation: Evaluation, periods_per_year: float, target: float) -> pd.Series:
    """The annualised volatility of positions that were sized to a target by each model's forecast.

    The size is the target over the annualised volatility forecast over the shortest horizon; what came, times
    that, has the target's volatility where the scale is right.
    """
    column = int(np.argmin(evaluation.outcome.horizons))
    yearly = np.sqrt(periods_per_year / evaluation.outcome.horizons[column])
    returns = np.log(evaluation.outcome.value()[:, column] / evaluation.outcome.last)
    found = {
        name: np.nanstd(returns * target / (yearly * standard_deviation(forecast)[:, column])) * yearly
        for name, forecast in evaluation.forecasts.items()
    }
    return pd.Series(found, name="volatility")
