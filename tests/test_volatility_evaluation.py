"""Variance forecasts scored where the true variance is known, and the leagues that do it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import random_bars
from test_variance_baselines import simulated_garch

from seqmem import cli
from seqmem.data.bars import PriceWarning, parkinson, read_panel, squared_returns
from seqmem.evaluation import (
    model_confidence_set,
    panel_test,
    panel_verdict,
    seed_spread,
    volatility_backtest,
    volatility_scores,
    volatility_verdict,
)
from seqmem.evaluation.volatility import losses, mean_qlike, qlike
from seqmem.experiments.league import panel_league, volatility_league
from seqmem.models.classics import EWMA, ConstantVariance, EGARCHt, GJRt
from seqmem.report import league_tables, plot_volatility
from seqmem.serving import export, load

CLOSES, VARIANCE = simulated_garch(3000, seed=1)
SERIES = pd.Series(CLOSES, pd.bdate_range("2008-01-01", periods=3000, name="Date"), name="Close")
AT = np.arange(1500, 2990)


class Known:
    """Forecasts the true variance of each day, five times over, times an error."""

    def __init__(self, noise=0.0, seed=0, variance=VARIANCE):
        self.variance = variance * np.exp(noise * np.random.default_rng(seed).normal(size=len(variance)))

    def forecast(self, series, at):
        return self.variance[at][:, None] * [1, 5]


MODELS = {"truth": Known(), "poor": Known(noise=0.8), "EWMA": EWMA().fit(SERIES, 1500)}
RESULTS = volatility_backtest(MODELS, SERIES, AT, training=1500)


def test_the_truth_wins_and_a_poor_forecast_falls_out():
    table = volatility_scores(RESULTS, references=["EWMA"]).loc["squared", 1, "all"]
    assert table["qlike"].idxmin() == "truth"
    assert table.loc["truth", "ratio EWMA"] < 1 < table.loc["poor", "ratio EWMA"]
    assert table.loc["truth", "dm EWMA"] < -2
    assert table.loc["poor", "p EWMA"] < 0.01
    assert table.loc["truth", "mcs"] == 1.0
    assert table.loc["poor", "mcs"] < 0.1
    assert np.isnan(table.loc["EWMA", "dm EWMA"])
    assert table.loc["truth", "mse"] < table.loc["poor", "mse"]


def test_what_came_is_what_came():
    rows = RESULTS[RESULTS["model"] == "truth"].set_index(["origin", "h"])
    returns = np.diff(np.log(CLOSES), prepend=np.nan) ** 2
    assert rows.loc[(1700, 1), "squared"] == pytest.approx(returns[1701])
    assert rows.loc[(1700, 5), "squared"] == pytest.approx(returns[1701:1706].sum())
    assert str(rows.loc[(1700, 1), "date"])[:10] == f"{SERIES.index[1700]:%Y-%m-%d}"
    assert rows.loc[(slice(None), 1), "turbulent"].mean() == pytest.approx(0.2, abs=0.01)
    trailing = pd.Series(returns).rolling(22).mean().to_numpy()[AT]
    np.testing.assert_array_equal(
        rows.loc[(slice(None), 1), "turbulent"], trailing >= np.quantile(trailing, 0.8)
    )
    late = volatility_backtest(MODELS, SERIES, [2990, 2997, 2999], training=1500)
    assert late[late["h"] == 5]["squared"].isna().tolist() == [False, True, True] * 3


def test_the_range_counts_as_much_as_the_returns_of_the_training_part():
    bars = random_bars(900)
    baseline = ConstantVariance().fit(bars, 600)
    rows = volatility_backtest({"c": baseline}, bars, np.arange(22, 599), training=600)
    day = rows[rows["h"] == 1]
    squares, ranges = squared_returns(bars), parkinson(bars)
    scale = squares[1:600].mean() / ranges[1:600].mean()  # of the rows that training knows
    np.testing.assert_allclose(day["parkinson"], scale * ranges[23:600], rtol=1e-9)
    assert day["parkinson"].std() < day["squared"].std()


@settings(max_examples=10)
@given(unit=st.floats(1e-4, 1e4))
def test_no_score_depends_on_the_unit(unit):
    part = RESULTS.assign(forecast=RESULTS["forecast"] * unit, squared=RESULTS["squared"] * unit)
    pd.testing.assert_series_equal(mean_qlike(part, "squared", 1), mean_qlike(RESULTS, "squared", 1))
    here, there = (losses(one, "squared", 5) for one in (part, RESULTS))
    difference = (here["truth"] - here["EWMA"]) - (there["truth"] - there["EWMA"])
    np.testing.assert_allclose(difference, 0, atol=1e-9)


def test_days_without_a_move_neither_break_a_score_nor_flatter_it():
    assert qlike([0.0, 1.0], [1.0, 1.0]) == 0
    still = RESULTS.assign(squared=RESULTS["squared"].where(RESULTS["origin"] % 7 > 0, 0.0))
    table = volatility_scores(still, references=["EWMA"])
    assert np.isfinite(table["qlike"]).all()
    assert np.isfinite(losses(still, "squared", 1)).all().all()
    assert len(losses(still, "squared", 1)) == len(AT)


def test_bad_forecasts_are_named_with_their_date():
    class Bad:
        def __init__(self, value):
            self.value = value

        def forecast(self, series, at):
            found = np.full((len(at), 2), 1e-4)
            found[3, 1] = self.value
            return found

    for value in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(
            ValueError, match=rf"bad, from {SERIES.index[1503]:%Y-%m-%d}, over 5 days: expected"
        ):
            volatility_backtest({"bad": Bad(value)}, SERIES, AT, training=1500)
    with pytest.raises(ValueError, match=r"expected forecasts of shape \(1490, 3\)"):
        volatility_backtest(MODELS, SERIES, AT, training=1500, horizons=(1, 2, 3))
    with pytest.raises(ValueError, match="at least one model"):
        volatility_backtest({}, SERIES, AT, training=1500)
    with pytest.raises(ValueError, match=r"no model \['GARCH'\]"):
        volatility_scores(RESULTS, references=["GARCH"])
    with pytest.raises(ValueError, match=r"no model \['GARCH'\]"):
        volatility_verdict(RESULTS, "GARCH", references=["EWMA"])
    with pytest.raises(ValueError, match="expected origins of at least 22. Received: 21"):
        volatility_backtest(MODELS, SERIES, [1500, 21], training=1500)
    few = volatility_backtest(MODELS, SERIES, AT[:40], training=1500)
    with pytest.raises(ValueError, match="squared, over 1 days, turbulent origins: expected at least 10"):
        volatility_scores(few, references=["EWMA"])
    with pytest.raises(ValueError, match="at least one series"):
        panel_test({}, "truth", "EWMA")


def test_the_verdict_says_who_is_better_worse_and_as_good():
    twin = {**MODELS, "twin": Known(noise=0.02, seed=3)}
    results = volatility_backtest(twin, SERIES, AT, training=1500)
    assert "truth beats EWMA a day ahead" in volatility_verdict(results, "truth", references=["EWMA"])
    worse = volatility_verdict(results, "poor", references=["truth"])
    assert "No edge found: poor is worse than truth" in worse
    tie = volatility_verdict(results, "truth", references=[], linear=["twin"])
    assert "twin is as good as truth a day ahead" in tie
    few = volatility_backtest(MODELS, SERIES, AT[:50], training=1500)
    assert "50 origins are too few" in volatility_verdict(few, "truth", references=["EWMA"])


def test_the_confidence_set_takes_models_that_are_the_same():
    loss = pd.DataFrame({"a": np.arange(50.0)})
    assert model_confidence_set(loss).tolist() == [1.0]
    same = model_confidence_set(loss.assign(b=loss["a"]))
    assert same["a"] == 1.0
    draw = np.random.default_rng(0).normal(size=(2, 400)) ** 2
    three = model_confidence_set(pd.DataFrame({"a": draw[0], "worse": draw[1] + 1, "twin": draw[0]}))
    assert three.index.tolist() == ["a", "worse", "twin"]
    assert three["twin"] == three["a"] == 1.0
    assert three["worse"] < 0.1


def test_forecasts_that_are_the_same_are_no_win():
    """Their p-value is NaN: neither small nor large."""
    results = volatility_backtest({"truth": Known(), "twin": Known()}, SERIES, AT, training=1500)
    said = volatility_verdict(results, "twin", references=["truth"], linear=["truth"])
    assert said.count("is 1.000 (no difference)") == 2
    tests = pd.DataFrame(
        {
            ("twin", "truth", "squared", 1, regime): panel_test(
                {"S": results}, "twin", "truth", turbulent=regime == "turbulent"
            )._asdict()
            for regime in ("all", "turbulent")
        }
    ).T
    tests.index.names = ["model", "reference", "proxy", "h", "regime"]
    assert panel_verdict(tests, "twin", ["truth"]).startswith(
        "No edge found: twin does not beat truth over all series, a day ahead on squared returns "
        "(no difference; turbulent days: no difference)."
    )


def test_a_verdict_names_the_horizon_that_it_is_about():
    class Week(Known):
        def forecast(self, series, at):
            return super().forecast(series, at)[:, 1:]

    models = {"truth": Week(), "poor": Week(noise=0.8)}
    results = volatility_backtest(models, SERIES, AT, training=1500, horizons=(5,))
    assert volatility_verdict(results, "truth", references=["poor"]).startswith(
        "truth beats poor over 5 days"
    )


def test_seeds_are_spread_around_what_they_make_together():
    each = np.stack([Known(noise=0.3, seed=seed).forecast(SERIES, AT) for seed in range(4)])
    together = Known()
    together.forecast = lambda series, at: np.exp(np.log(each).mean(axis=0))
    results = volatility_backtest({"LSTM": together}, SERIES, AT, training=1500)
    row = seed_spread({"LSTM": each}, results).loc["LSTM", "squared", 1]
    assert row["best"] < row["mean"] < row["worst"]
    assert row["together"] < row["mean"]


def test_a_panel_is_tested_date_by_date():
    results = {}
    for seed in range(5):
        closes, variance = simulated_garch(1200, seed=seed + 10)
        series = pd.Series(closes, SERIES.index[:1200], name="Close")
        models = {"truth": Known(variance=variance), "poor": Known(noise=0.8, variance=variance)}
        results[str(seed)] = volatility_backtest(models, series, np.arange(600, 1190), training=600)
    found = panel_test(results, "truth", "poor")
    assert (found.wins, found.series) == (5, 5)
    assert found.statistic < -4
    assert found.difference < 0
    mirrored = panel_test(results, "poor", "truth")
    assert mirrored.wins == 0
    assert mirrored.statistic == pytest.approx(-found.statistic)
    assert panel_test(results, "truth", "poor", turbulent=True).wins >= 4


SMALL = {"units": 2, "members": 2, "lookback": 10, "epochs": 2, "every": 200}


def test_a_league_is_complete_and_the_same_a_second_time():
    bars = random_bars(1100)
    said = []
    first, second = (volatility_league(bars, cells=("gru",), progress=said.append, **SMALL) for _ in range(2))
    pd.testing.assert_frame_equal(first.scores, second.scores)
    models = list(first.scores.index.unique("model"))
    assert models[:9] == [
        "constant", "EWMA", "GARCH", "GARCH-t", "GJR-t", "EGARCH-t", "HAR", "range HAR", "log HAR",
    ]  # fmt: skip
    assert models[9:] == [
        "GRU", "linear", "raw LSTM", "GRU x GJR-t", "log HAR x GJR-t", "GRU x log HAR x GJR-t",
    ]  # fmt: skip
    assert first.results.groupby("model")["origin"].agg(tuple).nunique() == 1  # the same origins for all
    assert first.results["origin"].min() == int(1100 * 0.7) - 1
    assert set(first.forecasters) == {"GRU", "linear", "raw LSTM"}
    assert "against" not in first.verdict
    assert said[0] == "constant, fitted every 200 days"
    assert said[9] == "GRU, trained with 2 seeds"
    rows = first.results.pivot(index=["origin", "h"], columns="model", values="forecast")
    product = (rows["GRU"] * rows["log HAR"] * rows["GJR-t"]) ** (1 / 3)
    np.testing.assert_allclose(rows["GRU x log HAR x GJR-t"], product)
    assert {"all", "turbulent"} == set(first.scores.index.unique("regime"))


def test_a_league_knows_nothing_of_what_comes_after():
    """Rewrite the last rows: every forecast before them stays, refits and networks included."""
    bars, now = random_bars(1100), 1000
    other = bars.copy()
    other.iloc[now + 1 :] = 2 * random_bars(1100, seed=9).to_numpy()[now + 1 :]
    here, there = (
        volatility_league(one, cells=("rnn",), raw=False, **SMALL).results for one in (bars, other)
    )
    known = here["origin"] <= now
    np.testing.assert_allclose(there.loc[known, "forecast"], here.loc[known, "forecast"], rtol=1e-6)
    assert not np.allclose(there.loc[~known, "forecast"], here.loc[~known, "forecast"])


def test_a_series_too_short_says_so():
    with pytest.raises(ValueError, match="200 rows are too few to train on and to score. .*no window of 136"):
        volatility_league(random_bars(200), cells=("gru",), **SMALL)
    words = "290 rows are too few: expected at least 63 origins .* 136 rows before it. Received: 22, 37, 83"
    with pytest.raises(ValueError, match=words):
        volatility_league(random_bars(290), cells=("gru",), **SMALL)


def test_a_classic_that_explodes_is_left_out_with_its_date_unless_it_is_the_measure(monkeypatch):
    bars, forecast = random_bars(600), EGARCHt.forecast

    def explode(self, series, at):
        found = forecast(self, series, at)
        found[-1] = np.inf
        return found

    monkeypatch.setattr(EGARCHt, "forecast", explode)
    found = volatility_league(bars, cells=("gru",), raw=False, **SMALL)
    assert "EGARCH-t" not in set(found.results["model"])
    (note,) = (note for note in found.warnings if "EGARCH-t" in note)
    assert f"EGARCH-t left out: its forecast from row 595, {bars.index[594]:%Y-%m-%d} is [inf, inf]" in note
    monkeypatch.setattr(GJRt, "forecast", explode)
    with pytest.raises(ValueError, match="GJR-t, which the others are measured by: its forecast from"):
        volatility_league(bars, cells=("gru",), raw=False, **SMALL)


def _wide(tmp_path):
    frame = pd.DataFrame({name: random_bars(900, seed=seed)["Close"] for seed, name in enumerate("ABC")})
    frame.loc[frame.index[:150], "C"] = np.nan  # began later
    frame["still"] = 7.0
    frame.to_csv(tmp_path / "wide.csv")
    return tmp_path / "wide.csv", frame


def test_a_panel_has_one_network_for_all_series(tmp_path):
    path, frame = _wide(tmp_path)
    with pytest.warns(PriceWarning, match="left out: still: row 1, .* expected prices that change"):
        panel = read_panel(path)
    assert [len(bars) for bars in panel.values()] == [900, 900, 750]
    found = panel_league(panel, cell="gru", **SMALL)
    assert list(found.series.index) == ["A", "B", "C"]
    assert list(found.series.columns) == ["GRU", "linear", "GARCH-t", "GJR-t", "GRU x GJR-t"]
    row = found.tests.loc[("GRU", "GARCH-t", "squared", 1, "all")]
    assert row["series"] == 3
    assert found.verdict.count(" of 3.") == 6
    assert found.verdict.startswith(("GRU beats GARCH-t over all", "No edge found: GRU "))
    starts = {str(one["date"].min())[:10] for one in found.results.values()}
    assert starts == {f"{frame.index[int(900 * 0.7) - 1]:%Y-%m-%d}"}  # cut at one date
    short = {**panel, "D": panel["A"][-400:]}
    with pytest.raises(ValueError, match=r"D: 4 rows to .* to train on, 270 rows from .* are too few"):
        panel_league(short, cell="gru", **SMALL)


def test_the_command_prints_draws_writes_and_exports(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random_bars(1000).to_csv("bars.csv")
    options = [f"--{name}={value}" for name, value in SMALL.items()]
    bars = random_bars(1000)
    bars.rename(columns={"High": "h", "Low": "l", "Close": "c"}).to_csv("named.csv")
    command = ["volatility", "bars.csv", "--cells", "gru", *options]
    assert cli.main([*command, "--csv", "s.csv", "--plot", "v.png", "--export", "vol"]) == 0
    said = capsys.readouterr().out
    for words in (
        "bars.csv: 1000 bars, 2010-01-04 to",
        "Variance over 1 day, all origins",
        "Variance over 5 days, turbulent origins",
        "GRU x log",
        "What the seed decides",
        "GRU exported to saved_models/vol/1",
    ):
        assert words in said
    assert pd.read_csv("s.csv")["qlike"].gt(0).all()
    assert (tmp_path / "v.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "saved_models/vol/1/saved_model.pb").is_file()
    assert cli.main(["forecast", "saved_models/vol", "bars.csv", "--csv", "f.csv"]) == 0
    assert "volatility: of a year" in capsys.readouterr().out
    assert pd.read_csv("f.csv")["days"].tolist() == [1, 5]
    assert cli.main(["forecast", "saved_models/vol", "bars.csv", "--plot", "f.png"]) == 1
    capsys.readouterr()
    named = ["named.csv", "--column", "c", "--high", "h", "--low", "l", "--csv", "g.csv"]
    assert cli.main(["forecast", "saved_models/vol", *named]) == 0
    assert (tmp_path / "g.csv").read_text() == (tmp_path / "f.csv").read_text()
    assert export(load("saved_models/vol"), tmp_path, name="again", prices=bars).is_dir()
    _wide(tmp_path)
    assert cli.main(["volatility", "wide.csv", "--panel", "--cells", "gru", *options]) == 0
    said = capsys.readouterr().out
    assert "wide.csv: 3 series" in said
    assert "left out: still" in " ".join(said.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cells", "tcn"], "or module:Class. Received: 'tcn'"),
        (["--plot", "f.docx"], "expected one of"),
        (["--csv", "nowhere/f.csv"], "no folder 'nowhere'"),
        (["--panel", "--plot", "f.png"], "--plot draws one series: not with --panel"),
        (["--panel"], "bars of one series"),
        (["--export", "a/b"], "a name is letters"),
        (["--high", "Top"], "column 'Low' without column 'Top'"),
    ],
)
def test_bad_options_are_refused_before_anything_is_trained(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random_bars(1000).to_csv("bars.csv")
    assert cli.main(["volatility", "bars.csv", *arguments]) == 1
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


def test_a_plot_needs_models_that_are_there(tmp_path):
    with pytest.raises(ValueError, match=r"no model \['GARCH'\]"):
        plot_volatility(RESULTS, tmp_path / "f.png", models=["GARCH"])
    tables = league_tables(volatility_scores(RESULTS, references=["EWMA"]), ["EWMA"])
    assert tables["Variance over 1 day, all origins"]["model"].iloc[0] == "truth"


def test_the_table_stands_in_order_of_numbers():
    """As text 10.1 stands before 2.0."""
    models = {"low": Known(variance=VARIANCE / 20), "lower": Known(variance=VARIANCE / 3), "truth": Known()}
    scores = volatility_scores(volatility_backtest(models, SERIES, AT, training=1500), references=["truth"])
    assert scores.loc[("squared", 1, "all", "low"), "qlike"] > 9.999
    assert scores.loc[("squared", 1, "all", "lower"), "qlike"] < 9
    rows = league_tables(scores, ["truth"])["Variance over 1 day, all origins"]
    assert rows["model"].tolist() == ["truth", "lower", "low"]


def test_a_plot_shows_a_year_of_days_whatever_the_horizon(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("seqmem.report.volatility.saved", lambda figure, path: drawn.append(figure))
    plot_volatility(RESULTS, tmp_path / "f.png", models=["truth"])
    plot_volatility(RESULTS[RESULTS["h"] == 5], tmp_path / "f.png", models=["truth"])
    day, week = (figure.axes[0].lines[0].get_ydata() for figure in drawn)
    np.testing.assert_allclose(day, 100 * np.sqrt(252 * VARIANCE[AT]))
    np.testing.assert_allclose(week, day)  # it forecasts five times the day's
