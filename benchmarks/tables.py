"""Tables in Markdown."""

from collections.abc import Iterable, Sequence

import pandas as pd


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, ready for README.md."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def of_frame(frame: pd.DataFrame, formats: str) -> str:
    """A frame of numbers, its index first."""
    rows = [[name, *(format(value, formats) for value in row)] for name, *row in frame.itertuples()]
    return markdown(["", *map(str, frame.columns)], rows)
