"""What is recorded and played: a client, readings, and an apply with one worker, so that requests come in order."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exportctl.apply import inputs
from exportctl.apply.executor import apply_plan as applied
from exportctl.apply.retry import Retry
from exportctl.apply.writer import Writer
from exportctl.client import inventory
from exportctl.client.auth import Credentials
from exportctl.client.client import Client
from exportctl.client.concurrency import ConcurrencyLimit
from exportctl.clock import Clock
from exportctl.model.outcome import Outcome
from exportctl.model.plan import Inventory, PlanHeader
from exportctl.model.plan_options import PlanOptions
from exportctl.model.secret import Secret
from exportctl.plan import planner
from exportctl.plan.desired import build_desired_state
from exportctl.resources.kinds import KINDS
from exportctl.workflows import load_config
from exportctl.workflows.load_config import read_project, require_references
from tests.workflows.world import ENV, ORGANIZATION, SANDBOX, SECRETS, START, config

FIRST = config()
CHANGED = config(exports={"orders": {"datasets": ["Returns"], "subpath": "x", "enabled": False}})


def client_at(url: str) -> Client:
    return Client(
        url,
        organization=ORGANIZATION,
        sandbox=SANDBOX,
        credentials=Credentials(ENV["AEP_CLIENT_ID"], Secret(ENV["AEP_CLIENT_SECRET"])),
        ims_url=f"{url}/ims/token/v3",
        clock=fixed_clock(),
        random=lambda: 0.0,
    )


def fixed_clock() -> Clock:
    return Clock(lambda: START, lambda: 0.0, lambda _: None)


def read_all(client: Client) -> Inventory:
    return inventory.read_inventory(client)


def apply_config(client: Client, content: Mapping[str, Any], clock: Clock) -> tuple[Outcome, ...]:
    """Plan and apply one config through a client."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "exports.yaml").write_text(json.dumps(content), encoding="utf-8")
        setup = load_config.Setup(folder=path, env={**ENV, **SECRETS}, now=START)
        project, _ = read_project(setup, START)
        require_references(project)
        known = inputs.read_values_for_plan(project, setup.env, path, invent=False)
        seen = inventory.read_inventory(client)
        wanted = build_desired_state(project, known.values, seen.specs)
        header = PlanHeader(ORGANIZATION, SANDBOX, None, project.name, "loopback")
        plan = planner.build_plan(wanted, seen, header, PlanOptions(), START)
        fill, _ = inputs.read_values_for_apply(project, setup.env, path, plan, invent=False)
        objects = {o.id: o for kind in KINDS for o in seen.objects_of_kind(kind)}
        writer = Writer(client, Retry(clock), objects, project.repository, fill)
        return tuple(applied(plan, writer, limit=ConcurrencyLimit(1), stop=threading.Event()))
