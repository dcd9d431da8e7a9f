"""Long tables: many series below one another, each row with the name of its own."""

from collections.abc import Sequence

import pandas as pd

from seqmem.data.formats import ID, Format, renamed

KEYS = ("symbol", "ticker", "tic", "permno", "asset", "code", "instrument", "name", "item_id")
DATES = ("date", "datetime", "timestamp", "time", "day", "ds")


class Nixtla(Format):
    """The long frame of Nixtla's libraries: unique_id, ds, y."""

    name = "Nixtla"

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By unique_id, ds and y."""
        return {"unique_id", "ds", "y"} <= set(header)

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """Dates are ds, closes y."""
        return renamed(table, {"ds": "Date", "y": "Close"})

    def write(self, bars: pd.DataFrame) -> pd.DataFrame:
        """A frame of two series, the second half as high."""
        one = pd.DataFrame({"unique_id": "a", "ds": bars.index, "y": bars["close"].to_numpy()})
        return pd.concat([one, one.assign(unique_id="b", y=one["y"] / 2)], ignore_index=True)


class Long(Format):
    """Rows by symbol and date, in the index or in columns: yahooquery, Kaggle, WRDS."""

    name = "long table"

    def recognises(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """By a column of symbols beside dates and closes."""
        return (
            _key(header) is not None
            and any(one in DATES for one in header)
            and _closes(header)
            and "unix" not in header
        )

    def plain(self, table: pd.DataFrame) -> pd.DataFrame:
        """The symbol is the unique_id."""
        key = _key([str(one).strip().lower() for one in table.columns])
        return renamed(table, {} if key is None else {key: ID})

    def write(self, bars: pd.DataFrame) -> pd.DataFrame:
        """A frame by symbol and date, as yahooquery gives it."""
        frames = {"AAA": bars, "BBB": bars[["open", "high", "low", "close"]] / 2}
        return pd.concat(frames, names=["symbol", "date"])


def _key(header: Sequence[str]) -> str | None:
    return next((one for one in KEYS if one in header), None)


def _closes(header: Sequence[str]) -> bool:
    return any(one in ("close", "adj close", "adjclose", "adj_close") for one in header)
