"""The leagues of volatility, their tables and plot, and the command that runs them."""

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from samples import random_bars

from seqmem import cli
from seqmem.evaluation import ParkinsonRange, score_by_series, scorecard
from seqmem.experiments import league as leagues
from seqmem.experiments.league import League, page, panel_league, volatility_league
from seqmem.experiments.league.recommendation import choice_split
from seqmem.models.classics import EGARCH, GARCH
from seqmem.report import horizon_table, plot_variances, scorecard_tables, table
from seqmem.report.page.report import sections_of
from seqmem.report.page.sections.memory import MemorySection
from seqmem.serving import export, load

SMALL = {"units": 2, "ensemble_size": 2, "lookback": 10, "epochs": 2, "every": 200, "refit": None}
ALONE = {**SMALL, "ensemble_size": 1, "pool": None, "choose": False}
QLIKE = "QLIKE (squared returns)"


class Played(NamedTuple):
    """What a league found, what it said of its progress, and what the command printed, in its folder."""

    found: League
    said: list[str]
    printed: str
    folder: Path


@pytest.fixture(scope="module")
def league(tmp_path_factory):
    """One league of everything, played by the command."""
    folder, said, played, printed = tmp_path_factory.mktemp("league"), [], [], io.StringIO()
    random_bars(1100).to_csv(folder / "bars.csv")
    random_bars(400, seed=5).to_csv(folder / "other.csv")

    def play(*data, progress, **options):
        def both(what):
            said.append(what)
            progress(what)

        played.append(volatility_league(*data, progress=both, **options))
        return played[0]

    options = [f"--{name.replace('ensemble_size', 'members')}={value or 0}" for name, value in SMALL.items()]
    command = ["volatility", "bars.csv", "--cells", "gru", "--pool", "other.csv", *options]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.chdir(folder)
        patch.setattr(leagues, "volatility_league", play)
        assert cli.main([*command, "--csv", "s.csv", "--plot", "v.png", "--export", "vol"]) == 0
    return Played(*played, said, printed.getvalue(), folder)


def test_its_page_is_whole_where_a_network_without_memory_is_first(league, monkeypatch):
    monkeypatch.setattr(page, "ranked", lambda evaluation: sorted(evaluation.models, key="linear".__ne__))
    (memory,) = (one for one in sections_of(league.found) if isinstance(one, MemorySection))
    assert "GRU on" in memory.series


@pytest.mark.slow
def test_a_league_is_the_same_a_second_time(league):
    """And from Python what it is from the command."""
    again = volatility_league(random_bars(1100), cells=("gru",), pool=[random_bars(400, seed=5)], **SMALL)
    pd.testing.assert_frame_equal(league.found.evaluation.table, again.evaluation.table)


def test_a_league_is_complete(league):
    first, said = league.found, league.said
    models = first.evaluation.models
    assert models[:11] == (
        "constant", "EWMA", "GARCH", "GARCH-t", "GARCH-skewt", "GJR-t", "EGARCH-t", "HAR", "range HAR",
        "log HAR", "RealGARCH",
    )  # fmt: skip
    assert models[11:] == (
        "GRU", "linear", "raw LSTM", "GRU x log HAR", "GRU x RealGARCH", "GRU x log HAR x RealGARCH",
        "log HAR x RealGARCH",
    )  # fmt: skip
    assert first.evaluation.outcome.origins.min() == int(1100 * 0.7) - 1
    assert set(first.forecasters) == {"GRU", "linear", "raw LSTM"}
    assert set(first.spread.index.unique("model")) == {"GRU", "raw LSTM"}
    assert "other.csv: 400 rows until 2011-07-15, each with weight 0.5" in first.pooled
    best = first.recommendation.losses.idxmin()
    assert first.summary.startswith(f"Recommended: {best}, of the lowest QLIKE of 4 candidates over ")
    assert any(one.model == best for one in first.judged)
    assert first.models[best].forecast(random_bars(1100)).mean.shape == (1, 2)
    chosen = next(number for number, line in enumerate(said) if line.startswith("Recommended"))
    assert said[:chosen] == [
        "to choose: log HAR, fitted every 200 days",
        "to choose: RealGARCH, fitted every 200 days",
        "to choose: GRU, trained with 2 seeds and a pool",
    ]
    assert said[chosen + 1] == "constant, fitted every 200 days"
    forecasts = {name: one.mean for name, one in first.evaluation.forecasts.items()}
    product = (forecasts["GRU"] * forecasts["log HAR"] * forecasts["RealGARCH"]) ** (1 / 3)
    np.testing.assert_allclose(forecasts["GRU x log HAR x RealGARCH"], product)


