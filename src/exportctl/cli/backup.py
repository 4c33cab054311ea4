"""`backup`: say whether all runs of an export together are a backup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from exportctl.cli import exit_codes
from exportctl.cli.backup_drill import drill
from exportctl.cli.backup_manifest import manifest, read_file_list, read_whole_file
from exportctl.cli.context import JSON, JUNIT, MARKDOWN, TEXT, Commands, command_context
from exportctl.cli.environments import EnvironmentCommand, ResultReader, run_environments
from exportctl.cli.options import AllEnvironments, Target, reject_option
from exportctl.errors import Error
from exportctl.model.plan import EXPORTS, Address
from exportctl.model.plan_options import PlanOptions
from exportctl.output import github_actions, junit
from exportctl.output.text import backup as text_backup

if TYPE_CHECKING:
    from exportctl.cli.context import CommandContext
    from exportctl.errors import Finding
    from exportctl.model.project import Project
    from exportctl.monitor.backup.drills import AuditFile
    from exportctl.monitor.backup.report import BackupReport
    from exportctl.workflows.file_lists import NamedList
    from exportctl.workflows.load_config import Setup


Deep = Annotated[bool, Option("--deep", help="Also read the files: count rows, find broken files.")]
DrillLines = Annotated[
    Path | None, Option("--audit", metavar="FILE", help="Read from this audit file which drills there were.")
]
RequireStorage = Annotated[bool, Option("--require-storage", help="Storage that is not read is an error (exit 1).")]


def status(
    ctx: typer.Context,
    every: AllEnvironments = False,
    target: Target = None,
    deep: Deep = False,
    require_storage: RequireStorage = False,
    audit: DrillLines = None,
) -> int:
    """
    Show what each backup covers and what breaks it. Read-only.

    The chain of a dataset is the first full export and every later run. Each run is checked as by `verify`. WHOLE means
    that all of them are complete and their files are there. UNPROVEN means that this is not proven, and says why.
    With --audit it also shows the last drill of each dataset.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, MARKDOWN)
    asked = PlanOptions(targets=tuple(target or ()))
    drills = _read_audit_file(call, audit)
    reading = _chain_reader(call, asked, deep=deep, require_storage=require_storage, audit=drills)
    return run_environments(call, asked, _status_command(call, reading), _document(call), every=every)


