"""What the site shows besides the pages of this folder: README and the like, and the reference."""

import ast
import json
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
BORROWED = {  # page of the site: file of the repository
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "benchmarks.md": "benchmarks/README.md",
    "research.md": "research/README.md",
    "volatility-evidence.md": "research/VOLATILITY.md",
    "risk-evidence.md": "research/RISK.md",
    "saved-models.md": "saved_models/README.md",
    "memory.png": "benchmarks/memory.png",
}
PAGE_OF = {file: page for page, file in BORROWED.items()}
FACES = ("seqmem", "tuning")  # packages whose stub names what is public
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    """Name the pages of the reference in the navigation, and those of the guide that nobody placed."""
    placed = {page for entry in config.nav for pages in entry.values() for page in _pages(pages)}
    later = sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name not in placed)
    for entry in config.nav:
        if "Reference" in entry:
            entry["Reference"] = list(reference())
        elif "Guide" in entry:
            entry["Guide"] += later
    return config


def _pages(pages: Any) -> list[str]:
    return [pages] if isinstance(pages, str) else [page for one in pages for page in one.values()]


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that stand elsewhere, the notebooks, and those of the reference."""
    for path in sorted((ROOT / "docs/notebooks").glob("*.ipynb")):
        page = f"notebooks/{path.stem}.md"
        files.append(File.generated(config, page, content=notebook(json.loads(path.read_text()))))
    for page, file in BORROWED.items():
        files.append(File.generated(config, page, content=(ROOT / file).read_bytes()))
    for page, content in reference().items():
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Lead links to files of the repository to their page; of a file that has no page, keep the words."""
    uri = page.file.src_uri
    home = PurePosixPath(BORROWED.get(uri, f"docs/{uri}")).parent

    def led(link: re.Match[str]) -> str:
        image, words, target, anchor = link.groups()
        if ":" in target or uri.startswith("reference/"):
            return link[0]
        file = os.path.normpath(home / target)
        if not (ROOT / file).exists():
            raise FileNotFoundError(f"{BORROWED.get(uri, uri)} links to {target}, which does not exist")
        there = PAGE_OF.get(file) or (file.removeprefix("docs/") if file.startswith("docs/") else None)
        if there is None or (ROOT / file).is_dir():
            return f"{words} (`{file}`)" if words.strip("`") not in file else f"`{file}`"
        return f"{image}[{words}]({os.path.relpath(there, PurePosixPath(uri).parent)}{anchor or ''})"

    return LINK.sub(led, markdown)


def notebook(found: dict[str, Any]) -> str:
    """An executed notebook as Markdown: words, code, and what came of it."""
    parts = []
    for cell in found["cells"]:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                parts.append("".join(data["text/html"]).replace("\n", " "))
            else:
                said = "".join(output.get("text", data.get("text/plain", [])))
                parts.append(f"```text\n{said.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def reference() -> dict[str, str]:
    """A page for each part of the packages, with the public names that come from it."""
    parts: dict[str, dict[str, str]] = {}
    for face in FACES:
        for name, home in exports(ROOT / face / "__init__.pyi", face).items():
            part = home.split(".")[1] if face == "seqmem" else face
            parts.setdefault(part, {})[name] = f"{face}.{name}"
    for package in sorted((ROOT / "seqmem").glob("*/__init__.py")):
        part = package.parent.name
        stub = package.with_suffix(".pyi")
        for name in exports(stub if stub.exists() else package, f"seqmem.{part}"):
            if part in parts:  # what nothing public comes from is no part of the interface
                parts[part].setdefault(name, f"seqmem.{part}.{name}")
    pages = {"reference/index.md": _index(parts)}
    for part, names in parts.items():
        shown = "\n\n".join(f"::: {names[name]}" for name in sorted(names, key=str.lower))
        pages[f"reference/{part}.md"] = f"# {_title(part)}\n\n{shown}\n"
    return pages


def exports(file: Path, package: str) -> dict[str, str]:
    """The public names of a package's front, each with the module that it is imported from."""
    tree = ast.parse(file.read_text())
    listed = {
        word.value
        for node in tree.body
        if isinstance(node, ast.Assign) and "__all__" in {getattr(name, "id", "") for name in node.targets}
        for word in ast.walk(node.value)
        if isinstance(word, ast.Constant)
    }
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            home = f"{package}.{node.module}" if node.level else node.module
            found |= {alias.asname or alias.name: home for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = package
    return found if file.suffix == ".pyi" else {name: found[name] for name in found if name in listed}


def _index(parts: dict[str, dict[str, str]]) -> str:
    rows = [
        f"| [{_title(part)}]({part}.md) | {', '.join(f'`{name}`' for name in sorted(names, key=str.lower))} |"
        for part, names in parts.items()
    ]
    head = "# Reference\n\nThe public names, by the part of the package that they come from.\n"
    return "\n".join([head, "| part | names |", "| --- | --- |", *rows]) + "\n"


def _title(part: str) -> str:
    return part if part in FACES else f"seqmem.{part}"
