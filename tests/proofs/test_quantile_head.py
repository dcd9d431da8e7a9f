"""Proof: a head with quantiles is one class, on a target that is not pathwise; and so is a score of them."""

import numpy as np
import pytest
from keras import ops
from proofs.end_to_end import use

from seqmem import Forecaster, PricePath
from seqmem.cells import GRUCell
from seqmem.evaluation.scores import Score
from seqmem.heads import Head
from seqmem.heads.base import LabelForecast
from seqmem.networks import ResidualRecurrent
from seqmem.quantities import Return
from seqmem.targets import Target
from seqmem.transforms import LogReturn

LEVELS = (0.05, 0.5, 0.95)


class ThreeQuantiles(Head):
    """The median, and a softplus down and up from it: they do not cross."""

    width = 3
    has_mean = False
    levels = LEVELS

    def loss(self, label, raw):
        """The mean pinball loss over the levels."""
        error = label[..., None] - self._ascending(raw)
        levels = ops.convert_to_tensor(np.array(LEVELS, "float32"))
        return ops.mean(ops.maximum(levels * error, (levels - 1) * error), axis=-1)

    def predict(self, raw):
        """The three quantiles, and no mean."""
        return LabelForecast(quantiles=self._ascending(raw))

    def _ascending(self, raw):
        middle = raw[..., 1]
        down, up = ops.softplus(raw[..., 0]), ops.softplus(raw[..., 2])
        return ops.stack([middle - down, middle, middle + up], axis=-1)


class ScaledReturn(Target):
    """log p_{t+h} / p_t, over the root mean squared return of the last 20 rows."""

    quantity = Return()

    def __init__(self, horizons=(1, 5), **kwargs):
        super().__init__(LogReturn(), **kwargs)
        self.horizons = tuple(horizons)

    @property
    def warmup(self):
        """The rows of the scale."""
        return 20

    def scale(self, history):
        """[B, 1]."""
        squares = ops.square(self.transform.forward(history[:, -21:, -1]))
        return ops.sqrt(ops.mean(squares, axis=1, keepdims=True))

    def inputs(self, history):
        """Returns over the scale [B, T, 1]."""
        returns = self.transform.forward(history[..., -1])[:, 19:]
        return (returns / self.scale(history))[..., None]

    def label(self, future, history):
        """[B, H, 1]."""
        ahead = ops.stack([future[:, h - 1, -1] for h in self.horizons], axis=1)
        return (ops.log(ahead / history[:, -1:, -1]) / self.scale(history))[..., None]

    def inverse(self, values, history):
        """Log returns: increasing in the values."""
        return values * self.scale(history)


class Coverage(Score):
    """How often what came lies between the outer quantiles."""

    name = title = "coverage of 90%"
    quantity = Return

    def loss(self, forecast, outcome):
        """1 inside, 0 outside."""
        came = np.log(outcome.value() / outcome.last[:, None])
        low, high = forecast.interval(90)
        return ((low <= came) & (came <= high)).astype(float)


def test_a_quantile_head_on_a_target_that_is_not_pathwise(tmp_path):
    network = ResidualRecurrent(GRUCell(3), (1, 5), head=ThreeQuantiles())
    evaluation, served = use(Forecaster(network, ScaledReturn(), lookback=8), [Coverage()], tmp_path)
    assert (np.diff(served.quantiles, axis=-1) > 0).all()
    frame = served.to_frame()
    assert frame.columns.tolist() == ["unique_id", "ds", "cutoff", "h", "median", "price", "lo-90", "hi-90"]
    assert (frame["lo-90"] < frame["median"]).all()
    assert 0.5 < evaluation.table["value"].iloc[0] <= 1
    path = ResidualRecurrent(GRUCell(3), (1, 5), head=ThreeQuantiles())
    with pytest.raises(ValueError, match="quantiles of its steps are no quantiles of the path"):
        Forecaster(path, PricePath())
