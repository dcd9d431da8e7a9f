"""Settings of a whole process, for programs that ask for them: importing seqmem sets none."""

import ctypes
import os

import tensorflow as tf

# of glibc's malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8


def configure_cpu(threads: int | None = None) -> None:
    """Set this process up to train recurrent layers on its CPU. Call it before TensorFlow has run anything.

    A compiled recurrence takes a shard of the batch to each core, so what pays is one thread for each shard,
    not several within an operation. And memory that was used once is kept: a training step takes and gives
    back megabytes, and otherwise spends a tenth of its time having them zeroed by the kernel again. Threads
    share as many heaps as there are cores, or each of TensorFlow's would keep its own.

    Args:
        threads: how many; by default the cores of the machine.

    Raises:
        RuntimeError: TensorFlow has already started its threads.
    """
    threads = threads or os.cpu_count() or 1
    if (
        tf.config.threading.get_intra_op_parallelism_threads() != 1
        or tf.config.threading.get_inter_op_parallelism_threads() != threads
    ):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    mallopt = getattr(
        ctypes.CDLL(None), "mallopt", None
    )  # glibc has it; others need no telling, or take none
    if mallopt is not None:
        for option, value in (
            (_M_MMAP_THRESHOLD, 1 << 30),
            (_M_TRIM_THRESHOLD, 1 << 30),
            (_M_TOP_PAD, 1 << 24),
            (_M_ARENA_MAX, threads),
        ):
            mallopt(option, value)
