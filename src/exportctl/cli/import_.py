"""`import`: YAML for flows that were made elsewhere, on stdout or in a new file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exportctl.cli import exit_codes
from exportctl.cli.context import JSON, TEXT, CommandContext, command_context
from exportctl.cli.files import write_new_file
from exportctl.cli.options import reject_option
from exportctl.config.files import PARTS_FOLDER
from exportctl.errors import Error, UsageError
from exportctl.model.plan import DESTINATIONS, EXPORTS, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.output.text import import_result as text_import_result

if TYPE_CHECKING:
    from exportctl.importing.result import ImportResult, Selection

_SECRET = "take the value out of the flow's name, description or folder, or import the others with --flow"


def import_flows(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="All flows that no config declares.")] = False,
    flow: Annotated[
        list[str] | None, typer.Option("--flow", metavar="ID", help="This flow, by its id; repeatable.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", metavar="GLOB", help="Flows called so, as 'Orders*'; repeatable.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="FILE", help="Write a new file, as exports/imported.yaml, and not stdout."),
    ] = None,
    update: Annotated[
        list[str] | None,
        typer.Option("--update", metavar="EXPORT", help="Instead: edit this export's YAML to say what is live."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --update: show the edit as a patch and end.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 4 if something was left out that an import should have.")
    ] = False,
) -> int:
    """
    Write the YAML for flows that were made in the UI or by scripts. It adopts them and changes nothing.

    What the config says anyway is left out, and accounts are named, not copied, so it holds no secret. It is planned
    before it is shown: YAML that would do more than adopt is not given out. A flow that the config cannot describe
    exactly is left out, with the reason. Writes nothing to the platform and never overwrites a file.

    With --update every difference of an export is decided for what is live, edits of the YAML that are not applied yet
    too. Nothing else in the files changes: comments, order and quotes stay.
    """
    from exportctl.workflows import import_and_accept

    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    if update:
        reject_option(
            "--update", (every, flow, name, into), "it edits what the config has; import other flows by themselves"
        )
        return _update_exports(call, update, dry_run=dry_run, strict=strict)
    reject_option("--dry-run", (dry_run,), "it is for --update; without --into an import writes no file")
    asked = _selection(every, flow or [], name or [])
    file = _new_file(call, into) if into else None
    made, secrets = import_and_accept.import_from_sandbox(
        call.setup(), asked, file=file or import_and_accept.STDOUT, wall=call.wall
    )
    call.screen.hide(secrets)
    _refuse_secrets(call, made)
    written = file if made.text else None
    if written:
        _write_yaml(call, written, made.text)
    _show_result(call, made, written)
    return exit_codes.INCOMPLETE if strict and made.is_incomplete else exit_codes.DONE


def _update_exports(call: CommandContext, names: list[str], *, dry_run: bool, strict: bool) -> int:
    """
    Raises:
        UsageError: something else than an export is named.
    """
    from exportctl.accept.request import DIFFERING_CAUSES, AcceptRequest
    from exportctl.cli import accept

    wrong = [name for name in names if name.startswith(f"{DESTINATIONS}.")]
    if wrong:
        raise UsageError(f"--update {wrong[0]}: name an export", rule="usage", hint="for accounts: drift --patch")
    targets = tuple(name if name.startswith(f"{EXPORTS}.") else f"{EXPORTS}.{name}" for name in names)
    again = f"exportctl import {' '.join(f'--update {name}' for name in names)}"
    asked = AcceptRequest(DIFFERING_CAUSES, PlanOptions(targets=targets), include_accounts=False)
    order = accept.AcceptOptions(asked, frozenset(), not dry_run, again, "--update")
    made, code = accept.show_or_write_edits(call, order)
    made_anew = (Verb.CREATE, Verb.COMPLETE)
    unmade = [i.address for i in made.targeted_plan.items if i.address.root == EXPORTS and i.verb in made_anew]
    for address in unmade:
        call.screen.say(
            f"{address} has no flow in this sandbox, so there is nothing to accept: `exportctl apply` makes it"
        )
    incomplete = made.unaccepted or made.targeted_plan.is_refused or unmade
    return exit_codes.pick_exit_code(code, exit_codes.INCOMPLETE if strict and incomplete else exit_codes.DONE)


def _selection(every: bool, ids: list[str], names: list[str]) -> Selection:
    """
    Raises:
        UsageError: nothing was asked for, or everything and a part of it.
    """
    from exportctl.importing.result import Selection

    if every == bool(ids or names):
        raise UsageError("say which flows: --all, or some by --flow ID and --name GLOB", rule="usage")
    return Selection(tuple(ids), tuple(names))


def _new_file(call: CommandContext, into: Path) -> str:
    """
    The name of the file as the config would call it.

    Raises:
        UsageError: the config would not read it.
        Error: it is there already.
    """
    if (call.folder / into).exists():
        hint = "choose another name; what is in it may have been edited"
        raise Error(f"{into} is there already; nothing was written", rule="file-exists", hint=hint)
    hidden = any(part.startswith(".") for part in into.parts)
    if into.suffix != ".yaml" or (not call.files and (into.is_absolute() or into.parts[0] != PARTS_FOLDER or hidden)):
        hint = f"choose {PARTS_FOLDER}/{into.stem}.yaml"
        raise UsageError(
            f"--into {into}: the config is exports.yaml and {PARTS_FOLDER}/*.yaml", rule="usage", hint=hint
        )
    return into.as_posix()


def _refuse_secrets(call: CommandContext, made: ImportResult) -> None:
    """
    Raises:
        Error: a known secret value is in the YAML.
    """
    if call.screen.mask_text(made.text) != made.text:
        raise Error("a secret value is in the YAML: it is not given out", rule="secret-in-import", hint=_SECRET)


def _write_yaml(call: CommandContext, file: str, text: str) -> None:
    """
    Raises:
        Error: it cannot be written.
    """
    path = call.folder / file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Error(f"{path.parent} cannot be made: {reason}", rule="file") from error
    write_new_file(path, text)


def _show_result(call: CommandContext, made: ImportResult, file: str | None) -> None:
    """The YAML is the result unless it is in a file; what else there is to say goes beside it."""
    screen = call.screen
    if call.format == JSON:
        from exportctl.output.json import import_result as json_import_result

        screen.write_document(json_import_result.render_import(made, file=file))
    elif file:
        screen.show(text_import_result.render_import(made, file=file, color=screen.color))
    else:
        screen.show(made.text)
        screen.say(text_import_result.render_import(made, file=None, color=screen.err_color))


COMMANDS = {"import": (import_flows, "exportctl import --all --into exports/imported.yaml")}
