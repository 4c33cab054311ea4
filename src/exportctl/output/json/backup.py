"""The JSON document of `backup status` and `backup check`: every fact of the text, no list is cut."""

from __future__ import annotations

from exportctl.model.combine import Combination, Combine
from exportctl.model.json_form import JsonObject, choice, counts, flag, listing, nullable, number, part, text
from exportctl.model.project import BackupPolicy
from exportctl.monitor.backup.drills import DrillResult, PastDrill
from exportctl.monitor.backup.list_report import ListComparison, ListFault, ListFaultKind
from exportctl.monitor.backup.report import BackupReport, Chain, ChainStart, ChainState, ExportChains, Gap, LateRows
from exportctl.output.json.envelope import EXPORT_STATE, FLOW_ID, MOMENT, PROJECT, STORAGE, Document
from exportctl.planfile.serialize import ERROR, POSITION, address

_POLICY = JsonObject[BackupPolicy](
    "`expect.backup`",
    max_age=nullable(number("seconds since the newest complete run was due")),
    covered_from=nullable(number(f"the first complete run must be due before, {MOMENT}")),
    drilled_within=nullable(number("seconds since the last drill that restored it")),
    at=nullable(part(POSITION)),
)
_START = JsonObject[ChainStart](
    "a moment at which the service sent everything, or may have",
    moment=number(MOMENT),
    reason=text("for people"),
    certain=flag("everything was sent again for certain", lambda start: start.is_certain),
)
_GAP = JsonObject[Gap](
    "what breaks the chain: neighbouring runs, or a time of which it is not known which runs were due",
    state=choice("GAP, CHANGED or UNPROVEN", ChainState),
    after=nullable(number(f"when the run before them was due, {MOMENT}; null: they begin the chain")),
    first=number(f"when the first of them was due, {MOMENT}"),
    last=number(f"when the last of them was due, {MOMENT}"),
    runs=number("how many runs; 0: it is not known which runs were due in this time"),
    reason=text("for people"),
    lost=text("what is lost, or may be; for people"),
    action=text("what closes it; for people"),
    run=nullable(text("run id of the first of them")),
    objects=listing("objects that the reason is about", text("path in storage")),
)
_LATE_ROWS = JsonObject[LateRows](
    "neighbouring runs that sent no rows and do not break the chain: a later run has them",
    first=number(f"when the first of them was due, {MOMENT}"),
    last=number(f"when the last of them was due, {MOMENT}"),
    runs=number("how many runs"),
    reason=text("why they sent no rows; for people"),
    carrier=number(f"when the run was due that has their rows, {MOMENT}"),
    source=text("who says that it has them: the file of a service profile and its day"),
)
_COMBINATION = JsonObject[Combination](
    "how its runs come together as one table",
    combine=choice("append: all rows; upsert: the newest row of each key; snapshot: the newest run", Combine),
    source=text("who says so, or why it is unknown; for people"),
    key=nullable(text("the column that identifies a row, with dots between levels; of an upsert")),
    key_source=text("who says so, or why it is unknown; for people; empty: not an upsert"),
    warnings=listing("what contradicts it, or has no effect", text("for people")),
)
_DRILL = JsonObject[PastDrill](
    "one dataset in one drill, as the audit file says; `last_` ones are of this flow, `former_drill` of one before it",
    as_of=number(f"when the drill was, {MOMENT}"),
    run=text("what is the same in all lines of this run in the audit file"),
    result=choice("how it ended", DrillResult),
    flow=text("flow id at that time"),
    moment=nullable(number(f"the moment of the table, {MOMENT}")),
    restored=nullable(number("rows of the table; null: it could not be read")),
)
_CHAIN = JsonObject[Chain](
    "the chain of one dataset",
    dataset=text("the dataset's name"),
    dataset_id=text("dataset id; empty where it is unknown"),
    state=choice("the state", ChainState),
    reason=text("for people"),
    starts=listing("what the chain began with, oldest first", _START),
    covered_from=nullable(number(f"when the first complete run was due, {MOMENT}")),
    covered_to=nullable(number(f"the recovery point: when the newest complete run was due, {MOMENT}")),
    rows_from=nullable(
        number(f"events before it may be missing from the first full export, {MOMENT}; null: no events, or unknown")
    ),
    complete_runs=number("complete runs"),
    rows=nullable(number("rows of the complete runs; null: some were not counted")),
    files=nullable(number("data files of the complete runs; null: some were not counted")),
    size=nullable(number("bytes of these files; null: some were not counted")),
    gaps=listing("what breaks the chain, oldest first", _GAP),
    late_rows=listing("what would break it without a service profile, oldest first", _LATE_ROWS),
    failures=listing("why it does not fulfil the policy", text("for people")),
    combination=nullable(part(_COMBINATION)),
    last_drill=nullable(part(_DRILL, lambda chain: chain.drills.last if chain.drills else None)),
    last_restored=nullable(part(_DRILL, lambda chain: chain.drills.restored if chain.drills else None)),
    former_drill=nullable(part(_DRILL, lambda chain: chain.drills.former if chain.drills else None)),
)
_FAULT = JsonObject[ListFault](
    "one thing that is not as the list says",
    kind=choice("what it is", ListFaultKind),
    reason=text("for people"),
    due=nullable(number(f"when the run was due, {MOMENT}; null: it is about all runs")),
    after=nullable(number(f"when the run before it was due, {MOMENT}; null: none was")),
    run=nullable(text("run id")),
    path=nullable(text("path of the file in storage; null: it is about the whole run")),
)
_COMPARISON = JsonObject[ListComparison](
    "one chain of a list of files, and what storage holds of it now",
    file=text("the list, as --against names it"),
    export=address(lambda one: one.export),
    dataset=text("the dataset's name in the list"),
    dataset_id=text("dataset id"),
    flow=text("flow id in the list"),
    runs=number("runs in the list"),
    files=number("files in the list"),
    by_etag=number("files with the listed ETag: not written again"),
    by_size=number("files with the listed size, where there was no ETag to compare: that proves nothing"),
    by_rows=number("files that are as listed and whose rows were counted too"),
    faults=listing("what is not as the list says", _FAULT),
)
BACKUP_RESULT = JsonObject[BackupReport](
    "whether all runs of each dataset together are a backup",
    project=PROJECT,
    failing=flag(
        "a chain does not fulfil its policy, or is not as a list says: the exit code of `check` is 9",
        lambda r: r.has_failed,
    ),
    audit=nullable(text("the file that drills are known from (--audit); null: none was read, so no drill is known")),
    counts=counts("chains by state", ChainState, lambda report: report.counts()),
    exports=listing(
        "by address",
        JsonObject[ExportChains](
            "one export",
            address=address(),
            flow=FLOW_ID,
            state=EXPORT_STATE,
            storage=STORAGE,
            policy=nullable(part(_POLICY)),
            chains=listing("by dataset", _CHAIN),
            errors=listing("why its storage could not be read", ERROR),
        ),
    ),
    lists=listing("comparisons with lists of files (--against)", _COMPARISON, lambda report: report.comparisons),
)
BACKUP = Document("backup", BACKUP_RESULT)


def render_backup_report(report: BackupReport) -> str:
    """Return the document of a backup report."""
    return BACKUP.render(report, header=report.header, as_of=report.as_of, errors=report.errors())
