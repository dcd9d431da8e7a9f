"""What a card must hold, and of which types: msgspec checks what is read back."""

from typing import Annotated, Any

import msgspec

Size = Annotated[int, msgspec.Meta(ge=1, le=10**6)]
Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Rows = Annotated[list[Annotated[list[float], msgspec.Meta(min_length=1)]], msgspec.Meta(min_length=1)]


class Example(msgspec.Struct):
    """A window and what is forecast from it: [1, T] and [1, H] by name."""

    inputs: dict[str, Rows]
    outputs: dict[str, Rows]


class Data(msgspec.Struct):
    """The series that the model was made from."""

    fingerprint: Hash
    column: str
    rows: Size
    first: str
    last: str


class Card(msgspec.Struct, kw_only=True):
    """The part of a card that programs read; what else stands in it is for people."""

    name: str
    created: str
    input: Annotated[dict[str, tuple[str, str]], msgspec.Meta(min_length=1)]
    output: Annotated[dict[str, tuple[str, Size]], msgspec.Meta(min_length=1)]
    lookback: Size
    closes: Size
    horizon: Size
    horizons: list[Size] = []
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
    lengths = {name: card.closes for name in card.input}
    lengths |= {name: size for name, (_, size) in card.output.items()}
    for name, rows in (card.example.inputs | card.example.outputs).items():
        if any(len(row) != lengths[name] for row in rows):
            raise ValueError(f"expected {lengths[name]} numbers a row in the example's {name}")
    for name, (_, size) in card.output.items():
        if size != (len(card.horizons) or card.horizon):
            raise ValueError(
                f"expected {len(card.horizons) or card.horizon} numbers of {name}. Received: {size}"
            )
