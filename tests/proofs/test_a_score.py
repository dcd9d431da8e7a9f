"""Proof: a score is one class of ten lines; it is evaluated, tested, summarised, tabled and exported."""

import json

import numpy as np
import pytest
from samples import random_walk, small_forecaster, split_for

from seqmem.evaluation import Prediction, Score, evaluate, scorecard, seed_spread
from seqmem.models.base import Classic
from seqmem.models.classics import LastClose
from seqmem.quantities import Price
from seqmem.report import horizon_table
from seqmem.serving import export


class Pinball(Score):
    """The pinball loss of a quantile forecast, as a share of the close at the origin, in percent."""

    quantity, path = Price, True

    def __init__(self, level):
        self.level = level
        self.name = self.title = f"pinball {level:g}"

    def loss(self, forecast, outcome):
        over = outcome.value() - forecast.quantile(self.level)
        return 100 * np.maximum(self.level * over, (self.level - 1) * over) / forecast.last[:, None]


class HistoricalPaths(Classic):
    """Paths drawn from the returns that are known."""

    name, quantity, horizons = "historical paths", Price(), (1, 2, 3)

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = scale

    def _learn(self, known):
        self._returns = np.diff(np.log(known["close"].to_numpy()))

    def _say(self, frame, origins):
        draws = np.random.default_rng(0).choice(self._returns, (200, 3))
        paths = np.exp(self.scale * draws.cumsum(axis=1))
        return Prediction(paths=frame["close"].to_numpy()[origins][:, None, None] * paths)


PRICES = random_walk(600)


def test_a_score_of_quantiles_is_one_class():
    split = split_for(small_forecaster(), PRICES)
    models = {name: HistoricalPaths(scale).fit(PRICES, split) for name, scale in (("right", 1), ("wide", 3))}
    found = evaluate(models, PRICES, split, [Pinball(0.05), Pinball(0.95)])
    assert found.summary("right", ["wide"]).startswith(
        "right beats wide over the whole path: pinball 0.05 of"
    )
    card = scorecard(found, ["wide"])
    assert list(card.index.unique("score")) == ["pinball 0.05", "pinball 0.95"]
    assert (card.xs("right", level="model")["ratio wide"] < 1).all()
    assert list(horizon_table(found, found.scores[1])) == ["model", "h=1", "h=2", "h=3", "path"]
    frame = found.forecasts["right"].to_frame()
    inside = frame["lo-90"] < found.outcome.value().ravel()
    assert inside.mean() == pytest.approx(0.95, abs=0.03)


def test_a_score_of_points_scores_a_network_and_stands_on_its_card(fitted, prices, tmp_path):
    class LogCosh(Score):
        """Between the squared and the absolute error of the cumulative log return, in percent."""

        name, title, quantity = "log cosh", "log cosh of the error", Price

        def loss(self, forecast, outcome):
            return np.log(np.cosh(100 * np.log(forecast.point / outcome.value())))

    found = evaluate(
        {"network": fitted, "last close": LastClose(horizon=3)},
        prices,
        split_for(fitted, prices),
        [LogCosh()],
    )
    assert "log cosh of network is" in found.summary("network", ["last close"])
    members = {"network": found.forecasts["network"].mean[None]}
    assert seed_spread(members, found).loc[("network", "log cosh", 1)].nunique() == 1
    scores = found.table.reset_index().to_dict(orient="records")
    folder = export(fitted, tmp_path, name="scored", prices=prices, scores=scores)
    assert "log cosh" in json.dumps(json.loads((folder / "card.json").read_text())["scores"])
