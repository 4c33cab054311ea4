"""`rotate`: send the secrets of one account again, and say what must run well before the former ones may go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli import exits, plan
from exportctl.cli.apply import Order
from exportctl.cli.call import JSON, TEXT, Call, current
from exportctl.cli.options import AutoApprove
from exportctl.cli.reports import plan_for_actions
from exportctl.config.schema_findings import nearest
from exportctl.errors import UsageError
from exportctl.flags import Flags
from exportctl.model import DESTINATIONS, Address, Status
from exportctl.offline import hidden, project_of

if TYPE_CHECKING:
    from exportctl.declared import Project
    from exportctl.workflows import Planned


def rotate(
    ctx: typer.Context,
    destination: Annotated[str, typer.Argument(metavar="DESTINATION", help="Its key, as partner.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would do and end.")] = False,
    auto_approve: AutoApprove = False,
    audit: Annotated[
        Path | None, typer.Option("--audit", metavar="FILE", help="Append one JSON line about this run.")
    ] = None,
) -> int:
    """
    Send the secrets of one account again, without a change of the config.

    One PATCH of the whole account, as a new `secret_version` in the config makes it: it reaches every flow on the
    account, audiences and flows of others too. It plans, shows, asks and reads back as apply does. What it cannot know
    is whether the storage takes the new secrets: keep the former ones until each flow has had a good run.
    """
    from exportctl import workflows
    from exportctl.planning import rotation

    call = current(ctx)
    call.formats(TEXT, JSON)
    setup = call.setup()
    project, _ = project_of(setup, call.today())
    address = rotation.account(project, _key(project, destination))
    flags = Flags(targets=(str(address),), rotate=address)
    with workflows.planned(setup, flags, wall=call.wall) as made:
        call.screen.hide(hidden(made.project, setup))
        rotation.check(made.plan, made.project, address)
        if dry_run or made.plan.errors() or made.plan.refused:
            plan.shown(call, made)
            plan_for_actions(call, made.plan, made.findings)
            return exits.of_plan(made.plan)
        from exportctl.cli.carrying import carry

        carried = carry(call, setup, Order(flags, auto_approve=auto_approve, audit=audit), made)
        # However the run ended: once they are sent, the former secrets must stay.
        if any(o.status is Status.DONE and o.step.address == address for o in carried.outcomes):
            _left(call, made, address)
        return carried.code


def _key(project: Project, given: str) -> str:
    """
    Raises:
        UsageError: no destination is called so.
    """
    key = given.removeprefix(f"{DESTINATIONS}.")
    if key in project.destinations:
        return key
    guess = nearest(key, project.destinations)
    hint = f"did you mean {guess}?" if guess else f"there is {', '.join(sorted(project.destinations)) or 'none'}"
    raise UsageError(f"no destination is called {given}", rule="usage", hint=hint)


def _left(call: Call, made: Planned, address: Address) -> None:
    from exportctl.planning import rotation
    from exportctl.views import text_rotation

    base = next(item.id for item in made.plan.items if item.address == address)
    assert base is not None
    done = made.platform.as_of()
    shown = rotation.proofs(made.live, made.project, base, done)
    color = call.screen.err_color if call.format == JSON else call.screen.color
    words = text_rotation.left(shown, made.plan.header, done, color=color)
    (call.screen.say if call.format == JSON else call.screen.show)(words)


COMMANDS = {"rotate": (rotate, "exportctl rotate partner --env prod")}
