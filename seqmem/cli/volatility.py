"""``seqmem volatility``: recurrent networks beside GARCH and its family, scored and exported."""

import argparse
from typing import TYPE_CHECKING, Any

from seqmem.cli.command import Command
from seqmem.cli.data import add_prices, check_prices, read_panel
from seqmem.cli.options import (
    LEAGUE,
    add_export,
    add_files,
    add_league,
    add_threads,
    check_cells,
    check_export,
    check_files,
    check_folder,
    choices,
    whole,
)

if TYPE_CHECKING:
    from rich.console import Console

    from seqmem.data.dataset import Dataset
    from seqmem.experiments.league import League


NUMBERS = (  # of this command alone
    ("units", 16, "units of each network's cell"),
    ("lookback", 60, "days that a network reads, each with 126 days before it"),
)


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add prices, the networks, and where to write."""
    add_prices(parse)
    add = parse.add_argument
    add(
        "--cells",
        type=choices(str),
        default=("gru", "lstm"),
        metavar="A,B,...",
        help="the networks: gru, lstm, rnn, peephole, layernorm, slstm, mingru, minlstm, ema or your own "
        "module:Class (gru,lstm)",
    )
    for name, default, about in NUMBERS:
        add(f"--{name}", type=whole(1), default=default, metavar="N", help=f"{about} ({default})")
    add_league(parse, panel="each column is the closes of a series: one network for all")
    add(
        "--pool",
        action="append",
        metavar="FILE",
        help="another series or panel that the networks learn from too, until the date on which the "
        "validation part begins; may be repeated (the bundled series)",
    )
    add("--no-pool", action="store_true", help="let the networks learn from this series alone")
    add(
        "--refit",
        type=whole(0),
        default=252,
        metavar="N",
        help="train the networks on every N days, from the weights that they have; 0: train them once (252)",
    )
    add(
        "--start-from",
        metavar="MODEL_DIR",
        help="a network that was trained before, such as saved_models/variance_pooled: it takes part as it "
        "is, and fine-tuned on this series",
    )
    add_threads(parse)
    add_files(parse, csv="write all scores as CSV", plot="draw forecast and realised volatility", report=True)
    add_export(
        parse, "--export", help="export what is recommended for TensorFlow Serving; of a panel the network"
    )


def check(options: argparse.Namespace) -> None:
    """Refuse cells, prices, files or names that will not do."""
    check_cells(options.cells)
    check_prices(options)
    check_files(options)
    if options.panel and (options.pool or options.no_pool or options.start_from):
        raise ValueError("--pool, --no-pool and --start-from are for one series: a panel is pooled as it is")
    if options.start_from:
        check_folder(options.start_from)
    if options.pool and options.no_pool:
        raise ValueError("--pool: not with --no-pool")
    if options.pool:
        from seqmem.data.loading import check_source

        for source in options.pool:
            check_source(source)
    if options.plot and options.panel:
        raise ValueError("--plot draws one series: not with --panel")
    check_export(options.export, options)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Train, score and show; write what is wanted."""
    from seqmem.cells import cell_class
    from seqmem.experiments.league import BUNDLED_POOL, panel_league, volatility_league
    from seqmem.serving import load

    for cell in options.cells:
        cell_class(cell)
    names = [name for name, *_ in (*NUMBERS, *LEAGUE)]
    given: dict[str, Any] = {name: getattr(options, name) for name in (*names, "seed")}
    given["ensemble_size"] = given.pop("members")
    given["refit"] = options.refit or None
    data = options.data
    with console.status("training") as status:

        def progress(what: str) -> None:
            status.update(what)
            if not console.is_terminal:
                console.print(what, highlight=False)

        if options.panel:
            found = panel_league(data, cell=options.cells[0], progress=progress, **given)
        else:
            pool = None if options.no_pool else options.pool or BUNDLED_POOL
            start = None if options.start_from is None else load(options.start_from)
            found = volatility_league(
                data,
                pool=pool,
                cells=options.cells,
                start_from=start,
                progress=progress,
                **given,
            )
    _show(found, data, options, console)
    return 0


