"""Nasdaq.com: `Close/Last` with dollars, the month first, the newest row first."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import Format, renamed


class Nasdaq(Format):
    """The historical data of nasdaq.com."""

    name = "Nasdaq"
    newest_first = True
    date_format = "%m/%d/%Y"

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By Close/Last."""
        return "close/last" in header

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """Close."""
        return renamed(table, {"close/last": "Close"})

    def write(self, bars: pd.DataFrame) -> str:
        """The CSV."""
        rows = bars[::-1]
        money = {name.capitalize(): "$" + rows[name].map(repr) for name in ("open", "high", "low")}
        table = pd.DataFrame({"Close/Last": "$" + rows["close"].map(repr), "Volume": rows["volume"], **money})
        return table.rename_axis("Date").to_csv(date_format="%m/%d/%Y")
