"""Law: each command works in a fresh process on each kind of exported model."""

import fresh
import keras
import pandas as pd
import pytest
from samples import _FEW, adapted, random_bars, small_forecaster

from seqmem.cells import GRUCell
from seqmem.models.forecaster import Forecaster
from seqmem.models.volatility import variance_forecaster
from seqmem.networks import EnsembleMean
from seqmem.serving import export
from seqmem.targets import ScaleFreeVariance

BARS = random_bars(400)
CLOSES = BARS["Close"]
PANEL = pd.DataFrame({"one": CLOSES, "other": random_bars(400, seed=4)["Close"]})
KINDS = {"path": "bars.csv", "seeds": "bars.csv", "variance": "bars.csv", "panel": "panel.csv"}
COMMANDS = ("forecast", "diagnose", "verify")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A model of each kind, exported: none is trained, as that is not what is looked at."""
    keras.utils.set_random_seed(3)
    root = tmp_path_factory.mktemp("kinds")
    BARS.to_csv(root / "bars.csv")
    PANEL.to_csv(root / "panel.csv")
    path = adapted(small_forecaster(), CLOSES)
    seeds = EnsembleMean([path.network, small_forecaster().network])
    closes_alone = ScaleFreeVariance(**_FEW, use_range=False)
    models = {
        "path": (path, CLOSES),
        "seeds": (adapted(Forecaster(seeds, path.target, path.lookback), CLOSES), CLOSES),
        "variance": (
            adapted(variance_forecaster(GRUCell(2), ScaleFreeVariance(**_FEW), 8, ensemble_size=2), BARS),
            BARS,
        ),
        "panel": (adapted(variance_forecaster(GRUCell(2), closes_alone, 8), CLOSES), PANEL),
    }
    for kind, (forecaster, prices) in models.items():
        export(forecaster, root, name=kind, prices=prices)
    return root


def _words(command, kind):
    return [command, kind, *([KINDS[kind]] if command != "verify" else [])]


def test_a_model_of_each_kind_is_loaded_in_a_fresh_process(root):
    """Nothing of ours is imported but by the command itself: it knows the classes that it loads."""
    ended = fresh.run([_words("diagnose", kind) for kind in KINDS], cwd=root)
    for kind, end in zip(KINDS, ended, strict=True):
        assert (end.status, end.err) == (0, ""), (kind, end)
        assert "Half-life of a unit's memory" in end.out, kind
        assert max(map(len, end.out.splitlines())) <= 80


@pytest.mark.slow
def test_each_command_works_in_a_fresh_process_on_each_kind(root):
    cases = [(command, kind) for command in COMMANDS for kind in KINDS]
    ended = fresh.run([_words(*case) for case in cases], cwd=root)
    for case, end in zip(cases, ended, strict=True):
        assert (end.status, end.err) == (0, ""), (case, end)
        assert max(map(len, end.out.splitlines())) <= 80
