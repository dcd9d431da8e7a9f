"""A search written down in TensorBoard and MLflow: parameters, losses by fold and seed, the export."""

import os
import socket
import subprocess
import sys

import keras_tuner
import pytest
import served_models as made
from quick_search import quick

from tuning import search
from tuning.display.reporters import Observer
from tuning.display.tracking import Forgiving, MLflow, TensorBoard


def _searched(observer, folder, exported, **options):
    search(
        quick(seeds=2, epochs=2),
        keras_tuner.RandomSearch,
        max_trials=2,
        directory=folder,
        observer=observer,
        **options,
    )
    observer.exported(exported, {"test/RMSE/h_1": 1.5}, {"verdict": "No edge found."})


def test_tensorboard_has_each_fold_and_seed(tmp_path, exported):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    _searched(TensorBoard(tmp_path / "tb"), tmp_path / "p", exported)
    read = EventAccumulator(str(tmp_path / "tb/trial_0"))
    read.Reload()
    tags = {*read.Tags()["tensors"]}
    assert {"val_loss/fold_1_seed_1", "val_loss/fold_1_seed_2", "loss", "ratio"} <= tags
    assert [one.step for one in read.Tensors("val_loss/fold_1_seed_2")] == [1, 2]
    last = EventAccumulator(str(tmp_path / "tb/exported"))
    last.Reload()
    assert "test/RMSE/h_1" in last.Tags()["tensors"]


def test_an_observer_that_fails_is_told_no_more_and_ends_nothing():
    class Failing(Observer):
        calls = 0

        def trial_began(self, trial, choice):
            self.calls += 1
            raise ConnectionError("the server\nis gone")

    said, failing = [], Failing()
    one = Forgiving(failing, "MLflow", said.append)
    for _ in range(2):
        one.trial_began("0", {})
    one.search_ended()
    assert failing.calls == 1
    assert said == ["MLflow is told no more: ConnectionError: the server is gone"]


@pytest.fixture
def uri(tmp_path):
    """A real MLflow server of this machine."""
    pytest.importorskip("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    store = [
        f"--backend-store-uri=sqlite:///{tmp_path / 'runs.db'}",
        f"--artifacts-destination={tmp_path / 'a'}",
    ]
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words, *store], stdout=log, stderr=log, env=os.environ
        )
        try:
            made.until(lambda: _answers(port), seconds=120)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _answers(port):
    import urllib3

    try:
        return (
            urllib3.request("GET", f"http://127.0.0.1:{port}/health", retries=False, timeout=2).status == 200
        )
    except urllib3.exceptions.HTTPError:
        return False


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # mlflow's own
def test_mlflow_has_the_search_its_trials_and_the_export(uri, tmp_path, exported):
    observer = MLflow(uri, "mine", {"seed": 3})
    _searched(observer, tmp_path / "p", exported)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("mine").experiment_id
    runs = {one.info.run_name: one for one in client.search_runs([experiment])}
    assert set(runs) == {"search", "trial 0", "trial 1"}
    above, first = runs["search"], runs["trial 0"]
    assert {one.info.status for one in runs.values()} == {"FINISHED"}
    assert first.data.tags["mlflow.parentRunId"] == above.info.run_id
    assert first.data.params["cell"] == "rnn"
    assert {"val_loss/fold_1_seed_1", "val_loss/fold_1_seed_2", "loss", "ratio"} <= {*first.data.metrics}
    losses = client.get_metric_history(first.info.run_id, "val_loss/fold_1_seed_2")
    assert [one.step for one in losses] == [1, 2]
    assert (above.data.params["seed"], above.data.metrics["test/RMSE/h_1"]) == ("3", 1.5)
    assert above.data.tags["verdict"] == "No edge found."
    files = {one.path for one in client.list_artifacts(above.info.run_id, "model")}
    assert {"model/card.json", "model/saved_model.pb", "model/model.keras"} <= files
    again = MLflow(uri, "mine")  # a search that goes on begins a run of its own
    _searched(again, tmp_path / "p", exported, fresh=False)
    assert len(client.search_runs([experiment])) == 6
