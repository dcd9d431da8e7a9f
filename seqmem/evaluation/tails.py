"""Value at risk and expected shortfall of forecasts."""

import numpy as np

from seqmem.evaluation.forecast import Forecast
from seqmem.quantities import PriceMove

MOST_TAIL = 0.5  # of a tail index beyond the lowest quantile: above it there is no variance


def return_quantiles(forecast: Forecast, levels: np.ndarray, *, short: bool = False) -> np.ndarray:
    """Quantiles of the log return [N, H, Q]; of a short position those of its opposite.

    Raises:
        ValueError: a forecast that is no price or return, or has a mean alone.
    """
    if not isinstance(forecast.quantity, PriceMove):
        raise ValueError(
            f"value at risk: expected forecasts of a price or a return. Received: {forecast.quantity.name}"
        )
    asked = 1 - levels if short else levels
    if forecast.paths is not None:  # all at once
        values = np.moveaxis(np.quantile(forecast.paths, asked, axis=1), 0, -1)
    else:
        values = np.stack([forecast.quantile(float(level)) for level in asked], axis=-1)
    returns = forecast.quantity.log_return(values, forecast.last)
    return -returns if short else returns


def value_at_risk(forecast: Forecast, level: float, *, short: bool = False) -> np.ndarray:
    """The loss that is exceeded with probability `level`, [N, H]: minus a quantile of the log return.

    Args:
        forecast: of a price or a return, with quantiles or paths.
        level: the share of days on which it is exceeded, in (0, .5): 0.01 is what is often called 99%.
        short: whether the position loses where the price rises.

    Raises:
        ValueError: a level outside (0, .5), or a forecast without such a quantile.
    """
    _check(level)
    return -return_quantiles(forecast, np.array([level]), short=short)[..., 0]


def expected_shortfall(forecast: Forecast, level: float, *, short: bool = False) -> np.ndarray:
    """The mean loss where the value at risk is exceeded, [N, H].

    Of sampled paths the mean of those beyond it; of quantiles the mean of the quantile function below the
    level, beyond the lowest level as a tail of its own index (McNeil, Frey and Embrechts 2015, 5.2).

    Args:
        forecast: as in `value_at_risk`.
        level: likewise.
        short: likewise.
    """
    _check(level)
    if forecast.paths is not None:
        returns = _path_returns(forecast)
        ordered = np.sort(-returns if short else returns, axis=1)
        count = max(1, int(np.floor(level * ordered.shape[1])))
        return -ordered[:, :count].mean(axis=1)
    levels = np.array(forecast.levels)
    levels = np.sort(1 - levels) if short else levels
    below = levels[levels < level - 1e-12]
    nodes = np.array([*below, level])
    quantiles = return_quantiles(forecast, nodes, short=short)  # [N, H, nodes]
    inner = np.sum((quantiles[..., 1:] + quantiles[..., :-1]) / 2 * np.diff(nodes), axis=-1)
    return -(inner + _beyond(nodes, quantiles)) / level


def tail_returns(forecast: Forecast, level: float, *, short: bool = False, count: int = 20) -> np.ndarray:
    """Equally likely log returns beyond the value at risk, [N, H, count], the worst first.

    Of sampled paths their own quantiles; of quantiles those between the levels, and below the lowest the tail
    that `expected_shortfall` has. Each row is scaled so that minus its mean is that shortfall.

    Args:
        forecast: as in `value_at_risk`.
        level: likewise.
        short: likewise: the opposite of the return.
        count: of returns.
    """
    _check(level)
    places = level * (np.arange(count) + 0.5) / count
    if forecast.paths is not None:
        returns = _path_returns(forecast)
        found = np.moveaxis(np.quantile(-returns if short else returns, places, axis=1), 0, -1)
    else:
        levels = np.sort(1 - np.array(forecast.levels)) if short else np.array(forecast.levels)
        inside = places >= levels[0]
        found = np.empty((*forecast.shape, count))
        found[..., inside] = return_quantiles(forecast, places[inside], short=short)
        if not inside.all():
            nodes = np.array([*levels[levels < level - 1e-12], level])
            quantiles = return_quantiles(forecast, nodes, short=short)
            index = _tail_index(nodes, quantiles)[..., None]
            found[..., ~inside] = quantiles[..., :1] * (places[~inside] / nodes[0]) ** -index
    shortfall = expected_shortfall(forecast, level, short=short)
    mean = -found.mean(axis=-1)
    scale = np.divide(shortfall, mean, out=np.ones_like(mean), where=mean > 0)
    return found * scale[..., None]


def standard_deviation(forecast: Forecast) -> np.ndarray:
    """The standard deviation of the log return, [N, H], by sampled paths or by the quantiles."""
    if forecast.paths is not None:
        return np.asarray(_path_returns(forecast).std(axis=1))
    levels = np.array(forecast.levels)
    quantiles = return_quantiles(forecast, levels)
    weights = np.diff(np.concatenate([[0.0], (levels[1:] + levels[:-1]) / 2, [1.0]]))
    mean = (quantiles * weights).sum(axis=-1)
    return np.asarray(np.sqrt((quantiles**2 * weights).sum(axis=-1) - mean**2))


def _beyond(nodes: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """The integral of the quantile function from 0 to the lowest node, by q(a) = q_0 (a / a_0)^-index."""
    return nodes[0] * quantiles[..., 0] / (1 - _tail_index(nodes, quantiles))


def _tail_index(nodes: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    lowest = quantiles[..., 0]
    index = np.zeros_like(lowest)
    if len(nodes) > 1:
        both = (lowest < 0) & (quantiles[..., 1] < 0)
        ratio = np.divide(lowest, quantiles[..., 1], out=np.ones_like(lowest), where=both)
        index = np.clip(np.log(np.maximum(ratio, 1)) / np.log(nodes[1] / nodes[0]), 0, MOST_TAIL)
    return np.asarray(index)


def _path_returns(forecast: Forecast) -> np.ndarray:
    if forecast.paths is None or not isinstance(forecast.quantity, PriceMove):
        raise ValueError("value at risk: expected sampled paths of a price or a return")
    return forecast.quantity.log_return(forecast.paths, forecast.last)


def _check(level: float) -> None:
    if not 0 < level < 0.5:
        raise ValueError(f"value at risk: expected a level in (0, 0.5), such as 0.01. Received: {level}")
