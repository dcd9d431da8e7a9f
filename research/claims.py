"""Write docs/claims.md from what the studies measured: python -m research.claims [--measure]."""

import argparse
import subprocess
import sys
from pathlib import Path

import pandas as pd

from seqmem.experiments.studies import STUDIES, study
from seqmem.experiments.studies.base import summary
from seqmem.files import written_whole
from seqmem.report import study_table

DOCS = Path(__file__).parents[1] / "docs"
MOST = 24  # rows of a table that are shown: the file has all

# Claims that other commands measure: claim, command, verdict.
ELSEWHERE = (
    (
        "an LSTM on squared returns forecasts variances better than GARCH(1,1)",
        "seqmem volatility bundled:sp500",
        "It does not hold of real samples: QLIKE is 1.046 of GARCH-t's on the S&P 500 (p < .01), 1.015 on "
        "NASDAQ and 1.005 on WTI ([VOLATILITY.md](../research/VOLATILITY.md)).",
    ),
    (
        "on simulated GARCH an LSTM learns the decay of the variance",
        "python -m research.evidence simulated",
        "It holds, with 14,000 days: a regret of .0018 to .0040 against the true variance; a fitted GARCH "
        "has .0001 ([VOLATILITY.md](../research/VOLATILITY.md)).",
    ),
    (
        "a tuned network forecasts tomorrow's price better than today's",
        "make run",
        "No edge found on the S&P 500, by Diebold-Mariano against three naive forecasts.",
    ),
    (
        "recurrent layers need a GPU, or PyTorch",
        "make bench",
        "On two cores a training step of ours is 3.0 (LSTM) and 3.6 times (GRU) as fast as Keras's, and on "
        "average 1.3 and 4.7 times as fast as PyTorch's ([README.md](../benchmarks/README.md)).",
    ),
)


INTRODUCTION = """\
# Classical claims on memory, measured

Each command prints a table and a verdict that is computed from it; `--plot` draws it, `--full` is its long form, and
`--cell my_module:MyCell` measures a cell of your own beside the LSTM. This page is written by `python -m research.claims`
from the rows in [claims/](claims); `--measure` first measures what is not there (all: a quarter of an hour on two cores).
Errors are standard errors over folds and seeds; times are those of the machine of [benchmarks/](../benchmarks/README.md).
"""  # noqa: E501, the lines of a page


def page(folder: Path = DOCS / "claims") -> str:
    """The page, from the rows that stand in `folder`."""
    found = {name: _rows(folder / f"{name}.csv") for name in STUDIES}
    lines = [
        INTRODUCTION,
        "| claim | command | verdict |",
        "| --- | --- | --- |",
    ]
    for name, rows in found.items():
        kind = study(name)
        verdict = kind().verdict(rows).splitlines()[0]
        lines.append(f"| {kind.claim} | `seqmem study {name}` | {verdict} |")
    lines += [f"| {claim} | `{command}` | {verdict} |" for claim, command, verdict in ELSEWHERE]
    for name, rows in found.items():
        lines += ["", *_section(name, rows)]
    return "\n".join(lines) + "\n"


def _section(name: str, rows: pd.DataFrame) -> list[str]:
    kind = study(name)
    table = study_table(summary(rows), kind.formats)
    said = [f"- {line}" for line in kind().verdict(rows).splitlines()]
    shown = [f"| {' | '.join(map(str, row))} |" for row in table.head(MOST).itertuples(index=False)]
    rest = [f"\n{len(table) - MOST} more rows: [claims/{name}.csv](claims/{name}.csv)."]
    return [
        f"## {name}: {kind.claim}",
        "",
        *said,
        "",
        f"![{name}](claims/{name}.png)",
        "",
        f"| {' | '.join(str(column).replace('_', ' ') for column in table)} |",
        f"|{' --- |' * len(table.columns)}",
        *shown,
        *(rest if len(table) > MOST else []),
    ]


def _rows(file: Path) -> pd.DataFrame:
    return pd.read_csv(file).drop(columns="setting")


def main() -> None:
    """Measure the studies if that was asked for, and write the page."""
    parse = argparse.ArgumentParser(prog="python -m research.claims", description=__doc__)
    parse.add_argument("--measure", action="store_true", help="run the studies whose rows are not there")
    folder = DOCS / "claims"
    if parse.parse_args().measure:
        for name in STUDIES:
            files = ["--csv", str(folder / f"{name}.csv"), "--plot", str(folder / f"{name}.png")]
            subprocess.run([sys.executable, "-m", "seqmem", "study", name, *files], check=True)
    with written_whole(DOCS / "claims.md") as draft:
        draft.write_text(page())


if __name__ == "__main__":
    main()
