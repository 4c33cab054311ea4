"""`plan` and `show`: what apply would change, and what a saved plan holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import ci_run, publish_plan, show_warnings
from exportctl.cli.context import JSON, MARKDOWN, TEXT, CommandContext, command_context, read_text
from exportctl.cli.failures import report_failure
from exportctl.cli.files import read_plan_file, refuse_wrong_values, save_plan
from exportctl.cli.options import (
    AllEnvironments,
    AllowDeletes,
    AllowOlder,
    AllowRecreate,
    AllowReplace,
    Exclude,
    Profile,
    RefreshFrom,
    Rehearse,
    RehearseSwitch,
    Resume,
    Short,
    Target,
    check_addresses,
    check_environment,
    flags,
    reject_option,
)
from exportctl.config import load as config
from exportctl.errors import UsageError
from exportctl.model.plan_options import PlanOptions
from exportctl.output import phrases
from exportctl.output.rehearsal import NO_REHEARSAL, RehearsalView, render_rehearsal
from exportctl.output.text import plan as text_plan
from exportctl.planfile.signature import read_plan_key
from exportctl.profile.file import default_path
from exportctl.workflows.load_config import readable_config

if TYPE_CHECKING:
    from exportctl.cli.environments import EnvironmentCommand
    from exportctl.snapshot.file import Snapshot
    from exportctl.workflows.plan import ConnectedPlan, PlanResult
    from exportctl.workflows.rehearse import Rehearsal

PLACEHOLDER_NOTE = "Unset variables use placeholder values (emulator).\n"
_ONE_ENVIRONMENT_ONLY = (
    "--out, --refresh-from, --rehearse and --explain-values need one environment: choose it with --env, or leave them "
    "out"
)


def plan(
    ctx: typer.Context,
    out: Annotated[Path | None, Option("--out", metavar="FILE", help="Save the plan for `apply FILE`.")] = None,
    detailed: Annotated[bool, Option("--detailed-exitcode", help="Exit with 2 if there are changes.")] = False,
    explain: Annotated[
        bool, Option("--explain-values", help="Show each value of the config and the line that sets it, not a plan.")
    ] = False,
    refresh_from: RefreshFrom = None,
    short: Short = False,
    rehearse: Rehearse = False,
    rehearse_switch: RehearseSwitch = None,
    every: AllEnvironments = False,
    target: Target = None,
    exclude: Exclude = None,
    allow_deletes: AllowDeletes = 0,
    allow_replace: AllowReplace = None,
    allow_recreate: AllowRecreate = None,
    allow_older: AllowOlder = False,
    resume: Resume = None,
    profile: Profile = None,
) -> int:
    """
    Show what apply would change, and why. Read-only.

    A plan needs no secret of a destination. Signs: + create, ~ update, -/+ replace, - delete, > other, ! left paused
    or blocked by a safety check.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN)
    reject_short(call, short)
    asked = flags(target, exclude, allow_deletes, allow_replace, allow_recreate, resume, allow_older)
    one_only = (explain, out, refresh_from, rehearse, rehearse_switch)
    with report_failure(call, "plan", every=every):
        if every:
            reject_option("--all-environments", one_only, _ONE_ENVIRONMENT_ONLY)
            from exportctl.cli.environments import run_all_environments

            return run_all_environments(call, asked, environment_command(call, asked, detailed=detailed, short=short))
        if explain:
            only = "it makes no plan: leave out --out, --detailed-exitcode, --refresh-from and --rehearse"
            reject_option("--explain-values", (out, detailed, refresh_from, rehearse, rehearse_switch), only)
            return show_explained_values(call)
        _check_options(call, out, refresh_from, None if rehearse else rehearse_switch)
        switches = parse_switches(rehearse_switch) if rehearse_switch else {}
        made, snapshot = _make_plan(call, asked, refresh_from, reads_everything=rehearse)
        check_addresses(asked, [made.project], excluded=made.plan.excluded)
        made, played = _use_profile(call, made, profile)
        switches = {**played, **switches}
        code, rehearsed = exit_codes.plan_exit_code(made.plan, detailed=detailed), NO_REHEARSAL
        if rehearse:
            result = _rehearse_plan(call, made, snapshot, asked, switches)
            rehearsed = render_rehearsal(result, color=call.screen.color, width=call.screen.width)
            if result and not result.verdict.is_complete:
                code = exit_codes.pick_exit_code(code, exit_codes.INCOMPLETE)
    report_plan(call, made, code, rehearsed, short=short)
    if out:
        save_plan(call, made.plan, out)
    return code


