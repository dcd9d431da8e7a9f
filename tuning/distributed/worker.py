"""A worker of a search: it asks the chief for a trial, trains it, and leaves the result."""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import grpc
from rich.console import Console

from tuning import config
from tuning.distributed.heartbeat import Heartbeat
from tuning.interrupt import deferred_interrupt
from tuning.journal.events import ProjectError, read
from tuning.journal.fingerprint import fingerprint, require_same
from tuning.journal.project import Project, outcomes
from tuning.stopping import StopClearlyWorst
from tuning.tuner_setup import gc_frozen, make_tuner

LATER = 0.5  # seconds from "nothing to do yet" to asking again


def run(options: argparse.Namespace, console: Console) -> None:
    """Work until the chief says that there is no more.

    Raises:
        ProjectError: the chief's search is another one, or there is no chief.
    """
    host, _, port = options.chief.rpartition(":")
    hypermodel, kind = config.hypermodel(options), config.tuner(options)
    project = Project(config.folder(options))
    stopping = StopClearlyWorst()
    header = _header(project, options)
    now = fingerprint(hypermodel, kind, options.seed, stopping=repr(stopping))
    require_same(header["fingerprint"], now, str(project.folder))
    os.environ.update(KERASTUNER_TUNER_ID=options.id, KERASTUNER_ORACLE_IP=host, KERASTUNER_ORACLE_PORT=port)
    from keras_tuner.src.distribute import oracle_client

    oracle_client.TIMEOUT = options.wait
    with Heartbeat(project.folder, options.id) as heartbeat:
        tuner = make_tuner(
            hypermodel,
            kind,
            project,
            max_trials=options.max_trials,
            seed=options.seed,
            stopping=stopping,
            observer=heartbeat,
            options={},
        )
        tuner.earlier_outcomes = lambda: outcomes(read(project.journal))
        console.print(f"worker {options.id}: at work for {options.chief}", highlight=False, soft_wrap=True)
        try:
            with deferred_interrupt() as check, gc_frozen():
                tuner.check_interrupt = check
                tuner.oracle = RetryingOracle(tuner.oracle, options.chief, options.wait, check)
                tuner.search()
        except KeyboardInterrupt:
            if (trial := getattr(tuner, "outcome", None)) is not None:
                project.attempts.interrupt(trial["trial"])  # it was stopped: no fault of the trial
            raise
    console.print(f"worker {options.id}: nothing more to do", highlight=False)


def _header(project: Project, options: argparse.Namespace) -> dict[str, Any]:
    """What the chief wrote down first; it may have come later than its workers."""
    until = time.monotonic() + options.wait
    while not (events := read(project.journal)):
        if time.monotonic() > until:
            raise ProjectError(f"{project.folder}: no chief has begun a search in it for {options.wait} s")
        time.sleep(LATER)
    return events[0]


class RetryingOracle:
    """The chief as an oracle that may be away for a while: each call is safe to make again."""

    def __init__(self, client: Any, chief: str, wait: float, check_interrupt: Callable[[], None]) -> None:
        self._client, self._chief, self._wait = client, chief, wait
        self._check_interrupt = check_interrupt

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        return self._retried(value) if callable(value) else value

    def create_trial(self, worker: str) -> Any:
        """A trial; "later" is not passed on at once, or the worker would ask a thousand times a second."""
        self._check_interrupt()
        trial = self._retried(self._client.create_trial)(worker)
        if trial.status == "IDLE":
            time.sleep(LATER)
        return trial

    def _retried(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def retried(*arguments: Any, **options: Any) -> Any:
            until = time.monotonic() + self._wait
            while True:
                try:
                    return call(*arguments, **options)
                except grpc.RpcError as error:
                    code = error.code()
                    if code not in _AWAY or time.monotonic() > until:
                        raise ProjectError(
                            f"worker: no answer from the chief at {self._chief}: {code.name.lower()} after "
                            f"{self._wait} s"
                        ) from error
                    self._check_interrupt()
                    time.sleep(LATER)

        return retried


_AWAY = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
