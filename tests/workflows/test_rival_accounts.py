"""Two runs create one account each at the same time: the oldest stays, and no two runs delete both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from tests.workflows.orders_sandbox import objects, orders
from tests.workflows.transports import InterruptingTransport
from tests.workflows.world import SANDBOX, World, applied_world, world

LAST_ID = "ffffffff-ffff-4fff-bfff-ffffffffffff"  # ids of the emulator are random: all are smaller


def meet_older_account(made: World) -> InterruptingTransport:
    """Let an account that another run made a minute ago appear in the lists right before this run creates its own."""
    (account,) = objects(applied_world(made.folder, orders()), "connections")
    theirs: dict[str, Any] = {**account, "id": LAST_ID, "createdAt": account["createdAt"] - 60_000}
    return InterruptingTransport(
        made, "POST", "/connections$", lambda _: made.emulator.ui.load({"connections": [theirs]}, sandbox=SANDBOX)
    )


@pytest.mark.parametrize("lag", [0, 60], ids=["listed at once", "listed late"])
def test_of_two_accounts_the_oldest_stays_and_no_run_deletes_one_that_lists_do_not_show(
    tmp_path: Path, lag: int
) -> None:
    """While no list shows the account of this run, that run may not see it either, and may delete its own."""
    made = world(tmp_path, Switches(list_lag=lag), page_size=100)
    made.write(orders())

    made.apply(transport=meet_older_account(made))

    kept = [account["id"] for account in objects(made, "connections")]
    assert LAST_ID in kept
    assert len(kept) == (1 if lag == 0 else 2)
