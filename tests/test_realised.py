"""A column of realised variances: learnt from, scored on, exported and served."""

import numpy as np
import pytest
from proofs.end_to_end import use
from samples import random_bars

from seqmem import read
from seqmem.cells import GRUCell
from seqmem.data.measures import squared_returns
from seqmem.evaluation import QLIKE, RealisedColumn, SquaredReturns
from seqmem.models.volatility import variance_forecaster
from seqmem.targets import RawVariance, ScaleFreeVariance

SMALL = {"memory": 20, "decays": (0.8,), "downside_decays": (0.9,), "range_decays": (0.0, 0.9)}


def _bars():
    frame = random_bars(300)
    noise = np.random.default_rng(0).uniform(0.3, 1.1, len(frame))
    frame["realized_variance"] = noise * np.nan_to_num(squared_returns(frame["Close"].to_numpy()), nan=1e-4)
    frame.loc[frame.index[40], "realized_variance"] = 0.0  # a day may have no move
    return frame


@pytest.mark.parametrize("use_range", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_realised_variance_is_learnt_from_scored_on_and_served(use_range, tmp_path):
    options = {"realised": "realized_variance", "realised_weight": 0.7, "use_range": use_range}
    target = ScaleFreeVariance((1, 3), **options, **SMALL)
    forecaster = variance_forecaster(GRUCell(2), target, lookback=8)
    scores = [QLIKE(RealisedColumn()), QLIKE(SquaredReturns())]
    _, served = use(forecaster, scores, tmp_path, read(_bars()))
    names = ("high", "low", "realized_variance", "close") if use_range else ("realized_variance", "close")
    assert target.columns == names
    assert (served.mean > 0).all()


def test_its_label_is_the_weighted_variance():
    target = RawVariance((1, 2), realised="realized_variance", realised_weight=0.25)
    rows = target.training_rows(read(_bars()).frame, 200).astype("float32")
    target.adapt([rows[:200, :2]])
    squares, realised = squared_returns(rows[:, 1]), rows[:, 0]
    scale = squares[1:200].mean() / realised[1:200].mean()
    daily = 0.75 * squares + 0.25 * scale * realised
    label = target.label(rows[None, 101:103], rows[None, 90:101, :2])
    expected = np.array([daily[101], daily[101:103].mean()]) / squares[1:200].mean()
    np.testing.assert_allclose(np.asarray(label)[0, :, 0], expected, rtol=1e-3)


def test_a_weight_needs_its_column():
    with pytest.raises(ValueError, match="realised_weight must lie"):
        RawVariance(realised_weight=0.5)
    with pytest.raises(ValueError, match="expected a column 'realized_variance'. Received: high, low, close"):
        RealisedColumn()._values(read(random_bars(60)).frame)
