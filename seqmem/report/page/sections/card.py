"""The card: what a model is, what it was made from, how good it was, and with what versions."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd

from seqmem.report.page.blocks import Block, Facts, Grid, Raw, Words
from seqmem.report.page.section import Section


class CardSection(Section):
    """An exported model, as its card has it.

    Args:
        card: of an exported version.
        folder: of the version.
    """

    title: ClassVar[str] = "Card and versions"
    place: ClassVar[int] = 90

    def __init__(self, card: Mapping[str, Any], folder: str = "") -> None:
        self.card = card
        self.folder = folder

    def blocks(self) -> list[Block]:
        """Facts, what was said of it when it was exported, versions, and the whole of it."""
        card = self.card
        data = card.get("data") or {}
        facts = {
            "name": card["name"],
            "exported": card["created"],
            "forecasts": f"{card['quantity']['name']}, {', '.join(map(str, card['horizons']))} days ahead",
            "reads": f"{', '.join(card['columns'])}: {card['context_length']} rows",
            "lookback": card["lookback"],
            "parameters": f"{card['parameters']:,}",
            **{f"data, {name}": str(data[name])[:32] for name in ("rows", "first", "last") if name in data},
            **({"seed": card["seed"]} if "seed" in card else {}),
            **({"folder": self.folder} if self.folder else {}),
        }
        blocks: list[Block] = [Facts(facts)]
        if card.get("verdict"):
            blocks.append(Words(f"When it was exported: {card['verdict']}"))
        blocks += [Words(sentence) for sentence in card.get("report") or []]
        if card.get("scores"):
            blocks.append(Grid("Scores on the test part, when it was exported", pd.DataFrame(card["scores"])))
        blocks.append(Facts({f"{name} version": one for name, one in card["versions"].items()}))
        return [*blocks, Raw("card.json, whole", json.dumps(card, indent=1))]
