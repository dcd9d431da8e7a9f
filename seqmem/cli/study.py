"""``seqmem study``: a classical hypothesis on memory, measured."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from seqmem.cli.command import Command, Stopped
from seqmem.cli.options import add_files, add_threads, check_cells, check_files, whole
from seqmem.experiments.studies import STUDIES

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add the name of a study, and how long to measure."""
    add = parse.add_argument
    add("name", nargs="?", metavar="NAME", choices=[*STUDIES], help=", ".join(STUDIES))
    add("--cell", metavar="CELL", help="lstm, gru, rnn or your own module:Class, beside the LSTM")
    add("--full", action="store_true", help="the long form: more seeds")
    add("--seeds", type=whole(1), metavar="N", help="measure each case N times")
    add("--seed", type=whole(0), default=0, metavar="N", help="the first of the seeds (0)")
    add_threads(parse)
    add_files(
        parse, csv="write each case as it is measured; go on where it ends", plot="draw it", report=True
    )
    add("--json", action="store_true", help="print JSON instead of a table")


def check(options: argparse.Namespace) -> None:
    """Refuse a cell or files that are not there."""
    if options.cell:
        check_cells([options.cell])
    check_files(options)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Measure a study, or list what there is."""
    from seqmem.experiments.studies import study
    from seqmem.experiments.studies.base import summary
    from seqmem.experiments.studies.certificate import certificate
    from seqmem.experiments.studies.running import run as measure
    from seqmem.report import plot_study

    if options.name is None:
        for name in STUDIES:
            console.print(f"{name:14}{study(name).claim}", highlight=False, soft_wrap=True)
        return 0
    kind = study(options.name)
    given: dict[str, Any] = {"seed": options.seed}
    if options.seeds:
        given["seeds"] = options.seeds
    if options.cell:
        given |= kind.beside_lstm(options.cell)
    chosen = kind.full(**given) if options.full else kind(**given)
    about = certificate(options.cell, seed=options.seed) if options.cell else ""
    try:
        with _Progress(console, quiet=options.json) as progress:
            rows = measure(chosen, file=options.csv, progress=progress)
    except KeyboardInterrupt as stop:
        kept = f"{options.csv} holds what was measured: the same command goes on from there"
        raise Stopped(f"Stopped; {kept if options.csv else 'nothing was written'}.") from stop
    if options.plot:
        plot_study(
            summary(rows), chosen.panels, options.plot, labels=chosen.labels, title=f"Study: {options.name}"
        )
    if options.report:
        from seqmem.experiments.studies.page import study_sections
        from seqmem.report import report

        title = f"Study: {options.name}{f', {options.cell}' if options.cell else ''}"
        report(options.report, *study_sections(chosen, rows, about), title=title)
    if options.json:
        table = json.loads(summary(rows).to_json(orient="records"))
        found = {"study": options.name, "claim": chosen.claim, "table": table}
        console.print_json(json.dumps({**found, "verdict": chosen.verdict(rows), "certificate": about}))
    else:
        _show(chosen, rows, about, console)
    return 0


def _show(chosen: Any, rows: "pd.DataFrame", about: str, console: "Console") -> None:
    from seqmem.experiments.studies.base import summary
    from seqmem.report import heading, study_table, table

    if about:
        heading("Certificate", console)
        console.print(about, highlight=False, markup=False, soft_wrap=True)
    heading(f"Claim: {chosen.claim}", console)
    console.print(table(study_table(summary(rows), chosen.formats)))
    console.print(f"\n{chosen.verdict(rows)}", style="bold", highlight=False, markup=False, soft_wrap=True)


class _Progress:
    """A bar on a terminal, and a line for each case elsewhere."""

    def __init__(self, console: "Console", *, quiet: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._console, self._quiet = console, quiet
        self._bar = Progress(
            *columns, console=console, transient=True, disable=quiet or not console.is_terminal
        )
        self._task = self._bar.add_task("", total=None)

    def __call__(self, case: dict[str, Any], done: int, cases: int) -> None:
        words = ", ".join(f"{key} {value}" for key, value in case.items())
        if not self._console.is_terminal and not self._quiet:
            self._console.print(f"{done + 1} of {cases}: {words}", highlight=False)
        self._bar.update(self._task, description=words, completed=done, total=cases)

    def __enter__(self) -> "_Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


COMMAND = Command(
    name="study",
    group="Experiments",
    summary="measure a classical hypothesis on memory, or your own cell",
    description="Measure a hypothesis of the literature on memory: a table, a plot and a verdict in plain "
    "words, in under five minutes on two cores. With --cell, of your own cell beside the LSTM. Without a "
    "name: list the hypotheses.",
    add_options=add_options,
    check=check,
    run=run,
    trains=True,
)
