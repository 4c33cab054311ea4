"""
Run one command over many projects and sandboxes: find the projects, load each once, read several sandboxes at a time.

    folder ─▶ projects ─▶ load, one at a time ─▶ read, SANDBOXES_AT_ONCE at a time ─▶ reduce ─▶ what the caller keeps
                           all environments       under the budget of the organization

A sandbox is loaded, read and reduced in one thread, and nothing of it is kept but what `reduce` returns. A project that
waits for its turn is not loaded. So memory does not grow with the number of projects. What one project or sandbox
raises becomes its own result; the others continue. Projects of several organizations take turns.

After an interrupt nothing new starts. What was not read has an error that says so. A run that only reads does not wait
for requests under way, because a silent server would hold it up; a run that writes waits for them.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Generic, TypeVar

from exportctl import clock as clocks
from exportctl.client.reading_pool import PATIENCE
from exportctl.client.shared_access import SharedAccess
from exportctl.config.checkout import UnusableFile, read_regular_file
from exportctl.config.files import MAIN_FILE, PARTS_FOLDER
from exportctl.config.fleet_file import FleetFile, parse_fleet_file
from exportctl.config.yaml_nodes import MAX_BYTES
from exportctl.errors import ConfigError, Error, Finding
from exportctl.frozen import dataclass
from exportctl.model.project import Project
from exportctl.workflows import connect
from exportctl.workflows.load_config import Setup, read_all_projects, read_config, require_references, stop_at_interrupt

R = TypeVar("R")
SANDBOXES_AT_ONCE = 8  # loaded at the same time: enough to use a budget in full, few enough to keep memory small
POLL = 0.2  # seconds between two looks for an interrupt
NOT_READ = Error("not read: the run was interrupted", rule="interrupted")
_ORGANIZATION = re.compile(rb"organization:\s*[\"']?([^\s\"'},]+)")


@dataclass(frozen=True, order=True)
class FleetProject:
    """One project: its folder as with -C, its files as with -f, and the environments to use; none means all."""

    folder: str
    files: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class FleetMember:
    """One project in one environment. `environment` is None if the config has none, or could not be loaded."""

    project: FleetProject
    environment: str | None = None

    @property
    def name(self) -> str:
        """What people see: the folder, the files where they are named, and the environment."""
        parts = [self.project.folder, *self.project.files, *([self.environment] if self.environment else [])]
        return " ".join(parts)


@dataclass(frozen=True)
class FleetRun(Generic[R]):
    """
    How to read one sandbox, and what to keep of it.

    `setup` makes the Setup of a project, with a guard of its own. `read` reads and reduces one sandbox in a thread.
    `fail` makes the result of one that raised an error; the project is None where it could not be loaded, the Setup
    where there is no such folder. `writes` says that `read` may write.
    """

    setup: Callable[[FleetProject], Setup]
    read: Callable[[FleetMember, Project, tuple[Finding, ...], Setup], R]
    fail: Callable[[FleetMember, Project | None, Exception, Setup | None], R]
    writes: bool = False


# -- find projects ----------------------------------------------------------------------------------------------------


def find_projects(folder: Path, start: Path) -> tuple[FleetProject, ...]:
    """
    Return every project below `start`, in order of folders: each folder that holds an exports.yaml.

    Hidden folders, links to folders, and the folders exports/ of a project are left out. Folders are named relative to
    `folder`.

    Raises:
        Error: there is no such folder, or no project below it.
    """
    if not (folder / start).is_dir():
        raise Error(f"{start} is not a folder", rule="no-config", hint="name the folder that holds the projects")
    found = []
    for at, below, names in os.walk(folder / start):
        is_project = MAIN_FILE in names
        below[:] = sorted(n for n in below if not n.startswith(".") and not (is_project and n == PARTS_FOLDER))
        if is_project:
            found.append(FleetProject(Path(os.path.relpath(at, folder)).as_posix()))
    if not found:
        hint = f"a project is a folder with a file {MAIN_FILE}; hidden folders are left out"
        raise Error(f"there is no project below {start}", rule="no-config", hint=hint)
    return tuple(sorted(found))


def read_fleet_file(folder: Path, file: Path) -> tuple[tuple[FleetProject, ...], FleetFile]:
    """
    Return the projects of a fleet file, with folders relative to `folder`, and the file.

    Raises:
        ConfigError: the file has a mistake.
        Error: it cannot be read.
    """
    try:
        declared = parse_fleet_file(file.as_posix(), read_regular_file(folder / file, MAX_BYTES + 1))
    except (UnusableFile, OSError) as error:
        raise Error(
            f"{file} cannot be read: {error}", rule="no-config", hint="name a folder or a fleet file"
        ) from error
    projects = [
        FleetProject(
            Path(os.path.relpath(folder / file.parent / one.folder, folder)).as_posix(), one.files, one.environments
        )
        for one in declared.projects
    ]
    _check_listed_once(folder, projects, declared)
    return tuple(sorted(projects)), declared


def _check_listed_once(folder: Path, projects: Sequence[FleetProject], declared: FleetFile) -> None:
    """Check that no two entries have an environment of one project, through links too; a ConfigError names each."""
    listed: dict[tuple[str, tuple[str, ...]], set[str | None]] = defaultdict(set)
    found = []
    for project, one in zip(projects, declared.projects, strict=True):
        seen = listed[os.path.realpath(folder / project.folder), project.files]
        names: set[str | None] = {*one.environments} or {None}
        twice = len(names) < len(one.environments) or seen & names or (None in seen | names and seen)
        if twice:
            text = f"{one.folder} is listed twice" + (" with the same environment" if one.environments else "")
            found.append(Finding("project-twice", text, one.at, "list each environment of a project once"))
        seen |= names
    if found:
        raise ConfigError(found)


def list_members(projects: Sequence[FleetProject], setup: Callable[[FleetProject], Setup]) -> tuple[FleetMember, ...]:
    """
    Return every environment of every project, in order, from the YAML alone.

    A project that cannot be parsed is one member, so that the shard that gets it reports why.
    """
    members: list[FleetMember] = []
    for project in projects:
        names: Sequence[str | None] = project.environments
        if not names:
            try:
                names = read_config(setup(project)).environments
            except Error:
                names = ()
        members += [FleetMember(project, name) for name in names or (None,)]
    return tuple(members)


def choose_shard(members: Sequence[FleetMember], index: int, count: int) -> tuple[FleetProject, ...]:
    """Return what the shard `index` (from 1) of `count` reads: every `count`-th member, grouped by project."""
    chosen: dict[FleetProject, list[str]] = {}
    for member in members[index - 1 :: count]:
        chosen.setdefault(member.project, []).extend([member.environment] if member.environment else [])
    return tuple(replace(project, environments=tuple(names)) for project, names in chosen.items())


def members_digest(members: Sequence[FleetMember]) -> str:
    """Return sha256 of the names of all members: shards that have different ones are not parts of one run."""
    names = [(one.project.folder, one.project.files, one.environment) for one in members]
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def _take_turns(folder: Path, projects: Sequence[FleetProject]) -> Iterator[FleetProject]:
    """Yield projects of each organization in turn, so that every budget is used from the start."""
    groups: dict[bytes, list[FleetProject]] = defaultdict(list)
    for project in projects:
        groups[_organization_hint(folder, project)].append(project)
    turns = chain.from_iterable(zip_longest(*groups.values()))
    yield from (project for project in turns if project is not None)


def _organization_hint(folder: Path, project: FleetProject) -> bytes:
    """Return the text behind the first `organization:` of a project. It decides the order only, so it may be wrong."""
    for name in project.files or (MAIN_FILE,):
        try:
            found = _ORGANIZATION.search(read_regular_file(folder / project.folder / name, MAX_BYTES))
        except (OSError, UnusableFile):
            continue
        if found:
            return found.group(1)
    return b""


# -- run --------------------------------------------------------------------------------------------------------------


class _FleetReader(Generic[R]):
    """The threads of one run: one loads projects, SANDBOXES_AT_ONCE read sandboxes."""

    def __init__(self, run: FleetRun[R], stop: threading.Event, shared: SharedAccess):
        self.results: queue.SimpleQueue[R | None] = queue.SimpleQueue()  # None: all are there
        self.bug: Exception | None = None
        self.has_started_all = threading.Event()
        self._run = run
        self._stop = stop
        self._shared = shared
        self._places = threading.BoundedSemaphore(SANDBOXES_AT_ONCE)
        self._emulator = threading.Lock()  # an embedded emulator is one file without waiting
        self._under_way: dict[FleetMember, tuple[Project, Setup]] = {}
        self._change = threading.Lock()  # of `_under_way`

    def read_all(self, projects: Iterator[FleetProject]) -> None:
        """Put a result for every sandbox of every project, then None. At the end the connections are closed."""
        try:
            with ThreadPoolExecutor(SANDBOXES_AT_ONCE) as pool:
                try:
                    for project in projects:
                        self._read_project(project, pool)
                finally:
                    self.has_started_all.set()
        except Exception as error:  # a bug in what makes results: silence would look like success
            self.bug = error
        finally:
            self._shared.close()
            self.results.put(None)

    def _note_bug(self, ended: Future[None]) -> None:
        error = ended.exception()
        if isinstance(error, Exception):
            self.bug = error

    def _read_project(self, project: FleetProject, pool: ThreadPoolExecutor) -> None:
        setup = None
        try:
            if self._stop.is_set():
                raise NOT_READ
            setup = self._run.setup(project)
            loaded, findings, found_names = _load_project(project, setup)
        except Exception as error:  # a bug in one project must not hide the others
            members = [FleetMember(project, name) for name in project.environments or (None,)]
            for member in members:
                self.results.put(self._run.fail(member, None, error, setup))
            return
        for name in (name for name in project.environments if name not in loaded):
            missing = _environment_error(name, found_names)
            self.results.put(self._run.fail(FleetMember(project, name), None, missing, setup))
        for environment, one in loaded.items():
            member = FleetMember(project, environment)
            with self._change:
                self._under_way[member] = one, setup
            if self._take_place():
                pool.submit(self._read_sandbox, member, one, findings, setup).add_done_callback(self._note_bug)
            else:
                self._put(member, self._run.fail(member, one, NOT_READ, setup))

    def _take_place(self) -> bool:
        """Wait until fewer than SANDBOXES_AT_ONCE are read; False: an interrupt came first."""
        while not self._stop.is_set():
            if self._places.acquire(timeout=POLL):
                return True
        return False

    def _put(self, member: FleetMember, found: R) -> None:
        with self._change:
            if self._under_way.pop(member, None) is not None:
                self.results.put(found)

    def abandon(self) -> None:
        """Put a result for what is under way and None: what comes after it does not count."""
        with self._change:
            left, self._under_way = self._under_way, {}
        for member, (project, setup) in left.items():
            self.results.put(self._run.fail(member, project, NOT_READ, setup))
        self.results.put(None)

    def _read_sandbox(self, member: FleetMember, project: Project, findings: tuple[Finding, ...], setup: Setup) -> None:
        try:
            if self._stop.is_set():
                raise NOT_READ
            require_references(project)
            if connect.platform_kind(project) == connect.EMBEDDED:
                with self._emulator:
                    found = self._run.read(member, project, findings, setup)
            else:
                found = self._run.read(
                    member, project, findings, stop_at_interrupt(replace(setup, shared=self._shared), self._stop)
                )
            self._put(member, found)
        except Exception as error:
            self._put(member, self._run.fail(member, project, error, setup))
        finally:
            self._places.release()


def _environment_error(name: str, names: Sequence[str | None]) -> Error:
    known = ", ".join(one for one in names if one) or "none: it has no environments"
    return Error(f'the config has no environment "{name}"', rule="unknown-environment", hint=f"choose from {known}")


def _load_project(
    project: FleetProject, setup: Setup
) -> tuple[Mapping[str | None, Project], tuple[Finding, ...], Sequence[str | None]]:
    """Return the project of each chosen environment, the findings that are not errors, and all environments."""
    as_of = setup.now if setup.now is not None else clocks.system_clock().now()
    found, findings = read_all_projects(setup, as_of)
    chosen = {name: one for name, one in found.items() if not project.environments or name in project.environments}
    embedded = [one for one in chosen.values() if connect.platform_kind(one) == connect.EMBEDDED]
    connect.prepare_emulators(embedded, setup.folder, setup.say)
    return chosen, findings, [*found]


def run_fleet(
    folder: Path,
    projects: Sequence[FleetProject],
    run: FleetRun[R],
    keep: Callable[[R], None],
    shared: Callable[[clocks.Clock], SharedAccess],
    stop: threading.Event,
) -> None:
    """
    Read every sandbox of the projects, and give each result to `keep`, in this thread, in the order in which they come.

    After `stop` is set, nothing new starts, and what is not read gets NOT_READ or the error of its last request.
    Threads of a run that only reads may then still wait for an answer; the process must end.
    """
    reader = _FleetReader(run, stop, shared(clocks.system_clock()))
    thread = threading.Thread(target=reader.read_all, args=(_take_turns(folder, projects),), daemon=True)
    thread.start()
    interrupted_at, is_abandoned = None, False
    try:
        while True:
            try:
                found = reader.results.get(timeout=POLL)  # a wait without a limit can miss a signal
            except queue.Empty:
                if not stop.is_set() or run.writes or not reader.has_started_all.is_set():
                    continue
                interrupted_at = interrupted_at or clocks.elapsed_seconds()
                if clocks.elapsed_seconds() - interrupted_at > PATIENCE and not is_abandoned:
                    is_abandoned = True
                    reader.abandon()
                continue
            if found is None:
                break
            keep(found)
    finally:
        stop.set()
        if not is_abandoned:
            thread.join()
    if reader.bug is not None:
        raise reader.bug
