"""The contract of a task: what a search is for."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np
import pandas as pd

from seqmem.cells import cell_class
from seqmem.cli.data import read_prices
from seqmem.data.dataset import Dataset
from seqmem.data.splits import Split
from seqmem.evaluation import Evaluation, evaluate
from seqmem.models.forecaster import Forecaster
from seqmem.recipe import Recipe
from seqmem.report import horizon_table
from tuning.space import DEFAULT, SearchSpace

if TYPE_CHECKING:
    import argparse

    from seqmem.evaluation import Regime, Score
    from seqmem.models.base import Model
    from seqmem.networks import Network
    from seqmem.targets import Target

Tensor = Any


class Task(ABC):
    """What a search forecasts, with what networks, and what these are judged by.

    A task is one file: subclass this; write `target`, `network`, `naive_outputs`, `baselines` and `scores`.
    `seqmem tune --task module:Class` searches for it.

    Class attributes:
        space: what to choose from, where nothing else is given.
        default: the configuration that is tried first, or the nearest that the space has.
        recipe: how a trial is trained; the space chooses the learning rate.
        naive: the name of the naive forecast whose validation loss is 1 in the table of trials.
        references: the baselines that a winner should beat.
        rivals: baselines that may be as good, of which it is said whether they are.
        regimes: parts of the test origins that are scored by themselves too.
        note: what a reader should know of the tables of scores.

    Args:
        horizons: rows ahead that are forecast, ascending.
    """

    space: ClassVar[SearchSpace] = SearchSpace()
    default: ClassVar[Mapping[str, Any]] = DEFAULT
    recipe: ClassVar[Recipe] = Recipe(epochs=20, patience=4, clipnorm=1.0)
    naive: ClassVar[str] = "no change"
    references: ClassVar[tuple[str, ...]] = ()
    rivals: ClassVar[tuple[str, ...]] = ()
    regimes: ClassVar[tuple["Regime", ...]] = ()
    note: ClassVar[str] = ""

    def __init__(self, horizons: Sequence[int]) -> None:
        self.horizons: tuple[int, ...] = tuple(horizons)
        if not self.horizons or min(self.horizons) < 1 or list(horizons) != sorted(set(horizons)):
            raise ValueError(
                f"{type(self).__name__}: expected horizons of at least 1, ascending. Received: {horizons}"
            )

    @classmethod
    def from_horizon(cls, horizon: int, **options: Any) -> Self:
        """The task of `--horizon`, and of its own options, which `--task-options` gives by name."""
        return cls(range(1, horizon + 1), **options)

    def read(self, options: "argparse.Namespace") -> Dataset:
        """The data that the command line names."""
        return read_prices(options)

    @abstractmethod
    def target(self, data: Dataset) -> "Target":
        """What is forecast of these data, and what a network sees of them."""

    @abstractmethod
    def network(self, choice: Mapping[str, Any], data: Dataset) -> "Network":
        """The network of a choice of the space: its head brings the loss."""

    @abstractmethod
    def naive_outputs(self, target: "Target", history: Tensor) -> Tensor:
        """The raw outputs [N, H, M, K] of a network that gave the naive forecast after [N, T, C]."""

    @abstractmethod
    def baselines(self, data: Dataset) -> "dict[str, Model]":
        """The models, not fitted, that a winner is judged beside on the test part."""

    @abstractmethod
    def scores(self, data: Dataset) -> "list[Score]":
        """What it is judged by; the first decides."""

    def tables(self, evaluation: Evaluation) -> dict[str, pd.DataFrame]:
        """The scores as tables: title -> a row for each model."""
        reference = next(iter(self.references), "")
        return {
            score.title: horizon_table(evaluation, score, reference if score is evaluation.scores[0] else "")
            for score in evaluation.scores
        }

    @final
    def forecaster(self, choice: Mapping[str, Any], data: Dataset) -> Forecaster:
        """The forecaster of a choice of the space, with neither weights nor optimizer."""
        return Forecaster(self.network(choice, data), self.target(data), choice["lookback"])

    @final
    def naive_loss(self, data: Dataset, split: Split) -> float:
        """The validation loss of the naive forecast, in the units of the trials' losses."""
        target, ahead = self.target(data), max(self.horizons)
        head = self.network({**self.space.nearest(self.default)}, data).head
        size = {"context_length": max(split.context_length, target.warmup + 1), "horizon": ahead}
        train, validation = split.train(data, **size), split.validation(data, **size)
        known = {name: int(rows[-1]) + ahead + 1 for name, rows in train.items()}
        arrays = {name: target.training_rows(frame, known[name]) for name, frame in data.frames.items()}
        columns = len(target.columns)
        target.adapt([arrays[name][:rows, :columns] for name, rows in known.items()])
        losses = []
        for name, rows in validation.items():
            history = arrays[name][rows[:, None] + np.arange(-target.warmup, 1), :columns].astype("float32")
            future = arrays[name][rows[:, None] + np.arange(1, ahead + 1)].astype("float32")
            raw = self.naive_outputs(target, history)
            losses.append(np.asarray(head.loss(target.label(future, history), raw), "float64").ravel())
        return float(np.mean(np.concatenate(losses)))

    @final
    def evaluate(self, name: str, forecaster: Forecaster, data: Dataset, split: Split) -> Evaluation:
        """Score a fitted forecaster on the test part, beside the baselines."""
        models = {other: model.fit(data, split) for other, model in self.baselines(data).items()}
        return evaluate({name: forecaster, **models}, data, split, self.scores(data), regimes=self.regimes)

    @final
    def summary(self, name: str, evaluation: Evaluation) -> str:
        """Whether it beats the baselines, in plain words."""
        there = [
            [other for other in names if other in evaluation.models]
            for names in (self.references, self.rivals)
        ]
        return evaluation.summary(name, *there)


def stacked_cells(choice: Mapping[str, Any]) -> list[Any]:
    """The cells of a choice of the space, bottom first."""
    cell = cell_class(choice["cell"])
    return [cell(choice["units"], dropout=choice["dropout"]) for _ in range(choice["layers"])]
