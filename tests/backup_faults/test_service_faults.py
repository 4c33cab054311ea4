"""What happens to the flow of a backup: what breaks the chain, what begins it again, and what leaves it whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor.backup.report import Chain, ChainState
from tests.workflows.orders_sandbox import DAY, HOUR
from tests.workflows.test_backup import backup, chain_of
from tests.workflows.test_read_storage import FIRST, ROWS, DeliverySandbox, delivery_sandbox
from tests.workflows.world import SANDBOX

POLICY = {"backup": {"max_age": "26 hours", "covered_from": "2030-01-01"}}


def change_orders(scene: DeliverySandbox, **changes: Any) -> None:
    content = json.loads((scene.world.folder / "exports.yaml").read_text())
    content["exports"]["orders"].update(changes)
    scene.world.write(content)
    scene.world.apply()


def rename_export(scene: DeliverySandbox) -> None:
    content = json.loads((scene.world.folder / "exports.yaml").read_text())
    content["exports"]["sales"] = {**content["exports"].pop("orders"), "renamed_from": "orders"}
    scene.world.write(content)
    scene.world.apply()


def delete_flow(scene: DeliverySandbox) -> None:
    scene.world.emulator.ui.delete(scene.flow(), sandbox=SANDBOX)
    scene.world.emulator.advance(700)
    scene.world.apply(PlanOptions(allow_recreate=("exports.orders",)))
    scene.world.emulator.advance(700)


def skip_a_run(scene: DeliverySandbox) -> None:
    """One run never comes: a person disabled the flow for an hour."""
    ui, emulator = scene.world.emulator.ui, scene.world.emulator
    ui.disable(scene.flow(), sandbox=SANDBOX)
    emulator.set_time(FIRST + 2 * DAY + HOUR)
    ui.enable(scene.flow(), sandbox=SANDBOX)


WHOLE, UNPROVEN = ChainState.WHOLE, ChainState.UNPROVEN
# what happens after two nights -> the state after four, when the first complete run was due, the gaps as (first, runs)
EVENTS: dict[str, tuple[Callable[[DeliverySandbox], object], ChainState, int, list[tuple[int, int]]]] = {
    "nothing": (lambda scene: None, WHOLE, FIRST, []),
    "the export is renamed": (rename_export, WHOLE, FIRST, []),
    "its title changes": (lambda scene: change_orders(scene, title="All orders"), WHOLE, FIRST, []),
    "its end is renewed": (
        lambda scene: change_orders(scene, end={"rolling": "200 days", "renew_before": "40 days"}),
        WHOLE,
        FIRST,
        [],
    ),
    "a person renames the flow": (
        lambda scene: scene.world.emulator.ui.rename(scene.flow(), "Mine", sandbox=SANDBOX),
        WHOLE,
        FIRST,
        [],
    ),
    "a person deletes the flow, and apply makes another": (delete_flow, WHOLE, FIRST + 2 * DAY, []),
    "a run never comes": (skip_a_run, UNPROVEN, FIRST, [(FIRST + 2 * DAY, 1)]),
    "the format changes": (
        lambda scene: change_orders(scene, format={"type": "json", "compression": "gzip"}),
        WHOLE,
        FIRST,
        [],
    ),
    "the interval changes": (
        lambda scene: change_orders(scene, schedule={"every": "12 hours", "at": "02:00"}),
        UNPROVEN,
        FIRST,
        [(FIRST + DAY // 2, 1)],
    ),
}


@pytest.mark.parametrize("name", EVENTS)
def test_what_happens_to_the_flow_decides_what_the_chain_is(tmp_path: Path, name: str) -> None:
    happen, state, covered_from, gaps = EVENTS[name]
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        scene.world.emulator.advance(HOUR)
        happen(scene)
        scene.pass_nights(4)
        address = "exports.sales" if name == "the export is renamed" else "exports.orders"

        chain = chain_of(scene, address)

    assert (chain.state, chain.covered_from) == (state, covered_from)
    assert [(gap.first, gap.runs) for gap in chain.gaps if gap.runs] == gaps
    assert (chain.state is WHOLE) == (not chain.gaps)


def fails(chain: Chain) -> list[str]:
    return [failure.partition(";")[0] for failure in chain.failures]


def test_a_flow_that_ended_leaves_a_whole_backup_that_grows_old(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, expect=POLICY) as scene:
        scene.pass_nights(2)
        assert chain_of(scene).failures == ()
        scene.world.emulator.ui.end(scene.flow(), FIRST + DAY + 2 * HOUR, sandbox=SANDBOX)
        scene.world.emulator.set_time(FIRST + 5 * DAY)

        chain = chain_of(scene)

    assert (chain.state, chain.covered_to) == (WHOLE, FIRST + DAY)
    assert [failure.partition(" was due")[0] for failure in chain.failures] == ["the newest complete run"]


def test_storage_that_cannot_be_read_is_an_error_and_proves_nothing(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        scene.bucket.rename(scene.bucket.with_name("away"))

        (export,) = [one for one in backup(scene).exports if one.address.name == "orders"]

    assert [finding.rule for finding in export.errors] == ["storage-missing"]
    assert [(chain.state, len(chain.gaps)) for chain in export.chains] == [(UNPROVEN, 1)]


def pause(scene: DeliverySandbox) -> None:
    scene.pass_nights(2)
    scene.world.emulator.ui.disable(scene.flow(), sandbox=SANDBOX)
    scene.world.emulator.ingest(SANDBOX, "Orders", 7)
    scene.world.emulator.set_time(FIRST + 4 * DAY + HOUR)
    scene.world.emulator.ui.enable(scene.flow(), sandbox=SANDBOX)
    scene.world.emulator.set_time(FIRST + 6 * DAY + HOUR)


def test_after_a_pause_the_runs_that_never_came_are_unproven(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        pause(scene)
        chain = chain_of(scene)

    assert (chain.state, chain.gaps[0].first, chain.gaps[0].runs) == (UNPROVEN, FIRST + 2 * DAY, 3)
    assert chain.covered_to == FIRST + 6 * DAY


def test_after_a_pause_the_chain_is_whole_if_the_service_catches_up_run_by_run(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, Switches(missed_runs="caught-up")) as scene:
        pause(scene)
        chain = chain_of(scene)

    assert (chain.state, chain.complete_runs, chain.gaps) == (WHOLE, 7, ())


@pytest.mark.parametrize("deep", [False, True])
def test_files_from_before_a_change_of_the_format_are_read_as_what_they_are(tmp_path: Path, deep: bool) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        change_orders(scene, format={"type": "json", "compression": "gzip"})
        scene.pass_nights(4)

        (export,) = [one for one in backup(scene, deep=deep).exports if one.address.name == "orders"]

    assert [(c.state, c.complete_runs, c.rows) for c in export.chains] == [(WHOLE, 4, 5 * ROWS)]
