"""
Probe a sandbox: open it, say what will be created, ask the questions, and build the profile of the service.

The platform is that of the config, or without a config that of AEP_ORG_ID. The sandbox can be named instead. A sandbox
for production must be named: nothing in a config can choose it for a probe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import field, replace
from datetime import UTC, datetime
from secrets import token_hex
from threading import Event

from exportctl import __version__
from exportctl.client import inventory
from exportctl.client.client import SANDBOXES
from exportctl.client.transport import Answer, Request
from exportctl.errors import ConfigError, Error, ServiceError, UsageError
from exportctl.frozen import dataclass
from exportctl.model.plan import PlanHeader
from exportctl.model.project import Project
from exportctl.model.similar_names import closest_names, did_you_mean
from exportctl.probe import late_rows
from exportctl.probe.bodies import COLLECTIONS, NO_HOST, PREFIX, ProbeNames
from exportctl.probe.cleanup import list_probe_objects
from exportctl.probe.question_group import DAY, START_DAYS, NamedDataset, ProbeRun
from exportctl.probe.questions import GROUPS, GROUPS_WITH_EXPORT, QUESTIONS
from exportctl.probe.recording import CassetteRecorder, RecordedExchange
from exportctl.probe.run_probe import ProbeResult, run_groups
from exportctl.probe.session import ProbeSession
from exportctl.probe.volume import DatasetVolume, read_volume
from exportctl.profile.answers import Need, ProbeAnswer, ProbeReport, ProbeRow
from exportctl.profile.file import ServiceProfile
from exportctl.workflows import connect, service_profile
from exportctl.workflows.load_config import Setup, read_project, require_references
from exportctl.workflows.probe_storage import ProbeStorage

PRODUCTION = "prod"  # the sandbox of a request that names none [UD]


@dataclass(frozen=True)
class ProbeRequest:
    """What the user asked for. `sandbox` is the one typed out, None: that of the config."""

    dataset: str
    sandbox: str | None = None
    exported: tuple[str, ...] = ()  # datasets of which the user allows an export: one or two
    growing: str | None = None  # one that gets new rows all the time, and may be exported too


@dataclass(frozen=True)
class ConnectedProbe:
    """
    A probe that can start.

    `found` describes each object that an earlier probe left behind; they are deleted too. `volumes` are those of the
    datasets that it exports, `growing` is that of the one that gets new rows all the time.
    """

    header: PlanHeader
    dataset: NamedDataset
    found: tuple[str, ...]
    platform: connect.ConnectedPlatform
    volumes: tuple[DatasetVolume, ...] = ()
    growing: DatasetVolume | None = None
    has_own_clock: bool = False  # an emulator in this process, or a caller, moves its clock instead of waiting
    environment: Mapping[str, str] = field(default_factory=dict)  # the variables of the process

    def run(
        self,
        stop: Event,
        report: Callable[[str], None],
        recorder: CassetteRecorder | None = None,
    ) -> ProbeResult:
        """
        Ask all questions, and delete everything. `recorder` gets every request with its answer.

        As soon as `stop` is set, waiting ends and no further question is asked.
        """
        client, clock = self.platform.client, self.platform.clock
        waiting = clock if self.has_own_clock else replace(clock, sleep=lambda seconds: _wait(stop, seconds))
        names = ProbeNames(token_hex(4))
        session = ProbeSession(client, waiting, names, stop.is_set, patient_clock=clock)
        start = clock.now() + START_DAYS * DAY
        exported = tuple(one.dataset for one in self.volumes)
        groups = (*(GROUPS_WITH_EXPORT if exported else GROUPS), *([late_rows.GROUP] if self.growing else []))
        if recorder is not None:
            client.on_answer(lambda request, answer: recorder.record(_exchange(request, answer)))
        with closing(ProbeStorage(self.platform, self.environment)) as storage:
            run = ProbeRun(session, self.dataset, start - start % 3600, exported=exported, list_storage=storage)
            run.growing = self.growing.dataset if self.growing else None
            return run_groups(run, groups, report, recorder.start if recorder else lambda title: None)

    def _exported_volumes(self) -> tuple[DatasetVolume, ...]:
        return (*self.volumes, *([self.growing] if self.growing else []))

    def recorder(self, private: Iterable[str] = ()) -> CassetteRecorder:
        """Return a recorder that hides the organization, the sandbox, the dataset and these values."""
        known = (self.header.organization, self.header.organization.partition("@")[0], self.header.sandbox)
        named = [
            text
            for one in (self.dataset, *(v.dataset for v in self._exported_volumes()))
            for text in (one.id, one.name)
        ]
        return CassetteRecorder([*known, *named, *private])

    def profile(self, result: ProbeResult) -> ServiceProfile:
        """Build the profile. It names neither the organization nor the sandbox."""
        day = datetime.fromtimestamp(self.platform.clock.now(), UTC).strftime("%Y-%m-%d")
        settings = {one.question: one.setting for one in result.answers if one.setting is not None}
        return ServiceProfile(
            platform=self.header.platform,
            probed_on=day,
            version=__version__,
            switches={name: value for name, value in settings.items() if QUESTIONS[name].need is not Need.FACT},
            facts={name: value for name, value in settings.items() if QUESTIONS[name].need is Need.FACT},
            unanswered={one.question: one.reason for one in result.answers if one.setting is None},
        )


def _wait(stop: Event, seconds: float) -> None:
    stop.wait(seconds)


def _exchange(request: Request, answer: Answer) -> RecordedExchange:
    etag = request.headers.get("If-Match")
    return RecordedExchange(request.method, request.url, etag, request.content, answer.status, answer.body)


@contextmanager
def open_probe(setup: Setup, asked: ProbeRequest, as_of: int) -> Iterator[ConnectedProbe]:
    """
    Open the sandbox and find the dataset. Only reads.

    Raises:
        UsageError: the sandbox is one for production, and the user has not typed its name.
        Error: no dataset has this name or id.
    """
    project = _project(setup, as_of)
    if asked.sandbox is not None:
        project = replace(project, platform=replace(project.platform, sandbox=asked.sandbox))
    sandbox = project.platform.sandbox
    _refuse_production(sandbox, sandbox == PRODUCTION, asked)
    with connect.open_platform(project, setup) as platform:
        _refuse_production(sandbox, _is_production(platform, sandbox), asked)
        dataset = _find_dataset(platform, asked.dataset)
        found = tuple(
            f"{COLLECTIONS[path].label} {doc.get('name')}"
            for path, docs in list_probe_objects(platform.client).items()
            for doc in docs
        )
        exported = [_find_dataset(platform, name) for name in asked.exported]
        volumes = tuple(read_volume(platform.client, one) for one in exported)
        growing = asked.growing and read_volume(platform.client, _find_dataset(platform, asked.growing))
        own_clock = setup.clock is not None or platform.emulator is not None
        header = connect.plan_header(project)
        yield ConnectedProbe(header, dataset, found, platform, volumes, growing or None, own_clock, setup.env)


def _project(setup: Setup, as_of: int) -> Project:
    """Return the project of the config, else enough of one from the environment."""
    try:
        project, _ = read_project(setup, as_of)
    except ConfigError as error:
        project_or_none = connect.project_from_environment(setup)
        if project_or_none is None or any(finding.rule != "no-config" for finding in error.all):
            raise
        return project_or_none
    require_references(project)
    return project


def _refuse_production(sandbox: str, is_production: bool, asked: ProbeRequest) -> None:
    if is_production and asked.sandbox != sandbox:
        raise UsageError(
            f"sandbox {sandbox} is for production: probe creates and deletes objects",
            rule="production",
            hint=f"probe a development sandbox, or type its name: --sandbox {sandbox}",
        )


def _is_production(platform: connect.ConnectedPlatform, sandbox: str) -> bool:
    """Ask the list of sandboxes that every credential may read. Where it does not answer, the name alone counts."""
    try:
        listed = platform.client.get_json(f"{SANDBOXES}/").get("sandboxes")
    except ServiceError:
        return False
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return any(one.get("name") == sandbox and one.get("type") == "production" for one in found)


def _find_dataset(platform: connect.ConnectedPlatform, name: str) -> NamedDataset:
    listed = inventory.list_datasets(platform.client)
    found = [one for one in listed if name in (one.id, one.name)]
    if len(found) == 1:
        return NamedDataset(found[0].id, found[0].name)
    near = closest_names(name, [one.name for one in listed], count=3)
    hint = did_you_mean(name, *near) if near else "list what can be exported: exportctl datasets"
    count = "no dataset that can be exported" if not found else "more than one dataset"
    raise Error(
        f"{count} has the name {name}; an access label can hide a dataset from this credential",
        rule="dataset-not-found",
        hint="use its id: exportctl datasets lists them" if found else hint,
    )


# -- before it starts -------------------------------------------------------------------------------------------------


def announcement(probe: ConnectedProbe) -> tuple[str, ...]:
    """Return what a probe will create, line by line, for the question before it starts."""
    return (
        f"probe creates objects with names {PREFIX}… in sandbox {probe.header.sandbox}, and deletes them at its end:",
        "  up to 4 accounts: one on the landing zone, one for Amazon S3 with a role that does not exist, one or two "
        f"for SFTP with a made-up password on {NO_HOST}, a host that cannot exist",
        "  2 source connections with one dataset, up to 7 target connections, up to 6 flows",
        f"These flows start in {START_DAYS} days and are disabled at once, so they export nothing.",
        "One of them is enabled again for a moment, to see its state.",
        f"Dataset: {probe.dataset.name}. It takes about two minutes, longer if lists or deletions are slow.",
        *_export_lines(probe.volumes),
        *_growing_lines(probe.growing),
        *(["It also deletes what an earlier probe left behind:"] if probe.found else []),
        *(f"  {one}" for one in probe.found),
    )


def _export_lines(volumes: tuple[DatasetVolume, ...]) -> tuple[str, ...]:
    """Return what an export sends, and how long it takes; nothing without an export."""
    if not volumes:
        return ()
    return (
        "With --with-export a flow EXPORTS these datasets to the landing zone, and another flow is disabled at once:",
        *(f"  {_volume_text(one)}" for one in volumes),
        "It sends them in full once, and the first one up to three times more, if the service does so after a change.",
        "It lists these files with credentials that the platform gives for its landing zone, and opens none.",
        "This counts as export volume. The files stay for 7 days. It takes 8 to 23 hours, by the shortest interval.",
        "Choose datasets that get no new rows in that time.",
    )


def _growing_lines(volume: DatasetVolume | None) -> tuple[str, ...]:
    if volume is None:
        return ()
    return (
        "With --with-new-rows two flows EXPORT this dataset to the landing zone, each in full once and then new rows:",
        f"  {_volume_text(volume)}",
        "One of them misses a run, and another run of it fails. This counts as export volume, and takes 5 intervals.",
        "Choose a dataset that gets new rows in every hour.",
    )


def _volume_text(volume: DatasetVolume) -> str:
    if volume.rows is None:
        return f"{volume.dataset.name}: size not known here, because no flow of this sandbox has exported it alone"
    size = "" if volume.size is None else f", {volume.size:,} bytes"
    return f"{volume.dataset.name}: {volume.rows:,} rows{size} in its largest run"


# -- the report -------------------------------------------------------------------------------------------------------


def build_report(probe: ConnectedProbe, result: ProbeResult, file: str | None) -> ProbeReport:
    """Build the report of a probe that has ended."""
    rows = tuple(map(_row, result.answers))
    return ProbeReport(probe.header, probe.platform.as_of(), rows, result.remaining, result.interrupted, file)


def _row(answer: ProbeAnswer) -> ProbeRow:
    asked = QUESTIONS[answer.question]
    text = service_profile.question_text(answer.question) or asked.asks
    if answer.setting is None:
        meaning = "exportctl works with every answer, as docs/emulator.md says"
    elif asked.need is Need.FACT:
        meaning = "no promise depends on it"
    else:
        degraded = service_profile.weaker_promises(answer.question, answer.setting)
        meaning = "; ".join(map(str, degraded)) or "all promises hold"
    return ProbeRow(answer.question, asked.need, text, asked.how, answer.setting, answer.reason, meaning)
