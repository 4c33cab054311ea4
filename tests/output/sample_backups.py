"""A backup report built by hand: every state, and everything a view can show."""

from __future__ import annotations

from dataclasses import replace

from exportctl.errors import Finding, SourcePosition
from exportctl.model.combine import Combination, Combine
from exportctl.model.project import BackupPolicy
from exportctl.monitor.backup.list_report import ListComparison, ListFault, ListFaultKind
from exportctl.monitor.backup.report import BackupReport, Chain, ChainStart, ChainState, ExportChains, Gap, LateRows
from tests.output.sample_plans import AS_OF, DAY, EVIL, HEADER, address

FLOW = "1a2b3c4d-0000-4000-8000-000000000001"
START = ChainStart(AS_OF - 9 * DAY, "this flow was made")
POLICY = BackupPolicy(26 * 3600, AS_OF, SourcePosition("exports.yaml", 9, 13))
AGAIN = ChainStart(AS_OF - 5 * DAY, "its datasets changed: perhaps all were sent again", is_certain=False)


def gap(state: ChainState, first: int, runs: int = 1, objects: tuple[str, ...] = ()) -> Gap:
    at = AS_OF - first * DAY
    return Gap(state, at - DAY, at, at + (runs - 1) * DAY, runs, f"a reason {EVIL}", "rows", "do this", "r-1", objects)


def chain(name: str, state: ChainState, *gaps: Gap, failures: tuple[str, ...] = ()) -> Chain:
    is_whole, is_covered = state is ChainState.WHOLE, state is not ChainState.NONE
    return Chain(
        name,
        f"id of {name}",
        state,
        f"because {EVIL}",
        (START, AGAIN),
        covered_from=AS_OF - 8 * DAY if is_covered else None,
        covered_to=AS_OF - DAY // 2 if is_covered else None,
        complete_runs=9 if is_whole else 5,
        rows=1200 if is_whole else None,
        files=18 if is_whole else None,
        size=4_300_000 if is_whole else None,
        gaps=gaps,
        failures=failures,
    )


PROFILE = "service-profile.json of 2026-11-29"
RECORDS = Combination(Combine.UPSERT, "Catalog: dataBehavior record", f"_id{EVIL}", "stated in exports.yaml:3:9")
EVENTS = Combination(Combine.APPEND, "Catalog: dataBehavior time-series", is_time_series=True)
STATED = Combination(Combine.SNAPSHOT, "stated in exports.yaml:4:9", warnings=(f"the Catalog says {EVIL}",))
UNKNOWN = Combination(Combine.UNKNOWN, f"the Catalog could not be read: {EVIL}; state `combine:`")


def backup_report() -> BackupReport:
    lost = gap(ChainState.GAP, 4, 3, tuple(f"aep/part-{n} {EVIL}" for n in range(25)))
    broken: tuple[Chain, ...] = (
        chain("Orders", ChainState.GAP, lost, gap(ChainState.UNPROVEN, 1), failures=("the backup is GAP: gone",)),
        chain(f"Web {EVIL}", ChainState.CHANGED, gap(ChainState.CHANGED, 2)),
        chain("Returns", ChainState.UNPROVEN, replace(gap(ChainState.UNPROVEN, 2), after=None, runs=0)),
    )
    found = (RECORDS, EVENTS, STATED)
    broken = tuple(replace(one, combination=combination) for one, combination in zip(broken, found, strict=True))
    whole = replace(
        chain("Orders", ChainState.WHOLE),
        combination=EVENTS,
        rows_from=AS_OF - 373 * DAY,
        late_rows=(LateRows(AS_OF - 4 * DAY, AS_OF - 3 * DAY, 2, f"refused {EVIL}", AS_OF - 2 * DAY, PROFILE),),
    )
    none = replace(chain("Orders", ChainState.NONE), combination=UNKNOWN)
    exports = (
        ExportChains(address("orders"), FLOW, "disabled", f"s3://acme-lake/{EVIL}", POLICY, broken),
        ExportChains(address("whole"), FLOW, "enabled", "s3://acme-lake/aep", None, (whole,)),
        ExportChains(address("new"), None, "not applied", "runs only", None, (none,)),
    )
    return BackupReport(HEADER, AS_OF, exports)


def listed_report() -> BackupReport:
    """One export without a policy, compared with a list that it is not like and with one that it is like."""
    chains = (chain("Orders", ChainState.WHOLE),)
    exports = (ExportChains(address("orders"), FLOW, "enabled", "s3://acme-lake/aep", None, chains),)
    return BackupReport(HEADER, AS_OF, exports, (compared_list("orders"), clean_list("orders")))


def compared_list(export: str) -> ListComparison:
    """A list of `export` from which much is different."""
    due = AS_OF - 4 * DAY
    files = tuple(
        ListFault(ListFaultKind.DELETED, "the file is gone", due, due - DAY, "r-1", f"aep/part-{n} {EVIL}")
        for n in range(22)
    )
    faults = (
        ListFault(ListFaultKind.NOT_IN_CHAIN, f"the list is of another flow {EVIL}"),
        ListFault(ListFaultKind.CHANGED, f"the run is CHANGED now: {EVIL}", due - DAY, None, None),
        *files,
    )
    counts = {"runs": 9, "files": 40, "by_etag": 16, "by_size": 2, "by_rows": 18}
    return ListComparison(f"lists/{EVIL}.json", address(export), f"Orders {EVIL}", "d-1", FLOW, **counts, faults=faults)


def clean_list(export: str) -> ListComparison:
    counts = {"runs": 9, "files": 18, "by_etag": 10, "by_size": 8, "by_rows": 0}
    return ListComparison("whole.json", address(export), "Orders", "d-1", FLOW, **counts, faults=())


def unread_report() -> BackupReport:
    """One export; its storage could not be read."""
    errors = (Finding("storage-denied", f"s3://acme-lake: {EVIL}", hint="ask for access"),)
    chains = (chain("Orders", ChainState.UNPROVEN, failures=("the backup is UNPROVEN: the storage was not read",)),)
    return BackupReport(
        HEADER, AS_OF, (ExportChains(address("orders"), FLOW, "enabled", "denied", POLICY, chains, errors),)
    )
