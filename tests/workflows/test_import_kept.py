"""What a flow has that no config describes: named by an import, and kept by its adoption and by every later change."""

from __future__ import annotations

import json

import pytest

from exportctl.emulator import Switches
from tests.importing.ui_sandbox import MORE, MOST, Sandbox, add_unmodelled_settings
from tests.workflows.import_runs import FILE, run_import, write_import
from tests.workflows.orders_sandbox import apply_config, objects
from tests.workflows.world import SANDBOX, World

KEPT = {
    MORE: ("scheduleParams.frequency",),
    MOST: (
        "labels",
        "policy",
        "scheduleParams.frequency",
        "target labels",
        "target params.appendSegmentId",
        "target params.csvOptions",
        "source data",
        "source typeInfo",
    ),
}


def test_what_no_config_describes_is_named_in_the_report_and_above_the_export(empty: World) -> None:
    add_unmodelled_settings(Sandbox(empty.emulator, SANDBOX))

    made = run_import(empty)

    assert {one.name: one.kept for one in made.exports} == KEPT
    assert made.text.count("# Kept as it is, not described here: ") == len(KEPT)
    assert f"# Kept as it is, not described here: {', '.join(KEPT[MOST])}\n" in made.text
    assert "core/C12" not in made.text


LATER: dict[str, tuple[str, str]] = {
    "location": ("path: more", "path: less"),
    "schedule": ('at: "01:00:01"', 'at: "02:30"'),
    "schedule.every": ("every: 1 day", "every: 6 hours"),
    "folder": ("  schedule:", "  folder: x/%DATASET_ID%/%EXPORT_TIME%\n    schedule:"),
    "end": ("  adopt:", "  end: 2028-01-01\n    adopt:"),
    "format": ("  schedule:", "  format: json\n    schedule:"),
}


@pytest.mark.parametrize("patched", ["replace", "merge"])
def test_what_no_config_describes_outlives_every_later_change(empty: World, patched: str) -> None:
    empty.emulator.switches = Switches(template_key="as-sent", patch_objects=patched)
    add_unmodelled_settings(Sandbox(empty.emulator, SANDBOX))
    write_import(empty, run_import(empty))
    before = unmodelled_parts(empty)
    assert len(before) == 2
    apply_config(empty)
    assert unmodelled_parts(empty) == before

    text = (empty.folder / FILE).read_text()
    for name, (found, edited) in LATER.items():
        assert found in text, name
        text = text.replace(found, edited)
        (empty.folder / FILE).write_text(text)
        empty.forget_requests()
        apply_config(empty)
        assert empty.writes(), name
        assert unmodelled_parts(empty) == before, name


def unmodelled_parts(world: World) -> dict[str, str]:
    """Everything of each flow that its `kept` names stand for, byte for byte."""
    sources, targets = ({one["id"]: one for one in objects(world, f"{end}Connections")} for end in ("source", "target"))
    found = {}
    for flow in objects(world, "flows"):
        target, source = targets[flow["targetConnectionIds"][0]], sources[flow["sourceConnectionIds"][0]]
        parts = [
            *(flow.get(key) for key in ("labels", "policy")),
            flow["scheduleParams"].get("frequency"),
            *(target.get("labels"), *(target["params"].get(key) for key in ("csvOptions", "appendSegmentId", "mode"))),
            *(source.get(key) for key in ("data", "typeInfo")),
        ]
        found[flow["id"]] = json.dumps(parts)
    return found


def test_words_of_the_service_in_another_case_are_read_and_stay(empty: World) -> None:
    empty.emulator.switches = Switches(normalise="case")
    params = {"bucketName": "acme-exports", "path": "a", "datasetFileType": "PARQUET", "compression": "NONE"}
    empty.emulator.ui.create_flow("orders", ["Orders"], sandbox=SANDBOX, params=params)
    (before,) = [target["params"] for target in objects(empty, "targetConnections")]
    assert (before["datasetFileType"], before["compression"]) == ("parquet", "none")

    made = run_import(empty)
    write_import(empty, made)

    assert made.exports[0].kept == ()
    assert "format: {type: parquet, compression: none}" in made.text
    assert [i.fields for i in empty.plan().items] == [()]
    apply_config(empty)
    assert [target["params"] for target in objects(empty, "targetConnections")] == [before]

    file = empty.folder / FILE
    file.write_text(file.read_text().replace("path: a", "path: b"))
    apply_config(empty)
    assert [target["params"] for target in objects(empty, "targetConnections")] == [{**before, "path": "b"}]
