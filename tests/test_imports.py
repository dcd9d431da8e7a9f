"""Importing is quick, silent and changes nothing."""

import subprocess
import sys

import fresh
import pytest

HEAVY = ("tensorflow", "keras", "keras_tuner", "numpy", "pandas", "arch", "matplotlib", "rich")


@pytest.mark.parametrize(
    "code",
    [
        "import seqmem, tuning; dir(seqmem)",
        "import seqmem.cli, tuning.__main__ as t; seqmem.cli.parser(t.COMMANDS.values())",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_used(code):
    check = f"{code}\nimport sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "" == run.stderr.strip()


def test_every_public_name_is_there():
    import seqmem
    import tuning

    for package in (seqmem, tuning):
        for name in package.__all__:
            assert getattr(package, name).__module__.startswith(("seqmem.", "tuning.")), name
        with pytest.raises(AttributeError, match="attribute nonsense"):
            _ = package.nonsense


def test_importing_sets_no_global_state_and_a_process_prepared_has_the_threads_that_were_asked_for():
    """And can no longer be prepared once it ran."""
    code = (
        "import os, warnings, keras, tensorflow as tf\n"
        "state = lambda: (dict(os.environ), keras.config.floatx(), keras.config.dtype_policy().name,\n"
        "    tf.config.threading.get_intra_op_parallelism_threads(), list(warnings.filters))\n"
        "before = state()\n"
        "import seqmem, tuning\n"
        "for package in (seqmem, tuning):\n"
        "    [getattr(package, name) for name in package.__all__]\n"
        "after = state()\n"
        "print([a == b for a, b in zip(before[:4], after[:4])])\n"
        "from seqmem.process import configure_cpu\n"
        "configure_cpu(3); configure_cpu(2)\n"
        "tf.constant(1.0) + 1\n"
        "configure_cpu(2)  # as it is: nothing to do\n"
        "print(tf.config.threading.get_intra_op_parallelism_threads(),\n"
        "    tf.config.threading.get_inter_op_parallelism_threads())\n"
        "try: configure_cpu(1)\n"
        "except RuntimeError: print('too late')"
    )
    assert fresh.python(code).splitlines() == ["[True, True, True, True]", "1 2", "too late"]
