"""Law: every classic of variances is, as a graph, what it is in Python; so is a combination of them."""

import numpy as np
import pytest
from samples import VARIANCE_BASELINES, adapted, random_bars, split_after

from seqmem.cells import GRUCell
from seqmem.data.measures import parkinson
from seqmem.data.reading import as_dataset
from seqmem.data.splits import Split
from seqmem.models.classics import (
    EWMA,
    GARCH,
    HAR,
    GeometricMean,
    HistoricalSimulation,
    LogHAR,
    RealisedGARCH,
)
from seqmem.models.filtered_simulation import FilteredHistoricalSimulation
from seqmem.models.volatility import variance_forecaster
from seqmem.models.walk_forward import WalkForward
from seqmem.recipe import Recipe
from seqmem.serving import ServedModel, export, load, verify
from seqmem.targets import ScaleFreeVariance

BARS = random_bars(1500, seed=2)
SPLIT = split_after(BARS, 1300)
AT = np.arange(1460, 1500)
CLOSE = 1e-4  # relative: float32, and what is cut off of a recursion (see docs/volatility.md)


@pytest.mark.parametrize("make", VARIANCE_BASELINES, ids=lambda make: make().name)
def test_a_classic_as_a_graph_forecasts_what_it_does_in_python(make):
    fitted = make(horizons=(1, 2, 5)).fit(BARS, SPLIT)
    graph = fitted.to_forecaster()
    np.testing.assert_allclose(graph.forecast(BARS, AT).mean, fitted.forecast(BARS, AT).mean, rtol=CLOSE)
    assert (graph.horizons, graph.quantity) == (fitted.horizons, fitted.quantity)
    assert graph.context_length <= 1500


def test_realised_garch_of_a_column_is_one_too():
    """The column of a server's input is the column that was fitted on."""
    frame = BARS.assign(realized_variance=parkinson(BARS)).drop(columns=["High", "Low"])
    fitted = RealisedGARCH("realized_variance").fit(frame, SPLIT)
    graph = fitted.to_forecaster()
    assert graph.target.columns == ("realized_variance", "close")
    np.testing.assert_allclose(graph.forecast(frame, AT).mean, fitted.forecast(frame, AT).mean, rtol=CLOSE)


def test_a_shock_is_held_to_the_same_bounds_in_the_graph():
    wild = BARS.copy()
    wild.iloc[1490:] *= 3.0
    wild = as_dataset(wild, allow=("split",))
    for model in (GARCH(o=1), HAR(), LogHAR(), RealisedGARCH()):
        fitted = model.fit(BARS, SPLIT)
        there = fitted.to_forecaster().forecast(wild, AT).mean
        np.testing.assert_allclose(there, fitted.forecast(wild, AT).mean, rtol=CLOSE)


def test_a_window_that_begins_elsewhere_says_the_same():
    """What a recursion begins with is forgotten: twice as long a window moves nothing by 1e-5."""
    fitted = GARCH().fit(BARS, SPLIT).to_forecaster()
    rows = BARS["Close"].to_numpy("float32")[None, :, None]
    short, long = fitted.context_length, 2 * fitted.context_length
    network, target = fitted.network, fitted.target
    here, there = (network(target.inputs(rows[:, -n:])) for n in (short, long))
    np.testing.assert_allclose(np.exp(here), np.exp(there), rtol=1e-5)


@pytest.fixture(scope="module")
def combined():
    target = ScaleFreeVariance(memory=20, decays=(0.8,), downside_decays=(0.9,), range_decays=(0.0, 0.9))
    network = adapted(variance_forecaster(GRUCell(3), target, lookback=8), BARS)
    classics = [model.fit(BARS, SPLIT) for model in (GARCH(o=1), LogHAR())]
    return GeometricMean([network, *classics])


def test_a_combination_is_exported_as_one_model(combined, tmp_path):
    """A network and classics, of other columns and contexts: served, verified, loaded."""
    expected = combined.forecast(BARS, AT).mean
    folder = export(combined, tmp_path, name="together", prices=BARS)
    assert verify(folder)
    for again in (ServedModel(folder), load(folder)):
        np.testing.assert_allclose(again.forecast(BARS, AT).mean, expected, rtol=CLOSE)
    assert load(folder).target.columns == ("high", "low", "close")


@pytest.mark.parametrize("scale", [GARCH(o=1, horizons=(1, 5)), EWMA(), GeometricMean([HAR(), LogHAR()])])
def test_a_classic_is_the_scale_of_a_simulation_in_a_graph(scale):
    simulation = FilteredHistoricalSimulation(scale, horizons=(1, 5)).fit(BARS, SPLIT)
    levels = (0.01, 0.05, 0.5, 0.95)
    graph = simulation.to_forecaster(levels).forecast(BARS, [1299])
    expected = simulation.forecast(BARS, [1299])
    for number, level in enumerate(levels):
        np.testing.assert_allclose(graph.quantiles[..., number], expected.quantile(level), rtol=1e-3)


def test_a_walk_is_exported_as_its_latest_fit(tmp_path):
    walk = WalkForward(GARCH(), every=100).fit(BARS, SPLIT)
    with pytest.raises(ValueError, match="GARCH: expected forecasts of one series. Received: none"):
        export(walk, tmp_path, name="walk")
    expected = walk.forecast(BARS, [1480]).mean  # from the fit at row 1399
    folder = export(walk, tmp_path, name="walk", prices=BARS)
    np.testing.assert_allclose(ServedModel(folder).forecast(BARS, [1480]).mean, expected, rtol=CLOSE)


def test_a_classic_as_a_graph_learns_on_from_its_maximum_likelihood():
    """The three weights of GARCH are trainable, and begin where the likelihood has them."""
    fitted = GARCH().fit(BARS, SPLIT)
    graph = fitted.to_forecaster()
    cell = graph.network.recurrent.cell
    start = [float(weight[0]) for weight in (cell.omega, cell.alpha, cell.beta)]
    np.testing.assert_allclose(start, fitted.summary().parameters.iloc[1:], rtol=1e-6)
    size = {"context_length": graph.context_length + 63, "horizon": 5}
    graph.fit(BARS, Split.by_share(BARS, **size), Recipe(epochs=1, chunk_length=63, learning_rate=1e-4))
    moved = [float(weight[0]) for weight in (cell.omega, cell.alpha, cell.beta)]
    assert 0 < np.max(np.abs(np.array(moved) / start - 1)) < 0.5


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: GARCH(2, 0, 1).fit(BARS, SPLIT), r"GARCH\(2,0,1\): the graph has orders \(1,0,1\)"),
        (GARCH, r"GARCH: call fit\(data, split\) first"),
        (lambda: EWMA(0.999), "EWMA: its memory is too long to be exported: a share of 0.99900"),
        (lambda: EWMA().fit({"a": BARS, "b": BARS}, SPLIT) and GARCH().fit({"a": BARS, "b": BARS}, SPLIT),
         "GARCH: expected to be fitted on one series. Received: a, b"),
        (lambda: HistoricalSimulation(), "has no graph, and cannot be exported"),
    ],
)  # fmt: skip
def test_what_has_no_graph_says_so(make, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        export(make(), tmp_path, name="sample")
