"""Stooq: names between angle brackets, a ticker and a time in each row (its plain files need no format)."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import ID, Format, renamed

NAMES = {"<date>": "Date", "<open>": "Open", "<high>": "High", "<low>": "Low", "<close>": "Close"}
OTHERS = {"<vol>": "Volume", "<ticker>": ID, "<openint>": "OpenInt", "<time>": "Time"}


class Stooq(Format):
    """Stooq's database files, and MetaStock's and MetaTrader's, which have the same brackets."""

    name = "Stooq <DATE>"

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By <DATE> and <CLOSE>."""
        return "<close>" in header and any(one in header for one in ("<date>", "<dtyyyymmdd>"))

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """The names without brackets; a period is one and the same for all rows."""
        table = renamed(table, NAMES | OTHERS | {"<dtyyyymmdd>": "Date"})
        return table.drop(columns=[one for one in table.columns if str(one).lower() in ("<per>", "<spread>")])

    def write(self, bars: pd.DataFrame) -> str:
        """A file of its database."""
        table = bars.assign(t="AAA.US", p="D", date=bars.index.strftime("%Y%m%d"), z="000000", i=0)
        names = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        order = ["t", "p", "date", "z", "open", "high", "low", "close", "volume", "i"]
        return names + table[order].to_csv(index=False, header=False)
