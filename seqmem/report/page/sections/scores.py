"""Scores: every model from the same origins, with tests of significance, and where a lead was made."""

from collections.abc import Sequence
from typing import ClassVar

import pandas as pd

from seqmem.data.faults import day
from seqmem.evaluation import CONFIDENCE, Evaluation, scorecard
from seqmem.evaluation.summary import ahead
from seqmem.report.page.blocks import Axis, Block, Chart, Grid, Words
from seqmem.report.page.marks import Line, Mark
from seqmem.report.page.section import Section

NOTE = (
    "p: Diebold-Mariano with HAC errors, two-sided. Set: whether the model is in the model confidence set of "
    "90%: those that may be the best."
)


class ScoresSection(Section):
    """Who was right, by how much, and whether it may be chance.

    Args:
        evaluation: of the models.
        references: models that the others are tested against; none: the one with the lowest headline score.
        shown: models whose lines are drawn at first; none: the best three.
        card: its `scorecard` against these references; None: it is made here.
    """

    title: ClassVar[str] = "Scores"
    place: ClassVar[int] = 40

    def __init__(
        self,
        evaluation: Evaluation,
        references: Sequence[str] = (),
        shown: Sequence[str] = (),
        card: pd.DataFrame | None = None,
    ) -> None:
        self.evaluation = evaluation
        self.order = ranked(evaluation)
        self.references = tuple(references) or tuple(self.order[:1])
        self.shown = tuple(shown) or tuple(self.order[:3])
        self.card = card

    def blocks(self) -> list[Block]:
        """The leader, a table for each horizon and regime, and the lead by date."""
        evaluation = self.evaluation
        origins = pd.Index(evaluation.outcome.cutoff)
        span = f"{len(origins)} origins, {day(origins.min())} to {day(origins.max())}"
        card = scorecard(evaluation, self.references) if self.card is None else self.card
        titles = {score.name: score.title for score in evaluation.scores}
        blocks: list[Block] = [Words(f"Scored from {span}. {leader(evaluation)}")]
        blocks.append(Words("; ".join(f"{name}: {title}" for name, title in titles.items()) + ".", "note"))
        steps = dict.fromkeys((h, regime) for _, h, regime in evaluation.cases)
        blocks += [self._table(card, h, regime) for h, regime in steps]
        return [*blocks, self._lead()]

    def _table(self, card: pd.DataFrame, h: int | str, regime: str) -> Grid:
        scores = [score for score in self.evaluation.scores if h in self.evaluation.steps(score)]
        columns: dict[str, pd.Series] = {}
        formats = {}
        for score in scores:
            columns[score.name] = card.loc[(score.name, h, regime), "value"]
            formats[score.name] = score.format
        rows = card.loc[(scores[0].name, h, regime)]
        for name in self.references:
            if scores[0].is_ratio:
                columns[f"ratio {name}"] = rows[f"ratio {name}"]
            else:
                columns[f"minus {name}"] = rows["value"] - rows["value"][name]
            columns[f"p {name}"] = rows[f"p {name}"]
            formats |= dict.fromkeys(list(columns)[-2:], ".3f")
        if rows["mcs"].notna().any():
            columns["set"] = rows["mcs"].map(lambda p: "yes" if p >= CONFIDENCE else "no")
        frame = pd.DataFrame(columns).sort_values(scores[0].name).rename_axis("model").reset_index()
        title = next(one.title for one in self.evaluation.regimes if one.name == regime)
        words = f"Against {' and '.join(self.references)}, and set: of {scores[0].name}. {NOTE}"
        return Grid(f"{ahead(h).capitalize()}, {title}", frame, formats, words)

    def _lead(self) -> Chart:
        """By how much each model is ahead of the first reference, summed up to each date."""
        evaluation, reference = self.evaluation, self.references[0]
        score, h = evaluation.headline
        base = evaluation.origin_losses(score, reference, h)
        cutoff = pd.Index(evaluation.outcome.cutoff)
        marks: list[Mark] = []
        for name in self.order:
            if name == reference:
                continue
            ahead_by = pd.Series(base - evaluation.origin_losses(score, name, h), cutoff)
            total = ahead_by.groupby(level=0).mean().dropna().cumsum()
            marks.append(Line(name, shown=name in self.shown, x=total.index, y=total))
        note = f"Above 0: ahead of {reference} since the first day. A rising line gains, a falling one loses."
        unit = f"sum of the loss of {reference} minus that of the model"
        label = "date" if isinstance(cutoff, pd.DatetimeIndex) else "row"
        title = f"{evaluation.outcome.data.name}: lead over {reference} by date, {score.name} {ahead(h)}"
        return Chart(title, Axis.of(label, cutoff), Axis(unit), marks, note)


class SpreadSection(Section):
    """How much of a network's score is its seed.

    Args:
        spread: of `seqmem.evaluation.seed_spread`.
    """

    title: ClassVar[str] = "Seeds"
    place: ClassVar[int] = 45

    def __init__(self, spread: pd.DataFrame) -> None:
        self.spread = spread

    def blocks(self) -> list[Block]:
        """The table."""
        if not len(self.spread):
            return []
        formats = dict.fromkeys(("together", "best", "mean", "worst"), ".4f")
        title = "The score of the ensemble, and of its members by themselves"
        return [Grid(title, self.spread.reset_index(), formats)]


def ranked(evaluation: Evaluation) -> list[str]:
    """The models, the best by the headline score first."""
    score, h = evaluation.headline
    values = {model: evaluation.value(score, model, h) for model in evaluation.models}
    return sorted(values, key=lambda model: values[model])


def leader(evaluation: Evaluation) -> str:
    """Who has the lowest headline score, and whether that may be chance, in a sentence."""
    score, h = evaluation.headline
    first, *others = ranked(evaluation)
    value = format(evaluation.value(score, first, h), score.format)
    text = f"The lowest {score.name} {ahead(h)} has {first}, {value}"
    if not others:
        return f"{text}."
    second = others[0]
    text += f"; next is {second}, {format(evaluation.value(score, second, h), score.format)}"
    try:
        p = float(evaluation.test(first, second, score, h)["p_value"])
    except ValueError:  # too few origins
        return f"{text}; too few origins to test."
    return f"{text} (p = {p:.3f}: {'a real difference' if p < 0.05 else 'it may be chance'})."
