"""The search space: one field for each dimension."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any


def _dimension(name: str, choices: tuple[Any, ...], about: str) -> Any:
    return field(default=choices, metadata={"name": name, "about": about})


TUNERS = {
    "bayesian": "BayesianOptimization",
    "random": "RandomSearch",
    "hyperband": "Hyperband",
    "grid": "GridSearch",
}
"""The names of KerasTuner's tuners on the command line."""

DEFAULT: Mapping[str, Any] = {
    "cell": "lstm",
    "units": 32,
    "layers": 1,
    "lookback": 60,
    "learning_rate": 1e-3,
    "dropout": 0.0,
}
"""What every search tries first, or the nearest that its space has."""


@dataclass(frozen=True)
class SearchSpace:
    """What a search may choose from: each field a tuple of choices, numbers in ascending order.

    To add a dimension, add a field here and read it in `ForecastHyperModel.build`: the command line, the
    table and the tuners take it from here.

    Raises:
        ValueError: an empty dimension, a choice that occurs twice, a lookback outside 10..252, a number
            out of its range. Cells are checked by `ForecastHyperModel`.

    >>> SearchSpace(cells=("gru",), lookbacks=(10, 20)).size
    60
    """

    cells: tuple[str, ...] = _dimension(
        "cell", ("lstm", "gru", "rnn"), "cell types, or module:Class of your own"
    )
    units: tuple[int, ...] = _dimension("units", (8, 16, 32, 64, 128), "units of each cell")
    layers: tuple[int, ...] = _dimension("layers", (1,), "stacked cells on each side")
    lookbacks: tuple[int, ...] = _dimension(
        "lookback", (10, 20, 60, 120, 252), "days a window reads, 10 to 252"
    )
    learning_rates: tuple[float, ...] = _dimension(
        "learning_rate", (3e-4, 1e-3, 3e-3), "learning rates of Adam"
    )
    dropouts: tuple[float, ...] = _dimension(
        "dropout", (0.0, 0.2), "share of a cell's inputs dropped in training"
    )

    def __post_init__(self) -> None:
        for one in fields(self):
            choices = getattr(self, one.name)
            if isinstance(choices, str):
                raise ValueError(f"SearchSpace: {one.name} must be a tuple of choices. Received: {choices!r}")
            if not choices or len(set(choices)) != len(choices):
                raise ValueError(f"SearchSpace: {one.name} must be choices that differ. Received: {choices}")
        for name, low, high in (
            ("units", 1, float("inf")),
            ("layers", 1, float("inf")),
            ("lookbacks", 10, 252),
            ("learning_rates", 1e-12, float("inf")),
            ("dropouts", 0, 0.999),
        ):
            bad = [choice for choice in getattr(self, name) if not low <= choice <= high]
            if bad:
                raise ValueError(f"SearchSpace: {name} must lie in [{low}, {high}]. Received: {bad}")

    @property
    def size(self) -> int:
        """How many configurations there are."""
        size = 1
        for one in fields(self):
            size *= len(getattr(self, one.name))
        return size

    def nearest(self, wanted: Mapping[str, Any] = DEFAULT) -> dict[str, Any]:
        """The configuration nearest to another: name -> value; sizes are compared by their ratio.

        >>> SearchSpace(units=(8, 16), lookbacks=(20, 120)).nearest()["lookback"]
        120
        """
        return {
            one.metadata["name"]: _nearest(getattr(self, one.name), wanted[one.metadata["name"]])
            for one in fields(self)
        }

    def declare(self, hp: Any, default: Mapping[str, Any] = DEFAULT) -> dict[str, Any]:
        """Declare every dimension on KerasTuner's `hp`, and the choice it makes: name -> value."""
        first = self.nearest(default)
        return {
            (name := one.metadata["name"]): _choose(hp, name, getattr(self, one.name), first[name])
            for one in fields(self)
        }


def label(choice: Mapping[str, Any]) -> str:
    """A configuration in a few letters.

    >>> label({"cell": "lstm", "units": 32, "layers": 2, "lookback": 60})
    'lstm(32)x2, T=60'
    """
    cell = str(choice["cell"]).rpartition(":")[2]
    layers = f"x{choice['layers']}" if choice["layers"] > 1 else ""
    return f"{cell}({choice['units']}){layers}, T={choice['lookback']}"


def _nearest(choices: Sequence[Any], wanted: Any) -> Any:
    if wanted in choices or isinstance(wanted, str):
        return wanted if wanted in choices else choices[0]
    return min(choices, key=lambda choice: abs(math.log((choice + 1e-9) / (wanted + 1e-9))))


def _choose(hp: Any, name: str, choices: Sequence[Any], default: Any) -> Any:
    if len(choices) == 1:
        return hp.Fixed(name, choices[0])
    ordered = not isinstance(choices[0], str)
    return hp.Choice(name, list(choices), ordered=ordered, default=default)