def _check_options(call: CommandContext, out: Path | None, refresh_from: Path | None, switches: object) -> None:
    """Raise an error for options that do not go together; `switches` are those of no rehearsal."""
    if refresh_from:
        reject_option("--refresh-from", (out,), "apply cannot use a plan from a snapshot: leave out --out")
    reject_option("--rehearse-switch", (switches,), "add --rehearse")
    if out:
        read_plan_key(call.env)  # a key that cannot be used is said before the plan


def _use_profile(call: CommandContext, made: PlanResult, named: Path | None) -> tuple[PlanResult, Mapping[str, object]]:
    """Name the profile in the plan, without the warnings that it answers; return the switches of a rehearsal too."""
    setup = call.setup()
    if named is None and not (setup.folder / default_path(setup.files)).is_file():
        return made, {}  # reading a profile imports the emulator
    from exportctl.workflows import service_profile

    used = service_profile.use_profile(setup, made.plan.header.platform, named)
    if used is None:
        return made, {}
    findings = service_profile.unanswered_findings(made.findings, used)
    named_in = replace(made.plan, header=replace(made.plan.header, profile=used.note()))
    return replace(made, plan=named_in, findings=findings), used.profile.switches


def _rehearse_plan(
    call: CommandContext, made: PlanResult, snapshot: Snapshot | None, asked: PlanOptions, switches: dict[str, object]
) -> Rehearsal | None:
    """Rehearse `made`; None: apply would refuse it. Without the snapshot that it was made from, one is taken now."""
    if made.plan.is_refused or made.plan.errors():
        return None
    from exportctl.snapshot import file as document
    from exportctl.workflows import plan as plan_workflow
    from exportctl.workflows import rehearse

    setup = replace(call.setup(), now=made.plan.as_of)
    if snapshot is None:
        snapshot = document.build_snapshot(made.plan.header, made.live, made.plan.as_of)
        made = plan_workflow.plan_from_snapshot(setup, asked, snapshot, wall=call.wall)
    return rehearse.rehearse(made, snapshot, setup, asked, switches)


def parse_switches(given: Iterable[str]) -> dict[str, object]:
    """Parse switches of the emulator, `NAME=VALUE`, or raise a UsageError: no switch has this name, or this value."""
    from exportctl.emulator.switches import QUESTIONS, Switches

    found: dict[str, object] = {}
    for text in given:
        name, _, value = text.partition("=")
        known = QUESTIONS[name].values if name in QUESTIONS else ()
        try:
            found[name] = value if value in known else json.loads(value)
            Switches.from_json(found)
        except ValueError as error:
            is_json = not isinstance(error, json.JSONDecodeError)
            why = str(error) if is_json else f"write NAME=VALUE; this is no value of {name}"
            hint = "list all switches: exportctl emulator switches show"
            raise UsageError(f"--rehearse-switch {text}: {why}", rule="usage", hint=hint) from error
    return found


def _make_plan(
    call: CommandContext, asked: PlanOptions, file: Path | None, *, reads_everything: bool
) -> tuple[PlanResult, Snapshot | None]:
    """Plan against the sandbox, or against the snapshot in `file`; a snapshot for a rehearsal needs every list."""
    from exportctl.client.inventory import EVERYTHING
    from exportctl.snapshot import file as document
    from exportctl.workflows import plan as plan_workflow
    from exportctl.workflows.volumes import add_volumes_of_snapshot

    setup = call.setup()
    if file is None:
        with call.open_plan(asked, setup, lists=EVERYTHING if reads_everything else None) as made:
            return add_volumes(call, made), None
    snapshot = document.load_snapshot(read_text(call.folder / file, "the snapshot"))
    draft = plan_workflow.plan_from_snapshot(setup, asked, snapshot, wall=call.wall)
    return replace(draft, plan=call.guard.mask_echoes(add_volumes_of_snapshot(draft))), snapshot


def add_volumes(call: CommandContext, made: ConnectedPlan) -> ConnectedPlan:
    """Add what the runs so far sent of the datasets that the plan sends in full; it may send one request."""
    from exportctl.workflows.volumes import read_volumes

    return replace(made, plan=call.guard.mask_echoes(read_volumes(made)))


def reject_short(call: CommandContext, short: bool) -> None:
    """Raise a UsageError: only text has a short form."""
    reject_option("--short", (short and call.format != TEXT,), "it is text: leave out --format")


