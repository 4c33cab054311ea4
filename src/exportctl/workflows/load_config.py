"""
Load a config: find its files, check them, and resolve the project that they declare. Needs no network.

This module imports no HTTP library, because `validate` and `--help` must start quickly.
"""

from __future__ import annotations

import re
import threading
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from exportctl import clock as clocks
from exportctl.client.guard import SecretGuard
from exportctl.config import files as config_files
from exportctl.config import load as config
from exportctl.config.read_references import read_file, resolve_text
from exportctl.config.yaml_nodes import ScalarNode
from exportctl.errors import ConfigError, Error, Finding, Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.private_key import normalise_private_key
from exportctl.model.project import Project
from exportctl.model.references import Reference, parse_references
from exportctl.model.secret import Secrecy
from exportctl.model.urls import EMBEDDED
from exportctl.rules import engine as rules
from exportctl.workflows.environment_secrets import environment_secrets as environment_secrets
from exportctl.workflows.tracked_files import auth_values, tracked_file_findings

if TYPE_CHECKING:
    import httpx

    from exportctl.client.concurrency import ConcurrencyLimit
    from exportctl.client.shared_access import SharedAccess
    from exportctl.client.transport import RequestObserver
    from exportctl.clock import Clock

STATE_FOLDER = ".exportctl"
_MIN_KEY_LENGTH = 300  # characters; no private key of RSA is shorter


@dataclass(frozen=True)
class Setup:
    """Where and how exportctl was called. Four of the fields are for embedding and tests."""

    folder: Path  # the working folder
    files: tuple[str, ...] = ()  # those of -f
    environment: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)  # of the process
    now: int | None = None  # --now
    transport: httpx.BaseTransport | None = None
    clock: Clock | None = None
    settle_seconds: float | None = None  # how long to wait for delayed lists; None: as long as writes need
    say: Callable[[str], None] = lambda text: None  # shows people what happens beside the result
    observer: RequestObserver | None = None  # sees every request
    say_wait: Callable[[float], None] | None = None  # shows a wait in seconds, in the place of a line of `say`
    guard: SecretGuard = field(default_factory=SecretGuard)  # the values that nothing may show
    shared: SharedAccess | None = None  # the connections, tokens and budgets of a run over many sandboxes
    readers: ConcurrencyLimit | None = None  # the parallel reads of all sandboxes; None: each has its own limit
    stop: threading.Event | None = None  # set by an interrupt: no write starts after it
    finish_writes: Callable[[], AbstractContextManager[None]] = nullcontext  # in it an interrupt ends no request


def stop_at_interrupt(setup: Setup, stop: threading.Event) -> Setup:
    """Return a Setup for one sandbox: after `stop` its reads end at the next request, and no write starts."""
    finishes = threading.Event()

    @contextmanager
    def finish_writes() -> Iterator[None]:
        finishes.set()
        try:
            yield
        finally:
            finishes.clear()

    clock = clocks.stoppable_clock(setup.clock or clocks.system_clock(), stop, finishes)
    return replace(setup, clock=clock, stop=stop, finish_writes=finish_writes)


@dataclass(frozen=True)
class ValidationResult:
    """All findings over all environments, and how much is declared. A name in several environments counts once."""

    findings: tuple[Finding, ...]
    exports: int
    destinations: int
    environment_names: tuple[str, ...]


def read_config(setup: Setup) -> config.ParsedConfig:
    """Read every file of the project."""
    whole = config.parse_config(config_files.read_config_files(setup.folder, setup.files))
    if whole.refused:
        return whole
    return replace(whole, findings=(*config_files.ignored_file_findings(setup.folder, setup.files), *whole.findings))


def find_project_name(setup: Setup) -> str | None:
    """Return the name of the project also from a config with mistakes; None where no file says it."""
    try:
        files = config_files.read_config_files(setup.folder, setup.files)
    except Error:
        return None
    name = config.parse_config(files).tree.get("project")
    said = [str(name.value)] if isinstance(name, ScalarNode) else []
    said += [m.decode() for data in files.values() for m in re.findall(rb"(?m)^project:[ ]*([a-z0-9-]+)", data)]
    return next((text for text in said if re.fullmatch("[a-z0-9][a-z0-9-]*", text)), None)


def readable_config(setup: Setup) -> config.ParsedConfig:
    """Read every file of the project with all its mistakes; one for a later exportctl raises a ConfigError."""
    whole = read_config(setup)
    if whole.refused:
        raise ConfigError(whole.findings)
    return whole


def validate_config(setup: Setup, as_of: int) -> ValidationResult:
    """Return the findings of every environment: those of the YAML first, then those of the rules, in file order."""
    whole = read_config(setup)
    projects, findings = config.load_projects(whole, setup.env)
    made = tuple(projects.values())
    unknown = unknown_emulator_datasets(made, setup.folder)
    tracked = tracked_file_findings(made, setup.folder)
    return ValidationResult(
        findings=(*findings, *rules.run_rules(made, as_of=as_of, tree=whole.tree), *tracked, *unknown),
        exports=len({export.declared_key for project in made for export in project.exports.values()}),
        destinations=len({key for project in made for key in project.destinations}),
        environment_names=whole.environments,
    )


def read_project(setup: Setup, as_of: int) -> tuple[Project, tuple[Finding, ...]]:
    """
    Return the project of the chosen environment, checked with all others, and the findings that are not errors.

    Raises:
        ConfigError: there is at least one error.
    """
    whole = read_config(setup)
    made, findings = config.load_project(whole, setup.environment, setup.env)
    projects, others = config.load_projects(whole, setup.env, {setup.environment: (made, findings)})
    found = tuple(dict.fromkeys((*findings, *others)))
    if made is None:
        raise ConfigError(found)
    return made, _check_with_rules(setup, whole, projects, found, as_of)


