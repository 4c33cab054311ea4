"""Files that a run leaves behind: a saved plan, whole or not at all, and the lines of an audit."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportctl.cli.call import CommandContext
from exportctl.errors import Error
from exportctl.model.plan import Outcome, Plan
from exportctl.output.format_values import printable

if TYPE_CHECKING:
    from exportctl.workflows.plan import ConnectedPlan

_HINT = "take the value out of titles, paths and descriptions, and name a reference instead"


def save_plan(call: CommandContext, plan: Plan, file: Path) -> None:
    """
    Write a saved plan for its owner only, at once.

    Raises:
        Error: a known secret is in it, or it cannot be written; nothing was.
    """
    from exportctl.planfile import file as planfile

    if plan.errors() or plan.is_refused:
        call.screen.say(f"{file} is not written: apply would refuse this plan.")
        return
    text = planfile.dump_plan(plan)
    if call.screen.mask_text(text) != text:
        raise Error(f"{file} is not written: a secret value is in the plan", rule="secret-in-plan", hint=_HINT)
    write_atomically(call.folder / file, text)
    call.screen.say(f"Saved to {file}. To carry out exactly this: exportctl apply {file}")


def write_atomically(file: Path, text: str, *, mode: int = 0o600) -> None:
    """
    A reader sees the former content or all of this one. What is no file, as /dev/stdout or a pipe, is written to and
    never put something else in its place; a link stays one.
    """
    text = printable(text)
    try:
        if file.exists() and not file.is_file():
            file.write_text(text, encoding="utf-8", newline="\n")
        else:
            _replace_file(file.resolve(), text, mode)
    except OSError as error:
        raise Error(f"{file} cannot be written: {(error.strerror or str(error)).lower()}", rule="file") from error


def _replace_file(file: Path, text: str, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            os.fchmod(stream.fileno(), mode)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def check_audit(call: CommandContext, file: Path | None) -> None:
    """
    Before the first write: what cannot be recorded is not done.

    Raises:
        Error: the file cannot be appended to.
    """
    if file:
        append_text(call.folder / file, "")


def append_text(file: Path, line: str) -> None:
    try:
        with file.open("a", encoding="utf-8") as stream:
            stream.write(printable(line))
    except OSError as error:
        raise Error(f"{file} cannot be written: {(error.strerror or str(error)).lower()}", rule="file") from error


def append_audit_record(
    call: CommandContext, file: Path | None, made: ConnectedPlan, outcomes: Sequence[Outcome], result: str
) -> None:
    """One JSON line: who applied what, from which commit, and what became of each object."""
    if file:
        line = json.dumps(_audit_record(call, made, outcomes, result), sort_keys=True)
        append_text(call.folder / file, f"{call.screen.mask_text(line)}\n")


def _audit_record(
    call: CommandContext, made: ConnectedPlan, outcomes: Sequence[Outcome], result: str
) -> dict[str, Any]:
    from exportctl.planfile import file as planfile

    header = made.plan.header
    return {
        "time": datetime.fromtimestamp(call.wall(), UTC).isoformat().replace("+00:00", "Z"),
        "who": call.env.get("GITHUB_ACTOR") or call.env.get("USER"),
        "commit": call.env.get("GITHUB_SHA") or _git_commit(call.folder),
        "project": header.project,
        "organization": header.organization,
        "sandbox": header.sandbox,
        "environment": header.environment,
        "platform": header.platform,
        "digest": planfile.approval_digest(made.plan),
        "outcome": result,
        "objects": [
            {
                "address": str(o.step.address),
                "action": o.step.operation or o.step.action.value,
                "kind": o.step.kind,
                "id": o.id or o.step.id,
                "status": o.status.value,
            }
            for o in outcomes
        ],
    }


def _git_commit(folder: Path) -> str | None:
    """What is checked out here; None without Git."""
    try:
        asked = ["git", "rev-parse", "HEAD"]
        found = subprocess.run(asked, cwd=folder, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None


def write_new_file(file: Path, text: str) -> None:
    """
    Raises:
        Error: the file is there already, or cannot be written.
    """
    try:
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(printable(text))
    except OSError as error:
        raise Error(f"{file} cannot be written: {(error.strerror or str(error)).lower()}", rule="file") from error
