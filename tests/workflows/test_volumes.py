"""The volume of a full export against the emulator: one list of runs at most, and none without a full export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.request_counts import CountingTransport
from exportctl.emulator.faults import Fault
from exportctl.model.plan import Plan
from exportctl.model.volume import Volume
from exportctl.output.volume import volume_lines
from exportctl.workflows.volumes import NOT_READ, read_volumes
from tests.workflows.orders_sandbox import DAY, apply_config, orders, orders_and_other, other_only
from tests.workflows.world import SANDBOX, World, world

RUNS = "GET /runs"
SIX = {"schedule": {"every": "6 hours", "at": "02:00"}}


@pytest.fixture
def delivered(tmp_path: Path) -> World:
    """`orders` and `other`, with two runs each: every row, then one more."""
    made = world(tmp_path, page_size=100, rows=50)
    apply_config(made, orders_and_other())
    made.emulator.advance(DAY)
    made.emulator.ingest(SANDBOX, "Orders", 7)
    made.emulator.advance(DAY)
    return made


def read(made: World) -> tuple[Plan, dict[str, int]]:
    """The plan with volumes, and what was sent for it beyond the plan itself."""
    transport = CountingTransport(httpx.WSGITransport(app=made.emulator))
    with made.open_plan(transport=transport) as planned:
        before = transport.counted.copy()
        shown = read_volumes(planned)
        return shown, dict(transport.counted - before)


def volume(shown: Plan, address: str = "exports.orders") -> Volume | None:
    (found,) = [item.volume for item in shown.items if str(item.address) == address]
    return found


REMOVED = {"removed": [{"export": "orders", "do": "delete", "reason": "no longer needed"}]}
# the config, then the lists of runs that its plan asks for
PLANS: dict[str, tuple[dict[str, Any], int]] = {
    "no changes": (orders_and_other(), 0),
    "another path": (orders_and_other(subpath="moved"), 0),
    "a deletion": (other_only(**REMOVED), 0),
    "another interval": (orders_and_other(**SIX), 1),
    "a dataset of another flow": (orders_and_other(datasets=["Orders", "Returns"]), 1),
    "a dataset that no flow exports": (orders_and_other(datasets=["Orders", "App Events"]), 0),
}


@pytest.mark.parametrize("row", PLANS)
def test_a_plan_asks_once_for_runs_if_it_causes_a_full_export_of_what_a_flow_exports(
    row: str, delivered: World
) -> None:
    content, lists = PLANS[row]
    delivered.write(content)

    _, sent = read(delivered)

    assert sent == ({RUNS: lists} if lists else {})


def test_it_says_what_the_runs_sent(delivered: World) -> None:
    delivered.write(orders_and_other(**SIX))

    shown, _ = read(delivered)

    found = volume(shown)
    assert found is not None
    (sent,) = found.sent
    assert (sent.runs, sent.rows, sent.is_whole, sent.datasets) == (2, 57, True, ("Orders",))
    (line,) = volume_lines(next(i for i in shown.items if i.volume))
    assert line.startswith(f'the 2 runs of the flow {sent.flow} "orders" that the service shows, since 2027-')
    assert " sent 57 rows, " in line


def test_an_older_run_on_the_next_page_is_not_asked_for_and_this_is_said(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=2, rows=50)
    apply_config(made, orders())
    made.emulator.advance(3 * DAY)
    made.write(orders(**SIX))

    shown, sent = read(made)

    found = volume(shown)
    assert found is not None
    assert (sent, [(one.runs, one.is_whole) for one in found.sent]) == ({RUNS: 1}, [(2, False)])


def test_a_list_that_the_service_refuses_fails_no_plan(delivered: World) -> None:
    delivered.write(orders_and_other(**SIX))
    delivered.emulator.add_fault(Fault("status", path="/runs", status=403, body={"error_code": "403"}, count=0))

    shown, _ = read(delivered)

    found = volume(shown)
    assert found is not None
    assert [(one.dataset, one.reason) for one in found.unknown] == [("Orders", NOT_READ)]
