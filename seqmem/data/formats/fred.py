"""FRED: `observation_date` and the code of one series; a row for each holiday, empty or with a dot."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import Format, renamed


class Fred(Format):
    """The CSV of the Federal Reserve Bank of St. Louis."""

    name = "FRED"
    holidays = True

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By `observation_date`, or DATE beside one column that has dots for numbers."""
        dots = len(header) == 2 and any(row[1:2] in (["."], (".",)) for row in rows)
        return header[:1] == ["observation_date"] or (header[:1] == ["date"] and dots)

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """Dots are nothing."""
        return renamed(table, {"observation_date": "Date"}).replace(r"^\s*\.\s*$", None, regex=True)

    def write(self, bars: pd.DataFrame) -> str:
        """Every weekday; nothing on those that have no row.

        Raises:
            ValueError: rows that are not in order.
        """
        if not bars.index.is_monotonic_increasing:
            raise ValueError("FRED: has every weekday in its order: expected ascending dates")
        days = pd.bdate_range(bars.index[0], bars.index[-1]).union(bars.index)
        closes = bars["close"].reindex(days).rename("DCOILWTICO").rename_axis("observation_date")
        return closes.to_csv(date_format="%Y-%m-%d", na_rep=".")
