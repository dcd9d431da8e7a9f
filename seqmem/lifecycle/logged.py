"""The forecasts of a server's log, as a `Forecast` of the series that they were made from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seqmem.data.dataset import Dataset
from seqmem.data.faults import day
from seqmem.evaluation.forecast import Forecast
from seqmem.lifecycle.dates import border, last_known, union
from seqmem.serving.card_schema import read_card
from seqmem.serving.forecast_files import find_rows, read_log
from seqmem.serving.questions import as_forecast


def logged(
    log: str | Path, home: Path, data: Dataset, start: Any, card: Mapping[str, Any]
) -> tuple[Forecast, str, tuple[str, ...]]:
    """The forecasts of a log, each found again in the series by the last closes that it was made from.

    A forecast from a row that its version was trained on is no forecast: it is left out.

    Args:
        log: the folder of the log.
        home: of the model: its name, and its versions.
        data: the series.
        start: the first date that is judged.
        card: of the version that is watched.

    Returns:
        The forecasts, where they come from in words, and what of the log was left out.

    Raises:
        ValueError: no log, or no forecast in it that can be judged.
    """
    model, rows = home.name, read_log(log, home.name)
    trained = {int(one): _trained(home / str(one), data) for one in set(rows["version"])}
    name, wanted = list(card["input"])[-1], list(card["output"])
    fits = [name in one and {*wanted} <= {*two} for one, two in zip(rows.inputs, rows.outputs, strict=True)]
    rows = rows[np.array(fits, dtype=bool)]
    places: dict[str, dict[int, int]] = {}  # series -> origin -> row of the log, the first of each
    found, learnt = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    for series in data.ids:
        at = find_rows([one[name] for one in rows.inputs], data.values(series)[:, 0])
        found |= at >= 0
        dates = data.dates(series)
        late = (at >= 0) & (dates[np.minimum(at + 1, len(dates) - 1)] >= start)
        ends = [dates[row] < trained[one] for row, one in zip(at, rows["version"], strict=True)]
        known = late & np.array(ends, dtype=bool)
        learnt |= known
        for number in np.flatnonzero(late & ~known):
            places.setdefault(series, {}).setdefault(int(at[number]), int(number))
    if not places:
        raise ValueError(
            f"{log}: expected forecasts of {model} from rows since {day(start)}. Received: {len(rows)} "
            f"forecasts, {int(found.sum())} of them from rows of {data.name}, and {int(learnt.sum())} of "
            "these from rows that their version was trained on"
        )
    ordered = {series: dict(sorted(each.items())) for series, each in places.items()}
    taken = rows.iloc[[number for each in ordered.values() for number in each.values()]]
    horizons = len(card["horizons"])
    answer = {
        each: np.stack([one[each] for one in taken.outputs]).reshape(len(taken), horizons, -1)
        for each in wanted
    }
    answer = {each: one if each == "quantiles" else one[..., 0] for each, one in answer.items()}
    origins = {series: np.array(list(each)) for series, each in ordered.items()}
    versions = ", ".join(map(str, sorted(set(taken.version))))
    left_out = {
        f"were made from closes that are not in {data.name}": int((~found).sum()),
        "were made from rows that their version was trained on, and are left out": int(learnt.sum()),
    }
    notes = tuple(f"{count} forecasts of the log {why}." for why, count in left_out.items() if count)
    return as_forecast(data, origins, answer, card), f"of the log {log}, by version {versions}", notes


def _trained(folder: Path, data: Dataset) -> Any:
    """The last date that a version was trained on; where its folder is gone, nothing is known against it."""
    try:
        text = last_known(read_card(folder), "trained")
    except (OSError, ValueError):
        text = None
    return union(data)[0] if text is None else border(data, text)
