"""`plan` and `show`: what would change, and what a saved plan says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli import exits
from exportctl.cli.call import JSON, MARKDOWN, TEXT, Call, current, read_text
from exportctl.cli.options import (
    AllEnvironments,
    AllowDeletes,
    AllowRecreate,
    AllowReplace,
    PutBack,
    RefreshFrom,
    Rehearse,
    RehearseSwitch,
    Target,
    check_addresses,
    check_environment,
    flags,
    reject,
)
from exportctl.cli.rehearsing import Rehearsed, rehearsed, switches
from exportctl.cli.reports import notes, plan_for_actions, warnings
from exportctl.cli.saving import save
from exportctl.cli.side_by_side import Kind, side_by_side
from exportctl.config import loading as config
from exportctl.flags import Flags
from exportctl.offline import hidden, readable

if TYPE_CHECKING:
    from exportctl.snapshots.document import Snapshot
    from exportctl.workflows import Draft

MADE_UP = "References that are not set have made-up values here.\n"
_OF_ONE = (
    "a saved plan, a snapshot, a rehearsal and explained values are of one environment: choose it with --env, or leave "
    "out --out, --refresh-from, --rehearse and --explain-values"
)


def plan(
    ctx: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Save the plan for `apply FILE`.")] = None,
    detailed: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain-values", help="Instead: each value of the config with the line that set it.")
    ] = False,
    refresh_from: RefreshFrom = None,
    rehearse: Rehearse = False,
    rehearse_switch: RehearseSwitch = None,
    every: AllEnvironments = False,
    target: Target = None,
    allow_deletes: AllowDeletes = 0,
    allow_replace: AllowReplace = None,
    allow_recreate: AllowRecreate = None,
    put_back: PutBack = None,
) -> int:
    """
    Show what apply would change, and why. Writes nothing to the platform and needs no secret of a destination.

    Signs: + create, ~ update, -/+ replace, - delete, > other, ! held or refused.
    """
    call = current(ctx)
    call.formats(TEXT, JSON, MARKDOWN)
    asked = flags(target, allow_deletes, allow_replace, allow_recreate, put_back)
    if every:
        reject("--all-environments", (explain, out, refresh_from, rehearse, rehearse_switch), _OF_ONE)
        return side_by_side(call, asked, _kind(call, detailed=detailed))
    if explain:
        only = "no plan is made, so --out, --detailed-exitcode, --refresh-from and --rehearse mean nothing"
        reject("--explain-values", (out, detailed, refresh_from, rehearse, rehearse_switch), only)
        return explained(call)
    if refresh_from:
        reject("--refresh-from", (out,), "a plan from a snapshot is for reading and cannot be saved for apply")
    if not rehearse:
        reject("--rehearse-switch", (rehearse_switch,), "nothing is rehearsed without --rehearse")
    settings = switches(rehearse_switch or ())
    made, snapshot = _made(call, asked, refresh_from)
    check_addresses(asked, [made.project])
    stage = rehearsed(call, made, snapshot, asked, settings) if rehearse else None
    shown(call, made, stage)
    _for_actions(call, made, stage)
    if out:
        save(call, made.plan, out)
    return exits.first(exits.of_plan(made.plan, detailed=detailed), stage.code() if stage else exits.DONE)


def _made(call: Call, asked: Flags, file: Path | None) -> tuple[Draft, Snapshot | None]:
    """The plan, of the sandbox or of the snapshot in `file`."""
    from exportctl import workflows
    from exportctl.snapshots import document

    setup = call.setup()
    if file is None:
        with workflows.planned(setup, asked, wall=call.wall) as made:
            call.screen.hide(hidden(made.project, setup))
        return made, None
    snapshot = document.load(read_text(call.folder / file, "the snapshot"))
    draft = workflows.refreshed(setup, asked, snapshot, wall=call.wall)
    call.screen.hide(hidden(draft.project, setup))
    return draft, snapshot


def _for_actions(call: Call, made: Draft, stage: Rehearsed | None) -> None:
    from exportctl.views import rehearsal

    found = rehearsal.errors(stage.result) if stage else ()
    part = rehearsal.markdown_part(stage.result) if stage else ""
    plan_for_actions(call, made.plan, (*made.findings, *found), part)


def shown(call: Call, made: Draft, stage: Rehearsed | None = None) -> None:
    """A plan in the format asked for, with its rehearsal if there was to be one."""
    from exportctl.views import json, markdown, rehearsal

    screen = call.screen
    if call.format == JSON:
        more = {"rehearsal": rehearsal.document(stage.result)} if stage else {}
        screen.document(json.plan(made.plan, more=more, errors=rehearsal.errors(stage.result) if stage else ()))
    elif call.format == MARKDOWN:
        part = rehearsal.markdown_part(stage.result) if stage else ""
        screen.show(markdown.plan(made.plan, limit=markdown.LIMIT - len(part)) + part)
    else:
        warnings(call, made.findings)
        screen.show(_text(call, made))
        if stage:
            screen.show(rehearsal.text(stage.result, color=screen.color, width=screen.width))


def _text(call: Call, made: Draft) -> str:
    from exportctl.views import text

    words = text.plan(made.plan, color=call.screen.color, width=call.screen.width)
    return (MADE_UP if made.made_up else "") + words


def _kind(call: Call, *, detailed: bool) -> Kind[Draft]:
    """Several plans are for reading: none is saved, and each says how exactly it is applied."""
    from exportctl.views import github, json_environments, markdown, wording

    return Kind(
        command="plan",
        of=lambda made: made,
        code=lambda made: exits.of_plan(made.plan, detailed=detailed),
        summary=lambda made: wording.in_a_line(made.plan),
        text=lambda made: _text(call, made),
        markdown=lambda made, limit: markdown.plan(made.plan, limit=limit),
        told=lambda made: json_environments.of_plan(made.plan),
        notes=lambda made: notes(made.plan),
        outputs=lambda made: github.plan_outputs(made.plan),
    )


def explained(call: Call) -> int:
    """Every value with its place; reads no network."""
    from exportctl.views import json, text_lists

    setup = call.setup()
    check_environment(call)
    entries = config.explain_values(readable(setup), setup.environment)
    title, words = "values", "Each value of the config, and the place that set it."
    if call.format == JSON:
        call.screen.document(json.explain(title, words, entries))
    else:
        call.screen.show(text_lists.explain(title, words, entries))
    return exits.DONE


def show(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A saved plan.")]) -> int:
    """Show a saved plan as it was reviewed. Reads no config and no network."""
    from exportctl.saved import planfile
    from exportctl.views import json, text

    call = current(ctx)
    saved = planfile.load(read_text(call.folder / file, "the saved plan"))
    if call.formats(TEXT, JSON) == JSON:
        call.screen.document(json.show(saved, now=call.today()))
    else:
        screen = call.screen
        screen.show(text.show(saved, now=call.today(), color=screen.color, width=screen.width))
    return exits.DONE


COMMANDS = {
    "plan": (plan, "exportctl plan --env prod --out plan.json"),
    "show": (show, "exportctl show plan.json"),
}
