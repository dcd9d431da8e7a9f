"""``seqmem serve-config``: the files that TensorFlow Serving is started with."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqmem.commands.arguments import at_least_one

if TYPE_CHECKING:
    from rich.console import Console


def add_to(commands: Any) -> None:
    """Add the command to the command line."""
    parse = commands.add_parser(
        "serve-config",
        help="models.config and batching_parameters.txt for TensorFlow Serving",
        description="Write ROOT/models.config and ROOT/batching_parameters.txt for all models below ROOT. Of "
        "each model two versions are served: `canary`, the newest, and `stable`, which stays what it was "
        "until --stable moves it, forwards or back. A request that names neither goes to the newest. New "
        "versions are served once this has run again, and TensorFlow Serving has read the file again "
        "(--model_config_file_poll_wait_seconds). With --latest N it serves the newest N as they come "
        "instead; then `stable` goes when its version does. TensorFlow Serving must be started with "
        "--allow_version_labels_for_unavailable_models. Both files are written whole or not at all.",
    )
    add = parse.add_argument
    add("root", type=Path, metavar="ROOT", help="the folder of all models, as saved_models")
    add(
        "--stable",
        action="append",
        default=[],
        metavar="NAME=VERSION",
        help="make this version the stable one; as often as there are models",
    )
    add("--latest", type=at_least_one, metavar="N", help="serve the newest N of each model as they come")
    add("--seen-at", metavar="PATH", help="where the server sees ROOT: /models in its container (ROOT)")
    add("--max-batch", type=at_least_one, default=64, metavar="N", help="rows in one run of the graph (64)")
    add("--wait-micros", type=at_least_one, default=1000, metavar="N", help="to wait for a batch (1000)")
    add("--threads", type=at_least_one, metavar="N", help="batches that run at once (one for each core)")
    parse.set_defaults(command=run)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Write both files, and say which version is which.

    Raises:
        ValueError: a version that is not there, or an option that is no NAME=VERSION.
        FileNotFoundError: no models below the root.
    """
    from seqmem.files import written_whole
    from seqmem.serving.server import configs

    stable = dict(_version(text) for text in options.stable)
    models = configs.models_config(
        options.root, seen_at=options.seen_at, stable=stable, latest=options.latest
    )
    batching = configs.batching_parameters(
        max_batch=options.max_batch, wait_micros=options.wait_micros, threads=options.threads
    )
    for name, text in ((configs.BATCHING, batching), (configs.MODELS, models)):
        with written_whole(options.root / name) as draft:
            draft.write_text(text)
        console.print(f"wrote {options.root / name}", highlight=False, soft_wrap=True)
    for name, model in configs.read_models(options.root / configs.MODELS).items():
        labels = ", ".join(f"{label} {version}" for label, version in sorted(model.version_labels.items()))
        console.print(f"{name}: {labels}", highlight=False, soft_wrap=True)
    return 0


def _version(text: str) -> tuple[str, int]:
    name, _, version = text.rpartition("=")
    if not name or not version.isdecimal():
        raise ValueError(f"--stable: expected NAME=VERSION. Received: {text!r}")
    return name, int(version)
