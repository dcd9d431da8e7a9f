"""Windows by origin: no label in two parts, the same origins for every lookback, memory by the series."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqmem.data import windows
from seqmem.data.windows import origins, split

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


@given(shape=SHAPES, batch_size=st.integers(1, 100), labels=st.integers(1, 9))
def test_what_is_gathered_is_what_slicing_gives(shape, batch_size, labels):
    length, history, horizon = shape
    last = origins(0, length, history=history + labels - 1, horizon=horizon, length=length)[:batch_size]
    at = (last[:, None] - np.arange(labels)[::-1]).astype("int32")
    past, future = windows.gather(np.arange(length, dtype="float32"), at, history=history, horizon=horizon)
    for n, origin in enumerate(last):
        np.testing.assert_array_equal(past[n], np.arange(at[n, 0] - history + 1, origin + 1))
        np.testing.assert_array_equal(future[n], np.arange(origin + 1, origin + horizon + 1))
    pasts, futures = windows.split_chunks(past, future, labels)
    for n, origin in enumerate(at.ravel()):
        np.testing.assert_array_equal(pasts[n], np.arange(origin - history + 1, origin + 1))
        np.testing.assert_array_equal(futures[n], np.arange(origin + 1, origin + horizon + 1))


@given(count=st.integers(1, 300), batch_size=st.integers(1, 100))
def test_in_order_every_origin_comes_once(count, batch_size):
    batches = list(windows.batches(np.arange(7, 7 + count), batch_size=batch_size))
    np.testing.assert_array_equal(np.concatenate(batches)[:, 0], np.arange(7, 7 + count))
    assert all(len(batch) == batch_size for batch in batches[:-1])


@settings(max_examples=30)
@given(
    count=st.integers(1, 300),
    batch_size=st.integers(1, 100),
    labels=st.integers(1, 30),
    seed=st.integers(0, 2**31 - 1),
)
def test_an_epoch_is_whole_batches_of_consecutive_origins(count, batch_size, labels, seed):
    at = np.setdiff1d(np.arange(count + labels + 1), [labels])  # with a hole
    starts = sum(set(range(one, one + labels)) <= set(at) for one in at)
    batches, steps = windows.shuffled_batches(at, batch_size=batch_size, labels=labels, seed=seed)
    for epoch in (0, 1):
        examples = np.concatenate(list(batches.skip(epoch * steps).take(steps)))
        assert len(examples) == steps * min(batch_size, max(1, starts // labels))
        assert (np.diff(examples) == 1).all()
        assert set(examples.ravel()) <= set(at)
        if labels == 1:
            assert len(np.unique(examples)) == len(examples)  # none twice in an epoch


def test_the_order_is_new_each_epoch_and_the_same_for_a_seed():
    def epochs(seed, labels):
        batches, steps = windows.shuffled_batches(np.arange(10, 90), batch_size=7, labels=labels, seed=seed)
        rows = np.concatenate(list(batches.take(2 * steps)))
        return rows[: len(rows) // 2].tolist(), rows[len(rows) // 2 :].tolist()

    for labels in (1, 4):
        assert epochs(1, labels) == epochs(1, labels)
        assert epochs(1, labels)[0] != epochs(1, labels)[1]
        assert epochs(1, labels) != epochs(2, labels)


def test_memory_grows_with_the_series_not_with_its_product_with_the_lookback():
    """What a dataset holds is one copy of the series and of the origins, whatever is gathered from them."""
    values, at = np.arange(5000), np.arange(1000, 4000)
    batches = windows.pair_with_series(values, windows.shuffled_batches(at, batch_size=64)[0])
    assert 5000 * 4 <= _bytes(batches) <= 5000 * 4 + 3000 * 4 + 1000
    ((rows, chosen),) = batches.take(1)
    assert (rows.shape, chosen.shape) == ((5000,), (64, 1))


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
        (
            lambda: windows.shuffled_batches(np.arange(10, 90, 2), batch_size=8, labels=3),
            "expected 3 consecutive origins",
        ),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
