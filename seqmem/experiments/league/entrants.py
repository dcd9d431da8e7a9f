"""Who takes part in a league: classics walked forward, and networks of a design chosen beforehand."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from seqmem.cells import cell_class
from seqmem.data.dataset import Dataset
from seqmem.data.pool import Pool
from seqmem.data.splits import Split
from seqmem.models.base import Classic, Model
from seqmem.models.forecaster import Forecaster
from seqmem.models.refit import RefitNetwork
from seqmem.models.train import train
from seqmem.models.volatility import variance_forecaster
from seqmem.models.walk_forward import WalkForward
from seqmem.networks import ResidualRecurrent
from seqmem.recipe import Recipe
from seqmem.targets import ScaleFreeVariance


class Entrant(ABC):
    """A model that takes part, not fitted yet.

    Attributes:
        about: how it is fitted, in words.
        may_fail: whether a league goes on without it where it cannot be fitted.
    """

    about: str
    may_fail: bool

    @property
    @abstractmethod
    def model(self) -> Model:
        """What takes part, as it is before it is fitted."""

    def check(self, split: Split) -> None:  # noqa: B027, most may be scored on any
        """Refuse a split that it may not be scored on, before anything is fitted: by default none."""

    @abstractmethod
    def fitted(self, data: Dataset, split: Split) -> Model:
        """The model, fitted."""


class WalkedClassic(Entrant):
    """A classic, fitted again every so many rows."""

    may_fail = True

    def __init__(self, classic: Classic, every: int) -> None:
        self.walk: WalkForward = WalkForward(classic, every)
        self.about: str = f"fitted every {every} days"

    @property
    def model(self) -> Model:
        """The walk."""
        return self.walk

    def fitted(self, data: Dataset, split: Split) -> Model:
        """Fits are made as its forecasts need them."""
        return self.walk.fit(data, split)


class TrainedNetwork(Entrant):
    """A network, trained by a recipe, that stops early on the validation part.

    Args:
        make: makes it.
        recipe: how it is trained.
        pool: other series that it learns from.
        every: dates after which it is trained on, from the weights that it has. None: it is trained once.
    """

    may_fail = False

    def __init__(
        self,
        make: Callable[[], Forecaster],
        recipe: Recipe,
        pool: Pool | None = None,
        every: int | None = None,
    ) -> None:
        self.make: Callable[[], Forecaster] = make
        self.recipe: Recipe = recipe
        self.pool: Pool | None = pool
        self.every: int | None = every
        self._sample = make()
        seeds = ensemble_size(self._sample)
        how = ["trained with", f"{seeds} seeds" if seeds > 1 else "one seed"]
        how += ["and a pool"] if pool is not None else []
        how += [f"and again every {every} days"] if every is not None else []
        self.about: str = " ".join(how)

    @property
    def model(self) -> Model:
        """One like it, of other weights."""
        return self._sample

    def fitted(self, data: Dataset, split: Split) -> Model:
        """Made from the seed of the recipe, and trained."""
        if self.every is not None:
            return RefitNetwork(self.make, self.recipe, self.every, pool=self.pool).fit(data, split)
        return train(self.make, data, split, self.recipe, pool=self.pool)


@dataclass(frozen=True)
class Design:
    """The design that was chosen on data before every test part (`python -m research.evidence designs`).

    Attributes:
        use_range: whether highs and lows are read, and half of a label is Parkinson's variance.
        horizons: rows ahead that a variance covers.
        units: of each seed's cell.
        dropout: share of the cell's inputs dropped in training.
        lookback: T.
        ensemble_size: seeds, whose geometric mean is the forecast.
        realised: a column of realised variances that is read too. None: there is none.
    """

    use_range: bool
    horizons: tuple[int, ...] = (1, 5)
    units: int = 16
    dropout: float = 0.4
    lookback: int = 60
    ensemble_size: int = 5
    realised: str | None = None

    def forecaster(self, cell: str | None) -> Forecaster:
        """A forecaster of a cell, by its name in `CELLS` or ``module:Class``. None: the linear skip alone."""
        weight = 0.5 if self.use_range else 0.0
        target = ScaleFreeVariance(
            self.horizons, parkinson_weight=weight, use_range=self.use_range, realised=self.realised
        )
        if cell is None:
            return variance_forecaster(None, target, self.lookback)
        made = cell_class(cell)(self.units, dropout=self.dropout)
        return variance_forecaster(made, target, self.lookback, self.ensemble_size)


def ensemble_size(model: Model) -> int:
    """How many seeds a model is the mean of."""
    if isinstance(model, RefitNetwork):
        return ensemble_size(model.forecaster)
    if isinstance(model, Forecaster) and isinstance(model.network, ResidualRecurrent):
        return model.network.members
    return 1


def display_name(cell: str) -> str:
    """What a cell is called in a table.

    >>> display_name("lstm"), display_name("my_cells:MinimalCell")
    ('LSTM', 'MinimalCell')
    """
    return cell.rpartition(":")[2] if ":" in cell else cell.upper()


def combined_name(names: Sequence[str]) -> str:
    """What the geometric mean of models is called.

    >>> combined_name(["LSTM", "GJR-t"])
    'LSTM x GJR-t'
    """
    return " x ".join(names)


@contextmanager
def collect_warnings() -> Iterator[list[str]]:
    """Keep what is warned of, each once, in the order in which it comes; it goes into the report."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for other in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):  # of programs, not data
            warnings.simplefilter("ignore", other)
        yield notes
    notes += dict.fromkeys(f"{note.category.__name__}: {note.message}" for note in seen)
