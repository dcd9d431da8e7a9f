"""Fresh processes, which have imported nothing of ours. What is not ours is imported once for all of them."""

import atexit
import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

# A fork of a process that has only imported TensorFlow is as good as a new one, and three seconds cheaper.
_FORKS = """
import json, os, sys, tempfile
from seqmem_preload import *

for line in sys.stdin:
    code, words, folder = json.loads(line)
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1), os.dup2(err.fileno(), 2)
            os.chdir(folder)
            sys.argv, status = words, 0
            try:
                exec(code, {"__name__": "__main__"})
            except SystemExit as stop:
                status = stop.code
            except BaseException:
                import traceback
                traceback.print_exc()
                status = 99
            sys.stdout.flush(), sys.stderr.flush()
            heavy = {name.partition(".")[0] for name in sys.modules} & {"tensorflow", "keras"}
            os.write(1, ("\\n" + " ".join(sorted(heavy))).encode())
            os._exit(status or 0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0), err.seek(0)
        said, _, heavy = out.read().rpartition("\\n")
        print(json.dumps([status, said, err.read(), heavy.split()]), flush=True)
"""
_COMMAND = """
import sys
from seqmem.cli import main
from tuning.__main__ import COMMANDS
sys.exit(main(sys.argv[1:], COMMANDS.values()))
"""
HEAVY = ("pandas", "tensorflow", "keras")


class Ended(NamedTuple):
    """How a process ended: its exit status, what it printed, and which heavy packages it has imported."""

    status: int
    out: str
    err: str
    imported: list[str]


def run(commands, *, preload=HEAVY, cwd=".") -> list[Ended]:
    """Run each command line of ours, 80 columns wide, in a fork of a process that has imported `preload`."""
    return [_ended(_COMMAND, ["seqmem", *words], cwd, tuple(preload)) for words in commands]


def python(code, *words, cwd=".") -> str:
    """What code prints, `words` its arguments, where TensorFlow and Keras alone were imported before."""
    ended = _ended(code, ["-c", *words], cwd, HEAVY)
    assert ended.status == 0, ended.err
    return ended.out.strip()


def _ended(code, words, folder, preload):
    process = _forking(preload)
    asked = [code, [str(word) for word in words], str(Path(folder).resolve())]
    process.stdin.write(json.dumps(asked) + "\n")
    process.stdin.flush()
    return Ended(*json.loads(process.stdout.readline()))


@functools.cache
def _forking(preload):
    """One for all tests of a session."""
    code = _FORKS.replace("from seqmem_preload import *", f"import {', '.join(preload)}" if preload else "")
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "80"},
    )
    atexit.register(process.communicate)  # which closes its input
    return process
