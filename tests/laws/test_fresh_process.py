"""Law: each command works in a fresh process on each kind of exported model."""

import fresh
import keras
import pytest
from samples import _FEW, random_bars, small_forecaster

from seqmem.cells import GRUCell
from seqmem.data.windows import split
from seqmem.models.forecaster import Forecaster
from seqmem.models.volatility import VolatilityForecaster
from seqmem.networks import EnsembleMean
from seqmem.serving import export
from seqmem.targets import ScaleFreeVariance

BARS = random_bars(400)
KINDS = ("path", "seeds", "variance", "panel")
COMMANDS = ("forecast", "diagnose", "verify")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A model of each kind, exported: hardly trained, as that is not what is looked at."""
    keras.utils.set_random_seed(3)
    root = tmp_path_factory.mktemp("kinds")
    BARS.to_csv(root / "bars.csv")
    path, other = (_fitted(small_forecaster(), BARS["Close"]) for _ in range(2))
    closes_alone = VolatilityForecaster(GRUCell(2), ScaleFreeVariance(**_FEW, ranges=False), lookback=8)
    models = {
        "path": path,
        "seeds": Forecaster(EnsembleMean([path.network, other.network]), path.target, path.lookback),
        "variance": _fitted(
            VolatilityForecaster(GRUCell(2), ScaleFreeVariance(**_FEW), lookback=8, members=2), BARS, labels=5
        ),
        "panel": _fitted(closes_alone, BARS, random_bars(400, seed=4), labels=5),
    }
    for kind in KINDS:
        export(models[kind], root, name=kind)
    return root


def _fitted(forecaster, *series, **options):
    origins = [split(len(one), history=forecaster.closes + 4, horizon=5).train for one in series]
    if len(series) == 1:
        return _after(forecaster, forecaster.fit(series[0], origins[0], epochs=1, **options))
    return _after(forecaster, forecaster.fit(list(series), origins, epochs=1, **options))


def _after(forecaster, history):
    return forecaster


def _words(command, kind):
    return [command, kind, *(["bars.csv"] if command != "verify" else [])]


def test_a_model_of_each_kind_is_loaded_in_a_fresh_process(root):
    """Nothing of ours is imported but by the command itself: it knows the classes that it loads."""
    for kind, end in zip(
        KINDS, fresh.run([_words("diagnose", kind) for kind in KINDS], cwd=root), strict=True
    ):
        assert (end.status, end.err) == (0, ""), (kind, end)
        assert "Half-life of a unit's memory" in end.out, kind


@pytest.mark.slow
def test_each_command_works_in_a_fresh_process_on_each_kind(root):
    cases = [(command, kind) for command in COMMANDS for kind in KINDS]
    ended = fresh.run([_words(*case) for case in cases], cwd=root)
    for case, end in zip(cases, ended, strict=True):
        assert (end.status, end.err) == (0, ""), (case, end)
