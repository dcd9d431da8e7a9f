"""NSE of India: names with blanks after them, `ltp` beside `close`, the newest row first."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import Format, renamed

NAMES = {
    "open price": "Open",
    "high price": "High",
    "low price": "Low",
    "close price": "Close",
    "ttl trd qnty": "Volume",
}
DROPPED = (
    "ltp",
    "last price",
    "prev. close",
    "prevclose",
    "previous close",
    "vwap",
    "52w h",
    "52w l",
    "series",
)


class NSE(Format):
    """The historical data of nseindia.com, of stocks and of indices."""

    name = "NSE"
    newest_first = True

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By its columns of the day before, the last trade and the year's range; or by traded shares."""
        marks = {"ltp", "prev. close", "52w h", "52w l", "prev close", "shares traded", "close price"}
        return "date" in header and len(marks & set(header)) >= 1 and any("close" in one for one in header)

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """Open, high, low, close and volume."""
        table = renamed(table, NAMES | {"shares traded": "Volume"})
        return table.drop(columns=[one for one in table.columns if str(one).strip().lower() in DROPPED])

    def write(self, bars: pd.DataFrame) -> str:
        """The CSV of a stock."""
        rows = bars[::-1]
        values = {name: rows[name].map(_indian) for name in ("open", "high", "low", "close")}
        table = pd.DataFrame(
            {"series ": "EQ", "OPEN ": values["open"], "HIGH ": values["high"], "LOW ": values["low"]}
        )
        table = table.assign(
            **{"PREV. CLOSE ": values["close"], "ltp ": values["close"], "close ": values["close"]}
        )
        return table.assign(**{"VOLUME ": rows["volume"]}).rename_axis("Date ").to_csv(date_format="%d-%b-%Y")


def _indian(value: float) -> str:
    return f"{value!r} "
