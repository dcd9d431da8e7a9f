"""Several forecasters of variances as one graph: their geometric mean."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from keras import ops

from seqmem.heads import Head, LogVariance
from seqmem.models.base import Model
from seqmem.models.classics.graphs.inputs import UNIT, ClassicInputs
from seqmem.models.copying import copy_of
from seqmem.models.forecaster import Forecaster
from seqmem.networks import Network
from seqmem.quantities import Variance
from seqmem.recipe import Recipe

Tensor = Any
FIRST, LAST = ("open", "high", "low"), "close"


class WholeWindow(ClassicInputs):
    """The rows of a window as they are, for a network of whole forecasters: [B, T, C].

    Args:
        horizons: as in `VarianceTarget`.
        read: the columns, the close last.
        **kwargs: those of `VarianceTarget`.
    """

    def __init__(
        self, horizons: Sequence[int] = (1, 5), read: Sequence[str] = ("close",), **kwargs: Any
    ) -> None:
        super().__init__(horizons, **kwargs)
        self.read: list[str] = list(read)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that any of the forecasters reads."""
        return tuple(self.read)

    @property
    def rows_before(self) -> int:
        """None: the network reads rows."""
        return 0

    def inputs(self, history: Tensor) -> Tensor:
        """The rows themselves."""
        return history


class ForecastersTogether(Network):
    """Forecasters of variances side by side: the mean of their logarithms is the forecast.

    Each reads the last rows that it needs, of the columns that it needs.

    Args:
        forecasters: of variances over the same horizons.
        columns: of the rows that are given, by name.
        head: what an output is; by default the logarithm of a variance.
    """

    recipe: ClassVar[Recipe] = Recipe(learning_rate=1e-4, cosine=True, epochs=20, patience=5)

    def __init__(
        self,
        forecasters: Sequence[Forecaster],
        columns: Sequence[str],
        head: Head | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.forecasters: list[Forecaster] = list(forecasters)
        self.columns: list[str] = list(columns)
        self.horizons = forecasters[0].horizons
        self.head: Head = head or LogVariance()
        self.members = len(forecasters)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights of all."""
        for one in self.forecasters:
            one.build()
        self.built = True

    def call(
        self, inputs: Tensor, training: bool = False, teacher: Tensor | None = None, chunk_length: int = 1
    ) -> Tensor:
        """Rows [B, T, C] -> log variances [B, H, M, 1], a member for each forecaster."""
        unit = ops.cast(UNIT * np.array(self.horizons), "float32")
        each = [ops.log(self._mean(one, inputs, training) / unit) for one in self.forecasters]
        return ops.stack(each, axis=2)[..., None]

    def _mean(self, one: Forecaster, rows: Tensor, training: bool) -> Tensor:
        which = [self.columns.index(name) for name in one.target.columns]
        history = ops.stack([rows[..., number] for number in which], axis=-1)
        return one.point(one.respond(history, training=training))


def geometric_mean_of(models: Sequence[Model]) -> Forecaster:
    """The geometric mean of models of variances as one `Forecaster`, of the columns and rows that all need.

    Raises:
        ValueError: models of something else than variances, or one without a graph.
    """
    parts = [copy_of(as_forecaster(model)) for model in models]
    for one in parts:
        if not isinstance(one.quantity, Variance):
            raise ValueError(f"to_forecaster: expected models of variances. Received: {one!r}")
    names = {name for one in parts for name in one.target.columns}
    others = sorted(names - {*FIRST, LAST})
    columns = [*(name for name in FIRST if name in names), *others, LAST]
    first = parts[0]
    year = {"periods_per_year": first.quantity.periods_per_year}  # type: ignore[attr-defined]
    target = WholeWindow(first.horizons, columns, **year)
    found = Forecaster(ForecastersTogether(parts, columns), target, max(one.context_length for one in parts))
    found.build()
    return found


def as_forecaster(model: Model) -> Forecaster:
    """A model as a `Forecaster`: itself, or what it is in a graph.

    Raises:
        ValueError: a model without a graph, or never fitted.
    """
    return model if isinstance(model, Forecaster) else model.to_forecaster()
