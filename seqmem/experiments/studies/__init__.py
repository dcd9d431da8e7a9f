"""Classical claims on memory, each measured: `seqmem study NAME`.

Importing this imports nothing slow; `study` does.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqmem.experiments.studies.base import Study

STUDIES = {
    "gradients": "gradients:GradientStudy",
    "adding": "adding:AddingStudy",
    "copy": "copying:CopyStudy",
    "season": "season:SeasonStudy",
    "stationarity": "stationarity:StationarityStudy",
    "lookback": "lookback:LookbackStudy",
    "cells": "gated:CellStudy",
}


def study(name: str) -> "type[Study]":
    """The study of a name.

    Raises:
        ValueError: no such study.

    >>> study("adding")(lengths=(100,), seed=3).cases()[0]
    {'cell': 'rnn', 'start': "Keras's", 'units': 16, 'marks': 'first half', 'T': 100, 'seed': 3}
    """
    if name not in STUDIES:
        raise ValueError(f"study: expected one of {', '.join(STUDIES)}. Received: {name!r}")
    module, _, attribute = STUDIES[name].partition(":")
    found: type[Study] = getattr(import_module(f"{__name__}.{module}"), attribute)
    return found


__all__ = ["STUDIES", "study"]
