"""Docstrings as the reference needs them: doctests as code, a line for each argument."""

import re
from typing import Any

import griffe

JOINT = re.compile(r"^( +)(\w+(?:, \w+)+): ")


class Docstrings(griffe.Extension):
    """Rewrites docstrings before they are parsed."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """One docstring."""
        if obj.docstring:
            obj.docstring.value = rewritten(obj.docstring.value)


def rewritten(text: str) -> str:
    """A docstring with its doctests fenced, and a line for each name of ``first, second: what they are``."""
    lines: list[str] = []
    in_arguments = fenced = False
    source = text.splitlines()
    for number, line in enumerate(source):
        if line and not line.startswith(" "):
            in_arguments = line == "Args:"
        if line.startswith(">>>") and not fenced:
            lines.append("```pycon")
            fenced = True
        joint = JOINT.match(line) if in_arguments else None
        if joint:
            indent, names = joint.groups()
            rest = [line[joint.end() :]]
            for later in source[number + 1 :]:
                if not later.startswith(indent + " "):
                    break
                rest.append(later.strip())
            first, *others = names.split(", ")
            lines += [f"{indent}{name}: {' '.join(rest)}" for name in others]
            line = f"{indent}{first}: {line[joint.end() :]}"
        elif fenced and not line:
            lines.append("```")
            fenced = False
        lines.append(line if fenced else line.replace("][", "]\\["))  # a shape is no link
    return "\n".join([*lines, "```"] if fenced else lines)
