"""Configs derived from ``__init__``: no class in seqmem writes ``get_config``."""

import inspect
from collections.abc import Mapping
from typing import Any, Self

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "seqmem: expected Keras's TensorFlow backend; set KERAS_BACKEND=tensorflow before Keras is imported. "
        f"Received: {keras.backend.backend()}"
    )


class Configured:
    """Remembers the arguments it was made with, so that Keras can write it down and make it again.

    A subclass is registered with Keras as it is defined, under ``<package>><class name>``. Every
    argument must be something Keras can serialise: numbers, strings, layers, cells, transforms.
    """

    _arguments: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        package = cls.__module__.partition(".")[0]
        keras.saving.register_keras_serializable(package=package)(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        new = super().__new__
        instance = new(cls) if new is object.__new__ else new(cls, *args, **kwargs)
        # Past Keras's attribute tracking: the same objects are tracked under their own names.
        object.__setattr__(instance, "_arguments", _bind(cls, args, kwargs))
        return instance

    def remember(self, **arguments: Any) -> None:
        """Write other arguments down than those that the object was made with: what it has learnt since."""
        self._arguments.update(arguments)

    def get_config(self) -> dict[str, Any]:
        """The arguments of ``__init__`` in a form that JSON can hold."""
        config = {key: keras.saving.serialize_keras_object(value) for key, value in self._arguments.items()}
        if isinstance(self, keras.layers.Layer):
            own = keras.layers.Layer.get_config(self)  # name, trainable, dtype
            config |= {key: value for key, value in own.items() if _accepts(type(self), key)}
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make the object that `get_config` wrote down."""
        with keras.saving.CustomObjectScope(dict(custom_objects or {})):
            return cls(**{key: keras.saving.deserialize_keras_object(value) for key, value in config.items()})


def _bind(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name; empty where they do not fit, so that `__init__` itself can complain."""
    signature = inspect.signature(cls.__init__)  # type: ignore[misc]
    try:
        bound = signature.bind(None, *args, **kwargs).arguments
    except TypeError:
        return {}
    first = next(iter(signature.parameters))
    named = {key: value for key, value in bound.items() if key != first}
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            named |= named.pop(parameter.name, {})
    return named


def _accepts(cls: type, name: str) -> bool:
    parameters = inspect.signature(cls.__init__).parameters  # type: ignore[misc]
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
