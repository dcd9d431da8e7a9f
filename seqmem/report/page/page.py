"""The page: sections in their order, one self-contained file of HTML."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seqmem.files import check_page, written_whole
from seqmem.report.page.blocks import Block
from seqmem.report.page.section import Section

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = ("scales.js", "chart.js", "parallel.js", "table.js", "main.js")
MOST_BYTES = 5_000_000


class Page:
    """One page of sections.

    Everything is in the file: styles, scripts and data. Its content security policy allows the page's own
    script alone, by its hash, and no connection, so that a name in the data cannot do anything.

    Args:
        title: of the page.
        sections: in any order; those that have nothing to say are left out, those of
            one title stand under it together.
    """

    def __init__(self, title: str, sections: Iterable[Section]) -> None:
        self.title = title
        self.sections: list[Section] = sorted(sections, key=lambda one: one.place)

    def html(self) -> str:
        """The page as text."""
        there: dict[str, list[Block]] = {}
        for one in self.sections:
            there.setdefault(one.title, []).extend(one.blocks())
        parts = [
            {"id": _slug(title, number), "title": title, "blocks": blocks}
            for number, (title, blocks) in enumerate(there.items())
            if blocks
        ]
        script = "\n".join((ASSETS / name).read_text() for name in SCRIPTS)
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        template = _templates().get_template("page.html")
        return str(
            template.render(
                title=self.title,
                sections=parts,
                made=f"{datetime.now():%Y-%m-%d %H:%M}",
                version=version("seqmem"),
                style=(ASSETS / "page.css").read_text(),
                script=script,
                digest=digest,
            )
        )

    def write(self, path: str | Path) -> Path:
        """Write the page, whole or not at all.

        Raises:
            ValueError: a name that does not end in .html, no such folder, or more than 5 MB.
        """
        path = Path(path)
        check_page(path)
        text = self.html()
        if len(text.encode()) > MOST_BYTES:
            raise ValueError(f"report: {len(text) / 1e6:.1f} MB: expected less than 5: pass fewer results")
        with written_whole(path) as draft:
            draft.write_text(text, encoding="utf-8")
        return path


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["data"] = _data
    return made


def _data(value: Any) -> Any:
    """JSON that may stand in a script: no tag can end in it."""
    from markupsafe import Markup

    text = json.dumps(value.to_json(), separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _slug(title: str, number: int) -> str:
    return f"{re.sub('[^a-z]+', '-', title.lower()).strip('-')}-{number}"
