"""
What needs no network: where a project's files are, what is wrong with them, and the project they declare. An edge.

Kept apart from `workflows`, which brings the HTTP library along: `validate` and `--help` must start at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from exportctl.config import files as config_files
from exportctl.config import loading as config
from exportctl.config.values import Reference, references
from exportctl.declared import AuthValue, Destination, Project
from exportctl.destination_types import Secrecy
from exportctl.errors import ConfigError, Error, Finding, Level
from exportctl.refs import read_file, resolve
from exportctl.rules import checking as rules
from exportctl.secret import SHORTEST

if TYPE_CHECKING:
    import httpx

    from exportctl.clock import Clock

_PLATFORM = ("AEP_CLIENT_SECRET", "AEP_ACCESS_TOKEN")


@dataclass(frozen=True)
class Setup:
    """
    `folder` the working folder, `files` what `-f` named, `env` the process environment, `now` what `--now` said.
    `transport`, `clock` and `settle` (seconds to wait for what lags; None: as long as writes take to settle) are for
    embedding and tests.
    """

    folder: Path
    files: tuple[str, ...] = ()
    environment: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    now: int | None = None
    transport: httpx.BaseTransport | None = None
    clock: Clock | None = None
    settle: float | None = None


@dataclass(frozen=True)
class Checked:
    """All findings over all environments, and how much is declared: names are counted once over the environments."""

    findings: tuple[Finding, ...]
    exports: int
    destinations: int
    environments: int


def parsed(setup: Setup) -> config.Parsed:
    """Every file of the project, read."""
    return config.parse(config_files.read(setup.folder, setup.files))


def readable(setup: Setup) -> config.Parsed:
    """
    Every file of the project, with whatever mistakes, for showing what it says.

    Raises:
        ConfigError: it is written for a later exportctl.
    """
    whole = parsed(setup)
    if whole.refused:
        raise ConfigError(whole.findings)
    return whole


def checked(setup: Setup, as_of: int) -> Checked:
    """Every environment's findings: the language first, then the rules, in file order."""
    whole = parsed(setup)
    projects, findings = config.projects(whole, setup.env)
    made = tuple(projects.values())
    return Checked(
        findings=(*findings, *rules.check(made, as_of=as_of, tree=whole.tree)),
        exports=len({export.of for project in made for export in project.exports.values()}),
        destinations=len({key for project in made for key in project.destinations}),
        environments=len(whole.environments),
    )


def validated(setup: Setup, as_of: int) -> tuple[Finding, ...]:
    """All findings over all environments, in file order."""
    return checked(setup, as_of).findings


def project_of(setup: Setup, as_of: int) -> tuple[Project, tuple[Finding, ...]]:
    """
    The chosen environment's project, checked with all others, and the findings that are no errors.

    Raises:
        ConfigError: there is at least one error.
    """
    whole = parsed(setup)
    made, findings = config.project(whole, setup.environment, setup.env)
    projects, others = config.projects(whole, setup.env)
    found = tuple(dict.fromkeys((*findings, *others)))
    if made is None:
        raise ConfigError(found)
    return made, _ruled(whole, projects, found, as_of)


def projects_of(setup: Setup, as_of: int) -> tuple[Mapping[str, Project], tuple[Finding, ...]]:
    """
    Every environment's project by its name, in the order of the names, and the findings that are no errors.

    Raises:
        ConfigError: there is at least one error in one of them.
    """
    whole = parsed(setup)
    projects, found = config.projects(whole, setup.env)
    found = _ruled(whole, projects, found, as_of)
    return {name: project for name, project in projects.items() if name is not None}, found


def _ruled(
    whole: config.Parsed, projects: Mapping[str | None, Project], found: tuple[Finding, ...], as_of: int
) -> tuple[Finding, ...]:
    """
    The findings of the language, then those of the rules.

    Raises:
        ConfigError: one of them is an error; with one of the language the rules are not asked.
    """
    if not any(f.level is Level.ERROR for f in found):
        found = (*found, *rules.check(tuple(projects.values()), as_of=as_of, tree=whole.tree))
    if any(f.level is Level.ERROR for f in found):
        raise ConfigError(found)
    return found


def complete(project: Project) -> None:
    """
    A plan needs every plain reference: what it would show and compare is not known otherwise.

    Raises:
        ConfigError: one of this environment is not set; names all of them.
    """
    hint = "set it where exportctl runs, or give a default: ${env:NAME:-default}"
    if project.unset:
        raise ConfigError(
            [Finding("unset-reference", f"the variable {u.variable} is not set", u.at, hint) for u in project.unset]
        )


def hidden(project: Project, setup: Setup) -> tuple[str, ...]:
    """
    Values that no output may hold: of every secret field, of sensitive ones that are references, of the platform's
    credentials. What is too short to be a secret is left out, since it would blot out ordinary words.
    """
    written = [*project.platform.credentials.values(), *(v for d in project.destinations.values() for v in _auth(d))]
    named = [v for v in written if _by_reference(v)]
    found = [resolve(v.text, setup.env, lambda path: _legible(setup.folder, path)) for v in named]
    found += [setup.env.get(name) for name in _PLATFORM]
    return tuple(sorted({value for value in found if value and len(value) >= SHORTEST}))


def _legible(folder: Path, path: str) -> str | None:
    """What cannot be read cannot be shown either; whoever needs it, as apply, says what is wrong with the file."""
    try:
        return read_file(folder, path)
    except Error:
        return None


def _auth(destination: Destination) -> list[AuthValue]:
    return [*destination.account.auth.values(), *([destination.encryption] if destination.encryption else [])]


def _by_reference(value: AuthValue) -> bool:
    named = any(isinstance(part, Reference) for part in references(value.text))
    return named and value.secrecy is not Secrecy.PLAIN
