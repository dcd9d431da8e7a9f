"""Backtests: every model at the same origins, scored on cumulative log returns, with significance."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

SIGNIFICANCE = 0.05


class DieboldMariano(NamedTuple):
    """The mean loss difference over its standard error (negative: the first is better), and its p-value."""

    statistic: float
    p_value: float


def backtest(models: Mapping[str, Any], series: pd.Series, at: Any) -> pd.DataFrame:
    """Forecasts of every model from the same origins, beside what came.

    Args:
        models: name -> anything with `forecast(series, at) -> [N, H]`: forecasters and baselines.
        series: the whole series; each forecast uses the rows up to its origin alone.
        at: origins, [N].

    Returns:
        One row for each model, origin and day ahead: model, origin, date (of the origin), h (1..H),
        last (the close at the origin), forecast, actual (NaN beyond the end of the series).

    Raises:
        ValueError: no models, or models of different horizons.

    >>> from seqmem.baselines import LastClose
    >>> backtest({"last close": LastClose(horizon=1)}, pd.Series([1.0, 2.0, 4.0]), at=[0, 1])
            model  origin  date  h  last  forecast  actual
    0  last close       0     0  1   1.0       1.0     2.0
    1  last close       1     1  1   2.0       2.0     4.0
    """
    if not models:
        raise ValueError("backtest: expected at least one model. Received: none")
    at, values = np.asarray(at), np.asarray(series, dtype="float64")
    forecasts = {name: np.asarray(model.forecast(series, at), "float64") for name, model in models.items()}
    if len({forecast.shape for forecast in forecasts.values()}) > 1:
        shapes = {name: forecast.shape for name, forecast in forecasts.items()}
        raise ValueError(f"backtest: expected forecasts of one shape. Received: {shapes}")
    horizon = next(iter(forecasts.values())).shape[1]
    rows = at[:, None] + np.arange(1, horizon + 1)  # [N, H]
    actual = np.where(rows < len(values), values[np.minimum(rows, len(values) - 1)], np.nan)
    same = {
        "origin": np.repeat(at, horizon),
        "date": np.repeat(np.asarray(pd.Series(series).index)[at], horizon),
        "h": np.tile(np.arange(1, horizon + 1), len(at)),
        "last": np.repeat(values[at], horizon),
    }
    return pd.concat(
        [
            pd.DataFrame({"model": name, **same, "forecast": forecast.ravel(), "actual": actual.ravel()})
            for name, forecast in forecasts.items()
        ],
        ignore_index=True,
    )


def scores(results: pd.DataFrame, *, training: Any, reference: str = "last close") -> pd.DataFrame:
    """Errors of the cumulative log return, by model and day ahead, and against the reference.

    The row ``h = "path"`` takes the mean over the days ahead of each origin's squared errors: one test
    for the whole path, and the one on which `edge` decides.

    Args:
        results: what `backtest` gave.
        training: the training part of the series, the scale of MASE.
        reference: the model to test against.

    Returns:
        Indexed by (model, h): rmse and mae of the cumulative log return in percent; mase: mean absolute
        error in price over that of the one-day naive forecast on the training part (Hyndman and Koehler
        2006); dm and p: Diebold-Mariano against the reference on squared errors.

    Raises:
        ValueError: no such reference, or a forecast that is not above 0.
    """
    known = results.dropna(subset=["actual"])
    if reference not in set(known["model"]):
        raise ValueError(f"scores: no model {reference!r}. Received: {sorted(set(known['model']))}")
    if not (known["forecast"] > 0).all():
        bad = known[~(known["forecast"] > 0)].iloc[0]
        raise ValueError(
            f"scores: {bad['model']}, origin {bad['date']}, h = {bad['h']}: expected a price above 0. "
            f"Received: {bad['forecast']}"
        )
    steps = np.abs(np.diff(np.asarray(training, dtype="float64"))).mean()
    error = 100 * np.log(known["forecast"] / known["actual"])
    table = known.assign(
        error=error, square=error**2, scaled=(known["forecast"] - known["actual"]).abs() / steps
    )
    rows: dict[tuple[str, Any], dict[str, float]] = {}
    for name, mine in table.groupby("model", sort=False):
        theirs = table[table["model"] == reference]
        rows |= {(name, h): _row(part, theirs[theirs["h"] == h], int(h)) for h, part in mine.groupby("h")}
        rows[name, "path"] = _row(mine, theirs, int(mine["h"].max()))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["model", "h"])


def _row(mine: pd.DataFrame, theirs: pd.DataFrame, horizon: int) -> dict[str, float]:
    by_origin = [part.groupby("origin")["square"].mean() for part in (mine, theirs)]
    test = diebold_mariano(*by_origin, horizon=horizon)
    return {
        "rmse": float(np.sqrt(mine["square"].mean())),
        "mae": float(mine["error"].abs().mean()),
        "mase": float(mine["scaled"].mean()),
        "dm": test.statistic,
        "p": test.p_value,
    }


def diebold_mariano(first: Any, second: Any, *, horizon: int = 1) -> DieboldMariano:
    """Diebold and Mariano (1995) on two series of losses at the same origins, in time order.

    The standard error is Newey and West's (Bartlett weights) with max(horizon - 1, n^(1/3)) lags, the
    p-value two-sided from Student's t. Equal losses give NaN: there is nothing to test.

    Raises:
        ValueError: losses of different lengths, or fewer than 10.

    >>> losses = np.random.default_rng(0).normal(size=(2, 400)) ** 2
    >>> diebold_mariano(losses[0] + 1, losses[1]).statistic > 5
    True
    """
    from statsmodels.api import OLS

    difference = np.asarray(first, dtype="float64") - np.asarray(second, dtype="float64")
    if difference.ndim != 1 or len(difference) < 10:
        raise ValueError(f"diebold_mariano: expected at least 10 losses. Received: {difference.shape}")
    if not difference.any():
        return DieboldMariano(float("nan"), float("nan"))
    lags = max(horizon - 1, int(np.cbrt(len(difference))))
    fitted = OLS(difference, np.ones(len(difference))).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    return DieboldMariano(float(fitted.tvalues[0]), float(fitted.pvalues[0]))


def edge(table: pd.DataFrame, model: str, reference: str = "last close") -> str:
    """In plain words, whether `model` beats the reference over the whole path.

    Args:
        table: what `scores` gave.
        model: one of its models.
        reference: the one that it was tested against.
    """
    mine, theirs = table.loc[model, "path"], table.loc[reference, "path"]
    ratio, p = mine["rmse"] / theirs["rmse"], mine["p"]
    against = f"its error over the whole path is {ratio:.4f} of {reference}'s (Diebold-Mariano p = {p:.2f})"
    if p < SIGNIFICANCE and mine["dm"] < 0:
        return f"{model} beats {reference}: {against}."
    if p < SIGNIFICANCE:
        return f"No edge found: {model} is significantly worse than {reference}; {against}."
    return f"No edge found: {model} does not beat {reference}; {against}."
