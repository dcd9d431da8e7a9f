"""Investing.com: Price for the close, `Vol.` as 1.2M, `Change %`, 1,204.15, the newest row first."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import Format, renamed


class Investing(Format):
    """The historical data of investing.com."""

    name = "Investing.com"
    newest_first = True

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By Price beside `Change %` or `Vol.`."""
        return "price" in header and ("change %" in header or "vol." in header)

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """Close and Volume; the change is what the closes say."""
        table = renamed(table, {"price": "Close", "vol.": "Volume"})
        return table.drop(columns=[one for one in table.columns if str(one).strip().lower() == "change %"])

    def write(self, bars: pd.DataFrame) -> str:
        """The CSV, every value between quotes, after a byte order mark."""
        lines = ['"Date","Price","Open","High","Low","Vol.","Change %"']
        for date, row in bars[::-1].iterrows():
            prices = [_thousands(row[one]) for one in ("close", "open", "high", "low")]
            values = [date.strftime("%m/%d/%Y"), *prices, f"{row['volume'] / 1e6:.2f}M", "0.10%"]
            lines.append(",".join(f'"{value}"' for value in values))
        return "\ufeff" + "\n".join(lines) + "\n"


def _thousands(value: float) -> str:
    whole, _, rest = repr(float(value)).partition(".")
    return f"{int(whole):,}.{rest}"