def test_what_is_recommended_is_chosen_before_the_test_part(league):
    """On origins whose futures end before it, after all that the candidates are trained or stopped on."""
    found = league.found
    earlier, known = choice_split(found.data, found.split), found.split.known(found.data)["series"]
    (origins,) = earlier.test(found.data).values()
    assert origins.max() + 5 < known
    assert earlier.known(found.data)["series"] <= origins.min() + 1
    assert earlier.test_start == found.split.validation_start
    assert (
        f"over {len(origins)} origins from {found.data.frame.index[origins.min()]:%Y-%m-%d}" in found.summary
    )


def test_tables_fit_a_narrow_screen_and_are_whole_on_a_wide_one(league):
    """The best by the last score stand first; nothing is cut, and 80 columns are enough."""
    evaluation = league.found.evaluation
    card = scorecard(evaluation, ["GARCH-t", "GJR-t"])
    tables = scorecard_tables(evaluation, card, ["GARCH-t", "GJR-t"])
    assert list(tables)[::3] == [
        "Variance over 1 day, all days",
        "Variance over 5 days, high-volatility days (top 20%)",
    ]
    for rows in tables.values():
        assert rows.iloc[:, 4].str.rstrip("° ").astype(float).is_monotonic_increasing
        for width in (80, 200):
            console = Console(width=width, record=True, file=None)
            with console.capture() as captured:
                console.print(table(rows))
            lines = captured.get().splitlines()
            assert max(map(len, lines)) <= 80
            assert len(lines) == 3 + len(rows)
            assert all(name in captured.get() for name in rows["model"])
    by_day = horizon_table(evaluation, evaluation.scores[0], "GJR-t")
    assert list(by_day) == ["model", "h=1", "h=5", "dm", "p"]
    assert by_day.loc[0, "h=1"] == card["value"].iloc[0]


def test_a_plot_shows_a_year_of_days_whatever_the_horizon(league, tmp_path, monkeypatch):
    evaluation, drawn = league.found.evaluation, []
    monkeypatch.setattr("seqmem.report.volatility.saved", lambda figure, path: drawn.append(figure))
    plot_variances(evaluation, tmp_path / "f.png", models=["GJR-t"], proxy=ParkinsonRange())
    (line,) = drawn[0].axes[0].lines
    np.testing.assert_allclose(
        line.get_ydata(), 100 * np.sqrt(252 * evaluation.forecasts["GJR-t"].mean[:, 0])
    )
    with pytest.raises(ValueError, match=r"no model \['nobody'\]"):
        plot_variances(evaluation, tmp_path / "f.png", models=["nobody"], proxy=ParkinsonRange())


def test_a_league_knows_nothing_of_what_comes_after():
    """Rewrite the last rows: every forecast before them stays, refits and networks included."""
    bars, now = random_bars(640), 560
    other = bars.copy()
    later = random_bars(640, seed=9).to_numpy()
    other.iloc[now + 1 :] = later[now + 1 :] * bars.iloc[now, -1] / later[now, -1]
    here, there = (
        volatility_league(one, cells=("rnn",), raw=False, **ALONE | {"refit": 110}).evaluation
        for one in (bars, other)
    )
    known = here.outcome.origins <= now
    for name in here.models:
        one, two = (found.forecasts[name].mean for found in (here, there))
        np.testing.assert_allclose(two[known], one[known], rtol=1e-6)
        assert name == "constant" or not np.allclose(two[~known], one[~known])


def test_a_series_too_short_says_so():
    with pytest.raises(ValueError, match="too few rows to train on and to score. .*no window of 136 rows"):
        volatility_league(random_bars(200), cells=("gru",), **ALONE)
    words = "290 rows are too few: expected at least 63 origins .* 136 rows up to it. Received: 22, 37, 83"
    with pytest.raises(ValueError, match=words):
        volatility_league(random_bars(290), cells=("gru",), **ALONE)


