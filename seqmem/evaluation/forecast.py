"""A forecast: what every model, server and client answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from seqmem.data.faults import day
from seqmem.evaluation.prediction import Prediction as Prediction
from seqmem.evaluation.prediction import as_prediction, joined

if TYPE_CHECKING:
    from seqmem.data.dataset import Dataset
    from seqmem.quantities import Quantity


@dataclass(frozen=True, eq=False, repr=False)
class Forecast:
    """Forecasts from N origins, of one series or of several one after the other, over H horizons.

    Attributes:
        quantity: what is forecast.
        horizons: rows ahead, H of them.
        unique_id: name of each origin's series, [N].
        cutoff: date of each origin, the last row that its forecast knows, [N]; row numbers where the data
            have no dates.
        ds: date of what is forecast, [N, H]; beyond the end of the series the calendar's.
        origins: row number of each origin in its own series, [N].
        last: the close at each origin, [N].
        mean: [N, H].
        quantiles: [N, H, Q].
        paths: sampled paths [N, S, H].
        levels: of the quantiles, Q of them.

    Raises:
        ValueError: shapes that do not fit together.
    """

    quantity: "Quantity"
    horizons: tuple[int, ...]
    unique_id: np.ndarray
    cutoff: np.ndarray
    ds: np.ndarray
    origins: np.ndarray
    last: np.ndarray
    mean: np.ndarray | None = None
    quantiles: np.ndarray | None = None
    paths: np.ndarray | None = None
    levels: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        count, steps = len(self.origins), len(self.horizons)
        expected = {
            "ds": (count, steps),
            "mean": (count, steps),
            "quantiles": (count, steps, len(self.levels)),
            "paths": (count, None, steps),
        }
        if self.mean is None and self.quantiles is None and self.paths is None:
            raise ValueError("Forecast: expected a mean, quantiles or paths. Received: none of them")
        for name, shape in expected.items():
            values = getattr(self, name)
            if values is None:
                continue
            if len(values.shape) != len(shape) or any(
                want is not None and want != have for want, have in zip(shape, values.shape, strict=True)
            ):
                raise ValueError(f"Forecast: expected {name} of shape {shape}. Received: {values.shape}")

    @classmethod
    def assemble(
        cls,
        data: "Dataset",
        origins: Mapping[str, np.ndarray],
        quantity: "Quantity",
        horizons: Sequence[int],
        values: "Mapping[str, Prediction | np.ndarray]",
    ) -> "Forecast":
        """Put together what was predicted of each series; an array is a mean.

        Args:
            data: the series.
            origins: row numbers in each, by unique_id.
            quantity: what is forecast.
            horizons: rows ahead.
            values: by unique_id.
        """
        names = list(origins)
        said = {name: as_prediction(values[name]) for name in names}
        rows = {name: np.asarray(origins[name]) for name in names}
        ahead = np.array(horizons)
        dates, closes = {}, {}
        for name in names:
            index = data.dates(name)
            beyond = int(rows[name].max()) + int(ahead.max()) + 1 - len(index) if rows[name].size else 0
            if beyond > 0:
                index = index.append(data.calendar.after(index[-1], beyond))
            dates[name] = index.to_numpy()
            closes[name] = np.asarray(data.values(name, ("close",)), dtype="float64")[:, 0]
        levels = {one.levels for one in said.values()}
        if len(levels) > 1:
            raise ValueError(f"Forecast: expected the same levels for every series. Received: {levels}")
        return cls(
            quantity=quantity,
            horizons=tuple(int(h) for h in horizons),
            unique_id=np.repeat(np.array(names, dtype=object), [len(rows[name]) for name in names]),
            cutoff=np.concatenate([dates[name][rows[name]] for name in names]),
            ds=np.concatenate([dates[name][rows[name][:, None] + ahead] for name in names]),
            origins=np.concatenate([rows[name] for name in names]),
            last=np.concatenate([closes[name][rows[name]] for name in names]),
            mean=joined([one.mean for one in said.values()]),
            quantiles=joined([one.quantiles for one in said.values()]),
            paths=joined([one.paths for one in said.values()]),
            levels=next(iter(levels)),
        )

    @property
    def point(self) -> np.ndarray:
        """The mean [N, H], or the median where there is no mean."""
        return self.quantile(0.5) if self.mean is None else self.mean

    @property
    def shape(self) -> tuple[int, int]:
        """(N, H)."""
        return len(self), len(self.horizons)

    def quantile(self, q: float) -> np.ndarray:
        """The quantile at level q of each forecast, [N, H]: of the paths, or between the levels there are.

        Raises:
            ValueError: a point forecast alone, or a level outside those that were forecast.
        """
        if self.paths is not None:
            return np.quantile(self.paths, q, axis=1)
        if self.quantiles is None:
            raise ValueError("Forecast: no quantiles: this model forecasts a mean alone")
        levels = np.array(self.levels)
        if not levels[0] - 1e-9 <= q <= levels[-1] + 1e-9:
            raise ValueError(
                f"Forecast: a quantile at {q:g} lies outside the levels that were forecast, "
                f"{levels[0]:g} to {levels[-1]:g}"
            )
        above = int(np.clip(np.searchsorted(levels, q), 1, len(levels) - 1)) if len(levels) > 1 else 0
        if above == 0:
            return self.quantiles[..., 0]
        low, high = levels[above - 1], levels[above]
        share = (q - low) / (high - low)
        return (1 - share) * self.quantiles[..., above - 1] + share * self.quantiles[..., above]

    def interval(self, level: float = 90) -> tuple[np.ndarray, np.ndarray]:
        """The central interval that holds `level` percent: (low, high), each [N, H].

        Raises:
            ValueError: a level outside (0, 100), or as `quantile` does.
        """
        if not 0 < level < 100:
            raise ValueError(f"Forecast: a level is a percentage in (0, 100). Received: {level}")
        outside = (1 - level / 100) / 2
        return self.quantile(outside), self.quantile(1 - outside)

    def var(self, level: float, *, short: bool = False) -> np.ndarray:
        """The value at risk [N, H]; see `seqmem.evaluation.tails.value_at_risk`."""
        from seqmem.evaluation.tails import value_at_risk

        return value_at_risk(self, level, short=short)

    def es(self, level: float, *, short: bool = False) -> np.ndarray:
        """The expected shortfall [N, H]; see `seqmem.evaluation.tails.expected_shortfall`."""
        from seqmem.evaluation.tails import expected_shortfall

        return expected_shortfall(self, level, short=short)

    def band(self, level: float = 90) -> tuple[np.ndarray, np.ndarray]:
        """The joint band of whole paths, (low, high) [N, H]; see `seqmem.evaluation.paths.joint_band`."""
        from seqmem.evaluation.paths import joint_band

        return joint_band(self, level)

    def to_frame(self, levels: Sequence[float] = (90,)) -> pd.DataFrame:
        """The long frame: unique_id, ds, cutoff, h, mean, what else the quantity shows, lo-90, hi-90.

        One row for each origin and horizon. Names are those of Nixtla's libraries; where there is no mean,
        the column is the median. Intervals stand in it where there are quantiles or paths; of paths also the
        joint band (path-lo-90, path-hi-90), and what their lowest and highest value up to each horizon stay
        within (min-90 and max-90: quantiles at 5% and 95%).

        Args:
            levels: of the intervals, in percent.
        """
        count, steps = self.shape
        columns: dict[str, Any] = {
            "unique_id": np.repeat(self.unique_id, steps),
            "ds": self.ds.ravel(),
            "cutoff": np.repeat(self.cutoff, steps),
            "h": np.tile(np.array(self.horizons), count),
            "median" if self.mean is None else "mean": self.point.ravel(),
        }
        columns |= {name: values.ravel() for name, values in self.quantity.columns(self).items()}
        if self.quantiles is not None or self.paths is not None:
            from seqmem.evaluation.paths import interval_columns

            for level in levels:
                found = interval_columns(self, level)
                columns |= {name: values.ravel() for name, values in found.items()}
        return pd.DataFrame(columns)

    def select(self, unique_id: str) -> "Forecast":
        """The forecasts of one series.

        Raises:
            ValueError: no such series.
        """
        rows = self.unique_id == unique_id
        if not rows.any():
            raise ValueError(f"Forecast: no series {unique_id!r}. Received: {sorted(set(self.unique_id))}")
        return self.at(rows)

    def at(self, rows: np.ndarray) -> "Forecast":
        """The forecasts of some rows: a mask [N], or their numbers."""
        names = ("unique_id", "cutoff", "ds", "origins", "last", "mean", "quantiles", "paths")
        there = {name: values[rows] for name in names if (values := getattr(self, name)) is not None}
        return replace(self, **there)

    def __len__(self) -> int:
        return len(self.origins)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.point, dtype=dtype)

    def __repr__(self) -> str:
        series = list(dict.fromkeys(self.unique_id))
        of = f"{series[0]!r}" if len(series) == 1 else f"{len(series)} series"
        ahead = ", ".join(map(str, self.horizons[:6])) + (", ..." if len(self.horizons) > 6 else "")
        dates = pd.Index(self.cutoff)
        when = f" {day(dates.min())} to {day(dates.max())}" if len(self) else ""
        kinds = {"mean": self.mean, f"{len(self.levels)} quantiles": self.quantiles, "paths": self.paths}
        return (
            f"Forecast({self.quantity.name} of {of}, h = {ahead}, from {len(self)} origins{when}: "
            f"{', '.join(kind for kind, values in kinds.items() if values is not None)})"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame()._repr_html_())
