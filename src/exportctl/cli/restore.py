"""`restore`: read a backup as tables, on this machine or as SQL for an engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from exportctl.cli import exit_codes
from exportctl.cli.ci_reports import show_warnings
from exportctl.cli.context import JSON, JUNIT, TEXT, Commands, command_context, parsed_moment
from exportctl.cli.options import check_addresses
from exportctl.errors import Error, UsageError
from exportctl.model.plan import EXPORTS
from exportctl.model.plan_options import PlanOptions
from exportctl.output import junit
from exportctl.output.text import restore as text_restore
from exportctl.restore.engine import CAN_CHECK, Engine
from exportctl.restore.request import MEMORY, CheckOptions, RestoreRequest

if TYPE_CHECKING:
    from exportctl.cli.context import CommandContext
    from exportctl.restore.report import RestoreReport
    from exportctl.workflows.verify import Verifier


Export = Annotated[str, Argument(metavar="EXPORT", help="An address such as exports.orders, or its name.")]
DatasetName = Annotated[
    str | None, Option("--dataset", metavar="NAME", help="Only this dataset of the export, by its name or id.")
]
AsOf = Annotated[
    str | None,
    Option("--as-of", metavar="MOMENT", help="The table at this moment. Default: that of the newest complete run."),
]
Work = Annotated[
    str | None, Option("--work", metavar="FOLDER", help="Keep temporary files in this folder. Default: the system's.")
]
Memory = Annotated[str, Option("--memory", metavar="SIZE", help="Memory of DuckDB's buffers, such as 2GB.")]
CheckEngine = Annotated[
    str, Option("--engine", metavar="ENGINE", help="duckdb on this machine, or spark on a cluster.")
]
Master = Annotated[str | None, Option("--master", metavar="URL", help="The Spark cluster, such as spark://host:7077.")]
AcceptIncomplete = Annotated[
    bool, Option("--accept-incomplete", help="Also restore a backup that is not WHOLE up to the moment.")
]


def check(
    ctx: typer.Context,
    export: Export,
    dataset: DatasetName = None,
    as_of: AsOf = None,
    accept_incomplete: AcceptIncomplete = False,
    engine: CheckEngine = Engine.DUCKDB.value,
    master: Master = None,
    work: Work = None,
    memory: Memory = MEMORY,
) -> int:
    """
    Restore a backup for a test, and count the rows. Read-only.

    It reads every value of every file: the rows of each run, the key, the columns, the timestamps. It exits with 9 if
    something is not as the runs say, or the backup is not WHOLE up to the moment. For DuckDB, files that are not local
    are streamed into a temporary folder, which is removed. Spark reads the storage itself.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON, JUNIT)
    options = CheckOptions(work_folder(call, work), memory, accept_incomplete, _spark_master(engine, master))
    with explain_missing_extra(), _open_verifier(call, export) as verifier:
        from exportctl.workflows import restore_check

        report = call.guard.mask_echoes(restore_check.check_restore(verifier, _request(dataset, as_of), options))
    return _show_report(call, report)


def _show_report(call: CommandContext, report: RestoreReport) -> int:
    if call.format == JSON:
        from exportctl.output.json import restore as json_restore

        call.screen.write_document(json_restore.render_restore_report(report))
    elif call.format == JUNIT:
        call.screen.write_document(junit.render_restore_report(report))
    else:
        call.screen.show(text_restore.render_restore_report(report, color=call.screen.color, width=call.screen.width))
    return exit_codes.UNVERIFIED if report.has_failed else exit_codes.DONE


def sql(
    ctx: typer.Context,
    export: Export,
    engine: Annotated[
        str, Option("--engine", metavar="ENGINE", help="duckdb, spark, databricks, snowflake, bigquery or trino.")
    ],
    dataset: DatasetName = None,
    as_of: AsOf = None,
    work: Work = None,
) -> int:
    """
    Print SQL that reads a backup as one table. Read-only.

    The script names exactly the files of the backup up to the moment. Of Parquet files exportctl reads the footers to
    know the columns, of JSON files everything. Needs `pip install 'exportctl[restore]'`.
    """
    call = command_context(ctx)
    call.require_format(TEXT)
    chosen = _engine(engine, tuple(Engine))
    with explain_missing_extra(), _open_verifier(call, export) as verifier:
        from exportctl.workflows import restore

        source, script = restore.write_script(verifier, _request(dataset, as_of), chosen, work_folder(call, work))
        comments, statements = restore.script_parts(source, script, chosen)
    call.screen.write_document(text_restore.render_script(comments, statements))
    if source.problems:
        call.screen.say(f"warning: {text_restore.source_text(source)}: the backup is {source.state} up to then")
    return exit_codes.DONE


