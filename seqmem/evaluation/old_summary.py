"""What the scores of variance forecasts say, in plain words."""

from collections.abc import Sequence

import pandas as pd

from seqmem.evaluation.significance import MIN_ORIGINS, SIGNIFICANCE, diebold_mariano, p_in_words
from seqmem.evaluation.volatility import PROXIES, losses, mean_qlike


def volatility_verdict(
    results: pd.DataFrame, model: str, *, references: Sequence[str], linear: Sequence[str] = ()
) -> str:
    """In plain words, whether `model` forecasts variances better than the references and a linear rival.

    Better is a lower QLIKE with p < .05 by Diebold-Mariano, from at least 100 origins, over the shortest
    horizon on squared returns, which any series has; what the range, longer horizons and turbulent days say
    is added.

    Args:
        results: what `volatility_backtest` gave.
        model: the one to judge.
        references: models that it should beat.
        linear: rivals without recurrence: whether they are as good is said in any case.

    Raises:
        ValueError: no such model.
    """
    names = set(results["model"])
    missing = {model, *references, *linear} - names
    if missing:
        raise ValueError(f"volatility_verdict: no model {sorted(missing)}. Received: {sorted(names)}")
    count = len(losses(results, "squared", int(results["h"].min())))
    if count < MIN_ORIGINS:
        return f"No edge found: {count} origins are too few to tell; at least {MIN_ORIGINS} are needed."
    lines = [_against(results, model, name) for name in references]
    lines += [_against(results, model, name, rival=True) for name in linear]
    return "\n".join(lines)


def _against(results: pd.DataFrame, model: str, other: str, *, rival: bool = False) -> str:
    cases = {
        (proxy, int(h), turbulent): _test(results, model, other, proxy, int(h), turbulent)
        for proxy in PROXIES
        if proxy in results
        for h in results["h"].unique()
        for turbulent in (False, True)
    }
    first = int(results["h"].min())
    ratio, sign = cases["squared", first, False]
    better = [case for case, (_, sign) in cases.items() if sign < 0]
    worse = [case for case, (_, sign) in cases.items() if sign > 0]
    if sign < 0:
        said = f"{model} beats {other}"
    elif sign > 0:
        said = f"No edge found: {model} is worse than {other}"
    elif rival:
        said = f"{other} is as good as {model}"
    else:
        said = f"No edge found: {model} does not beat {other}"
    said += f" {ahead(first)} on {PROXIES['squared']}: QLIKE of {model} over that of {other} is {ratio}."
    if better:
        said += f" {model} is significantly better in {len(better)} of {len(cases)} comparisons"
        said += f" ({_listed(better)})." if len(better) < len(cases) else "."
    if worse:
        said += f" {model} is significantly worse in {len(worse)} of {len(cases)} ({_listed(worse)})."
    if not better and not worse:
        said += f" In none of {len(cases)} comparisons is the difference significant."
    return said


def _test(
    results: pd.DataFrame, model: str, other: str, proxy: str, h: int, turbulent: bool
) -> tuple[str, int]:
    """The ratio with its p-value, and -1 for significantly better, 1 for worse, 0 for neither."""
    table = losses(results, proxy, h, turbulent=turbulent)
    test = diebold_mariano(table[model], table[other], horizon=h)
    means = mean_qlike(results, proxy, h, turbulent=turbulent)
    significant = test.p_value < SIGNIFICANCE
    return (
        f"{means[model] / means[other]:.3f} ({p_in_words(test.p_value)})",
        0 if not significant else (-1 if test.statistic < 0 else 1),
    )


def ahead(h: int) -> str:
    """A horizon in words."""
    return "a day ahead" if h == 1 else f"over {h} days"


def _listed(cases: Sequence[tuple[str, int, bool]]) -> str:
    words = {"squared": "r²", "parkinson": "range"}
    return ", ".join(
        f"{words[proxy]} {h}d{' turbulent' if turbulent else ''}" for proxy, h, turbulent in cases
    )
