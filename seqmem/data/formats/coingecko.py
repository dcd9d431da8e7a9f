"""CoinGecko: `snapped_at,price,market_cap,total_volume`."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import Format, renamed


class CoinGecko(Format):
    """The historical data of coingecko.com."""

    name = "CoinGecko"

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By `snapped_at` and `price`."""
        return {"snapped_at", "price"} <= set(header)

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """Date is when it was taken, Close the price."""
        return renamed(table, {"snapped_at": "Date", "price": "Close", "total_volume": "Volume"})

    def write(self, bars: pd.DataFrame) -> str:
        """The CSV."""
        table = pd.DataFrame({"price": bars["close"], "market_cap": 0.0, "total_volume": bars["volume"]})
        return table.set_axis(bars.index.strftime("%Y-%m-%d 00:00:00 UTC")).rename_axis("snapped_at").to_csv()
