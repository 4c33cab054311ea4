"""Check that what would be applied is what was approved: the config, the age, and every value of a saved plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exportctl import __version__
from exportctl.cli import exit_codes
from exportctl.cli.apply_output import show_ended_run
from exportctl.cli.ci_reports import publish_findings
from exportctl.cli.context import JSON
from exportctl.cli.next_commands import commands_after_review
from exportctl.errors import ConfigError, Finding, StalePlan
from exportctl.model.apply_report import EndedRun, ResultWord
from exportctl.output.format_values import clean_text
from exportctl.output.json import documents
from exportctl.output.stale_plan import StaleResource, stale_findings, stale_resources
from exportctl.output.stale_steps import whole_plan_line
from exportctl.output.text import tables
from exportctl.planfile import file as planfile
from exportctl.planfile.serialize import HEADER
from exportctl.planfile.staleness import StaleValue
from exportctl.workflows.load_config import read_project, require_references

if TYPE_CHECKING:
    from exportctl.cli.apply_request import ApplyRequest
    from exportctl.cli.context import CommandContext
    from exportctl.model.project import Project
    from exportctl.planfile.file import SavedPlan
    from exportctl.workflows.load_config import Setup
    from exportctl.workflows.plan import ConnectedPlan


def check_approval(call: CommandContext, order: ApplyRequest, made: ConnectedPlan) -> int | None:
    """Return the exit code after showing what changed since the approval; None: nothing did. Raises StalePlan."""
    review = _review(call, order, made.plan.header.environment)
    if order.only_if and (digest := planfile.approval_digest(made.plan)) != order.only_if:
        raise _stale_plan(f"the plan has digest {digest}, not {order.only_if}", review)
    if order.saved is None:
        return None
    now = call.now if call.now is not None else made.platform.clock.now()
    _check_saved_plan(order.saved, made, order.max_age, now, review)
    moved = planfile.stale_values(order.saved, made.plan)
    if not moved:
        return None
    _show_stale_plan(call, order, made, stale_resources(order.saved, made.plan, moved))
    return exit_codes.STALE


def _show_stale_plan(
    call: CommandContext, order: ApplyRequest, made: ConnectedPlan, found: Sequence[StaleResource]
) -> None:
    """Show what moved, with the commands that review it and apply it again."""
    assert order.saved is not None
    again = commands_after_review(call, order, made.plan.header.environment)
    errors = stale_findings(found, _review(call, order, made.plan.header.environment))
    if call.format == JSON:
        call.screen.write_document(documents.render_stale_plan(order.saved, errors))
    else:
        call.screen.tell(tables.render_stale_plan(found, again, color=call.screen.err_color))
    publish_findings(call, errors)
    show_ended_run(call, EndedRun(order.command, ResultWord.STALE, errors, again), made.plan)


def _review(call: CommandContext, order: ApplyRequest, environment: str | None) -> str:
    """Return what to do about a stale plan, with the command."""
    return f"make and review a new plan: {commands_after_review(call, order, environment)[0]}"


def read_approved_config(
    call: CommandContext, order: ApplyRequest, setup: Setup, saved: SavedPlan
) -> tuple[Project, tuple[Finding, ...]]:
    """
    Read the config of a saved plan, and check without the network that the plan was made for it.

    Raises:
        StalePlan: the plan was made for another environment, organization, sandbox, project, url or repository, or with
            another version of exportctl.
    """
    before, version = saved.header, StaleValue("", "versions.exportctl", saved.version, __version__)
    review = f"choose the environment of the plan with --env, or {_review(call, order, before.environment)}"
    try:
        config = read_project(setup, saved.as_of)
    except ConfigError as error:
        if any(f.rule in ("unknown-environment", "environment-needed") for f in error.all):
            chosen = setup.environment
            lacks = f"has no environment {clean_text(chosen)}" if chosen else "has environments, and none is chosen"
            text = f"the plan was saved for {_environment_phrase(before.environment)}, and this config {lacks}"
            raise _stale_plan(text, review) from error
        raise
    from exportctl.workflows.connect import plan_header

    require_references(config[0])
    here = plan_header(config[0])
    if (before.organization, before.sandbox) != (here.organization, here.sandbox):
        raise _stale_plan(
            f"the plan was saved for sandbox {clean_text(before.sandbox)} of {clean_text(before.organization)}, "
            f"this is {here.sandbox} of {here.organization}",
            review,
        )
    sides = (StaleValue("", f"header.{n}", getattr(before, n), getattr(here, n)) for n in HEADER.members)
    moved = [whole_plan_line(one) for one in (version, *sides) if one.saved != one.now]
    if moved:
        raise _stale_plan(f"the plan was saved for another config: {'; '.join(moved)}", review)
    return config


def _environment_phrase(name: str | None) -> str:
    return f"environment {clean_text(name)}" if name else "a config without environments"


def _check_saved_plan(saved: SavedPlan, made: ConnectedPlan, max_age: int, now: int, review: str) -> None:
    """
    Check the age of an approval. `review` says how to make a new one.

    Raises:
        StalePlan: the plan is older than `max_age` seconds, or would make a flow run again that has ended since.
    """
    age = planfile.age_seconds(saved, now)
    if age > max_age:
        raise _stale_plan(
            f"the saved plan is {age // 3600} hours old, more than --max-age allows",
            f"raise --max-age, or {review}",
            rule="plan-too-old",
        )
    ended = planfile.expired_since_plan(made.plan, now)
    if ended:
        raise _stale_plan(
            f"these flows have ended since the plan was made, and it would make them run again: {', '.join(ended)}",
            f"a new plan says what they may send; {review}",
        )


def _stale_plan(reason: str, hint: str, rule: str = "stale-plan") -> StalePlan:
    return StalePlan(f"{reason}; nothing was written", rule=rule, hint=hint)
