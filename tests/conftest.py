"""What every test may use. Nothing heavy is imported here: pytest-xdist's own process runs no test."""

import gc
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("COLUMNS", "120")
# A test compiles for some milliseconds of work: XLA need not make that work quick.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import pytest
from hypothesis import settings

settings.register_profile("seqmem", deadline=None)  # how long an example takes is for benchmarks
settings.load_profile("seqmem")


def pytest_collectstart(collector):
    """Set up a process that will run tests, before any module of them is imported."""
    if isinstance(collector, pytest.Session):
        from seqmem.process import configure_cpu

        gc.set_threshold(50_000, 20, 20)  # a traced graph is 100,000 objects, and all are needed
        configure_cpu()  # as every command does


def pytest_collection_finish():
    """Modules stay: no collection looks through them again. Python's own come when they are due.

    Keras and KerasTuner ask for one before each trial of a search, which is most of the time of a short one.
    """
    gc.collect()
    gc.freeze()
    gc.collect = lambda generation=2: 0


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = {report.longrepr[2].removeprefix("Skipped: ") for report in skipped}
    for reason in reasons:
        if "the tests marked `serving` did not run" in reason:
            terminalreporter.write_line(reason)


@pytest.fixture(autouse=True)
def _seed():
    import keras

    keras.utils.set_random_seed(11)


@pytest.fixture(scope="session")
def prices():
    from samples import random_walk

    return random_walk(400)


@pytest.fixture(scope="session")
def fitted(prices):
    """A forecaster fitted for two epochs; tests must not change it."""
    from samples import small_forecaster, split_for

    from seqmem.recipe import Recipe

    forecaster = small_forecaster()
    return forecaster.fit(prices, split_for(forecaster, prices), Recipe(epochs=2))


@pytest.fixture(scope="session")
def exported(fitted, prices, tmp_path_factory):
    """The export of `fitted`; a test that changes files takes a copy."""
    from seqmem.serving import export

    folder, more = tmp_path_factory.mktemp("exported"), {"scores": [{"p": float("nan")}], "seed": 3}
    return export(fitted, folder, name="small", prices=prices, verdict="No edge found.", **more)


@pytest.fixture
def rng():
    import numpy as np

    return np.random.default_rng(5)
