"""
Read all runs of each export since its flow was made, and give them to monitor.backup, which folds them into chains.

Reading is that of `verify`: flows, runs, and storage with the caller's own identity. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from exportctl.model.combine import Combination
from exportctl.model.plan import LiveObject
from exportctl.model.project import Export
from exportctl.model.schedule import first_starts
from exportctl.monitor.backup.chain import fold_chain, no_chain
from exportctl.monitor.backup.combination import add_combination
from exportctl.monitor.backup.drills import AuditFile, DrillLog, read_drill_log
from exportctl.monitor.backup.late_rows import row_answers
from exportctl.monitor.backup.links import NO_ANSWERS, ChainFacts, RowAnswers, UnknownDues
from exportctl.monitor.backup.policy import policy_failures
from exportctl.monitor.backup.report import BackupReport, Chain, ChainStart, ExportChains
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.former_schedules import former_run_time
from exportctl.monitor.delivery.report import ExportVerdicts, Verdict
from exportctl.profile.file import default_path
from exportctl.workflows.combinations import declared_datasets, read_combinations
from exportctl.workflows.connect import platform_kind
from exportctl.workflows.read_storage import RUNS_ONLY
from exportctl.workflows.verify import ExportFlow, VerifiedExport, Verifier, VerifyRequest


def read_chains(verifier: Verifier, *, deep: bool = False, require_storage: bool = False) -> BackupReport:
    """
    Return the chain of each dataset.

    Raises:
        ServiceError: flows or runs could not be read.
    """
    return read_backups(verifier, deep=deep, require_storage=require_storage)[0]


def read_backups(
    verifier: Verifier, *, deep: bool = False, require_storage: bool = False, audit: AuditFile | None = None
) -> tuple[BackupReport, tuple[VerifiedExport, ...]]:
    """
    Return the same, and the flow and the storage of each export, in the order of the report.

    The storage stays open until the verifier is closed. `audit` says which drills there were.
    """
    report, checked = verifier.read(VerifyRequest(deep=deep, require_storage=require_storage, whole=True))
    declared = declared_datasets((one.flow.export, one.verdicts.verdicts) for one in checked)
    combinations = read_combinations(verifier.client, declared)
    answers = _row_answers(verifier)
    drills = read_drill_log(audit.data, report.header, report.as_of) if audit else None
    exports = tuple(
        _export_chains(one.verdicts, one.flow, report.as_of, combinations, answers, drills) for one in checked
    )
    return BackupReport(report.header, report.as_of, exports, audit=audit.name if audit else None), checked


def _export_chains(
    found: ExportVerdicts,
    flow: ExportFlow,
    as_of: int,
    combinations: Mapping[str, Combination],
    answers: RowAnswers,
    drills: DrillLog | None,
) -> ExportChains:
    policy = flow.export.expect.backup if flow.export.expect else None

    def finish_chain(chain: Chain) -> Chain:
        known = drills.of_dataset(found.address, found.flow, chain.dataset_id) if drills else None
        made = replace(add_combination(chain, combinations.get(chain.dataset_id)), drills=known)
        return replace(made, failures=policy_failures(made, policy, as_of) if policy else ())

    chains = tuple(finish_chain(chain) for chain in _chains(found, flow, as_of, answers))
    return ExportChains(found.address, found.flow, found.state, found.storage, policy, chains, found.errors)


def _chains(found: ExportVerdicts, flow: ExportFlow, as_of: int, answers: RowAnswers) -> Iterator[Chain]:
    live, facts = flow.live_flow, None
    if flow.expectation is not None and live is not None and live.source is not None:
        facts = ChainFacts(
            starts=_starts(live.flow, live.source, live.generation, flow.export, answers),
            grace=flow.expectation.grace,
            retention=flow.expectation.retention,
            as_of=as_of,
            is_storage_read=not found.storage.startswith(RUNS_ONLY) and not found.errors,
            unknown=_unknown_time(flow.expectation, flow.export, found.verdicts),
            row_answers=answers,
        )
    for _, own in groupby(found.verdicts, key=lambda verdict: verdict.dataset_id):
        verdicts = tuple(own)
        yield fold_chain(verdicts, facts) if facts else no_chain(verdicts[0])


def _row_answers(verifier: Verifier) -> RowAnswers:
    """Return what the service profile says of rows that a run did not send; it is the one that a plan uses."""
    setup = verifier.setup
    if not (setup.folder / default_path(setup.files)).is_file():
        return NO_ANSWERS  # reading a profile imports the emulator
    from exportctl.workflows import service_profile

    used = service_profile.use_profile(setup, platform_kind(verifier.project))
    return row_answers(used.profile.switches, f"{used.file} of {used.profile.probed_on}") if used else NO_ANSWERS


def _unknown_time(expectation: DeliveryExpectation, export: Export, verdicts: Sequence[Verdict]) -> UnknownDues | None:
    """
    Return until when it is not known what was due; None if the schedule is the first one, or cannot be read.

    It is the first one if it has the start that exportctl gave the new flow, and all runs fit to it. A later change
    moves the start, and no object keeps the former one; another interval on the same grid keeps it. A schedule that was
    changed before its first run is not noticed. Former schedules that the YAML states are believed if they explain all
    runs before, and if the start is one of theirs or follows from the end of the last one.
    """
    start, every, declared = expectation.start, expectation.every, export.schedule
    if start is None or every is None:
        return None
    former = expectation.former_ticks
    begin = former[-1].until if former else expectation.created
    known = {at for one in former for at in one.starts} | first_starts(every, declared.at, declared.start, begin)
    dues = {verdict.due for verdict in verdicts if verdict.due is not None}
    until = max(start, begin) if former else start
    strange = [due for due in dues if _is_strange(due, expectation, until)]
    if start in known and not strange:
        return None
    is_moved = start not in known or min(strange) < start
    return UnknownDues(start if is_moved else max(strange), is_start=is_moved, is_stated=bool(former))


def _is_strange(due: int, expectation: DeliveryExpectation, until: int) -> bool:
    """Say whether a run was due at a moment that no known schedule has; today's has none before `until`."""
    if former_run_time(expectation.former_ticks, due) == due:
        return False
    is_off_grid = bool(expectation.step) and (due - (expectation.start or 0)) % expectation.step != 0
    return due < until or is_off_grid


def _starts(
    flow: LiveObject, source: LiveObject, generation: int, export: Export, answers: RowAnswers
) -> tuple[ChainStart, ...]:
    """
    Return when the service sent everything, or may have.

    A flow gets another source connection when its datasets change. Whether all of them are sent again then is not
    documented (dataset-exports.md 5.3), unless a service profile answers it. A change of the interval may restart the
    export too. The service does not record it; the YAML may state it, and the profile what comes of it.
    """
    made = "a replacement made this flow" if generation > 1 else "this flow was made"
    if export.former_schedules:
        made += f"; when it ran before is stated in {export.former_schedules[0].at}"
    starts = [ChainStart(flow.created_at, made)]
    if source.created_at > flow.created_at and answers.sends_all_again is not False:
        is_certain = bool(answers.sends_all_again)
        what = f"and all were sent again, by {answers.source}" if is_certain else "perhaps all were sent again"
        reason = f"its datasets changed{',' if is_certain else ':'} {what}"
        starts.append(ChainStart(source.created_at, reason, is_certain=is_certain))
    if answers.schedule_restarts is not False:
        starts += [
            ChainStart(one.until, "its schedule changed: perhaps all were sent again", is_certain=False)
            for one in export.former_schedules
            if one.until > flow.created_at
        ]
    return tuple(sorted(starts, key=lambda start: start.moment))
