"""A summary: whether a model beats the others, in plain words, whatever is forecast."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqmem._html import facts
from seqmem.evaluation.significance import MIN_ORIGINS, SIGNIFICANCE, p_in_words

if TYPE_CHECKING:
    from seqmem.evaluation.results import Evaluation

Case = tuple[str, int | str, str]  # score, h, regime


def summarise(
    evaluation: "Evaluation", model: str, references: Sequence[str], also: Sequence[str] = ()
) -> str:
    """A line for each reference: who beats whom, on what, by how much, and whether it may be chance.

    Better is a lower headline score (over the path, or the shortest horizon, on all days) with p < .05 by
    Diebold-Mariano, from at least 100 origins. What the other horizons and regimes say is added.
    A reference that exploded (see `exploded`) is named, and not compared with.

    Args:
        evaluation: of the model and the others.
        model: the one to judge.
        references: models that it should beat, or it has no edge.
        also: rivals, such as linear ones, that may be as good: whether they are is said in any case.

    Raises:
        ValueError: no such model, or nothing to judge it against.
    """
    missing = {model, *references, *also} - set(evaluation.models)
    if missing or not (references or also):
        raise ValueError(
            f"summary: expected models of {list(evaluation.models)}. Received: {model!r} against "
            f"{[*references, *also]}"
        )
    score, h = evaluation.headline
    count = len(set(evaluation.outcome.cutoff[evaluation.known(score, h)]))
    if count < MIN_ORIGINS:
        return f"Not tested: {count} origins are too few; at least {MIN_ORIGINS} are needed."
    both = [(name, False) for name in references] + [(name, True) for name in also]
    return "\n".join(
        f"Not compared with {name}, which exploded: {evaluation.exploded[name]}."
        if name in evaluation.exploded
        else _line(evaluation, model, name, is_rival=is_rival)
        for name, is_rival in both
    )


def in_html(evaluation: "Evaluation") -> str:
    """What a notebook shows of an evaluation: its scores, the best model first."""
    score, h = evaluation.headline
    table = evaluation.table["value"].unstack("model").T.sort_values((score.name, h, "all"))
    return facts("Evaluation", {"origins": len(evaluation.outcome.origins), score.name: score.title}, table)


def _line(evaluation: "Evaluation", model: str, other: str, *, is_rival: bool) -> str:
    score, h = evaluation.headline
    test = evaluation.test(model, other, score, h)
    signs = {
        (one.name, step, regime): _sign(evaluation, model, other, (one.name, step, regime))
        for one in evaluation.alike
        for step in evaluation.steps(one)
        for regime in evaluation.masks
    }
    sign = signs[score.name, h, "all"]
    if sign < 0:
        verdict = f"{model} beats {other}"
    elif sign > 0:
        verdict = f"No edge found: {model} is worse than {other}"
    elif is_rival:
        verdict = f"{other} is as good as {model}"
    else:
        verdict = f"No edge found: {model} does not beat {other}"
    size = f"{test['ratio']:.{_digits(score.path)}f} of {other}'s"
    if not score.is_ratio:
        size = f"{abs(test['difference']):.3f} {'below' if test['difference'] < 0 else 'above'} {other}'s"
    sentences = [f"{verdict} {ahead(h)}: {score.name} of {model} is {size} ({p_in_words(test['p_value'])})."]
    if test["series"] > 1:
        sentences.append(f"It is lower on {test['wins']} of {test['series']} series.")
    better = [case for case, sign in signs.items() if sign < 0]
    worse = [case for case, sign in signs.items() if sign > 0]
    for word, cases in (("better", better), ("worse", worse)):
        if cases:
            which = f" ({', '.join(map(_short, cases))})" if len(cases) < len(signs) else ""
            sentences.append(f"Significantly {word} in {len(cases)} of {len(signs)} comparisons{which}.")
    if not better and not worse and len(signs) > 1:
        sentences.append(f"In none of {len(signs)} comparisons is the difference significant.")
    return " ".join(sentences)


def _sign(evaluation: "Evaluation", model: str, other: str, case: Case) -> int:
    """-1 where the model is significantly better, 1 where it is worse, 0 for neither."""
    name, h, regime = case
    score = next(one for one in evaluation.alike if one.name == name)
    test = evaluation.test(model, other, score, h, regime)
    if not test["p_value"] < SIGNIFICANCE:  # NaN, of equal losses, is neither
        return 0
    return -1 if test["statistic"] < 0 else 1


def ahead(h: int | str) -> str:
    """A horizon in words.

    >>> ahead(1), ahead(5), ahead("path")
    ('a day ahead', 'over 5 days', 'over the whole path')
    """
    if h == "path":
        return "over the whole path"
    return "a day ahead" if h == 1 else f"over {h} days"


def _short(case: Case) -> str:
    name, h, regime = case
    step = "path" if h == "path" else f"h = {h}"
    return f"{name} {step}" + ("" if regime == "all" else f" {regime}")


def _digits(path: bool) -> int:
    return 4 if path else 3  # ratios of errors of prices lie close to 1
