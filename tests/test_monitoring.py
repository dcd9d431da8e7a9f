"""A model watched: forecasts beside what came, calibration by month, drift, an exit status for cron."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from samples import random_walk

from seqmem import cli
from seqmem.data.reading import as_dataset
from seqmem.evaluation.prediction import Prediction
from seqmem.lifecycle import monitor
from seqmem.lifecycle.drift import drift
from seqmem.serving.loading.exported import ExportedModel
from seqmem.serving.questions import inputs_of
from seqmem.serving.server.forecast_log import ForecastLog

LONG = random_walk(560)  # its first 400 are what the model of `exported` was made from


def _calm(monkeypatch, factor=1.0):
    """A model that says the last close, times a factor: quick, and as good as the naive one."""

    def predict_series(self, frame, origins, unique_id):
        return Prediction(mean=factor * frame["close"].to_numpy()[origins, None] * np.ones(3))

    monkeypatch.setattr(ExportedModel, "predict_series", predict_series)


def test_a_model_that_is_as_it_was_is_fine(exported, monkeypatch):
    _calm(monkeypatch)
    found = monitor(exported, LONG)
    assert found.is_fine
    assert found.verdict.startswith("Fine: on 160 origins")
    assert found.evaluation.models == ("model", "last close")
    assert found.months["origins"].sum() == 160
    assert found.months["month"].tolist() == sorted(set(LONG.index[399:559].strftime("%Y-%m")))
    assert found.scores["ratio"].tolist() == [1.0] * 8


def test_a_model_that_is_worse_and_biased_is_not(exported, monkeypatch):
    _calm(monkeypatch, factor=1.03)
    found = monitor(exported, LONG)
    said = "\n".join(found.alarms)
    assert "It is worse than last close" in said
    assert "bias, % is -2.8" in said


def test_inputs_that_drift_are_found_and_the_command_says_so_by_its_status(
    exported, tmp_path, monkeypatch, capsys
):
    _calm(monkeypatch)
    wild = LONG.copy()
    steps = np.log(LONG).diff().fillna(0).to_numpy(copy=True)
    steps[400:] *= 3
    steps[[450, 470, 490]] = 0.15
    wild[:] = 100 * np.exp(np.cumsum(steps))
    wild.to_csv(tmp_path / "wild.csv")
    LONG.to_csv(tmp_path / "long.csv")
    words = [
        str(tmp_path / "wild.csv"),
        "--anyway",
        "--page",
        str(tmp_path / "p.html"),
        "--csv",
        str(tmp_path / "m.csv"),
    ]
    assert cli.main(["monitor", str(exported), *words]) == 3
    assert "times the standard deviation of the known rows" in capsys.readouterr().out
    page = (tmp_path / "p.html").read_text()
    assert "beyond 5 standard deviations" in page
    assert page.count("<table") == 3
    assert len(pd.read_csv(tmp_path / "m.csv")) == 8
    assert cli.main(["monitor", str(exported), str(tmp_path / "long.csv")]) == 0


def test_drift_is_none_of_the_same_and_scales():
    data = as_dataset(LONG)
    found = drift(data, LONG.index[400], positive=True)
    assert found.scale == pytest.approx(1, abs=0.2)
    assert found.alarms == []
    with pytest.raises(ValueError, match="expected at least 250 rows before"):
        drift(data, LONG.index[200], positive=True)


def test_the_forecasts_of_a_log_are_found_again(exported, tmp_path):
    served, data = ExportedModel(exported), as_dataset(LONG)
    again = monitor(exported, LONG)
    log, origins = ForecastLog(tmp_path), {data.ids[0]: np.arange(399, 559)}
    inputs = inputs_of(data, origins, served.card)
    name = exported.parent.name
    for half in (slice(80, 160), slice(0, 81)):  # not in order, and one twice
        mine = {each: array[half] for each, array in inputs.items()}
        log.note(name, 1, mine, served.served.answer(**mine))
    strange = {each: 2 * array[:5] for each, array in inputs.items()}
    log.note(name, 1, strange, served.served.answer(**strange))
    log.close()
    found = monitor(exported, LONG, log=tmp_path)
    pd.testing.assert_frame_equal(found.scores, again.scores)
    assert "by version 1" in found.source
    assert "5 forecasts of the log were made from closes that are not in" in found.notes[0]


def test_what_a_version_was_trained_on_is_no_forecast(exported, tmp_path, monkeypatch):
    _calm(monkeypatch)
    home = tmp_path / exported.parent.name
    shutil.copytree(exported, home / "1")
    (home / "2").mkdir()
    card = json.loads((exported / "card.json").read_text())
    card["dates"]["trained"] = str(LONG.index[500].date())
    (home / "2" / "card.json").write_text(json.dumps(card))
    log, closes = ForecastLog(tmp_path / "log"), LONG.to_numpy("float32")
    windows = np.stack([closes[row - 8 : row + 1] for row in range(480, 520)])
    log.note(home.name, 2, {"closes": windows}, {"forecast": windows[:, -3:]})
    log.close()
    found = monitor(home / "1", LONG, log=tmp_path / "log")
    assert found.evaluation.outcome.origins.tolist() == list(range(500, 520))
    assert "20 forecasts of the log were made from rows that their version was trained on" in found.notes[0]


def test_what_cannot_be_judged_is_refused_or_said(exported, prices, tmp_path):
    few = monitor(exported, LONG[:405])
    assert few.is_fine
    assert few.verdict.startswith("Not judged: 5 origins")
    log = ForecastLog(tmp_path / "log")
    log.note("another", 1, {"closes": np.ones((1, 9))}, {"forecast": np.ones((1, 3))})
    log.close()
    for data, options, words in (
        (prices, {}, "expected rows after .* the last that"),
        (prices, {"since": prices.index[50]}, "was trained on rows up to"),
        (LONG, {"log": tmp_path / "log"}, "expected forecasts of .* Received: 0 forecasts"),
        (LONG, {"log": tmp_path}, "expected a log of forecasts"),
    ):
        with pytest.raises(ValueError, match=words):
            monitor(exported, data, **options)
