"""TradingView: `time` in seconds since 1970, and the values of indicators beside the prices."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import Format, renamed


class TradingView(Format):
    """The chart data that TradingView exports."""

    name = "TradingView"

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By `time,open,high,low,close`."""
        return list(header[:5]) == ["time", "open", "high", "low", "close"]

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """Date is its time."""
        return renamed(table, {"time": "Date"})

    def write(self, bars: pd.DataFrame) -> str:
        """The CSV, stamped when New York opens."""
        opens = (bars.index + pd.Timedelta("9:30:00")).tz_localize("America/New_York")
        table = bars.assign(time=opens.as_unit("s").asi8).rename(columns={"volume": "Volume"})
        return table[["time", "open", "high", "low", "close", "Volume"]].to_csv(index=False)