def test_a_classic_that_explodes_is_left_out_with_its_date_unless_it_is_the_measure(monkeypatch):
    bars = random_bars(600)

    def explode(self, fixed, first):
        return np.full((600, 5), np.nan)

    monkeypatch.setattr(EGARCH, "_ahead", explode)
    found = volatility_league(bars, cells=("gru",), raw=False, **ALONE)
    assert "EGARCH-t" not in found.evaluation.models
    (note,) = (note for note in found.warnings if "EGARCH-t" in note)
    assert f"EGARCH-t left out: its forecast from row 420, {bars.index[419]:%Y-%m-%d} is [nan, nan]" in note
    monkeypatch.setattr(GARCH, "_ahead", explode)
    with pytest.raises(ValueError, match="GARCH-t, which the others are measured by: its forecast from"):
        volatility_league(bars, cells=("gru",), raw=False, **ALONE)


def _wide(tmp_path):
    frame = pd.DataFrame({name: random_bars(900, seed=seed)["Close"] for seed, name in enumerate("ABC")})
    frame.loc[frame.index[:150], "C"] = np.nan  # began later
    frame.to_csv(tmp_path / "wide.csv")
    return tmp_path / "wide.csv", frame


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    return panel_league(_wide(tmp_path_factory.mktemp("wide"))[0], cell="gru", **SMALL)


def test_a_panel_has_one_network_for_all_series(panel, tmp_path):
    _, frame = _wide(tmp_path)
    found = panel
    by_series = score_by_series(found.evaluation)
    assert list(by_series.index) == ["A", "B", "C"]
    assert list(by_series.columns) == ["GRU", "linear", "GARCH-t", "GJR-t", "GRU x GJR-t"]
    assert found.evaluation.test("GRU", "GARCH-t", found.evaluation.scores[0], 1)["series"] == 3
    assert found.summary.count(" of 3 series.") == 6
    assert found.summary.startswith(("GRU beats GARCH-t a day", "No edge found: GRU "))
    cutoffs = pd.Series(found.evaluation.outcome.cutoff).groupby(found.evaluation.outcome.unique_id).min()
    assert set(cutoffs) == {frame.index[int(900 * 0.7) - 1]}  # cut at one date
    short = {**{name: frame[name].dropna() for name in "ABC"}, "D": frame["A"][-400:]}
    with pytest.raises(ValueError, match=r"D: no window of 136 rows .* in its train part"):
        panel_league(short, cell="gru", **SMALL)


def test_the_command_prints_draws_writes_and_exports(league, tmp_path):
    folder = league.folder
    for words in (
        "bars.csv: 1100 rows, 2010-01-04 to",
        "Variance over 1 day, all days",
        "Variance over 5 days, high-volatility days (top 20%)",
        "GRU x log",
        "Calibration over 5 days",
        "pooled: other.csv: 400 rows until 2011-07-15, each with weight 0.5",
        "Recommended: ",
        "Spread across seeds",
        " exported to saved_models/vol/1",
    ):
        assert words in league.printed
    assert pd.read_csv(folder / "s.csv")["value"].gt(0).all()
    assert (folder / "v.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "saved_models/vol/1/saved_model.pb").is_file()
    again = load(folder / "saved_models/vol")
    assert export(again, tmp_path, name="again", prices=random_bars(1100)).is_dir()


def test_the_command_shows_a_panel(panel, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _wide(tmp_path)
    asked = []
    monkeypatch.setattr(
        leagues, "panel_league", lambda data, **options: asked.append((data, options)) or panel
    )
    assert cli.main(["volatility", "wide.csv", "--panel", "--cells", "gru", "--lookback", "10"]) == 0
    ((data, options),) = asked
    assert data.ids == ("A", "B", "C")
    assert (options["cell"], options["lookback"]) == ("gru", 10)
    said = capsys.readouterr().out
    assert "wide.csv: 3 series" in said
    assert " of 3 series." in " ".join(said.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cells", "tcn"], "or module:Class. Received: 'tcn'"),
        (["--plot", "f.docx"], "expected a name that ends in"),
        (["--csv", "nowhere/f.csv"], "no folder 'nowhere'"),
        (["--panel", "--plot", "f.png"], "--plot draws one series: not with --panel"),
        (["--panel"], "expected several series. Received: one"),
        (["--export", "a/b"], "a name is up to 128 letters"),
        (["--high", "Top"], "no column 'Top'"),
        (["--pool", "nowhere.csv"], "nowhere.csv: no such file"),
        (["--pool", "bars.csv", "--no-pool"], "--pool: not with --no-pool"),
        (["--panel", "--no-pool"], "are for one series"),
    ],
)
def test_bad_options_are_refused_before_anything_is_trained(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random_bars(1000).to_csv("bars.csv")
    assert cli.main(["volatility", "bars.csv", *arguments]) in (1, 2)
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
