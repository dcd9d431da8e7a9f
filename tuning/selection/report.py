"""What a search is worth, in plain words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tuning.selection.noise import Noise
from tuning.space import label


def report(taken: Mapping[str, Any], why: str, noise: Noise) -> list[str]:
    """Sentences on the trial that was taken, its gains, and how much of them is chance."""
    said = [f"Taken: trial {taken['trial']}, {label(taken)}, {why}.", _gains(taken)]
    if not np.isfinite(noise.error):
        return [*said, "How large the noise is cannot be said: train each trial on more folds or seeds."]
    return [*said, _lead(noise), _luck(noise)]


def _gains(taken: Mapping[str, Any]) -> str:
    default = taken["of_default"]
    beside = f" and {default:.4f} of the default's" if np.isfinite(default) else ""
    own = " (it is the default)" if int(taken["trial"]) == 0 else beside
    return f"Its validation loss is {taken['ratio']:.4f} of that of no change{own}."


def _lead(noise: Noise) -> str:
    seeds = f"from seed to seed a loss moves by {noise.seed:.2g}, " if np.isfinite(noise.seed) else ""
    size = f"{seeds}a mean of {noise.fits} is known to {noise.error:.2g}"
    means = f"the means of {noise.trials} trials lie {noise.spread:.2g} apart"
    won = ": a winner by less than the noise" if noise.lead < noise.error else ", more than the noise"
    return f"Noise: {size}; {means}, and the best leads the next by {noise.lead:.2g}{won}."


def _luck(noise: Noise) -> str:
    verdict = "trials do differ" if noise.p < 0.05 else "it may be luck alone"
    return (
        f"Luck: the best of {noise.trials} is {noise.gain:.2g} better than the middle one. Had all been "
        f"equally good, it would have been by {noise.luck:.2g} on average, and the means as far apart "
        f"as they are in {noise.p:.1%} of cases: {verdict}."
    )
