"""Coverage with its binomial interval: whether intervals hold as many outcomes as they say."""

import numpy as np
import pandas as pd

from seqmem.evaluation.interval_scores import Coverage, JointCoverage
from seqmem.evaluation.results import Evaluation
from seqmem.evaluation.significance import newey_west_error

CONFIDENCE = 0.05  # outside the binomial interval


def coverage_table(evaluation: Evaluation) -> pd.DataFrame:
    """How often outcomes lay within each interval, with Wilson's (1927) interval of the true share.

    Indexed by (level, h, model), with h = "path" for `JointCoverage`: coverage; low and high, between which
    the true share lies with 95% probability; origins; effective, the number of independent origins that tell
    as much; p, of the hypothesis that the true share is the level; of a panel also worst and its series.

    Neighbouring origins share days where they look more than a day ahead, and calm and stormy days come in a
    row, so that N origins are not N independent trials. The variance of the mean over dates is Newey and
    West's; the effective number is the one whose binomial variance that would be. Series of a panel move
    together: their mean of each date is taken first. All origins count, and none for more than it is worth.

    Args:
        evaluation: with `Coverage` or `JointCoverage` among its scores.

    Raises:
        ValueError: neither is among them.
    """
    scores = [score for score in evaluation.scores if isinstance(score, Coverage | JointCoverage)]
    if not scores:
        received = ", ".join(score.name for score in evaluation.scores)
        raise ValueError(
            f"coverage_table: expected Coverage or JointCoverage among the scores. Received: {received}"
        )
    rows = {}
    for score in scores:
        joint = isinstance(score, JointCoverage)
        for h in evaluation.outcome.horizons[-1:] if joint else evaluation.outcome.horizons:
            for model in evaluation.models:
                key = (score.level, "path" if joint else h, model)
                rows[key] = _row(evaluation, score, h, model)
    frame = pd.DataFrame(list(rows.values()))
    names = ["level", "h", "model"]
    frame.index = pd.MultiIndex.from_tuples(list(rows), names=names)
    return frame


def _row(
    evaluation: Evaluation, score: Coverage | JointCoverage, h: int, model: str
) -> dict[str, float | int | str]:
    hits = evaluation.origin_losses(score, model, h)
    count = int((~np.isnan(hits)).sum())
    by_date = evaluation.outcome.mean_by_date(hits)
    share, level = float(by_date.mean()), score.level / 100
    effective = effective_number(by_date, count, horizon=h)
    low, high = wilson(share, effective)
    row: dict[str, float | int | str] = {
        "coverage": share,
        "low": low,
        "high": high,
        "origins": count,
        "effective": effective,
        "p": _p_value(share, level, effective),
    }
    series = {name: float(np.nanmean(hits[mine])) for name, mine in evaluation.outcome.series()}
    if len(series) > 1:
        worst = max(series, key=lambda name: abs(series[name] - level))
        row |= {"worst": series[worst], "series": worst}
    return row


def effective_number(by_date: np.ndarray, count: int, *, horizon: int) -> float:
    """How many independent trials tell as much of a share as these dates do.

    p (1 - p) over the Newey-West variance of the mean, and never more than there are. Where all is 1 or 0
    that is not known, and every `horizon`-th date counts.

    >>> draws = np.random.default_rng(0).random(4000) < 0.9
    >>> 2500 < effective_number(draws, 4000, horizon=1) <= 4000
    True
    >>> effective_number(np.repeat(draws[:1000], 4), 4000, horizon=4) < 1300  # each stands four times
    True
    """
    by_date = np.asarray(by_date, "float64")
    share, error = float(by_date.mean()), newey_west_error(by_date, horizon=horizon)
    if not 0 < share < 1 or not error > 0:
        return len(by_date) / horizon
    return float(min(share * (1 - share) / error**2, count))


def wilson(share: float, trials: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's interval of a share; `trials` need not be a whole number.

    >>> [round(end, 3) for end in wilson(0.9, 100)]
    [0.826, 0.945]
    """
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(share * trials, trials, alpha=confidence, method="wilson")
    return float(low), float(high)


def _p_value(share: float, level: float, trials: float) -> float:
    """Of the score test that Wilson's interval is made of."""
    from scipy.stats import norm

    return float(2 * norm.sf(abs(share - level) / np.sqrt(level * (1 - level) / trials)))
