"""The table and the plots of a study."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from seqmem.report.plots import figure_with_panels, saved

ERROR = "_se"  # what the column of a standard error ends with


def study_table(summary: pd.DataFrame, formats: Mapping[str, str]) -> pd.DataFrame:
    """A `studies.base.summary` with each mean and its standard error as one text.

    >>> study_table(pd.DataFrame({"T": [10], "loss": [0.5], "loss_se": [0.125]}), {"loss": ".2f"})
        T         loss
    0  10  0.50 ± 0.12
    """
    found = {}
    for name in summary:
        if name.endswith(ERROR):
            continue
        errors = summary.get(f"{name}{ERROR}")
        form = formats.get(name, "")
        found[name] = [
            value
            if not form
            else ""
            if value != value
            else format(value, form) + (f" ± {format(error, form)}" if error == error else "")
            for value, error in zip(
                summary[name], [float("nan")] * len(summary) if errors is None else errors, strict=True
            )
        ]
    return pd.DataFrame(found)


def plot_study(
    summary: pd.DataFrame,
    panels: Sequence[Any],
    path: str | Path,
    *,
    labels: Mapping[str, str] | None = None,
    title: str = "",
) -> Path:
    """Each `studies.base.Panel` of a study, side by side, standard errors as bars.

    Args:
        summary: of the study.
        panels: which are drawn.
        path: .png, .svg or .pdf.
        labels: column -> what its axis is called.
        title: of the figure.

    Raises:
        ValueError: a suffix other than .png, .svg and .pdf, or no such folder.
    """
    there, labels = shown_panels(summary, panels), labels or {}
    figure, every = figure_with_panels(len(there))
    for panel, axes in zip(there, every, strict=True):
        rows = summary if panel.only is None else summary[summary[panel.only[0]] == panel.only[1]]
        groups = rows.groupby(list(panel.by), sort=False) if panel.by else [((), rows)]
        numbers = pd.api.types.is_numeric_dtype(rows[panel.x])
        for key, own in groups:
            heights = own[panel.y].where(own[panel.y] > 0) if "y" in panel.log else own[panel.y]
            if heights.isna().all():
                continue
            errors = own.get(f"{panel.y}{ERROR}")
            axes.errorbar(
                own[panel.x] if numbers else own[panel.x].astype(str),
                heights,
                yerr=None if errors is None or "y" in panel.log else errors,
                label=", ".join(map(str, key)),
                linewidth=1 if numbers else 0,
                elinewidth=1,
                marker="o",
                markersize=3,
            )
        for axis in panel.log if (rows[panel.y] > 0).any() else "":
            (axes.set_xscale if axis == "x" else axes.set_yscale)("log")
        if "x" in panel.log and numbers:
            places = sorted(rows[panel.x].unique())
            axes.set_xticks(places, map(str, places), fontsize="small")
            axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
        axes.set_xlabel(labels.get(panel.x, panel.x))
        axes.set_ylabel(labels.get(panel.y, panel.y.replace("_", " ")))
        axes.set_title("" if panel.only is None else ": ".join(panel.only), fontsize="medium")
        if panel.by and axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, fontsize="small", title=", ".join(panel.by))
    bars = any(name.endswith(ERROR) for name in summary)
    note = f"{title}\n" if title else ""
    figure.suptitle(
        f"{note}mean over seeds and folds{'; bars: one standard error' if bars else ''}", fontsize="medium"
    )
    return saved(figure, path)


def shown_panels(summary: pd.DataFrame, panels: Sequence[Any]) -> list[Any]:
    """The panels of which something was measured."""
    return [
        panel for panel in panels if panel.only is None or (summary[panel.only[0]] == panel.only[1]).any()
    ]
