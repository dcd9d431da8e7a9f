"""Alpha Vantage: `timestamp,open,...`, or columns numbered as "4. close"; the newest row first."""

import re
from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import Format


class AlphaVantage(Format):
    """Alpha Vantage's CSV and the frames of its Python package."""

    name = "Alpha Vantage"
    newest_first = True

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By `timestamp` with all prices, or by their numbers."""
        numbered = any(re.fullmatch(r"4[ab]?\. close( \(\w+\))?", one) for one in header)
        return numbered or list(header[:5]) == ["timestamp", "open", "high", "low", "close"]

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """The names without their numbers."""
        return table.rename(
            columns=lambda one: re.sub(r"^\d+[ab]?\. | \(\w+\)$", "", str(one)).replace(
                "adjusted close", "adj close"
            )
        )

    def write(self, bars: pd.DataFrame) -> str:
        """The CSV."""
        return bars[::-1].rename_axis("timestamp").to_csv(date_format="%Y-%m-%d")
