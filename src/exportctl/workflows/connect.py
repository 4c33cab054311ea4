"""
Open the platform of a project: the real service, an emulator on this machine, or the embedded one.

    url          credentials                     token from                      clock
    https://…    config references or AEP_* …    AEP_IMS_URL, else Adobe's IMS   this machine's
    loopback     the same                        AEP_IMS_URL, else that server   that server's Date header
    embedded     the emulator's own              the emulator                    the emulator's

The plan, the start times that apply sends and the final check all read this one clock.

Only the url comes from YAML, and it has passed the check of allowed hosts: YAML must not choose who gets the token.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from exportctl import clock as clocks
from exportctl.client.auth import DEFAULT_SCOPES, Credentials
from exportctl.client.client import Client
from exportctl.client.concurrency import ConcurrencyLimit
from exportctl.client.guard import SecretGuard
from exportctl.client.shared_access import SharedAccess
from exportctl.clock import Clock
from exportctl.config.read_references import read_references
from exportctl.errors import Error, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model import urls
from exportctl.model.combine import Combine
from exportctl.model.plan import PlanHeader
from exportctl.model.project import PlatformSettings, Project
from exportctl.model.secret import Secret
from exportctl.workflows.load_config import Setup, hidden_values, state_file

if TYPE_CHECKING:
    from exportctl.emulator import Emulator

EMBEDDED = "embedded"
LOOPBACK = "loopback"
SERVICE = "service"
ROWS = 1000  # in each dataset that is seeded from a config
EMBEDDED_URL = "http://embedded"
TOKEN_PATH = "/ims/token/v3"  # an emulator's
EVENTS = ("event", "web", "click", "tracking")  # in a dataset's name: its rows are events, not records


@dataclass(frozen=True)
class ConnectedPlatform:
    """An open platform. `now` is the moment that --now or a saved plan gives; `emulator` is the embedded one."""

    client: Client
    clock: Clock
    now: int | None = None
    emulator: Emulator | None = None

    def as_of(self) -> int:
        """Return the moment that a plan is made for."""
        return self.clock.now() if self.now is None else self.now


def platform_kind(project: Project) -> str:
    """Return which of the three kinds a project's url names."""
    if project.platform.url == urls.EMBEDDED:
        return EMBEDDED
    found = urls.parse_url(project.platform.url)
    return LOOPBACK if found and found.is_local else SERVICE


def plan_header(project: Project, taken_at: int | None = None) -> PlanHeader:
    """
    Return what every output says first. `taken_at` is the moment of the snapshot, if there is one.

    It shows the kind of the platform, so that an emulator is not mistaken for Adobe.
    """
    platform = project.platform
    return PlanHeader(
        platform.organization,
        platform.sandbox,
        project.environment,
        project.name,
        platform_kind(project),
        taken_at,
        url=platform.url,
        repository=project.repository,
    )


def project_from_environment(setup: Setup) -> Project | None:
    """Return enough of a project to ask the real service, from AEP_ORG_ID and AEP_SANDBOX; None without the former."""
    organization, sandbox = setup.env.get("AEP_ORG_ID"), setup.env.get("AEP_SANDBOX") or "prod"
    if not organization:
        return None
    at = SourcePosition("the environment")
    settings = PlatformSettings(organization, sandbox, urls.PRODUCTION, {}, at)
    return Project("environment", None, None, settings, {}, {})


