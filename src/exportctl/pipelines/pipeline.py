"""What the jobs of every CI system need to know of a project, and of the exportctl that they install."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from exportctl.model.project import AuthValue, Project
from exportctl.model.references import Reference, parse_references
from exportctl.model.urls import EMBEDDED

CREDENTIALS = ("AEP_CLIENT_ID", "AEP_CLIENT_SECRET")  # the platform's, where the YAML names no others
_PRODUCTION = ("prod", "live")  # how the name of an environment begins that asks a person before it is changed


@dataclass(frozen=True)
class Environment:
    """One environment of the config; `name` is None if the config has no environments."""

    name: str | None
    needs_approval: bool

    @property
    def label(self) -> str:
        """The name, also where the config has no environments."""
        return self.name or "production"


@dataclass(frozen=True)
class Pipeline:
    """
    A project as its pipelines see it.

    The environments that a person approves come last. `requirement` is what pip installs. `credentials`, `secrets`
    and `settings` are names of environment variables: the platform's credentials, what only apply reads (values of
    destinations), and values that every command reads and may show.
    """

    project: str
    environments: tuple[Environment, ...]
    requirement: str
    credentials: tuple[str, ...] = CREDENTIALS
    secrets: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # of `${file:…}`: the jobs that apply must find them

    @property
    def has_environments(self) -> bool:
        return self.environments[0].name is not None

    @property
    def reviewed_environments(self) -> tuple[Environment, ...]:
        """The environments that a person approves."""
        return tuple(one for one in self.environments if one.needs_approval)

    @property
    def direct_environments(self) -> tuple[Environment, ...]:
        """The environments that are applied without a question."""
        return tuple(one for one in self.environments if not one.needs_approval)


def build_pipeline(projects: Mapping[str | None, Project], requirement: str) -> Pipeline:
    """
    Return the pipeline of a config that is resolved without variables, so that its plain references are unset.

    An environment on the embedded emulator needs no pipeline. If all are, they stay, and the jobs try the set-up out.
    """
    served = {name: one for name, one in projects.items() if one.platform.url != EMBEDDED} or projects
    production: list[str | None] = [name for name in served if name and name.startswith(_PRODUCTION)]
    reviewed = production or list(served)
    names = sorted(served, key=lambda name: (name in reviewed, name or ""))
    made = [served[name] for name in names]
    references = [reference for project in made for value in _destination_values(project) for reference in value]
    return Pipeline(
        project=made[0].name,
        environments=tuple(Environment(name, name in reviewed) for name in names),
        requirement=requirement,
        credentials=_names(r for project in made for r in _credential_references(project)) or CREDENTIALS,
        secrets=_names(references),
        settings=tuple(sorted({one.variable for project in made for one in project.unset})),
        files=tuple(sorted({reference.name for reference in references if reference.kind == "file"})),
    )


def _names(references: Iterable[Reference]) -> tuple[str, ...]:
    return tuple(sorted({reference.name for reference in references if reference.kind == "env"}))


def _credential_references(project: Project) -> Iterator[Reference]:
    for value in project.platform.credentials.values():
        yield from _references(value)


def _destination_values(project: Project) -> Iterator[list[Reference]]:
    for destination in project.destinations.values():
        for value in destination.account.auth.values():
            yield _references(value)
        if destination.encryption is not None:
            yield _references(destination.encryption)


def _references(value: AuthValue) -> list[Reference]:
    return [part for part in parse_references(value.text) if isinstance(part, Reference)]


def reader_name(variable: str) -> str:
    """Return the name of the CI secret whose value is of the credential that only reads."""
    return _with_role(variable, "READER")


def writer_name(variable: str) -> str:
    """Return the name of the CI secret whose value is of the credential that writes."""
    return _with_role(variable, "WRITER")


def _with_role(variable: str, role: str) -> str:
    return f"AEP_{role}_{variable.removeprefix('AEP_')}" if variable.startswith("AEP_") else f"{role}_{variable}"
