"""Models compared: exports, versions and classics at the same later origins, none of which any has seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.faults import day
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.evaluation import CONFIDENCE, Evaluation, Score, evaluate, usual_scores
from seqmem.lifecycle.dates import border, first_to_score, last_known, rows_after
from seqmem.models.base import Model
from seqmem.models.classics import WalkForward, classics_of
from seqmem.serving.loading.exported import ExportedModel

CLASSIC = "classic:"
EVERY = 63  # rows from refit to refit of a classic: a quarter


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models at the same origins.

    Attributes:
        evaluation: of all of them.
        since: the first date that is scored.
        notes: what a reader should know of the dates, a line each.
    """

    evaluation: Evaluation
    since: str
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """The scores on all days: a row for each score, h and model; with the first model's tests.

        Columns: value; ratio, dm and p of the model against the first one (Diebold-Mariano; above 1, and
        positive, it is worse); mcs, the p-value in the model confidence set of the headline's kind.
        """
        evaluation, first = self.evaluation, self.evaluation.models[0]
        keys = ["score", "h", "model"]
        found = evaluation.table.xs("all", level="regime")
        tests = evaluation.tests([first]).droplevel("reference").xs("all", level="regime")
        for short, column in (("ratio", "ratio"), ("dm", "statistic"), ("p", "p_value")):
            found[short] = tests[column].reindex(found.index).astype("float64")
        mcs = evaluation.confidence_set().xs("all", level="regime").reindex(found.index)
        return found.assign(mcs=mcs).reset_index()[[*keys, "value", "ratio", "dm", "p", "mcs"]]

    @property
    def verdict(self) -> str:
        """Whether the first model beats each other, and which of them may be the best, in plain words."""
        first, *others = self.evaluation.models
        score, h = self.evaluation.headline
        found = self.evaluation.confidence_set([score]).loc[(score.name, h, "all")]
        inside = [name for name in self.evaluation.models if found[name] >= CONFIDENCE]
        names = ", ".join(inside)
        held = f"In the model confidence set of {1 - CONFIDENCE:.0%} by {score.name}: {names}."
        return f"{self.evaluation.summary(first, others)}\n{held}"


def compare_models(
    models: Sequence[str | Path] | Mapping[str, Model],
    data: PriceData,
    *,
    since: Any = None,
    scores: Sequence[Score] | None = None,
) -> Comparison:
    """Compare models at the same later origins: those after the last date that any of them knows.

    Args:
        models: folders of exported models (then the newest version) or of versions, and classics by name
            (``"classic:GJR-t"``), which are fitted on what comes before `since` and again every 63 rows; at
            least two, one of them exported. Or name -> a fitted model.
        data: prices; see `seqmem.read`.
        since: the first date that is scored. None: the first after all that the models were trained and
            scored on that leaves two years of rows before it, or half of them. Earlier ones are taken as long
            as no model was trained on them.
        scores: what is scored, the first decides; by default the usual scores of the quantity.

    Raises:
        ValueError: fewer than two models, a classic that is not there, models of different quantities or
            horizons, no rows after the last known date, or a date that a model was trained on.
    """
    dataset = as_dataset(data)
    fitted = dict(models) if isinstance(models, Mapping) else {}
    exported = {} if isinstance(models, Mapping) else _exported(models)
    if len(fitted or list(models)) < 2:
        raise ValueError("compare_models: expected at least two models. Received: one")
    start, notes = _start(dataset, exported, since)
    first = next(iter((exported or fitted).values()))
    size = {"context_length": first.context_length, "horizon": max(first.horizons)}
    split = Split(None, start, **size)
    if not fitted:
        fitted = _in_order([str(one) for one in models], exported, dataset, split)
    return Comparison(
        evaluate(fitted, dataset, split, scores or scores_for(fitted, dataset)), day(start), notes
    )


def scores_for(models: Mapping[str, Model], data: Dataset) -> list[Score]:
    """The usual scores of what models forecast."""
    first = next(iter(models.values()))
    levels = [one.levels for one in models.values() if isinstance(one, ExportedModel)]
    return usual_scores(
        first.quantity, levels=min(levels, key=len, default=()), use_range=data.has("high", "low")
    )


def _exported(models: Sequence[str | Path]) -> dict[str, ExportedModel]:
    names = [str(one).rstrip("/") for one in models]
    if len(set(names)) < len(names):
        raise ValueError(f"compare_models: expected models that differ. Received: {', '.join(names)}")
    found = {one: ExportedModel(one) for one in names if not one.startswith(CLASSIC)}
    if not found:
        raise ValueError(
            f"compare_models: expected at least one exported model. Received: {', '.join(names)} "
            "(`seqmem volatility` compares classics alone)"
        )
    return found


def _start(data: Dataset, exported: Mapping[str, ExportedModel], since: Any) -> tuple[Any, tuple[str, ...]]:
    """Where scoring begins, and what is to be said of it."""
    known = {name: last_known(one.card) for name, one in exported.items()}
    trained = {name: last_known(one.card, "trained") for name, one in exported.items()}
    if since is None:
        later = rows_after(data, known.values())
        if not len(later):
            last = ", ".join(f"{name} {date}" for name, date in known.items())
            raise ValueError(
                f"{data.about}: expected rows after the last that the models know ({last}): give newer "
                "prices, or --since DATE for rows that were scored, and not trained on"
            )
        return first_to_score(data, later), ()
    start = border(data, str(since))
    for name, date in trained.items():
        if date is not None and start <= border(data, date):
            raise ValueError(f"since {day(start)}: {name} was trained on rows up to {date}")
    seen = [name for name, date in known.items() if date is not None and start <= border(data, date)]
    note = f"Some of these rows were scored, or looked at, when {', '.join(seen)} was exported."
    return start, (note,) if seen else ()


def _in_order(
    names: Sequence[str], exported: Mapping[str, ExportedModel], data: Dataset, split: Split
) -> dict[str, Model]:
    """The models as they were named, the classics fitted."""
    first = next(iter(exported.values()))
    known = classics_of(first.quantity, first.horizons)
    found: dict[str, Model] = {}
    for name in (one.rstrip("/") for one in names):
        if not name.startswith(CLASSIC):
            found[name] = exported[name]
            continue
        classic = name.removeprefix(CLASSIC)
        if classic not in known:
            expected = ", ".join(known) or "none"
            raise ValueError(
                f"{name}: expected a classic of a {first.quantity.name}: {expected}. Received: {classic!r}"
            )
        one = known[classic]
        found[classic] = (WalkForward(one, EVERY) if one.learns else one).fit(data, split)
    return found
