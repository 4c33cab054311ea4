"""`import`: write YAML for flows that were made elsewhere, to stdout or to a new file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import ci_run, publish_reading
from exportctl.cli.context import JSON, MARKDOWN, TEXT, CommandContext, command_context
from exportctl.cli.failures import report_failure
from exportctl.cli.files import make_folder, write_new_file
from exportctl.cli.options import reject_option
from exportctl.config.files import PARTS_FOLDER
from exportctl.errors import Error, UsageError
from exportctl.model.plan import DESTINATIONS, EXPORTS, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.output import github_actions
from exportctl.output.markdown import import_flows as markdown_import
from exportctl.output.text import import_and_accept as text_edits

if TYPE_CHECKING:
    from exportctl.importing.result import ImportResult, Selection


def import_flows(
    ctx: typer.Context,
    every: Annotated[bool, Option("--all", help="Import all flows that no project manages.")] = False,
    flow: Annotated[
        list[str] | None, Option("--flow", metavar="ID", help="Import this flow, by its id. Repeatable.")
    ] = None,
    name: Annotated[
        list[str] | None, Option("--name", metavar="GLOB", help="Import flows by name, such as 'Orders*'. Repeatable.")
    ] = None,
    into: Annotated[
        Path | None,
        Option("--into", metavar="FILE", help="Write a new file, such as exports/imported.yaml, instead of stdout."),
    ] = None,
    update: Annotated[
        list[str] | None,
        Option("--update", metavar="EXPORT", help="Edit the YAML of this export to match the live flow. Repeatable."),
    ] = None,
    dry_run: Annotated[
        bool, Option("--dry-run", help="With --update: show the edit as a patch and write nothing.")
    ] = False,
    strict: Annotated[bool, Option("--strict", help="Exit with 4 if the import leaves something out.")] = False,
) -> int:
    """
    Write YAML for flows that were made elsewhere.

    The YAML adopts the flows. It leaves out defaults, and it names accounts instead of copying them, so it holds no
    secret. import plans the YAML first, and prints it only if the plan does nothing but adopt. It leaves out a flow
    that the config cannot describe exactly, and gives the reason. It writes nothing to the platform and never
    overwrites a file.

    With --update it edits the YAML of an export to match the live flow. This also reverts edits that are not applied
    yet. Nothing else in the files changes: comments, order and quotes stay.
    """
    from exportctl.workflows import import_and_accept

    call = command_context(ctx)
    call.require_format(TEXT, JSON, *(() if update else (MARKDOWN,)))
    if update:
        reject_option(
            "--update", (every, flow, name, into), "it edits exports of the config: import other flows in a second call"
        )
        return _update_exports(call, update, dry_run=dry_run, strict=strict)
    reject_option("--dry-run", (dry_run,), "use it with --update; an import without --into writes no file")
    asked = _selection(every, flow or [], name or [])
    with report_failure(call, "import"):
        file = _new_file(call, into) if into else None
        made = import_and_accept.import_from_sandbox(
            call.setup(), asked, file=file or import_and_accept.STDOUT, wall=call.wall
        )
    written = file if made.text else None
    if written:
        make_folder((call.folder / written).parent)
        write_new_file(call.folder / written, made.text)
    code = exit_codes.INCOMPLETE if strict and made.is_incomplete else exit_codes.DONE
    _show_result(call, replace(call.guard.mask_echoes(made), text=made.text), written, code)
    return code


def _update_exports(call: CommandContext, names: list[str], *, dry_run: bool, strict: bool) -> int:
    """Edit the YAML of exports to match their live flows."""
    from exportctl.accept.changes import DIFFERING_CAUSES, AcceptRequest
    from exportctl.cli import accept

    wrong = [name for name in names if name.startswith(f"{DESTINATIONS}.")]
    if wrong:
        raise UsageError(f"--update {wrong[0]}: name an export", rule="usage", hint="for accounts: drift --patch")
    targets = tuple(name if name.startswith(f"{EXPORTS}.") else f"{EXPORTS}.{name}" for name in names)
    again = f"exportctl import {' '.join(f'--update {name}' for name in names)}"
    asked = AcceptRequest(DIFFERING_CAUSES, PlanOptions(targets=targets), include_accounts=False)
    order = accept.AcceptOptions(asked, frozenset(), not dry_run, again, "--update")
    made, code = accept.show_or_write_edits(call, order)
    creating = (Verb.CREATE, Verb.COMPLETE)
    unmade = [i.address for i in made.targeted_plan.items if i.address.root == EXPORTS and i.verb in creating]
    for address in unmade:
        call.screen.say(
            f"{address} has no flow in this sandbox, so there is nothing to accept: `exportctl apply` creates it"
        )
    incomplete = made.unaccepted or made.targeted_plan.is_refused or unmade
    return exit_codes.pick_exit_code(code, exit_codes.INCOMPLETE if strict and incomplete else exit_codes.DONE)


def _selection(every: bool, ids: list[str], names: list[str]) -> Selection:
    """Return which flows to import, or raise a UsageError: neither --all nor a part is named, or both are."""
    from exportctl.importing.result import Selection

    if every == bool(ids or names):
        raise UsageError("choose flows: --all, or some with --flow ID and --name GLOB", rule="usage")
    return Selection(tuple(ids), tuple(names))


def _new_file(call: CommandContext, into: Path) -> str:
    """Return the name of the new file, relative to the config. It must not exist, and the config must read it."""
    if (call.folder / into).exists():
        hint = "choose another name: a person may have edited this file"
        raise Error(f"{into} already exists; nothing was written", rule="file-exists", hint=hint)
    hidden = any(part.startswith(".") for part in into.parts)
    if into.suffix != ".yaml" or (not call.files and (into.is_absolute() or into.parts[0] != PARTS_FOLDER or hidden)):
        hint = f"choose {PARTS_FOLDER}/{into.stem}.yaml"
        raise UsageError(
            f"--into {into}: the config reads only exports.yaml and {PARTS_FOLDER}/*.yaml", rule="usage", hint=hint
        )
    return into.as_posix()


def _show_result(call: CommandContext, made: ImportResult, file: str | None, code: int) -> None:
    """Show the result: the YAML on stdout unless it is in a file, and the rest on stderr."""
    screen = call.screen
    _publish_result(call, made, file, code)
    if call.format == MARKDOWN:
        screen.show_document(markdown_import.render_import(made, file=file, run=ci_run(call)))
    elif call.format == JSON:
        from exportctl.output.json import import_and_accept as json_edits

        screen.write_document(json_edits.render_import(made, file=file))
    elif file:
        screen.show(text_edits.render_import(made, file=file, color=screen.color))
    else:
        screen.show_document(made.text)
        screen.say(text_edits.render_import(made, file=None, color=screen.err_color))


def _publish_result(call: CommandContext, made: ImportResult, file: str | None, code: int) -> None:
    if call.screen.is_github_actions:
        summary = text_edits.import_summary(made, len(made.missing_flows()))
        outputs = {**github_actions.import_outputs(made, file), "summary": summary}
        markdown = markdown_import.render_import(made, file=file, run=ci_run(call))
        publish_reading(call, github_actions.import_findings(made), outputs, markdown, code)


COMMANDS = {
    "import": (
        import_flows,
        "exportctl import --all --into exports/imported.yaml\nexportctl import --update orders --dry-run",
    )
}
