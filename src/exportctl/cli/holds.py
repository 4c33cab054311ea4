"""
Keep an apply from writing in a freeze or near a run, unless an option names exactly this.

The moment is that of the apply, also for a plan that was saved before: the time of the emulator, or --now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, TypeVar

from typer import Option

from exportctl.cli.options import Globs, check_globs
from exportctl.cli.overrides import Overrides
from exportctl.config.schema_check import closest_match
from exportctl.errors import RefusedError, UsageError
from exportctl.model.hold import Hold
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address
from exportctl.model.similar_names import did_you_mean
from exportctl.output.holds import hold_words

if TYPE_CHECKING:
    from exportctl.cli.context import CommandContext
    from exportctl.model.project import Project
    from exportctl.workflows.plan import ConnectedPlan

AllowFreeze = Annotated[
    list[str] | None, Option("--allow-freeze", metavar="NAME", help="Write in this freeze of the policy. Repeatable.")
]
AllowNearRun = Annotated[
    Globs, Option("--allow-near-run", metavar="ADDR", help="Change this within the policy's `run_distance` of a run.")
]
Made = TypeVar("Made", bound="ConnectedPlan")


def overrides(freezes: Sequence[str] | None, near_runs: Globs) -> Overrides:
    return Overrides(tuple(freezes or ()), tuple(near_runs or ()))


def check_overrides(given: Overrides, project: Project) -> None:
    """
    Check that each name is one of the policy, and each address one of the config.

    Raises:
        UsageError: a misspelt name would not allow what it should.
    """
    names = [freeze.name for freeze in project.policy.freeze]
    for name in given.freezes:
        if name not in names:
            guess = closest_match(name, names)
            known = f"choose one of {', '.join(names)}" if names else "`policy.freeze` has none: leave it out"
            hint = did_you_mean(name, guess) if guess else known
            raise UsageError(f"--allow-freeze {name}: the policy has no freeze of this name", rule="usage", hint=hint)
    declared = {Address(EXPORTS, key) for key in project.exports} | {
        Address(DESTINATIONS, key) for key in project.destinations
    }
    removed = {Address(entry.root, entry.name) for entry in project.removed}
    check_globs("--allow-near-run", given.near_runs, declared | removed)


def add_holds(call: CommandContext, made: Made) -> Made:
    """Return the plan with what keeps it from being applied now."""
    from exportctl.plan.holds import apply_holds
    from exportctl.plan.ownership import build_ownership

    now = call.now if call.now is not None else made.platform.clock.now()
    ownership = build_ownership(made.live, made.project.name)
    found = apply_holds(made.plan, ownership, made.project.policy, now)
    return replace(made, plan=replace(made.plan, holds=found))


def take_overrides(call: CommandContext, given: Overrides, made: Made) -> tuple[Made, tuple[Hold, ...]]:
    """Return the plan without the holds that are allowed, and those, which are said."""
    allowed = tuple(hold for hold in made.plan.holds if given.allows(hold))
    for hold in allowed:
        call.screen.say(f"Allowed by {hold.allow}: {hold_words(hold)}")
    left = tuple(hold for hold in made.plan.holds if hold not in allowed)
    return replace(made, plan=replace(made.plan, holds=left)), allowed


def check_no_hold(call: CommandContext, given: Overrides, made: Made) -> None:
    """
    Check after a wait that nothing keeps the plan from being applied now.

    Raises:
        RefusedError: a freeze has begun, or a run is near.
    """
    left = [hold for hold in add_holds(call, made).plan.holds if not given.allows(hold)]
    if left:
        text = "; ".join(hold_words(hold) for hold in left)
        hint = f"apply later, or use {' '.join(hold.allow for hold in left)}"
        raise RefusedError(f"{text}; nothing was written", rule="blocked-by-safety-check", hint=hint, at=left[0].at)
