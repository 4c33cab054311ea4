"""`apply`, `renew` and `rotate`: make a plan or take a saved one, check the approval, and apply it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes, plan
from exportctl.cli.apply_approval import check_approval, read_approved_config
from exportctl.cli.apply_output import KnownPlan, report_errors, show_blocked_run
from exportctl.cli.apply_request import ApplyRequest, RotateRequest
from exportctl.cli.apply_run import confirm_and_apply
from exportctl.cli.context import JSON, JUNIT, MARKDOWN, TEXT, CommandContext, command_context, parsed_duration
from exportctl.cli.files import read_plan_file
from exportctl.cli.holds import (
    AllowFreeze,
    AllowNearRun,
    add_holds,
    check_overrides,
    overrides,
    take_overrides,
)
from exportctl.cli.options import (
    AllowDeletes,
    AllowOlder,
    AllowRecreate,
    AllowReplace,
    Audit,
    AutoApprove,
    Exclude,
    Parallelism,
    PlanFile,
    Resume,
    Target,
    check_addresses,
    flags,
    reject_option,
)
from exportctl.config.schema_check import closest_match
from exportctl.errors import UsageError
from exportctl.model.apply_report import ApplyReport
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import DESTINATIONS, Address
from exportctl.model.plan_options import PlanOptions
from exportctl.model.similar_names import did_you_mean_address
from exportctl.model.verdict import judge
from exportctl.output import phrases
from exportctl.planfile import file as planfile
from exportctl.planfile.signature import SignatureState
from exportctl.workflows.load_config import read_project

if TYPE_CHECKING:
    from exportctl.model.project import Project
    from exportctl.workflows.plan import ConnectedPlan


def apply(
    ctx: typer.Context,
    file: PlanFile = None,
    auto_approve: AutoApprove = False,
    only_if: Annotated[
        str | None, Option("--only-if", metavar="DIGEST", help="Apply only if the plan has this digest. Does not ask.")
    ] = None,
    max_age: Annotated[
        str, Option("--max-age", metavar="DURATION", help="Refuse a saved plan that is older than this.")
    ] = "7 days",
    parallelism: Parallelism = 16,
    audit: Audit = None,
    target: Target = None,
    exclude: Exclude = None,
    allow_deletes: AllowDeletes = 0,
    allow_replace: AllowReplace = None,
    allow_recreate: AllowRecreate = None,
    allow_older: AllowOlder = False,
    resume: Resume = None,
    allow_freeze: AllowFreeze = None,
    allow_near_run: AllowNearRun = None,
) -> int:
    """
    Make the sandbox equal to the config.

    apply plans, shows the plan, asks and writes. Then its final check reads the sandbox again. It exits with 0 only if
    no changes remain.

    With PLANFILE it applies exactly the plan that was reviewed, and does not ask. If a value has changed since, it
    writes nothing and exits with 6.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN, JUNIT)
    given = flags(target, exclude, allow_deletes, allow_replace, allow_recreate, resume, allow_older)
    if file:
        only = "a saved plan has its own options: leave out all others"
        reject_option("PLANFILE", (given != PlanOptions(), only_if), only)
    saved = note = None
    if file:
        with report_errors(call, "apply"):
            saved, state = read_plan_file(call, file)
        note = None if state is SignatureState.VALID else f"{file}: {phrases.SIGNATURES[state]}"
    order = ApplyRequest(
        flags=planfile.saved_options(saved) if saved else given,
        saved=saved,
        file=str(file) if file else None,
        note=note,
        only_if=only_if,
        auto_approve=auto_approve,
        max_age=parsed_duration(max_age, "--max-age"),
        parallelism=parallelism,
        audit=audit,
        overrides=overrides(allow_freeze, allow_near_run),
    )
    return run_apply(call, order)