def report_plan(
    call: CommandContext, made: PlanResult, code: int, rehearsed: RehearsalView = NO_REHEARSAL, *, short: bool = False
) -> None:
    """Show a plan, and publish it to GitHub Actions; `code` is the exit code of the command."""
    show_plan(call, made, rehearsed, short=short)
    publish_plan(call, made.plan, code, (*made.findings, *rehearsed.errors), rehearsed.markdown)


def show_plan(
    call: CommandContext, made: PlanResult, rehearsed: RehearsalView = NO_REHEARSAL, *, short: bool = False
) -> None:
    """Show a plan in the chosen format."""
    if call.format == JSON:
        from exportctl.output.json import documents

        call.screen.write_document_pieces(
            documents.plan_parts(made.plan, more=rehearsed.members, errors=rehearsed.errors)
        )
    elif call.format == MARKDOWN:
        from exportctl.output.markdown import plan as markdown_plan
        from exportctl.output.markdown.parts import LIMIT

        limit = LIMIT - len(rehearsed.markdown)
        call.screen.show_document(
            markdown_plan.render_plan(made.plan, limit=limit, run=ci_run(call)) + rehearsed.markdown
        )
    else:
        show_warnings(call, made.findings)
        call.screen.show(_plan_text(call, made, short) + rehearsed.text)


def _plan_text(call: CommandContext, made: PlanResult, short: bool) -> str:
    color, width = call.screen.color, call.screen.width
    if short:
        from exportctl.output.text import short_plan

        words = short_plan.render_plan(made.plan, color=color)
    else:
        words = text_plan.render_plan(made.plan, color=color, width=width)
    return (PLACEHOLDER_NOTE if made.uses_placeholders else "") + words


def environment_command(
    call: CommandContext, asked: PlanOptions, *, detailed: bool, short: bool
) -> EnvironmentCommand[PlanResult]:
    """Return how `plan` shows one environment of several."""
    from exportctl.cli.environments import EnvironmentCommand, plan_reader
    from exportctl.output import github_actions
    from exportctl.output.json import environments
    from exportctl.output.markdown import plan as markdown_plan

    return EnvironmentCommand(
        command="plan",
        read_result=plan_reader(asked, lambda made: add_volumes(call, made)),
        exit_code=lambda made: exit_codes.plan_exit_code(made.plan, detailed=detailed),
        summary=lambda made: phrases.plan_line(made.plan),
        text=lambda made: _plan_text(call, made, short),
        markdown=lambda made, limit: markdown_plan.render_plan(made.plan, limit=limit),
        json_body=lambda made: environments.plan_body(made.plan),
        notes=lambda made: phrases.plan_findings(made.plan),
        outputs=lambda made: github_actions.plan_outputs(made.plan),
    )


def show_explained_values(call: CommandContext) -> int:
    """Show every value of the config with its position. Reads no network."""
    setup = call.setup()
    whole = readable_config(setup)
    check_environment(setup, whole.environments)
    entries = config.explain_values(whole, setup.environment)
    title, words = "values", "Each value of the config, and the line that sets it."
    if call.format == JSON:
        from exportctl.output.json import documents

        call.screen.write_document(documents.render_explanation(title, words, entries))
    else:
        from exportctl.output.text import tables

        call.screen.show(tables.render_explanation(title, words, entries))
    return exit_codes.DONE


def show(
    ctx: typer.Context,
    file: Annotated[Path, Argument(metavar="PLANFILE", help="A saved plan.")],
    short: Short = False,
) -> int:
    """Show a saved plan. Reads no config and no network."""
    call = command_context(ctx)
    chosen = call.require_format(TEXT, JSON)
    reject_short(call, short)
    saved, state = read_plan_file(call, file)
    screen = call.screen
    with refuse_wrong_values():
        if chosen == JSON:
            from exportctl.output.json import documents

            screen.write_document(documents.render_saved_plan(saved, state, now=call.as_of()))
        elif short:
            from exportctl.output.text import short_plan

            screen.show(short_plan.render_saved_plan(saved, color=screen.color))
        else:
            screen.show(
                text_plan.render_saved_plan(saved, state, now=call.as_of(), color=screen.color, width=screen.width)
            )
    return exit_codes.DONE


COMMANDS = {
    "plan": (
        plan,
        "exportctl plan --env prod\nexportctl plan --env prod --short\nexportctl plan --env prod --out plan.json\n"
        "exportctl plan --all-environments",
    ),
    "show": (show, "exportctl show plan.json"),
}
