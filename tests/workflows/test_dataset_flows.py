"""A flow is a dataset export by its source: a migrated audience flow has the flow spec of datasets, and is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from exportctl.importing.result import LeftOutReason
from exportctl.monitor.drift import DriftGroup, build_drift_report
from tests.workflows.import_runs import run_import
from tests.workflows.world import SANDBOX, World, config, world

MIGRATED = ("Amazon S3", "Azure Blob Storage", "SFTP")


@pytest.fixture
def small(tmp_path: Path) -> World:
    made = world(tmp_path)
    made.write(config())
    assert made.apply()[1].passed
    return made


@pytest.mark.parametrize("destination", MIGRATED)
def test_an_import_leaves_a_migrated_audience_flow_out_as_one_for_audiences(small: World, destination: str) -> None:
    made = small.emulator.ui.create_flow(
        "Migrated", sandbox=SANDBOX, destination=destination, audience=True, migrated=True
    )
    found = {one.id: one.reason for one in run_import(small).left_out}

    assert found[made["id"]] is LeftOutReason.AUDIENCE


def test_a_migrated_audience_flow_has_no_type_and_no_end_and_changes_no_plan(small: World) -> None:
    base = small.emulator.snapshot(SANDBOX)["connections"][0]["id"]
    small.emulator.ui.create_flow("Migrated", sandbox=SANDBOX, base=base, audience=True, migrated=True)

    plan = small.plan()

    assert plan.is_empty
    (other,) = plan.other_flows
    assert (other.name, other.type, other.ends, other.assumed_end) == ("Migrated", None, None, False)
    assert [entry.group for entry in build_drift_report(plan, end_warning=0).entries] == [DriftGroup.UNMANAGED]


def test_the_service_runs_no_dataset_export_of_a_migrated_audience_flow(small: World) -> None:
    made = small.emulator.ui.create_flow(
        "Migrated",
        sandbox=SANDBOX,
        audience=True,
        migrated=True,
        schedule={"interval": "DAILY", "startTime": "2027-02-01"},
    )
    small.emulator.advance(7 * 86400)

    runs = small.emulator.store.list_records("runs", SANDBOX)

    assert runs
    assert made["id"] not in {run.doc["flowId"] for run in runs}


def test_a_flow_with_a_new_flow_spec_is_a_dataset_export_if_it_reads_the_data_lake(small: World) -> None:
    made = small.emulator.ui.create_flow("New", ["Returns"], sandbox=SANDBOX, destination="SFTP")
    stored = next(flow for flow in small.emulator.snapshot(SANDBOX)["flows"] if flow["id"] == made["id"])
    newer = {**stored, "flowSpec": {"id": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "version": "2.0"}}
    small.emulator.ui.load({"flows": [newer]}, sandbox=SANDBOX)

    (other,) = small.plan().other_flows
    imported = run_import(small)

    assert (other.id, other.type) == (made["id"], "sftp")
    assert [one.id for one in imported.exports] == [made["id"]]
