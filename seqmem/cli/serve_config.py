"""``seqmem serve-config``: the files that TensorFlow Serving is started with."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from seqmem.cli.command import Command
from seqmem.cli.options import whole

if TYPE_CHECKING:
    from rich.console import Console


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add the folder of all models, which versions are stable, and how requests are batched."""
    add = parse.add_argument
    add("root", type=Path, metavar="ROOT", help="the folder of all models, as saved_models")
    add(
        "--stable",
        type=_version,
        action="append",
        default=[],
        metavar="NAME=VERSION",
        help="make this version the stable one; once for each model",
    )
    add("--latest", type=whole(1), metavar="N", help="serve the newest N of each model as they come")
    add(
        "--seen-at",
        metavar="PATH",
        help="where the server sees ROOT, such as /models in its container (ROOT)",
    )
    add("--max-batch", type=whole(1), default=64, metavar="N", help="rows in one run of the graph (64)")
    add(
        "--wait-micros",
        type=whole(1),
        default=1000,
        metavar="N",
        help="microseconds to wait for a batch (1000)",
    )
    add("--threads", type=whole(1), metavar="N", help="batches that run at once (one for each core)")


def check(options: argparse.Namespace) -> None:
    """Refuse versions that are not there: both files are made as texts, and nothing is written."""
    _texts(options)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Write both files, and say which version is which."""
    from seqmem.files import written_whole
    from seqmem.serving.server import configs

    for name, text in _texts(options).items():
        with written_whole(options.root / name) as draft:
            draft.write_text(text)
        console.print(f"wrote {options.root / name}", highlight=False, soft_wrap=True)
    for name, model in configs.read_models(options.root / configs.MODELS).items():
        labels = ", ".join(f"{label} {version}" for label, version in sorted(model.version_labels.items()))
        console.print(f"{name}: {labels}", highlight=False, soft_wrap=True)
    return 0


def _texts(options: argparse.Namespace) -> dict[str, str]:
    """What is to be written, by the name of the file; models.config last: a server reads it again."""
    from seqmem.serving.server import configs

    batching = configs.batching_parameters(
        max_batch=options.max_batch, wait_micros=options.wait_micros, threads=options.threads
    )
    models = configs.models_config(
        options.root, seen_at=options.seen_at, stable=dict(options.stable), latest=options.latest
    )
    return {configs.BATCHING: batching, configs.MODELS: models}


def _version(text: str) -> tuple[str, int]:
    name, _, version = text.rpartition("=")
    if not name or not version.isdecimal():
        raise argparse.ArgumentTypeError(f"expected NAME=VERSION, received {text!r}")
    return name, int(version)


COMMAND = Command(
    name="serve-config",
    group="Exported models",
    summary="write the files that TensorFlow Serving is started with",
    description="Write ROOT/models.config and ROOT/batching_parameters.txt for all models below ROOT. Of "
    "each model two versions are served: `canary`, the newest, and `stable`, which stays what it was until "
    "--stable moves it, forwards or back. A request that names neither goes to the newest. New versions are "
    "served once this has run again, and TensorFlow Serving has read the file again "
    "(--model_config_file_poll_wait_seconds). With --latest N it serves the newest N as they come instead; "
    "then `stable` goes when its version does. TensorFlow Serving must be started with "
    "--allow_version_labels_for_unavailable_models. Both files are written whole or not at all.",
    add_options=add_options,
    check=check,
    run=run,
)
