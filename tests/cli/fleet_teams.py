"""Many projects in one folder, behind one emulator that is served to `fleet`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.command_line import LAKE_AND_ORDERS, CommandLine
from tests.cli.emulator_server import VARIABLES, EmulatorServer, serve_config

NOW = ("--now", "2027-01-15T08:00:00Z")
COMMANDS = ("plan", "drift", "renew", "verify", "status")
SINGLE = (
    """\
version: 1
project: PROJECT
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, url: "URL", sandbox: SANDBOX}
"""
    + LAKE_AND_ORDERS
)
CREDENTIALS = {
    "AEP_CLIENT_ID": "dev-client",
    "AEP_CLIENT_SECRET": "dev-client-secret",
    "LAKE_ROLE_ARN": "arn:aws:iam::123456789012:role/x",
}


def add_project(root: Path, name: str, url: str, sandbox: str) -> None:
    folder = root / name
    folder.mkdir(parents=True)
    text = SINGLE.replace("PROJECT", name).replace("URL", url).replace("SANDBOX", sandbox)
    (folder / "exports.yaml").write_text(text, encoding="utf-8")


@dataclass
class Teams:
    """A folder `teams` with the project `all` of three environments, behind one server."""

    run: CommandLine  # in the folder above
    server: EmulatorServer
    url: str

    def add(self, name: str, sandbox: str, url: str | None = None) -> None:
        add_project(self.run.folder / "teams", name, url or self.url, sandbox)


@contextmanager
def serve_teams(root: Path) -> Iterator[Teams]:
    """Serve `teams/all` below a folder."""
    folder = root / "teams" / "all"
    folder.mkdir(parents=True)
    with serve_config(folder) as server:
        url = next(line for line in (folder / "exports.yaml").read_text().splitlines() if "url:" in line)
        yield Teams(CommandLine(root, {**VARIABLES, **CREDENTIALS}), server, url.split('"')[1])


def rows(document: Any) -> dict[str, dict[str, Any]]:
    result = document["result"]
    return {" ".join(filter(None, (row["folder"], row["environment"]))): row for row in result["sandboxes"]}
