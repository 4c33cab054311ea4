"""What tests of patches share: a config as people write it, edits by hand in the sandbox, the patch that accepts."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from exportctl.accept.changes import LIVE_CHANGED_CAUSES, AcceptRequest, AcceptResult
from exportctl.model.plan import Cause
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift
from exportctl.workflows.import_and_accept import accept_from_sandbox
from tests.workflows.world import SANDBOX, START, World

CONFIG = """\
# Acme: what leaves the lake.
version: 1
project: acme
repository: https://github.com/acme/exports

platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo, url: "http://127.0.0.1:1"}

defaults:
  destination: lake
  schedule: nightly    # everything, unless it says otherwise
  format: parquet
  end: {rolling: 180 days, renew_before: 30 days}

formats:
  lines: {type: json}   # one object a line

schedules:
  nightly: {every: 1 day, at: '02:00'}
  often:
    every: 3 hours      # in UTC
    at: "00:00"

destinations:
  lake: {type: amazon-s3, bucket: acme-lake, path: aep, auth: {role_arn: "${env:S3_ROLE}"}}
  partner:
    type: sftp
    host: sftp.partner.example
    path: /in           # theirs
    format: lines
    auth:
      username: acme-at-partner
      password: "${env:SFTP_PASSWORD}"

datasets:
  sales: [Orders, Order Lines]

exports:
  # The first one.
  orders:
    datasets:
      - Orders          # theirs
      # not the returns
      - App Events
    subpath: orders
  returns: {datasets: [Returns], subpath: returns, schedule: often, title: 'Returns, all'}
  sales: {datasets: [sales], subpath: sales}

  # To others.
  to-partner:
    datasets: [Orders]
    destination: partner
    schedule: {every: 12 hours, at: "06:00"}
    description: "For the partner"
    enabled: true
"""


def write_yaml(world: World, text: str = CONFIG, file: str = "exports.yaml") -> None:
    path = world.folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def run_accept(
    world: World,
    causes: Collection[Cause] = LIVE_CHANGED_CAUSES,
    targets: tuple[str, ...] = (),
    write: bool = True,
    accounts: bool = True,
    **more: Any,
) -> AcceptResult:
    """The patch, written into the files as the command line does."""
    made, _ = accept_from_sandbox(
        world.setup(**more), AcceptRequest(causes, PlanOptions(targets=targets), accounts), wall=lambda: START
    )
    for one in made.edited_files if write else ():
        (world.folder / one.file).write_bytes(one.after.encode())
    return made


def diff_lines(made: AcceptResult) -> list[str]:
    """The lines that go and come, as `- …` and `+ …`, over all files."""
    return [
        f"{line[0]} {line[2:].strip()}"
        for one in made.edited_files
        for line in difflib.ndiff(one.before.splitlines(), one.after.splitlines())
        if line[0] in "+-"
    ]


def left_reasons(made: AcceptResult) -> Mapping[str, str]:
    """What is left, with the reason."""
    return {f"{one.address} {one.changes[0].path}": one.reason for one in made.unaccepted}


def drift_entries(world: World, **more: Any) -> list[str]:
    """What `drift` fails for."""
    report = drift.build_drift_report(world.plan(**more), end_warning=30 * 86400)
    return [f"{e.group} {e.address} {e.field.path if e.field else ''}" for e in drift.failures(report)]


def edit_target(world: World, title: str, **params: Any) -> None:
    """A person edits the target connection of a flow; None takes a key away."""
    flow = world.flow(title)
    snapshot = world.emulator.snapshot(SANDBOX)
    target = next(t for t in snapshot["targetConnections"] if t["id"] == flow["targetConnectionIds"][0])
    laid = {**target["params"], **params}
    kept = {key: value for key, value in laid.items() if value is not None}
    world.emulator.ui.load({"targetConnections": [{**target, "params": kept}]}, sandbox=SANDBOX)
