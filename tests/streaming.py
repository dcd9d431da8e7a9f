"""Law: a stream of steps says what a window of the same rows says."""

import numpy as np

from seqmem.data.reading import read
from seqmem.models.forecaster import Forecaster
from seqmem.serving import ServedModel
from seqmem.serving.questions import input_names

MORE = 4  # rows after the window


def assert_a_stream_is_a_window(forecaster: Forecaster, served: ServedModel, prices) -> None:
    """Two streams through `step` from nothing, two windows through `serving_default` and `start`."""
    signatures = served._model.signatures
    start, step, window = (signatures[name] for name in ("start", "step", "serving_default"))
    levels = forecaster.target.to_array(read(prices).frame)
    context, warmup = forecaster.context_length, forecaster.target.warmup
    rows = np.stack([levels[at : at + context + MORE] for at in (40, 97)]).astype("float32")

    inputs = step.structured_input_signature[1]
    names = forecaster.target.columns
    windows = input_names(names)
    first = {name: rows[:, :context, n] for n, name in enumerate(windows)}
    expected = {name: values.numpy() for name, values in window(**first).items()}
    begun = {name: values.numpy() for name, values in start(**first).items()}
    state = {
        name: np.zeros([2, *spec.shape[1:]], "float32") for name, spec in inputs.items() if name not in names
    }
    said = []
    for n in range(context + MORE):
        found = step(**{name: rows[:, n, k] for k, name in enumerate(names)}, **state)
        state = {name: found[name].numpy() for name in state}
        said.append({name: found[name].numpy() for name in expected})
        if n == context - 1:
            for name, values in state.items():
                np.testing.assert_allclose(begun[name], values, atol=1e-6)
    for name, values in expected.items():
        np.testing.assert_allclose(begun[name], values, rtol=1e-6)
        np.testing.assert_allclose(said[context - 1][name], values, rtol=1e-6)
        assert np.isnan(
            [one[name] for one in said[:warmup]]
        ).all()  # what a transform looks back on is not there
        assert np.isfinite([one[name] for one in said[warmup:]]).all()
