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
from exportctl.config import load as config
from exportctl.config.read_references import read_file, resolve_text
from exportctl.errors import ConfigError, Error, Finding, Level
from exportctl.model.project import AuthValue, Destination, Project
from exportctl.model.references import Reference, parse_references
from exportctl.model.secret import MIN_SECRET_LENGTH, Secrecy
from exportctl.rules import engine as rules

if TYPE_CHECKING:
    import httpx

    from exportctl.clock import Clock

_PLATFORM_SECRETS = ("AEP_CLIENT_SECRET", "AEP_ACCESS_TOKEN")


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
    settle_seconds: float | None = None


@dataclass(frozen=True)
class ValidationResult:
    """All findings over all environments, and how much is declared: names are counted once over the environments."""

    findings: tuple[Finding, ...]
    exports: int
    destinations: int
    environments: int


def read_config(setup: Setup) -> config.ParsedConfig:
    """Every file of the project, read."""
    return config.parse_config(config_files.read_config_files(setup.folder, setup.files))


def readable(setup: Setup) -> config.ParsedConfig:
    """
    Every file of the project, with whatever mistakes, for showing what it says.

    Raises:
        ConfigError: it is written for a later exportctl.
    """
    whole = read_config(setup)
    if whole.refused:
        raise ConfigError(whole.findings)
    return whole


def validate_config(setup: Setup, as_of: int) -> ValidationResult:
    """Every environment's findings: the language first, then the rules, in file order."""
    whole = read_config(setup)
    projects, findings = config.load_projects(whole, setup.env)
    made = tuple(projects.values())
    return ValidationResult(
        findings=(*findings, *rules.run_rules(made, as_of=as_of, tree=whole.tree)),
        exports=len({export.declared_key for project in made for export in project.exports.values()}),
        destinations=len({key for project in made for key in project.destinations}),
        environments=len(whole.environments),
    )


def validation_findings(setup: Setup, as_of: int) -> tuple[Finding, ...]:
    """All findings over all environments, in file order."""
    return validate_config(setup, as_of).findings


def read_project(setup: Setup, as_of: int) -> tuple[Project, tuple[Finding, ...]]:
    """
    The chosen environment's project, checked with all others, and the findings that are no errors.

    Raises:
        ConfigError: there is at least one error.
    """
    whole = read_config(setup)
    made, findings = config.load_project(whole, setup.environment, setup.env)
    projects, others = config.load_projects(whole, setup.env)
    found = tuple(dict.fromkeys((*findings, *others)))
    if made is None:
        raise ConfigError(found)
    return made, _check_with_rules(whole, projects, found, as_of)


def read_projects(setup: Setup, as_of: int) -> tuple[Mapping[str, Project], tuple[Finding, ...]]:
    """
    Every environment's project by its name, in the order of the names, and the findings that are no errors.

    Raises:
        ConfigError: there is at least one error in one of them.
    """
    whole = read_config(setup)
    projects, found = config.load_projects(whole, setup.env)
    found = _check_with_rules(whole, projects, found, as_of)
    return {name: project for name, project in projects.items() if name is not None}, found


def _check_with_rules(
    whole: config.ParsedConfig, projects: Mapping[str | None, Project], found: tuple[Finding, ...], as_of: int
) -> tuple[Finding, ...]:
    """
    The findings of the language, then those of the rules.

    Raises:
        ConfigError: one of them is an error; with one of the language the rules are not asked.
    """
    if not any(f.level is Level.ERROR for f in found):
        found = (*found, *rules.run_rules(tuple(projects.values()), as_of=as_of, tree=whole.tree))
    if any(f.level is Level.ERROR for f in found):
        raise ConfigError(found)
    return found


def require_references(project: Project) -> None:
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


def hidden_values(project: Project, setup: Setup) -> tuple[str, ...]:
    """
    Values that no output may hold: of every secret field, of sensitive ones that are references, of the platform's
    credentials. What is too short to be a secret is left out, since it would blot out ordinary words.
    """
    written = [
        *project.platform.credentials.values(),
        *(v for d in project.destinations.values() for v in _auth_values(d)),
    ]
    named = [v for v in written if _has_reference(v)]
    found = [resolve_text(v.text, setup.env, lambda path: _read_if_possible(setup.folder, path)) for v in named]
    found += [setup.env.get(name) for name in _PLATFORM_SECRETS]
    return tuple(sorted({value for value in found if value and len(value) >= MIN_SECRET_LENGTH}))


def _read_if_possible(folder: Path, path: str) -> str | None:
    """What cannot be read cannot be shown either; whoever needs it, as apply, says what is wrong with the file."""
    try:
        return read_file(folder, path)
    except Error:
        return None


def _auth_values(destination: Destination) -> list[AuthValue]:
    return [*destination.account.auth.values(), *([destination.encryption] if destination.encryption else [])]


def _has_reference(value: AuthValue) -> bool:
    named = any(isinstance(part, Reference) for part in parse_references(value.text))
    return named and value.secrecy is not Secrecy.PLAIN
