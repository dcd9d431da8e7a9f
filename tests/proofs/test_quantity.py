"""Proof: a quantity like a variance that is not ours, the sum of absolute returns: one file."""

from dataclasses import dataclass

import numpy as np
from keras import ops
from proofs.end_to_end import use

from seqmem import Forecaster
from seqmem.cells import GRUCell
from seqmem.evaluation.scores import Score
from seqmem.networks import ResidualRecurrent
from seqmem.quantities import Quantity
from seqmem.targets import Target
from seqmem.transforms import LogReturn


@dataclass(frozen=True)
class AbsoluteVariation(Quantity):
    """The sum of |r| over the next h rows."""

    name = "absolute variation"
    formats = {"mean": ".2%"}

    def outputs(self, mean, horizons):
        """The sum, and the mean of a row."""
        return {"variation": mean, "daily": mean / ops.cast(ops.array(horizons), mean.dtype)}

    def columns(self, forecast):
        """The mean of a row."""
        return {"daily": forecast.point / np.array(forecast.horizons)}


class SumOfAbsoluteReturns(Target):
    """Relative to the mean |r| of the last 20 rows."""

    quantity = AbsoluteVariation()

    def __init__(self, horizons=(1, 5), **kwargs):
        super().__init__(LogReturn(), **kwargs)
        self.horizons = tuple(horizons)

    @property
    def warmup(self):
        """The rows of the scale."""
        return 20

    def scale(self, history):
        """[B, 1]."""
        return ops.mean(ops.abs(self.transform.forward(history[:, -21:, -1])), axis=1, keepdims=True)

    def inputs(self, history):
        """|r| over the scale [B, T, 1]."""
        returns = ops.abs(self.transform.forward(history[..., -1])[:, 19:])
        return (returns / self.scale(history))[..., None]

    def label(self, future, history):
        """[B, H, 1]."""
        rows = ops.concatenate([history[:, -1:, -1], future[..., -1]], axis=1)
        sizes = ops.abs(self.transform.forward(rows))
        means = ops.stack([ops.mean(sizes[:, :h], axis=1) for h in self.horizons], axis=1)
        return (means / self.scale(history))[..., None]

    def inverse(self, values, history):
        """Sums over each horizon."""
        return values * self.scale(history) * ops.cast(ops.array(self.horizons), "float32")


class AbsoluteVariationError(Score):
    """The absolute error of the sum."""

    name = title = "MAE of the absolute variation"
    quantity = AbsoluteVariation

    def loss(self, forecast, outcome):
        """|forecast - actual|."""
        return np.abs(forecast.point - outcome.sum_after(_sizes))


def _sizes(frame):
    return np.abs(np.diff(np.log(frame["close"].to_numpy()), prepend=np.nan))


def test_a_quantity_like_a_variance(tmp_path):
    network = ResidualRecurrent(GRUCell(3), (1, 5))
    forecaster = Forecaster(network, SumOfAbsoluteReturns(), lookback=8)
    evaluation, served = use(forecaster, [AbsoluteVariationError()], tmp_path)
    assert served.quantity == AbsoluteVariation()
    assert served.to_frame().columns.tolist() == ["unique_id", "ds", "cutoff", "h", "mean", "daily"]
    assert (served.mean > 0).all()
    assert evaluation.table.loc["MAE of the absolute variation", "value"].between(0, 0.2).all()
