"""The JSON document of `restore check`: every fact of the text, no list is cut."""

from __future__ import annotations

from exportctl.model.combine import Combine
from exportctl.model.json_form import JsonObject, choice, flag, listing, nullable, number, text
from exportctl.monitor.backup.report import ChainState
from exportctl.output.json.envelope import MOMENT, PROJECT, Document
from exportctl.planfile.serialize import address
from exportctl.restore.report import RestoreCheck, RestoreReport

_CHECK = JsonObject[RestoreCheck](
    "the restore of one dataset",
    address=address(lambda check: check.source.address),
    dataset=text("the dataset's name", lambda check: check.source.dataset),
    dataset_id=text("dataset id", lambda check: check.source.dataset_id),
    combine=choice("how the runs make one table", Combine, lambda check: check.source.combine),
    combine_source=text("who says so; for people", lambda check: check.source.combine_source),
    key=nullable(text("the column that identifies a row, of an upsert", lambda check: check.source.key)),
    moment=number(f"the moment of the table, {MOMENT}", lambda check: check.source.as_of),
    state=choice("the chain up to that moment", ChainState, lambda check: check.source.state),
    problems=listing(
        "what breaks the chain up to that moment", text("for people"), lambda check: check.source.problems
    ),
    runs=number("runs that the table is made of", lambda check: len(check.source.runs)),
    compared_runs=number(
        "runs of which it is known how many rows they wrote", lambda check: check.source.compared_runs
    ),
    warnings=listing(
        "where the YAML and the Catalog differ on how the runs combine",
        text("for people"),
        lambda check: check.source.warnings,
    ),
    files=number("files that were read", lambda check: len(check.source.files)),
    size=number("bytes of these files", lambda check: check.source.size),
    rows=nullable(number("rows of all files; null: they could not be read")),
    restored=nullable(number("rows of the table; null: it could not be read")),
    columns=nullable(number("columns of the table")),
    schemas=nullable(number("different schemas of the files")),
    added=listing("columns that the first file lacks", text("the column, and the first file that has it")),
    keys=nullable(number("different keys; null: it is no upsert")),
    first_time=nullable(text("the smallest value of the column `timestamp`, as the engine writes it")),
    last_time=nullable(text("the largest value of the column `timestamp`")),
    failures=listing("why the restore fails", text("for people")),
)
RESTORE = Document(
    "restore",
    JsonObject[RestoreReport](
        "whether a backup can be restored",
        project=PROJECT,
        engine=text("what read the files: duckdb or spark"),
        folder=nullable(text("the folder that `restore write` made; null: nothing was written")),
        failing=flag("a restore fails: the exit code is 9", lambda report: report.has_failed),
        checks=listing("by dataset", _CHECK),
    ),
)


def render_restore_report(report: RestoreReport) -> str:
    """Return the document of a restore check."""
    return RESTORE.render(report, header=report.header, as_of=report.as_of)
