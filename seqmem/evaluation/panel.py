"""One model for many series: tested on the mean over series of each date, since series move together."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from seqmem.evaluation.old_summary import ahead
from seqmem.evaluation.significance import SIGNIFICANCE, diebold_mariano
from seqmem.evaluation.volatility import losses


class PanelTest(NamedTuple):
    """How a model does beside a reference over many series.

    Attributes:
        wins: series on which its QLIKE is lower.
        series: how many there are.
        difference: its mean QLIKE less the reference's, over all dates, each date the mean of its series.
        statistic: Diebold-Mariano on the dates' means; negative is better.
        p_value: two-sided.
    """

    wins: int
    series: int
    difference: float
    statistic: float
    p_value: float


def panel_test(
    results: Mapping[str, pd.DataFrame],
    model: str,
    reference: str,
    *,
    proxy: str = "squared",
    h: int = 1,
    turbulent: bool = False,
) -> PanelTest:
    """Diebold-Mariano over a panel.

    Args:
        results: name of a series -> what `volatility_backtest` gave for it.
        model: to test.
        reference: to test it against.
        proxy: squared or parkinson.
        h: the horizon.
        turbulent: only days that are turbulent for their own series.

    Raises:
        ValueError: no series.
    """
    if not results:
        raise ValueError("panel_test: expected at least one series. Received: none")
    differences = {}
    for name, one in results.items():
        table = losses(one, proxy, h, turbulent=turbulent)
        dates = one.drop_duplicates("origin").set_index("origin")["date"]
        difference = table[model] - table[reference]
        differences[name] = difference.set_axis(dates.loc[difference.index])
    frame = pd.DataFrame(differences)
    means = frame.mean(axis=1).dropna().sort_index()
    test = diebold_mariano(means, means * 0, horizon=h)
    wins = int((frame.mean() < 0).sum())
    return PanelTest(wins, frame.shape[1], float(means.mean()), test.statistic, test.p_value)


def panel_verdict(tests: pd.DataFrame, model: str, references: Sequence[str]) -> str:
    """In plain words, what `panel_test` says of a model, over the shortest horizon, on squared returns.

    Args:
        tests: indexed by (model, reference, proxy, h, regime), as `panel_league` gives them.
        model: the one to judge.
        references: models to judge it against.
    """
    lines = []
    for reference in references:
        first = int(tests.index.get_level_values("h").min())
        rows = tests.loc[(model, reference, "squared", first)]
        every, turbulent = rows.loc["all"], rows.loc["turbulent"]
        if not every["p_value"] < SIGNIFICANCE:  # NaN, of equal losses, is no win
            said = f"No edge found: {model} does not beat {reference}"
        elif every["statistic"] > 0:
            said = f"No edge found: {model} is worse than {reference}"
        else:
            said = f"{model} beats {reference}"
        lines.append(
            f"{said} over all series, {ahead(first)} on squared returns ({_p(every)}; turbulent days: "
            f"{'better, ' if turbulent['statistic'] < 0 else 'worse, ' if turbulent['statistic'] > 0 else ''}"
            f"{_p(turbulent)}). "
            f"Its QLIKE is lower on {int(every['wins'])} of {int(every['series'])}."
        )
    return "\n".join(lines)


def _p(test: pd.Series) -> str:
    return f"p = {test['p_value']:.3f}" if test["p_value"] >= 0 else "no difference"