def read_projects(setup: Setup, as_of: int) -> tuple[Mapping[str, Project], tuple[Finding, ...]]:
    """
    Return the project of every environment by its name, in order of names, and the findings that are not errors.

    Raises:
        ConfigError: there is at least one error in one of them.
    """
    projects, found = read_all_projects(setup, as_of)
    return {name: project for name, project in projects.items() if name is not None}, found


def read_all_projects(setup: Setup, as_of: int) -> tuple[Mapping[str | None, Project], tuple[Finding, ...]]:
    """Return what `read_projects` does; for a config without environments its one project, under None."""
    whole = read_config(setup)
    projects, found = config.load_projects(whole, setup.env)
    return projects, _check_with_rules(setup, whole, projects, found, as_of)


def _check_with_rules(
    setup: Setup,
    whole: config.ParsedConfig,
    projects: Mapping[str | None, Project],
    found: tuple[Finding, ...],
    as_of: int,
) -> tuple[Finding, ...]:
    """
    Return the findings of the YAML, then those of the rules.

    Raises:
        ConfigError: one of them is an error. After an error in the YAML, the rules do not run.
    """
    if not any(f.level is Level.ERROR for f in found):
        made = tuple(projects.values())
        found = (*found, *rules.run_rules(made, as_of=as_of, tree=whole.tree))
        found = (*found, *tracked_file_findings(made, setup.folder))
    if any(f.level is Level.ERROR for f in found):
        raise ConfigError(found)
    return found


def require_references(project: Project) -> None:
    """Check that every plain reference is set, because a plan shows the values. The error names each that is not."""
    hint = 'set it where exportctl runs, or write a default: "${{env:{}:-…}}"'
    found = [(u, f"the variable {u.variable} is not set") for u in project.unset]
    if found:
        raise ConfigError([Finding("unset-reference", text, u.at, hint.format(u.variable)) for u, text in found])


# -- the embedded emulator --------------------------------------------------------------------------------------------


def state_file(project: Project, folder: Path) -> Path:
    """Return the file of an organization's embedded emulator, beside the first config file."""
    name = "".join(c if c.isalnum() else "-" for c in project.platform.organization.partition("@")[0])
    beside = Path(project.files[0]).parent if project.files else Path()
    return folder / beside / STATE_FOLDER / f"{name}.sqlite"


def unknown_emulator_datasets(projects: Sequence[Project], folder: Path) -> tuple[Finding, ...]:
    """
    Warn of datasets that the embedded emulator does not have, with the command that adds them.

    An emulator that does not exist yet gets every dataset that the config names.
    """
    found: dict[SourcePosition, Finding] = {}
    for project in projects:
        path = state_file(project, folder)
        if project.platform.url != EMBEDDED or not path.is_file():
            continue
        for finding in _unknown_datasets(project, _emulated_datasets(path, project.platform.sandbox)):
            assert finding.at is not None
            found.setdefault(finding.at, finding)
    return tuple(found.values())


def _emulated_datasets(path: Path, sandbox: str) -> Mapping[str, str] | None:
    """Return the datasets of a sandbox by id; None if it is not there, or the file is of another version."""
    import sqlite3

    from exportctl.emulator.store import Store  # most configs name the real service

    try:
        with closing(Store(path)) as store:
            records = store.list_records("datasets", sandbox)
    except (ValueError, OSError, sqlite3.Error):  # `plan` says what is wrong with it
        return None
    return {record.id: str(record.doc["name"]) for record in records} or None


def _unknown_datasets(project: Project, known: Mapping[str, str] | None) -> Iterator[Finding]:
    if known is None:
        return
    for export in project.exports.values():
        for one in export.datasets:
            if one.id in known or (one.id is None and one.name in known.values()):
                continue
            from exportctl.plan.dataset_lookup import nearest_phrase, seed_hint

            text = f'{export.address}: the embedded emulator has no dataset "{one.id or one.name}"'
            meant = nearest_phrase(one.name or "", known.values()) if one.id is None else ""
            yield Finding("dataset-unknown", text, one.at, f"{meant}{seed_hint(project.environment)}", Level.WARNING)


def hidden_values(project: Project, setup: Setup) -> tuple[str, ...]:
    """
    Return the values that no text from outside may repeat.

    These are the values of every secret field, of sensitive fields with references, and of the credentials in the
    environment.
    """

    def read_if_possible(path: str) -> str | None:
        """Read a file, or return None: a value that cannot be read cannot be shown, and apply reports the file."""
        try:
            return read_file(setup.folder, path)
        except Error:
            return None

    texts = [value.text for value in auth_values(project) if value.secrecy is not Secrecy.PLAIN]
    named = [text for text in texts if any(isinstance(part, Reference) for part in parse_references(text))]
    found = [resolve_text(text, setup.env, read_if_possible) for text in named]
    known = {value for value in found if value}
    return tuple(sorted(known | {*_key_forms(known)} | {*environment_secrets(setup.env)}))


def _key_forms(values: Iterable[str]) -> Iterator[str]:
    """Yield a private key as exportctl sends it, in base64, and as the service reads it."""
    for value in values:
        if len(value) >= _MIN_KEY_LENGTH:
            with suppress(Error, ValueError):
                sent = normalise_private_key(value).reveal()
                yield from (sent, b64decode(sent).decode("ascii"))
