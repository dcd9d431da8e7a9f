"""The scores of an evaluation as tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seqmem.evaluation import CONFIDENCE, QLIKE, SIGNIFICANCE, calibration_table

if TYPE_CHECKING:
    from seqmem.evaluation import Evaluation, Proxy, Score

SCORES_NOTE = """QLIKE: mean of x - log x - 1, x = realised / forecast; ° in the model confidence set of 90%.
Ratios of it to another model's: below 1 is better; * p < .05, ** p < .01, by Diebold-Mariano.
High-volatility days: the fifth of them with the highest volatility of the 22 days before."""
CALIBRATION_NOTE = """realised / forecast: the mean ratio; 1 is right, 2 is a forecast of half of what came.
slope: of what came on the forecast (Mincer and Zarnowitz);
* p < .05, ** p < .01 that the line is not the diagonal."""


def _number(ratio: float) -> str:
    return "" if np.isnan(ratio) else f"{ratio:.3f}"  # of a reference that exploded


def scorecard_tables(
    evaluation: "Evaluation", card: pd.DataFrame, references: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """A table for each horizon and regime: title -> a row for each model, the best by the last score first.

    Args:
        evaluation: of the models.
        card: its `scorecard`.
        references: those of the card.
    """
    found = {}
    for h in evaluation.outcome.horizons:
        for regime in evaluation.regimes:
            columns: dict[str, pd.Series] = {}
            for score in evaluation.alike:
                rows = card.loc[(score.name, h, regime.name)]
                inside = (rows["mcs"] >= CONFIDENCE).map({True: "°", False: " "})
                columns[_narrow(score.name)] = rows["value"].map(f"{{:{_format(score)}}}".format) + inside
                for name in references:
                    ratios = rows[f"ratio {name}"].map(_number) + rows[f"p {name}"].map(_stars)
                    columns[_narrow(f"{_kind(score)} /{name}")] = ratios
                order = rows["value"].sort_values(kind="stable").index  # numbers: as text 10 is before 9
            rows_ahead = f"{h} day{'s' if h > 1 else ''}"
            quantity = next(iter(evaluation.forecasts.values())).quantity.name
            title = f"{quantity.capitalize()} over {rows_ahead}, {regime.title}"
            found[title] = pd.DataFrame(columns).loc[order].rename_axis("model").reset_index()
    return found


def calibration_rows(evaluation: "Evaluation", h: int) -> pd.DataFrame:
    """The calibration of variances over h rows: a row for each model, the nearest to 1 first.

    Args:
        evaluation: of variances.
        h: one of its horizons.
    """
    proxies: list[Proxy] = [score.proxy for score in evaluation.alike if isinstance(score, QLIKE)]
    tables = {proxy.name: calibration_table(evaluation, proxy).loc[h] for proxy in proxies}
    columns: dict[str, pd.Series] = {}
    for name, rows in tables.items():
        columns[f"realised\n/forecast\n({_narrow(name)})"] = rows["ratio"].map("{:.2f}".format)
        columns[f"slope\n({_narrow(name)})"] = rows["slope"].map("{:.2f}".format) + rows["p_value"].map(
            _stars
        )
    off = np.abs(np.log(next(iter(tables.values()))["ratio"]))
    return pd.DataFrame(columns).loc[off.sort_values(kind="stable").index].rename_axis("model").reset_index()


def horizon_table(evaluation: "Evaluation", score: "Score", reference: str = "") -> pd.DataFrame:
    """A score by model and horizon, of all days, with the test over the path against a reference."""
    values = evaluation.table["value"].loc[(score.name, slice(None), "all")]
    steps = evaluation.steps(score)
    shown = pd.DataFrame(
        {("path" if h == "path" else f"h={h}"): values.loc[h].to_numpy() for h in steps},
        index=pd.Index(evaluation.models, name="model"),
    )
    if reference:
        tests = evaluation.tests([reference])
        own = tests.xs(reference, level="reference").loc[(score.name, steps[-1], "all")]
        shown["dm"] = own["statistic"].to_numpy()
        shown["p"] = own["p_value"].to_numpy()
    return shown.reset_index()


def _format(score: "Score") -> str:
    return ".3f" if score.format == ".4f" else score.format


def _kind(score: "Score") -> str:
    """What tells a score from others of its kind: what stands in brackets."""
    return score.name.partition("(")[2].rstrip(")") or score.name


def _narrow(label: str) -> str:
    """A heading of one word to a line, so that six columns and a name fit into 80 characters."""
    return label.replace(" ", "\n")


def _stars(p: float) -> str:
    return "**" if p < 0.01 else "* " if p < SIGNIFICANCE else "  "
