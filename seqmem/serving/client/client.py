"""A client of an exported model, wherever it is served: closes in, dated forecasts out. No TensorFlow."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from seqmem.data.bars import BAR, as_bars
from seqmem.data.series import PriceError, coming_days
from seqmem.serving.client.inputs import closes_by_asset, windows
from seqmem.serving.client.transport import Model, ServerUnavailable, ServingError, transport
from seqmem.serving.protocol.signatures import Signature
from seqmem.serving.protocol.tensors import DTYPES

__all__ = ["Client", "ServerUnavailable", "ServingError"]
_DEFAULT = "serving_default"


class _About(NamedTuple):
    """What the server has said of its model."""

    signatures: dict[str, Signature]
    card: dict[str, Any]  # empty where the model has no `describe`


class Client:
    """A model behind a server that speaks as TensorFlow Serving does.

    Connections are kept, and threads may share a client. Connection errors and a server that is busy (429,
    503, UNAVAILABLE) are tried again, after a pause that doubles; nothing else is.

    Args:
        url: ``http://HOST:8501`` for REST, ``grpc://HOST:8500`` for gRPC (where grpcio is installed).
        name: of the model.
        version: its version. None: the newest that is served.
        label: a version label, as ``stable``, in place of a version.
        timeout: seconds for each attempt.
        retries: attempts after the first.

    Raises:
        ValueError: another kind of URL, a version and a label, a timeout or retries that are none.

    >>> client = Client("http://127.0.0.1:8501", name="sp500_path", label="stable")
    >>> client
    Client('http://127.0.0.1:8501', name='sp500_path', version=None, label='stable')
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 10.0,
        retries: int = 3,
    ) -> None:
        if version is not None and label is not None:
            raise ValueError(f"Client: a version or a label, not both. Received: {version}, {label!r}")
        if not timeout > 0 or retries < 0:
            raise ValueError(
                f"Client: expected timeout above 0, retries of at least 0. Received: {timeout}, {retries}"
            )
        self._url, self._model = url, Model(name, version, label)
        self._transport = transport(url, timeout=timeout, retries=retries)
        self._known: _About | None = None

    def __repr__(self) -> str:
        name, version, label = self._model
        return f"Client({self._url!r}, name={name!r}, version={version}, label={label!r})"

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up the connections."""
        self._transport.close()

    def versions(self) -> dict[int, str]:
        """The state of each version: AVAILABLE, LOADING, UNLOADING, END.

        Raises:
            ServingError: no such model.
        """
        return self._transport.states(self._model)

    @property
    def card(self) -> dict[str, Any]:
        """The model's card; empty where the model has no signature `describe`."""
        return dict(self._about().card)

    def refresh(self) -> None:
        """Forget what the server has said of its model: another version may be served now."""
        self._known = None

    def predict(self, signature: str = _DEFAULT, /, **inputs: Any) -> dict[str, np.ndarray]:
        """What any signature of the model says of its inputs, by name, as it is.

        Raises:
            ServingError: no such signature, or inputs that it refuses.
        """
        found = self._signature(signature)
        if set(inputs) != set(found.inputs):
            given, wanted = ", ".join(sorted(inputs)) or "nothing", ", ".join(found.inputs)
            raise ServingError(f"{signature}: expected {wanted}. Received: {given}")
        arrays = {
            name: np.asarray(inputs[name]).astype(DTYPES.get(spec.dtype, object))
            for name, spec in found.inputs.items()
        }
        return self._transport.predict(self._model, signature, found, arrays)

    def forecast(self, prices: pd.Series | pd.DataFrame) -> pd.DataFrame:
        """The closes that follow the last row, by date.

        Args:
            prices: closes by date: a Series, a frame of bars (its Close, or the column that the model learnt
                from), or a wide frame, whose columns are assets: one batch.

        Returns:
            [H, assets]: the dates that follow as its index; column `forecast`, or the assets.

        Raises:
            PriceError: too few rows, or a close that is not finite and above 0: by asset, row and date.
            ServingError: the server's error.
        """
        closes = closes_by_asset(prices, self._about().card.get("data", {}).get("column", "Close"))
        if "forecast" not in self._signature(_DEFAULT).outputs:
            outputs = ", ".join(self._signature(_DEFAULT).outputs)
            raise ServingError(f"{self._model.name} gives {outputs}, no path: use volatility()")
        answer = self._ask({"closes": closes})["forecast"]
        return pd.DataFrame(answer.T, coming_days(closes.index, answer.shape[1]), closes.columns)

    def volatility(self, bars: pd.DataFrame | pd.Series) -> pd.DataFrame:
        """The variance of the log return that follows the last bar, and the volatility of a year.

        Args:
            bars: High, Low and Close by date, or closes alone, as the model takes them.

        Returns:
            A row for each horizon: days, the date on which they end, variance, volatility.

        Raises:
            PriceError: too few bars, or columns that are not there.
            ServingError: the server's error.
        """
        found = self._signature(_DEFAULT)
        if "variance" not in found.outputs:
            raise ServingError(
                f"{self._model.name} gives {', '.join(found.outputs)}, no variance: use forecast()"
            )
        rows = as_bars(bars)
        names = [name.lower() for name in BAR] if len(found.inputs) > 1 else list(found.inputs)
        columns = rows.T if len(names) > 1 else rows.T[-1:]
        if len(columns) != len(names):
            raise PriceError(f"{self._model.name}: expected {', '.join(names)}. Received: closes alone")
        answer = self._ask(
            {name: pd.DataFrame({"": one}, bars.index) for name, one in zip(names, columns, strict=True)}
        )
        horizons = len(answer["variance"][0])
        days = [int(each) for each in self._about().card.get("horizons", range(1, horizons + 1))]
        until = coming_days(bars.index, max(days))[[each - 1 for each in days]]
        values = {name: answer[name][0] for name in ("variance", "volatility")}
        return pd.DataFrame({"days": days, "until": until, **values})

    def _ask(self, frames: Mapping[str, pd.DataFrame]) -> dict[str, np.ndarray]:
        """`serving_default`, with as many rows as it needs; once more if another version came meanwhile."""
        before = self._about()
        try:
            answer = self._send(frames)
        except ServerUnavailable:
            raise
        except ServingError:
            self.refresh()
            if self._about() == before:
                raise
            return self._send(frames)
        expected = len(before.card.get("horizons", ())) or before.card.get("horizon")
        if expected in (None, next(iter(answer.values())).shape[1]):
            return answer
        self.refresh()
        return self._send(frames)

    def _send(self, frames: Mapping[str, pd.DataFrame]) -> dict[str, np.ndarray]:
        needed = self._about().card.get("closes")
        return self.predict(
            **{each: windows(frame, needed, f"{self._model.name}: {each}") for each, frame in frames.items()}
        )

    def _signature(self, name: str) -> Signature:
        found = self._about().signatures
        if name not in found:
            raise ServingError(f"{self._model.name}: no signature {name!r}; it has {', '.join(found)}")
        return found[name]

    def _about(self) -> _About:
        if self._known is None:
            found, card = dict(sorted(self._transport.signatures(self._model).items())), {}
            if "describe" in found:
                given = {each: np.array([b""], object) for each in found["describe"].inputs}
                answer = self._transport.predict(self._model, "describe", found["describe"], given)
                card = json.loads(next(iter(answer.values()))[0])
            self._known = _About(found, card)
        return self._known
