"""Fail where less than 95% of the public names of a package have a known type.

What is unknown because another package has no types is not counted (`--ignoreexternal`). Keras and KerasTuner
have none, and pyright takes whatever stands on their classes for unknown, too: `.ci/typings` has as much of
them as our public classes stand on.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

LEAST = 0.95
HERE = Path(__file__).parent


def completeness(package: str) -> tuple[float, list[str]]:
    """The share of public symbols whose type is known, and what is wrong with the others."""
    pyright = [
        sys.executable,
        "-m",
        "basedpyright",
        "--ignoreexternal",
        "--outputjson",
        "--verifytypes",
        package,
    ]
    paths = os.pathsep.join([str(HERE / "typings"), str(HERE.parent)])
    # it reads the packages of the Python that is first on the PATH: without ours, all of theirs are unknown
    first = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = os.environ | {"PYTHONPATH": paths, "PATH": first, "VIRTUAL_ENV": sys.prefix}
    done = subprocess.run(pyright, capture_output=True, text=True, env=environment)
    found = json.loads(done.stdout)["typeCompleteness"]  # the exit status is 1 wherever anything is unknown
    return found["completenessScore"], [_told(one) for one in found["symbols"] if _counts(one)]


def _counts(symbol: dict[str, Any]) -> bool:
    return symbol["isExported"] and (not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"])


def _told(symbol: dict[str, Any]) -> str:
    why = [" ".join(one["message"].split()) for one in symbol["diagnostics"]]
    return f"  {symbol['name']}: {'; '.join(why)}"


def main() -> int:
    """Both packages; -v lists what is unknown."""
    least = 1.0
    for package in ("seqmem", "tuning"):
        score, unknown = completeness(package)
        least = min(least, score)
        print(f"{package}: {score:.1%} of the public names have a known type")
        if score < LEAST or "-v" in sys.argv:
            print(*unknown, sep="\n")
    return int(least < LEAST)


if __name__ == "__main__":
    sys.exit(main())
