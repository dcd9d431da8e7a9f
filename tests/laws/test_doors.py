"""Law: every door refuses the same bad series with the same words, and takes the same good one."""

import numpy as np
import pandas as pd
import pytest
from samples import random_walk

from seqmem import Recipe, Split, as_dataset, evaluate, export, load, read
from seqmem.cells import LSTMCell
from seqmem.data.faults import PriceError
from seqmem.evaluation import SquaredLogError
from seqmem.models.classics import LastClose, MeanReturn
from seqmem.models.forecaster import Forecaster
from seqmem.networks import EncoderDecoder
from seqmem.targets import PricePath
from seqmem.transforms import Chain, Difference, Standardize

PRICES = random_walk(400)
SPLIT = Split(PRICES.index[200], PRICES.index[300])


def _with(row, value):
    changed = PRICES.copy()
    changed.iloc[row] = value
    return changed


BAD = {
    "the newest first": PRICES[::-1],
    "a zero": _with(100, 0.0),
    "nothing": _with(100, np.nan),
    "a split": pd.concat([PRICES.iloc[:100], PRICES.iloc[100:] * 12]),
    "pence for a day": _with(100, PRICES.iloc[100] * 100),
    "a row twice": pd.concat([PRICES.iloc[:101], PRICES.iloc[100:]]),
    "the future": PRICES.set_axis(PRICES.index + pd.Timedelta(days=365 * 200)),
    "still for a month": pd.concat([PRICES.iloc[:100], PRICES.iloc[100:130] * 0 + 9, PRICES.iloc[130:]]),
}


@pytest.fixture(scope="module")
def served(exported):
    return load(exported)


def _doors(fitted, served, tmp_path):
    classic = LastClose(horizon=1)
    return {
        "read": read,
        "as_dataset": as_dataset,
        "a split": lambda data: Split.by_share(data),
        "a classic's fit": lambda data: MeanReturn(horizon=1).fit(data, SPLIT),
        "a classic's forecast": lambda data: classic.fit(PRICES, SPLIT).forecast(data),
        "a network's fit": lambda data: fitted.fit(data, SPLIT),
        "a network's forecast": fitted.forecast,
        "evaluate": lambda data: evaluate({"last": classic}, data, SPLIT, [SquaredLogError()]),
        "export": lambda data: export(fitted, tmp_path, name="bad", prices=data),
        "a served model": served.forecast,
    }


@pytest.mark.parametrize("bad", BAD)
def test_every_door_refuses_it_with_the_same_words(bad, fitted, served, tmp_path):
    words = set()
    for name, door in _doors(fitted, served, tmp_path).items():
        try:
            door(BAD[bad])
        except PriceError as error:
            words.add(str(error))
        else:
            pytest.fail(f"{name} takes it")
    assert len(words) == 1, words
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_differences_takes_values_below_0_at_every_door(tmp_path):
    """A graph without logarithms checks that values are finite, and nothing else."""
    spread = PRICES - PRICES.mean()
    network = EncoderDecoder(LSTMCell(2), LSTMCell(2), horizon=2)
    forecaster = Forecaster(network, PricePath(Chain([Difference(), Standardize()])), lookback=10)
    forecaster.fit(spread, SPLIT, Recipe(epochs=1), check_inputs=None)
    here = forecaster.forecast(spread)
    model = load(export(forecaster, tmp_path, name="spread", prices=spread))
    np.testing.assert_allclose(model.forecast(spread).point, here.point, rtol=1e-4, atol=1e-4)
    with pytest.raises(PriceError, match="expected a price. Received: nothing"):
        model.forecast(spread.where(spread.index != spread.index[-1]))


def test_a_model_of_returns_refuses_values_below_0_that_were_read_for_another(fitted):
    spread = read(PRICES - PRICES.mean(), allow_negative=True)
    with pytest.raises(ValueError, match="expected values above 0.*Difference"):
        fitted.forecast(spread)