def _show(found: "League", data: "Dataset", options: argparse.Namespace, console: "Console") -> None:
    from seqmem.data.faults import day
    from seqmem.evaluation import ParkinsonRange, SquaredReturns, reference_tests, score_by_series, scorecard
    from seqmem.files import written_whole
    from seqmem.report import (
        CALIBRATION_NOTE,
        SCORES_NOTE,
        calibration_rows,
        heading,
        plot_variances,
        scorecard_tables,
        table,
    )
    from seqmem.serving import export

    evaluation, several = found.evaluation, len(data.ids) > 1
    first = str(evaluation.outcome.cutoff.min())[:10]
    console.print(
        f"{data.about}; scored from {first} on, {len(evaluation.outcome.origins)} origins",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    if not several:
        console.print(found.pooled, highlight=False, markup=False, soft_wrap=True)
    _show_notes(data.notes, console)
    if several:
        heading("QLIKE (squared returns) of a day ahead, by series", console)
        by_series = score_by_series(evaluation).rename_axis("series").reset_index()
        console.print(table(by_series, formats=dict.fromkeys(evaluation.models, ".4f")))
        heading("Diebold-Mariano on the mean over series of each date; wins: series of lower QLIKE", console)
        scores = reference_tests(
            evaluation, [one.model for one in found.judged], found.judged[0].references
        ).drop(columns="ratio")
        tests = scores.rename(columns={"statistic": "dm", "p_value": "p"}).reset_index()
        same = [name for name in ("score", "series") if tests[name].nunique() == 1]
        formats = {"difference": "+.4f", "dm": "+.2f", "p": ".4f"}
        console.print(table(tests.drop(columns=same), formats=formats))
    else:
        scores = scorecard(evaluation, found.references, seed=options.seed)
        for title, rows in scorecard_tables(evaluation, scores, found.references).items():
            heading(title, console)
            console.print(table(rows))
        console.print(SCORES_NOTE, style="dim", highlight=False)
        for h in evaluation.outcome.horizons:
            heading(f"Calibration over {h} day{'s' if h > 1 else ''}", console)
            console.print(table(calibration_rows(evaluation, h)))
        console.print(CALIBRATION_NOTE, style="dim", highlight=False)
    if found.recommendation is not None:
        heading("Candidates: 100 x mean of log v + y / v, on rows before the test part", console)
        losses = found.recommendation.losses.rename("loss").rename_axis("model").reset_index()
        console.print(table(losses, formats={"loss": ".2f"}))
    if len(found.spread):
        heading("Spread across seeds: QLIKE of the ensemble, and of its members", console)
        spread = found.spread.reset_index()
        console.print(table(spread, formats=dict.fromkeys(("together", "best", "mean", "worst"), ".4f")))
    _show_notes(found.warnings, console)
    console.print(f"\n{found.summary}", style="bold", highlight=False, markup=False, soft_wrap=True)
    if options.csv:
        with written_whole(options.csv) as draft:
            scores.to_csv(draft)
    name = found.recommended
    if options.plot:
        proxy = ParkinsonRange() if data.has("high", "low") else SquaredReturns()
        plot_variances(evaluation, options.plot, models=found.shown, proxy=proxy)
    if options.report:
        from seqmem.report import report

        report(options.report, found, title=f"Volatility of {data.name}")
    if options.export:
        rows = scores.xs(name, level="model").reset_index().to_dict(orient="records")
        last = max(data.dates(one)[-1] for one in data.ids)
        folder = export(
            found.models[name],
            options.out,
            name=options.export,
            prices=data,
            scores=rows,
            # classics and networks were fitted again since; the last fit knows no later row than this
            dates={"trained": day(last), "scored": evaluation.outcome.span},
        )
        console.print(f"{name} exported to {folder}", highlight=False)


def _show_notes(notes: Any, console: "Console", most: int = 8) -> None:
    for note in notes[:most]:
        console.print(note, style="yellow", markup=False, emoji=False, highlight=False, soft_wrap=True)
    if len(notes) > most:
        console.print(f"and {len(notes) - most} more such notes", style="yellow")


COMMAND = Command(
    name="volatility",
    group="Prices and models",
    summary="forecast volatility: recurrent networks beside GARCH and HAR",
    description="Forecast the variance of the next day and of the next five: EWMA, GARCH, GJR, EGARCH, HAR "
    "and realised GARCH, refitted every quarter, and recurrent networks of several seeds, which learn from "
    "other series too and are trained on every year. All are scored on the last 30% of the rows, from the "
    "same origins, by QLIKE on squared returns and on the daily range, with tests of significance. Which "
    "combination to use is chosen on rows before them.",
    add_options=add_options,
    check=check,
    run=run,
    read=read_panel,
    trains=True,
)
