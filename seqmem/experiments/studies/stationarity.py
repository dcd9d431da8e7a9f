"""A network of raw prices and one of log returns, as the price leaves the range that they learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import pandas as pd

from seqmem.cells import cell_class
from seqmem.data.splits import Split
from seqmem.diagnostics import recurrent_layers, saturation
from seqmem.experiments.studies.base import Case, Panel, Study
from seqmem.experiments.studies.simulated import bounded_prices
from seqmem.models.forecaster import Forecaster
from seqmem.networks import EncoderDecoder
from seqmem.recipe import Recipe
from seqmem.targets import PricePath
from seqmem.transforms import Chain, LogReturn, Standardize, Transform

LOW, HIGH = 100.0, 200.0
VOLATILITY = 0.02  # a day's: the training part then crosses the range several times
RAW, RETURNS = "raw prices", "log returns"
TRANSFORMS: Mapping[str, type[Transform] | Any] = {
    RAW: Standardize,
    RETURNS: lambda: Chain([LogReturn(), Standardize()]),
}
SHOWN = 60  # windows that saturation is measured on: it walks them step by step


@dataclass(frozen=True, kw_only=True)
class StationarityStudy(Study):
    """Trained on a random walk between 100 and 200, standardised; tested on windows that end at other levels.

    `error` is the root mean squared error of the next day's log price over that of the last close, and
    `saturated` the share of gates within 5% of a limit (`diagnostics.saturation`).

    Args:
        levels: prices at which the test windows end.
        days: of the prices that are learnt from.
        lookback: T.
        units: U.
        epochs: at most.
    """

    claim: ClassVar[str] = (
        "a network of raw prices fails where the price leaves its range, one of log returns does not"
    )
    formats: ClassVar[Mapping[str, str]] = dict.fromkeys(("error", "error_se"), ".3f") | dict.fromkeys(
        ("saturated", "saturated_se"), ".1%"
    )
    panels: ClassVar[tuple[Panel, ...]] = (
        Panel("level", "error", ("inputs", "cell"), "xy"),
        Panel("level", "saturated", ("inputs", "cell"), "x"),
    )

    cells: tuple[str, ...] = ("lstm",)
    levels: tuple[int, ...] = (25, 50, 75, 100, 125, 150, 175, 200, 250, 300, 400, 800)
    days: int = 6000
    lookback: int = 60
    units: int = 16
    epochs: int = 30
    seeds: int = 2

    def cases(self) -> list[dict[str, Any]]:
        """Every cell on both inputs."""
        return [
            {"cell": name, "inputs": inputs, "seed": seed}
            for name in self.cells
            for inputs in TRANSFORMS
            for seed in self.repeats()
        ]

    def measure(self, case: Case, earlier: Sequence[Case]) -> list[dict[str, Any]]:
        """Error and saturation at each level."""
        seed = case["seed"]
        prices = bounded_prices(self.days, LOW, HIGH, VOLATILITY, seed)
        keras.utils.set_random_seed(seed)
        make = cell_class(case["cell"])
        network = EncoderDecoder(make(self.units), make(self.units), horizon=1)
        forecaster = Forecaster(network, PricePath(TRANSFORMS[case["inputs"]]()), self.lookback)
        forecaster.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse")
        split = Split.by_share(prices)
        # A check of the inputs would refuse raw prices: that is what is shown.
        recipe = Recipe(epochs=self.epochs, patience=6, seed=seed)
        forecaster.fit(prices, split, recipe, check_inputs=None)
        (test,) = split.test(prices, context_length=self.lookback + 1).values()
        read = recurrent_layers(forecaster)[0]
        shapes = np.lib.stride_tricks.sliding_window_view(prices, forecaster.context_length + 1)[test[0] :]
        found = []
        for level in self.levels:
            ending = shapes * (level / shapes[:, -2:-1])
            history, came = ending[:, :-1].astype("float32"), ending[:, -1]
            forecast = forecaster.predict(history[..., None], verbose=0)["mean"][:, 0].astype("float64")
            error = np.log(np.maximum(forecast, 1e-3) / came)  # raw prices may be forecast below 0
            naive = np.log(level / came)
            seen = np.asarray(forecaster.target.inputs(history[:: len(history) // SHOWN, :, None]))
            gates = saturation(read, seen)[["low", "high"]].sum(axis=1)
            found.append(
                {
                    "level": level,
                    "error": float(np.sqrt(np.mean(error**2) / np.mean(naive**2))),
                    "saturated": float(gates.mean()),
                }
            )
        return found

    def verdict(self, rows: pd.DataFrame) -> str:
        """Errors within the range and outside of it."""
        said = self._judged(rows)
        for (name, inputs), own in rows.groupby(["cell", "inputs"], sort=False):
            within = own["level"].between(LOW, HIGH)
            inside, outside = own[within], own[~within]
            worst = outside.groupby("level")["error"].mean()
            said.append(
                f"{name} on {inputs}: its error is {inside['error'].mean():.2f} of the last close's within "
                f"{LOW:g} to {HIGH:g}, and up to {worst.max():.2f} outside; "
                f"{inside['saturated'].mean():.0%} of the gates are saturated within, "
                f"{outside['saturated'].max():.0%} at most outside."
            )
        return "\n".join(said)

    def _judged(self, rows: pd.DataFrame) -> list[str]:
        """It holds if errors multiply outside on raw prices, and stay what they were on returns."""
        within = rows["level"].between(LOW, HIGH)
        inside = rows[within].groupby("inputs")["error"].mean()
        outside = rows[~within].groupby("inputs")["error"].mean()
        failed, kept = outside[RAW] > 2 * inside[RAW], outside[RETURNS] < 1.1 * inside[RETURNS]
        return ["It holds." if failed and kept else "It does not hold."]
