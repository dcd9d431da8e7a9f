"""Faults of cells and layers, for `tests/faults.py`: name, file, the right text, the wrong one, the tests."""

HABITS, ADJOINT = "tests/laws/test_keras_habits.py", "tests/laws/test_adjoint.py"
LAYERS = [
    (
        "whole numbers that are never cast",
        "seqmem/recurrence/layer.py",
        "sequences = keras.ops.cast(sequences, self.compute_dtype)\n        return super().call(",
        "return super().call(",
        HABITS,
    ),
    (
        "a frozen layer that trains once it is cloned",
        "seqmem/recurrence/drop_ins.py",
        "        trainable=cell.trainable,\n",
        "",
        HABITS,
    ),
    (
        "compiled in the midst of whatever is going on",
        "seqmem/recurrence/isolation.py",
        "return pool.submit(function, *arguments).result()",
        "return function(*arguments)",
        HABITS,
    ),
    (
        "a seed drawn once more",
        "seqmem/recurrence/drop_ins.py",
        "        seed=cell.seed_generator,\n",
        "",
        HABITS,
    ),
    (
        "weights read by a step that get no gradient",
        "seqmem/recurrence/adjoint.py",
        "            found[place] += d\n",
        "            pass\n",
        HABITS,
    ),
    (
        "a scan whose gradient takes the factors of the same step",
        "seqmem/recurrence/scan.py",
        "later = tf.concat([a[:, 1:], tf.zeros_like(a[:, :1])], 1)",
        "later = a",
        ADJOINT,
    ),
    (
        "blocks whose gradients come back in the wrong order",
        "seqmem/recurrence/compiled_loop.py",
        "d_xs.insert(0, d_x)",
        "d_xs.append(d_x)",
        ADJOINT,
    ),
    (
        "halves of a batch in a written loop that change places",
        "seqmem/recurrence/inference.py",
        "zip(*(way(*part) for part in parts), strict=True)",
        "zip(*(way(*part) for part in list(parts)[::-1]), strict=True)",
        "tests/laws/test_untrained.py",
    ),
    (
        "a second derivative without dropout's mask",
        "seqmem/recurrence/differentiable.py",
        "h = states[0] if keep is None else states[0] * keep",
        "h = states[0]",
        ADJOINT,
    ),
    (
        "cells that need not obey",
        "seqmem/cells/activated.py",
        "        self._check_that_it_obeys()\n",
        "",
        "tests/test_testing.py",
    ),
    (
        "an sLSTM that forgets its stabiliser",
        "seqmem/cells/slstm.py",
        "kept = ops.log_sigmoid(f) + m\n",
        "kept = ops.log_sigmoid(f)\n",
        "tests/laws/test_agree.py",
    ),
]
