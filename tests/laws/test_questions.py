"""Law: nobody asks what is forecast, but the target, head, quantity and score that answer it.

`python tests/laws/test_questions.py` lists every such question, and counts them.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ANSWER = (
    *("seqmem/targets/", "seqmem/heads/", "seqmem/quantities.py"),
    *("seqmem/evaluation/scores.py", "seqmem/evaluation/usual_scores.py", "seqmem/evaluation/reliability.py"),
)
KINDS = {
    *("Price", "Return", "Variance", "PricePath", "VarianceTarget", "ScaleFreeVariance", "RawVariance"),
    *("PathTask", "VolatilityTask"),
}
WORDS = {"price", "return", "variance", "volatility", "path"}
ASKED = {"task", "quantity", "name", "kind", "outputs", "signature"}  # what is compared with a word


def questions(source):
    """The lines of a program that ask what is forecast, each with its text."""
    tree = ast.parse(source)
    checks = {
        id(node.test)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise)  # an argument is refused
    }
    for node in ast.walk(tree):
        if _asks(node) and not any(id(parent) in checks for parent in _parents(tree, node)):
            yield node.lineno, ast.unparse(node)


def _parents(tree, wanted):
    return [node for node in ast.walk(tree) if any(child is wanted for child in ast.walk(node))]


def _asks(node):
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
        return bool(KINDS & _names(node.args[1]))
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        words = {
            each.value for side in sides for each in ast.walk(side) if isinstance(each, ast.Constant)
        } & WORDS
        asked = any(isinstance(side, ast.Attribute) and side.attr in ASKED for side in sides)
        kind = any(_is_type_of(side) for side in sides) and any(KINDS & _names(side) for side in sides)
        shape = any(_is_columns(side) for side in sides) and any(
            isinstance(side, ast.Constant | ast.Tuple) for side in sides
        )
        return bool(words and asked) or kind or shape
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        return _is_columns(node.test)
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and _is_columns(node.operand)


def _is_type_of(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "type"


def _is_columns(node):
    """The columns of a target, or their number: a shape that was used as a type."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "len":
        node = node.args[0]
    return isinstance(node, ast.Attribute) and node.attr == "columns" and "target" in ast.unparse(node.value)


def _names(node):
    return {getattr(each, "id", getattr(each, "attr", "")) for each in ast.walk(node)}


def found():
    """Every question of the packages, outside of what answers it: file:line: text."""
    for package in ("seqmem", "tuning"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if not name.startswith(ANSWER):
                yield from (f"{name}:{line}: {text}" for line, text in questions(path.read_text()))


def test_nobody_asks_what_is_forecast():
    assert list(found()) == []


@pytest.mark.parametrize(
    "line",
    [
        "x = 1 if options.task == 'path' else 2",
        "y = isinstance(model.quantity, Variance)",
        "z = type(target) is PricePath",
        "if target.columns: pass",
        "n = 'closes' if len(target.columns) == 1 else 'bars'",
        "w = model.quantity.name in ('variance',)",
    ],
)
def test_the_law_can_fail(line):
    assert len(list(questions(line))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "if not isinstance(target, VarianceTarget): raise ValueError",
        "ahead = 'over the path' if h == 'path' else h",
        "width = len(target.columns)",
    ],
)
def test_what_is_no_question(line):
    assert not list(questions(line))


if __name__ == "__main__":
    lines = list(found())
    print(*lines, f"{len(lines)} questions", sep="\n")
