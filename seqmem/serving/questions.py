"""What a model is sent, and what it answers: from prices to named arrays, and from those to a `Forecast`.

It reads a model's card alone: no Keras, no TensorFlow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from seqmem.data.calendars import Calendar, Rows
from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Origins, as_origins
from seqmem.evaluation.forecast import Forecast, Prediction
from seqmem.quantities import Quantity

ByName = dict[str, np.ndarray]


def input_names(columns: tuple[str, ...]) -> list[str]:
    """What the columns of a history are called by a server: of the close alone, ``closes``.

    >>> input_names(("close",)), input_names(("high", "low", "close"))
    (['closes'], ['high', 'low', 'close'])
    """
    return ["closes"] if columns == ("close",) else list(columns)


def origins_of(data: PriceData, origins: Origins, card: Mapping[str, Any]) -> tuple[Dataset, ByName]:
    """The data, checked, dated by the model's calendar, and the origins in each of their series.

    Raises:
        PriceError: data that will not do.
        ValueError: columns that are not there, or fewer rows than a window reads.
    """
    data = _read(data, card)
    missing = [name for name in card["columns"] if not data.has(name)]
    if missing:
        raise ValueError(
            f"{card['name']}: expected columns {', '.join(card['columns'])}. "
            f"Received: {', '.join(data.columns)}{_closes_alone(card, missing)}"
        )
    if card.get("calendar") and not isinstance(data.calendar, Rows):  # rows without dates stay without
        data = replace(data, calendar=Calendar.from_config(card["calendar"]))
    return data, as_origins(data, origins, context_length=int(card["context_length"]))


def _closes_alone(card: Mapping[str, Any], missing: Sequence[str]) -> str:
    """Where highs and lows are missing: how to give them, or what does without."""
    if not set(missing) <= {"high", "low"}:
        return ""
    other = " Of closes alone: saved_models/variance_pooled_closes" * (card["name"] == "variance_pooled")
    return f". Their names in a file: --high, --low.{other}"


def _read(data: PriceData, card: Mapping[str, Any]) -> Dataset:
    """The data as the model was made from it: its column, its calendar, what it takes."""
    column = (card.get("data") or {}).get("column")
    return as_dataset(
        data,
        allow_negative=not card.get("positive", True),
        calendar=Calendar.from_config(card["calendar"]) if card.get("calendar") else None,
        column=column if isinstance(data, pd.DataFrame) and column in data else None,
    )


def inputs_of(data: Dataset, origins: ByName, card: Mapping[str, Any]) -> ByName:
    """The windows that end at the origins, of all series one after the other: name -> [N, rows] float32."""
    back = np.arange(1 - int(card["context_length"]), 1)
    windows = [
        data.values(name, tuple(card["columns"]))[rows[:, None] + back] for name, rows in origins.items()
    ]
    stacked = np.concatenate(windows).astype("float32")  # [N, rows, C]
    return {name: stacked[..., column] for column, name in enumerate(input_names(tuple(card["columns"])))}


def as_forecast(
    data: Dataset, origins: ByName, answer: Mapping[str, np.ndarray], card: Mapping[str, Any]
) -> Forecast:
    """What a model answered, as a `Forecast`: its first output is the forecast itself."""
    borders = np.cumsum([len(rows) for rows in origins.values()])[:-1]
    levels = tuple(card.get("levels", ()))
    nothing: list[Any] = [None] * len(origins)
    main = quantiles = nothing
    if card["point"] == "mean":
        main = np.split(np.asarray(answer[next(iter(card["output"]))], "float64"), borders)
    if levels:
        quantiles = np.split(np.asarray(answer["quantiles"], "float64"), borders)
    predictions = {
        name: Prediction(mean, each, levels=levels)
        for name, mean, each in zip(origins, main, quantiles, strict=True)
    }
    quantity = Quantity.from_config(card["quantity"])
    return Forecast.assemble(data, origins, quantity, tuple(card["horizons"]), predictions)
