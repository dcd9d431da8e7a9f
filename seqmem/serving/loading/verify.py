"""Whether an exported folder is still what was exported."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqmem.serving.card_schema import read_card
from seqmem.serving.folders import newest
from seqmem.serving.loading.load import load
from seqmem.serving.loading.served import ServedModel
from seqmem.serving.provenance import check_files, operations, weights_hash
from seqmem.serving.safe_files import DamagedModel

CLOSE = 1e-6  # relative: what float32 allows between two ways of computing one number


class Finding(NamedTuple):
    """One thing that was looked at and found in order."""

    what: str
    found: str


def verify(path: str | Path) -> list[Finding]:
    """Check an exported version, or the newest version of a model; say what was found in order.

    First the files, by their hashes, and the card, by the one in the graph, before anything in them is
    loaded; then the operations of the graph, and the weights of ``model.keras``;
    then the forecast that the card holds as an example, as Python makes it and as a server does. It finds
    damage. Who can write the folder can also write a card to match: it is no proof of origin.

    Raises:
        FileNotFoundError: no model there.
        DamagedModel: what is not as it was exported.
        ValueError: a folder that seqmem did not export.
    """
    folder = newest(path)
    about = read_card(folder)
    check_files(folder, about)
    findings = [Finding("files", f"{len(about['files'])} with the hashes of the card")]
    if strange := set(operations(folder)) ^ {*about["operations"]}:
        raise DamagedModel(f"{folder}: operations: the card and the graph differ in {sorted(strange)[:5]}")
    forecaster = load(folder)
    found = weights_hash(forecaster.weights)
    if found != about["weights"]:
        raise DamagedModel(f"{folder}: weights: expected the hash {about['weights']}. Received: {found}")
    findings.append(Finding("weights", f"{about['parameters']}, hash {found[:12]}..."))
    inputs = {name: np.asarray(values, "float32") for name, values in about["example"]["inputs"].items()}
    history = np.stack(list(inputs.values()), -1)
    ways: dict[str, Callable[[], Any]] = {
        "Python's forecast": lambda: forecaster.outputs(forecaster.respond(history, training=False)),
        "the served forecast": lambda: ServedModel(folder).answer(**inputs),
    }
    for what, ask in ways.items():
        answer = ask()
        for name, expected in about["example"]["outputs"].items():
            wrong = float(np.max(np.abs(np.asarray(answer[name]) / np.asarray(expected) - 1)))
            if not wrong <= CLOSE:
                raise DamagedModel(f"{folder}: {what} of the example: {name} is off by {wrong:.2g}, relative")
        findings.append(Finding(what, f"as in the card, to {CLOSE:g}"))
    return findings
