"""A probe lists the landing zone with nothing but what the platform hands out, in a blob server of other authors."""

from __future__ import annotations

from pathlib import Path

import pytest

from exportctl.emulator import Switches
from tests.probe.probe_runs import run_probe
from tests.real.readers import Rclone
from tests.real.servers import LANDING_CONTAINER, azurite
from tests.workflows.world import SANDBOX, config, world

pytestmark = pytest.mark.real
SETTINGS: dict[str, object] = {
    "manifest_location": "path",
    "export_time_digits": 14,
    "destination_macro": "base",
    "empty_run": "file",
}


def test_a_probe_finds_what_runs_write_to_the_landing_zone(tmp_path: Path) -> None:
    switches = Switches.from_json(SETTINGS)
    with azurite(tmp_path / "blobs", Rclone(tmp_path / "rclone.conf")) as store:
        made = world(tmp_path, switches)
        zone = {"account": "blobacct", "container": LANDING_CONTAINER, "account_key": store.keys["blobacct"]}
        endpoint = {"url": store.url("blobacct"), **zone}
        made.emulator.store.set_setting("storage", {"endpoints": {"data-landing-zone": endpoint}})
        made.write(config())
        made.emulator.ingest(SANDBOX, "Orders", 50)
        _, profile = run_probe(made, exported=("Orders",))

    assert {name: profile.switches.get(name) for name in SETTINGS} == SETTINGS
    # the server tells times to the second, so both files can have the same one
    assert profile.switches.get("manifest_last", True) is True
