"""The card as a page that people read: ``CARD.md``."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

PAGE = "CARD.md"
LIMITS = (
    "It was trained and scored on the data named above, and on nothing else. Other series, frequencies and "
    "regimes are untested.",
    "A forecast is a statistical mean, not a promise and not advice; where the verdict says that no edge was "
    "found, the forecast is no better than the naive one.",
    "Prices must be adjusted for splits, complete and in order; what is not finite and above 0, it refuses.",
    "A SavedModel is a program: run one whose origin you know. `seqmem verify` finds damage, not malice.",
)


FINAL = (
    "This model is trained on all rows, and nothing was held back to score it on. The scores are those of "
    "the same configuration, trained on the rows before those that it was scored on."
)


def page(about: Mapping[str, Any]) -> str:
    """What ``card.json`` holds, as Markdown."""
    parts = [f"# {about['name']}", *_sections(about)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _sections(about: Mapping[str, Any]) -> Iterable[str]:
    yield str(about.get("verdict") or "")
    inputs = ", ".join(f"`{name}` [B, at least {about['context_length']}]" for name in about["input"])
    shapes = {name: ", ".join(map(str, shape[1:])) for name, shape in about["output"].items()}
    outputs = ", ".join(f"`{name}` [B, {shape}]" for name, shape in shapes.items())
    yield f"In: {inputs}, prices, oldest first. Out: {outputs}.\n\nSignatures: " + ", ".join(
        f"`{name}`" for name in about.get("signatures", ["serving_default"])
    )
    if "data" in about:
        yield "## Data\n\n" + _table(about["data"])
    if about.get("dates"):
        last = {"trained": "trained on rows up to", "scored": "scored on", "data": "last row of the data"}
        yield "## Dates\n\n" + _table({last.get(name, name): at for name, at in about["dates"].items()})
    if about.get("final"):
        yield FINAL
    if about.get("update", {}).get("comparison"):
        title = f"## Beside version {about['update']['version']}, on rows that neither had seen"
        yield f"{title}\n\n" + _rows(about["update"]["comparison"])
    if "hyperparameters" in about:
        yield "## Configuration\n\n" + _table(about["hyperparameters"])
    if "trials" in about:
        trials, tuner, seed = (about.get(name, "?") for name in ("trials", "tuner", "seed"))
        yield f"The best of {trials} trials by {tuner}, seed {seed}."
    if "space" in about:
        yield "## Search space\n\n" + _table(about["space"])
    if about.get("scores"):
        yield "## Scores on the test part, beside the baselines\n\n" + _rows(about["scores"])
    yield "## Limits of use\n\n" + "\n".join(f"- {limit}" for limit in LIMITS)
    yield "## Made with\n\n" + _table(about["versions"] | {"created": about["created"]})
    yield f"Weights: {about['parameters']}, SHA-256 `{about['weights']}`."


def _table(values: Mapping[str, Any]) -> str:
    return _rows([{"what": name, "value": value} for name, value in values.items()])


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table of rows that share their keys."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([_cell(row.get(name)) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
