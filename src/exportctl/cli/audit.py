"""
The audit file: one JSON line for each thing that a run does, when it does it, so that a kill leaves what was done.

    event          written                              members beside `event`, `run` and `time`
    started        before the first write               who, commit, the sandbox, digest of the plan, number of steps
    step-started   before the requests of a step        address, action, kind, id
    step-ended     when the step has ended              the same and its status
    ended          at the end of the run                those of `started`, the outcome, and all steps as `objects`
    drill          at the end of a drill of backups     who, commit, the sandbox, and what its JSON document says

`run` is the same in all lines of one run. A line that cannot be written is a warning and never ends the run.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from exportctl.cli.context import CommandContext
from exportctl.cli.files import append_secondary
from exportctl.model.hold import Hold
from exportctl.model.outcome import Outcome
from exportctl.model.plan import PlanHeader, Step
from exportctl.planfile import file as planfile

if TYPE_CHECKING:
    from exportctl.workflows.plan import PlanResult


class AuditLog:
    """The audit of one run. Without a file it does nothing."""

    def __init__(self, call: CommandContext, file: Path | None, made: PlanResult, overridden: Sequence[Hold] = ()):
        self._call = call
        self._file = call.folder / file if file else None
        self._run = token_hex(8)
        named = {"allowed": [hold.allow for hold in overridden]} if overridden else {}
        self._head = {**_run_members(call, made), **named} if file else {}

    def start(self, steps: int) -> None:
        self._append("started", {**self._head, "steps": steps})

    def start_step(self, step: Step) -> None:
        self._append("step-started", _step_members(step, step.id))

    def end_step(self, outcome: Outcome) -> None:
        self._append("step-ended", _outcome_members(outcome))

    def end(self, outcomes: Sequence[Outcome], result: str) -> None:
        objects = [_outcome_members(outcome) for outcome in outcomes]
        written = self._append("ended", {**self._head, "outcome": result, "objects": objects})
        self._call.screen.reported_elsewhere |= written

    def _append(self, event: str, members: Mapping[str, Any]) -> bool:
        return self._file is not None and _append_line(self._call, self._file, self._run, event, members)


def append_drill(call: CommandContext, file: Path, header: PlanHeader, members: Mapping[str, Any]) -> bool:
    """Append the one line of a drill; False: it failed, which is said."""
    return _append_line(call, call.folder / file, token_hex(8), "drill", {**_owner_members(call, header), **members})


def _append_line(call: CommandContext, file: Path, run: str, event: str, members: Mapping[str, Any]) -> bool:
    line = json.dumps({**members, "event": event, "run": run, "time": _time_text(call)}, sort_keys=True)
    return append_secondary(call, "the audit file", file, f"{line}\n")


def _run_members(call: CommandContext, made: PlanResult) -> dict[str, Any]:
    return {**_owner_members(call, made.plan.header), "digest": planfile.approval_digest(made.plan)}


def _owner_members(call: CommandContext, header: PlanHeader) -> dict[str, Any]:
    return {
        "who": call.env.get("GITHUB_ACTOR") or call.env.get("USER"),
        "commit": call.env.get("GITHUB_SHA") or _git_commit(call.folder),
        "project": header.project,
        "organization": header.organization,
        "sandbox": header.sandbox,
        "environment": header.environment,
        "platform": header.platform,
    }


def _step_members(step: Step, identity: str | None) -> dict[str, Any]:
    return {
        "address": str(step.address),
        "action": step.operation or step.action.value,
        "kind": step.kind,
        "id": identity,
    }


def _outcome_members(outcome: Outcome) -> dict[str, Any]:
    return {**_step_members(outcome.step, outcome.id or outcome.step.id), "status": outcome.status.value}


def _time_text(call: CommandContext) -> str:
    return datetime.fromtimestamp(call.wall(), UTC).isoformat().replace("+00:00", "Z")


def _git_commit(folder: Path) -> str | None:
    """Return the commit that is checked out; None without Git."""
    try:
        command = ["git", "rev-parse", "HEAD"]
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
