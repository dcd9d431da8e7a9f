"""TensorFlow Serving's gRPC, from a client's side, over grpcio."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import grpc
import numpy as np

from seqmem.serving.client.transport import BACKOFF, Model, ServerUnavailable, ServingError
from seqmem.serving.protocol.protos import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    GetModelStatusRequest,
    GetModelStatusResponse,
    ModelSpec,
    PredictRequest,
    PredictResponse,
    SignatureDefMap,
)
from seqmem.serving.protocol.signatures import Signature, signature
from seqmem.serving.protocol.tensors import to_array, to_proto

_STATES = {0: "UNKNOWN", 10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}


class Grpc:
    """TensorFlow Serving's gRPC. Args as for `transport`."""

    def __init__(self, url: str, *, timeout: float, retries: int) -> None:
        self._url, self._timeout = url, timeout
        policy = {
            "maxAttempts": min(5, 1 + retries),  # gRPC's own limit
            "initialBackoff": f"{BACKOFF}s",
            "maxBackoff": "5s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        }
        methods = [{"name": [{}], "waitForReady": False, **({"retryPolicy": policy} if retries else {})}]
        options = [
            ("grpc.service_config", json.dumps({"methodConfig": methods})),
            ("grpc.max_receive_message_length", -1),
        ]
        address = urlsplit(url).netloc
        if urlsplit(url).scheme == "grpcs":
            self._channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(), options)
        else:
            self._channel = grpc.insecure_channel(address, options)
        self._calls = {
            name: self._channel.unary_unary(
                f"/tensorflow.serving.{service}/{name}",
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=answer.FromString,
            )
            for service, name, answer in (
                ("PredictionService", "Predict", PredictResponse),
                ("PredictionService", "GetModelMetadata", GetModelMetadataResponse),
                ("ModelService", "GetModelStatus", GetModelStatusResponse),
            )
        }

    def predict(
        self, model: Model, name: str, found: Signature, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """What the signature `name` says of its inputs."""
        request = PredictRequest(model_spec=_model_spec(model, name))
        for each, values in inputs.items():
            request.inputs[each].CopyFrom(to_proto(values))
        answer = self._ask("Predict", model, request)
        return {each: to_array(proto) for each, proto in answer.outputs.items()}

    def signatures(self, model: Model) -> dict[str, Signature]:
        """The signatures of the model, by name."""
        request = GetModelMetadataRequest(model_spec=_model_spec(model), metadata_field=["signature_def"])
        answer = self._ask("GetModelMetadata", model, request)
        found = SignatureDefMap.FromString(answer.metadata["signature_def"].value).signature_def
        return {name: signature(one) for name, one in found.items()}

    def states(self, model: Model) -> dict[int, str]:
        """The state of each version: AVAILABLE, LOADING, ..."""
        answer = self._ask("GetModelStatus", model, GetModelStatusRequest(model_spec=_model_spec(model)))
        return {one.version: _STATES.get(one.state, "UNKNOWN") for one in answer.model_version_status}

    def close(self) -> None:
        """Give up the connections."""
        self._channel.close()

    def _ask(self, method: str, model: Model, request: Any) -> Any:
        try:
            return self._calls[method](request, timeout=self._timeout)
        except grpc.RpcError as error:
            status = error.code().name
            if status == "DEADLINE_EXCEEDED":
                raise ServerUnavailable(
                    f"{self._url}: no answer within {self._timeout:g} s", status
                ) from error
            kind = ServerUnavailable if status == "UNAVAILABLE" else ServingError
            raise kind(f"{self._url}: {model.name}: {status}: {error.details()}", status) from error


def _model_spec(model: Model, signature_name: str = "") -> ModelSpec:
    spec = ModelSpec(name=model.name, signature_name=signature_name, version_label=model.label or "")
    if model.version is not None:
        spec.version.value = model.version
    return spec
