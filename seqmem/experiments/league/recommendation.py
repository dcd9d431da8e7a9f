"""Which model to use, chosen on rows before the test part, and named before that is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset
from seqmem.data.splits import Split
from seqmem.evaluation import QLIKE, Proxy, compare
from seqmem.evaluation.forecast import Forecast


@dataclass(frozen=True)
class Recommendation:
    """The candidate of the lowest loss on the rows before the test part.

    Attributes:
        model: its name.
        losses: the mean loss of each candidate, log v + y / v in hundredths, over proxies and horizons, the
            lowest first; a constant that all have in common is left out.
        about: where it comes from, in words.
    """

    model: str
    losses: pd.Series
    about: str


def choice_split(data: Dataset, split: Split) -> Split:
    """The split that candidates are compared on: scored on the validation part, trained on what lies before.

    The networks are stopped early by the last fifth of what lies before, so that no candidate has seen what
    it is compared on.
    """
    dates = data.dates(data.ids[0])
    for name in data.ids[1:]:
        dates = dates.union(data.dates(name))
    stop = int(dates.searchsorted(split.validation_start))
    return replace(
        split,
        validation_start=dates[int(stop * 0.8)],
        test_start=split.validation_start,
        end=split.test_start,
    )


def recommend(
    forecasts: Mapping[str, Forecast],
    candidates: Sequence[str],
    data: Dataset,
    split: Split,
    proxies: Sequence[Proxy],
) -> Recommendation:
    """Compare candidates at the origins of the test part of `choice_split`, and take the best.

    Args:
        forecasts: of all candidates, from those origins.
        candidates: names; where two are level, the earlier is taken.
        data: what came.
        split: `choice_split`.
        proxies: of the variance; QLIKE by each counts the same, and so does each horizon.
    """
    evaluation = compare({name: forecasts[name] for name in candidates}, data, split, [*map(QLIKE, proxies)])
    means = {
        name: 100
        * float(
            np.mean(
                [
                    np.nanmean(evaluation.origin_losses(score, name, h))
                    for score in evaluation.scores
                    for h in evaluation.outcome.horizons
                ]
            )
        )
        for name in candidates
    }
    losses = pd.Series(means).sort_values(kind="stable")
    cutoffs = evaluation.outcome.cutoff
    best = str(losses.index[0])
    return Recommendation(
        best,
        losses,
        f"Recommended: {best}, of the lowest QLIKE of {len(losses)} candidates over {len(cutoffs):,} origins "
        f"from {_date(cutoffs.min())} to {_date(cutoffs.max())}, before the test part was read.",
    )


def _date(cutoff: object) -> str:
    return str(cutoff)[:10]
