"""A forecaster of variances, ready to train."""

from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np

from seqmem.data.bars import squared_returns
from seqmem.data.windows import checked
from seqmem.losses import QLIKE
from seqmem.models.forecaster import Forecaster
from seqmem.networks import ResidualRecurrent
from seqmem.targets import LogVariance, ScaleFreeVariance


class VolatilityForecaster(Forecaster):
    """Bars to the variance of the log return over the next days: a `Forecaster` of a `ResidualRecurrent`.

    With `ScaleFreeVariance`, the default, log variance is log EWMA + a linear skip + a recurrent residual.
    With `RawVariance` it is the claim as it is usually made, an LSTM on squared returns, which on the few
    thousand days that there are loses to GARCH(1,1).

    Args:
        cell: a cell, or a list of stacked cells, of one member. None: the linear skip alone.
        target: a `LogVariance`; its horizons are the network's.
        lookback: T, the steps that the network reads; each looks back further by the lag of the target.
        members: networks of different first weights whose geometric mean is the forecast, trained as one.

    >>> from seqmem.data.bars import read_bars
    >>> from seqmem.cells import GRUCell
    >>> from seqmem.data.windows import split
    >>> bars = read_bars("bundled:sp500")[:1500]
    >>> forecaster = VolatilityForecaster(GRUCell(4), lookback=20)
    >>> parts = split(len(bars), history=forecaster.closes + 62, horizon=5)
    >>> history = forecaster.fit(bars, parts.train, validation=parts.validation, epochs=1)
    >>> forecaster.forecast(bars, parts.test).shape  # variances over 1 and over 5 days
    (446, 2)
    """

    def __init__(
        self,
        cell: Any,
        target: LogVariance | None = None,
        lookback: int = 60,
        members: int = 1,
        **kwargs: Any,
    ) -> None:
        target = target or ScaleFreeVariance()
        if not isinstance(target, LogVariance):
            raise ValueError(f"VolatilityForecaster: expected a LogVariance target. Received: {target!r}")
        network = ResidualRecurrent(cell, target.horizons, members, skip=target.bounded)
        super().__init__(network, target, lookback, **kwargs)

    def fit(
        self,
        series: Any,
        origins: Any,
        *,
        epochs: int = 60,
        batch_size: int = 8,
        labels: int = 63,
        learning_rate: float = 1e-2,
        **options: Any,
    ) -> keras.callbacks.History:
        """Train on chunks, by QLIKE and Adam with a cosine schedule where `compile` was not called.

        A second fit goes on from the weights, with a schedule of its own.

        Args:
            series: bars, or closes where the target needs no range; a list of them to pool several series.
            origins: training origins, or a list of them.
            epochs: passes over the origins, at most.
            batch_size: chunks in a batch.
            labels: origins to a chunk; at most as many as there are one after the other.
            learning_rate: where the cosine begins.
            **options: of `Forecaster.fit`: validation, patience (20 with validation), seed, callbacks, ...
        """
        if not self.compiled or isinstance(getattr(self.optimizer, "_learning_rate", None), CosineEachFit):
            count = sum(map(len, origins)) if isinstance(origins, list) else len(origins)
            steps = max(1, count // labels // batch_size) * epochs
            self.compile(optimizer=keras.optimizers.Adam(CosineEachFit(learning_rate, steps)), loss=QLIKE())
        if options.get("validation") is not None:
            options.setdefault("patience", 20)
        return super().fit(series, origins, epochs=epochs, batch_size=batch_size, labels=labels, **options)

    @property
    def members(self) -> int:
        """M, the networks side by side."""
        return int(self.network.members)

    def member(self, number: int) -> "VolatilityForecaster":
        """One member by itself, as a forecaster."""
        if not 0 <= number < self.members:
            raise ValueError(f"VolatilityForecaster: members are 0 to {self.members - 1}. Received: {number}")
        alone = type(self).from_config(self.get_config() | {"members": 1, "name": f"{self.name}_{number}"})
        alone.build()
        alone.target.set_weights(self.target.get_weights())
        alone.network.set_weights(self.network.member_weights(number, alone.network))
        return alone

    def forecast_members(self, series: Any, at: Any) -> np.ndarray:
        """What each member forecasts by itself, [M, N, H]."""
        return np.moveaxis(_PerMember(self).predict(self.histories(series, at), verbose=0), 1, 0)

    def calibrate(self, series: Any, at: Any) -> Self:
        """Scale each horizon's forecasts so that, over the origins `at`, squared returns are as forecast.

        What a `StudentT` likelihood was trained on needs it, and so may what early stopping cut short.
        """
        squares = np.concatenate([[0.0], np.cumsum(np.nan_to_num(squared_returns(series)))])
        at = checked(at, len(squares) - 1, history=self.closes, ahead=self.horizon)
        horizons: Sequence[int] = self.network.horizons
        realised = np.stack([squares[at + days + 1] - squares[at + 1] for days in horizons], axis=1)
        factors = np.log(np.mean(realised / self.forecast(series, at), axis=0))  # [H]
        self.network.bias.assign_add(np.repeat(factors[:, None], self.network.members, axis=1))
        return self


@keras.saving.register_keras_serializable("seqmem")
class CosineEachFit(keras.optimizers.schedules.CosineDecay):
    """A cosine for the length of one fit: the next one, of a loaded model too, must not begin at its end."""


class _PerMember(keras.Model):
    """The forecasts of each member, [B, M, H]."""

    def __init__(self, forecaster: VolatilityForecaster) -> None:
        super().__init__(name="members_apart", dtype="float32", autocast=False)
        self.forecaster = forecaster
        self.built = True

    def call(self, history: Any) -> Any:
        target, network = self.forecaster.target, self.forecaster.network
        said = network(target.inputs(history))  # [B, H, M]
        each = [target.restore(said[..., number : number + 1], history) for number in range(network.members)]
        return keras.ops.stack(each, axis=1)
