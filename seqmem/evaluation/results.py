"""Results of an evaluation: losses, tables, tests, and what they say."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from seqmem.evaluation.exploded import exploded
from seqmem.evaluation.forecast import Forecast
from seqmem.evaluation.outcome import Outcome, Regime
from seqmem.evaluation.scores import Score
from seqmem.evaluation.significance import MIN_LOSSES, diebold_mariano, model_confidence_set
from seqmem.evaluation.summary import in_html, summarise

KEYS = ["score", "h", "regime", "model"]


def index_of(rows: Iterable[tuple[object, ...]], names: Sequence[str]) -> pd.MultiIndex:
    """An index of tuples whose levels keep the order in which they come: models as they were given."""
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    levels = [list(dict.fromkeys(column)) for column in columns]
    codes = [
        pd.Index(level, dtype=object).get_indexer(column)
        for level, column in zip(levels, columns, strict=True)
    ]
    return pd.MultiIndex(levels, codes, names=names)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What models were worth from the same origins.

    Attributes:
        forecasts: by model.
        outcome: what came.
        scores: the first is the headline.
        regimes: the parts of the origins, all of them first.
        masks: regime -> which origins are in it, [N].
    """

    forecasts: Mapping[str, Forecast]
    outcome: Outcome
    scores: tuple[Score, ...]
    regimes: tuple[Regime, ...]
    masks: Mapping[str, np.ndarray]
    _cache: dict[object, object] = field(default_factory=dict, repr=False)
    _repr_html_ = in_html

    @property
    def models(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.forecasts)

    def steps(self, score: Score) -> tuple[int | str, ...]:
        """The h that a score is given for: each horizon, and "path" where it scores that."""
        return (*self.outcome.horizons, *(("path",) if score.path else ()))

    @property
    def cases(self) -> list[tuple[Score, int | str, str]]:
        """Every score, h and regime."""
        return [
            (score, h, regime) for score in self.scores for h in self.steps(score) for regime in self.masks
        ]

    @property
    def losses(self) -> pd.DataFrame:
        """The long frame of losses: score, model, unique_id, cutoff, h, a column for each regime, loss."""
        count, steps = len(self.outcome.origins), len(self.outcome.horizons)
        same = {
            "unique_id": np.repeat(self.outcome.unique_id, steps),
            "cutoff": np.repeat(self.outcome.cutoff, steps),
            "h": np.tile(np.array(self.outcome.horizons), count),
            **{name: np.repeat(mask, steps) for name, mask in self.masks.items()},
        }
        parts = [
            pd.DataFrame(
                {"score": score.name, "model": name, **same, "loss": self._loss(score, name).ravel()}
            )
            for score in self.scores
            for name in self.models
        ]
        return pd.concat(parts, ignore_index=True)

    @property
    def table(self) -> pd.DataFrame:
        """The score of every model, over all series: indexed by (score, h, regime, model), a column value."""
        rows = {
            (score.name, h, regime, model): self.value(score, model, h, regime)
            for score, h, regime in self.cases
            for model in self.models
        }
        return pd.DataFrame({"value": list(rows.values())}, index=index_of(rows, KEYS))

    @property
    def headline(self) -> tuple[Score, int | str]:
        """What is decided on: the first score, over the path or the shortest horizon."""
        score = self.scores[0]
        return score, "path" if score.path else min(self.outcome.horizons)

    def value(
        self,
        score: Score,
        model: str,
        h: int | str,
        regime: str = "all",
        *,
        only: np.ndarray | None = None,
    ) -> float:
        """One number of the table; NaN where nothing is known.

        Args:
            score: one of the scores.
            model: its name.
            h: a horizon, or "path".
            regime: the name of one.
            only: a mask of origins [N], to leave others out.
        """
        values = self._values(score, model)
        values = values if h == "path" else values[:, self.outcome.horizons.index(h)]
        rows = self.masks[regime] if only is None else self.masks[regime] & only
        there = values[rows].ravel()
        there = there[~np.isnan(there)]
        return score.reduce(there) if there.size else float("nan")

    def origin_losses(self, score: Score, model: str, h: int | str, regime: str = "all") -> np.ndarray:
        """The loss of each origin, [N]: NaN outside the regime, and where what came is not known."""
        loss = self._loss(score, model)
        if h != "path":
            found = loss[:, self.outcome.horizons.index(h)]
        else:
            known = ~np.isnan(loss)
            with np.errstate(invalid="ignore"):
                found = np.where(known, loss, 0).sum(axis=1) / known.sum(axis=1)
        return np.where(self.masks[regime], found, np.nan)

    def known(self, score: Score, h: int | str) -> np.ndarray:
        """Which origins, [N], have a known outcome."""
        return ~np.isnan(self.origin_losses(score, self.models[0], h))

    def test(self, model: str, reference: str, score: Score, h: int | str, regime: str = "all") -> pd.Series:
        """Diebold-Mariano of a model against a reference, on the mean over series of each date.

        Series move together, so that the loss differences of one date are averaged before they are tested; of
        one series that is the usual test.

        Returns:
            ratio of the scores, difference of the mean losses, statistic (negative: the model is better),
            p_value (two-sided; NaN of equal losses), wins (series with the lower mean loss), series.

        Raises:
            ValueError: fewer than 10 dates whose outcome is known.
        """
        key = ("test", model, reference, score.name, h, regime)
        if key not in self._cache:
            for name in (model, reference):
                if name not in self.forecasts:
                    raise ValueError(f"Evaluation: no model {name!r}. Received: {list(self.models)}")
            difference = self.origin_losses(score, model, h, regime) - self.origin_losses(
                score, reference, h, regime
            )
            means = self.outcome.mean_by_date(difference)
            if len(means) < MIN_LOSSES:
                raise ValueError(
                    f"{score.name}, h = {h}, {regime} days: expected at least {MIN_LOSSES} origins whose "
                    f"future is known. Received: {len(means)}"
                )
            ahead = max(self.outcome.horizons) if h == "path" else int(h)
            found = diebold_mariano(means, np.zeros(len(means)), horizon=ahead)
            by_series = [np.nanmean(difference[mine]) for _, mine in self.outcome.series()]
            self._cache[key] = pd.Series(
                {
                    "ratio": self.value(score, model, h, regime) / self.value(score, reference, h, regime),
                    "difference": float(means.mean()),
                    "statistic": found.statistic,
                    "p_value": found.p_value,
                    "wins": int(np.sum(np.array(by_series) < 0)),
                    "series": len(by_series),
                },
                dtype=object,
            )
        return self._cache[key]

    def tests(self, references: Sequence[str], models: Sequence[str] | None = None) -> pd.DataFrame:
        """`test` of every model against each reference, indexed by (score, h, regime, model, reference)."""
        rows = {
            (score.name, h, regime, model, reference): self.test(model, reference, score, h, regime)
            for score, h, regime in self.cases
            for model in (models or self.models)
            for reference in references
        }
        frame = pd.DataFrame(rows).T.infer_objects()
        return frame.set_axis(index_of(rows, [*KEYS, "reference"]))

    def confidence_set(self, scores: Sequence[Score] | None = None, *, seed: int = 0) -> pd.Series:
        """The p-value of each model in the model confidence set, indexed by (score, h, regime, model).

        Args:
            scores: on which; None: those of the headline's kind.
            seed: of the bootstraps.
        """
        rows: dict[tuple[str, int | str, str, str], float] = {}
        for score, h, regime in self.cases:
            if score not in (scores or self.alike):
                continue
            losses = pd.DataFrame(
                {m: self.outcome.mean_by_date(self.origin_losses(score, m, h, regime)) for m in self.models}
            )
            found = model_confidence_set(losses, seed=seed)
            rows |= {(score.name, h, regime, model): found[model] for model in self.models}
        return pd.Series(list(rows.values()), index_of(rows, KEYS), name="mcs")

    @property
    def alike(self) -> tuple[Score, ...]:
        """The scores of the headline's kind: those that a summary counts over."""
        return tuple(score for score in self.scores if type(score) is type(self.scores[0]))

    def summary(self, model: str, references: Sequence[str], also: Sequence[str] = ()) -> str:
        """In plain words, whether a model beats each reference, a line each; see `summary.summarise`."""
        return summarise(self, model, references, also)

    @property
    def exploded(self) -> dict[str, str]:
        """Models that no other is measured by, with the reason: see `exploded.exploded`."""
        return exploded(self)

    def to_frame(self) -> pd.DataFrame:
        """The forecasts as a long frame: unique_id, ds, cutoff, h, and a column for each model."""
        frame = next(iter(self.forecasts.values())).to_frame(())[["unique_id", "ds", "cutoff", "h"]]
        return frame.assign(**{name: one.point.ravel() for name, one in self.forecasts.items()})

    def _loss(self, score: Score, model: str) -> np.ndarray:
        return self._cached(score, model, score.loss)

    def _values(self, score: Score, model: str) -> np.ndarray:
        return self._cached(score, model, score.values)

    def _cached(
        self, score: Score, model: str, compute: Callable[[Forecast, Outcome], np.ndarray]
    ) -> np.ndarray:
        key = (score.name, model, compute.__name__)
        if key not in self._cache:
            found = np.asarray(compute(self.forecasts[model], self.outcome), dtype="float64")
            expected = self.forecasts[model].shape
            if found.shape != expected:
                raise ValueError(
                    f"{score.name}: expected losses of shape {expected}. Received: {found.shape}"
                )
            self._cache[key] = found
        return self._cache[key]  # type: ignore[return-value]
