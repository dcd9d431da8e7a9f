"""A model brought up to date: scored on new rows beside the old one, trained on them, and exported."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.faults import day
from seqmem.data.splits import Split
from seqmem.evaluation import SIGNIFICANCE, Evaluation, evaluate
from seqmem.evaluation.significance import MIN_LOSSES, p_in_words
from seqmem.evaluation.summary import ahead
from seqmem.lifecycle.comparing import scores_for
from seqmem.lifecycle.dates import last_known, rows_after, trained_until, union
from seqmem.lifecycle.retraining import Retraining
from seqmem.models.forecaster import Forecaster
from seqmem.serving.card_schema import read_card
from seqmem.serving.exporting.export import export
from seqmem.serving.folders import is_version, newest
from seqmem.serving.loading.exported import ExportedModel
from seqmem.serving.loading.load import load
from seqmem.serving.questions import origins_of

NEW = "update"
CARRIED = ("hyperparameters", "space", "trials", "tuner", "report")  # from card to card: the configuration


@dataclass(frozen=True, eq=False)
class Update:
    """What came of an update.

    Attributes:
        folder: of the exported version; None where nothing was exported.
        before: the version that was updated.
        evaluation: of both on the new rows; None where there were too few, and it was exported anyway.
        is_worse: whether the update is significantly worse than the version before.
        verdict: in plain words.
        notes: what else a reader should know, a line each.
    """

    folder: Path | None
    before: Path
    evaluation: Evaluation | None
    is_worse: bool
    verdict: str
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> list[dict[str, Any]]:
        """The scores of both, and the tests: a row for each score, h and model, as the card has them."""
        if self.evaluation is None:
            return []
        (_, before) = self.evaluation.models
        rows = self.evaluation.table.xs("all", level="regime").reset_index()
        tests = self.evaluation.tests([before], [NEW]).reset_index()
        tests = tests[tests["regime"] == "all"].set_index(["score", "h"])
        p = [
            float(tests.loc[(row.score, row.h), "p_value"]) if row.model == NEW else float("nan")
            for row in rows.itertuples()
        ]
        found: list[dict[str, Any]] = rows.assign(p=p).to_dict(orient="records")
        return found


def update(
    model: str | Path,
    data: PriceData,
    *,
    fresh: bool = False,
    keep_transform: bool | None = None,
    epochs: int | None = None,
    scored_rows: int | None = None,
    final: bool = True,
    even_if_worse: bool = False,
    seed: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Update:
    """Train an exported model on new rows, and export it as the next version if it is not worse.

    The rows after the last that the model knows are new. A candidate of the same configuration is trained on
    all but the last of them, and both are scored on those last ones, which neither has seen. Unless the
    candidate is significantly worse (Diebold-Mariano on the headline score, p < .05), the configuration is
    trained on all rows, and exported with the candidate's scores and the comparison on its card.

    Args:
        model: the folder of a model (then its newest version) or of a version.
        data: the old rows and the new ones; see `seqmem.read`.
        fresh: train from first weights, for as many epochs as the recipe of the card has; else on from the
            weights of the version, for a quarter of them.
        keep_transform: whether the scale that the transform has learnt stays; else it is learnt again. None:
            it stays with the weights, and is learnt again with `fresh`.
        epochs: another number of epochs.
        scored_rows: new rows that are scored before they are trained on. None: half of them, or as many as a
            test needs.
        final: whether what is exported is trained on all rows; else it is the candidate itself.
        even_if_worse: export a candidate that is worse, or that there are too few new rows to compare.
        seed: of weights and of the order of the examples; by default the card's.
        progress: told what is done.

    Raises:
        FileNotFoundError: no model there.
        DamagedModel: files that are not as they were exported.
        TrainingDiverged: the loss became NaN or infinite.
        ValueError: prices that will not do, no new rows, too few of them to compare, or too many to score.
    """
    folder = newest(model)
    about = read_card(folder)
    if not is_version(folder.name):
        raise ValueError(f"{folder}: expected a version, ROOT/NAME/VERSION, to write the next one beside it")
    dataset, _ = origins_of(data, None, about)
    before, old = f"version {folder.name}", ExportedModel(folder)
    size = {"context_length": old.context_length, "horizon": max(old.horizons)}
    known = load(folder).network.recipe
    retraining = Retraining.of(
        about, known, fresh=fresh, keep_transform=keep_transform, epochs=epochs, seed=seed
    )
    notes = _notes(dataset, about)
    start = _scored_from(dataset, about, scored_rows, size["horizon"], even_if_worse=even_if_worse)
    if start is None:
        verdict = "Not compared: too few new rows."
        found = Update(None, folder, None, False, verdict, notes)
        split, candidate = Split(None, union(dataset)[-1], **size), None
    else:
        split = Split(None, start, **size)
        progress(f"training on {trained_until(dataset, split)} and before, scored from {day(start)} on")
        candidate = retraining.train(folder, dataset, split)
        models = {NEW: candidate, before: old}
        evaluation = evaluate(models, dataset, split, scores_for(models, dataset))
        is_worse, verdict = _judged(evaluation, before)
        found = Update(None, folder, evaluation, is_worse, verdict, notes)
    if found.is_worse and not even_if_worse:
        return found
    if final or candidate is None:
        split = split.final(dataset)
        progress(f"training on all rows, to {trained_until(dataset, split)}")
        candidate = retraining.train(folder, dataset, split)
    exported = _export(candidate, found, dataset, split, retraining, about)
    return Update(exported, folder, found.evaluation, found.is_worse, found.verdict, notes)


def _scored_from(
    data: Dataset, about: dict[str, Any], rows: int | None, horizon: int, *, even_if_worse: bool
) -> Any | None:
    """The first date that is scored; None where nothing is, because there are too few rows."""
    last = last_known(about)
    new, needed = rows_after(data, [last]), MIN_LOSSES + horizon - 1
    if not len(new):
        raise ValueError(f"{data.about}: expected rows after {last}, the last that the model knows")
    wanted = max(len(new) // 2, needed) if rows is None else rows
    if wanted < needed or wanted > len(new):
        if even_if_worse and rows is None:
            return None
        raise ValueError(
            f"{data.about}: {len(new)} rows after {last}, the last that the model knows: expected at least "
            f"{needed} to compare on, and as many as are to be scored ({wanted}). Wait for more, or export "
            "without a comparison: --even-if-worse"
        )
    return new[-wanted]


def _judged(evaluation: Evaluation, before: str) -> tuple[bool, str]:
    """Whether the update is significantly worse than the version before, and in words."""
    score, h = evaluation.headline
    test = evaluation.test(NEW, before, score, h)
    significant = bool(test["p_value"] < SIGNIFICANCE)
    is_worse = significant and test["statistic"] > 0
    words = "not significantly worse"
    if significant:
        words = "significantly worse" if is_worse else "significantly better"
    first, last = evaluation.outcome.span
    size = f"{test['ratio']:.4f} of {before}'s" if score.is_ratio else f"{test['difference']:+.4f} apart"
    count = int(evaluation.known(score, h).sum())
    return is_worse, (
        f"The {NEW} is {words} {ahead(h)}: its {score.name} is {size} ({p_in_words(test['p_value'])}) "
        f"on {count} origins that neither has seen, {first} to {last}."
    )


def _notes(data: Dataset, about: dict[str, Any]) -> tuple[str, ...]:
    """Where the rows that it learnt from are others by now, as adjusted closes are after a dividend."""
    was = about.get("data") or {}
    if not was.get("rows") or len(data.ids) > 1:
        return ()
    name = data.ids[0]
    same = Dataset({name: data.frames[name].iloc[: was["rows"]]}, data.calendar).fingerprint()
    if same == was["fingerprint"]:
        return ()
    return (
        f"The first {was['rows']} rows are not those that the model was made from: closes that were "
        "adjusted since, or another series.",
    )


def _export(
    candidate: Forecaster,
    found: Update,
    data: Dataset,
    split: Split,
    retraining: Retraining,
    about: dict[str, Any],
) -> Path:
    home, is_final = found.before.parent, split.test_start > union(data)[-1]
    span = None if found.evaluation is None else {"scored": found.evaluation.outcome.span}
    mine = [row for row in found.table if row["model"] == NEW]
    return export(
        candidate,
        home.parent,
        name=home.name,
        prices=data,
        dates={"trained": trained_until(data, split), **(span or {})},
        training=asdict(retraining.recipe),
        final=is_final,
        verdict=found.verdict,
        scores=about.get("scores") or mine,  # of the honest run of this configuration, where there was one
        update={
            "version": int(found.before.name),
            "weights": about["weights"],
            "fresh": retraining.fresh,
            "keep_transform": retraining.keep_transform,
            "comparison": found.table,
            "notes": list(found.notes),
        },
        **{name: about[name] for name in CARRIED if name in about},
    )
