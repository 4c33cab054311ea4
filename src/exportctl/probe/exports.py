"""
Questions that need runs of an export. They are asked only if the user names datasets to export.

A flow on the landing zone exports these datasets in full, and after that what was added since. After each run one thing
is changed: the datasets, the interval, the end. The rows of the next run show what the change did. Each run is an
interval after the one before, so this takes hours, and the service sends up to four full exports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exportctl.client.inventory import read_runs
from exportctl.probe import bodies
from exportctl.probe.bodies import FLOWS, SOURCES, TARGETS, TEMPLATES, Json
from exportctl.probe.question_group import DAY, NamedDataset, ProbeRun, QuestionGroup, is_accepted
from exportctl.probe.session import ProbeObject, ProbeSession
from exportctl.profile.answers import Need, ProbeAnswer, ProbeQuestion, no_answer
from exportctl.resources.run import Run

HOUR = 3600
LEAD_SECONDS = 900  # a new flow is not effective at once: Adobe's samples wait ten minutes (dataset-exports.md 11)
LATE_SECONDS = 1800  # how long after its time a run may begin or end
ENDING_SECONDS = 120  # how far ahead the end is moved that lets the flow expire
POLL_SECONDS = 60.0

QUESTIONS = tuple(
    ProbeQuestion(name, how, Need.EXPORT)
    for name, how in (
        ("runs_move_etags", "Compares the etag of the flow before and after its first run."),
        ("run_scope", "Counts the runs of the first moment. It needs two datasets."),
        ("run_duration", "Reads when the first run started and completed."),
        ("run_entities", "Looks for the rows of each dataset in the first run."),
        ("dataset_change", "Takes one of two datasets out, and counts the rows of the next run."),
        ("schedule_change", "Changes the interval, and counts the rows of the next run."),
        ("revival", "Lets the flow expire, moves its end, and counts the rows of the next run."),
        ("past_start", "Disables the flow, and patches its schedule with the same start and with an earlier one."),
    )
)


@dataclass
class ExportProbe:
    """The flow that exports. `hours` is its interval, `full_rows` those of the first dataset, if a run tells them."""

    session: ProbeSession
    flow: ProbeObject
    datasets: tuple[NamedDataset, ...]
    start: int
    hours: int
    full_rows: int | None = None

    def wait_until(self, moment: int) -> None:
        """Wait until a moment of the service. Without a request its clock is not read, so the wait is measured here."""
        self.session.read(self.flow)
        clock = self.session.clock
        end = clock.monotonic() + moment - clock.now()
        while (left := end - clock.monotonic()) > 0:
            self.session.pause(min(POLL_SECONDS, left))

    def next_runs(self, since: int) -> tuple[Run, ...]:
        """Wait for the next moment of the schedule, and return its finished runs; empty if none came."""
        step = self.hours * HOUR
        moment = self.start if since < self.start else self.start + ((since - self.start) // step + 1) * step
        self.wait_until(moment)
        runs: tuple[Run, ...] = ()
        while not (runs and all(run.is_finished for run in runs)):
            if self.session.clock.now() > moment + LATE_SECONDS:
                return ()
            self.session.pause(POLL_SECONDS)
            found = read_runs(self.session.client, [self.flow.id], since)
            runs = tuple(run for run in found if run.started > since)
        return runs

    def has_sent_again(self, runs: tuple[Run, ...]) -> bool:
        """Say whether runs sent the first dataset in full. If its rows are not known, any row counts."""
        sent = sum(run.rows or 0 for run in runs)
        return sent >= max(1, self.full_rows or 0)

    def patch_schedule(self, **changes: object) -> None:
        whole = bodies.schedule_of(self.session.read(self.flow))
        self.session.patch(self.flow, bodies.replace_operation("/scheduleParams", {**whole, **changes}))


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
    if not sum(one.rows or 0 for one in first):
        yield no_answer("dataset_change", "the datasets have no rows")
        return
    probe.full_rows = _rows_of_first_dataset(probe, first)
    yield _answer_dataset_change(run, probe)
    can_patch = is_accepted(probe.patch_schedule)
    if can_patch:
        yield _answer_schedule_change(probe)
        yield _answer_revival(probe)
    yield _answer_past_start(probe, can_patch)


def _rows_of_first_dataset(probe: ExportProbe, first: tuple[Run, ...]) -> int | None:
    found = [one.dataset_rows[id] for one in first for id in one.dataset_rows if id == probe.datasets[0].id.lower()]
    return found[0] if found else None


def _create_export(run: ProbeRun) -> ExportProbe:
    session = run.session
    now = session.clock.now()
    start = now + LEAD_SECONDS - now % 60
    source = session.create(SOURCES, bodies.source(session.names.of("export-source"), _dataset_entries(run.exported)))
    folder = f"{run.folder}/export"
    target = session.create(
        TARGETS, bodies.target(session.names.of("export-target"), run.objects["account"].id, folder)
    )
    schedule = bodies.schedule(
        start, interval=run.shortest_hours, endTime=start + 3 * DAY, **{TEMPLATES[0]: bodies.FOLDER}
    )
    flow = session.create(FLOWS, bodies.flow(session.names.of("runs"), source.id, target.id, schedule))
    return ExportProbe(session, flow, run.exported, start, run.shortest_hours)


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


def _answer_schedule_change(probe: ExportProbe) -> ProbeAnswer:
    changed = probe.session.clock.now()
    probe.hours = 6 if probe.hours == 3 else 3
    probe.patch_schedule(interval=probe.hours)
    runs = probe.next_runs(changed)
    if not runs:
        return no_answer("schedule_change", "no run followed")
    return ProbeAnswer("schedule_change", "restart" if probe.has_sent_again(runs) else "continue")


def _answer_revival(probe: ExportProbe) -> ProbeAnswer:
    session = probe.session
    probe.patch_schedule(endTime=session.clock.now() + ENDING_SECONDS)
    probe.wait_until(session.clock.now() + 2 * ENDING_SECONDS)
    changed = session.clock.now()
    probe.patch_schedule(endTime=changed + 3 * DAY)
    runs = probe.next_runs(changed)
    if not runs:
        return ProbeAnswer("revival", "never")
    return ProbeAnswer("revival", "restart" if probe.has_sent_again(runs) else "continue")


def _answer_past_start(probe: ExportProbe, can_patch: bool) -> ProbeAnswer:
    """Patch the schedule of the flow, which has started. It is disabled first, so that nothing is sent again."""
    probe.session.act(probe.flow, "disable")
    if not can_patch:
        return ProbeAnswer("past_start", "rejected-always")
    earlier = is_accepted(lambda: probe.patch_schedule(startTime=probe.start - HOUR))
    return ProbeAnswer("past_start", "accepted" if earlier else "rejected")


GROUP = QuestionGroup("runs of an export", QUESTIONS, ask_about_runs, needs=("account",))
