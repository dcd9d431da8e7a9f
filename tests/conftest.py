"""What every test may use."""

import gc
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("COLUMNS", "120")
# A test compiles for some milliseconds of work: XLA need not make that work quick.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import keras
import numpy as np
import pandas as pd
import pytest
import served_models
from hypothesis import settings
from samples import random_walk, small_forecaster, split_for

from seqmem.process import configure_cpu
from seqmem.recipe import Recipe

settings.register_profile("seqmem", deadline=None)  # how long an example takes is for benchmarks
settings.load_profile("seqmem")
configure_cpu()  # as every command does
gc.set_threshold(50_000, 20, 20)  # a traced graph is 100,000 objects, and all are needed


def pytest_collection_finish():
    gc.collect()
    gc.freeze()  # modules stay: no collection looks through them again


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    if any(served_models.WHY_NOT in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(served_models.WHY_NOT)


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(11)


@pytest.fixture(scope="session")
def prices() -> pd.Series:
    return random_walk(400)


@pytest.fixture(scope="session")
def fitted(prices):
    """A forecaster fitted for two epochs; tests must not change it."""
    forecaster = small_forecaster()
    return forecaster.fit(prices, split_for(forecaster, prices), Recipe(epochs=2))


@pytest.fixture(scope="session")
def exported(fitted, prices, tmp_path_factory):
    """The export of `fitted`; a test that changes files takes a copy."""
    from seqmem.serving import export

    folder, more = tmp_path_factory.mktemp("exported"), {"scores": [{"p": float("nan")}], "seed": 3}
    return export(fitted, folder, name="small", prices=prices, verdict="No edge found.", **more)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)
