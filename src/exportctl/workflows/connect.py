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

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from exportctl import clock as clocks
from exportctl.client.auth import DEFAULT_SCOPES, Credentials
from exportctl.client.client import Client
from exportctl.clock import Clock
from exportctl.config.read_references import read_references
from exportctl.errors import Error
from exportctl.model import urls
from exportctl.model.project import Project
from exportctl.model.secret import Secret

if TYPE_CHECKING:
    from exportctl.emulator import Emulator

EMBEDDED = "embedded"
LOOPBACK = "loopback"
SERVICE = "service"
STATE_FOLDER = ".exportctl"
ROWS = 1000  # in each dataset that is seeded from a config
EVENTS = ("event", "web", "click", "tracking")  # in a dataset's name: its rows are events, not records


@dataclass(frozen=True)
class ConnectedPlatform:
    """An open platform. Every header shows `kind`, so that an emulator is not mistaken for Adobe."""

    client: Client
    clock: Clock
    kind: str
    emulator: Emulator | None = None

    def as_of(self) -> int:
        """Return the moment that a plan is made for."""
        return self.clock.now()


def platform_kind(project: Project) -> str:
    """Return which of the three kinds a project's url names."""
    if project.platform.url == urls.EMBEDDED:
        return EMBEDDED
    found = urls.parse_url(project.platform.url)
    return LOOPBACK if found and found.is_local else SERVICE


@contextmanager
def open_platform(
    project: Project,
    env: Mapping[str, str],
    folder: Path,
    transport: httpx.BaseTransport | None = None,
    clock: Clock | None = None,
) -> Iterator[ConnectedPlatform]:
    """
    Open a client for the sandbox of a project. It is closed at the end of the `with`.

    Raises:
        Error: the host is not allowed, or credentials are missing. The message names the variable.
    """
    kind = platform_kind(project)
    if kind == EMBEDDED:
        emulator = open_embedded_emulator(project, folder)
        inside = httpx.WSGITransport(app=emulator)
        clock = clock or emulator_clock(emulator)
        with _client(
            project, EMBEDDED, _emulator_credentials(), inside, f"{EMBEDDED_URL}{TOKEN_PATH}", clock
        ) as client:
            try:
                yield ConnectedPlatform(client, clock, kind, emulator)
            finally:
                emulator.close()
        return
    url = urls.check_host(project.platform.url, urls.allowed_hosts(env.get("EXPORTCTL_ALLOWED_HOSTS")))
    own = f"{url}{TOKEN_PATH}" if kind == LOOPBACK else urls.IMS_TOKEN_URL
    ims = urls.check_token_url(env.get("AEP_IMS_URL") or own)
    clock = clock or clocks.system_clock()
    with _client(project, url, read_credentials(project, env, folder), transport, ims, clock) as client:
        yield ConnectedPlatform(client, served_clock(client, clock) if kind == LOOPBACK else clock, kind)


EMBEDDED_URL = "http://embedded"
TOKEN_PATH = "/ims/token/v3"  # an emulator's


def _client(
    project: Project, url: str, who: Credentials, transport: httpx.BaseTransport | None, ims: str, clock: Clock
) -> Client:
    platform = project.platform
    return Client(
        EMBEDDED_URL if url == EMBEDDED else url,
        organization=platform.organization,
        sandbox=platform.sandbox,
        credentials=who,
        ims_url=ims,
        transport=transport,
        clock=clock.monotonic,
        wall=clock.now,
        sleep=clock.sleep,
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


def state_file(project: Project, folder: Path) -> Path:
    """Return the file of an organization's embedded emulator, beside the first config file."""
    name = "".join(c if c.isalnum() else "-" for c in project.platform.organization.partition("@")[0])
    beside = Path(project.files[0]).parent if project.files else Path()
    return folder / beside / STATE_FOLDER / f"{name}.sqlite"


def open_embedded_emulator(project: Project, folder: Path) -> Emulator:
    """Open the emulator of the project's organization. A new store is seeded once from the config."""
    from exportctl.emulator import Emulator

    path = state_file(project, folder)
    fresh = not path.exists()
    emulator = Emulator(path, organization=project.platform.organization)
    if fresh:
        seed_emulator(emulator, [project])
    return emulator


def prepare_emulators(projects: Iterable[Project], folder: Path) -> None:
    """
    Create and seed the stores of the embedded emulator that do not exist yet, for all these projects.

    Without this, the first project to open a store would seed only its own sandbox.
    """
    from exportctl.emulator import Emulator

    fresh: dict[Path, list[Project]] = {}
    for project in projects:
        fresh.setdefault(state_file(project, folder), []).append(project)
    for path, users in fresh.items():
        if not path.exists():
            emulator = Emulator(path, organization=users[0].platform.organization)
            seed_emulator(emulator, users)
            emulator.close()


def seed_emulator(emulator: Emulator, projects: list[Project]) -> None:
    """Add the sandboxes and datasets that configs name. Existing ones stay as they are."""
    from exportctl.emulator import SeedDataset

    for project in projects:
        names: dict[tuple[str | None, str | None], SeedDataset] = {}
        for export in project.exports.values():
            for wanted in export.datasets:
                label = wanted.name or wanted.alias or f"Dataset {wanted.id}"
                kind = "event" if any(word in label.lower() for word in EVENTS) else "record"
                names[wanted.id, wanted.name] = SeedDataset(label, id=wanted.id, kind=kind, rows=ROWS)
        known = _known_datasets(emulator, project.platform.sandbox)
        missing = [d for d in names.values() if (d.id or d.name) not in known]
        emulator.seed([project.platform.sandbox], {project.platform.sandbox: missing})


def _known_datasets(emulator: Emulator, sandbox: str) -> set[str]:
    if sandbox not in emulator.sandboxes():
        return set()
    docs = [record.doc for record in emulator.store.list_records("datasets", sandbox)]
    return {str(d["id"]) for d in docs} | {str(d["name"]) for d in docs}


def _emulator_credentials() -> Credentials:
    from exportctl.emulator.auth import CLIENT_ID, CLIENT_SECRET

    return Credentials(CLIENT_ID, Secret(CLIENT_SECRET))


def emulator_clock(emulator: Emulator) -> Clock:
    """Return the emulator's clock. While it is stopped, waiting moves it forward."""

    def sleep(seconds: float) -> None:
        if emulator.clock.mode == "manual":
            emulator.advance(seconds)
        else:
            time.sleep(seconds)

    return Clock(lambda: int(emulator.now), lambda: emulator.now, sleep)
