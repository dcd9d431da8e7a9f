"""A client of an exported model, wherever it is served: closes in, dated forecasts out. No TensorFlow."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from seqmem.data.dataset import Dataset, PriceData
from seqmem.data.splits import Origins
from seqmem.evaluation.forecast import Forecast
from seqmem.serving.client.transport import Model, ServerUnavailable, ServingError, transport
from seqmem.serving.protocol.signatures import Signature
from seqmem.serving.protocol.tensors import DTYPES
from seqmem.serving.questions import as_forecast, inputs_of, origins_of

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

    def forecast(self, data: PriceData, origins: Origins = None) -> Forecast:
        """The forecast from each origin, by default from the last row of each series; dated by the card.

        Args:
            data: a series or a panel (its series are one batch); see `seqmem.read`.
            origins: rows, dates, a slice or a mask.

        Raises:
            PriceError: prices that will not do: by series, row and date.
            ServingError: the server's error; a model without a card.
        """
        card = self._card()
        data, rows = origins_of(data, origins, card)
        answer = self._answer_of(data, rows, card)
        if answer is None:  # another version came meanwhile
            card = self._card()
            data, rows = origins_of(data, origins, card)
            answer = self.predict(**inputs_of(data, rows, card))
        return as_forecast(data, rows, answer, card)

    def _answer_of(
        self, data: Dataset, rows: dict[str, np.ndarray], card: Mapping[str, Any]
    ) -> dict[str, np.ndarray] | None:
        """`serving_default`; None, and the server's word forgotten, if another version has come meanwhile."""
        before = self._about()
        try:
            answer = self.predict(**inputs_of(data, rows, card))
        except ServerUnavailable:
            raise
        except ServingError:
            self.refresh()
            if self._about() == before:
                raise
            return None
        expected = {name: list(shape[1:]) for name, shape in card["output"].items()}
        if {name: list(np.shape(values)[1:]) for name, values in answer.items()} == expected:
            return answer
        self.refresh()
        return None

    def _card(self) -> dict[str, Any]:
        card = self._about().card
        if not card:
            raise ServingError(f"{self._model.name}: no card (no signature `describe`): use predict()")
        return card

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
