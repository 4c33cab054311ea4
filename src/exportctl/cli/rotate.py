"""`rotate`: send the secrets of one account again, and say which runs must succeed before the old ones can go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli import exit_codes, plan
from exportctl.cli.apply_run import ApplyRequest
from exportctl.cli.ci_reports import publish_plan
from exportctl.cli.context import JSON, TEXT, CommandContext, command_context
from exportctl.cli.options import AutoApprove
from exportctl.config.schema_check import closest_match
from exportctl.errors import UsageError
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import DESTINATIONS, Address
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows.load_config import hidden_values, read_project

if TYPE_CHECKING:
    from exportctl.model.project import Project
    from exportctl.workflows.plan import ConnectedPlan


def rotate(
    ctx: typer.Context,
    destination: Annotated[
        str, typer.Argument(metavar="DESTINATION", help="The key of the destination, such as partner.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan. Write nothing.")] = False,
    auto_approve: AutoApprove = False,
    audit: Annotated[
        Path | None, typer.Option("--audit", metavar="FILE", help="Append one JSON line about this run to a file.")
    ] = None,
) -> int:
    """
    Send the secrets of one account again.

    rotate sends one PATCH of the whole account, as a new `secret_version` in the config does. It affects every flow on
    the account, also audiences and flows of other owners. It plans, asks and makes a final check as apply does. It
    cannot know whether the storage accepts the new secrets: keep the old ones until each flow has had a good run.
    """
    from exportctl.plan import rotation
    from exportctl.workflows import plan as plan_workflow

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    setup = call.setup()
    project, _ = read_project(setup, call.as_of())
    address = rotation.rotated_account_address(project, _destination_key(project, destination))
    flags = PlanOptions(targets=(str(address),), rotate=address)
    with plan_workflow.open_plan(setup, flags, wall=call.wall) as made:
        call.screen.hide(hidden_values(made.project, setup))
        rotation.check_rotation(made.plan, made.project, address)
        if dry_run or made.plan.errors() or made.plan.is_refused:
            plan.show_plan(call, made)
            publish_plan(call, made.plan, made.findings)
            return exit_codes.plan_exit_code(made.plan)
        from exportctl.cli.apply_run import confirm_and_apply

        carried = confirm_and_apply(call, setup, ApplyRequest(flags, auto_approve=auto_approve, audit=audit), made)
        # Also after a failure: once the new secrets are sent, the old ones must stay valid for a while.
        if any(o.status is OutcomeStatus.DONE and o.step.address == address for o in carried.outcomes):
            _show_next_steps(call, made, address)
        return carried.exit_code


def _destination_key(project: Project, given: str) -> str:
    """
    Return the key of a destination, given with or without `destinations.`.

    Raises:
        UsageError: no destination has this key.
    """
    key = given.removeprefix(f"{DESTINATIONS}.")
    if key in project.destinations:
        return key
    guess = closest_match(key, project.destinations)
    hint = f"did you mean {guess}?" if guess else f"choose one of {', '.join(sorted(project.destinations)) or 'none'}"
    raise UsageError(f"no destination has the key {given}", rule="usage", hint=hint)


def _show_next_steps(call: CommandContext, made: ConnectedPlan, address: Address) -> None:
    from exportctl.output.text import rotation as text_rotation
    from exportctl.plan import rotation

    base = next(item.id for item in made.plan.items if item.address == address)
    assert base is not None
    done = made.platform.clock.now()
    shown = rotation.account_flows(made.live, made.project, base, done)
    color = call.screen.err_color if call.format == JSON else call.screen.color
    words = text_rotation.render_next_steps(shown, made.plan.header, done, color=color)
    (call.screen.say if call.format == JSON else call.screen.show)(words)


COMMANDS = {"rotate": (rotate, "exportctl rotate partner --dry-run\nexportctl rotate partner --env prod")}
