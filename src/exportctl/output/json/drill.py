"""The JSON document of `backup drill`, and the members of its line in the audit file."""

from __future__ import annotations

from exportctl.model.combine import Combine
from exportctl.model.json_form import JsonObject, choice, counts, flag, listing, nullable, number, text
from exportctl.monitor.backup.drills import DrillResult
from exportctl.monitor.backup.report import ChainState
from exportctl.output.json.envelope import MOMENT, PROJECT, Document
from exportctl.planfile.serialize import address
from exportctl.restore.drill import DrilledDataset, DrillReport, NotDrilled

_DATASET = JsonObject[DrilledDataset](
    "one dataset that was chosen",
    address=address(),
    dataset=text("the dataset's name"),
    dataset_id=text("dataset id"),
    flow=text("flow id"),
    result=choice("how it ended", DrillResult),
    reasons=listing("why it was not restored", text("for people")),
    state=choice("the whole chain", ChainState),
    covered_from=nullable(number(f"when the first complete run was due, {MOMENT}")),
    covered_to=nullable(number(f"when the newest complete run was due, {MOMENT}")),
    last_hash=nullable(
        text("hash of the newest complete run, as `backup manifest` says it; null: no list of its files can be made")
    ),
    moment=nullable(number(f"the moment of the table, {MOMENT}; null: no table was tried")),
    combine=nullable(
        choice("how the runs make one table", Combine, lambda one: one.check.source.combine if one.check else None)
    ),
    runs=nullable(
        number("runs that the table is made of", lambda one: len(one.check.source.runs) if one.check else None)
    ),
    files=nullable(number("files that were read", lambda one: len(one.check.source.files) if one.check else None)),
    size=nullable(number("bytes of these files", lambda one: one.check.source.size if one.check else None)),
    rows=nullable(number("rows of these files", lambda one: one.check.rows if one.check else None)),
    restored=nullable(number("rows of the table; null: it could not be read", lambda one: one.restored_rows)),
    keys=nullable(number("different keys; null: it is no upsert", lambda one: one.check.keys if one.check else None)),
    written=nullable(number("bytes of the table that was written, read back and deleted; null: it was not written")),
    milliseconds=number("how long it took", lambda one: round(one.seconds * 1000)),
)
DRILL_RESULT = JsonObject[DrillReport](
    "whether backups that were chosen at random can be restored",
    project=PROJECT,
    failing=flag("a backup was not restored, or there was none to restore: exit code 9", lambda one: one.has_failed),
    interrupted=flag("a signal ended the drill before: exit code 8", lambda one: one.is_interrupted),
    seed=text("what chose the datasets; --seed takes it"),
    count=number("how many datasets were asked for"),
    drillable=number("how many datasets there were to choose from"),
    counts=counts("datasets by result", DrillResult, lambda one: one.counts()),
    datasets=listing("those that were chosen, in the order of the draw", _DATASET, lambda one: one.drilled),
    not_drilled=listing(
        "datasets that could not be chosen",
        JsonObject[NotDrilled](
            "a dataset without a backup",
            address=address(),
            dataset=text("the dataset's name"),
            reason=text("why it has no backup; for people"),
        ),
    ),
)
DRILL = Document("drill", DRILL_RESULT)


def render_drill_report(report: DrillReport) -> str:
    """Return the document of a drill."""
    return DRILL.render(report, header=report.header, as_of=report.as_of, errors=report.errors())
