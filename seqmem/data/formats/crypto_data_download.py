"""CryptoDataDownload: an address in line 1, `unix,date,symbol,...`, the newest row first."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import ID, Format, renamed


class CryptoDataDownload(Format):
    """The daily files of cryptodatadownload.com; what stands before the table is skipped."""

    name = "CryptoDataDownload"
    newest_first = True

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By `unix`, `date` and `symbol`."""
        return {"unix", "date", "symbol", "close"} <= set(header)

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """The date beside the epoch; the volume in coins."""
        table = renamed(table, {"symbol": ID})
        return table.drop(columns=[one for one in table.columns if str(one).strip().lower() == "unix"])

    def write(self, bars: pd.DataFrame) -> str:
        """The CSV with its address."""
        rows = bars[::-1]
        table = rows.assign(
            unix=rows.index.as_unit("ms").asi8, date=rows.index.strftime("%Y-%m-%d 00:00:00"), symbol="A/B"
        )
        order = ["unix", "date", "symbol", "open", "high", "low", "close", "volume"]
        return "https://www.CryptoDataDownload.com\n" + table[order].to_csv(index=False)
