"""`plan --rehearse`: apply the plan in an emulator that holds a copy of the sandbox."""

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
    """A rehearsal that was requested. `result` is None if the plan has errors or refusals: then there is none."""

    result: Rehearsal | None

    def exit_code(self) -> int:
        return exit_codes.DONE if self.result is None or self.result.passed else exit_codes.INCOMPLETE


def rehearse_plan(
    call: CommandContext, made: PlanResult, snapshot: Snapshot | None, asked: PlanOptions, switches: dict[str, object]
) -> RequestedRehearsal:
    """Rehearse `made`. `snapshot` is what it was made from; None: the sandbox, whose snapshot is taken now."""
    if made.plan.is_refused or made.plan.errors():
        return RequestedRehearsal(None)
    from exportctl.snapshot import file as document
    from exportctl.workflows import plan as plan_workflow
    from exportctl.workflows import rehearse

    setup = replace(call.setup(), now=made.plan.as_of)
    if snapshot is None:
        snapshot = document.build_snapshot(made.plan.header, made.live, made.plan.as_of)
        made = plan_workflow.plan_from_snapshot(setup, asked, snapshot, wall=call.wall)
    return RequestedRehearsal(rehearse.rehearse(made, snapshot, setup, asked, switches))


def parse_switches(given: Iterable[str]) -> dict[str, object]:
    """
    Parse switches of the emulator: `NAME=VALUE`.

    Raises:
        UsageError: no switch has this name, or this value.
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
            why = (
                f"write NAME=VALUE; this is no value of {name}"
                if isinstance(error, json.JSONDecodeError)
                else str(error)
            )
            hint = "list all switches: exportctl emulator switches show"
            raise UsageError(f"--rehearse-switch {text}: {why}", rule="usage", hint=hint) from error
    return found
