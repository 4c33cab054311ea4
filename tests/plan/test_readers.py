"""Who must change with the files of an export: readers are named wherever later files look different."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.errors import Level
from exportctl.model.plan import LiveObject, PlanItem, Verb, digest
from exportctl.model.project import AllowEntry, Format, RuleSetting, Schedule
from exportctl.resources.kinds import FOLDER, FORMAT, LOCATION
from tests.plan.plan_builders import account, build_plan, build_project, export, flow, item, sftp_lake
from tests.plan.value_builders import AT, lake

EIGHT = Schedule("day", 1, 8 * 3600)
TEMPLATE = "%DATASET_ID%/%EXPORT_TIME%"
BEFORE = f"parquet, gzip from s3://acme/aep/{TEMPLATE}"
STAY = "; files that are already there stay where they are"
READERS = ("Finance dashboard", "dbt project sales")


def applied_flow() -> tuple[LiveObject, ...]:
    """A flow whose values are those that were applied last."""
    source, target, live = flow("orders")
    form = {"type": "parquet", "compression": "gzip", "manifest": False}
    last = {LOCATION: (digest({"bucket": "acme", "path": "aep"}),), FORMAT: (digest(form),)}
    assert target.marker is not None and live.marker is not None
    target = replace(target, marker=replace(target.marker, applied=last))
    own = {**live.marker.applied, FOLDER: (digest(TEMPLATE),)}
    return source, target, replace(live, marker=replace(live.marker, applied=own))


def planned(*live: LiveObject, project: Any = None, **changes: Any) -> PlanItem:
    declared = export("orders", **{"schedule": EIGHT, "title": "orders", **changes})
    plan = build_plan(build_project(declared, **(project or {})), account(), *(live or applied_flow()))
    return item(plan, "exports.orders")


def said(shown: PlanItem) -> list[str]:
    return [c.text for c in shown.consequences if c.rule == "readers-break"]


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "the folder below the path": ({"subpath": "v2"}, "go to s3://acme/aep/v2"),
    "the bucket of the destination": (
        {"project": {"destinations": [lake(location={"bucket": "other", "path": "aep"})]}},
        "go to s3://other/aep",
    ),
    "the folder template": ({"folder": "x/%EXPORT_TIME%"}, "are in folders x/%EXPORT_TIME%"),
    "the file type": ({"format": Format("json", "gzip")}, "are json, gzip"),
    "the compression": ({"format": Format("parquet", "none")}, "are parquet"),
    "several": (
        {"subpath": "v2", "format": Format("json", "gzip")},
        "go to s3://acme/aep/v2 and are json, gzip",
    ),
}


@pytest.mark.parametrize("row", CHANGES)
def test_a_change_of_the_files_names_the_readers(row: str) -> None:
    changes, later = CHANGES[row]

    assert said(planned(**changes, readers=READERS)) == [
        f"Finance dashboard, dbt project sales must change too: they read {BEFORE}; later files {later}{STAY}"
    ]
    assert said(planned(**changes)) == [
        f"whatever reads {BEFORE} must change too (no `readers` are declared); later files {later}{STAY}"
    ]


OTHERS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a manifest": {"format": Format("parquet", "gzip", "force")},
    "the datasets": {"datasets": ("d1", "d2")},
    "the title": {"title": "another"},
    "only the readers": {"readers": ("somebody",)},
}


@pytest.mark.parametrize("row", OTHERS)
def test_no_reader_is_named_where_files_stay_as_they_are(row: str) -> None:
    assert said(planned(**{"readers": READERS, **OTHERS[row]})) == []


def test_a_new_title_moves_the_folders_that_contain_it() -> None:
    folder = "%DESTINATION_INSTANCE_NAME%/%EXPORT_TIME%"

    (text,) = said(planned(*flow("orders", folder=folder), folder=folder, title="new"))

    assert f"later files are in folders with the new title: {folder}" in text


def test_readers_know_the_declared_place_so_a_hand_edit_that_is_undone_names_none() -> None:
    source, target, live = applied_flow()
    edited = replace(target, raw={**target.raw, "params": {**target.raw["params"], "path": "by-hand"}})

    shown = planned(source, edited, live, readers=READERS)

    assert [c.path for c in shown.fields if c.field == LOCATION] == ["path"]
    assert said(shown) == []


def test_a_replacement_that_writes_elsewhere_names_the_readers() -> None:
    (text,) = said(planned(project={"destinations": [sftp_lake()]}, readers=READERS))

    assert text.startswith(
        f"Finance dashboard, dbt project sales must change too: they read {BEFORE}; later files go to"
    )


def test_a_replacement_that_writes_to_the_same_place_names_none() -> None:
    assert said(planned(*flow("orders", base="elsewhere"), readers=READERS)) == []


def test_a_replaced_flow_whose_target_is_hidden_names_none_because_its_files_are_not_known() -> None:
    source, _, live = flow("orders")

    shown = planned(source, live, project={"destinations": [sftp_lake()]}, readers=READERS)

    assert shown.verb == Verb.REPLACE
    assert said(shown) == []


# -- protect ----------------------------------------------------------------------------------------------------------

MOVED = "protected-export-moves"
TO_ERROR = {"rules": {MOVED: RuleSetting("error", "agreed", (), AT)}}
ALLOWED = {"allow": (AllowEntry(MOVED, "all readers have changed", AT),)}
PROTECTED: dict[str, tuple[dict[str, Any], list[Level]]] = {
    "not protected": ({}, []),
    "protected": ({"protect": True}, [Level.WARNING]),
    "raised by the config": ({"protect": True, "project": TO_ERROR}, [Level.ERROR]),
    "raised, and acknowledged": ({"protect": True, "project": TO_ERROR, **ALLOWED}, []),
}


@pytest.mark.parametrize("row", PROTECTED)
def test_a_protected_export_that_moves_is_a_finding_that_the_config_can_raise(row: str) -> None:
    changes, levels = PROTECTED[row]

    shown = planned(**{"subpath": "v2", **changes})

    assert [f.level for f in shown.findings if f.rule == MOVED] == levels
    assert shown.refusals == ()


def test_the_finding_is_about_the_flag_on_the_flow_too() -> None:
    source, target, live = applied_flow()
    assert live.marker is not None
    guarded = replace(live, marker=replace(live.marker, protected=True))

    assert MOVED in [f.rule for f in planned(source, target, guarded, subpath="v2").findings]
