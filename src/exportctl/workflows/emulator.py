"""
Use an emulator's own interface, `/_emulator`: of the embedded one, or of one served on this machine.

In: an operation and a JSON body. Out: its JSON answer, or an Error. Also finds the flow of an export's address, by its
ownership marker or, if that was removed, by its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import httpx

from exportctl.clock import system_clock
from exportctl.config import load as config
from exportctl.emulator import Emulator, Switches
from exportctl.errors import ConfigError, Error, Level
from exportctl.frozen import dataclass
from exportctl.model import urls
from exportctl.model.plan import Address
from exportctl.model.project import Project
from exportctl.resources import marker
from exportctl.resources.kinds import FLOW
from exportctl.workflows import connect
from exportctl.workflows.load_config import STATE_FOLDER, Setup, read_config, read_project, require_references

Json = dict[str, Any]
Objects = list[Json]
_JSON = {"Content-Type": "application/json"}
_REFUSED = {"switches": "list all switches: exportctl emulator switches show"}  # what to do, by operation
TIMEOUT = httpx.Timeout(30.0, read=3600.0)  # seconds; to let time pass takes as long as the exports that are due


@dataclass(frozen=True)
class EmulatorAdmin:
    """`project` is None without a config. `flows` reads all flows of the sandbox of the project."""

    send: Callable[[str, str, Json | None], Json]
    project: Project | None
    flows: Callable[[], Objects]

    def get(self, operation: str) -> Json:
        return self.send("GET", operation, None)

    def post(self, operation: str, body: Json) -> Json:
        return self.send("POST", operation, body)

    def edit(self, verb: str, flow: str, person: str | None, **members: Any) -> Json:
        """Edit a flow as a person does. `flow` is the address of an export, a flow id or a unique name."""
        named = {"as_person": person} if person else {}
        sandbox = {"sandbox": self.project.platform.sandbox} if self.project else {}
        return self.post(f"ui/{verb}", {"flow": self.flow_id(flow), **members, **named, **sandbox})

    def flow_id(self, name: str) -> str:
        """Return the id of an address; anything else as it is, because the emulator knows ids and names itself."""
        if self.project is None:
            return name
        key = name.removeprefix("exports.")
        flows = self.flows()
        if any(name in (f["id"], f["name"]) for f in flows):
            return name
        marked = [f["id"] for f in flows if _has_marker(f, self.project.name, key)]
        title = self.project.exports[key].title if key in self.project.exports else None
        found = marked or [f["id"] for f in flows if f["name"] == title]
        if len(found) != 1:
            raise Error(
                f"{'no flow' if not found else 'more than one flow'} has the name {name}",
                rule="no-such-flow",
                hint="give an export's address (exports.x or x), a flow id or a unique name; apply creates the flows",
            )
        return str(found[0])


def _has_marker(flow: Mapping[str, Any], project: str, key: str) -> bool:
    _, found = marker.parse_marker(flow.get("description"), FLOW)
    return found is not None and found.project == project and found.address == Address("exports", key)


@contextmanager
def open_admin(setup: Setup, url: str | None, as_of: int) -> Iterator[EmulatorAdmin]:
    """
    Open the interface at `url`, or that of the emulator embedded by the config.

    Raises:
        Error: the platform of the config is not embedded and no `url` was given, or `url` is not on this machine.
    """
    if url is not None:
        with _open_served(setup, url, as_of) as control:
            yield control
        return
    project, _ = read_project(setup, as_of)
    require_references(project)
    if connect.platform_kind(project) != connect.EMBEDDED:
        raise Error(
            f"the platform of this config is {project.platform.url}, not the embedded emulator",
            rule="not-embedded",
            hint="choose an environment with `url: embedded`, or use a served one: --url http://127.0.0.1:PORT",
        )
    sandbox = project.platform.sandbox
    with (
        closing(connect.open_embedded_emulator(project, setup.folder, say=setup.say)) as emulator,
        httpx.Client(transport=httpx.WSGITransport(app=emulator), base_url=connect.EMBEDDED_URL) as http,
    ):
        yield EmulatorAdmin(_make_sender(http), project, lambda: emulator.snapshot(sandbox)["flows"])


@contextmanager
def _open_served(setup: Setup, url: str, as_of: int) -> Iterator[EmulatorAdmin]:
    found = urls.parse_url(url)
    if found is None or not found.is_local:
        raise Error(f"--url {url} is not an address on this machine", rule="not-embedded", hint="http://127.0.0.1:PORT")
    try:
        project: Project | None = read_project(setup, as_of)[0]
    except ConfigError:
        project = None  # a config is only needed to know flows by the addresses of exports
    with httpx.Client(base_url=str(found), timeout=TIMEOUT, trust_env=False) as http:
        send = _make_sender(http)
        yield EmulatorAdmin(send, project, lambda: _list_flows(str(found), send, project))


def _list_flows(url: str, send: Callable[[str, str, Json | None], Json], project: Project | None) -> Objects:
    if project is None:
        return []
    settings = replace(project.platform, organization=str(send("GET", "", None)["organization"]))
    with connect.emulator_client(settings, None, system_clock(), url) as client:
        return client.list(FLOW.path)


def _make_sender(http: httpx.Client) -> Callable[[str, str, Json | None], Json]:
    def send(method: str, operation: str, body: Json | None) -> Json:
        # ASCII: a name can hold a lone surrogate, which has no other encoding.
        content = None if body is None else json.dumps(body).encode("ascii")
        try:
            answer = http.request(method, f"/_emulator/{operation}".rstrip("/"), headers=_JSON, content=content)
        except httpx.HTTPError as error:
            raise Error(
                f"no emulator answers: {error}", rule="emulator-not-reached", hint="start one: exportctl emulator serve"
            ) from error
        if answer.status_code != 200:
            hint = _REFUSED.get(operation.partition("/")[0])
            raise Error(f"the emulator refused: {_reason(answer)}", rule="emulator-refused", hint=hint)
        found: Json = answer.json()
        return found

    return send


def _reason(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return str(answer.status_code)
    for name in ("errorMessage", "message", "error_description"):
        if isinstance(body, dict) and body.get(name):
            return str(body[name])
    return str(body)


def embedded_projects(setup: Setup, organization: str | None = None) -> Sequence[Project]:
    """Return the projects of all environments on the embedded emulator, of one organization if it is named."""
    projects, found = config.load_projects(read_config(setup), setup.env)
    if any(f.level is Level.ERROR for f in found):
        raise ConfigError(found)
    embedded = [p for p in projects.values() if connect.platform_kind(p) == connect.EMBEDDED]
    return [p for p in embedded if organization in (None, p.platform.organization)]


def seed_from_config(setup: Setup, control: EmulatorAdmin) -> Json:
    """Add the sandboxes and datasets that the config names, in all environments of the organization."""
    assert control.project is not None
    with closing(connect.open_embedded_emulator(control.project, setup.folder)) as emulator:
        connect.seed_emulator(emulator, embedded_projects(setup, control.project.platform.organization))
        return {"sandboxes": emulator.sandboxes()}


@contextmanager
def open_emulator_to_serve(setup: Setup, as_of: int, settings: Mapping[str, Any] | None = None) -> Iterator[Emulator]:
    """
    Open the emulator to serve: that of the config's organization, seeded; without a config an empty one.

    `settings` set its switches.
    """
    try:
        project: Project | None = read_project(setup, as_of)[0]
    except ConfigError as error:
        if any(f.rule != "no-config" for f in error.all):
            raise
        project = None
    if project is None:
        emulator = Emulator(setup.folder / STATE_FOLDER / "served.sqlite")
    else:
        emulator = connect.open_embedded_emulator(project, setup.folder, say=setup.say)
    with closing(emulator):
        if settings:
            emulator.switches = Switches.from_json({**emulator.switches.to_json(), **settings})
        yield emulator
