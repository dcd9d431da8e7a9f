"""Observers that write a search down where people compare runs: TensorBoard, MLflow."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from seqmem.evaluation import Evaluation
from tuning.display.reporters import Observer
from tuning.trials import COMPLETED

KINDS = ("loss", "ratio", "best_epoch", "weights")  # of a trial's row, as metrics


def trackers(
    tensorboard: str | None,
    mlflow: str | None,
    name: str,
    options: Mapping[str, Any],
    say: Callable[[str], None],
) -> list[Observer]:
    """The observers that write a search down elsewhere; one that fails ends nothing.

    Args:
        tensorboard: a folder; None: not there.
        mlflow: an address; None: not there.
        name: of the experiment.
        options: of the search.
        say: told why one is told no more.
    """
    found: dict[str, Observer] = {}
    if tensorboard:
        found["TensorBoard"] = TensorBoard(tensorboard)
    if mlflow:
        found["MLflow"] = MLflow(mlflow, name, options)
    return [Forgiving(one, each, say) for each, one in found.items()]


def scores_of_test_part(evaluation: Evaluation, model: str) -> dict[str, float]:
    """The scores of a model on all days, named as MLflow allows: letters, digits and a few marks."""
    table = evaluation.table["value"].xs(model, level="model").xs("all", level="regime")
    named = {f"test/{score}/h_{h}": float(value) for (score, h), value in table.items()}
    return {re.sub(r"[^\w/. -]", " ", name): value for name, value in named.items() if value == value}


class Forgiving(Observer):
    """Tells another observer until it fails once: a server that is gone must not end a search of hours.

    Args:
        told: the other.
        name: of it, in what is said.
        say: told why it is told no more.
    """

    def __init__(self, told: Observer, name: str, say: Callable[[str], None]) -> None:
        self._name, self._say, self._is_told = name, say, True
        for method in (method for method in vars(Observer) if not method.startswith("_")):
            setattr(self, method, partial(self._tell, getattr(told, method)))

    def _tell(self, method: Callable[..., None], *arguments: Any) -> None:
        if not self._is_told:
            return
        try:
            method(*arguments)
        except Exception as error:  # whatever a client of a server raises
            self._is_told = False
            words = " ".join(str(error).split())[:300]
            self._say(f"{self._name} is told no more: {type(error).__name__}: {words}")


class TensorBoard(Observer):
    """A run for each trial: its losses by epoch, fold and seed, its hyperparameters, and its loss.

    Args:
        folder: of all runs; `tensorboard --logdir FOLDER` shows them.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        self._runs: dict[str, Any] = {}
        self._fits: dict[str, tuple[int, int]] = {}

    def trial_began(self, trial: str, choice: dict[str, Any]) -> None:
        """Open a run."""
        import tensorflow as tf
        from tensorboard.plugins.hparams import api

        self._runs[trial] = tf.summary.create_file_writer(str(self._folder / f"trial_{trial}"))
        self._fits[trial] = 0, 0
        with self._runs[trial].as_default():
            api.hparams(choice, trial_id=f"trial_{trial}")

    def fit_began(self, trial: str, fold: int, seed: int) -> None:
        """Its losses are those of this fold and seed from now on."""
        self._fits[trial] = fold, seed

    def epoch_ended(self, trial: str, epoch: int, loss: float, best: float) -> None:
        """Its loss."""
        if trial in self._runs:
            self._scalars(self._runs[trial], {_series(*self._fits[trial]): loss}, epoch)

    def trial_ended(self, row: dict[str, Any]) -> None:
        """Its loss and ratio."""
        if (writer := self._runs.pop(row["trial"], None)) is not None:
            self._scalars(writer, _metrics(row, ("loss", "ratio")), 0)
            writer.close()

    def exported(self, folder: Path, scores: Mapping[str, float], about: Mapping[str, Any]) -> None:
        """The scores of the test part, and where the model is."""
        import tensorflow as tf

        writer = tf.summary.create_file_writer(str(self._folder / "exported"))
        self._scalars(writer, scores, 0)
        with writer.as_default():
            tf.summary.text("exported", str(folder), step=0)
        writer.close()

    def _scalars(self, writer: Any, values: Mapping[str, float], step: int) -> None:
        import tensorflow as tf

        with writer.as_default():
            for name, value in values.items():
                tf.summary.scalar(name, value, step=step)


