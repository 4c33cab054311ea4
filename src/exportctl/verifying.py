"""
`verify`: reads flows, runs and storage, and hands them to `verification`, which judges. An edge.

    lists of live objects, runs since a moment   ->  what was due, and what the service says of it
    storage of each destination                  ->  what is there, with the caller's own identity
    both                                         ->  a VerifyReport

Storage is read per export, several side by side. An export whose storage cannot be read is reported as such, and the
others go on; nothing is ever written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from exportctl import schedules
from exportctl.arrivals import Looked, Stores
from exportctl.clock import Clock
from exportctl.declared import Export, Project
from exportctl.errors import Finding, ServiceError, UsageError
from exportctl.flags import Flags
from exportctl.model import EXPORTS, Address
from exportctl.offline import Setup, complete, project_of
from exportctl.planning.ownership import Estate, Holding, survey
from exportctl.platforms import Platform, opened
from exportctl.runs import Run
from exportctl.schedules import DAY, shown
from exportctl.service import live
from exportctl.service import runs as service_runs
from exportctl.verification import judging
from exportctl.verification.occasions import Occasion, occasions
from exportctl.verification.report import ExportChecked, Verdict, VerifyReport, Word
from exportctl.verification.watched import Watched, watched
from exportctl.workflows import header

WINDOW = DAY  # how far back is looked if nobody says
SIDE_BY_SIDE = 4  # exports whose storage is read at once
OPEN = frozenset({Word.UNKNOWN, Word.MISSING, Word.FILES_MISSING})  # words that another look may change


@dataclass(frozen=True)
class Question:
    """
    `since` in seconds since 1970, default a day before now; `deep` reads contents; `runs_only` leaves storage alone;
    `newest` asks for nothing but the run that was due last.
    """

    since: int | None = None
    deep: bool = False
    runs_only: bool = False
    newest: bool = False


class Look:
    """Looks anew each time it is called; the connection stays open in between."""

    def __init__(self, setup: Setup, flags: Flags, project: Project, findings: tuple[Finding, ...], platform: Platform):
        self.project = project
        self.findings = findings
        self.clock: Clock = platform.clock
        self._setup = setup
        self._platform = platform
        self._exports = {a: e for a, e in _addressed(project) if flags.targeted(a)}
        self._stores = Stores(project, platform, setup)

    def close(self) -> None:
        self._stores.close()

    def __call__(self, question: Question) -> VerifyReport:
        """
        One look.

        Raises:
            UsageError: `since` lies in the future.
            ServiceError: flows or runs could not be read.
        """
        seen = live.objects(self._platform.client)
        as_of = self._setup.now if self._setup.now is not None else self._platform.as_of()
        since = as_of - WINDOW if question.since is None else question.since
        if since > as_of:
            raise UsageError(f"--since {shown(since)} lies in the future: it is {shown(as_of)}", rule="usage")
        estate = survey(seen, self.project.name)
        found = [self._found(address, export, estate) for address, export in sorted(self._exports.items())]
        flows = [one.holding.flow.id for one in found if one.holding]
        earliest = min([since, *(_newest_tick(one.watched, as_of) for one in found if one.watched and question.newest)])
        runs = service_runs.read(self._platform.client, flows, earliest) if flows else ()
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            checked = pool.map(lambda one: self._checked(one, runs, replace(question, since=since), as_of), found)
            exports = tuple(checked)
        return VerifyReport(header(self.project, self._platform), as_of, since, question.deep, exports)

    def _found(self, address: Address, export: Export, estate: Estate) -> Found:
        holding = _holding(address, export, estate)
        if holding is None or holding.content is None or holding.place is None:
            return Found(address, export, holding, None, estate)
        sandbox = self.project.platform.sandbox
        made = watched(export, holding.flow, holding.content, holding.place, sandbox=sandbox)
        return Found(address, export, holding, made, estate)

    def _checked(self, one: Found, runs: tuple[Run, ...], question: Question, as_of: int) -> ExportChecked:
        if one.watched is None or one.holding is None:
            return _not_there(one)
        flow = one.watched
        assert question.since is not None
        since = min(question.since, _newest_tick(flow, as_of)) if question.newest else question.since
        due = occasions(flow, (r for r in runs if r.flow == flow.flow), since, as_of)
        due = due[-1:] if question.newest else due
        looked = self._looked(one, due, question)
        return ExportChecked(
            address=one.address,
            flow=flow.flow,
            state=flow.state(as_of),
            storage=looked.storage,
            verdicts=judging.verdicts(
                flow, due, looked.holdings, as_of=as_of, since=since, unreadable=looked.unreadable
            ),
            errors=looked.errors,
        )

    def _looked(self, one: Found, due: tuple[Occasion, ...], question: Question) -> Looked:
        if question.runs_only:
            return Looked(None, "runs only: as asked")
        assert one.watched is not None and one.holding is not None and one.holding.place is not None
        base = one.estate.bases.get(one.holding.base or "")
        return self._stores.look(one.watched, one.holding.place, base, due, deep=question.deep)


@dataclass(frozen=True)
class Found:
    """A declared export and the flow it has, if it has one."""

    address: Address
    export: Export
    holding: Holding | None
    watched: Watched | None
    estate: Estate


@contextmanager
def looking(setup: Setup, flags: Flags, *, wall: Callable[[], int]) -> Iterator[Look]:
    """
    Open a platform to look at arrivals, as often as wanted.

    Raises:
        ConfigError, ServiceError, Error: as their makers say.
    """
    project, findings = project_of(setup, setup.now or wall())
    complete(project)
    with opened(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        look = Look(setup, flags, project, findings, platform)
        try:
            yield look
        finally:
            look.close()


def waited(
    look: Callable[[Question], VerifyReport],
    question: Question,
    seconds: int,
    poll: int,
    clock: Clock,
    on_look: Callable[[VerifyReport], None],
) -> VerifyReport:
    """
    Look every `poll` seconds until the run that was due last has been judged for good, at most for `seconds`.

    What is still open then fails: a loader that waited must not go on. A look that the service fails is made again.

    Raises:
        ServiceError: the last look failed too.
    """
    asked = replace(question, newest=True)
    deadline = clock.monotonic() + seconds
    while True:
        left = deadline - clock.monotonic()
        try:
            report = look(asked)
        except ServiceError:
            if left <= 0:
                raise
        else:
            on_look(report)
            if not _open(report):
                return report
            if left <= 0:
                return replace(report, exports=tuple(_given_up(one) for one in report.exports))
        clock.sleep(max(0, min(poll, left)))


def _open(report: VerifyReport) -> bool:
    return bool(report.errors()) or any(_is_open(v) for one in report.exports for v in one.verdicts)


def _is_open(verdict: Verdict) -> bool:
    """Not judged for good: LATE while the run is still under way is open, LATE after it is not."""
    return verdict.word in OPEN or (verdict.word is Word.LATE and verdict.completed is None)


def _given_up(one: ExportChecked) -> ExportChecked:
    verdicts = tuple(
        replace(v, word=Word.LATE, reason=f"not complete when the wait was over: {v.reason}", fails=True)
        if v.word is Word.UNKNOWN
        else v
        for v in one.verdicts
    )
    return replace(one, verdicts=verdicts)


def _addressed(project: Project) -> list[tuple[Address, Export]]:
    return [(Address(EXPORTS, key), export) for key, export in project.exports.items()]


def _holding(address: Address, export: Export, estate: Estate) -> Holding | None:
    """The flow of an address: the one of the highest generation, before a rename or an adoption is applied too."""
    held = estate.ours.get(address, ())
    if not held and export.renamed_from:
        held = estate.ours.get(Address(EXPORTS, export.renamed_from), ())
    if not held and export.adopt:
        adopted = estate.by_id(export.adopt)
        held = (adopted,) if adopted else ()
    return max(held, key=lambda h: (h.marker.generation if h.marker else 0, h.flow.created), default=None)


def _newest_tick(flow: Watched | None, as_of: int) -> int:
    """The last moment a run was due, at or before `as_of`; that itself for a flow without any."""
    if flow is None or flow.start is None or flow.rhythm is None:
        return as_of
    last = schedules.last_tick(flow.rhythm, flow.start, flow.end, as_of)
    return as_of if last is None else last


def _not_there(one: Found) -> ExportChecked:
    """An export without a flow delivers nothing; one whose connections cannot be read may."""
    if one.holding is not None:
        reason = "its source or target connection cannot be read"
        word, state = Word.UNKNOWN, "unknown"
    elif one.export.enabled is False:
        word, state, reason = Word.UNKNOWN, "not applied", "no flow in this sandbox, and `enabled: false`"
    else:
        word, state, reason = Word.MISSING, "not applied", "no flow in this sandbox: apply creates it"
    verdicts = tuple(
        Verdict(d.name or d.alias or d.id or "", d.id or "", None, word, reason, fails=word is Word.MISSING)
        for d in one.export.datasets
    )
    flow = one.holding.flow.id if one.holding else None
    return ExportChecked(one.address, flow, state, "nothing to read", verdicts)