@contextmanager
def open_platform(project: Project, setup: Setup) -> Iterator[ConnectedPlatform]:
    """
    Open a client for the sandbox of a project. It is closed at the end of the `with`.

    Raises:
        Error: the host is not allowed, or credentials are missing. The message names the variable.
    """
    kind = platform_kind(project)
    setup.guard.hide(hidden_values(project, setup))
    if kind == EMBEDDED:
        with closing(open_embedded_emulator(project, setup.folder, say=setup.say)) as emulator:
            clock = setup.clock or emulator_clock(emulator)
            inside = httpx.WSGITransport(app=emulator)
            with emulator_client(project.platform, inside, clock, guard=setup.guard) as client:
                client.on_wait(partial(_announce_wait, setup.say))
                client.observe(setup.observer)
                yield ConnectedPlatform(client, clock, setup.now, emulator)
        return
    url = urls.check_host(project.platform.url, urls.allowed_hosts(setup.env.get("EXPORTCTL_ALLOWED_HOSTS")))
    own = f"{url}{TOKEN_PATH}" if kind == LOOPBACK else urls.IMS_TOKEN_URL
    ims = urls.check_token_url(setup.env.get("AEP_IMS_URL") or own)
    clock = setup.clock or clocks.system_clock()
    who = read_credentials(project, setup.env, setup.folder)
    with _client(
        project.platform, url, who, ims, setup.transport, clock, setup.guard, setup.shared, setup.readers
    ) as client:
        client.on_wait(setup.say_wait or partial(_announce_wait, setup.say))
        client.observe(setup.observer)
        yield ConnectedPlatform(client, served_clock(client, clock) if kind == LOOPBACK else clock, setup.now)


def _announce_wait(say: Callable[[str], None], seconds: float) -> None:
    say(f"The service asks to wait {seconds:.0f} s (Retry-After). exportctl waits.")


def _client(
    settings: PlatformSettings,
    url: str,
    who: Credentials,
    ims: str,
    transport: httpx.BaseTransport | None,
    clock: Clock,
    guard: SecretGuard,
    shared: SharedAccess | None = None,
    readers: ConcurrencyLimit | None = None,
) -> Client:
    return Client(
        url,
        organization=settings.organization,
        sandbox=settings.sandbox,
        credentials=who,
        ims_url=ims,
        transport=transport,
        clock=clock,
        guard=guard,
        shared=shared,
        readers=readers,
    )


def read_credentials(project: Project, env: Mapping[str, str], folder: Path) -> Credentials:
    """
    Return the platform's credentials.

    They are the config's references, else AEP_CLIENT_ID with AEP_CLIENT_SECRET or AEP_ACCESS_TOKEN.

    Raises:
        Error: one is missing. The message names the variable.
    """
    read = read_references(project, env, folder, addresses=("platform",))
    if read.unset:
        (_, name), unset = next(iter(sorted(read.unset.items())))
        raise Error(f"{unset.variable} is not set (platform.credentials.{name})", rule="credentials", at=unset.at)
    given = {name: (value.reveal() if isinstance(value, Secret) else value) for (_, name), value in read.values.items()}
    declared = bool(project.platform.credentials)
    for name in () if declared else ("client_id", "client_secret", "access_token", "scopes"):
        if env.get(f"AEP_{name.upper()}"):
            given[name] = env[f"AEP_{name.upper()}"]
    if "client_id" not in given:
        hint = "set AEP_CLIENT_ID and AEP_CLIENT_SECRET (Developer Console, OAuth Server-to-Server)"
        raise Error("there are no credentials for the platform", rule="credentials", hint=hint)
    scopes = tuple(s for s in given.get("scopes", "").replace(",", " ").split() if s)
    return Credentials(
        given["client_id"],
        Secret(given["client_secret"]) if "client_secret" in given else None,
        scopes or DEFAULT_SCOPES,
        Secret(given["access_token"]) if "access_token" in given else None,
    )


def served_clock(client: Client, machine: Clock) -> Clock:
    """
    Return the clock of an emulator in another process: the Date header of its last answer.

    The seconds since that answer are not added, because the emulator's clock can be stopped. Apply reads an object just
    before it writes it, so the answer is new whenever a start time is computed from it. Before the first answer the
    time is that of `machine`.
    """

    def now() -> int:
        date = client.server_date()
        return int(date.timestamp()) if date else machine.now()

    return replace(machine, now=now)


# -- the embedded emulator --------------------------------------------------------------------------------------------


