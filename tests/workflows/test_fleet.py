"""A run over many projects: which ones it finds, in which order it reads them, and how many are loaded at once."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exportctl.client.rate_budget import BudgetLimits
from exportctl.client.shared_access import SharedAccess
from exportctl.clock import system_clock
from exportctl.errors import Error
from exportctl.model.project import Project
from exportctl.workflows.fleet import (
    SANDBOXES_AT_ONCE,
    FleetMember,
    FleetProject,
    FleetRun,
    find_projects,
    run_fleet,
)
from exportctl.workflows.load_config import Setup, stop_at_interrupt

CONFIG = """\
version: 1
project: NAME
platform: {organization: ORGANIZATION@AdobeOrg, sandbox: NAME, url: "https://platform.adobe.io"}
defaults: {destination: lake, schedule: {every: 1 day, at: "02:00"}, end: {rolling: 180 days, renew_before: 30 days}}
destinations:
  lake: {type: amazon-s3, bucket: acme-lake, auth: {role_arn: "${env:LAKE_ROLE_ARN}"}}
exports:
  orders: {datasets: [Orders]}
"""


def add(root: Path, name: str, organization: str = "A" * 24) -> None:
    (root / name).mkdir(parents=True, exist_ok=True)
    text = CONFIG.replace("NAME", name.rpartition("/")[2]).replace("ORGANIZATION", organization)
    (root / name / "exports.yaml").write_text(text, encoding="utf-8")


def read_all(root: Path, read: Any, fail: Any = None) -> list[Any]:
    found: list[Any] = []
    run = FleetRun(lambda project: Setup(root / project.folder, env={}), read, fail or (lambda *given: given))
    run_fleet(
        root,
        find_projects(root, Path()),
        run,
        found.append,
        lambda clock: SharedAccess(lambda _: BudgetLimits(), clock),
        threading.Event(),
    )
    return found


def test_every_folder_with_an_exports_yaml_is_a_project_and_hidden_folders_and_parts_are_none(tmp_path: Path) -> None:
    for name in ("b", "a/deep/one", "a", ".git/no", ".exportctl", "a/exports/no"):
        add(tmp_path, name)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "other.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    assert [one.folder for one in find_projects(tmp_path, Path())] == ["a", "a/deep/one", "b"]
    assert [one.folder for one in find_projects(tmp_path, Path("a"))] == ["a", "a/deep/one"]


def test_a_project_in_the_folder_itself_is_found(tmp_path: Path) -> None:
    add(tmp_path, "a")
    assert find_projects(tmp_path / "a", Path()) == (FleetProject("."),)


def test_a_folder_without_a_project_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Error, match="no project below"):
        find_projects(tmp_path, Path())


@pytest.fixture
def only_new_objects() -> Iterator[None]:
    """A collection looks through what is made from now on, and not through all that the process holds."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("only_new_objects")
def test_no_more_projects_are_loaded_at_once_than_are_read(tmp_path: Path) -> None:
    counts, counting = [], threading.Lock()
    for number in range(5 * SANDBOXES_AT_ONCE):
        add(tmp_path, f"team-{number:02}")

    def read(member: FleetMember, project: Project, findings: object, setup: Setup) -> str:
        with counting:  # a collection ends at once where another thread collects
            gc.collect()
            counts.append(sum(isinstance(one, Project) for one in gc.get_objects()))
        return project.name

    assert len(read_all(tmp_path, read)) == 5 * SANDBOXES_AT_ONCE
    assert max(counts) <= 2 * SANDBOXES_AT_ONCE + 1  # a thread lets its project go a moment after its place


def test_the_organizations_take_turns(tmp_path: Path) -> None:
    for number in range(6):
        add(tmp_path, f"a-{number}", "A" * 24)
        add(tmp_path, f"b-{number}", "B" * 24)
    loaded = []

    def read(member: FleetMember, project: Project, findings: object, setup: Setup) -> str:
        return project.platform.organization[0]

    def setup_of(project: FleetProject) -> Setup:
        loaded.append(project.folder[0])
        return Setup(tmp_path / project.folder, env={})

    run = FleetRun(setup_of, read, lambda *given: given)
    run_fleet(
        tmp_path,
        find_projects(tmp_path, Path()),
        run,
        lambda found: None,
        lambda clock: SharedAccess(lambda _: BudgetLimits(), clock),
        threading.Event(),
    )
    assert "".join(loaded) == "ab" * 6


def test_a_bug_in_one_sandbox_leaves_the_others(tmp_path: Path) -> None:
    for number in range(3):
        add(tmp_path, f"team-{number}")

    def read(member: FleetMember, project: Project, findings: object, setup: Setup) -> str:
        if member.name == "team-1":
            raise ZeroDivisionError
        return member.name

    def fail(member: FleetMember, project: Project | None, error: Exception, setup: Setup) -> str:
        return f"{member.name}: {type(error).__name__}"

    assert sorted(read_all(tmp_path, read, fail)) == ["team-0", "team-1: ZeroDivisionError", "team-2"]


def test_after_a_stop_every_sandbox_still_has_a_result(tmp_path: Path) -> None:
    for number in range(3):
        add(tmp_path, f"team-{number}")
    stop = threading.Event()
    found: list[str] = []
    stop.set()
    run = FleetRun(
        lambda project: Setup(tmp_path / project.folder, env={}), lambda *given: "read", lambda *given: str(given[2])
    )
    run_fleet(
        tmp_path,
        find_projects(tmp_path, Path()),
        run,
        found.append,
        lambda clock: SharedAccess(lambda _: BudgetLimits(), clock),
        stop,
    )
    assert found == ["not read: the run was interrupted"] * 3


def test_a_bug_in_what_makes_results_is_no_silence(tmp_path: Path) -> None:
    add(tmp_path, "a")

    def fail(*given: object) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read_all(tmp_path, fail, fail)


def test_an_interrupt_ends_reads_before_and_after_the_writes_but_not_the_requests_between(tmp_path: Path) -> None:
    stop, slept = threading.Event(), list[float]()
    setup = stop_at_interrupt(Setup(tmp_path, clock=replace(system_clock(), sleep=slept.append)), stop)
    clock = setup.clock
    assert clock is not None
    stop.set()
    for _ in range(2):
        with pytest.raises(Error, match="interrupted"):
            clock.monotonic()
        with setup.finish_writes():
            clock.monotonic()
            clock.sleep(15.0)
    assert slept == [15.0, 15.0]
