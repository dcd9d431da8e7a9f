"""Run benchmarks and print their tables: python -m benchmarks [steps] [end_to_end] [chunks] ..."""

import argparse
import platform
from collections.abc import Callable

from benchmarks import chunks, end_to_end, memory, profile, scans, searches, serving, steps, time_to_score

ALL: dict[str, tuple[str, Callable[[], str]]] = {
    "steps": ("A training step, and a forward pass, over a grid (5 minutes)", steps.run),
    "scans": ("Cells whose steps are computed at once (1 minute)", scans.run),
    "profile": ("Where the time of a training goes (6 minutes)", profile.run),
    "end_to_end": ("Whole trainings (12 minutes)", end_to_end.run),
    "chunks": ("Windows and chunks (4 minutes)", chunks.run),
    "time_to_score": ("From a cold process to PyTorch's score (12 minutes)", time_to_score.run),
    "searches": ("A search of 20 trials (5 minutes)", searches.run),
    "serving": ("One request to an exported model (2 minutes)", serving.run),
    "memory": ("Ten million windows (2 minutes)", memory.run),
}


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("which", nargs="*", help=f"of {', '.join(ALL)} (all)")
    for name in parser.parse_args().which or ALL:
        if name not in ALL:
            parser.error(f"expected one of {', '.join(ALL)}. Received: {name}")
        about, run = ALL[name]
        print(f"## {about}\n\n{run()}", flush=True)
    print(f"Python {platform.python_version()}, {platform.machine()}, two threads for all.")


if __name__ == "__main__":
    main()
