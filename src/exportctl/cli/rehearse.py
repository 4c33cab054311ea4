"""`plan --rehearse`: the plan carried out in an emulator of its own, or the word that it was not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from exportctl.cli import exit_codes
from exportctl.cli.context import CommandContext
from exportctl.errors import UsageError
from exportctl.model.plan_options import PlanOptions

if TYPE_CHECKING:
    from exportctl.snapshot.file import Snapshot
    from exportctl.workflows.plan import PlanResult
    from exportctl.workflows.rehearse import Rehearsal


@dataclass(frozen=True)
class RequestedRehearsal:
    """A rehearsal that was asked for; `result` is None where the plan is refused, which is not rehearsed."""

    result: Rehearsal | None

    def exit_code(self) -> int:
        return exit_codes.DONE if self.result is None or self.result.passed else exit_codes.INCOMPLETE


def rehearse_plan(
    call: CommandContext, made: PlanResult, snapshot: Snapshot | None, asked: PlanOptions, switches: dict[str, object]
) -> RequestedRehearsal:
    """`snapshot` is what `made` was made from; None: that was the sandbox, of which one is taken now."""
    if made.plan.is_refused or made.plan.errors():
        return RequestedRehearsal(None)
    from exportctl.snapshot import file as document
    from exportctl.workflows import rehearse
    from exportctl.workflows import snapshot as snapshot_workflow

    setup = replace(call.setup(), now=made.plan.as_of)
    if snapshot is None:
        snapshot = document.build_snapshot(made.plan.header, made.live, made.plan.as_of)
        made = snapshot_workflow.plan_from_snapshot(setup, asked, snapshot, wall=call.wall)
    return RequestedRehearsal(rehearse.rehearse(made, snapshot, setup, asked, switches))


def parse_switches(given: Iterable[str]) -> dict[str, object]:
    """
    Settings of the emulator's open questions, as `NAME=VALUE`.

    Raises:
        UsageError: there is no such switch, or not with this value.
    """
    from exportctl.emulator.switches import QUESTIONS, Switches

    found: dict[str, object] = {}
    for text in given:
        name, _, value = text.partition("=")
        known = QUESTIONS[name].values if name in QUESTIONS else ()
        try:
            found[name] = value if value in known else json.loads(value)
            Switches.from_json(found)
        except ValueError as error:
            why = f"write NAME=VALUE, {name} is not set so" if isinstance(error, json.JSONDecodeError) else str(error)
            hint = "exportctl emulator switches show names them all"
            raise UsageError(f"--rehearse-switch {text}: {why}", rule="usage", hint=hint) from error
    return found
