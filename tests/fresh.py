"""Command lines in fresh processes: each has imported nothing of ours. What is not ours is imported once."""

import json
import os
import subprocess
import sys
from typing import NamedTuple

# A fork of a process that has only imported TensorFlow is as good as a new one, and four seconds cheaper.
_FORKS = """
import json, os, sys, tempfile
from seqmem_preload import *

for words in json.loads(sys.stdin.readline()):
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1), os.dup2(err.fileno(), 2)
            sys.argv = ["seqmem", *words]
            try:
                from seqmem.cli import main
                from tuning.__main__ import COMMANDS
                status = main(words, COMMANDS.values())
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


class Ended(NamedTuple):
    """How a command line ended: its exit status, what it printed, and which heavy packages it imported."""

    status: int
    out: str
    err: str
    imported: list[str]


def run(commands, *, preload=("pandas", "tensorflow", "keras"), cwd=None) -> list[Ended]:
    """Run each command line, 80 columns wide, in a fork of a process that has imported `preload`."""
    code = _FORKS.replace("from seqmem_preload import *", f"import {', '.join(preload)}" if preload else "")
    process = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps([[str(word) for word in words] for words in commands]),
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"COLUMNS": "80"},
        check=True,
    )
    return [Ended(*json.loads(line)) for line in process.stdout.splitlines()]
