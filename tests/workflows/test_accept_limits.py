"""
What a patch must never do: change what another export or environment declares, whether or not the plan of today shows
it, and take the values of anything but the very flow that differs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import SeedDataset
from exportctl.model.plan import Plan
from tests.workflows.accept_runs import CONFIG, diff_lines, drift_entries, left_reasons, run_accept, write_yaml
from tests.workflows.orders_sandbox import HOUR, apply_config
from tests.workflows.world import DATASETS, SANDBOX, World, world

NIGHTLY = "  nightly: {every: 1 day, at: '02:00'}"
IN_PLACE = '+ schedule: {every: 1 day, at: "04:00"}'
SALES = "- sales: {datasets: [sales], subpath: sales}"
SALES_IN_PLACE = '+ sales: {datasets: [sales], subpath: sales, schedule: {every: 1 day, at: "04:00"}}'


def build_world(folder: Path, text: str = CONFIG) -> World:
    found = world(folder, page_size=100)
    write_yaml(found, text)
    return found


def move_start(live: World, *titles: str, hours: int = 2) -> None:
    """All of these run at another time of day."""
    for title in titles:
        start = live.flow(title)["scheduleParams"]["startTime"]
        live.emulator.ui.schedule(title, {"startTime": start + hours * HOUR})


def plan_contents(plan: Plan) -> list[object]:
    """What is planned, without the lines of the YAML."""
    return [(i.address, i.verb, [(c.path, c.after) for c in i.fields], i.steps) for i in plan.items]


def test_the_time_of_day_in_another_environment_stays(tmp_path: Path) -> None:
    text = CONFIG.replace(", sandbox: demo", "") + (
        "\nenvironments:\n  demo: {platform: {sandbox: demo}}\n  prod: {platform: {sandbox: prod}}\n"
    )
    live = build_world(tmp_path, text)
    live.emulator.seed(["prod"], {"prod": [SeedDataset(name) for name in DATASETS]})
    assert live.apply(environment="demo")[1].passed
    move_start(live, "orders", "sales")
    before = plan_contents(live.plan(environment="prod"))

    patched = run_accept(live, environment="demo")

    assert left_reasons(patched) == {}
    assert NIGHTLY in patched.edited_files[0].after
    assert drift_entries(live, environment="demo") == []
    assert plan_contents(live.plan(environment="prod")) == before


def _add_export(text: str) -> str:
    return f"{text}  new: {{datasets: [Loyalty Profiles], subpath: new}}\n"


def _add_unknown_dataset(text: str) -> str:
    return f"{text}  new: {{datasets: [Unknown dataset], subpath: new}}\n"


def _use_nightly_schedule(text: str) -> str:
    """Where the interval is to change, no plan compares the time of day."""
    return text.replace("schedule: often,", "schedule: nightly,")


UNSEEN: dict[str, Callable[[str], str]] = {
    "an export that is yet to be made": _add_export,
    "an export with an unknown dataset": _add_unknown_dataset,
    "an export with an interval that waits to become that one": _use_nightly_schedule,
}


@pytest.mark.parametrize("case", UNSEEN)
def test_the_time_of_day_of_what_no_plan_compares_stays(case: str, tmp_path: Path) -> None:
    live = build_world(tmp_path)
    apply_config(live)
    write_yaml(live, UNSEEN[case](CONFIG))
    move_start(live, "orders", "sales")

    patched = run_accept(live)

    assert left_reasons(patched) == {}
    assert sorted(diff_lines(patched)) == sorted([IN_PLACE, SALES, SALES_IN_PLACE])
    assert drift_entries(live) == []


# -- whose values they are --------------------------------------------------------------------------------------------


def duplicate_flow(live: World, title: str, **changes: Any) -> str:
    """A second flow with the same marker, on connections of its own."""
    snapshot = live.emulator.snapshot(SANDBOX)
    flow = live.flow(title)
    children = {}
    for key, kind in (("sourceConnectionIds", "sourceConnections"), ("targetConnectionIds", "targetConnections")):
        one = next(o for o in snapshot[kind] if o["id"] == flow[key][0])
        children[key] = [f"00000000-{one['id'][9:]}"]
        live.emulator.ui.load({kind: [{**one, "id": children[key][0]}]}, sandbox=SANDBOX)
    copy = {**flow, **children, "id": f"00000000-{flow['id'][9:]}", **changes}
    live.emulator.ui.load({"flows": [copy]}, sandbox=SANDBOX)
    return str(copy["id"])


def test_of_two_flows_the_one_that_is_kept_is_accepted(tmp_path: Path) -> None:
    live = build_world(tmp_path)
    apply_config(live)
    kept = live.flow("orders")["id"]
    duplicate_flow(live, "orders", name="The copy")
    live.emulator.ui.rename(kept, "The one")
    write_yaml(live, CONFIG.replace("    subpath: orders\n", f"    subpath: orders\n    keep: {kept}\n"))

    patched = run_accept(live)

    assert left_reasons(patched) == {}
    assert diff_lines(patched) == ["+ title: The one"]


# -- files that lie over each other -----------------------------------------------------------------------------------


def test_of_three_files_over_each_other_the_highest_is_edited(tmp_path: Path) -> None:
    live = world(tmp_path, page_size=100)
    write_yaml(live, CONFIG, "base.yaml")
    write_yaml(live, "extends: [base.yaml]\nexports:\n  orders: {title: In the middle}\n", "mid.yaml")
    write_yaml(live, "extends: [mid.yaml]\nexports:\n  orders: {title: Above}\n", "top.yaml")
    files = ("base.yaml", "mid.yaml", "top.yaml")
    assert live.apply(files=files)[1].passed
    live.emulator.ui.rename("Above", "Live")

    patched = run_accept(live, files=files)

    assert left_reasons(patched) == {}
    assert {one.file: diff_lines(patched) for one in patched.edited_files} == {
        "top.yaml": ["- orders: {title: Above}", "+ orders: {title: Live}"]
    }
