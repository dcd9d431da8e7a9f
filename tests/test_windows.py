"""Windows by origin: gathered as slicing would, in any order, from one copy of the series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqmem.data import windows

SHAPES = st.tuples(st.integers(400, 2000), st.integers(1, 60), st.integers(1, 10))


@settings(max_examples=30)
@given(shape=SHAPES, batch_size=st.integers(1, 100), chunk_length=st.integers(1, 9))
def test_what_is_gathered_is_what_slicing_gives(shape, batch_size, chunk_length):
    length, context_length, horizon = shape
    last = np.arange(context_length + chunk_length - 2, length - horizon)[:batch_size]
    at = (last[:, None] - np.arange(chunk_length)[::-1]).astype("int32")
    rows = np.arange(length, dtype="float32")
    past, future = windows.gather(rows, at, context_length=context_length, horizon=horizon)
    for n, origin in enumerate(last):
        np.testing.assert_array_equal(past[n], np.arange(at[n, 0] - context_length + 1, origin + 1))
        np.testing.assert_array_equal(future[n], np.arange(origin + 1, origin + horizon + 1))
    pasts, futures = windows.split_chunks(past, future, chunk_length)
    for n, origin in enumerate(at.ravel()):
        np.testing.assert_array_equal(pasts[n], np.arange(origin - context_length + 1, origin + 1))
        np.testing.assert_array_equal(futures[n], np.arange(origin + 1, origin + horizon + 1))


@settings(max_examples=30)
@given(count=st.integers(1, 300), batch_size=st.integers(1, 100))
def test_in_order_every_origin_comes_once(count, batch_size):
    batches = list(windows.batches(np.arange(7, 7 + count), batch_size=batch_size))
    np.testing.assert_array_equal(np.concatenate(batches)[:, 0], np.arange(7, 7 + count))
    assert all(len(batch) == batch_size for batch in batches[:-1])


@settings(max_examples=20)
@given(
    count=st.integers(1, 300),
    batch_size=st.integers(1, 100),
    chunk_length=st.integers(1, 30),
    seed=st.integers(0, 2**31 - 1),
)
def test_an_epoch_is_whole_batches_of_consecutive_origins(count, batch_size, chunk_length, seed):
    at = np.setdiff1d(np.arange(count + chunk_length + 1), [chunk_length])  # with a hole
    starts = sum(set(range(one, one + chunk_length)) <= set(at) for one in at)
    sizes = {"batch_size": batch_size, "chunk_length": chunk_length}
    batches, steps = windows.shuffled_batches(at, **sizes, seed=seed)
    for epoch in (0, 1):
        examples = np.concatenate(list(batches.skip(epoch * steps).take(steps)))
        assert len(examples) == steps * min(batch_size, max(1, starts // chunk_length))
        assert (np.diff(examples) == 1).all()
        assert set(examples.ravel()) <= set(at)
        if chunk_length == 1:
            assert len(np.unique(examples)) == len(examples)  # none twice in an epoch


def test_the_order_is_new_each_epoch_and_the_same_for_a_seed():
    def epochs(seed, chunk_length):
        sizes = {"batch_size": 7, "chunk_length": chunk_length}
        batches, steps = windows.shuffled_batches(np.arange(10, 90), **sizes, seed=seed)
        rows = np.concatenate(list(batches.take(2 * steps)))
        return rows[: len(rows) // 2].tolist(), rows[len(rows) // 2 :].tolist()

    for chunk_length in (1, 4):
        assert epochs(1, chunk_length) == epochs(1, chunk_length)
        assert epochs(1, chunk_length)[0] != epochs(1, chunk_length)[1]
        assert epochs(1, chunk_length) != epochs(2, chunk_length)


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
        (
            lambda: windows.shuffled_batches(np.arange(10, 90, 2), batch_size=8, chunk_length=3),
            "expected 3 consecutive origins",
        ),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
