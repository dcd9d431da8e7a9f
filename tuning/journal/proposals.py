"""What an oracle proposes: the default first, and nothing twice."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np


def propose_well(oracle: Any, default: Mapping[str, Any]) -> None:
    """Wrap an oracle's proposals.

    The first random draw is the default configuration (a grid begins at the defaults by itself). Bayesian
    optimisation on a small space proposes the same point again and again: a random new one takes its
    place. And its random numbers follow from the number of the trial, not from how often it was asked.
    """
    propose, draw = oracle.populate_space, oracle._random_values

    def random_values() -> Any:
        if not oracle.trials:
            declared = oracle.hyperparameters.space
            return {hp.name: default.get(hp.name, hp.default) for hp in declared}
        return draw()

    def populate_space(trial_id: str) -> dict[str, Any]:
        if hasattr(oracle, "_random_state"):
            oracle._random_state = np.random.RandomState((oracle.seed + 7919 * int(trial_id)) % 2**32)
        with warnings.catch_warnings():
            # scikit-learn's Gaussian process on a dozen points: its length scale sits on its bound
            warnings.filterwarnings("ignore", "The optimal value found for dimension")
            proposal: dict[str, Any] = propose(trial_id)
        if proposal["status"] == "RUNNING" and oracle._duplicate(proposal["values"]):
            values = random_values()
            return {"status": "RUNNING" if values else "STOPPED", "values": values}
        return proposal

    oracle._random_values, oracle.populate_space = random_values, populate_space
