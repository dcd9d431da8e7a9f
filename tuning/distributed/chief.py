"""The chief of a search with several workers: it proposes, and writes down; it trains nothing."""

import argparse
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_chief import OracleServicer
from rich.console import Console

from tuning import config
from tuning.distributed.heartbeat import Heard
from tuning.journal.log import ProjectError
from tuning.journal.oracle import Ledger
from tuning.journal.project import Project
from tuning.searcher import opened_search
from tuning.tuner_setup import SearchFailed

TICK = 0.2  # seconds


def run(options: argparse.Namespace, console: Console) -> None:
    """Serve until there is nothing more to try.

    Raises:
        SearchFailed: no trial gave a score, too many in a row failed, or no worker was heard of for long.
        ProjectError: the folder is another search's, or the port is taken.
    """
    project = Project(config.folder(options))
    with opened_search(
        config.hypermodel(options),
        config.tuner(options),
        project,
        max_trials=options.max_trials,
        seed=options.seed,
        fresh=options.fresh,
        most_failures=options.most_failures,
        command=config.remembered(options),
    ) as opened:
        server, servicer, port = _server(opened.running.oracle, options.bind)
        signal.signal(signal.SIGTERM, _interrupt)
        host = options.bind.rpartition(":")[0]
        console.print(f"chief: {project.folder}, {host}:{port}", highlight=False, soft_wrap=True)
        try:
            _watch(opened.running.oracle, opened.ledger, servicer, Heard(project.folder), options)
        except KeyboardInterrupt:
            for worker in list(opened.running.oracle.ongoing_trials):
                opened.ledger.interrupted(worker)
            raise
        finally:
            server.stop(1).wait()
        result = opened.result()
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


def _watch(oracle: Any, ledger: Ledger, servicer: Any, heard: Heard, options: argparse.Namespace) -> None:
    """Take trials from workers that are gone; return when all is done."""
    if "tuner0" in oracle.ongoing_trials:
        ledger.lost("tuner0")  # of a search without workers
    while True:
        time.sleep(TICK)
        heard.listen()
        for worker in [*oracle.ongoing_trials]:
            if heard.silent(worker) > options.lease:
                ledger.lost(worker)
        if servicer.stop_triggered and not oracle.ongoing_trials and not oracle._retry_queue:
            if all(heard.silent(worker) > options.lease for worker in [*oracle.tuner_ids]):
                return
        elif heard.silence > options.wait:
            raise SearchFailed(
                f"no worker has been heard of for {options.wait} s. The ended trials are kept: "
                "the same command goes on from there"
            )


def _interrupt(*signal: Any) -> None:
    raise KeyboardInterrupt
