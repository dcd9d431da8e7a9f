"""Contenders side by side: each in a process of its own, timed in turns, compared within each round.

A contender is a function that makes a task, in a module that imports only what it needs; a task is a callable
without arguments. The parent tells the children in random order to run, so that what else the machine does
falls on all alike, and no contender's threads spin while another's are timed.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Self

THREADS = 2
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "",
    "OMP_NUM_THREADS": str(THREADS),
    "MKL_NUM_THREADS": str(THREADS),
    "PYTHONWARNINGS": "ignore",
}


class Timing(NamedTuple):
    """Median seconds of one run, and the rounds they come from."""

    seconds: float
    rounds: tuple[float, ...]


def ratio(slow: Timing, fast: Timing) -> float:
    """How many times as fast the second is: the median over the rounds, in each of which both ran."""
    return statistics.median(s / f for s, f in zip(slow.rounds, fast.rounds, strict=True))


class Contender:
    """A child process that makes tasks and runs them when told."""

    def __init__(self, module: str) -> None:
        root = Path(__file__).parents[1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.harness", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("SEQMEM_BENCH_DEBUG") else subprocess.DEVNULL,
            text=True,
            cwd=root,
            env=os.environ | QUIET,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def ask(self, **request: Any) -> Any:
        """One request, one answer."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(request), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"a contender died on {request}; set SEQMEM_BENCH_DEBUG=1 to see why")
        return json.loads(answer)


@contextmanager
def contenders(modules: dict[str, str]) -> Iterator[dict[str, Contender]]:
    """A process for each name, ended with the block."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(Contender(module)) for name, module in modules.items()}


def compare(
    processes: dict[str, Contender], make: dict[str, dict[str, Any]], *, rounds: int, budget: float
) -> dict[str, Timing]:
    """Time tasks in turns.

    Args:
        processes: the contenders, by name.
        make: for each, the function of its module that makes the task, and its arguments.
        rounds: in each of which every contender runs once, in random order.
        budget: seconds that a turn should take: a task is repeated to fill it.
    """
    repeats = {}
    for name in make:
        processes[name].ask(make=make[name])
        once = processes[name].ask(run=1)["seconds"]
        once = min(once, processes[name].ask(run=1)["seconds"])  # the first time compiles
        repeats[name] = max(1, int(budget / once))
    seconds: dict[str, list[float]] = {name: [] for name in make}
    for _ in range(rounds):
        for name in random.sample(list(make), len(make)):
            taken = processes[name].ask(run=repeats[name])["seconds"]
            seconds[name].append(taken / repeats[name])
    return {name: Timing(statistics.median(taken), tuple(taken)) for name, taken in seconds.items()}


def serve(module: str, requests: Any = sys.stdin) -> None:
    """The child: make tasks, run them, answer in seconds."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    found = import_module(f"benchmarks.contenders.{module}")
    task: Callable[[], Any] | None = None
    for line in requests:
        request = json.loads(line)
        answer: dict[str, Any] = {}
        if "make" in request:
            arguments = dict(request["make"])
            task = getattr(found, arguments.pop("task"))(**arguments)
        else:
            assert task is not None
            start = time.perf_counter()
            for _ in range(request["run"]):
                result = task()
            answer = {"seconds": time.perf_counter() - start, "result": _number(result)}
        print(json.dumps(answer), file=answers, flush=True)


def _number(result: Any) -> float | None:
    return float(result) if isinstance(result, float | int) else None


def geometric_mean(values: Sequence[float]) -> float:
    """The mean of ratios."""
    return statistics.geometric_mean(values)


if __name__ == "__main__":
    serve(sys.argv[1])
