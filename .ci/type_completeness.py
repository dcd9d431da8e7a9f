"""Fail where less than 95% of the public names of a package have a known type."""

import json
import subprocess
import sys

LEAST = 0.95


def completeness(package: str) -> tuple[float, list[str]]:
    """The share of public symbols whose type is known, and those whose type is not."""
    pyright = [sys.executable, "-m", "basedpyright", "--ignoreexternal", "--outputjson"]
    done = subprocess.run(
        [*pyright, "--verifytypes", package], capture_output=True, text=True
    )  # its exit status is 1 below 100%
    found = json.loads(done.stdout)["typeCompleteness"]
    unknown = [one["name"] for one in found["symbols"] if one["isExported"] and not one["isTypeKnown"]]
    return found["completenessScore"], unknown


def main() -> int:
    """Both packages."""
    least = 1.0
    for package in ("seqmem", "tuning"):
        score, unknown = completeness(package)
        least = min(least, score)
        print(f"{package}: {score:.1%} of the public names have a known type")
        if score < LEAST:
            print(*(f"  {name}" for name in unknown), sep="\n")
    return int(least < LEAST)


if __name__ == "__main__":
    sys.exit(main())
