"""yfinance: two rows of header, or columns of two levels, in either order."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import ID, Format

PRICES = ("adj close", "close", "high", "low", "open", "volume", "dividends", "stock splits", "capital gains")


class YFinance(Format):
    """yfinance's `download`, as a frame or as the CSV that its `to_csv` writes."""

    name = "yfinance"
    one_alone = True

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By the levels Price and Ticker."""
        second = [value.strip().lower() for value in rows[0]] if rows else []
        text = header[:1] in (["price"], ["ticker"]) and second[:1] in (["ticker"], ["price"])
        levels = [one for one in header if one.startswith("('") or one.startswith('("')]
        return text or bool(levels and any(f"'{price}'" in one for price in PRICES for one in levels))

    def header(self, rows: Sequence[Sequence[str]]) -> tuple[int, list[str]]:
        """Two rows of names, and a third that names the dates."""
        third = len(rows) > 2 and not any(rows[2][1:])
        names = [f"{first}\x1f{second}" for first, second in zip(rows[0], rows[1], strict=False)]
        return 2 + third, [str(rows[2][0]) if third else "Date", *names[1:]]

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """One row a day and ticker."""
        pairs = {
            column: tuple(column.split("\x1f") if isinstance(column, str) else map(str, column))
            for column in table.columns
            if isinstance(column, tuple) or "\x1f" in str(column)
        }
        dates = [column for column in table.columns if not pairs.get(column, ("", ""))[1]]
        named = {column: pair for column, pair in pairs.items() if column not in dates}
        level = 0 if all(pair[0].lower() in PRICES for pair in named.values()) else 1
        found: dict[str, dict[object, str]] = {}
        for column, pair in named.items():
            found.setdefault(pair[1 - level], {})[column] = pair[level]
        tables = []
        for ticker, own in found.items():
            one = table[[*dates, *own]]
            labels = [
                own.get(column, column[0] if isinstance(column, tuple) else column) for column in one.columns
            ]
            one = one.set_axis(labels, axis=1)
            tables.append(one if len(found) == 1 else one.assign(**{ID: ticker}))
        return pd.concat(tables, ignore_index=True)

    def write(self, bars: pd.DataFrame) -> str:
        """One ticker, as `to_csv` writes it."""
        names = ["Close", "High", "Low", "Open", "Volume"]
        head = [",".join(["Price", *names]), ",".join(["Ticker", *["AAA"] * 5]), "Date,,,,,"]
        body = bars[[name.lower() for name in names]].to_csv(header=False, date_format="%Y-%m-%d")
        return "\n".join([*head, body])
