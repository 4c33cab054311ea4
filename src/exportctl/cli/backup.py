"""`backup`: say whether all runs of an export together are a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import show_warnings
from exportctl.cli.context import JSON, JUNIT, TEXT, add_commands, command_context, group
from exportctl.cli.options import Target, check_addresses
from exportctl.errors import Error
from exportctl.model.plan_options import PlanOptions
from exportctl.output import junit
from exportctl.output.text import backup as text_backup

if TYPE_CHECKING:
    from exportctl.cli.context import CommandContext
    from exportctl.monitor.backup.report import BackupReport

app = group("Prove that all runs together are a backup. Read-only.")


Deep = Annotated[bool, Option("--deep", help="Also read the files: count rows, find broken files.")]
RequireStorage = Annotated[bool, Option("--require-storage", help="Storage that is not read is an error (exit 1).")]


def status(
    ctx: typer.Context, target: Target = None, deep: Deep = False, require_storage: RequireStorage = False
) -> int:
    """
    Show what each backup covers and what breaks it. Read-only.

    The chain of a dataset is the first full export and every later run. Each run is checked as by `verify`. WHOLE means
    that all of them are complete and their files are there. UNPROVEN means that this is not proven, and says why.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    report = _read_chains(call, target, deep=deep, require_storage=require_storage)
    _show_report(call, report)
    return exit_codes.FAILED if report.errors() else exit_codes.DONE


def check(
    ctx: typer.Context, target: Target = None, deep: Deep = False, require_storage: RequireStorage = False
) -> int:
    """
    Compare backups with what the YAML expects. Read-only.

    It exits with 9 if a backup does not fulfil `expect: {backup: {…}}`. Each must be WHOLE. `max_age` is the longest
    time since its newest complete run was due. `covered_from` is the day by which its first complete run was due.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, JUNIT)
    try:
        report = _read_chains(call, target, deep=deep, require_storage=require_storage)
        if not report.has_policy:
            message = "no export that was checked has `expect: {backup: …}`, so there is nothing to compare"
            raise Error(
                message, rule="no-backup-policy", hint="write `defaults: {expect: {backup: {max_age: 26 hours}}}`"
            )
    except Error as error:
        if call.format == JUNIT:  # without a document, a reader of test results would see success
            call.screen.write_document(junit.render_errors(call.guard.mask_echoes(error.findings()), "backup"))
        raise
    _show_report(call, report)
    unproven = exit_codes.UNVERIFIED if report.has_failed else exit_codes.DONE
    return exit_codes.pick_exit_code(unproven, exit_codes.FAILED if report.errors() else exit_codes.DONE)


def _read_chains(call: CommandContext, target: list[str] | None, *, deep: bool, require_storage: bool) -> BackupReport:
    from exportctl.workflows import backup, verify

    asked = PlanOptions(targets=tuple(target or ()))
    with verify.open_verifier(call.setup(), asked, wall=call.wall) as verifier:
        show_warnings(call, verifier.findings)
        check_addresses(asked, [verifier.project])
        return call.guard.mask_echoes(backup.read_chains(verifier, deep=deep, require_storage=require_storage))


def _show_report(call: CommandContext, report: BackupReport) -> None:
    screen = call.screen
    if call.format == JSON:
        from exportctl.output.json import backup as json_backup

        screen.write_document(json_backup.render_backup_report(report))
    elif call.format == JUNIT:
        screen.write_document(junit.render_backup_report(report))
    else:
        screen.show(text_backup.render_backup_report(report, color=screen.color, width=screen.width))


add_commands(
    app,
    {
        "status": (status, "exportctl backup status\nexportctl backup status --target exports.web-to-lake --deep"),
        "check": (check, "exportctl backup check --require-storage\nexportctl backup check --format junit"),
    },
)
