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
PASSED = 0.05  # a p-value from which on a test is passed


def backtests(evaluation: Evaluation, levels: Sequence[float]) -> pd.DataFrame:
    """Breaches and p-values by series, h, side, level and model.

    Over h days every h-th origin counts alone, so that no day counts twice. The light is that of the latest
    250 of them.
    """
    outcome = evaluation.outcome
    returns = np.log(outcome.value() / outcome.last[:, None])
    names = dict(outcome.series())
    rows: dict[tuple[object, ...], dict[str, object]] = {
        (name, h, side, level, model): {}
        for name in names
        for h in outcome.horizons
        for side in ("long", "short")
        for level in levels
        for model in evaluation.models
    }
    for model, forecast in evaluation.forecasts.items():
        for level in levels:
            for side, sign in (("long", 1), ("short", -1)):
                short = side == "short"
                risk = value_at_risk(forecast, level, short=short)
                shortfall = expected_shortfall(forecast, level, short=short)
                tail = tail_returns(forecast, level, short=short)
                for name, mine in names.items():
                    for column, h in enumerate(outcome.horizons):
                        there = ~np.isnan(returns[:, column])
                        at = np.flatnonzero(mine & there)[:: int(h)], column
                        rows[name, h, side, level, model] = _row(
                            sign * returns[at], risk[at], shortfall[at], tail[at], level
                        )
    frame = pd.DataFrame(list(rows.values()))
    return frame.set_axis(pd.MultiIndex.from_tuples(list(rows), names=KEYS))


def over_series(table: pd.DataFrame) -> pd.DataFrame:
    """The backtests of a panel by h, side, level and model, over its series.

    breaches: their share, all series together; worst: that of the series where it is farthest from the level,
    and its name; of the series, how many have p >= .05 by each test.
    """
    rows = {}
    for key, each in table.groupby(level=KEYS[1:], sort=False):
        shares = (each["breaches"] / each["days"]).droplevel(KEYS[1:])
        worst = (shares - key[KEYS.index("level") - 1]).abs().idxmax()
        passed = {name: int((each[name].fillna(1.0) >= PASSED).sum()) for name in each if name.endswith(" p")}
        rows[key] = {
            "breaches": each["breaches"].sum() / each["days"].sum(),
            "worst": shares[worst],
            "worst series": worst,
            "series": len(each),
            **passed,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(KEYS[1:])


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
