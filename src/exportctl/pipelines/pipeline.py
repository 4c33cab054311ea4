"""What the jobs of every CI system need to know of a project, and of the exportctl that they install."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from exportctl.errors import Error
from exportctl.frozen import dataclass
from exportctl.model.project import AuthValue, Project
from exportctl.model.references import Reference, parse_references
from exportctl.model.secret import Secrecy
from exportctl.model.urls import EMBEDDED

CREDENTIALS = ("AEP_CLIENT_ID", "AEP_CLIENT_SECRET")  # the platform's, where the YAML names no others
_PRODUCTION = ("prod", "live")  # how the name of an environment begins that asks a person before it is changed


@dataclass(frozen=True)
class Environment:
    """
    One environment of the config; `name` is None if the config has no environments.

    `variables` are those that its part of the config refers to; None if it may need each of the pipeline.
    """

    name: str | None
    needs_approval: bool
    variables: frozenset[str] | None = None

    @property
    def label(self) -> str:
        """The name, also where the config has no environments."""
        return self.name or "production"


@dataclass(frozen=True)
class Pipeline:
    """
    A project as its pipelines see it.

    The environments that a person approves come last. `requirement` is what pip installs. The others are names of
    environment variables:

        credentials   of the platform; one value that only reads, one that writes
        settings      plain values, which every job reads and may show
        sensitive     of destinations, and no secrets: every job reads them, to compare them with the sandbox
        secrets       of destinations: only apply reads them

    `folder` is that of the config below the root of the repository, empty if it is the root. Jobs apply what is on
    `branch`.
    """

    project: str
    environments: tuple[Environment, ...]
    requirement: str
    credentials: tuple[str, ...] = CREDENTIALS
    settings: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # of `${file:…}`: the jobs that apply must find them
    folder: str = ""
    branch: str = "main"

    @property
    def has_environments(self) -> bool:
        return self.environments[0].name is not None

    def for_environment(self, one: Environment) -> Pipeline:
        """Return what the jobs of one environment need: they get no value of another one."""
        known = one.variables
        if known is None:
            return self
        return replace(
            self,
            credentials=tuple(name for name in self.credentials if name in known),
            settings=tuple(name for name in self.settings if name in known),
            sensitive=tuple(name for name in self.sensitive if name in known),
            secrets=tuple(name for name in self.secrets if name in known),
        )

    @property
    def prefix(self) -> str:
        """How the names of jobs, groups and artifacts begin: two folders of a repository share none."""
        return _prefix(self.folder)

    def plan_place(self, one: Environment) -> str:
        """Return where a CI system keeps what only the plan of one environment gets."""
        return f"{self.prefix}-plan-{one.label}"

    @property
    def nightly_place(self) -> str:
        """Where a CI system keeps what only the nightly run gets."""
        return f"{self.prefix}-nightly"

    def path(self, name: str) -> str:
        """Return the path of a file in the folder of the config, from the root of the repository."""
        return f"{self.folder}/{name}" if self.folder else name

    @property
    def shared_names(self) -> tuple[str, ...]:
        """What every job reads besides the credentials."""
        return self.sensitive + self.settings

    @property
    def reviewed_environments(self) -> tuple[Environment, ...]:
        """The environments that a person approves."""
        return tuple(one for one in self.environments if one.needs_approval)

    @property
    def direct_environments(self) -> tuple[Environment, ...]:
        """The environments that are applied without a question."""
        return tuple(one for one in self.environments if not one.needs_approval)


def build_pipeline(
    projects: Mapping[str | None, Project], requirement: str, folder: str = "", branch: str = "main"
) -> Pipeline:
    """
    Return the pipeline of a config that is resolved without variables, so that its plain references are unset.

    An environment on the embedded emulator needs no pipeline. If all are, they stay, and the jobs try the set-up out.

    Raises:
        Error: an environment has a name that the jobs need for something else.
    """
    served = {name: one for name, one in projects.items() if one.platform.url != EMBEDDED} or projects
    production: list[str | None] = [name for name in served if name and name.startswith(_PRODUCTION)]
    reviewed = production or list(served)
    names = sorted(served, key=lambda name: (name in reviewed, name or ""))
    _check_names(names, folder)
    made = [served[name] for name in names]
    values = [value for project in made for value in _destination_values(project)]
    secrets = _variables(value for value in values if value.secrecy is Secrecy.SECRET)
    return Pipeline(
        project=made[0].name,
        environments=tuple(Environment(name, name in reviewed, _names_in(served[name])) for name in names),
        requirement=requirement,
        credentials=tuple(sorted({name for project in made for name in _credentials(project)})),
        settings=tuple(sorted({name for project in made for name in _settings(project)})),
        sensitive=tuple(name for name in _variables(values) if name not in secrets),
        secrets=secrets,
        files=_names("file", values),
        folder=folder,
        branch=branch,
    )


def _check_names(names: Iterable[str | None], folder: str) -> None:
    """Raise an Error for a name under which GitHub and GitLab would keep the secrets of a plan or of the night."""
    prefix = _prefix(folder)
    for name in names:
        if name and (name == f"{prefix}-nightly" or name.startswith(f"{prefix}-plan-")):
            hint = f"choose a name that does not begin with {prefix}-"
            raise Error(f"the jobs need the name of the environment {name} for themselves", rule="usage", hint=hint)


def _prefix(folder: str) -> str:
    return "-".join(["exportctl", *re.findall("[A-Za-z0-9]+", folder)])


def _names_in(project: Project) -> frozenset[str]:
    """Return the variables of one environment."""
    return frozenset((*_credentials(project), *_settings(project), *_variables(_destination_values(project))))


def _credentials(project: Project) -> tuple[str, ...]:
    return _variables(project.platform.credentials.values()) or CREDENTIALS


def _settings(project: Project) -> set[str]:
    return {one.variable for one in project.unset}


def _destination_values(project: Project) -> Iterator[AuthValue]:
    for destination in project.destinations.values():
        yield from destination.account.auth.values()
        if destination.encryption is not None:
            yield destination.encryption


def _variables(values: Iterable[AuthValue]) -> tuple[str, ...]:
    return _names("env", values)


def _names(kind: str, values: Iterable[AuthValue]) -> tuple[str, ...]:
    parts = (part for value in values for part in parse_references(value.text))
    return tuple(sorted({part.name for part in parts if isinstance(part, Reference) and part.kind == kind}))


def reader_name(variable: str) -> str:
    """Return the name of the CI secret whose value is of the credential that only reads."""
    return _with_role(variable, "READER")


def writer_name(variable: str) -> str:
    """Return the name of the CI secret whose value is of the credential that writes."""
    return _with_role(variable, "WRITER")


def _with_role(variable: str, role: str) -> str:
    return f"AEP_{role}_{variable.removeprefix('AEP_')}" if variable.startswith("AEP_") else f"{role}_{variable}"
