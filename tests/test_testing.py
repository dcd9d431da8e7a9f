"""The public checks of a cell pass for all of ours, and catch a cell that breaks the contract."""

import keras
import pytest
from keras import ops
from samples import CELLS

from seqmem.cells import Cell, LSTMCell, RNNCell, Step, sigmoid, tanh
from seqmem.testing import check_cell, checks

USER = [sample for sample in CELLS if not sample.cell.__module__.startswith("seqmem")]


@pytest.mark.parametrize("sample", [*USER, CELLS[1]], ids=lambda sample: sample.cell.__name__)
def test_a_good_cell_passes(sample):
    check_cell(sample.cell)


@pytest.mark.slow
@pytest.mark.parametrize("sample", CELLS, ids=lambda sample: sample.cell.__name__)
def test_every_cell_of_ours_passes(sample):
    check_cell(sample.cell)


class Deaf(RNNCell):
    """Computes tanh, whatever was chosen."""

    def equations(self, x, r, states, sigmoid, _):
        h = tanh(x + r)
        return Step(h, (h,), {"hidden": h})


class Boasting(Cell):
    """Reports what it does not compute."""

    gates = {"update": sigmoid}

    def step(self, x, r, states):
        h = tanh(x + r)
        return Step(h, (h,), {"update": h})


class Stubborn(Cell):
    """Computes in float32, whatever its type."""

    gates = {"hidden": tanh}

    def step(self, x, r, states):
        h = tanh(ops.cast(x + r, "float32"))
        return Step(h, (h,), {"hidden": h})


class Short(LSTMCell):
    """Has a state less than it says."""

    def equations(self, *arguments):
        output, (h, _), gates = super().equations(*arguments)
        return Step(output, (h,), gates)


@pytest.mark.parametrize(
    ("cell", "check"),
    [
        (Deaf, "gates report activations"),
        (Boasting, "gates report activations"),
        (Stubborn, "types agree"),
        (Short, "states and output have their shapes"),
    ],
)
def test_a_bad_cell_is_caught_by_name(cell, check):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        dict(checks(cell))[check]()
    assert not isinstance(caught.value, KeyError)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        check_cell(cell)
    assert any("check_cell: " in note for note in caught.value.__notes__)


def test_what_is_no_cell_is_refused():
    with pytest.raises(TypeError, match="expected a seqmem.cells.Cell"):
        check_cell(keras.layers.LSTMCell)


def test_a_cell_that_ignores_what_it_is_handed_is_refused_when_it_is_built():
    with pytest.raises(ValueError, match="Deaf: its step computes with tanh where relu was chosen"):
        Deaf(3, activation="relu").build((None, 1))
    with pytest.raises(ValueError, match="Boasting: takes no activation: its step computes with what"):
        Boasting(3, activation="relu")