class MLflow(Observer):
    """A run for the search, and one below it for each trial; the export is an artefact of the first.

    Through MLflow's client, which names the run of each call: several trials may be under way.

    Args:
        uri: of the tracking server, or of a store: ``http://host:5000``, ``sqlite:///runs.db``.
        name: of the experiment.
        options: of the search, as parameters.

    Raises:
        ImportError: mlflow is not installed.
    """

    def __init__(self, uri: str, name: str, options: Mapping[str, Any] | None = None) -> None:
        from mlflow import MlflowClient

        self._client = MlflowClient(tracking_uri=uri)
        known = self._client.get_experiment_by_name(name)
        self._experiment = known.experiment_id if known else self._client.create_experiment(name)
        self._options, self._search = dict(options or {}), ""
        self._runs: dict[str, str] = {}
        self._fits: dict[str, tuple[int, int]] = {}

    def search_began(self, trials: int | None, epochs: int, naive_loss: float) -> None:
        """Begin the run of the search."""
        self._search = self._begin("search", self._options)
        self._client.log_metric(self._search, "naive_loss", naive_loss)

    def trial_kept(self, row: dict[str, Any]) -> None:
        """Write one down that an earlier run had ended."""
        choice = {name: value for name, value in row.items() if name not in (*KINDS, "status", "cause")}
        self._runs[row["trial"]] = self._begin(f"trial {row['trial']}", choice)
        self.trial_ended(row)

    def trial_began(self, trial: str, choice: dict[str, Any]) -> None:
        """Begin its run."""
        self._runs[trial], self._fits[trial] = self._begin(f"trial {trial}", choice), (0, 0)

    def fit_began(self, trial: str, fold: int, seed: int) -> None:
        """Its losses are those of this fold and seed from now on."""
        self._fits[trial] = fold, seed

    def epoch_ended(self, trial: str, epoch: int, loss: float, best: float) -> None:
        """Its loss."""
        if trial in self._runs:
            self._client.log_metric(self._runs[trial], _series(*self._fits[trial]), loss, step=epoch)

    def trial_ended(self, row: dict[str, Any]) -> None:
        """Its mean loss, and how it ended."""
        if (run := self._runs.pop(row["trial"], None)) is None:
            return
        for name, value in _metrics(row, KINDS).items():
            self._client.log_metric(run, name, value)
        self._client.set_tag(run, "status", row["status"])
        if row["cause"]:
            self._client.set_tag(run, "cause", row["cause"])
        self._client.set_terminated(run, "FINISHED" if row["status"] == COMPLETED else "FAILED")

    def search_ended(self) -> None:
        """End what a stop has left: the run of the search stays open for the export."""
        for run in self._runs.values():
            self._client.set_terminated(run, "KILLED")
        self._runs.clear()

    def exported(self, folder: Path, scores: Mapping[str, float], about: Mapping[str, Any]) -> None:
        """The scores of the test part, the folder as an artefact, and the end of the run."""
        for name, value in scores.items():
            self._client.log_metric(self._search, name, value)
        for name, value in about.items():
            self._client.set_tag(self._search, name, str(value)[:5000])
        self._client.log_artifacts(self._search, str(folder), "model")
        self._client.set_terminated(self._search)

    def _begin(self, name: str, parameters: Mapping[str, Any]) -> str:
        tags = {"mlflow.runName": name} | ({"mlflow.parentRunId": self._search} if self._search else {})
        run: str = self._client.create_run(self._experiment, tags=tags).info.run_id
        for key, value in parameters.items():
            if value is not None:
                self._client.log_param(run, key, str(value)[:500])
        return run


def _series(fold: int, seed: int) -> str:
    return f"val_loss/fold_{fold + 1}_seed_{seed + 1}"


def _metrics(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, float]:
    """Numbers of a trial's row; without those that are NaN."""
    return {name: float(row[name]) for name in names if row[name] == row[name]}
