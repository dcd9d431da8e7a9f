"""Small tables in HTML: what a notebook shows of an object. Everything is escaped."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def facts(title: str, rows: Mapping[Any, Any], *frames: "pd.DataFrame") -> str:
    """A title, names with their values, and tables.

    >>> facts("Split", {"test": "2020-01-02"})
    '<div><strong>Split</strong><table><tr><th>test</th><td>2020-01-02</td></tr></table></div>'
    """
    lines = "".join(
        f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>" for name, value in rows.items()
    )
    tables = "".join(str(frame.to_html(max_rows=20, notebook=True)) for frame in frames)
    return f"<div><strong>{escape(title)}</strong>{f'<table>{lines}</table>' if lines else ''}{tables}</div>"
