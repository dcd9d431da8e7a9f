"""Forecasts of a variance, scored by QLIKE on two proxies of it, on all days and on turbulent ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.bars import as_bars
from seqmem.data.measures import parkinson, squared_returns
from seqmem.evaluation.significance import MIN_LOSSES, diebold_mariano, model_confidence_set

PROXIES = {"squared": "squared returns", "parkinson": "Parkinson's range"}
MONTH = 22  # days over which the volatility is measured that makes a day turbulent
QUINTILE = 0.8


def volatility_backtest(
    models: Mapping[str, Any], bars: Any, at: Any, *, training: int, horizons: Sequence[int] = (1, 5)
) -> pd.DataFrame:
    """Variance forecasts of every model from the same origins, beside what came.

    Args:
        models: name -> anything with `forecast(series, at) -> [N, H]`: variances of the log return over the
            next h days, in squared log returns.
        bars: the whole series, see `seqmem.data.bars`; each forecast uses the rows up to its origin alone.
        at: origins, [N], each at least 22.
        training: how many rows the scale of Parkinson's variance is taken from.
        horizons: h, those of the models.

    Returns:
        One row for each model, origin and horizon: model, origin, date, h, forecast, squared (the sum of the
        squared log returns that came), parkinson (the sum of Parkinson variances, times mean squared return
        over mean Parkinson variance of the training rows; only where there are highs and lows), turbulent
        (whether the volatility of the 22 days up to the origin is in the top fifth of that of all origins).
        What came is NaN beyond the end of the series.

    Raises:
        ValueError: no models; an origin before row 22; a forecast of another shape, or not finite and
            above 0: which, and when.

    >>> from seqmem.models.classics import EWMA
    >>> closes = 100 * np.exp(0.01 * np.arange(80))
    >>> results = volatility_backtest({"EWMA": EWMA().fit(closes, 60)}, closes, [70], training=60)
    >>> results[["model", "h", "forecast", "squared"]].round(6)
      model  h  forecast  squared
    0  EWMA  1    0.0001   0.0001
    1  EWMA  5    0.0005   0.0005
    """
    if not models:
        raise ValueError("volatility_backtest: expected at least one model. Received: none")
    at, steps = np.asarray(at), np.array(horizons)
    if at.min() < MONTH:  # its trailing volatility is NaN, and so would be the quintile of all
        raise ValueError(f"volatility_backtest: expected origins of at least {MONTH}. Received: {at.min()}")
    dates = bars.index[at] if isinstance(bars, pd.DataFrame | pd.Series) else at
    squares = squared_returns(bars)
    came = {"squared": _ahead(squares, at, steps)}
    if as_bars(bars).shape[1] > 1:
        ranges = parkinson(bars)
        scale = squares[1:training].mean() / ranges[1:training].mean()
        came["parkinson"] = scale * _ahead(ranges, at, steps)
    trailing = pd.Series(squares).rolling(MONTH).mean().to_numpy()[at]
    same = {
        "origin": np.repeat(at, len(steps)),
        "date": np.repeat(np.asarray(dates), len(steps)),
        "h": np.tile(steps, len(at)),
        **{name: values.ravel() for name, values in came.items()},
        "turbulent": np.repeat(trailing >= np.quantile(trailing, QUINTILE), len(steps)),
    }
    parts = []
    for name, model in models.items():
        forecast = np.asarray(model.forecast(bars, at), dtype="float64")
        _check(name, forecast, dates, steps)
        parts.append(pd.DataFrame({"model": name, **same}))
        parts[-1].insert(4, "forecast", forecast.ravel())
    return pd.concat(parts, ignore_index=True)


def _ahead(values: np.ndarray, at: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Sums over the next days, [N, H]; NaN where the series ends before."""
    sums = np.concatenate([[0.0], np.nancumsum(values)])
    ends = at[:, None] + steps + 1
    return np.where(ends <= len(values), sums[np.minimum(ends, len(values))] - sums[at + 1][:, None], np.nan)


def _check(name: str, forecast: np.ndarray, dates: Any, steps: np.ndarray) -> None:
    if forecast.shape != (len(dates), len(steps)):
        expected = (len(dates), len(steps))
        raise ValueError(f"{name}: expected forecasts of shape {expected}. Received: {forecast.shape}")
    for row, column in np.argwhere(~(np.isfinite(forecast) & (forecast > 0)))[:1]:
        raise ValueError(
            f"{name}, from {str(dates[row])[:10]}, over {steps[column]} days: expected a variance above 0. "
            f"Received: {forecast[row, column]}"
        )


def qlike(proxy: Any, forecast: Any) -> float:
    """The mean of x - log x - 1 with x = proxy / forecast: 0 where they agree, and the same in any unit.

    Over the proxies above 0: a day without a move has no logarithm. (Of differences between models log x is
    no part, so all tests take all days; and the ratio of the raw form, log v + y / v, depends on units, so it
    is never quoted.)

    >>> round(qlike([1.0, 2.0, 0.0], [1.0, 1.0, 1.0]), 4)  # the mean of 0 and 1 - log 2
    0.1534
    """
    proxy, forecast = np.asarray(proxy, dtype="float64"), np.asarray(forecast, dtype="float64")
    ratio = proxy[proxy > 0] / forecast[proxy > 0]
    return float(np.mean(ratio - np.log(ratio) - 1))


