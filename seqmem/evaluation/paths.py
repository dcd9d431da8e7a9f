"""Backtests: every model at the same origins, scored on cumulative log returns, with significance."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from seqmem.evaluation.significance import MIN_ORIGINS, SIGNIFICANCE, diebold_mariano, p_in_words


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

    >>> from seqmem.models.classics import LastClose
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
    known = _errors(results)
    if reference not in set(known["model"]):
        raise ValueError(f"scores: no model {reference!r}. Received: {sorted(set(known['model']))}")
    steps = np.abs(np.diff(np.asarray(training, dtype="float64"))).mean()
    table = known.assign(scaled=(known["forecast"] - known["actual"]).abs() / steps)
    rows: dict[tuple[str, Any], dict[str, float]] = {}
    for name, mine in table.groupby("model", sort=False):
        theirs = table[table["model"] == reference]
        rows |= {(name, h): _row(part, theirs[theirs["h"] == h], int(h)) for h, part in mine.groupby("h")}
        rows[name, "path"] = _row(mine, theirs, int(mine["h"].max()))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["model", "h"])


def _row(mine: pd.DataFrame, theirs: pd.DataFrame, horizon: int) -> dict[str, float]:
    test = diebold_mariano(_by_origin(mine), _by_origin(theirs), horizon=horizon)
    return {
        "rmse": float(np.sqrt(mine["square"].mean())),
        "mae": float(mine["error"].abs().mean()),
        "mase": float(mine["scaled"].mean()),
        "dm": test.statistic,
        "p": test.p_value,
    }


def _by_origin(part: pd.DataFrame) -> np.ndarray:
    return part.groupby("origin")["square"].mean().to_numpy()


def _errors(results: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a truth, with the error of the cumulative log return in percent, and its square."""
    known = results.dropna(subset=["actual"])
    if not (known["forecast"] > 0).all():
        bad = known[~(known["forecast"] > 0)].iloc[0]
        raise ValueError(
            f"scores: {bad['model']}, origin {bad['date']}, h = {bad['h']}: expected a price above 0. "
            f"Received: {bad['forecast']}"
        )
    error = 100 * np.log(known["forecast"] / known["actual"])
    return known.assign(error=error, square=error**2)


def edge(results: pd.DataFrame, model: str) -> str:
    """In plain words, whether `model` beats every other model over the whole path.

    It does where Diebold-Mariano against each of them, on the mean squared error over the days ahead, is
    below 0 with p < .05, from at least 100 origins. On a series that only drifts, beating the last close
    is no edge: the mean return beats it too.

    Args:
        results: what `backtest` gave for the model and the baselines.
        model: one of its models.

    Raises:
        ValueError: no such model, or nothing beside it.
    """
    known = _errors(results)
    losses = {name: _by_origin(part) for name, part in known.groupby("model", sort=False)}
    if model not in losses or len(losses) < 2:
        raise ValueError(f"edge: expected {model!r} and something beside it. Received: {list(losses)}")
    mine, horizon = losses.pop(model), int(known["h"].max())
    if len(mine) < MIN_ORIGINS:
        return f"No edge found: {len(mine)} origins are too few to tell; at least {MIN_ORIGINS} are needed."
    ratios, unbeaten, worse = [], [], []
    for name in sorted(losses, key=lambda name: float(losses[name].mean())):  # the strongest first
        test = diebold_mariano(mine, losses[name], horizon=horizon)
        significant = test.p_value < SIGNIFICANCE
        if not (test.statistic < 0 and significant):
            unbeaten.append(name)
        if test.statistic > 0 and significant:
            worse.append(name)
        ratios.append(
            f"{np.sqrt(mine.mean() / losses[name].mean()):.4f} of {name}'s ({p_in_words(test.p_value)})"
        )
    said = f"its error over the whole path is {', '.join(ratios)}, by Diebold-Mariano."
    if not unbeaten:
        return f"{model} beats {', '.join(losses)}: {said}"
    also = f" and is significantly worse than {', '.join(worse)}" if worse else ""
    return f"No edge found: {model} does not beat {', '.join(unbeaten)}{also}: {said}"
