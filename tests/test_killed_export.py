"""Kill an export at any moment: the versions are as before, or one more that is whole."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from seqmem.serving import ServedModel, export
from seqmem.serving.card_schema import read_card
from seqmem.serving.exporting.drafts import draft_in
from seqmem.serving.provenance import check_files

HERE = Path(__file__).parent
KILLS = 50
EXPORTER = """
import os, signal, sys, time
sys.path[:0] = sys.argv[2:]
from samples import adapted, random_walk, small_forecaster
from seqmem.serving.exporting.export import export
for line in sys.stdin:  # a child for each line: TensorFlow is imported once
    child = os.fork()
    if not child:
        forecaster = adapted(small_forecaster(), random_walk(100))
        print("begun", flush=True)
        while True:
            export(forecaster, sys.argv[1], name="m", at=time.time())  # else it is the same again
    time.sleep(float(line))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
"""


def _versions(home: Path) -> dict[str, dict]:
    """Every version, found whole: its card, by its name."""
    found = {}
    for folder in home.iterdir() if home.exists() else ():
        if folder.name.isdecimal():
            found[folder.name] = read_card(folder)
            check_files(folder, found[folder.name])
    return found


@pytest.mark.slow
def test_a_killed_export_leaves_what_was_or_one_more(tmp_path, fitted):
    draw = random.Random(0)
    process = subprocess.Popen(
        [sys.executable, "-c", EXPORTER, str(tmp_path), str(HERE), str(HERE.parent / "examples")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
    )
    before, drafts = {}, 0
    with process:
        for _ in range(KILLS):
            print(draw.uniform(0.5, 4.0), file=process.stdin, flush=True)
            while (line := process.stdout.readline()) != "killed\n":
                assert line == "begun\n", "the exporter died"
            after = _versions(tmp_path / "m")
            assert {name: after[name] for name in before} == before
            drafts += any((tmp_path / "m").glob(".draft-*"))
            before = after
        process.stdin.close()
    assert process.wait() == 0
    assert len(before) >= 5
    assert drafts >= 5  # enough kills came in the middle of an export
    ServedModel(tmp_path / "m")
    export(fitted, tmp_path, name="m")
    assert not list((tmp_path / "m").glob(".draft-*"))  # the next export sweeps up


def test_a_draft_of_an_export_that_runs_is_left_alone(tmp_path):
    """Its lock says so; that of a killed one is gone with its process."""
    dead = tmp_path / ".draft-dead"
    dead.mkdir()
    with draft_in(tmp_path) as other, draft_in(tmp_path) as draft:
        assert other.exists()
        assert draft.exists()
        assert not dead.exists()
    assert not list(tmp_path.iterdir())
