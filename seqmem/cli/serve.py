"""``seqmem serve``: TensorFlow Serving's REST protocol, without Docker."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from seqmem.cli.command import Command
from seqmem.cli.options import check_extra, seconds, whole
from seqmem.serving.folders import check_room

if TYPE_CHECKING:
    from rich.console import Console

LIMITS = (
    ("max-request-bytes", 8_000_000, "larger bodies are refused with 413"),
    ("max-batch", 4096, "rows in a request; more are refused with 400"),
    ("max-answer", 1_000_000, "numbers in an answer; more are refused with 400"),
    (
        "max-held-bytes",
        128_000_000,
        "bytes of unfinished requests and unread answers; the largest are given up",
    ),
    ("concurrency", 64, "requests held at once; more are refused with 429"),
    ("max-connections", 1000, "connections held at once; more get 503"),
    ("threads", 2, "requests that are computed at once"),
)


def add_options(parse: argparse.ArgumentParser) -> None:
    """Add a folder, an address and the limits."""
    add = parse.add_argument
    add("path", type=Path, metavar="DIR", help="saved_models/NAME, or saved_models for all of its models")
    add("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    add(
        "--port",
        type=whole(0, 65535),
        default=8501,
        help="the port to listen on; 0 for any that is free (8501)",
    )
    for name, default, about in LIMITS:
        add(f"--{name}", type=whole(1), default=default, metavar="N", help=f"{about} ({default})")
    for name, number, about in (
        (
            "request-timeout",
            10.0,
            "seconds for a request to arrive whole, then 408; and for a client to read on",
        ),
        ("poll", 1.0, "seconds between looks for new versions"),
        ("grace", 10.0, "seconds for running requests to end after SIGTERM; then it exits all the same"),
        ("load-timeout", 60.0, "seconds for a version to load before the others are looked at"),
    ):
        add(f"--{name}", type=seconds, default=number, metavar="N", help=f"{about} ({number:g})")
    add(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that requests may give as Host, beside addresses, localhost and --host; '*' for any",
    )
    about = "keep a log of all forecasts there, in Parquet, for `seqmem monitor --log`"
    add("--log", type=Path, metavar="DIR", help=about)
    about = "bytes of that log; where it has more, the oldest file goes (256000000)"
    add("--log-bytes", type=whole(1), default=256_000_000, metavar="N", help=about)
    add("--lenient", action="store_true", help="take any Content-Type for JSON, as TensorFlow Serving does")


def check(options: argparse.Namespace) -> None:
    """Refuse a folder without models, and an extra that is not installed."""
    from seqmem.serving.server.aspired import AspiredVersions

    check_extra("server", "starlette", "uvicorn", "prometheus_client", "orjson")
    AspiredVersions(options.path)
    if options.log is not None:
        check_room(options.log)


def run(options: argparse.Namespace, console: "Console") -> int:
    """Serve until SIGTERM or Ctrl-C."""
    from seqmem.serving.server.process import Limits, serve

    limits = Limits(**{field.name: getattr(options, field.name) for field in fields(Limits)})

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    serve(
        options.path,
        host=options.host,
        port=options.port,
        poll=options.poll,
        limits=limits,
        say=say,
        allow_hosts=options.allow_host,
        lenient=options.lenient,
        log=options.log,
        log_bytes=options.log_bytes,
    )
    return 0


COMMAND = Command(
    name="serve",
    group="Exported models",
    summary="answer TensorFlow Serving's REST protocol, without Docker",
    description="Serve a model, or all models of a folder, by TensorFlow Serving's REST protocol: "
    "/v1/models/NAME (status), /metadata, :predict, /versions/N, /labels/LABEL, and /metrics for "
    "Prometheus. The newest version is served; a newer one is loaded when it appears, and the old one "
    "finishes its requests. Where the folder of all models has a models.config (seqmem serve-config), it "
    "says which versions and labels are served. For development and small deployments: one process, no TLS "
    "and no login, so keep it on 127.0.0.1 or behind a proxy; use TensorFlow Serving for the rest. "
    "A SavedModel is a program: serve only those you trust.",
    add_options=add_options,
    check=check,
    run=run,
)
