"""Options from a TOML file, checked as those of the command line are, with the line in the error."""

import argparse
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

NOT_WRITTEN = ("help", "config", "fresh", "quiet", "json")
"""Options that are of one run, and not of what it makes."""


def add_config(parse: argparse.ArgumentParser) -> None:
    """Add ``--config``: a file of options."""
    about = "options from a TOML file (seqmem init writes one); those of the command line come first"
    parse.add_argument("--config", metavar="FILE", help=about)


def with_config(arguments: Sequence[str], parse: argparse.ArgumentParser) -> list[str]:
    """A command line with the options of its ``--config`` in their place, before those that it has itself.

    Args:
        arguments: the name of a command, and its options.
        parse: of all commands.

    Raises:
        OSError: a file that cannot be read.
        ValueError: no TOML, an option that is not there, or a value that will not do: in which line.
    """
    own = _command(arguments, parse)
    if own is None or "--config" not in own._option_string_actions:
        return list(arguments)
    words, path = [arguments[0]], ""
    rest = iter(arguments[1:])
    for word in rest:
        if word == "--config":
            path = next(rest, "")
        elif word.startswith("--config="):
            path = word.partition("=")[2]
        else:
            words.append(word)
    if not path:
        return list(arguments)
    return [words[0], *_words(Path(path), own), *words[1:]]


def to_toml(options: Mapping[str, Any], parse: argparse.ArgumentParser, about: str = "") -> str:
    """The options of a command as such a file, by the groups of its help; None is left out.

    Args:
        options: name -> value, as they were parsed.
        parse: of the command.
        about: a first line of comment.
    """
    lines = [f"# {about}"] if about else []
    for title, actions in _groups(parse):
        given = [(one, options.get(one.dest)) for one in actions if one.dest not in NOT_WRITTEN]
        own = [f"{_key(one)} = {toml(value)}" for one, value in given if value not in (None, (), [])]
        lines += ["", f"# {title}", *own] if own else []
    return "\n".join(lines).lstrip("\n") + "\n"


def template(parse: argparse.ArgumentParser, about: str) -> str:
    """A file with every option of a command: what it means, and its default, commented out."""
    lines = [f"# {line}" for line in about.splitlines()]
    for title, actions in _groups(parse):
        lines += ["", f"# -- {title} --"]
        for one in actions:
            if one.dest not in NOT_WRITTEN:
                lines += ["", f"# {(one.help or '').replace('%%', '%')}"]
                lines.append(f"{'' if one.required else '# '}{_key(one)} = {_shown(one)}")
    return "\n".join(lines) + "\n"


def toml(value: Any) -> str:
    """A value as TOML.

    >>> toml(("gru", "rnn")), toml(True), toml(1e-3), toml("a b")
    ('["gru", "rnn"]', 'true', '0.001', '"a b"')
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else json.dumps(str(value), ensure_ascii=False)


def _command(arguments: Sequence[str], parse: argparse.ArgumentParser) -> argparse.ArgumentParser | None:
    for action in parse._actions:
        if isinstance(action, argparse._SubParsersAction) and arguments:
            found: argparse.ArgumentParser | None = action.choices.get(arguments[0])
            return found
    return None


def _groups(parse: argparse.ArgumentParser) -> Iterator[tuple[str, list[argparse.Action]]]:
    """The long options by the groups of the help; those of no group under what they are about."""
    for group in parse._action_groups:
        own = [one for one in group._group_actions if one.option_strings and one.dest != "help"]
        if own:
            yield "what is forecast" if group.title == "options" else str(group.title), own


def _key(action: argparse.Action) -> str:
    return action.option_strings[0].removeprefix("--")


def _shown(action: argparse.Action) -> str:
    """The default of an option, which may stand at the end of its help; else what its value is called."""
    if action.default not in (None, argparse.SUPPRESS, []):
        return toml(action.default)
    found = re.search(r"\(([^()]*)\)$", action.help or "")
    if found and callable(action.type):
        try:
            return toml(action.type(found[1]))
        except (argparse.ArgumentTypeError, ValueError):
            pass
    if action.choices:
        return toml(next(iter(action.choices)))
    name = str(action.metavar or action.dest.upper())
    return f'["{name}"]' if action.nargs == "+" else toml(name)


def _words(path: Path, parse: argparse.ArgumentParser) -> list[str]:
    """The options of a file as words of a command line."""
    try:
        text = path.read_text(encoding="utf-8")
        given = tomllib.loads(text)
    except OSError as error:
        raise OSError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: no TOML: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: no TOML: {error}") from error
    known = {_key(one): one for _, actions in _groups(parse) for one in actions if one.dest != "config"}
    words: list[str] = []
    for key, value in _flat(given, path, text):
        action = known.get(key.replace("_", "-"))
        where = f"{path}, line {_line(text, key)}: {key}"
        if action is None:
            near = get_close_matches(key.replace("_", "-"), known, 1)
            hint = f": did you mean {near[0]}?" if near else ""
            raise ValueError(f"{where}: no option of this name{hint}")
        words += _of_action(action, value, where)
    return words


def _flat(given: Mapping[str, Any], path: Path, text: str) -> Iterator[tuple[str, Any]]:
    """The pairs of a file, those of its tables too: a table is a heading."""
    seen: set[str] = set()
    for key, value in given.items():
        for name, one in value.items() if isinstance(value, dict) else [(key, value)]:
            if name in seen or isinstance(one, dict):
                why = "stands there twice" if name in seen else "expected a value, not a table"
                raise ValueError(f"{path}, line {_line(text, name)}: {name}: {why}")
            seen.add(name)
            yield name, one


def _line(text: str, key: str) -> int:
    """The line of a key, from 1; of the last of several."""
    pattern = re.compile(rf"\s*(\[.*)?[\"']?{re.escape(key)}[\"']?\s*[\]=]")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)]
    return lines[-1] if lines else 1


def _of_action(action: argparse.Action, value: Any, where: str) -> list[str]:
    """A pair as words; its value is checked here, where its line is known."""
    name = action.option_strings[0]
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise ValueError(f"{where}: expected true or false. Received: {value!r}")
        negated = [one for one in action.option_strings if one.startswith("--no-")]
        return [name] if value else negated
    values = value if isinstance(value, list) else [value]
    if isinstance(value, bool) or any(isinstance(one, dict | list | bool) for one in values):
        raise ValueError(f"{where}: expected text or a number, or a list of them. Received: {value!r}")
    texts = [str(one) for one in values]
    if action.nargs == "+":
        parts = texts
    elif isinstance(action, argparse._AppendAction):
        return [f"{name}={one}" for one in texts]
    else:
        parts = [",".join(texts)]
    for part in parts:
        try:
            found = action.type(part) if callable(action.type) else part
        except (argparse.ArgumentTypeError, ValueError, TypeError) as error:
            raise ValueError(f"{where}: {error}") from error
        if action.choices is not None and found not in action.choices:
            expected = ", ".join(map(str, action.choices))
            raise ValueError(f"{where}: expected one of {expected}. Received: {part!r}")
    return [name, *parts] if action.nargs == "+" else [f"{name}={parts[0]}"]
