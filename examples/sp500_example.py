"""The example in saved_models/: the next five closes of the S&P 500 from its last thirty, scored, exported.

python -m examples.sp500_example
"""

import shutil
from pathlib import Path

import keras

import seqmem

ROOT, NAME, HORIZON, LOOKBACK, UNITS, SEED = Path("saved_models"), "sp500_example", 5, 30, 16, 7


def main() -> None:
    """Train, score beside the baselines, export as version 1."""
    prices = seqmem.read_prices("bundled:sp500")
    keras.utils.set_random_seed(SEED)
    cells = [seqmem.LSTMCell(UNITS) for _ in range(2)]
    forecaster = seqmem.Forecaster(seqmem.EncoderDecoder(*cells, horizon=HORIZON), lookback=LOOKBACK)
    parts = seqmem.split(len(prices), history=forecaster.closes, horizon=HORIZON)
    forecaster.fit(prices, parts.train, validation=parts.validation, epochs=20, patience=4, seed=SEED)

    known = prices[: parts.test[0] + 1]
    baselines = {
        "last close": seqmem.LastClose(horizon=HORIZON),
        "drift": seqmem.Drift(horizon=HORIZON),
        "mean return": seqmem.MeanReturn(horizon=HORIZON).fit(prices, len(known)),
    }
    results = seqmem.backtest({"lstm": forecaster, **baselines}, prices, parts.test)
    scores = seqmem.scores(results, training=known).reset_index()
    verdict = seqmem.edge(results, "lstm")

    shutil.rmtree(ROOT / NAME, ignore_errors=True)
    folder = seqmem.export(
        forecaster,
        ROOT,
        name=NAME,
        prices=prices,
        hyperparameters={
            "cell": "lstm",
            "units": UNITS,
            "lookback": LOOKBACK,
            "horizon": HORIZON,
            "seed": SEED,
        },
        scores=scores.to_dict(orient="records"),
        verdict=verdict,
    )
    print(f"{verdict}\n{folder}\n{seqmem.ServedModel(folder).forecast(prices)}")


if __name__ == "__main__":
    main()
