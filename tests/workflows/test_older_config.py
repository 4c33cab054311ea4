"""A config of an older commit than the one last applied says so per field, and needs --allow-older."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exportctl.errors import Error, RefusedError
from exportctl.model.plan import Cause, Plan
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor.drift import DriftGroup, build_drift_report
from exportctl.output.text import plan as text_plan
from exportctl.planfile.file import approval_digest, dump_plan, load_plan, stale_values
from exportctl.workflows.commit_time import read_commit_time
from tests.workflows.orders_sandbox import item, marker_line, orders, safety_checks, writes_of
from tests.workflows.world import START, World, config

DAY = 86_400
OLD, NEW = START - 2 * DAY, START - DAY
PATH = {"PATH": os.environ.get("PATH", os.defpath)}  # where Git is
ALLOWED = PlanOptions(allow_older=True)
SAYS = (
    "this config is of 2027-01-13 08:00 UTC, older than the one last applied, which is of 2027-01-14 08:00 UTC "
    "(commit times)"
)


def at(made: World, moment: int | None) -> World:
    """The same sandbox, with a config of this commit time."""
    given = {} if moment is None else {"EXPORTCTL_COMMIT_TIME": str(moment)}
    return replace(made, env={**made.env, **given})


def apply_at(made: World, moment: int | None, content: Mapping[str, Any], flags: PlanOptions = PlanOptions()) -> None:  # noqa: B008
    made.write(content)
    _outcomes, check = at(made, moment).apply(flags)
    assert check.passed
    made.emulator.advance(61)


def two(first: str, second: str) -> dict[str, Any]:
    """A config of two exports with these titles."""
    return config(
        exports={
            "orders": {"datasets": ["Orders"], "title": first},
            "returns": {"datasets": ["Returns"], "subpath": "r", "title": second},
        }
    )


def older_plan(made: World, flags: PlanOptions = PlanOptions(), moment: int = OLD) -> Plan:  # noqa: B008
    """The plan of the first commit, after the second was applied."""
    apply_at(made, OLD, orders())
    apply_at(made, NEW, orders(title="All orders"))
    made.write(orders())
    return at(made, moment).plan(flags)


def test_an_older_config_says_so_per_field_and_writes_nothing(small: World) -> None:
    plan = older_plan(small)
    (change,) = item(plan).fields
    assert (change.cause, change.note, safety_checks(plan)) == (Cause.OLDER_CONFIG, SAYS, ["older-config"])
    shown = text_plan.render_plan(plan)
    assert f"older config: {SAYS}" in shown
    assert "the YAML changed since the last apply" not in shown
    with pytest.raises(RefusedError, match="older than the one last applied"):
        at(small, OLD).apply()


def test_the_older_config_is_applied_with_consent_and_then_counts(small: World) -> None:
    older_plan(small)
    assert writes_of(at(small, OLD), ALLOWED) == ["PATCH /flows"]
    assert " c=" + _base36(OLD) in marker_line(small.flow("orders")["description"])
    assert at(small, OLD).plan().is_empty
    small.write(orders(title="Later"))
    assert {c.cause for c in item(at(small, NEW).plan()).fields} == {Cause.PENDING}


def test_a_consent_to_an_older_config_is_for_one_apply(small: World) -> None:
    """The other export was last applied by the newer config, so the older one needs the consent again."""
    apply_at(small, OLD, two("Orders", "Returns"))
    apply_at(small, NEW, two("All orders", "All returns"))
    apply_at(small, OLD, two("Orders", "All returns"), ALLOWED)
    small.write(two("Some orders", "All returns"))
    assert safety_checks(at(small, OLD).plan()) == ["older-config"]
    assert safety_checks(at(small, NEW).plan()) == []


def test_an_equal_or_unknown_commit_time_is_as_before(small: World) -> None:
    plan = older_plan(small, moment=NEW)
    assert ({c.cause for c in item(plan).fields}, plan.is_refused) == ({Cause.PENDING}, False)
    assert {c.cause for c in item(small.plan()).fields} == {Cause.PENDING}


def test_an_unknown_commit_time_keeps_the_one_of_the_marker(small: World) -> None:
    apply_at(small, NEW, orders())
    apply_at(small, None, orders(title="By hand"))
    assert " c=" + _base36(NEW) in marker_line(small.flow("By hand")["description"])


def test_a_newer_commit_alone_writes_nothing(small: World) -> None:
    apply_at(small, OLD, orders())
    assert at(small, NEW).plan().steps() == ()


def test_a_commit_time_is_no_option_that_a_person_must_repeat(small: World) -> None:
    small.write(orders())
    assert "and the same options" not in text_plan.render_plan(at(small, NEW).plan())
    assert "and the same options" in text_plan.render_plan(at(small, NEW).plan(ALLOWED))


def test_what_an_older_config_does_not_declare_is_safe_too(small: World) -> None:
    both = config(exports={"orders": {"datasets": ["Orders"]}, "returns": {"datasets": ["Returns"]}})
    apply_at(small, OLD, orders())
    apply_at(small, NEW, both)
    small.write(orders())
    plan = at(small, OLD).plan(PlanOptions(allow_deletes=5))
    assert safety_checks(plan, "exports.returns") == ["older-config"]


def test_an_apply_that_only_deletes_keeps_its_commit_time_on_a_flow_that_stays(small: World) -> None:
    """Else an older commit would create the deleted export again, with a full first run, as if it were new."""
    removed = {**orders(), "removed": [{"export": "returns", "do": "delete", "reason": "over"}]}
    apply_at(small, OLD, two("orders", "Returns"))
    small.forget_requests()
    apply_at(small, NEW, removed)
    assert small.writes() == ["DELETE /flows", "DELETE /sourceConnections", "DELETE /targetConnections", "PATCH /flows"]
    assert at(small, NEW).plan().steps() == ()
    small.write(two("orders", "Returns"))
    assert safety_checks(at(small, OLD).plan(), "exports.returns") == ["older-config"]


def test_nothing_keeps_the_commit_time_if_no_flow_stays(small: World) -> None:
    removed = [{"export": "orders", "do": "delete", "reason": "over"}]
    apply_at(small, OLD, orders())
    small.forget_requests()
    apply_at(small, NEW, {**config(exports={}), "removed": removed})
    assert small.writes() == ["DELETE /flows", "DELETE /sourceConnections", "DELETE /targetConnections"]


def test_a_commit_time_in_the_future_blocks_no_later_commit(small: World) -> None:
    apply_at(small, START + 9_999 * DAY, orders())
    small.emulator.advance(3600)
    small.write(orders(title="All orders"))
    assert not at(small, START + 1800).plan().is_refused


def test_renewals_of_an_older_config_go_on(small: World) -> None:
    apply_at(small, NEW, orders())
    small.emulator.advance(155 * DAY)
    assert not at(small, OLD).plan().is_refused
    assert writes_of(at(small, OLD)) == ["PATCH /flows"]
    assert " c=" + _base36(NEW) in marker_line(small.flow("orders")["description"])


def test_drift_counts_the_fields_of_an_older_config_as_pending(small: World) -> None:
    report = build_drift_report(older_plan(small), end_warning=0)
    (entry,) = report.entries_of(DriftGroup.PENDING)
    assert entry.field is not None
    assert entry.field.note == SAYS


def test_a_saved_plan_binds_the_consent_and_not_the_commit(small: World) -> None:
    plan = older_plan(small, ALLOWED)
    saved = load_plan(dump_plan(plan))
    assert PlanOptions.from_json_values(dict(saved.options)) == replace(ALLOWED, committed_at=OLD)
    assert stale_values(saved, at(small, OLD).plan(ALLOWED)) == ()
    assert stale_values(saved, at(small, OLD).plan()) != ()
    small.write(orders(title="Third"))
    assert approval_digest(at(small, NEW).plan()) == approval_digest(at(small, NEW + 5).plan())


@pytest.mark.parametrize("moment", [-1, 10**30, "now", None, True])
def test_a_saved_plan_with_a_forged_commit_time_is_refused(moment: object) -> None:
    with pytest.raises(TypeError, match="committed_at"):
        PlanOptions.from_json_values({**PlanOptions().to_json_values(), "committed_at": moment})


# -- where the commit time comes from ---------------------------------------------------------------------------------


def git(folder: Path, *command: str, when: int = OLD) -> None:
    """Run Git as a person without a config of their own."""
    env = {
        **PATH,
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_COMMITTER_DATE": f"{when} +0000",
        "GIT_AUTHOR_DATE": f"{when} +0000",
    }
    who = ("-c", "user.name=someone", "-c", "user.email=someone@acme.example")
    subprocess.run(["git", *who, *command], cwd=folder, env=env, check=True, capture_output=True)


def commit(made: World, content: Mapping[str, Any], when: int) -> None:
    made.write(content)
    git(made.folder, "add", "exports.yaml")
    git(made.folder, "commit", "-q", "-m", "change", when=when)


def test_an_old_pipeline_that_runs_again_is_blocked_by_the_commit_that_is_checked_out(small: World) -> None:
    git(small.folder, "init", "-q", "-b", "main")
    small = replace(small, env={**small.env, **PATH})
    commit(small, orders(subpath="v1"), OLD)
    small.apply()
    commit(small, orders(subpath="v2"), NEW)
    small.apply()
    git(small.folder, "checkout", "-q", "HEAD~1")
    plan = small.plan()
    assert ([c.note for c in item(plan).fields], safety_checks(plan)) == ([SAYS], ["older-config"])
    git(small.folder, "checkout", "-q", "main")
    git(small.folder, "revert", "--no-edit", "HEAD", when=NEW + 60)
    assert not small.plan().is_refused


def test_the_commit_time_is_that_of_the_variable_then_of_git_then_of_the_pipeline(tmp_path: Path) -> None:
    file = tmp_path / "exports.yaml"
    file.write_text("version: 1", encoding="utf-8")
    gitlab = {**PATH, "CI_COMMIT_TIMESTAMP": "2027-01-14T09:00:00+01:00"}
    assert read_commit_time(file, {}) is None
    assert read_commit_time(file, gitlab) == NEW
    git(tmp_path, "init", "-q")
    assert read_commit_time(file, PATH) is None  # no commit, and Git does not track the file
    git(tmp_path, "add", "exports.yaml")
    git(tmp_path, "commit", "-q", "-m", "first")
    assert read_commit_time(file, gitlab) == OLD
    assert read_commit_time(file, {**gitlab, "PATH": str(tmp_path)}) == NEW  # Git is not installed
    assert read_commit_time(file, {**gitlab, "EXPORTCTL_COMMIT_TIME": "2027-01-15T08:00:00Z"}) == START
    assert read_commit_time(file, {**gitlab, "EXPORTCTL_COMMIT_TIME": ""}) is None


@pytest.mark.parametrize("text", ["yesterday", "2027-01-15T08:00:00", "-1", "9" * 13, "1e9"])
def test_a_variable_without_a_commit_time_is_an_error(text: str) -> None:
    with pytest.raises(Error, match="which is no commit time"):
        read_commit_time(None, {"EXPORTCTL_COMMIT_TIME": text})


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return (_base36(number // 36) if number >= 36 else "") + digits[number % 36]
