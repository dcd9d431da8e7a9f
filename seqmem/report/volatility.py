"""The old tables of variances, until the search passes an Evaluation."""

from collections.abc import Sequence

import pandas as pd

from seqmem.evaluation import CONFIDENCE, SIGNIFICANCE

SHORT = {"squared": "r²", "parkinson": "range"}
LEAGUE_NOTE = """QLIKE: mean of x - log x - 1, x = realised / forecast; ° in the model confidence set of 90%.
Ratios of it to another model's: below 1 is better; * p < .05, ** p < .01, by Diebold-Mariano.
Turbulent: the fifth of the origins with the highest volatility of the 22 days before."""


def league_tables(scores: pd.DataFrame, references: Sequence[str]) -> dict[str, pd.DataFrame]:
    """A table for each horizon and regime, of what `volatility_scores` gave: title -> a row for each model.

    The rows stand by QLIKE on the range, or on squared returns where there is none: the best first.
    """
    found = {}
    for (h, regime), part in scores.groupby(level=["h", "regime"], sort=False):
        columns: dict[str, pd.Series] = {}
        for proxy in part.index.unique("proxy"):
            rows = part.xs((proxy, h, regime), level=["proxy", "h", "regime"])
            inside = (rows["mcs"] >= CONFIDENCE).map({True: "°", False: " "})
            columns[f"{SHORT[proxy]} QLIKE"] = rows["qlike"].map("{:.3f}".format) + inside
            for name in references:
                stars = rows[f"p {name}"].map(_stars)
                columns[f"{SHORT[proxy]} /{name}"] = rows[f"ratio {name}"].map("{:.3f}".format) + stars
            order = rows["qlike"].sort_values().index  # as numbers: as text 10 stands before 9
        days = f"{h} day{'s' if h > 1 else ''}"
        title = f"Variance over {days}, {'all' if regime == 'all' else 'turbulent'} origins"
        found[title] = pd.DataFrame(columns).loc[order].rename_axis("model").reset_index()
    return found


def _stars(p: float) -> str:
    return "**" if p < 0.01 else "* " if p < SIGNIFICANCE else "  "
