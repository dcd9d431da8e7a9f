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


def _seeds():
    path = small_forecaster()
    return Forecaster(EnsembleMean([path.network, small_forecaster().network]), path.target, path.lookback)


def _variance(**options):
    return variance_forecaster(GRUCell(2), ScaleFreeVariance(**_FEW, **options), 8, ensemble_size=2)


MODELS = {  # of each kind, what it reads, and what is said of it
    "path": (small_forecaster, CLOSES, CLOSES),
    "seeds": (_seeds, CLOSES, CLOSES),
    "variance": (_variance, BARS, BARS),
    "panel": (lambda: _variance(use_range=False), CLOSES, PANEL),
}
FEW = ("seeds", "panel")  # of whose parts the others are made


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The folder of the models, and of the prices that they forecast."""
    keras.utils.set_random_seed(3)
    root = tmp_path_factory.mktemp("kinds")
    BARS.to_csv(root / "bars.csv")
    PANEL.to_csv(root / "panel.csv")
    return root


def _exported(kind, root):
    """None is trained, as that is not what is looked at."""
    make, read, prices = MODELS[kind]
    if not (root / kind).exists():
        export(adapted(make(), read), root, name=kind, prices=prices)
    return kind


def _words(command, kind):
    return [command, kind, *([KINDS[kind]] if command != "verify" else [])]


def test_a_model_of_each_kind_is_loaded_in_a_fresh_process(root):
    """Nothing of ours is imported but by the command itself: it knows the classes that it loads."""
    ended = fresh.run([_words("diagnose", _exported(kind, root)) for kind in FEW], cwd=root)
    for kind, end in zip(FEW, ended, strict=True):
        assert (end.status, end.err) == (0, ""), (kind, end)
        assert "Half-life of a unit's memory" in end.out, kind
        assert max(map(len, end.out.splitlines())) <= 80


@pytest.mark.slow
def test_each_command_works_in_a_fresh_process_on_each_kind(root):
    cases = [(command, kind) for command in COMMANDS for kind in KINDS]
    ended = fresh.run([_words(command, _exported(kind, root)) for command, kind in cases], cwd=root)
    for case, end in zip(cases, ended, strict=True):
        assert (end.status, end.err) == (0, ""), (case, end)
        assert case[0] != "diagnose" or "Half-life of a unit's memory" in end.out, case
        assert max(map(len, end.out.splitlines())) <= 80
