"""What a league found: its models, its scores, and what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from seqmem._html import facts
from seqmem.data.dataset import Dataset
from seqmem.data.pool import Pool
from seqmem.data.splits import Split
from seqmem.evaluation import Evaluation
from seqmem.experiments.league.recommendation import Recommendation
from seqmem.models.base import Model
from seqmem.models.forecaster import Forecaster
from seqmem.models.refit import RefitNetwork


@dataclass(frozen=True)
class Judged:
    """A model that is judged.

    Attributes:
        model: its name.
        references: that it should beat.
        also: rivals that may be as good; whether they are is said in any case.
    """

    model: str
    references: Sequence[str]
    also: Sequence[str] = ()


@dataclass(frozen=True)
class League:
    """What a league found.

    Attributes:
        evaluation: every forecast, scored beside what came.
        models: every model, fitted, by name; combinations too.
        judged: the models that are judged.
        references: what the others are measured by.
        recommendation: which model to use, chosen before the test part was read; None: nothing was chosen.
        spread: QLIKE of the single seeds of each network; see `seed_spread`.
        summary: in plain words, whether the judged have an edge.
        warnings: what the fits said while they were made.
        data: the series.
        split: how they were cut.
        pool: other series that the networks learnt from.
    """

    evaluation: Evaluation
    models: Mapping[str, Model]
    judged: Sequence[Judged]
    references: Sequence[str]
    recommendation: Recommendation | None
    spread: pd.DataFrame
    summary: str
    warnings: Sequence[str]
    data: Dataset
    split: Split
    pool: Pool | None = None

    def _repr_html_(self) -> str:
        said = dict(enumerate(self.summary.splitlines(), 1))
        return facts("League", said) + self.evaluation._repr_html_()

    @property
    def shown(self) -> list[str]:
        """What a plot shows: the first reference, and what is recommended, or has the lowest score."""
        score, shortest = self.evaluation.headline
        losses = {name: self.evaluation.value(score, name, shortest) for name in self.evaluation.models}
        best = min(losses, key=lambda name: losses[name])
        return [self.references[0], best if self.recommendation is None else self.recommendation.model]

    @property
    def pooled(self) -> str:
        """What the networks learnt from beside the series, and until when."""
        if self.pool is None:
            return "not pooled: the networks learnt from this data alone"
        columns = next(iter(self.forecasters.values())).target.columns
        return self.pool.about(self.split.validation_start, columns=columns, without=self.data)

    @property
    def recommended(self) -> str:
        """The name of the model to use: what was chosen, or the first network."""
        return next(iter(self.forecasters)) if self.recommendation is None else self.recommendation.model

    @property
    def forecasters(self) -> dict[str, Forecaster]:
        """The networks, fitted, by name; of one that was trained on, the last."""
        return {
            name: model.forecaster if isinstance(model, RefitNetwork) else model
            for name, model in self.models.items()
            if isinstance(model, Forecaster | RefitNetwork)
        }
