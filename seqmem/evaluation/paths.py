"""Sampled paths of a forecast: the band that holds a whole path, its lowest and its highest value."""

from typing import Any

import numpy as np

from seqmem.evaluation.forecast import Forecast

AT_ONCE = 200  # origins whose paths are ranked together


def joint_band(forecast: Forecast, level: float = 90) -> tuple[np.ndarray, np.ndarray]:
    """The simultaneous band that holds `level` percent of the whole paths: (low, high), each [N, H].

    At every horizon it leaves out as many paths on either side; how many is the most that still leaves the
    level of whole paths inside (Besag, Green, Higdon and Mengersen 1995). An interval of each horizon by
    itself is narrower, and holds fewer whole paths than its level.

    Args:
        forecast: with sampled paths.
        level: in percent.

    Raises:
        ValueError: no paths, or a level outside (0, 100).
    """
    if not 0 < level < 100:
        raise ValueError(f"Forecast: a level is a percentage in (0, 100). Received: {level}")
    paths = sampled(forecast)
    low, high = np.empty(forecast.shape), np.empty(forecast.shape)
    for begin in range(0, len(paths), AT_ONCE):
        some = paths[begin : begin + AT_ONCE]  # [n, S, H]
        count = some.shape[1]
        order = np.argsort(some, axis=1)
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(count)[None, :, None], axis=1)
        depth = np.sort(np.minimum(ranks, count - 1 - ranks).min(axis=2), axis=1)  # of each whole path
        out = depth[:, int(count * (1 - level / 100) + 1e-9), None, None]  # paths left out on either side
        ordered = np.take_along_axis(some, order, axis=1)
        low[begin : begin + AT_ONCE] = np.take_along_axis(ordered, out, axis=1)[:, 0]
        high[begin : begin + AT_ONCE] = np.take_along_axis(ordered, count - 1 - out, axis=1)[:, 0]
    return low, high


def path_minimum(forecast: Forecast, q: float) -> np.ndarray:
    """The quantile at level q of the lowest value of a path over the first horizons up to each, [N, H]."""
    return np.asarray(np.quantile(np.minimum.accumulate(sampled(forecast), axis=2), q, axis=1))


def path_maximum(forecast: Forecast, q: float) -> np.ndarray:
    """The quantile at level q of the highest value of a path over the first horizons up to each, [N, H]."""
    return np.asarray(np.quantile(np.maximum.accumulate(sampled(forecast), axis=2), q, axis=1))


def interval_columns(forecast: Forecast, level: float) -> dict[str, Any]:
    """Columns of the long frame for a level: the interval; of paths their band and extremes, each [N, H]."""
    outside = (1 - level / 100) / 2
    low, high = forecast.interval(level)
    found = {f"lo-{level:g}": low, f"hi-{level:g}": high}
    if forecast.paths is not None:
        low, high = joint_band(forecast, level)
        found |= {f"path-lo-{level:g}": low, f"path-hi-{level:g}": high}
        found[f"min-{level:g}"] = path_minimum(forecast, outside)
        found[f"max-{level:g}"] = path_maximum(forecast, 1 - outside)
    return found


def sampled(forecast: Forecast) -> np.ndarray:
    """The sampled paths, [N, S, H].

    Raises:
        ValueError: quantiles or a mean alone.
    """
    if forecast.paths is None:
        raise ValueError(
            "Forecast: expected sampled paths, such as those of FilteredHistoricalSimulation: what a whole "
            "path does cannot be read off the quantiles of each horizon. Received: quantiles or a mean alone"
        )
    return forecast.paths
