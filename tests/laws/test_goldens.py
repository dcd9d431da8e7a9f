"""Law: what a release saved, every later one loads, and it says the same.

A golden is one small model and its numbers. It is written once, by
``python tests/laws/test_goldens.py VERSION`` before that release, and never again.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

GOLDENS = Path(__file__).parents[1] / "goldens"


@pytest.mark.parametrize("folder", sorted(GOLDENS.glob("*")), ids=lambda folder: folder.name)
def test_a_saved_model_still_says_what_it_said(folder):
    from seqmem import ServedModel, load

    numbers = json.loads((folder / "numbers.json").read_text())
    closes = np.array(numbers["closes"])
    origin = [len(closes) - 1]
    np.testing.assert_allclose(load(folder).forecast(closes, origin), numbers["forecast"], rtol=1e-5)
    np.testing.assert_allclose(ServedModel(folder)(closes[None]), numbers["forecast"], rtol=1e-5)


def _write(version: str) -> None:
    sys.path[:0] = [str(GOLDENS.parent), str(GOLDENS.parents[1] / "examples")]
    from samples import GRUCell, LSTMCell, random_walk

    from seqmem import EncoderDecoder, Forecaster, export
    from seqmem.networks import DenseBridge, Linear

    prices, decoder = random_walk(300), [GRUCell(3, dropout=0.1), GRUCell(2)]
    network = EncoderDecoder(
        [LSTMCell(4), GRUCell(3)], decoder, horizon=5, teacher_forcing=Linear(50), bridge=DenseBridge(decoder)
    )
    forecaster = Forecaster(network, lookback=10)
    forecaster.fit(prices, np.arange(20, 280), epochs=3)
    folder = export(forecaster, GOLDENS / ".draft", name="m")
    closes = prices.to_numpy()[-20:]
    forecast = forecaster.forecast(closes, [19])
    numbers = {"closes": closes.tolist(), "forecast": forecast.tolist()}
    (folder / "numbers.json").write_text(json.dumps(numbers, indent=2) + "\n")
    folder.rename(GOLDENS / version)
    (GOLDENS / ".draft" / "m").rmdir()
    (GOLDENS / ".draft").rmdir()


if __name__ == "__main__":
    _write(sys.argv[1])
