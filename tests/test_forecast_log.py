"""The log of a server's forecasts: whole files, bounded, off the path of a request."""

import asyncio
import json

import numpy as np
import pytest
import served_models as made
from test_application import BODY, HOSTS, PREDICT, _call

from seqmem.serving.forecast_files import PATTERN, find_rows, read_log
from seqmem.serving.server import forecast_log
from seqmem.serving.server.app import Application
from seqmem.serving.server.forecast_log import ForecastLog
from seqmem.serving.server.limits import Limits
from seqmem.serving.server.metrics import Metrics
from seqmem.serving.server.versions import VersionManager


def _noted(folder, rows=3, times=1, **options):
    """A log of so many requests of so many rows, closed."""
    log = ForecastLog(folder, **{"every": 0.01, **options})
    draw = np.random.default_rng(1)
    for _ in range(times):
        closes = draw.normal(100, 1, (rows, 12)).astype("float32")
        log.note("m", 2, {"closes": closes}, {"forecast": closes[:, :2], "quantiles": closes[:, :6]})
    log.close()
    return closes


def test_what_was_noted_is_read_back(tmp_path):
    closes = _noted(tmp_path / "new")
    found = read_log(tmp_path / "new", "m")
    assert found["version"].tolist() == [2, 2, 2]
    for row in range(3):
        np.testing.assert_array_equal(found["inputs"][row]["closes"], closes[row, -8:])
        np.testing.assert_array_equal(found["outputs"][row]["forecast"], closes[row, :2])
        np.testing.assert_array_equal(found["outputs"][row]["quantiles"], closes[row, :6])
    assert len(read_log(tmp_path / "new", "another")) == 0
    series = np.concatenate([[1.0, 2.0], closes[1].astype("float64"), [3.0]])
    assert find_rows([one["closes"] for one in found["inputs"]], series).tolist() == [-1, 13, -1]


def test_files_rotate_and_the_oldest_goes_where_they_are_too_many_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(forecast_log, "ROWS_PER_FILE", 1)
    for _ in range(4):
        _noted(tmp_path)
    sizes = [path.stat().st_size for path in tmp_path.glob(PATTERN)]
    assert len(sizes) == 4
    newest = sorted(tmp_path.glob(PATTERN))[-1]
    _noted(tmp_path, most_bytes=2 * max(sizes) + 10)
    left = sorted(tmp_path.glob(PATTERN))
    assert len(left) == 2
    assert left[0] == newest or newest in left  # the last of the others, and the new one
    assert not list(tmp_path.glob(".*"))


def test_what_cannot_be_written_is_counted_and_the_log_goes_on(tmp_path, monkeypatch):
    lost, written = [], []
    monkeypatch.setattr(forecast_log, "MOST_WAITING", 4)
    _noted(tmp_path, times=2, every=10.0, on_dropped=lost.append, on_written=written.append)
    assert (lost, written) == ([3], [3])
    real, calls = forecast_log.written_whole, []

    def full_at_first(path):
        calls.append(path)
        if len(calls) == 1:
            raise OSError("No space left on device")
        return real(path)

    monkeypatch.setattr(forecast_log, "written_whole", full_at_first)
    log = ForecastLog(tmp_path / "b", every=0.01, on_dropped=lost.append)
    one = {"closes": np.ones((1, 4), "float32")}
    log.note("m", 1, one, one)
    made.until(lambda: len(lost) == 2)
    log.note("m", 1, one, one)
    log.close()
    assert len(read_log(tmp_path / "b", "m")) == 1


def test_no_log_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="expected a log of forecasts"):
        read_log(tmp_path, "m")
    (tmp_path / "forecasts-1.parquet").write_text("x")
    with pytest.raises(ValueError, match="forecasts-1.parquet: expected a log"):
        read_log(tmp_path, "m")


def test_a_server_logs_forecasts_and_nothing_else(tmp_path):
    made.put(tmp_path / "models", "rising", 1)
    manager, made_with = VersionManager(tmp_path / "models"), []
    manager.poll()

    def log(metrics: Metrics):
        made_with.append(metrics)
        return ForecastLog(tmp_path / "log", on_written=metrics.log_rows.inc)

    app = Application(manager, Limits(threads=1), HOSTS, log=log)
    step = {"signature_name": "step", "instances": [{"close": 1, "state": [0, 0]}]}
    describe = {"signature_name": "describe", "instances": ["x"]}
    for body in (BODY, json.dumps(step).encode(), json.dumps(describe).encode(), b"{"):
        asyncio.run(_call(app, PREDICT, [body]))
    app.close()
    manager.close()
    found = read_log(tmp_path / "log", "rising")
    assert len(found) == 1
    assert found["inputs"][0]["closes"].tolist() == [1, 2, 3, 4]
    assert b"seqmem_forecast_log_rows_total 1.0" in made_with[0].text({})
