"""Forecasters of variances: made, looked into by member, calibrated."""

from typing import Any

import keras
import numpy as np

from seqmem.cells import Cell
from seqmem.data.dataset import PriceData
from seqmem.data.measures import squared_returns
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Origins, as_origins
from seqmem.models.forecaster import Forecaster
from seqmem.networks import ResidualRecurrent
from seqmem.targets import ScaleFreeVariance, VarianceTarget


def variance_forecaster(
    cell: Cell | list[Cell] | None,
    target: VarianceTarget | None = None,
    lookback: int = 60,
    ensemble_size: int = 1,
) -> Forecaster:
    """A `Forecaster` of the variance of the log return over the next rows, by a `ResidualRecurrent`.

    With `ScaleFreeVariance`, the default, log variance is log EWMA + a linear skip + a recurrent residual.
    With `RawVariance` it is the claim as it is usually made, an LSTM on squared returns, which on the few
    thousand days that there are loses to GARCH(1,1).

    Args:
        cell: a cell, or a list of stacked cells, of one member. None: the linear skip alone.
        target: a `VarianceTarget`; its horizons are the network's.
        lookback: T, the steps that the network reads; each looks back further by the warm-up of the target.
        ensemble_size: networks of different first weights, trained as one; their geometric mean is the
            forecast.

    >>> from seqmem import Recipe, Split, read
    >>> from seqmem.cells import GRUCell
    >>> bars = read("bundled:sp500").frame[:1500]
    >>> split = Split.by_share(bars, context_length=248)  # its context, and a chunk of 63
    >>> forecaster = variance_forecaster(GRUCell(4), lookback=20).fit(bars, split, Recipe(epochs=1))
    >>> forecaster.forecast(bars, split.test(bars, horizon=5)).mean.shape  # variances over 1 and over 5 days
    (446, 2)
    """
    target = target or ScaleFreeVariance()
    if not isinstance(target, VarianceTarget):
        raise ValueError(f"variance_forecaster: expected a VarianceTarget. Received: {target!r}")
    network = ResidualRecurrent(cell, target.horizons, ensemble_size, skip=target.bounded_inputs)
    return Forecaster(network, target, lookback)


def member(forecaster: Forecaster, number: int) -> Forecaster:
    """One member of an ensemble by itself, as a forecaster.

    Raises:
        ValueError: no such member, or a network that is no `ResidualRecurrent`.
    """
    network = _residual(forecaster)
    if not 0 <= number < network.members:
        raise ValueError(f"member: members are 0 to {network.members - 1}. Received: {number}")
    config = network.get_config() | {"members": 1, "name": f"{network.name}_{number}"}
    single = ResidualRecurrent.from_config(config)
    target = type(forecaster.target).from_config(forecaster.target.get_config())
    alone = Forecaster(single, target, forecaster.lookback)
    alone.build()
    alone.target.set_weights(forecaster.target.get_weights())
    single.set_weights(network.member_weights(number, single))
    return alone


def forecast_members(forecaster: Forecaster, data: PriceData, origins: Origins = None) -> np.ndarray:
    """What each member forecasts by itself, of one series: [M, N, H]."""
    per_member = _PerMember(forecaster).predict(forecaster.histories(data, origins), verbose=0)
    return np.moveaxis(per_member, 1, 0)


def calibrate(forecaster: Forecaster, data: PriceData, origins: Origins) -> Forecaster:
    """Scale each horizon's forecasts to the squared returns that came after the origins of one series.

    What a `VarianceStudentT` likelihood was trained on needs it, and so may what early stopping cut short.
    """
    network, data = _residual(forecaster), as_dataset(data)
    ahead = max(forecaster.horizons)
    found = as_origins(data, origins, context_length=forecaster.context_length, ahead=ahead)
    ((name, rows),) = found.items()
    squares = squared_returns(data.values(name, ("close",)))
    cumulated = np.concatenate([[0.0], np.cumsum(np.nan_to_num(squares))])
    realised = np.stack([cumulated[rows + h + 1] - cumulated[rows + 1] for h in forecaster.horizons], axis=1)
    factors = np.log(np.mean(realised / forecaster.forecast(data, found).point, axis=0))  # [H]
    network.bias.assign_add(np.repeat(factors[:, None, None], network.members, axis=1))
    return forecaster


def _residual(forecaster: Forecaster) -> ResidualRecurrent:
    if not isinstance(forecaster.network, ResidualRecurrent):
        raise ValueError(f"expected a forecaster of a ResidualRecurrent. Received: {forecaster!r}")
    return forecaster.network


class _PerMember(keras.Model):
    """The forecasts of each member, [B, M, H]."""

    def __init__(self, forecaster: Forecaster) -> None:
        super().__init__(name="per_member", dtype="float32", autocast=False)
        self.forecaster = forecaster
        self.built = True

    def call(self, history: Any) -> Any:
        forecaster, members = self.forecaster, range(self.forecaster.network.members)
        raw = forecaster.network(forecaster.target.inputs(history))  # [B, H, M, K]
        each = [forecaster.read(raw[:, :, m : m + 1], history).mean for m in members]
        return keras.ops.stack(each, axis=1)