def losses(results: pd.DataFrame, proxy: str, h: int, *, turbulent: bool = False) -> pd.DataFrame:
    """Log v + y / v of every model, a column each, by origin: for differences between models."""
    part = known(results, proxy, h, turbulent=turbulent)
    loss = np.log(part["forecast"]) + part[proxy] / part["forecast"]
    return part.assign(loss=loss).pivot(index="origin", columns="model", values="loss")[
        part["model"].unique()
    ]


def known(results: pd.DataFrame, proxy: str, h: int, *, turbulent: bool = False) -> pd.DataFrame:
    """The rows of a horizon whose future is known, of all days or of the turbulent."""
    part = results[(results["h"] == h) & results[proxy].notna()]
    return part[part["turbulent"]] if turbulent else part


def mean_qlike(results: pd.DataFrame, proxy: str, h: int, *, turbulent: bool = False) -> pd.Series:
    """`qlike` by model."""
    part = known(results, proxy, h, turbulent=turbulent)
    groups = part.groupby("model", sort=False)
    return pd.Series({name: qlike(own[proxy], own["forecast"]) for name, own in groups})


def volatility_scores(results: pd.DataFrame, *, references: Sequence[str], seed: int = 0) -> pd.DataFrame:
    """Scores by proxy, horizon, regime and model, with significance against the references.

    Args:
        results: what `volatility_backtest` gave.
        references: models to test against.
        seed: of the bootstraps of the model confidence set.

    Returns:
        Indexed by (proxy, h, regime, model), the regimes being all and turbulent: qlike, the normalised
        x - log x - 1; mse, of daily variances in percent squared; for each reference NAME ``ratio NAME``
        (of qlike), ``mse ratio NAME``, ``dm NAME`` and ``p NAME`` (Diebold-Mariano on QLIKE, HAC errors;
        negative is better); mcs, the p-value in the model confidence set (in it from .10).

    Raises:
        ValueError: a reference that is not among the models; fewer than 10 origins of a regime whose future
            is known.
    """
    missing = set(references) - set(results["model"])
    if missing:
        raise ValueError(
            f"volatility_scores: no model {sorted(missing)}. Received: {results['model'].unique()}"
        )
    rows: dict[tuple[str, int, str, str], dict[str, float]] = {}
    for proxy in [name for name in PROXIES if name in results]:
        for h in results["h"].unique():
            for regime in ("all", "turbulent"):
                turbulent = regime == "turbulent"
                table = losses(results, proxy, h, turbulent=turbulent)
                if len(table) < MIN_LOSSES:
                    raise ValueError(
                        f"volatility_scores: {proxy}, over {h} days, {regime} origins: expected at least "
                        f"{MIN_LOSSES} whose future is known. Received: {len(table)}"
                    )
                means = mean_qlike(results, proxy, h, turbulent=turbulent)
                squares = _square_errors(known(results, proxy, h, turbulent=turbulent), proxy)
                confidence = model_confidence_set(table, seed=seed)
                for model in table:
                    row = {"qlike": means[model], "mse": squares[model]}
                    for name in references:
                        test = diebold_mariano(table[model], table[name], horizon=int(h))
                        row |= {
                            f"ratio {name}": means[model] / means[name],
                            f"mse ratio {name}": squares[model] / squares[name],
                            f"dm {name}": test.statistic,
                            f"p {name}": test.p_value,
                        }
                    rows[proxy, int(h), regime, model] = row | {"mcs": confidence[model]}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.MultiIndex.from_tuples(frame.index, names=["proxy", "h", "regime", "model"])
    return frame


def _square_errors(part: pd.DataFrame, proxy: str) -> pd.Series:
    daily = (part["forecast"] - part[proxy]) / part["h"] * 1e4
    return (daily**2).groupby(part["model"]).mean()


def seed_spread(members: Mapping[str, np.ndarray], results: pd.DataFrame) -> pd.DataFrame:
    """How much the seed decides: QLIKE of the single members of an ensemble, beside the ensemble's.

    Args:
        members: name of the ensemble in the results -> its members' forecasts, [M, N, H], from the same
            origins in the same order.
        results: what `volatility_backtest` gave.

    Returns:
        Indexed by (model, proxy, h): together, best, mean and worst.
    """
    rows = {}
    for name, each in members.items():
        for proxy in [proxy for proxy in PROXIES if proxy in results]:
            for column, h in enumerate(results["h"].unique()):
                own = results[(results["model"] == name) & (results["h"] == h)]
                there = own[proxy].notna().to_numpy()
                single = [qlike(own[proxy][there], one[there, column]) for one in each]
                rows[name, proxy, int(h)] = {
                    "together": qlike(own[proxy][there], own["forecast"][there]),
                    "best": min(single),
                    "mean": float(np.mean(single)),
                    "worst": max(single),
                }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["together", "best", "mean", "worst"])
    frame.index = pd.MultiIndex.from_tuples(frame.index, names=["model", "proxy", "h"])
    return frame
