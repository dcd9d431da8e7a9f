"""Run benchmarks and print their tables: python -m benchmarks [steps] [whole] [chunks] ..."""

import argparse
import platform
from collections.abc import Callable

from benchmarks import chunks, cold, memory, profile, searches, serving, steps, whole

ALL: dict[str, tuple[str, Callable[[], str]]] = {
    "steps": ("A training step, and a forward pass, over a grid (5 minutes)", steps.run),
    "profile": ("Where the time of a training goes (6 minutes)", profile.run),
    "whole": ("Whole trainings (12 minutes)", lambda: "\n".join(whole.run(units) for units in (16, 64))),
    "chunks": ("Windows and chunks (4 minutes)", chunks.run),
    "cold": ("From a cold process to PyTorch's score (12 minutes)", cold.run),
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
