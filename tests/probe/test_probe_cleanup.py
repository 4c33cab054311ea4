"""What a probe deletes of what it finds: only what a probe made, whatever it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.probe.bodies import BASES, ProbeNames, landing_zone
from exportctl.probe.cleanup import list_probe_objects
from exportctl.resources.destinations.google_cloud_storage import GOOGLE_CLOUD_STORAGE
from exportctl.workflows.probe import ProbeRequest, announcement, open_probe
from tests.probe.probe_runs import objects_in_sandbox, probe_world, run_probe
from tests.workflows.world import World, config

NAME = ProbeNames("0a1b2c3d").of("account")


def create(made: World, body: dict[str, Any]) -> None:
    with open_probe(made.setup(now=None), ProbeRequest("Orders"), int(made.emulator.now)) as probe:
        probe.platform.client.create(BASES, body)


@pytest.mark.parametrize(
    "name",
    ["exportctl-probe-notes", "exportctl-probe-0a1b2c3d-mine", "exportctl-probe-0a1b2c3-account", f"{NAME}-copy"],
)
def test_a_name_that_only_begins_like_ours_is_left_alone(tmp_path: Path, name: str) -> None:
    made = probe_world(tmp_path)
    create(made, landing_zone(name))
    run_probe(made)

    assert objects_in_sandbox(made) == [f"connections/{name}"]


@pytest.mark.parametrize("name", [NAME, f"{NAME} ", NAME.upper()])
def test_a_name_of_a_probe_counts_also_in_another_spelling(tmp_path: Path, name: str) -> None:
    made = probe_world(tmp_path)
    create(made, landing_zone(name))
    run_probe(made)

    assert objects_in_sandbox(made) == []


def test_an_object_with_a_spec_that_no_probe_uses_is_left_alone(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    auth = {
        "specName": "Google Cloud Storage authentication credentials",
        "params": {"accessKeyId": "GOOG1EXAMPLEEXAMPLEEXAMP", "secretAccessKey": "x" * 40},
    }
    spec = {"id": GOOGLE_CLOUD_STORAGE.connection_spec, "version": "1.0"}
    create(made, {"name": NAME, "connectionSpec": spec, "auth": auth})
    run_probe(made)

    assert objects_in_sandbox(made) == [f"connections/{NAME}"]


def test_an_export_of_a_project_is_left_alone_even_with_a_name_of_a_probe(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    title = ProbeNames("0a1b2c3d").of("export")
    made.write(config(exports={"orders": {"datasets": ["Orders"], "destination": "landing", "title": title}}))
    made.apply()
    before = objects_in_sandbox(made)
    run_probe(made)

    assert f"flows/{title}" in before
    assert objects_in_sandbox(made) == before
    made.emulator.ui.describe(title, "the marker is gone")
    with open_probe(made.setup(now=None), ProbeRequest("Orders"), int(made.emulator.now)) as probe:
        found = list_probe_objects(probe.platform.client)
    assert [doc["name"] for doc in found["/flows"]] == [title]


def test_what_an_earlier_probe_left_is_named_before_it_is_deleted(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    create(made, landing_zone(NAME))
    create(made, landing_zone("exportctl-probe-notes"))
    with open_probe(made.setup(now=None), ProbeRequest("Orders"), int(made.emulator.now)) as probe:
        lines = announcement(probe)

    assert lines[-2:] == ("It also deletes what an earlier probe left behind:", f"  base connection {NAME}")


def test_a_probe_gives_no_name_that_a_later_one_would_not_recognise() -> None:
    with pytest.raises(ValueError, match="would not recognise"):
        ProbeNames("0a1b2c3d").of("something-else")
    with pytest.raises(ValueError, match="would not recognise"):
        ProbeNames("run").of("account")
