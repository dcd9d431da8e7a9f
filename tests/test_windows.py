"""Windows by origin: no label in two parts, the same origins for every lookback, memory by the series."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqmem import windows
from seqmem.windows import origins, split

SHAPES = st.tuples(st.integers(400, 2000), st.integers(1, 60), st.integers(1, 10))


@given(shape=SHAPES)
def test_the_parts_share_no_label_and_leave_a_gap_of_the_horizon(shape):
    length, history, horizon = shape
    parts = split(length, history=history, horizon=horizon)
    labels = [{row for origin in part for row in range(origin + 1, origin + horizon + 1)} for part in parts]
    assert not labels[0] & labels[1]
    assert not labels[1] & labels[2]
    for before, after in itertools.pairwise(parts):
        assert after[0] - before[-1] == horizon
    assert parts.train[0] == history - 1
    assert parts.test[-1] == length - 1 - horizon
    assert min(labels[2]) == int(length * 0.7)  # the last 30% of the rows, whatever is read before them


@given(shape=SHAPES, other=st.integers(1, 60))
def test_validation_and_test_origins_do_not_depend_on_the_history(shape, other):
    length, history, horizon = shape
    for here, there in zip(
        split(length, history=history, horizon=horizon)[1:],
        split(length, history=other, horizon=horizon)[1:],
        strict=True,
    ):
        np.testing.assert_array_equal(here, there)


@given(shape=SHAPES, batch_size=st.integers(1, 100))
def test_a_dataset_gathers_what_slicing_gives(shape, batch_size):
    length, history, horizon = shape
    values = np.arange(length, dtype="float32")
    at = origins(0, length, history=history, horizon=horizon, length=length)[:: max(1, length // 40)]
    batches = list(
        windows.dataset(values, at, history=history, horizon=horizon, batch_size=batch_size, shuffle_seed=1)
    )
    got = {float(h[-1]): (h, f) for hs, fs in batches for h, f in zip(hs.numpy(), fs.numpy(), strict=True)}
    assert sorted(got) == list(at)
    for origin, (past, future) in got.items():
        np.testing.assert_array_equal(past, np.arange(origin - history + 1, origin + 1))
        np.testing.assert_array_equal(future, np.arange(origin + 1, origin + horizon + 1))


def test_the_shuffle_is_new_each_epoch_and_the_same_for_a_seed():
    def epochs(seed):
        batches = windows.dataset(
            np.arange(50), np.arange(10, 40), history=1, horizon=1, batch_size=30, shuffle_seed=seed
        )
        return [next(iter(batches))[0].numpy()[:, 0].tolist() for _ in range(2)]

    assert epochs(1) == epochs(1)
    assert epochs(1)[0] != epochs(1)[1]
    assert epochs(1) != epochs(2)


def test_memory_grows_with_the_series_not_with_its_product_with_the_lookback():
    """A graph's constants are what a dataset holds: one copy of the series, whatever the history."""
    sizes = []
    for history in (10, 1000):
        batches = windows.dataset(
            np.arange(5000), np.arange(1000, 4000), history=history, horizon=5, batch_size=64
        )
        sizes.append(_bytes(batches))
    assert 5000 * 4 <= sizes[0] == sizes[1] <= 2 * 5000 * 4


def _bytes(batches):
    """Bytes of the tensors that a dataset's functions capture and that its sources hold."""
    total, stack = 0, [batches]
    while stack:
        one = stack.pop()
        function = getattr(one, "_map_func", None)
        if function is not None:
            total += sum(np.asarray(tensor).nbytes for tensor in function.function.captured_inputs)
        total += sum(np.asarray(tensor).nbytes for tensor in getattr(one, "_tensors", []))
        stack.extend(one._inputs())
    return total


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: origins(0, 10, history=0, horizon=1, length=10), "history=0"),
        (lambda: origins(0, 10, history=9, horizon=2, length=10), "no window of 9 closes and 2 days ahead"),
        (lambda: split(100, history=5, horizon=2, test=1.0), "test=1.0"),
        (lambda: split(40, history=30, horizon=5), "no window"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
