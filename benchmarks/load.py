"""`seqmem serve` under load, on loopback: ``python -m benchmarks.load [--seconds 20] [--model DIR]``.

First good requests alone, then good ones beside malformed, oversize and slow ones, while new versions
appear. Every number is compared with the model asked in this process. The driver shares the machine with
the server, so that the rates are those of both together. Exit status 1 on a wrong number, or a crash.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.load_clients import Expected, Stop, Tally, batch, malformed, oversize, single, slow
from seqmem import ServedModel, read


def main() -> int:
    """All phases; 0 if nothing was wrong."""
    parse = argparse.ArgumentParser(prog="benchmarks.load", description=__doc__)
    parse.add_argument("--seconds", type=float, default=20, help="of each phase (20)")
    parse.add_argument("--model", type=Path, help="of closes: NAME/VERSION; else one is made")
    options = parse.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary) / "models"
        version = root / "load" / "1"
        if options.model:
            shutil.copytree(options.model, version)
        else:
            make(root)
        expected = ask_here(version)
        command = [sys.executable, "-m", "seqmem", "serve", str(root), "--port", "0", "--poll", "0.2"]
        command += ["--max-request-bytes", "1000000", "--request-timeout", "2"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout
                found = re.search(r"http://\S+", server.stdout.readline())
                if not found:
                    return 1
                good = run(
                    found[0], server.pid, expected, options.seconds, [single] * 2, "batch 1, 2 clients"
                )
                batches = run(
                    found[0], server.pid, expected, options.seconds, [batch] * 2, "batch 64, 2 clients"
                )
                print("\nnow with malformed, oversize and slow requests, and a new version every 2 s")
                hostile = [single, batch, malformed, oversize, *[slow] * 8]
                swapping = threading.Thread(target=swap, args=(version, stopping := Stop()))
                swapping.start()
                mixed = [
                    run(found[0], server.pid, expected, options.seconds, hostile, f"mixed, round {each}")
                    for each in (1, 2, 3)
                ]
                stopping.set()
                swapping.join()
                alive = server.poll() is None
            finally:
                server.send_signal(signal.SIGTERM)
                code = server.wait(60)
    ok = alive and code == 0 and not any(each.wrong for each in (good, batches, *mixed))
    print(
        f"\nserver alive to the end: {alive}; exit status after SIGTERM: {code}; {'ok' if ok else 'NOT OK'}"
    )
    return 0 if ok else 1


def make(root: Path) -> None:
    """A small forecaster of the S&P 500, trained for an epoch: its numbers need not be good."""
    from seqmem import EncoderDecoder, Forecaster, LSTMCell, PricePath, Recipe, Split, export

    prices = read("bundled:sp500")
    forecaster = Forecaster(EncoderDecoder(LSTMCell(16), LSTMCell(16), horizon=5), PricePath(), lookback=60)
    forecaster.fit(prices, Split.by_share(prices, horizon=5), Recipe(epochs=1))
    export(forecaster, root, name="load", prices=prices)


def ask_here(version: Path) -> Expected:
    """Every window of the S&P 500 through the SavedModel in this process."""
    served = ServedModel(version)
    prices = read("bundled:sp500").frame["close"].to_numpy("float32")
    closes = np.lib.stride_tricks.sliding_window_view(prices, served.context_length)[:2000]
    return Expected(closes, served(closes))


def run(
    url: str, pid: int, expected: Expected, seconds: float, kinds: list[Callable[..., None]], name: str
) -> Tally:
    """Clients of each kind at once; prints what came of it."""
    tally, stop, before = Tally(), Stop(), resident(pid)
    threads = [
        threading.Thread(target=kind, args=(url, expected, tally, stop, seed))
        for seed, kind in enumerate(kinds)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    peak = before
    while time.perf_counter() - began < seconds:
        time.sleep(0.1)
        peak = max(peak, resident(pid))
    stop.set()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    print(
        f"\n{name}: {tally.rows} rows compared, {tally.wrong} wrong, "
        f"worst relative difference {tally.worst:.1e}"
    )
    print(f"  server's memory: {before:.0f} MB before, {peak:.0f} at most, {resident(pid):.0f} after")
    for kind, statuses in sorted(tally.statuses.items()):
        ms = np.array(tally.seconds[kind]) * 1e3
        p50, p95, p99 = np.percentile(ms, [50, 95, 99])
        print(
            f"  {kind:9} {len(ms) / took:7.1f} a second; p50 {p50:.1f} ms, p95 {p95:.1f}, p99 {p99:.1f}, "
            f"most {ms.max():.0f}; {dict(statuses)}"
        )
    return tally


def swap(version: Path, stop: Stop) -> None:
    """The same model under the next number, every two seconds; old ones are taken away."""
    number = 1
    while not stop.wait(2):
        number += 1
        draft = version.with_name(".draft")
        shutil.copytree(version, draft)
        draft.rename(version.with_name(str(number)))
        if number > 3:  # the first one is what is copied
            shutil.rmtree(version.with_name(str(number - 2)), ignore_errors=True)


def resident(pid: int) -> float:
    """Resident memory in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main())
