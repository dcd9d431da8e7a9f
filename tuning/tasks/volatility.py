"""The variance of the returns over the next days."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset
from seqmem.evaluation import (
    QLIKE,
    Evaluation,
    HighVolatility,
    ParkinsonRange,
    Score,
    SquaredReturns,
    scorecard,
)
from seqmem.experiments.league import Design
from seqmem.models.base import Model
from seqmem.models.classics import REFERENCES, WalkForward, benchmark_models
from seqmem.networks import ResidualRecurrent
from seqmem.recipe import Recipe
from seqmem.report import SCORES_NOTE, scorecard_tables
from seqmem.targets import ScaleFreeVariance, Target
from tuning.space import DEFAULT, SearchSpace
from tuning.tasks.base import Task, Tensor, stacked_cells


class VolatilityTask(Task):
    """The variance over the next days, by a recurrent residual over log EWMA, trained on chunks.

    What is tried first is the design that was chosen on data before every test part, trained by its recipe
    (`seqmem.experiments.league.Design`, `ResidualRecurrent.recipe`).

    Args:
        horizons: rows ahead that a variance covers.
        ensemble_size: networks of each trial, whose geometric mean is the forecast.
        every: rows from refit to refit of the classics that the winner is judged beside.
    """

    space: ClassVar[SearchSpace] = SearchSpace(
        units=(8, 16, 32), learning_rates=(3e-3, 1e-2), dropouts=(0.0, 0.2, 0.4)
    )
    recipe: ClassVar[Recipe] = ResidualRecurrent.recipe
    default: ClassVar[Mapping[str, Any]] = {
        **DEFAULT,
        "units": Design.units,
        "dropout": Design.dropout,
        "lookback": Design.lookback,
        "learning_rate": ResidualRecurrent.recipe.learning_rate,
    }
    naive = "EWMA (RiskMetrics)"
    references: ClassVar[tuple[str, ...]] = REFERENCES
    rivals: ClassVar[tuple[str, ...]] = ("log HAR",)
    regimes = (HighVolatility(),)
    note = SCORES_NOTE

    def __init__(
        self, horizons: Sequence[int] = (1, 5), ensemble_size: int = Design.ensemble_size, every: int = 63
    ) -> None:
        super().__init__(horizons)
        self.ensemble_size = ensemble_size
        self.every = every

    @classmethod
    def from_horizon(cls, horizon: int, **options: Any) -> "VolatilityTask":
        """A day, and H rows."""
        return cls(**{"horizons": sorted({1, horizon}), **options})

    def target(self, data: Dataset) -> ScaleFreeVariance:
        """Scale-free; from the range where there is one."""
        use_range = data.has("high", "low")
        weight = 0.5 if use_range else 0.0
        return ScaleFreeVariance(self.horizons, parkinson_weight=weight, use_range=use_range)

    def network(self, choice: Mapping[str, Any], data: Dataset) -> ResidualRecurrent:
        """A linear skip, and stacked cells."""
        return ResidualRecurrent(stacked_cells(choice), self.horizons, self.ensemble_size)

    def naive_outputs(self, target: Target, history: Tensor) -> Tensor:
        """RiskMetrics' EWMA is the scale of the labels: the logarithm over it is 0."""
        return np.zeros((len(history), len(self.horizons), 1, 1), "float32")

    def baselines(self, data: Dataset) -> dict[str, Model]:
        """GARCH and its family, HAR and EWMA, walked forward."""
        classics = benchmark_models(self.horizons, use_range=data.has("high", "low"))
        return {name: WalkForward(classic, self.every) for name, classic in classics.items()}

    def scores(self, data: Dataset) -> list[Score]:
        """QLIKE against squared returns, and against the range where there is one."""
        ranges = [QLIKE(ParkinsonRange())] if data.has("high", "low") else []
        return [QLIKE(SquaredReturns()), *ranges]

    def tables(self, evaluation: Evaluation) -> dict[str, pd.DataFrame]:
        """A table for each horizon and regime."""
        return scorecard_tables(evaluation, scorecard(evaluation, self.references), self.references)
