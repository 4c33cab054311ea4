"""
What a shell completes beside commands and options: addresses, environments, topics, formats and other fixed words.

It reads the config as `validate` finds it, but only the names in it: no network, no check, and never an error. A file
that is not YAML gives the names of the lines before and after the mistake. A shell gets only names without a character
that means something to it, so nothing in a file can run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from exportctl.errors import Error
from exportctl.frozen import dataclass

_SAFE = r"[A-Za-z0-9][A-Za-z0-9._/-]*"  # compiled when a shell asks: every command imports this module
_SECTION = r"^(exports|destinations|environments):"
_NAME = r"^( +)[\"']?([A-Za-z0-9][A-Za-z0-9._-]*)[\"']?:"
_SECTIONS = ("exports", "destinations", "environments")
SHELLS = ("bash", "zsh", "fish", "powershell")
Names = Mapping[str, tuple[str, ...]]  # section -> its names


@dataclass(frozen=True)
class Candidate:
    """What Typer reads of a completion."""

    value: str
    help: str | None = None
    type: str = "plain"


def add_completion(param: Any) -> None:
    """Let a parameter of a command complete by what its help calls it."""
    name = next((opt for opt in param.opts if opt in _BY_OPTION), param.metavar)
    candidates = _BY_OPTION.get(name) or _BY_METAVAR.get(name)
    if candidates is not None:
        param.shell_complete = lambda ctx, incomplete: complete(candidates, ctx, incomplete)


def complete(candidates: Callable[[Any], Iterable[str]], ctx: Any, incomplete: str) -> list[Candidate]:
    """Return the candidates that continue a word; of words that commas separate, the last one."""
    before, comma, last = incomplete.rpartition(",")
    found = sorted({name for name in candidates(ctx) if name.startswith(last) and re.fullmatch(_SAFE, name)})
    return [Candidate(f"{before}{comma}{name}") for name in found]


def declared_names(folder: Path, files: tuple[str, ...]) -> Names:
    """Return the names that the config files declare, as far as they can be read."""
    from exportctl.config import files as config_files

    read: dict[str, bytes] = {}
    try:
        read = config_files.read_config_files(folder, files)
    except (Error, OSError):
        with suppress(Error, OSError):
            for name in config_files.project_file_names(folder, files):
                with suppress(OSError):
                    read[name] = (folder / name).read_bytes()
    found: dict[str, set[str]] = {section: set() for section in _SECTIONS}
    for name, data in read.items():
        for section, names in _file_names(name, data).items():
            found[section].update(names)
    return {section: tuple(sorted(names)) for section, names in found.items()}


def _file_names(name: str, data: bytes) -> Names:
    from exportctl.config.yaml_nodes import parse_tree

    root, _ = parse_tree(name, data)
    if root is None:
        return scan_names(data.decode("utf-8", "replace"))
    return {section: tuple(root.entries_of(section)) for section in _SECTIONS}


def scan_names(text: str) -> Names:
    """Return the names that stand one level below the sections, in a file that cannot be parsed."""
    found: dict[str, list[str]] = {section: [] for section in _SECTIONS}
    section, depth = "", ""
    for line in text.splitlines():
        if line[:1].strip():
            begins = re.match(_SECTION, line)
            section, depth = begins[1] if begins else "", ""
        elif section and (named := re.match(_NAME, line)):
            depth = depth or named[1]
            found[section] += [named[2]] if named[1] == depth else []
    return {name: tuple(names) for name, names in found.items()}


def _names(ctx: Any) -> Names:
    """Return the names of the config that a command line chooses with -C and -f."""
    folder, files = "", ()
    while ctx is not None:
        folder = folder or ctx.params.get("folder") or ""
        files = (*(ctx.params.get("files") or ()), *files)
        ctx = ctx.parent
    return declared_names(Path(folder), files)


def _addresses(ctx: Any) -> Iterator[str]:
    names = _names(ctx)
    for section in ("exports", "destinations"):
        yield from (f"{section}.{name}" for name in names[section])


def _exports(ctx: Any) -> Iterator[str]:
    """Yield addresses and plain names of exports: these commands take both."""
    for name in _names(ctx)["exports"]:
        yield from (name, f"exports.{name}")


def _topics(ctx: Any) -> Iterator[str]:
    from exportctl.cli.explain_topics import topic_names

    return (name.replace(" ", "-") for name in topic_names())


def _schemas(ctx: Any) -> Iterator[str]:
    from exportctl.output.json import schemas

    return (name.removesuffix(schemas.SUFFIX) for name in ("exports", *schemas.files()))


def _drift_groups(ctx: Any) -> Iterable[str]:
    from exportctl.monitor.drift import FAIL_ON

    return FAIL_ON


def _destination_types(ctx: Any) -> Iterable[str]:
    from exportctl.resources.destinations.table import TYPES

    return TYPES


def _ci_systems(ctx: Any) -> Iterable[str]:
    from exportctl.pipelines.systems import SYSTEMS

    return SYSTEMS


def _words(*words: str) -> Callable[[Any], Iterable[str]]:
    return lambda ctx: words


_BY_OPTION: Mapping[str, Callable[[Any], Iterable[str]]] = {
    "--target": _addresses,
    "--exclude": _addresses,
    "--env": lambda ctx: _names(ctx)["environments"],
}
_BY_METAVAR: Mapping[str, Callable[[Any], Iterable[str]]] = {
    "ADDR": _addresses,
    "EXPORT": _exports,
    "FLOW": _exports,
    "DESTINATION": lambda ctx: _names(ctx)["destinations"],
    "A": lambda ctx: _names(ctx)["environments"],
    "B": lambda ctx: _names(ctx)["environments"],
    "TERM": _topics,
    "SCHEMA": _schemas,
    "TYPE": _destination_types,
    "CLASSES": _drift_groups,
    "FORMAT": _words("text", "json", "markdown", "junit", "sarif"),
    "SHELL": _words(*SHELLS),
    "ENGINE": _words("duckdb", "spark", "databricks", "snowflake", "bigquery", "trino"),
    "HOST": _words("github", "gitlab", "azure"),
    "SYSTEM": _ci_systems,
    "STATE": _words("open", "closed"),
}
