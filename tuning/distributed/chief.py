"""The chief of a search with several workers: it proposes, and writes down; it trains nothing."""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_chief import OracleServicer
from rich.console import Console

from tuning import config
from tuning.distributed.heartbeat import HeartbeatMonitor
from tuning.journal.events import ProjectError
from tuning.journal.oracle import ReplayableOracle
from tuning.journal.project import Project
from tuning.searcher import open_session
from tuning.tuner_setup import SearchFailed

TICK = 0.2  # seconds


def run(options: argparse.Namespace, console: Console) -> None:
    """Serve until there is nothing more to try.

    Raises:
        SearchFailed: no trial gave a score, too many in a row failed, or no worker was heard of for long.
        ProjectError: the folder is another search's, or the port is taken.
    """
    project = Project(config.folder(options))
    with open_session(
        config.hypermodel(options),
        config.tuner(options),
        project,
        max_trials=options.max_trials,
        seed=options.seed,
        fresh=options.fresh,
        most_failures=options.most_failures,
        command=config.to_record(options),
    ) as session:
        oracle = session.tuner.oracle
        server, servicer, port = _server(oracle, options.bind)
        host = options.bind.rpartition(":")[0]
        console.print(f"chief: {project.folder}, {host}:{port}", highlight=False, soft_wrap=True)
        try:
            _watch(oracle, session.oracle, servicer, HeartbeatMonitor(project.folder), options)
        except KeyboardInterrupt:
            for worker in list(oracle.ongoing_trials):
                session.oracle.interrupt(worker)
            raise
        finally:
            server.stop(1).wait()
        result = session.result()
    console.print(f"chief: {len(result.table)} trials", highlight=False)


def _server(oracle: Any, bind: str) -> tuple[Any, Any, int]:
    """KerasTuner's own service, on an address that nobody else has."""
    server = grpc.server(ThreadPoolExecutor(max_workers=1), options=[("grpc.so_reuseport", 0)])
    servicer = OracleServicer(oracle)
    protos.get_service_grpc().add_OracleServicer_to_server(servicer, server)
    try:
        port = server.add_insecure_port(bind)
    except RuntimeError:
        port = 0
    if not port:
        raise ProjectError(f"chief: cannot listen at {bind}: the port is taken, or not ours to take")
    server.start()
    return server, servicer, port


def _watch(
    oracle: Any, journaled: ReplayableOracle, servicer: Any, heartbeats: HeartbeatMonitor, options: Any
) -> None:
    """Take trials from workers that are gone; return when all is done."""
    if "tuner0" in oracle.ongoing_trials:
        journaled.release("tuner0")  # of a search without workers
    while True:
        time.sleep(TICK)
        heartbeats.poll()
        for worker in [*oracle.ongoing_trials]:
            if heartbeats.silence_of(worker) > options.lease:
                journaled.release(worker)
        if servicer.stop_triggered and not oracle.ongoing_trials and not oracle._retry_queue:
            if all(heartbeats.silence_of(worker) > options.lease for worker in [*oracle.tuner_ids]):
                return
        elif heartbeats.silence > options.wait:
            raise SearchFailed(
                f"no worker has been heard of for {options.wait} s. The ended trials are kept: "
                "the same command goes on from there"
            )
