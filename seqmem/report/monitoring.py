"""What became of a model's forecasts: tables on a terminal, and a page that opens offline."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from seqmem.data.faults import day
from seqmem.files import written_whole
from seqmem.report.tables import heading, table

if TYPE_CHECKING:
    from rich.console import Console

    from seqmem.lifecycle import Monitoring

MONTHS = 12  # that a terminal shows; the page and the CSV have all
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}
th,td{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}
th:first-child,td:first-child{text-align:left}.alarm{background:#fde8e8;padding:.5rem 1rem}
.fine{background:#e8f5e9;padding:.5rem 1rem}
@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}.alarm{background:#522}.fine{background:#242}}"""


def monitoring_tables(found: "Monitoring") -> dict[str, pd.DataFrame]:
    """Title -> a table: scores since the export, by month, and the drift of the inputs."""
    one = found.drift
    inputs = pd.DataFrame(
        {
            "inputs": ["standard deviation of moves, over that of the known rows", "share beyond 5 of them"],
            "since": [f"{one.scale:.2f}", f"{one.far:.2%}"],
            "known": ["1.00", f"{one.known_far:.2%}"],
        }
    )
    return {
        "Scores since the export": found.scores,
        "By month of the origin": found.months,
        "Inputs": inputs,
    }


def print_monitoring(found: "Monitoring", console: "Console") -> None:
    """Print all of it, the verdict last."""
    console.print(_about(found), highlight=False, markup=False, soft_wrap=True)
    for title, rows in monitoring_tables(found).items():
        last = f", the last {MONTHS} of {len(rows)}" if len(rows) > MONTHS and rows is found.months else ""
        heading(f"{title}{last}", console)
        console.print(table(rows.tail(MONTHS) if last else rows, formats=_formats(rows)))
    for note in found.notes:
        console.print(note, style="yellow", highlight=False, markup=False, soft_wrap=True)
    console.print(f"\n{found.verdict}", style="bold", highlight=False, markup=False, soft_wrap=True)


def write_monitoring(found: "Monitoring", path: Path) -> None:
    """Write a page of HTML that needs nothing else.

    Raises:
        ValueError: no such folder.
    """
    parts = [
        f'<p class="{"fine" if found.is_fine else "alarm"}">{"<br>".join(map(escape, _lines(found)))}</p>'
    ]
    for title, rows in monitoring_tables(found).items():
        formats = {name: f"{{:{form}}}".format for name, form in _formats(rows).items()}
        body = rows.to_html(index=False, border=0, na_rep="", formatters=formats)
        parts.append(f"<h2>{escape(title)}</h2>\n{body}")
    parts += [f"<p>{escape(note)}</p>" for note in found.notes]
    title = escape(str(found.folder))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    page = f'<!doctype html><html lang="en"><head>{head}<style>{STYLE}</style></head>\n<body><h1>{title}</h1>'
    text = "\n".join([page, f"<p>{escape(_about(found))}</p>", *parts, "</body></html>\n"])
    with written_whole(path) as draft:
        draft.write_text(text)


def _about(found: "Monitoring") -> str:
    outcome = found.evaluation.outcome
    first, last = (day(one) for one in (min(outcome.cutoff), max(outcome.cutoff)))
    return (
        f"{found.folder}: {len(outcome.origins)} forecasts, from {first[:10]} to {last[:10]}, {found.source}"
    )


def _lines(found: "Monitoring") -> list[str]:
    return found.verdict.split("\n")


def _formats(rows: pd.DataFrame) -> dict[str, str]:
    numbers = dict.fromkeys(rows.select_dtypes("float"), ".4f")
    return numbers | {name: ".3f" for name in ("p",) if name in rows}
