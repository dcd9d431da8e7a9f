"""A model watched: what it forecast since its export beside what came."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.faults import day
from seqmem.data.splits import Split
from seqmem.evaluation import SIGNIFICANCE, Evaluation, compare, diebold_mariano
from seqmem.evaluation.forecast import Forecast
from seqmem.evaluation.reliability import Reliability, usual_reliability
from seqmem.evaluation.significance import MIN_LOSSES, p_in_words
from seqmem.evaluation.summary import ahead
from seqmem.lifecycle.comparing import scores_for
from seqmem.lifecycle.dates import border, first_to_score, last_known, rows_after
from seqmem.lifecycle.drift import RARE, Drift, drift
from seqmem.lifecycle.logged import logged
from seqmem.models.classics import classics_of
from seqmem.serving.folders import newest
from seqmem.serving.loading.exported import ExportedModel
from seqmem.serving.questions import origins_of

MODEL = "model"
REFERENCES = ("last close", "EWMA")  # what a model is held against: the first that forecasts its quantity


@dataclass(frozen=True, eq=False)
class Monitoring:
    """What became of the forecasts of a model.

    Attributes:
        folder: of the version.
        source: where the forecasts come from, in words.
        evaluation: of the model and a reference, at the same origins.
        scores: a row for each score and h: since (the export), reference, ratio, p (Diebold-Mariano), and
            test_part and its ratio where the card has them.
        months: a row for each month of origins: their number, the headline score, its ratio to the
            reference's, and the means of the calibrations a day ahead.
        drift: of the inputs.
        alarms: what is wrong, a line each; none: all is well.
        notes: what else a reader should know, a line each.
    """

    folder: Path
    source: str
    evaluation: Evaluation
    scores: pd.DataFrame
    months: pd.DataFrame
    drift: Drift
    alarms: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.alarms

    @property
    def verdict(self) -> str:
        """In plain words."""
        first, last = self.evaluation.outcome.span
        count = len(self.evaluation.outcome.origins)
        over = f"{count} origins, {first} to {last}"
        if self.alarms:
            return "\n".join((f"Look at it ({over}):", *self.alarms))
        if count < MIN_LOSSES:
            return f"Not judged: {over}: at least {MIN_LOSSES} are needed. Nothing is known to be wrong."
        other = self.evaluation.models[1]
        return f"Fine: on {over}, it is not worse than {other}, and its inputs are as they were."


def monitor(
    model: str | Path, data: PriceData, *, log: str | Path | None = None, since: Any = None
) -> Monitoring:
    """Hold the forecasts of an exported model since its export against what came.

    Args:
        model: the folder of a model (then its newest version) or of a version.
        data: the rows that it was made from, and those since; see `seqmem.read`.
        log: the folder of a server's log (`seqmem serve --log`): what was forecast there, by whichever
            version, is judged. None: the forecasts of this version are made again, from every row since.
        since: the first date that is judged. None: the first after the last that the model knows.

    Raises:
        FileNotFoundError: no model there.
        DamagedModel: files that are not as they were exported.
        ValueError: prices that will not do, no rows since, no forecast of them in the log, or too few rows
            before to know how prices moved.
    """
    exported = ExportedModel(newest(model))
    card, folder = exported.card, exported.served.folder
    dataset, _ = origins_of(data, None, card)
    later = rows_after(dataset, [last_known(card)])
    if since is None and not len(later):
        raise ValueError(
            f"{dataset.about}: expected rows after {last_known(card)}, the last that {folder} knows, "
            "or --since"
        )
    start = first_to_score(dataset, later) if since is None else border(dataset, str(since))
    trained = last_known(card, "trained")
    if trained is not None and start <= border(dataset, trained):
        raise ValueError(f"since {day(start)}: {folder} was trained on rows up to {trained}")
    size = {"context_length": exported.context_length, "horizon": 1}
    split = Split(None, start, **size)
    if log is None:
        forecast = exported.forecast(dataset, split.test(dataset, **size))
        source, notes = "made again, from every row since", tuple[str, ...]()
    else:
        forecast, source, notes = logged(log, folder.parent, dataset, start, card)
    evaluation = _evaluated(forecast, exported, dataset, split)
    calibrations = usual_reliability(exported.quantity, exported.levels)
    found = drift(dataset, start, positive=exported.positive)
    scores = _scores(evaluation, card)
    alarms = [*_worse(evaluation), *_off(evaluation, calibrations), *found.alarms]
    months = _months(evaluation, calibrations)
    return Monitoring(folder, source, evaluation, scores, months, found, tuple(alarms), notes)


def _evaluated(forecast: Forecast, exported: ExportedModel, data: Dataset, split: Split) -> Evaluation:
    known = classics_of(exported.quantity, exported.horizons)
    name = next((one for one in REFERENCES if one in known), next(iter(known), None))
    if name is None:
        raise ValueError(f"monitor: there is no classic of a {exported.quantity.name} to hold it against")
    series = {one: forecast.origins[forecast.unique_id == one] for one in dict.fromkeys(forecast.unique_id)}
    reference = known[name].fit(data, split).forecast(data, series)
    scores = scores_for({MODEL: exported}, data)
    return compare({MODEL: forecast, name: reference}, data, split, scores)


def _scores(evaluation: Evaluation, card: Mapping[str, Any]) -> pd.DataFrame:
    """The scores since the export, beside those of the test part that the card has."""
    model, reference = evaluation.models
    before, rows = _card_scores(card), []
    for score in evaluation.scores:
        for h in evaluation.steps(score):
            mine, other = (evaluation.value(score, one, h) for one in (model, reference))
            test = _tested(evaluation, score, h)
            known, known_other = (before.get((score.name, str(h), one)) for one in (MODEL, reference))
            rows.append(
                {"score": score.name, "h": h, "since": mine, reference: other, "ratio": mine / other}
                | {"p": float("nan") if test is None else test["p_value"]}
                | {"test_part": float("nan") if known is None else known}
                | {"test_ratio": known / known_other if known and known_other else float("nan")}
            )
    return pd.DataFrame(rows).dropna(axis=1, how="all")


def _card_scores(card: Mapping[str, Any]) -> dict[tuple[str, str, str], float]:
    """What a card has of the test part: (score, h, model) -> value, the first model as MODEL."""
    rows = [one for one in card.get("scores") or [] if {"score", "h", "model", "value"} <= {*one}]
    rows = [one for one in rows if one.get("regime", "all") == "all" and one["value"] is not None]
    names = {one["model"]: one["model"] for one in rows} | ({rows[0]["model"]: MODEL} if rows else {})
    return {(one["score"], str(one["h"]), names[one["model"]]): float(one["value"]) for one in rows}


def _tested(evaluation: Evaluation, score: Any, h: int | str) -> Any:
    """Diebold-Mariano against the reference; None where too few futures are known."""
    model, reference = evaluation.models
    known = int(np.sum(evaluation.known(score, h)))
    return evaluation.test(model, reference, score, h) if known >= MIN_LOSSES else None


def _worse(evaluation: Evaluation) -> list[str]:
    score, h = evaluation.headline
    test = _tested(evaluation, score, h)
    if test is None or not (test["p_value"] < SIGNIFICANCE and test["statistic"] > 0):
        return []
    size = f"{test['ratio']:.4f} of {evaluation.models[1]}'s ({p_in_words(test['p_value'])})"
    return [f"It is worse than {evaluation.models[1]} {ahead(h)}: its {score.name} is {size}."]


def _off(evaluation: Evaluation, calibrations: list[Reliability]) -> list[str]:
    """Calibrations whose mean is not what it should be, at the shortest horizon."""
    found, h = [], min(evaluation.outcome.horizons)
    for one in calibrations:
        values = evaluation.outcome.mean_by_date(_calibrated(evaluation, one))
        if len(values) < MIN_LOSSES:
            continue
        p = diebold_mariano(values, np.full(len(values), one.expected), horizon=h).p_value
        if p < RARE:
            mean, wanted = format(values.mean(), one.format), format(one.expected, one.format)
            found.append(f"{one.name} is {mean} {ahead(h)}; expected {wanted} (p = {p:.2g}).")
    return found


def _calibrated(evaluation: Evaluation, one: Reliability) -> np.ndarray:
    """The numbers of a calibration at the shortest horizon, [N]."""
    column = int(np.argmin(evaluation.outcome.horizons))
    return one.values(evaluation.forecasts[evaluation.models[0]], evaluation.outcome)[:, column]


def _months(evaluation: Evaluation, calibrations: list[Reliability]) -> pd.DataFrame:
    """A row for each month of origins, or for all of them where there are no dates."""
    cutoff = pd.Index(evaluation.outcome.cutoff)
    month = cutoff.strftime("%Y-%m") if isinstance(cutoff, pd.DatetimeIndex) else np.full(len(cutoff), "all")
    (score, h), (model, reference) = evaluation.headline, evaluation.models
    values = {one.name: _calibrated(evaluation, one) for one in calibrations}
    rows = []
    for each in dict.fromkeys(sorted(month)):
        only = np.asarray(month == each)
        mine, other = (evaluation.value(score, one, h, only=only) for one in (model, reference))
        row: dict[str, Any] = {"month": each, "origins": int(only.sum())}
        row |= {score.name: mine, "ratio": mine / other}
        for name, numbers in values.items():
            known = numbers[only & ~np.isnan(numbers)]
            row[name] = float(known.mean()) if known.size else float("nan")
        rows.append(row)
    return pd.DataFrame(rows)
