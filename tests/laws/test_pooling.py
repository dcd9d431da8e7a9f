"""Law: of a pooled series the rows before the validation part of the forecast one are known, and no other."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from samples import random_bars

from seqmem import Pool, Recipe, ResidualRecurrent, ScaleFreeVariance, Split, as_dataset, train
from seqmem.data.pool import with_range
from seqmem.models.refit import RefitNetwork
from seqmem.models.volatility import variance_forecaster

SMALL = {"memory": 20, "decays": (0.8,), "downside_decays": (0.9,), "range_decays": (0.0, 0.9)}
RECIPE = replace(ResidualRecurrent.recipe, epochs=1)
OWN = as_dataset(random_bars(600))
SPLIT = Split.by_share(OWN, context_length=30, horizon=2)


def _pooled() -> list[pd.DataFrame]:
    """Another calendar and length; closes alone; a panel that begins late."""
    dates = OWN.frame.index
    daily = random_bars(900, seed=2).set_axis(pd.date_range(dates[0], periods=900))
    closes = random_bars(600, seed=3)[["Close"]].set_axis(dates)
    late = random_bars(500, seed=4).set_axis(dates[100:])
    return [daily, closes, late]


def _later_rewritten(frame: pd.DataFrame, border: object) -> pd.DataFrame:
    other, row = frame.copy(), int(frame.index.searchsorted(border))
    bars = random_bars(len(frame), seed=9)[frame.columns].to_numpy()
    other.iloc[row:] = bars[row:] * frame.iloc[row - 1, -1] / bars[row - 1, -1]
    return other


def _make():
    target = ScaleFreeVariance((1, 2), parkinson_weight=0.5, **SMALL)
    return variance_forecaster(None, target, lookback=8)  # linear: which network learns does not matter here


def _forecast(pool, split=SPLIT):
    model = train(_make, OWN, split, RECIPE, pool=None if pool is None else Pool(pool, crude_range=True))
    return model.forecast(OWN, split.test(OWN)).mean


@pytest.mark.parametrize("split", [SPLIT, SPLIT.refit()], ids=["validated", "not validated"])
def test_what_comes_after_the_cut_in_a_pooled_series_moves_no_forecast(split):
    border = split.validation_start or split.test_start
    here = _forecast(_pooled(), split)
    np.testing.assert_array_equal(
        _forecast([_later_rewritten(one, border) for one in _pooled()], split), here
    )
    earlier = [random_bars(len(one), seed=7)[one.columns].set_axis(one.index) for one in _pooled()]
    assert not np.allclose(_forecast(earlier, split), here, rtol=1e-4)


def test_a_refit_knows_pooled_series_until_its_own_date_alone():
    def stages(pool):
        model = RefitNetwork(_make, RECIPE, 80, pool=Pool(pool), epochs=1).fit(OWN, SPLIT)
        return model.forecast(OWN, SPLIT.test(OWN)).mean

    row = OWN.frame.index.get_loc(SPLIT.test_start) - 1 + 80  # of the first refit
    here = stages(_pooled())
    there = stages([_later_rewritten(one, OWN.frame.index[row + 1]) for one in _pooled()])
    np.testing.assert_array_equal(there[:160], here[:160])  # until the second refit
    assert not np.allclose(there[160:], here[160:], rtol=1e-5)


def test_the_range_of_a_pooled_series_is_its_own():
    """A factor on the range moves inputs, not labels: those are scaled to the squared returns."""
    target = ScaleFreeVariance((1, 2), parkinson_weight=1.0, **SMALL)
    bars = as_dataset(random_bars(300)).frame
    middle = np.sqrt(bars["high"] * bars["low"])
    wide = bars.assign(
        high=middle * (bars["high"] / middle) ** 1.5, low=middle * (bars["low"] / middle) ** 1.5
    )
    np.testing.assert_allclose(
        target.training_rows(wide, 250)[:, -1], target.training_rows(bars, 250)[:, -1], rtol=1e-9
    )


def test_a_pool_says_what_is_in_it_and_leaves_out_the_series_itself():
    pool = Pool([OWN.frame, random_bars(900, seed=2), random_bars(200, seed=4)])
    border = SPLIT.validation_start
    assert [len(one) for one in pool.before(border, without=OWN).values()] == [
        (OWN.frame.index < border).sum()
    ]
    assert "until " + str(OWN.frame.index[OWN.frame.index < border][-1])[:10] in pool.about(border)
    assert "no series has 252 rows" in pool.about("1990-01-01")


def test_closes_alone_are_pooled_where_ranges_are_not_read_or_where_a_crude_one_is_wanted():
    sources, border, bars = _pooled(), SPLIT.validation_start, ("high", "low", "close")
    assert len(Pool(sources).before(border)) == 2  # the third begins too late
    assert len(Pool(sources).before(border, columns=bars)) == 1
    assert "; 1 left out, without high, low" in Pool(sources).about(border, columns=bars)
    assert len(Pool(sources, crude_range=True).before(border, columns=bars)) == 2


def test_what_cannot_be_pooled_is_refused():
    with pytest.raises(ValueError, match="weight must be above 0"):
        Pool([], weight=0.0)
    with pytest.raises(ValueError, match="expected dates: a pooled series is cut by date"):
        Pool([np.arange(1.0, 400.0)])
    with pytest.raises(ValueError, match="expected a list of sources"):
        Pool("bundled:sp500")
    values, pool = OWN.frame.to_numpy(), Pool(_pooled())
    split = Split.by_share(values, context_length=30)
    with pytest.raises(ValueError, match="expected dates: a pool is cut by date"):
        _make().fit(values, split, Recipe(epochs=1), pool=pool)


def test_closes_alone_have_the_range_of_two():
    closes = random_bars(50)[["Close"]].rename(columns=str.lower)
    ranged = with_range(closes)
    assert (ranged["high"] >= ranged["close"]).all()
    assert (ranged["low"] <= ranged["close"]).all()
    np.testing.assert_allclose(
        np.log(ranged["high"] / ranged["low"]), np.abs(np.log(closes["close"]).diff()).fillna(0), atol=1e-12
    )
