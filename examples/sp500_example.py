"""The example in saved_models/: the next five closes of the S&P 500 from its last thirty, scored, exported.

python -m examples.sp500_example [FOLDER]
"""

import shutil
import sys
from pathlib import Path

import seqmem
from seqmem.models.classics import naive_models

NAME, HORIZON, LOOKBACK, UNITS = "sp500_example", 5, 30, 16
RECIPE = seqmem.Recipe(epochs=20, patience=4, seed=7)


def make() -> seqmem.Forecaster:
    """An encoder-decoder of two LSTMs, which reads and forecasts log returns."""
    encoder, decoder = seqmem.LSTMCell(UNITS), seqmem.LSTMCell(UNITS)
    return seqmem.Forecaster(seqmem.EncoderDecoder(encoder, decoder, horizon=HORIZON), lookback=LOOKBACK)


def main(root: Path, recipe: seqmem.Recipe = RECIPE) -> Path:
    """Train, score beside the baselines, export as version 1."""
    prices = seqmem.read("bundled:sp500")
    split = seqmem.Split.by_share(prices, context_length=LOOKBACK + 1, horizon=HORIZON)
    forecaster = seqmem.train(make, prices, split, recipe)

    baselines = {name: model.fit(prices, split) for name, model in naive_models(HORIZON).items()}
    scores = [seqmem.SquaredLogError(), seqmem.AbsoluteLogError()]
    evaluation = seqmem.evaluate({"lstm": forecaster, **baselines}, prices, split, scores)
    verdict = evaluation.summary("lstm", list(baselines))
    table = evaluation.table["value"].xs("all", level="regime").unstack("h", sort=False)

    shutil.rmtree(root / NAME, ignore_errors=True)
    folder = seqmem.export(
        forecaster,
        root,
        name=NAME,
        prices=prices,
        hyperparameters={
            "cell": "lstm",
            "units": UNITS,
            "lookback": LOOKBACK,
            "horizon": HORIZON,
            "seed": recipe.seed,
        },
        scores=table.rename(columns=str).reset_index().to_dict(orient="records"),
        verdict=verdict,
    )
    print(f"{verdict}\n{folder}\n{seqmem.ServedModel(folder).forecast(prices).to_frame()}")
    return folder


if __name__ == "__main__":
    main(Path(*sys.argv[1:] or ["saved_models"]))
