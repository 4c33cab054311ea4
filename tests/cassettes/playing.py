"""What is recorded and played: a client, readings, and an apply with one worker, so that requests come in order."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exportctl import workflows
from exportctl.applying import references
from exportctl.applying.apply import Limit
from exportctl.applying.apply import apply as applied
from exportctl.applying.protocols import Writer
from exportctl.clock import Clock
from exportctl.flags import Flags
from exportctl.kinds import KINDS
from exportctl.model import Header, Live, Outcome
from exportctl.offline import complete, project_of
from exportctl.planning import planner
from exportctl.planning.expand import desired
from exportctl.secret import Secret
from exportctl.service import live
from exportctl.service.client import Client, Credentials
from tests.loop.world import ENV, ORGANIZATION, SANDBOX, SECRETS, START, config

FIRST = config()
CHANGED = config(exports={"orders": {"datasets": ["Returns"], "subpath": "x", "enabled": False}})


def client_at(url: str) -> Client:
    return Client(
        url,
        organization=ORGANIZATION,
        sandbox=SANDBOX,
        credentials=Credentials(ENV["AEP_CLIENT_ID"], Secret(ENV["AEP_CLIENT_SECRET"])),
        ims_url=f"{url}/ims/token/v3",
        random=lambda: 0.0,
        sleep=lambda _: None,
    )


def clock_of() -> Clock:
    return Clock(lambda: START, lambda: 0.0, lambda _: None)


def read_all(client: Client) -> Live:
    return live.read(client)


def carried_out(client: Client, content: Mapping[str, Any], clock: Clock) -> tuple[Outcome, ...]:
    """Plan and apply one config through a client."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "exports.yaml").write_text(json.dumps(content), encoding="utf-8")
        setup = workflows.Setup(folder=path, env={**ENV, **SECRETS}, now=START)
        project, _ = project_of(setup, START)
        complete(project)
        known = references.for_plan(project, setup.env, path, invent=False)
        seen = live.read(client)
        wanted = desired(project, known.values, seen.specs)
        header = Header(ORGANIZATION, SANDBOX, None, project.name, "loopback")
        plan = planner.plan(wanted, seen, header, Flags(), START)
        fill, _ = references.for_apply(project, setup.env, path, plan, invent=False)
        objects = {o.id: o for kind in KINDS for o in seen.of(kind)}
        writer = Writer(client, clock, objects, project.repository, fill)
        return tuple(applied(plan, writer, limit=Limit(1), stop=threading.Event()))
