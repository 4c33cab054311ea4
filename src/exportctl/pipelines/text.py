"""Fill the templates of the pipelines. A value of several lines keeps the indentation of its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

_PLACE = re.compile(r"@([a-z_]+)@")


def fill_template(template: str, **values: str) -> str:
    """
    Return the template with each `@name@` replaced; a line that becomes empty by it is left out.

    Raises:
        KeyError: the template names a value that is not given.
    """
    return "".join(_fill_line(line, values) for line in template.splitlines())


def _fill_line(line: str, values: dict[str, str]) -> str:
    alone = _PLACE.fullmatch(line.strip())
    if alone is None:
        return _PLACE.sub(lambda place: values[place[1]], line) + "\n"
    indent = line[: len(line) - len(line.lstrip())]
    return "".join(f"{indent}{part}\n" if part else "\n" for part in values[alone[1]].splitlines())


def yaml_list(names: Iterable[str]) -> str:
    """Return a flow list of quoted texts: `no` and `1` are names too."""
    return f"[{', '.join(json.dumps(name) for name in names)}]"


def shell_quoted(text: str) -> str:
    """Return a text as one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def place_lines(places: Mapping[str, Iterable[str]], mark: str = "#") -> str:
    """Return places and the names in each as lines of a comment; a place without a name is left out."""
    lines = []
    for place, names in places.items():
        found = [f"{mark}     {name}" for name in names]
        lines += [f"{mark}   {place}:", *found] if found else []
    return "\n".join(lines)


def comment_lines(names: Iterable[str], mark: str = "#") -> str:
    """Return names as lines of a comment, one each."""
    return "\n".join(f"{mark}   {name}" for name in names)
