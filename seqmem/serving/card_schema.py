"""Read a card: what it must hold, and of which types, is checked by msgspec. Imports nothing slow."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from seqmem.serving.safe_files import CARD, read_bytes

MOST_CARD = 2**22  # bytes

Size = Annotated[int, msgspec.Meta(ge=1, le=10**6)]
Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Row = Annotated[list[float | list[float]], msgspec.Meta(min_length=1)]
Rows = Annotated[list[Row], msgspec.Meta(min_length=1)]


class Example(msgspec.Struct):
    """A window and what is forecast from it: [1, T] and [1, H] (quantiles [1, H, Q]) by name."""

    inputs: dict[str, Rows]
    outputs: dict[str, Rows]


class Data(msgspec.Struct):
    """What the model was made from: one series, or a panel of them."""

    column: str
    fingerprint: Hash | None = None
    rows: Size | None = None
    first: str | None = None
    last: str | None = None
    series: dict[str, dict[str, Any]] | None = None
    doubts: list[str] = []


class Dates(msgspec.Struct):
    """The last dates that the model knows: of training, the first and last of its scores, and of its data."""

    trained: str | None = None
    scored: tuple[str, str] | None = None
    data: str | None = None


class Card(msgspec.Struct, kw_only=True):
    """The part of a card that programs read; what else stands in it is for people."""

    format: Annotated[int, msgspec.Meta(ge=2, le=2)]
    name: str
    created: str
    input: Annotated[dict[str, tuple[str, str]], msgspec.Meta(min_length=1)]
    output: Annotated[dict[str, list[str | Size]], msgspec.Meta(min_length=1)]
    columns: Annotated[list[str], msgspec.Meta(min_length=1)]
    positive: bool = True
    quantity: dict[str, Any]
    lookback: Size
    context_length: Size
    horizons: Annotated[list[Size], msgspec.Meta(min_length=1)]
    point: Literal["mean", "median"]
    levels: list[Annotated[float, msgspec.Meta(gt=0, lt=1)]] = []
    calendar: dict[str, Any] | None = None
    signatures: list[str]
    parameters: Annotated[int, msgspec.Meta(ge=0)]
    weights: Hash
    example: Example
    config: dict[str, Any]
    transform: dict[str, float | None]
    versions: dict[str, str]
    operations: list[str]
    files: Annotated[dict[str, Hash], msgspec.Meta(min_length=1)]
    data: Data | None = None
    dates: Dates | None = None
    training: dict[str, bool | int | float | None] | None = None


def check_schema(about: Any) -> None:
    """Refuse what is no card.

    Raises:
        ValueError: a field that is not there, or of another type or value; fields that contradict each other.
    """
    card = msgspec.convert(about, Card)
    for side, names, given in (
        ("inputs", card.input, card.example.inputs),
        ("outputs", card.output, card.example.outputs),
    ):
        if set(names) != set(given):
            raise ValueError(f"expected example {side} {', '.join(names)}. Received: {', '.join(given)}")
    if len(card.input) != len(card.columns):
        raise ValueError(f"expected an input for each of {card.columns}. Received: {', '.join(card.input)}")
    lengths = dict.fromkeys(card.input, card.context_length) | dict.fromkeys(card.output, len(card.horizons))
    for name, rows in (card.example.inputs | card.example.outputs).items():
        if any(len(row) != lengths[name] for row in rows):
            raise ValueError(f"expected {lengths[name]} numbers a row in the example's {name}")
    for name, (_, size, *_) in card.output.items():
        if size != len(card.horizons):
            raise ValueError(f"expected {len(card.horizons)} numbers of {name}. Received: {size}")


def read_card(folder: Path) -> dict[str, Any]:
    """The card of an exported version.

    Raises:
        ValueError: none, or none that seqmem wrote: a field that is missing, or of the wrong type or value.
    """
    try:
        about: dict[str, Any] = json.loads(read_bytes(folder / CARD, MOST_CARD))
        check_schema(about)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{folder}: not a model that seqmem exported: {CARD}: {error}"[:500]) from error
    return about
