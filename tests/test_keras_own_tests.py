"""Keras's own tests of recurrent layers, from the installed package, with our classes in place of Keras's.

Each runs as it is, and again with every call of a layer on the compiled loops.
"""

import importlib.util

import keras
import pytest
from keras.src import layers

import seqmem
from seqmem.recurrence import compiled

OURS = {
    "SimpleRNN": seqmem.SimpleRNN,
    "LSTM": seqmem.LSTM,
    "GRU": seqmem.GRU,
    "RNN": seqmem.Recurrent,
    "SimpleRNNCell": seqmem.RNNCell,
    "LSTMCell": seqmem.LSTMCell,
    "GRUCell": seqmem.GRUCell,
}
FILES = ("simple_rnn", "lstm", "gru", "rnn", "bidirectional", "stacked_rnn_cells", "time_distributed")
EXCEPTIONS: dict[tuple[str, str], str] = {}  # (file, method): why it cannot pass. None is needed
FITS_MANY = ("stacked_rnn_cells", "rnn", "lstm", "gru")


def _is_slow(file, method, on):
    """What fits many models; and compiled, what is of Keras's own layers around ours."""
    return (method == "test_basics" and (on or file in FITS_MANY)) or (on and file == "time_distributed")


class _Layers:
    """Keras's `layers`, with ours in it."""

    def __getattr__(self, name):
        return OURS.get(name) or getattr(layers, name)


def _cases(file):
    """The test cases of one of Keras's files, their `layers` replaced."""
    spec = importlib.util.find_spec(f"keras.src.layers.rnn.{file}_test")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.layers = _Layers()
    own = [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]
    return [one for one in own if hasattr(one, "setUp")]  # not its cells


def _adapted(case, file, *, on):
    """A test case of Keras's for pytest, with every call compiled where `on`."""

    def set_up(self):
        case.setUp(self)
        self.addCleanup(keras.config.enable_traceback_filtering)
        if on:
            self.enterContext(compiled(True))

    name = f"Test_{file}_{'compiled' if on else 'as_it_is'}"
    adapted = type(name, (case,), {"setUp": set_up, "__module__": __name__})
    for method in [one for one in dir(case) if one.startswith("test")]:
        marks = []
        reason = EXCEPTIONS.get((file, method))
        if reason:
            marks.append(pytest.mark.xfail(strict=True, reason=reason))
        if _is_slow(file, method, on):
            marks.append(pytest.mark.slow)
        for mark in marks:

            def marked(self, method=method):
                return getattr(super(type(self), self), method)()

            setattr(adapted, method, mark(marked))
    return name, pytest.mark.filterwarnings("default")(adapted)


for _file in FILES:
    for _case in _cases(_file):
        for _on in (False, True):
            _name, _made = _adapted(_case, _file, on=_on)
            globals()[_name] = _made

del _case, _made  # pytest would collect them once more