def renew(
    ctx: typer.Context,
    dry_run: Annotated[bool, Option("--dry-run", help="Show which ends are due. Write nothing.")] = False,
    parallelism: Parallelism = 16,
    audit: Audit = None,
    target: Target = None,
    auto_approve: Annotated[
        bool, Option("--auto-approve", help="Accepted for scripts, without effect: renew never asks.")
    ] = False,
) -> int:
    """
    Move the rolling ends that are due, and nothing else.

    renew sends one PATCH for each end. It needs no secret and asks nothing. It exits with 4 if it leaves a rolling end
    as it is: one in the past, which only apply moves, or one that it cannot renew.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN, JUNIT)
    only = PlanOptions(targets=tuple(target or ()), renew_only=True)
    return run_apply(
        call, ApplyRequest(only, auto_approve=not dry_run, parallelism=parallelism, audit=audit, is_renewal=True)
    )


def run_apply(call: CommandContext, order: ApplyRequest) -> int:
    """Plan, check the approval, and apply if nothing blocks it."""
    with report_errors(call, order.command) as known:
        return _plan_and_apply(call, order, known)


def _plan_and_apply(call: CommandContext, order: ApplyRequest, known: KnownPlan) -> int:
    saved, setup = order.saved, call.setup()
    config = None
    if saved:
        setup = replace(setup, now=saved.as_of, environment=setup.environment or saved.header.environment)
        config = read_approved_config(call, order, setup, saved)
    if order.note:
        call.screen.say(order.note)
    unset = saved.unset if saved else ()
    with call.open_plan(order.flags, setup, unset, config) as made:
        if not saved:
            check_addresses(order.flags, [made.project], excluded=made.plan.excluded)
        if saved:
            made = replace(made, plan=planfile.reduce_to_approval(saved, made.plan))
        known.plan = made.plan
        stale = check_approval(call, order, made)
        if stale is not None:
            return stale
        if made.plan.errors() or made.plan.is_refused:
            return _show_blocked_plan(call, order, made)
        check_overrides(order.overrides, made.project)
        made, allowed = take_overrides(call, order.overrides, add_holds(call, made))
        if made.plan.holds:
            return _show_blocked_plan(call, order, made)
        order = replace(order, overridden=allowed)
        if not (saved or order.only_if or order.auto_approve):  # a person reads the plan and is asked
            made = plan.add_volumes(call, made)
        unbound = phrases.unbound_references(made.plan) if saved or order.only_if else ()
        if unbound:
            call.screen.say(f"No plan reads these values, so the approval does not cover them: {', '.join(unbound)}")
        return confirm_and_apply(call, setup, order, made).exit_code


def _show_blocked_plan(call: CommandContext, order: ApplyRequest, made: ConnectedPlan) -> int:
    """Show a plan that cannot be applied: the plan itself as text and as JSON, else that nothing is done."""
    ending = ApplyReport(made.plan, remaining_plan=made.plan, verdict=judge(made.plan), was_started=False)
    if call.format in (TEXT, JSON):
        plan.show_plan(call, made)
    show_blocked_run(call, order, ending, made.findings)
    return exit_codes.pick_exit_code(exit_codes.plan_exit_code(made.plan), exit_codes.BLOCKED)


def rotate(
    ctx: typer.Context,
    destination: Annotated[str, Argument(metavar="DESTINATION", help="The key of the destination, such as partner.")],
    dry_run: Annotated[bool, Option("--dry-run", help="Show the plan. Write nothing.")] = False,
    auto_approve: AutoApprove = False,
    audit: Audit = None,
    allow_freeze: AllowFreeze = None,
    allow_near_run: AllowNearRun = None,
) -> int:
    """
    Send the secrets of one account again.

    rotate sends one PATCH of the whole account, as a new `secret_version` in the config does. It affects every flow on
    the account, also audiences and flows of other owners. It plans, asks and makes a final check as apply does. It
    cannot know whether the storage accepts the new secrets: keep the old ones until each flow has had a good run.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN, JUNIT)
    with report_errors(call, "rotate") as known:
        asked = RotateRequest(destination, dry_run, auto_approve, audit, overrides(allow_freeze, allow_near_run))
        return _plan_and_rotate(call, asked, known)


def _plan_and_rotate(call: CommandContext, order: RotateRequest, known: KnownPlan) -> int:
    from exportctl.plan import rotation

    setup = call.setup()
    project, _ = read_project(setup, call.as_of())
    address = rotation.rotated_account_address(project, _destination_key(project, order.destination))
    asked = PlanOptions(targets=(str(address),), rotate=address)
    with call.open_plan(asked, setup) as made:
        rotation.check_rotation(made.plan, made.project, address)
        known.plan = made.plan
        if made.plan.errors() or made.plan.is_refused:
            return _show_blocked_plan(call, ApplyRequest(asked), made)
        if order.is_dry:
            return _show_dry_rotation(call, ApplyRequest(asked), made)
        check_overrides(order.overrides, made.project)
        made, allowed = take_overrides(call, order.overrides, add_holds(call, made))
        if made.plan.holds:
            return _show_blocked_plan(call, ApplyRequest(asked), made)
        carried = confirm_and_apply(call, setup, order.apply_request(asked, allowed), made)
        # Also after a failure: once the new secrets are sent, the old ones must stay valid for a while.
        if any(o.status is OutcomeStatus.DONE and o.step.address == address for o in carried.outcomes):
            _show_next_steps(call, made, address)
        return carried.exit_code


def _show_dry_rotation(call: CommandContext, order: ApplyRequest, made: ConnectedPlan) -> int:
    """Show the plan of a rotation that is not carried out: as text and as JSON, else that nothing is done."""
    ending = ApplyReport(made.plan, remaining_plan=made.plan, verdict=judge(made.plan), was_started=False)
    if call.format in (TEXT, JSON):
        plan.show_plan(call, made)
    show_blocked_run(call, order, ending, made.findings)
    return exit_codes.plan_exit_code(made.plan)


def _destination_key(project: Project, given: str) -> str:
    """Return the key of a destination, given with or without `destinations.`, or raise a UsageError."""
    key = given.removeprefix(f"{DESTINATIONS}.")
    if key in project.destinations:
        return key
    guess = closest_match(key, project.destinations)
    hint = (
        did_you_mean_address(key, guess)
        if guess
        else f"choose one of {', '.join(sorted(project.destinations)) or 'none'}"
    )
    raise UsageError(f"no destination has the key {given}", rule="usage", hint=hint)


def _show_next_steps(call: CommandContext, made: ConnectedPlan, address: Address) -> None:
    from exportctl.output.text import apply as text_apply
    from exportctl.plan import rotation

    base = next(item.id for item in made.plan.items if item.address == address)
    assert base is not None
    done = made.platform.clock.now()
    shown = rotation.account_flows(made.live, made.project, base, done)
    color = call.screen.color if call.format == TEXT else call.screen.err_color
    words = text_apply.render_next_steps(shown, made.plan.header, done, color=color)
    (call.screen.show if call.format == TEXT else call.screen.tell)(words)


COMMANDS = {
    "apply": (apply, "exportctl apply --env prod\nexportctl apply plan.json\nexportctl apply --target 'exports.web-*'"),
    "renew": (renew, "exportctl renew --env prod\nexportctl renew --dry-run"),
    "rotate": (rotate, "exportctl rotate partner --dry-run\nexportctl rotate partner --env prod"),
}
