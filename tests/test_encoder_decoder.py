"""The encoder-decoder: the whole final state is passed on, and truth is fed in training alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from samples import CELLS, NETWORKS

import seqmem
from seqmem.cells import GRUCell, LSTMCell
from seqmem.networks import Constant, EncoderDecoder, InverseSigmoid, Linear

INPUTS = np.random.default_rng(0).normal(size=(3, 9, 2)).astype("float32")


@pytest.mark.parametrize("sample", CELLS, ids=lambda sample: sample.cell.__name__)
def test_it_is_the_loop_of_its_docstring(sample):
    """Encoder over the window; its states to the decoder; each step fed the output before."""
    network = EncoderDecoder(sample.cell(4), sample.cell(4), horizon=4)
    outputs = network(INPUTS)
    assert outputs.shape == (3, 4, 1, 1)
    encoder, decoder, readout = network.encoder.cell, network.decoder, network.readout
    states = encoder.get_initial_state(3)
    for t in range(INPUTS.shape[1]):
        _, states = encoder(INPUTS[:, t], states)
    fed = INPUTS[:, -1, :1]
    for h in range(4):
        hidden, states = decoder(fed, states)
        fed = readout(hidden)
        np.testing.assert_allclose(outputs[:, h, 0], fed, atol=1e-6)


def test_every_state_reaches_the_decoder():
    """A gradient flows from the forecast through each state of v, cell states and lower layers too."""
    network = NETWORKS[5]()  # two stacked LSTMs a side
    network(INPUTS[..., :1])
    _, *states = network.encoder(INPUTS[..., :1])
    flat = keras.tree.flatten(states)
    assert len(flat) == 4
    with tf.GradientTape() as tape:
        for state in flat:
            tape.watch(state)
        hidden, _ = network.decoder(INPUTS[:, -1, :1], keras.tree.pack_sequence_as(states, flat))
        loss = tf.reduce_sum(network.readout(hidden) ** 2)
    assert all(np.abs(gradient).max() > 0 for gradient in tape.gradient(loss, flat))


def _forced(schedule):
    network = EncoderDecoder(GRUCell(4), GRUCell(4), horizon=3, teacher_forcing=schedule, seed=1)
    network(INPUTS)
    return network


TRUTH = np.random.default_rng(1).normal(size=(2, 3, 3, 1)).astype("float32") * 5


def test_truth_is_never_fed_outside_training():
    network = _forced(Constant(1.0))
    here, there = (network(INPUTS, teacher=truth) for truth in TRUTH)
    np.testing.assert_array_equal(here, there)
    np.testing.assert_array_equal(here, network(INPUTS))


def test_truth_is_fed_in_training_from_the_second_step_on():
    network = _forced(Constant(1.0))
    here, there = (np.asarray(network(INPUTS, teacher=truth, training=True)) for truth in TRUTH)
    np.testing.assert_array_equal(here[:, 0], there[:, 0])
    assert (here[:, 1:] != there[:, 1:]).all()
    never = _forced(Constant(0.0))
    here, there = (np.asarray(never(INPUTS, teacher=truth, training=True)) for truth in TRUTH)
    np.testing.assert_array_equal(here, there)


def test_the_schedule_counts_training_steps():
    network = _forced(Linear(steps=4))
    for step in range(6):
        assert int(network.iteration) == step
        network(INPUTS, teacher=TRUTH[0], training=True)
        network(INPUTS)
    here, there = (np.asarray(network(INPUTS, teacher=truth, training=True)) for truth in TRUTH)
    np.testing.assert_array_equal(here, there)  # the schedule is over


@pytest.mark.parametrize("schedule", [Linear(steps=50), InverseSigmoid(30.0), Constant(0.3)])
def test_schedules_are_probabilities_that_never_rise(schedule):
    steps = np.arange(0, 10_000, 13, dtype="float32")
    probabilities = np.array([float(schedule.probability(tf.constant(step))) for step in steps])
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert (np.diff(probabilities) <= 0).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: EncoderDecoder(LSTMCell(4), GRUCell(4)), r"Expected: \[4, 4\]. Received: \[4\]"),
        (lambda: EncoderDecoder(LSTMCell(4), LSTMCell(5)), r"Expected: \[4, 4\]. Received: \[5, 5\]"),
        (lambda: EncoderDecoder([GRUCell(4), GRUCell(3)], GRUCell(4)), "bridge=seqmem.DenseBridge"),
        (lambda: EncoderDecoder(GRUCell(4), GRUCell(4), horizon=0), "horizon=0"),
        (lambda: NETWORKS[0]()(INPUTS[..., 0]), r"inputs must be \[B, T, F\]. Received: \(3, 9\)"),
        (
            lambda: _forced(Constant(1.0))(INPUTS, teacher=TRUTH[0, :, :2], training=True),
            r"teacher must be \[B, 3, 1\]. Received: \(3, 2, 1\)",
        ),
        (lambda: EncoderDecoder(seqmem.LSTM(4), seqmem.LSTM(4)), "expected a cell, such as LSTMCell"),
        (lambda: EncoderDecoder(LSTMCell, GRUCell), "expected a cell, such as LSTMCell"),
        (lambda: EncoderDecoder([], []), "an empty list"),
        (lambda: EncoderDecoder(*[GRUCell(4)] * 2), "Received: the same one"),
        (lambda: EncoderDecoder(GRUCell(4), GRUCell(4), teacher_forcing=0.5), "must be a Schedule"),
        (lambda: Constant(1.5), "probability=1.5"),
        (lambda: Linear(steps=0), "steps=0"),
        (lambda: InverseSigmoid(0.5), "k=0.5"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
