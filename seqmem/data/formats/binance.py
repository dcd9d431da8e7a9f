"""Binance: klines of twelve columns, with and without a header, stamped in milliseconds or microseconds."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import Format, renamed

NAMES = ("open time", "Open", "High", "Low", "Close", "Volume", "close time", "quote volume", "count")
REST = ("taker buy volume", "taker buy quote volume", "ignore")


class Binance(Format):
    """The klines of data.binance.vision and of the API."""

    name = "Binance"

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By `open_time`, or by twelve numbers the first of which is an epoch."""
        named = header[0].replace("_", " ") == "open time" if header else False
        return named or self._bare(header)

    def header(self, rows: Sequence[Sequence[str]]) -> tuple[int, list[str]]:
        """None, where the first row is one of numbers."""
        return (0, [*NAMES, *REST]) if self._bare(rows[0]) else (1, list(rows[0]))

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """The day by the time at which it opens."""
        table = renamed(table, {"open_time": "Date", "open time": "Date"})
        return table[
            [
                one
                for one in table.columns
                if str(one).replace("_", " ").lower() not in ("close time", "ignore")
            ]
        ]

    def write(self, bars: pd.DataFrame) -> str:
        """Without a header, in microseconds from the middle on."""
        epochs = bars.index.as_unit("us").asi8
        epochs = [one if n >= len(bars) // 2 else one // 1000 for n, one in enumerate(epochs)]
        table = bars[["open", "high", "low", "close", "volume"]].assign(
            a=epochs, b=0.0, c=1, d=0.0, e=0.0, f=0
        )
        table.insert(0, "start", epochs)
        return table.to_csv(index=False, header=False)

    def _bare(self, row: Sequence[str]) -> bool:
        return (
            len(row) == len(NAMES) + len(REST)
            and all(_is_number(value) for value in row)
            and len(row[0]) >= 10
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
