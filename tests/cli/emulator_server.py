"""An emulator served on this machine to the command line, which notes who asked for which sandbox and when."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exportctl.emulator import Emulator, SeedDataset
from exportctl.emulator.server import bind_server, close_server
from tests.cli.command_line import ORGANIZATION, START, CommandLine

SANDBOXES = ("dev", "prod", "stage")
PATIENCE = 300.0  # seconds until a test fails: a machine with much else to do is slow
ORDERS = """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, url: "URL"}
defaults:
  destination: lake
  schedule: {every: 1 day, at: "02:00"}
  format: parquet
  end: {rolling: 180 days, renew_before: 30 days}
destinations:
  lake:
    type: amazon-s3
    bucket: acme-${environment}
    path: aep
    auth: {access_key_id: AKIAEXAMPLEEXAMPLEAA, secret_access_key: "${env:LAKE_KEY}"}
exports:
  orders: {datasets: [Orders]}
"""
CONFIG = (
    ORDERS
    + """\
  returns: {datasets: [Returns]}
environments:
  dev:
    platform: {sandbox: dev, credentials: {client_id: "${env:DEV_ID}", client_secret: "${env:DEV_SECRET}"}}
    exports: {returns: null}
  prod:
    platform: {sandbox: prod, credentials: {client_id: "${env:PROD_ID}", client_secret: "${env:PROD_SECRET}"}}
    destinations: {lake: {auth: {access_key_id: AKIAEXAMPLEEXAMPLEBB, secret_access_key: "${env:PROD_LAKE_KEY}"}}}
    exports: {orders: {schedule: {every: 3 hours, at: "00:00"}}}
  stage:
    platform: {sandbox: stage, credentials: {client_id: "${env:STAGE_ID}", client_secret: "${env:STAGE_SECRET}"}}
"""
)
VARIABLES = {
    f"{name.upper()}_{what}": f"{name}-client{'-secret' * (what == 'SECRET')}"
    for name in SANDBOXES
    for what in ("ID", "SECRET")
} | {
    "LAKE_KEY": "canary/lake+canary/lake+canary/lake+cana",
    "PROD_LAKE_KEY": "canary/prod+canary/prod+canary/prod+cana",
}


@dataclass
class RequestBarrier:
    """
    Stands before the emulator. `clients` are the x-api-key headers by sandbox; `concurrent_sandboxes` were asked for
    while others were; `expected_sandboxes` makes requests of these sandboxes wait until each of them was asked for.
    `before_patch` happens before each PATCH, in the thread of the server.
    """

    emulator: Emulator
    clients: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    concurrent_sandboxes: set[frozenset[str]] = field(default_factory=set)
    expected_sandboxes: frozenset[str] = frozenset()
    before_patch: Callable[[], None] = lambda: None
    _inside: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sandbox = environ.get("HTTP_X_SANDBOX_NAME")
        if sandbox is None:
            return self.emulator(environ, start_response)
        with self._news:
            self.clients[sandbox].add(environ["HTTP_X_API_KEY"])
            self._inside.append(sandbox)
            self._seen.add(sandbox)
            self.concurrent_sandboxes.add(frozenset(self._inside))
            self._news.notify_all()
            if sandbox in self.expected_sandboxes and not self._news.wait_for(
                lambda: self.expected_sandboxes <= self._seen, PATIENCE
            ):
                self.expected_sandboxes = frozenset()  # they do not come; the test will say so
        if environ["REQUEST_METHOD"] == "PATCH":
            self.before_patch()
        try:
            return self.emulator(environ, start_response)
        finally:
            with self._news:
                self._inside.remove(sandbox)

    def wait_for(self, sandbox: str) -> None:
        """Wait until a sandbox was asked for."""
        with self._news:
            assert self._news.wait_for(lambda: sandbox in self._seen, PATIENCE)

    def release(self) -> None:
        """Let all requests go that wait for others."""
        with self._news:
            self._seen |= self.expected_sandboxes
            self._news.notify_all()


@dataclass
class EmulatorServer:
    run: CommandLine
    emulator: Emulator
    barrier: RequestBarrier


def emulator(sandboxes: Iterable[str] = SANDBOXES, clock: str | float = START) -> Emulator:
    """Orders and Returns in each sandbox, under other ids in each; a client for each."""
    made = Emulator(clock=clock, organization=ORGANIZATION)
    made.seed([*sandboxes], {name: [SeedDataset("Orders"), SeedDataset("Returns")] for name in sandboxes})
    for name in sandboxes:
        made.register_client(f"{name}-client", f"{name}-client-secret")
    return made


@contextmanager
def serve_config(
    folder: Path, text: str = CONFIG, sandboxes: Iterable[str] = SANDBOXES, *, clock: str | float = START, **env: str
) -> Iterator[EmulatorServer]:
    """A config in `folder` whose environments are served. The emulator's clock stands still, unless it is `real`."""
    with serve_emulator(emulator(sandboxes, clock), folder, text, **env) as served:
        yield served


@contextmanager
def serve_emulator(made: Emulator, folder: Path, text: str = CONFIG, **env: str) -> Iterator[EmulatorServer]:
    """A config in `folder` whose environments this emulator serves."""
    gate = RequestBarrier(made)
    run = CommandLine(folder, {**VARIABLES, **env})
    with closing(made), serve_app(gate) as url:
        run.write(text.replace("URL", url))
        yield EmulatorServer(run, made, gate)


@contextmanager
def serve_app(app: Callable[..., Iterable[bytes]]) -> Iterator[str]:
    """Serve a WSGI application on this machine, and give its URL."""
    running = bind_server(app, 0)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.effective_port}"
    finally:
        close_server(running)
        thread.join(5)