def write(
    ctx: typer.Context,
    export: Export,
    to: Annotated[Path, Option("--to", metavar="FOLDER", help="The new folder. Its parent must exist.")],
    dataset: DatasetName = None,
    as_of: AsOf = None,
    accept_incomplete: AcceptIncomplete = False,
    engine: CheckEngine = Engine.DUCKDB.value,
    master: Master = None,
    work: Work = None,
    memory: Memory = MEMORY,
) -> int:
    """
    Restore a backup as Parquet files in a new folder.

    The restore is checked first, as by `restore check`. If that fails, nothing is written, and it exits with 9. The
    folder appears when everything is in it. It must be outside every storage of a destination.
    """
    call = command_context(ctx)
    call.require_format(TEXT, JSON)
    options = CheckOptions(work_folder(call, work), memory, accept_incomplete, _spark_master(engine, master))
    with explain_missing_extra(), _open_verifier(call, export) as verifier:
        from exportctl.workflows import restore_check

        report = restore_check.write_restore(verifier, _request(dataset, as_of), call.folder / to, options)
    return _show_report(call, call.guard.mask_echoes(report))


def work_folder(call: CommandContext, work: str | None) -> str | None:
    """Return a folder for temporary files as an option names it, from the folder of -C."""
    return None if work is None else str(call.folder / work)


def _request(dataset: str | None, as_of: str | None) -> RestoreRequest:
    return RestoreRequest(dataset, None if as_of is None else parsed_moment(as_of, "--as-of"))


def _engine(name: str, known: Sequence[Engine]) -> Engine:
    if name not in known:
        raise UsageError(f"--engine {name}: choose one of {', '.join(known)}", rule="usage")
    return Engine(name)


def _spark_master(engine: str, master: str | None) -> str | None:
    """Return the master of a Spark cluster, None for DuckDB."""
    chosen = _engine(engine, CAN_CHECK)
    if chosen is Engine.SPARK and master is None:
        hint = "add --master spark://HOST:7077, or --master 'local[2]' for this machine"
        raise UsageError("--engine spark: which one?", rule="usage", hint=hint)
    if chosen is not Engine.SPARK and master is not None:
        raise UsageError("--master: add --engine spark", rule="usage")
    return master


@contextmanager
def explain_missing_extra() -> Iterator[None]:
    """Name the package that is not installed, and the command that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package != "sqlglot":
            raise
        message = f"a restore needs the package {package}"
        raise Error(message, rule="restore-extra", hint="pip install 'exportctl[restore]'") from None


@contextmanager
def _open_verifier(call: CommandContext, export: str) -> Iterator[Verifier]:
    """Open what reads one export, or raise a UsageError: the config has none of this name."""
    from exportctl.workflows import verify

    address = export if export.startswith(f"{EXPORTS}.") else f"{EXPORTS}.{export}"
    asked = PlanOptions(targets=(address,))
    with verify.open_verifier(call.setup(), asked, wall=call.wall) as verifier:
        show_warnings(call, verifier.findings)
        check_addresses(asked, [verifier.project], targets="EXPORT")
        yield verifier


COMMANDS: Commands = {
    "restore check": (
        check,
        "exportctl restore check orders\nexportctl restore check orders --as-of 2026-11-28 --format junit",
    ),
    "restore sql": (
        sql,
        "exportctl restore sql orders --engine duckdb\n"
        "exportctl restore sql exports.orders --engine spark --as-of 2026-11-28T02:00:00Z",
    ),
    "restore write": (
        write,
        "exportctl restore write orders --to restored-orders\n"
        "exportctl restore write events --dataset 'App Events' --to restored-events",
    ),
}
