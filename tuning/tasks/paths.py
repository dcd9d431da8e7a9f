"""The path of the next closes."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from seqmem.data.dataset import Dataset
from seqmem.evaluation import AbsoluteLogError, AbsoluteScaledError, Score, SquaredLogError
from seqmem.models.base import Model
from seqmem.models.classics import naive_models
from seqmem.networks import EncoderDecoder
from seqmem.targets import PricePath, Target
from tuning.tasks.base import Task, Tensor, stacked_cells


class PathTask(Task):
    """The path of the next closes, by an encoder-decoder of stacked cells on both sides.

    Args:
        horizon: H, the rows ahead.
    """

    references: ClassVar[tuple[str, ...]] = ("last close", "drift", "mean return")

    def __init__(self, horizon: int = 5) -> None:
        super().__init__(range(1, horizon + 1))

    @classmethod
    def from_horizon(cls, horizon: int, **options: Any) -> "PathTask":
        """H rows."""
        return cls(horizon, **options)

    def target(self, data: Dataset) -> Target:
        """Standardised log returns in, closes out."""
        return PricePath()

    def network(self, choice: Mapping[str, Any], data: Dataset) -> EncoderDecoder:
        """An encoder-decoder."""
        return EncoderDecoder(stacked_cells(choice), stacked_cells(choice), horizon=len(self.horizons))

    def naive_outputs(self, target: Target, history: Tensor) -> Tensor:
        """Every close is the last one: a path without returns."""
        unchanged = np.repeat(history[:, -1:], len(self.horizons), axis=1)
        return target.label(unchanged, history)[..., None]

    def baselines(self, data: Dataset) -> dict[str, Model]:
        """Last close, drift and mean return."""
        return dict(naive_models(len(self.horizons)))

    def scores(self, data: Dataset) -> list[Score]:
        """Errors of the cumulative log return, and MASE."""
        return [SquaredLogError(), AbsoluteLogError(), AbsoluteScaledError()]
