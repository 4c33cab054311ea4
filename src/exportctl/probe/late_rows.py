"""
Ask what becomes of the rows of a run that sent none.

Two flows export the same dataset at the same moments. The second one always runs, so its runs say how many rows came in
between two moments. The first one is disabled over one moment, and fails at a later one, because its path is too long
for any storage. Its next run then has the rows of both moments, or of one.

The dataset must get new rows all the time. It is exported in full by both flows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from exportctl.client.inventory import read_runs
from exportctl.frozen import dataclass
from exportctl.probe import bodies
from exportctl.probe.bodies import FLOWS, SOURCES, TARGETS, TEMPLATES
from exportctl.probe.flow_schedule import LATE_SECONDS, LEAD_SECONDS, POLL_SECONDS, FlowSchedule, first_moment
from exportctl.probe.question_group import DAY, NamedDataset, ProbeRun, QuestionGroup, is_accepted
from exportctl.probe.session import ProbeObject
from exportctl.profile.answers import Need, ProbeAnswer, ProbeQuestion, no_answer
from exportctl.resources.run import Run

MISSED, FAILED = "missed_run_rows", "failed_run_rows"
NEXT_RUN, LOST = "next_run", "lost"
NO_ROWS = "no rows came in before the run that sent none"
LONG_PATH = "x" * 1100  # Azure Blob takes names of 1,024 characters; local folders take fewer
SLACK = 4  # two runs of one moment may count rows differently, by a part of this many of those in question

QUESTIONS = tuple(
    ProbeQuestion(name, how, Need.EXPORT)
    for name, how in (
        (MISSED, "Disables one of two equal flows for one moment, and compares the rows of their next runs."),
        (FAILED, "Lets a run of one of two equal flows fail, and compares the rows of their next runs."),
    )
)


@dataclass
class ComparedFlows(FlowSchedule):
    """The flow that misses a run, its target connection, and the flow that misses none."""

    target: ProbeObject
    reference: ProbeObject
    seen: set[str] = field(default_factory=set)

    def new_runs(self, flow: ProbeObject) -> tuple[Run, ...]:
        """Return the runs of a flow that no earlier moment had."""
        found = read_runs(self.session.client, [flow.id], self.start - 1)
        return tuple(run for run in found if run.id not in self.seen)

    def pass_moment(self) -> dict[str, tuple[Run, ...]]:
        """Wait for the runs of the next moment, and return all new ones by id of their flow."""
        self.session.read(self.flow)
        since = self.session.clock.now()
        moment = self.next_moment(since)
        self.wait_until(moment)
        flows = (self.flow, self.reference)
        while True:
            self.session.pause(POLL_SECONDS)
            found = {flow.id: self.new_runs(flow) for flow in flows}
            if all(_has_run(runs, moment) for runs in found.values()):
                break
            if self.session.clock.now() > moment + LATE_SECONDS:
                break
        self.seen |= {run.id for runs in found.values() for run in runs}
        return found


def _has_run(runs: tuple[Run, ...], moment: int) -> bool:
    """Say whether there is a run of this moment, and all have finished."""
    return any(run.started >= moment for run in runs) and all(run.is_finished for run in runs)


def ask_about_late_rows(run: ProbeRun) -> Iterator[ProbeAnswer]:
    """Create two flows that export the same dataset, and answer QUESTIONS."""
    assert run.growing is not None
    pair = _create_flows(run, run.growing)
    first = pair.pass_moment()
    if not all(runs and all(one.has_succeeded for one in runs) for runs in first.values()):
        yield from (no_answer(one.name, "the first runs of the two flows did not succeed") for one in QUESTIONS)
        return
    yield _answer_missed(pair)
    yield _answer_failed(pair, f"{run.folder}/late-target")


def _create_flows(run: ProbeRun, dataset: NamedDataset) -> ComparedFlows:
    session, names = run.session, run.session.names
    start = first_moment(session.clock.now())
    listed = [{"id": dataset.id, "name": dataset.name}]
    source = session.create(SOURCES, bodies.source(names.of("late-source"), listed))
    schedule = bodies.schedule(
        start, interval=run.shortest_hours, endTime=start + 3 * DAY, **{TEMPLATES[0]: bodies.FOLDER}
    )
    flows, targets = [], []
    for word in ("late", "reference"):
        body = bodies.target(names.of(f"{word}-target"), run.objects["account"].id, f"{run.folder}/{word}-target")
        targets.append(session.create(TARGETS, body))
        flows.append(session.create(FLOWS, bodies.flow(names.of(word), source.id, targets[-1].id, schedule)))
    return ComparedFlows(session, flows[0], start, run.shortest_hours, targets[0], flows[1])


def _answer_missed(pair: ComparedFlows) -> ProbeAnswer:
    """Disable the flow over one moment. It is enabled well before the moment after that."""
    session = pair.session
    session.act(pair.flow, "disable")
    moment = pair.next_moment(session.clock.now())
    missed = pair.pass_moment()
    pair.wait_until(moment + LEAD_SECONDS)
    session.act(pair.flow, "enable")
    if missed[pair.flow.id]:
        return no_answer(MISSED, "a run began while the flow was disabled")
    next_runs = pair.pass_moment()
    if len(next_runs[pair.flow.id]) > len(next_runs[pair.reference.id]):
        return no_answer(MISSED, "the service makes up for the run that the flow missed")
    return _compare_rows(MISSED, pair, missed, next_runs)


def _answer_failed(pair: ComparedFlows, path: str) -> ProbeAnswer:
    """Let one run fail. If no path is too long for the service, there is no answer."""
    session = pair.session
    if not is_accepted(lambda: _move_target(pair, f"{path}/{LONG_PATH}")):
        return no_answer(FAILED, "the service refuses a path that is too long for a run")
    failed = pair.pass_moment()
    runs = failed[pair.flow.id]
    session.read(pair.target)
    _move_target(pair, path)
    if _rows(failed[pair.reference.id]) == 0:
        return no_answer(FAILED, NO_ROWS)
    if not runs or any(one.has_succeeded or not one.is_finished for one in runs):
        return no_answer(FAILED, "no run failed")
    return _compare_rows(FAILED, pair, failed, pair.pass_moment())


def _move_target(pair: ComparedFlows, path: str) -> None:
    pair.session.patch(pair.target, bodies.replace_operation("/params/path", path))


def _compare_rows(
    question: str, pair: ComparedFlows, without: dict[str, tuple[Run, ...]], after: dict[str, tuple[Run, ...]]
) -> ProbeAnswer:
    """Compare the rows that the flow sent after a moment without a run with those that came in since."""
    in_question, later = _rows(without[pair.reference.id]), _rows(after[pair.reference.id])
    sent = _rows(after[pair.flow.id])
    if None in (in_question, later, sent) or not after[pair.flow.id]:
        return no_answer(question, "a run does not say how many rows it has, or did not come")
    assert in_question is not None and later is not None and sent is not None
    if not in_question:
        return no_answer(question, NO_ROWS)
    for setting, expected in ((NEXT_RUN, later + in_question), (LOST, later)):
        if abs(sent - expected) * SLACK < in_question:
            return ProbeAnswer(question, setting)
    return no_answer(question, "the rows of the two flows do not add up")


def _rows(runs: tuple[Run, ...]) -> int | None:
    """Return the rows of these runs together; None: one of them failed, or does not say."""
    counts = [one.rows if one.has_succeeded else None for one in runs]
    return None if None in counts else sum(count or 0 for count in counts)


GROUP = QuestionGroup("rows of runs that sent none", QUESTIONS, ask_about_late_rows, needs=("account",))
