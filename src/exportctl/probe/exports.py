"""
Questions that need runs of an export. They are asked only if the user names datasets to export.

A flow on the landing zone exports these datasets in full, and after that what was added since. After each run one thing
is changed: the datasets, the interval, the state, the end. The next run shows what the change did. Each run is an
interval after the one before, so this takes hours, and the service sends up to four full exports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exportctl.client.inventory import read_runs
from exportctl.frozen import dataclass
from exportctl.probe import bodies
from exportctl.probe.bodies import FLOWS, SOURCES, TARGETS, TEMPLATES, Json
from exportctl.probe.files import QUESTIONS as FILE_QUESTIONS
from exportctl.probe.files import DeliveryLog, answer_files
from exportctl.probe.flow_schedule import HOUR, LATE_SECONDS, LEAD_SECONDS, POLL_SECONDS, FlowSchedule, first_moment
from exportctl.probe.question_group import DAY, NamedDataset, ProbeRun, QuestionGroup, is_accepted
from exportctl.probe.session import ProbeObject
from exportctl.profile.answers import Need, ProbeAnswer, ProbeQuestion, no_answer
from exportctl.resources.run import Run

ENDING_SECONDS = 120  # how far ahead the end is moved that lets the flow expire
FOLDER = f"%DESTINATION%/{bodies.FOLDER}"
END_MEMBERS = ("completedAtUTC", "stoppedAtUTC")  # of a run: Adobe's documents have both (C13)

QUESTIONS = tuple(
    ProbeQuestion(name, how, Need.EXPORT)
    for name, how in (
        ("runs_move_etags", "Compares the etag of the flow before and after its first run."),
        ("run_scope", "Counts the runs of the first moment. It needs two datasets."),
        ("run_duration", "Reads when the first run started and completed."),
        ("run_entities", "Looks for the rows of each dataset in the first run."),
        ("run_status_case", "Reads the status of the first run."),
        ("run_end_member", "Reads the moments of the first run."),
        ("dataset_change", "Takes one of two datasets out, and counts the rows of the next run."),
        ("schedule_change", "Changes the interval, and counts the rows of the next run."),
        (
            "missed_runs",
            "Disables the flow for one moment of the schedule, and looks for runs after it is enabled again.",
        ),
        ("ended_flows", "Lets the flow expire, and reads its state. No one-time flow is tried."),
        ("revival", "Lets the flow expire, moves its end, and counts the rows of the next run."),
        (
            "past_start",
            "Patches the schedule of the flow without a change, and that of a flow that was disabled before its start "
            "with an earlier start.",
        ),
        ("delete_during_run", "Deletes the flow while its last run is in progress."),
    )
)


@dataclass
class ExportProbe(FlowSchedule):
    """
    The flow that exports, and one that never does, because it is disabled before their common start.

    `full_rows` are those of the first dataset, if a run tells them.
    """

    stopped: ProbeObject
    datasets: tuple[NamedDataset, ...]
    log: DeliveryLog
    full_rows: int | None = None

    def next_runs(self, since: int) -> tuple[Run, ...]:
        """Wait for the next moment of the schedule, and return its finished runs; empty if none came."""
        moment = self.next_moment(since)
        self.log.begin()
        self.wait_until(moment)
        runs: tuple[Run, ...] = ()
        while not (runs and all(run.is_finished for run in runs)):
            if self.session.clock.now() > moment + LATE_SECONDS:
                return ()
            self.session.pause(POLL_SECONDS)
            found = read_runs(self.session.client, [self.flow.id], since)
            runs = tuple(run for run in found if run.started > since)
        self.log.record(runs)
        return runs

    def read_raw_runs(self) -> list[Json]:
        return self.session.client.list("/runs", params=[("property", f"flowId=={self.flow.id}")])

    def wait_for_new_run(self, known: set[str]) -> bool:
        """Wait at most LATE_SECONDS for a run that is not known; say whether one came."""
        end = self.session.clock.monotonic() + LATE_SECONDS
        while not {str(one.get("id")) for one in self.read_raw_runs()} - known:
            if self.session.clock.monotonic() >= end:
                return False
            self.session.pause(POLL_SECONDS)
        return True

    def has_sent_again(self, runs: tuple[Run, ...]) -> bool:
        """Say whether runs sent the first dataset in full. If its rows are not known, any row counts."""
        sent = sum(run.rows or 0 for run in runs)
        return sent >= max(1, self.full_rows or 0)

    def patch_schedule(self, flow: ProbeObject | None = None, **changes: object) -> None:
        """Patch the schedule of a flow, by default of the one that exports."""
        patched = flow or self.flow
        whole = bodies.schedule_of(self.session.read(patched))
        self.session.patch(patched, bodies.replace_operation("/scheduleParams", {**whole, **changes}))


def ask_about_runs(run: ProbeRun) -> Iterator[ProbeAnswer]:
    """Create a flow that exports, and answer QUESTIONS."""
    probe = _create_export(run)
    probe.wait_until(probe.start - 60)
    before = probe.session.read(probe.flow).get("etag")
    first = probe.next_runs(probe.start - 60)
    if not first or not all(one.has_succeeded for one in first):
        yield no_answer("run_scope", "no run of the flow succeeded")
        return
    yield ProbeAnswer("runs_move_etags", probe.session.read(probe.flow).get("etag") != before)
    yield from _answer_first_runs(probe, first)
    yield from _answer_run_spelling(probe, first)
    yield from _answer_changes(run, probe, first)
    account = probe.session.read(run.objects["account"]).get("name")
    target, flow = run.session.names.of("runs-target"), probe.flow.name
    yield from answer_files(probe.log, {"target": target, "base": str(account), "flow": flow})


def _answer_changes(run: ProbeRun, probe: ExportProbe, first: tuple[Run, ...]) -> Iterator[ProbeAnswer]:
    """Change one thing after another, and see what the next run does."""
    has_rows = any(one.rows for one in first)
    probe.full_rows = _rows_of_first_dataset(probe, first)
    no_rows, no_patch = "the datasets have no rows", "the service refuses to patch a flow that has started"
    yield _answer_dataset_change(run, probe) if has_rows else no_answer("dataset_change", no_rows)
    can_patch = is_accepted(probe.patch_schedule)
    if can_patch and has_rows:
        yield _answer_schedule_change(run, probe)
    else:
        yield no_answer("schedule_change", no_rows if can_patch else no_patch)
    if probe.log.needs_empty_run():
        probe.next_runs(probe.session.clock.now())
    yield _answer_missed_runs(probe)
    if can_patch:
        yield from _answer_end(probe, has_rows)
    else:
        yield from (no_answer(question, no_patch) for question in ("ended_flows", "revival"))
    yield _answer_past_start(probe, can_patch)
    yield _answer_delete_during_run(probe)


def _rows_of_first_dataset(probe: ExportProbe, first: tuple[Run, ...]) -> int | None:
    found = [one.dataset_rows[id] for one in first for id in one.dataset_rows if id == probe.datasets[0].id.lower()]
    return found[0] if found else None


def _create_export(run: ProbeRun) -> ExportProbe:
    session = run.session
    start = first_moment(session.clock.now())
    source = session.create(SOURCES, bodies.source(session.names.of("export-source"), _dataset_entries(run.exported)))
    hours = 3 if run.shortest_hours == 1 else 6  # a change to the shortest interval saves time
    schedule = bodies.schedule(start, interval=hours, endTime=start + 3 * DAY, **{TEMPLATES[0]: FOLDER})
    stopped = _create_export_flow(run, source, "stopped", _create_target(run, "stopped"), schedule)
    session.act(stopped, "disable")
    target = _create_target(run, "runs-target", **({bodies.MANIFEST: True} if run.offers_manifest else {}))
    flow = _create_export_flow(run, source, "runs", target, schedule)
    log = DeliveryLog(run.list_storage, target.id, f"{run.folder}/runs-target")
    return ExportProbe(session, flow, start, hours, stopped, run.exported, log)


def _create_target(run: ProbeRun, word: str, **params: object) -> ProbeObject:
    body = bodies.target(run.session.names.of(word), run.objects["account"].id, f"{run.folder}/{word}", **params)
    return run.session.create(TARGETS, body)


def _create_export_flow(
    run: ProbeRun, source: ProbeObject, word: str, target: ProbeObject, schedule: Json
) -> ProbeObject:
    names = run.session.names
    return run.session.create(FLOWS, bodies.flow(names.of(word), source.id, target.id, schedule))


def _dataset_entries(datasets: Sequence[NamedDataset]) -> list[Json]:
    return [{"id": one.id, "name": one.name} for one in datasets]


def _answer_first_runs(probe: ExportProbe, first: tuple[Run, ...]) -> Iterator[ProbeAnswer]:
    if len(probe.datasets) < 2:
        yield no_answer("run_scope", "it needs two datasets: --with-export twice")
    else:
        yield ProbeAnswer("run_scope", "dataset" if len(first) > 1 else "flow")
    seconds = [one.completed - one.started for one in first if one.completed is not None]
    yield (
        ProbeAnswer("run_duration", max(seconds)) if seconds else no_answer("run_duration", "the run does not say when")
    )
    yield ProbeAnswer("run_entities", "shown" if any(one.dataset_rows for one in first) else "hidden")


def _answer_run_spelling(probe: ExportProbe, first: tuple[Run, ...]) -> Iterator[ProbeAnswer]:
    """Read a run of the first moment as the service writes it. It has finished."""
    metrics = bodies.metrics_of(next((one for one in probe.read_raw_runs() if one.get("id") == first[0].id), {}))
    word = metrics.get("statusSummary", {}).get("status")
    case = {"success": "lower", "Success": "capital"}.get(str(word))
    other_word = "the status of a successful run is another word"
    yield ProbeAnswer("run_status_case", case, "" if case else other_word)
    member = next((key for key in END_MEMBERS if key in metrics.get("durationSummary", {})), None)
    yield ProbeAnswer("run_end_member", member, "" if member else "the run does not say when it ended")


def _answer_dataset_change(run: ProbeRun, probe: ExportProbe) -> ProbeAnswer:
    """Take the second dataset out. All rows of the first one were sent before."""
    session = probe.session
    if len(probe.datasets) < 2:
        return no_answer("dataset_change", "it needs two datasets: --with-export twice")
    kept = session.create(SOURCES, bodies.source(session.names.of("kept-source"), _dataset_entries(run.exported[:1])))
    changed = session.clock.now()
    change = bodies.replace_operation("/sourceConnectionIds", [kept.id])
    if not is_accepted(lambda: session.patch(probe.flow, change)):
        return no_answer("dataset_change", "the service refuses to patch a flow that has started")
    runs = probe.next_runs(changed)
    if not runs:
        return no_answer("dataset_change", "no run followed")
    return ProbeAnswer("dataset_change", "restart" if probe.has_sent_again(runs) else "new-only")


def _answer_schedule_change(run: ProbeRun, probe: ExportProbe) -> ProbeAnswer:
    changed = probe.session.clock.now()
    probe.hours = run.shortest_hours
    probe.patch_schedule(interval=probe.hours)
    runs = probe.next_runs(changed)
    if not runs:
        return no_answer("schedule_change", "no run followed")
    return ProbeAnswer("schedule_change", "restart" if probe.has_sent_again(runs) else "continue")


def _answer_missed_runs(probe: ExportProbe) -> ProbeAnswer:
    """Disable the flow over one moment of its schedule. It is enabled well before the moment after that."""
    session = probe.session
    session.act(probe.flow, "disable")
    known = {str(one.get("id")) for one in probe.read_raw_runs()}
    probe.wait_until(probe.next_moment(session.clock.now()) + LEAD_SECONDS)
    has_run_anyway = any(str(one.get("id")) not in known for one in probe.read_raw_runs())
    session.act(probe.flow, "enable")
    if has_run_anyway:
        return no_answer("missed_runs", "a run began while the flow was disabled")
    return ProbeAnswer("missed_runs", "caught-up" if probe.wait_for_new_run(known) else "skipped")


def _answer_end(probe: ExportProbe, has_rows: bool) -> Iterator[ProbeAnswer]:
    """Let the flow expire, and move its end. If the service has disabled it, it must be enabled again too."""
    session = probe.session
    probe.patch_schedule(endTime=session.clock.now() + ENDING_SECONDS)
    probe.wait_until(session.clock.now() + 2 * ENDING_SECONDS)
    state = str(session.read(probe.flow).get("state")).lower()
    setting = state if state in ("enabled", "disabled") else None
    yield ProbeAnswer("ended_flows", setting, "" if setting else "the flow shows a state that no setting plays")
    changed = session.clock.now()
    probe.patch_schedule(endTime=changed + 3 * DAY)
    if state == "disabled":
        session.act(probe.flow, "enable")
    yield _answer_revival(probe, changed) if has_rows else no_answer("revival", "the datasets have no rows")


def _answer_revival(probe: ExportProbe, changed: int) -> ProbeAnswer:
    runs = probe.next_runs(changed)
    if not runs:
        return ProbeAnswer("revival", "never")
    return ProbeAnswer("revival", "restart" if probe.has_sent_again(runs) else "continue")


def _answer_past_start(probe: ExportProbe, can_patch: bool) -> ProbeAnswer:
    """Move the start of the flow that is disabled, so that nothing is sent again. Its start is past by now."""
    if not can_patch:
        return ProbeAnswer("past_start", "rejected-always")
    earlier = is_accepted(lambda: probe.patch_schedule(probe.stopped, startTime=probe.start - HOUR))
    return ProbeAnswer("past_start", "accepted" if earlier else "rejected")


def _answer_delete_during_run(probe: ExportProbe) -> ProbeAnswer:
    """Delete the flow in its next run. If that is refused, wait for the end of the run: the deletion follows."""
    session = probe.session
    session.read(probe.flow)
    moment = probe.next_moment(session.clock.now())
    probe.wait_until(moment)

    def read_new_runs() -> tuple[Run, ...]:
        session.check_stop()
        return read_runs(session.client, [probe.flow.id], moment)

    runs = session.wait_for(read_new_runs, LATE_SECONDS) or ()
    if all(one.is_finished for one in runs):
        return no_answer("delete_during_run", "no run was seen in progress")
    if is_accepted(lambda: session.send_delete(probe.flow)):
        return ProbeAnswer("delete_during_run", "accepted")
    session.wait_for(lambda: all(one.is_finished for one in read_new_runs()), LATE_SECONDS)
    return ProbeAnswer("delete_during_run", "refused")


GROUP = QuestionGroup("runs of an export", (*QUESTIONS, *FILE_QUESTIONS), ask_about_runs, needs=("account",))
