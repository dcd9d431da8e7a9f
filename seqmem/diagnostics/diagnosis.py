"""A diagnosis: all that is measured of each recurrence of a forecaster, on the last windows of prices."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.reading import as_dataset
from seqmem.diagnostics.gradients import effective_lookback, gradient_flow
from seqmem.diagnostics.half_life import memory_half_life
from seqmem.diagnostics.models import recurrent_layers, sequences
from seqmem.diagnostics.traces import gates_by_window, saturation
from seqmem.models.forecaster import Forecaster

DRAWN = 250  # windows over which gates are followed: a year


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What one recurrence remembers.

    Attributes:
        name: of the layer.
        saturation: as `saturation` has it.
        half_lives: as `memory_half_life` has it.
        flow: as `gradient_flow` has it.
        gates: as `gates_by_window` has it, over the last year of the first series, by date.
        used: the `effective_lookback`.
        length: T.
    """

    name: str
    saturation: pd.DataFrame
    half_lives: pd.DataFrame
    flow: pd.DataFrame
    gates: pd.DataFrame
    used: int
    length: int

    @property
    def words(self) -> str:
        """In a sentence, how far back it reaches and how long it remembers."""
        life = self.half_lives["half_life"].median()
        return (
            f"{self.name}: 95% of the input gradient falls on the last {self.used} of {self.length} days; "
            f"the middle unit has forgotten half of what it wrote after {life:.1f} days."
        )


def diagnose(forecaster: Forecaster, data: PriceData, *, windows: int = 50) -> list[Diagnosis]:
    """Diagnose each recurrence of a forecaster.

    Args:
        forecaster: fitted or loaded.
        data: one series or a panel.
        windows: the last of each series, at most.

    Raises:
        ValueError: no recurrence, or fewer rows than a window reads.
    """
    dataset = as_dataset(data, allow_negative=not forecaster.positive)
    seen = np.concatenate([_last(forecaster, dataset[name], windows)[0] for name in dataset.ids])
    followed, dates = _last(forecaster, dataset[dataset.ids[0]], DRAWN)
    return [
        Diagnosis(
            layer.name,
            saturation(layer, seen),
            memory_half_life(layer, seen),
            flow := gradient_flow(layer, seen),
            gates_by_window(layer, followed, dates),
            effective_lookback(flow),
            len(flow),
        )
        for layer in recurrent_layers(forecaster)
    ]


def _last(forecaster: Forecaster, data: Dataset, windows: int) -> tuple[np.ndarray, pd.Index]:
    """What the network sees in the last windows of a series, [at most `windows`, T, F], by last date."""
    first = min(max(forecaster.context_length - 1, len(data) - windows), len(data) - 1)
    return sequences(forecaster, data, slice(first, len(data))), data.frame.index[first:]
