"""Law: benchmarks, research and examples use names that are there."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("benchmarks", "research", "examples")
SCRIPTS = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_name_that_a_script_imports_is_there(script):
    missing = [
        f"{module}.{name}"
        for module, name in names_used(ast.parse(script.read_text()))
        if not there(module, name)
    ]
    assert missing == []


def names_used(tree):
    """What is imported from seqmem, tuning and the scripts, and what is read off ``import seqmem``."""
    whole = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module.partition(".")[0] in ("seqmem", "tuning", *FOLDERS):
                yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            whole |= {alias.name for alias in node.names if alias.name in ("seqmem", "tuning")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in whole:
            yield node.value.id, node.attr


def there(module, name):
    if module.startswith(("seqmem", "tuning")):
        found = import_module(module)
        return hasattr(found, name) or (Path(found.__file__).parent / f"{name}.py").is_file()
    file = ROOT / module.replace(".", "/")  # not imported: some set threads, some need the extra `bench`
    if (file / f"{name}.py").is_file():
        return True
    tree = ast.parse(file.with_suffix(".py").read_text())
    return name in {getattr(node, "name", None) for node in tree.body} | {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for one in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for target in ast.walk(one)
        if isinstance(target, ast.Name)
    }
