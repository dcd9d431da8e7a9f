"""A task of the search that is not seqmem's, in one file: log returns over a day and over H days."""

import numpy as np
from keras import ops

from seqmem import LogReturn
from seqmem.evaluation import Score
from seqmem.heads import Point
from seqmem.models.base import Classic
from seqmem.networks import ResidualRecurrent
from seqmem.quantities import Return
from seqmem.recipe import Recipe
from seqmem.targets import Target
from tuning import Task
from tuning.tasks import stacked_cells


class CumulativeReturn(Target):
    """The log return over the next h rows, in standard deviations of a daily one."""

    quantity = Return()

    def __init__(self, horizons=(1, 5), **kwargs):
        super().__init__(LogReturn(), **kwargs)
        self.horizons = tuple(horizons)
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones", trainable=False)

    def adapt(self, known):
        self.scale.assign(np.std(np.concatenate([np.diff(np.log(one[:, -1])) for one in known])))

    def inputs(self, history):
        return self.transform.forward(history[..., -1])[..., None] / self.scale

    def label(self, future, history):
        ahead = ops.stack([future[:, h - 1, -1] for h in self.horizons], axis=1)
        return (ops.log(ahead / history[:, -1:, -1]) / self.scale)[..., None]

    def inverse(self, values, history):
        return values * self.scale


class NoReturn(Classic):
    """Every return is 0."""

    name = "no return"
    quantity = Return()

    def __init__(self, horizons):
        super().__init__()
        self.horizons = horizons

    def _learn(self, known):
        pass

    def _say(self, frame, origins):
        return np.zeros((len(origins), len(self.horizons)))


class SquaredReturnError(Score):
    """The squared error of the log return, in percent."""

    name = "MSE (return)"
    title = "mean squared error of the log return, %^2"
    quantity = Return

    def loss(self, forecast, outcome):
        return (100 * (forecast.point - np.log(outcome.value() / outcome.last[:, None]))) ** 2


class ReturnTask(Task):
    """Log returns over a day and over H days."""

    recipe = Recipe(epochs=2, patience=1, batch_size=8, chunk_length=16)
    naive = "no return"
    references = ("no return",)

    @classmethod
    def from_horizon(cls, horizon, **options):
        return cls((1, horizon), **options)

    def target(self, data):
        return CumulativeReturn(self.horizons)

    def network(self, choice, data):
        return ResidualRecurrent(stacked_cells(choice), self.horizons, head=Point())

    def naive_outputs(self, target, history):
        return np.zeros((len(history), len(self.horizons), 1, 1), "float32")

    def baselines(self, data):
        return {"no return": NoReturn(self.horizons)}

    def scores(self, data):
        return [SquaredReturnError()]