def check(
    ctx: typer.Context,
    every: AllEnvironments = False,
    target: Target = None,
    deep: Deep = False,
    require_storage: RequireStorage = False,
    audit: DrillLines = None,
    against: Annotated[
        list[Path] | None,
        Option("--against", metavar="FILE", help="Compare storage with a list from `backup manifest`. Repeatable."),
    ] = None,
) -> int:
    """
    Compare backups with what the YAML expects. Read-only.

    It exits with 9 if a backup does not fulfil `expect: {backup: {…}}`. Each must be WHOLE. `max_age` is the longest
    time since its newest complete run was due. `covered_from` is the day by which its first complete run was due. With
    --against, it also exits with 9 if a listed file was deleted, changed or written again, or a listed run is no longer
    in the chain. Then no policy is needed. An edited list is an error.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, JUNIT, MARKDOWN)
    asked = PlanOptions(targets=tuple(target or ()))
    if every:
        reject_option("--against", (against,), "a list is of one sandbox: choose its environment with --env")
    lists = _read_lists(call, against or ())
    drills = _read_audit_file(call, audit)
    reading = _chain_reader(call, asked, deep=deep, require_storage=require_storage, lists=lists, audit=drills)
    command = _check_command(call, asked, reading, needs_policy=not lists)
    return run_environments(call, asked, command, _document(call), every=every)


def _chain_reader(
    call: CommandContext,
    asked: PlanOptions,
    *,
    deep: bool,
    require_storage: bool,
    lists: Sequence[NamedList] = (),
    audit: AuditFile | None = None,
) -> ResultReader[BackupReport]:
    def read(project: Project, findings: tuple[Finding, ...], setup: Setup) -> BackupReport:
        from exportctl.workflows import backup, file_lists, verify

        with verify.open_project_verifier(project, findings, setup, asked) as verifier:
            report, checked = backup.read_backups(verifier, deep=deep, require_storage=require_storage, audit=audit)
            report = file_lists.compare_lists(lists, verifier, report, checked, deep=deep)
            return call.guard.mask_echoes(report)

    return read


def _read_lists(call: CommandContext, files: Sequence[Path]) -> tuple[NamedList, ...]:
    """Read the lists before anything else, or raise an Error: one was edited."""
    if not files:
        return ()
    from exportctl.workflows.file_lists import NamedList

    return tuple(NamedList(str(file), read_file_list(call, file)) for file in files)


def _read_audit_file(call: CommandContext, file: Path | None) -> AuditFile | None:
    """Read the file that drills are known from, or raise an Error: it cannot be read."""
    if file is None:
        return None
    from exportctl.monitor.backup.drills import AuditFile

    hint = "name the file of `exportctl backup drill --audit FILE`"
    return AuditFile(str(file), read_whole_file(call.folder / file, str(file), hint))


def _document(call: CommandContext) -> Callable[[BackupReport], str]:
    """Return what makes the document of one environment in the chosen format."""
    from exportctl.output.json import backup as json_backup

    return junit.render_backup_report if call.format == JUNIT else json_backup.render_backup_report


def _status_command(call: CommandContext, reading: ResultReader[BackupReport]) -> EnvironmentCommand[BackupReport]:
    from exportctl.output.json import environments
    from exportctl.output.markdown import backup as markdown_backup

    screen = call.screen
    return EnvironmentCommand(
        command="backup",
        read_result=reading,
        exit_code=lambda report: exit_codes.FAILED if report.errors() else exit_codes.DONE,
        summary=lambda report: text_backup.summary(report).removeprefix("Backup: "),
        text=lambda report: text_backup.render_backup_report(report, color=screen.color, width=screen.width),
        markdown=lambda report, limit: markdown_backup.render_backup_report(report, limit=limit),
        json_body=environments.backup_body,
    )


def _check_command(
    call: CommandContext, asked: PlanOptions, reading: ResultReader[BackupReport], *, needs_policy: bool
) -> EnvironmentCommand[BackupReport]:
    """Return `status` with an exit code for policies and lists, and with what CI systems show."""
    shown = _status_command(call, reading)
    return replace(
        shown,
        check_projects=lambda projects: _require_policy(asked, projects) if needs_policy else None,
        exit_code=lambda report: exit_codes.pick_exit_code(
            shown.exit_code(report), exit_codes.UNVERIFIED if report.has_failed else exit_codes.DONE
        ),
        summary=lambda report: f"{shown.summary(report)} {text_backup.policy_verdict(report) or 'No policy.'}",
        notes=github_actions.backup_findings,
        outputs=github_actions.backup_outputs,
        junit=junit.render_backup_environments,
    )


def _require_policy(asked: PlanOptions, projects: Sequence[Project]) -> None:
    """Raise an Error unless an export that is checked has a policy; in one of several environments is enough."""
    checked = (e for p in projects for key, e in p.exports.items() if asked.is_targeted(Address(EXPORTS, key)))
    if not any(export.expect and export.expect.backup for export in checked):
        message = "no export that was checked has `expect: {backup: …}`, so there is nothing to compare"
        raise Error(message, rule="no-backup-policy", hint="write `defaults: {expect: {backup: {max_age: 26 hours}}}`")


COMMANDS: Commands = {
    "backup status": (
        status,
        "exportctl backup status --target exports.web-to-lake --deep\nexportctl backup status --all-environments\n"
        "exportctl backup status --audit audit.jsonl",
    ),
    "backup check": (
        check,
        "exportctl backup check --require-storage\nexportctl backup check --all-environments --format junit\n"
        "exportctl backup check --target orders --against orders.json",
    ),
    "backup drill": (
        drill,
        "exportctl backup drill --count 2 --audit audit.jsonl\nexportctl backup drill --seed 2026-11-29 --format junit",
    ),
    "backup manifest": (
        manifest,
        "exportctl backup manifest orders -o orders.json\nexportctl backup manifest orders -o o.parquet --deep",
    ),
}