def emulator_client(
    settings: PlatformSettings,
    transport: httpx.BaseTransport | None,
    clock: Clock,
    url: str = EMBEDDED_URL,
    guard: SecretGuard | None = None,
) -> Client:
    """Open a client with the credentials that every emulator accepts."""
    from exportctl.emulator.auth import CLIENT_ID, CLIENT_SECRET

    who = Credentials(CLIENT_ID, Secret(CLIENT_SECRET))
    return _client(settings, url, who, f"{url}{TOKEN_PATH}", transport, clock, guard or SecretGuard())


def open_embedded_emulator(
    project: Project, folder: Path, users: Sequence[Project] = (), say: Callable[[str], None] | None = None
) -> Emulator:
    """
    Open the emulator of the project's organization. A new store is seeded once from its `users`, or this project.

    `say` then gets what it was seeded with, because a misspelt name in the config becomes a dataset too.

    Raises:
        Error: the state cannot be opened or written.
    """
    from exportctl.emulator import Emulator

    path = state_file(project, folder)
    is_new = not path.exists()
    try:
        emulator = Emulator(path, organization=project.platform.organization)
    except (OSError, sqlite3.OperationalError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise Error(
            f"the embedded emulator cannot keep its state in {path}: {reason.lower()}",
            rule="emulator-state",
            hint="make this folder writable, or run in another one with -C: the embedded emulator is this file",
        ) from error
    if is_new:
        seed_emulator(emulator, users or [project])
        if say:
            say(_seeded_phrase(users or [project]))
    return emulator


def _seeded_phrase(users: Sequence[Project]) -> str:
    datasets = {d.name or d.id for project in users for e in project.exports.values() for d in e.datasets}
    named = ", ".join(f'"{name}"' for name in sorted(filter(None, datasets))) or "none"
    return (
        f"The embedded emulator is new. It has the datasets that the config names: {named}.\n"
        "If a name is misspelt, correct the config and run: exportctl emulator reset"
    )


def prepare_emulators(projects: Iterable[Project], folder: Path, say: Callable[[str], None] | None = None) -> None:
    """
    Create and seed the stores of the embedded emulator that do not exist yet, for all these projects.

    Without this, the first project to open a store would seed only its own sandbox.
    """
    users_of: dict[Path, list[Project]] = {}
    for project in projects:
        users_of.setdefault(state_file(project, folder), []).append(project)
    for path, users in users_of.items():
        if not path.exists():
            open_embedded_emulator(users[0], folder, users, say).close()


def seed_emulator(emulator: Emulator, projects: Iterable[Project]) -> None:
    """Add the sandboxes and datasets that configs name. Existing ones stay as they are."""
    from exportctl.emulator import SeedDataset

    for project in projects:
        names: dict[tuple[str | None, str | None], SeedDataset] = {}
        for export in project.exports.values():
            for wanted in export.datasets:
                label = wanted.name or wanted.alias or f"Dataset {wanted.id}"
                kind = _data_kind(label, wanted.combine)
                names[wanted.id, wanted.name] = SeedDataset(label, id=wanted.id, kind=kind, rows=ROWS)
        sandbox = project.platform.sandbox
        records = emulator.store.list_records("datasets", sandbox) if sandbox in emulator.sandboxes() else ()
        known = {str(record.doc[name]) for record in records for name in ("id", "name")}
        emulator.seed([sandbox], {sandbox: [d for d in names.values() if (d.id or d.name) not in known]})


def _data_kind(label: str, combine: Combine | None) -> str:
    """Return what the emulator makes of a dataset: what the config says, else what the name sounds like."""
    said = {Combine.APPEND: "event", Combine.UPSERT: "record", Combine.SNAPSHOT: "snapshot"}
    sounds = "event" if any(word in label.lower() for word in EVENTS) else "record"
    return said.get(combine, sounds) if combine else sounds


def emulator_clock(emulator: Emulator) -> Clock:
    """Return the emulator's clock. While it is stopped, waiting moves it forward."""

    def sleep(seconds: float) -> None:
        if emulator.clock.mode == "manual":
            emulator.advance(seconds)
        else:
            time.sleep(seconds)

    return Clock(lambda: int(emulator.now), lambda: emulator.now, sleep)
