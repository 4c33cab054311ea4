"""The examples as tests see them: which there are, and a folder and an emulator for each."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx

from exportctl.config import files as config_files
from exportctl.config import load as config
from exportctl.emulator import Emulator
from exportctl.emulator.auth import CLIENT_ID, CLIENT_SECRET
from exportctl.model.project import Project
from exportctl.resources.destinations.table import TYPES
from exportctl.workflows import connect
from exportctl.workflows.load_config import Setup

EXAMPLES = Path(__file__).parents[2] / "examples"
NOW = 1767225600  # where the emulator's manual clock begins
ACCOUNT_ID = "EXPORTCTL_VAR_LAKE_ACCOUNT"
# The right form, with 15 = 3 * 5 as its number.
NO_KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nMB0CAQACAQ8CAwEAAQIBAwIBAwIBBQIBAwIBAwIBAw==\n-----END RSA PRIVATE KEY-----\n"
)
PLATFORM = {
    "AEP_CLIENT_ID": CLIENT_ID,
    "AEP_CLIENT_SECRET": CLIENT_SECRET,
    "AEP_IMS_URL": "http://127.0.0.1/ims/token/v3",
}


@dataclass(frozen=True)
class Example:
    """`folder` below examples/ to start in, `files` as `-f` names them; none: the default files."""

    folder: str
    files: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "/".join((self.folder, *self.files))

    def copy_to(self, to: Path) -> Path:
        """A copy of all examples below `to`, so that state files stay out of the repository; the folder to start in."""
        shutil.copytree(EXAMPLES, to / "examples")
        (to / ".git").mkdir(exist_ok=True)  # the examples are one checkout, as in the repository
        return to / "examples" / self.folder

    def environments(self) -> tuple[str | None, ...]:
        found = config.parse_config(config_files.read_config_files(EXAMPLES / self.folder, self.files)).environments
        return found or (None,)


def single_files() -> list[Example]:
    return [Example("destinations", (path.name,)) for path in sorted((EXAMPLES / "destinations").glob("*.yaml"))]


def folders() -> list[Example]:
    found = sorted(path.parent.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("exports.yaml"))
    return [Example(name) for name in found]


ALL = [*single_files(), *folders()]
PLANNED_EXAMPLES = [(example, environment) for example in ALL for environment in example.environments()]


def build_emulator(project: Project) -> tuple[Emulator, dict[str, str]]:
    """An emulator that holds what the project expects to be there, and the environment variables to reach it."""
    emulator = Emulator(clock=NOW, organization=project.platform.organization)
    connect.seed_emulator(emulator, [project])
    env = {**PLATFORM, **secrets(project)}
    for destination in project.destinations.values():
        if destination.account.existing or destination.account.id:
            made = _base_connection(emulator, project, destination.type, destination.account.existing or "by id")
            if destination.account.id:
                env[ACCOUNT_ID] = made
    return emulator, env


def secrets(project: Project) -> dict[str, str]:
    """Every variable that an `auth` names, with a value of the right form."""
    env: dict[str, str] = {}
    for destination in project.destinations.values():
        if destination.account.method is None:
            continue
        for field in TYPES[destination.type].method(destination.account.method).fields:
            text = destination.account.auth[field.name].text if field.name in destination.account.auth else ""
            if text.startswith("${env:"):
                env[text.removeprefix("${env:").rstrip("}")] = NO_KEY if field.name == "private_key" else field.sample
    return env


def _base_connection(emulator: Emulator, project: Project, kind: str, title: str) -> str:
    """An account made by another team; its id."""
    method = TYPES[kind].methods[-1]
    body = {
        "name": title,
        "connectionSpec": {"id": TYPES[kind].connection_spec, "version": "1.0"},
        "auth": {"specName": method.spec_name, "params": {f.wire: f.sample for f in method.fields if f.name != "port"}},
    }
    headers = {
        "Authorization": f"Bearer {emulator.issue_token(seconds=10**9)}",
        "x-api-key": CLIENT_ID,
        "x-gw-ims-org-id": project.platform.organization,
        "x-sandbox-name": project.platform.sandbox,
    }
    with httpx.Client(transport=httpx.WSGITransport(app=emulator), base_url="http://emulator.test") as http:
        answer = http.post("/data/foundation/flowservice/connections", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def setup(example: Example, folder: Path, environment: str | None) -> Setup:
    return Setup(folder, example.files, environment, {ACCOUNT_ID: "6b3f9c1e-0000-4000-8000-000000000001"})
