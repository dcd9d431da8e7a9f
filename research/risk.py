"""Every figure on distributions and risk: python -m research.risk [develop] [test] [panel] [heads].

``develop`` chooses: six folds on the first 70% of three series, never a test part. ``test`` is what the
chosen recipe comes to on the last 30%, and ``panel`` on nineteen stocks. RISK.md has what they print.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

from benchmarks.tables import of_frame
from research.design_choice import folds
from research.mixture_head import Mixture
from research.standing_shapes import StandingShapes
from seqmem import (
    GARCH,
    Dataset,
    FilteredHistoricalSimulation,
    GeometricMean,
    LogHAR,
    Model,
    Pool,
    ResidualRecurrent,
    Split,
    WalkForward,
    read,
    train,
)
from seqmem.evaluation import (
    CRPS,
    Coverage,
    Evaluation,
    FisslerZiegel,
    JointCoverage,
    compare,
    coverage_table,
    evaluate,
)
from seqmem.experiments.league import Design
from seqmem.experiments.league.leagues import BUNDLED_POOL
from seqmem.experiments.risk.breaches import backtests

SERIES = ("sp500", "nasdaq", "wti")
LEVELS = (50, 80, 90, 95)
RISKS = (0.01, 0.05)
HORIZONS = (1, 2, 3, 4, 5)
Recipe = Callable[[Model], FilteredHistoricalSimulation | StandingShapes]


class Scales:
    """Variance models of one split, each fitted when it is first asked for.

    What scales a distribution is exchangeable: add an entry to `makers`, and name it on the command line.

    Args:
        data: one series or a panel.
        split: which rows are learnt from.
    """

    def __init__(self, data: Dataset, split: Split) -> None:
        self.data = data
        self.split = split
        self.makers: dict[str, Callable[[], Model]] = {
            "GARCH-t": partial(self._walked, GARCH(distribution="t")),
            "GJR-t": partial(self._walked, GARCH(o=1, distribution="t")),
            "log HAR": partial(self._walked, LogHAR()),
            "GRU": partial(self._network, "gru"),
            "LSTM": partial(self._network, "lstm"),
            "pooled GRU": partial(self._network, "gru", pool=Pool(BUNDLED_POOL)),
            "GRU x GJR-t": lambda: GeometricMean([self["GRU"], self["GJR-t"]]),
            "pooled GRU x GJR-t": lambda: GeometricMean([self["pooled GRU"], self["GJR-t"]]),
        }
        self._fitted: dict[str, Model] = {}

    def __getitem__(self, name: str) -> Model:
        if name not in self._fitted:
            self._fitted[name] = self.makers[name]()
        return self._fitted[name]

    def _walked(self, classic: GARCH | LogHAR) -> Model:
        return WalkForward(classic).fit(self.data, self.split)

    def _network(self, cell: str, pool: Pool | None = None) -> Model:
        design = Design(self.data.has("high", "low"))
        recipe = ResidualRecurrent.recipe
        return train(lambda: design.forecaster(cell), self.data, self.split, recipe, pool=pool)


def chosen(scale: Model, **more: object) -> FilteredHistoricalSimulation:
    """The recipe that the development folds chose: what the class does by default."""
    return FilteredHistoricalSimulation(scale, horizons=HORIZONS, **more)  # type: ignore[arg-type]


RECIPES: dict[str, Recipe] = {
    "validation part, standing still": partial(StandingShapes, horizons=HORIZONS),
    "rolling 500, rate 0": partial(chosen, blocks=500, rate=0.0),
    "rolling 1000, rate 0": partial(chosen, blocks=1000, rate=0.0),
    "rolling 2000, rate 0": partial(chosen, blocks=2000, rate=0.0),
    "rolling 2000, rate .003": partial(chosen, blocks=2000, rate=0.003),
    "rolling 2000, rate .006": partial(chosen, blocks=2000, rate=0.006),
    "rolling 2000, rate .012": partial(chosen, blocks=2000, rate=0.012),
    "rolling 1000, rate .006": partial(chosen, blocks=1000, rate=0.006),
}


def evaluated(
    scales: Scales, names: Sequence[str], recipe: Recipe = chosen, *, risk: bool = True
) -> Evaluation:
    """The recipe on each scale, scored on the test part of their split."""
    data, split = scales.data, scales.split
    shaped = {name: recipe(scales[name]).keep_shapes(data, split) for name in names}
    context = max(one.context_length for one in shaped.values())
    origins = split.test(data, context_length=context, horizon=max(HORIZONS))
    forecasts = {f"FHS {name}": one.forecast(data, origins) for name, one in shaped.items()}
    tails = [FisslerZiegel(level, short=short) for level in RISKS for short in (False, True)]
    scores = [CRPS(), *map(Coverage, LEVELS), JointCoverage(90), *(tails if risk else [])]
    return compare(forecasts, data, split, scores)


def deviations(evaluation: Evaluation) -> pd.DataFrame:
    """Coverage less its level in points, level x model by h; of the joint band the coverage itself."""
    found = coverage_table(evaluation)["coverage"].unstack("h")[[*HORIZONS, "path"]]
    steps = found[list(HORIZONS)].dropna()
    points = 100 * steps.sub(np.array(steps.index.get_level_values("level")) / 100, axis=0)
    points["farthest"] = points.abs().max(axis=1)
    joint = 100 * found["path"].dropna().droplevel("level")
    return points.assign(joint=joint.reindex(points.index.get_level_values("model")).to_numpy())


def develop(names: Sequence[str], series: Sequence[str]) -> str:
    """On the development folds: how far each recipe misses its levels, and what each scale is worth by it."""
    recipes = [(what, recipe, ("GARCH-t", "GRU")) for what, recipe in RECIPES.items()]
    return "\n\n".join((_folded(recipes, series), _folded([("chosen", chosen, names)], series)))


def _folded(recipes: Sequence[tuple[str, Recipe, Sequence[str]]], series: Sequence[str]) -> str:
    rows = []
    for name in series:
        for number, (data, split) in enumerate(folds(read(f"bundled:{name}"))):
            scales = Scales(data, split)
            for what, recipe, names in recipes:
                wanted = [one for one in names if data.has("high", "low") or one != "log HAR"]
                found = evaluated(scales, wanted, recipe, risk=False)
                points = deviations(found)
                for model in found.models:
                    mine = points.xs(model, level="model")
                    rows.append(
                        {
                            "recipe": what,
                            "scale": model.removeprefix("FHS "),
                            "fold": f"{name} {number}",
                            "farthest": mine["farthest"].max(),
                            "mean": mine[list(HORIZONS)].abs().to_numpy().mean(),
                            "joint": mine["joint"].iloc[0],
                            name: found.value(found.scores[0], model, "path"),
                        }
                    )
                print(f"{name} {number}, {what}", file=sys.stderr, flush=True)
    table = pd.DataFrame(rows).groupby(["recipe", "scale"], sort=False)
    summary = table.agg(
        farthest=("farthest", "max"),
        mean=("mean", "mean"),
        joint_low=("joint", "min"),
        joint_high=("joint", "max"),
        **{f"CRPS {name}": (name, "mean") for name in series},
    )
    return summary.round(4).to_string(float_format=lambda value: f"{value:.5g}")


def last_part(names: Sequence[str], series: Sequence[str]) -> str:
    """The chosen recipe on the last 30% of each series: look once, after every choice."""
    parts = []
    for name in series:
        data = read(f"bundled:{name}")
        scales = Scales(data, Split.by_share(data, horizon=max(HORIZONS)))
        wanted = [one for one in names if data.has("high", "low") or one != "log HAR"]
        found = evaluated(scales, wanted)
        first = str(found.outcome.cutoff.min())[:10]
        parts.append(f"### {name}: {len(found.outcome.origins)} origins from {first}\n\n{report(found)}")
    return "\n\n".join(parts)


def report(evaluation: Evaluation) -> str:
    """The tables of one series."""
    parts = ["Coverage less its level, points; joint: coverage of the 90% band of the path, %", ""]
    parts.append(deviations(evaluation).round(1).to_string())
    parts += ["", "Coverage outside its binomial interval (95%):", ""]
    table = coverage_table(evaluation)
    outside = table[table["p"] < 0.05]
    parts.append(outside.round(3).to_string() if len(outside) else "none")
    parts += ["", "CRPS and FZ: over the reference's, and p (Diebold-Mariano)", "", compared(evaluation)]
    risk = backtests(evaluation, RISKS).xs(1, level="h").droplevel("series")
    risk = risk.drop(columns=["light"]).round(3)
    parts += ["", "Value at risk of a day: breaches and p-values", "", risk.to_string()]
    return "\n".join(parts)


def compared(evaluation: Evaluation, references: Sequence[str] = ("FHS GARCH-t", "FHS GJR-t")) -> str:
    """Each proper score over a day, five days and the path, against the references."""
    rows = {}
    for score in (one for one in evaluation.scores if one.proper):
        for h in (step for step in evaluation.steps(score) if step in (1, 5, "path")):
            for model in evaluation.models:
                row: dict[str, float] = {"value": evaluation.value(score, model, h)}
                for reference in references:
                    found = evaluation.test(model, reference, score, h)
                    row |= {f"ratio {reference}": found["ratio"], f"p {reference}": found["p_value"]}
                rows[score.name, h, model] = row
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.MultiIndex.from_tuples(list(rows), names=["score", "h", "model"])
    return frame.round(4).to_string()


def panel(names: Sequence[str]) -> str:
    """Nineteen stocks, one network for all: mean coverage and the worst, tests on the mean of each date."""
    names = [name for name in names if name not in ("log HAR", "LSTM") and "pooled" not in name]
    data = read("bundled:stocks")
    scales = Scales(data, Split.by_share(data, horizon=max(HORIZONS)))
    levels = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5)
    quantiles = (*levels, *(round(1 - level, 4) for level in reversed(levels[:-1])))
    recipe = partial(chosen, levels=quantiles)
    split = scales.split
    shaped = {name: recipe(scales[name]).keep_shapes(data, split) for name in names}
    context = max(one.context_length for one in shaped.values())
    origins = split.test(data, context_length=context, horizon=max(HORIZONS))
    forecasts = {f"FHS {name}": one.forecast(data, origins) for name, one in shaped.items()}
    tails = [FisslerZiegel(level, short=short) for level in RISKS for short in (False, True)]
    found = compare(forecasts, data, split, [CRPS(), *map(Coverage, LEVELS), *tails])
    covered = coverage_table(found)
    shown = covered.assign(coverage=100 * covered["coverage"], worst=100 * covered["worst"])
    breaches = backtests(found, RISKS).xs(1, level="h")
    passed = breaches[["coverage p", "both p"]].ge(0.05).groupby(["side", "level", "model"]).sum()
    share = breaches["breaches"].groupby(["side", "level", "model"]).sum()
    passed["breaches"] = share / breaches["days"].groupby(["side", "level", "model"]).sum()
    return "\n\n".join(
        [
            shown[["coverage", "effective", "p", "worst", "series"]].round(3).to_string(),
            compared(found),
            f"Series of {len(data.ids)} that pass at 5%, a day ahead:\n{passed.round(4).to_string()}",
        ]
    )


def heads(series: Sequence[str]) -> str:
    """Heads of one network on the development folds: CRPS, and coverage of 90%, over one day and five."""
    from seqmem import CumulativeReturn, Forecaster, GRUCell, Quantiles, ScaleFreeVariance, StudentT

    grid = CRPS().levels
    kinds = {"Quantiles": Quantiles, "StudentT": StudentT, "Mixture of 2": Mixture}
    rows = []
    for name in series:
        for data, split in folds(read(f"bundled:{name}")):
            scales, bars = Scales(data, split), data.has("high", "low")
            models: dict[str, Model] = {
                f"FHS {one}": FilteredHistoricalSimulation(scales[one], horizons=(1, 5))
                for one in ("GARCH-t", "GRU")
            }
            for model in models.values():
                model.keep_shapes(data, split)  # type: ignore[attr-defined]
            for title, kind in kinds.items():

                def make(kind: type = kind, bars: bool = bars) -> Forecaster:
                    view = ScaleFreeVariance((1, 5), use_range=bars, parkinson_weight=0.5 if bars else 0.0)
                    levels = sorted({*grid, 0.05, 0.95})
                    cell = GRUCell(16, dropout=0.4)
                    network = ResidualRecurrent(cell, (1, 5), 5, skip=view.bounded_inputs, head=kind(levels))
                    return Forecaster(network, CumulativeReturn((1, 5), view), 60)

                models[title] = train(make, data, split, ResidualRecurrent.recipe)
            found = evaluate(models, data, split, [CRPS(), Coverage(90)])
            for model in found.models:
                rows.append(
                    {"model": model}
                    | {f"CRPS {h}": found.value(found.scores[0], model, h) for h in (1, 5)}
                    | {f"90% {h}": 100 * found.value(found.scores[1], model, h) for h in (1, 5)}
                )
                print(name, rows[-1], flush=True)
    return of_frame(pd.DataFrame(rows).groupby("model", sort=False).mean(), ".4f")


ALL: Mapping[str, Callable[[Sequence[str], Sequence[str]], str]] = {
    "develop": develop,
    "heads": lambda names, series: heads(series),
    "test": last_part,
    "panel": lambda names, series: panel(names),
}
SCALES = ("GARCH-t", "GJR-t", "log HAR", "GRU", "LSTM", "pooled GRU", "GRU x GJR-t", "pooled GRU x GJR-t")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m research.risk", description=__doc__)
    parser.add_argument("which", nargs="+", choices=list(ALL))
    parser.add_argument("--scales", default=",".join(SCALES), help="of develop and test, with commas")
    parser.add_argument("--series", default=",".join(SERIES), help="bundled, with commas")
    given = parser.parse_args()
    from seqmem.process import configure_cpu

    configure_cpu(1)
    for name in given.which:
        found = ALL[name](given.scales.split(","), given.series.split(","))
        print(f"## {name}\n\n{found}\n", flush=True)


if __name__ == "__main__":
    main()
