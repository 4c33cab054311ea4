"""Each line of `doctor` says well only of what was asked; what was not asked is skipped, and says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from exportctl.emulator import Emulator, Fault
from exportctl.model.outcome import Check, CheckStatus
from exportctl.workflows import doctor
from tests.workflows.orders_sandbox import apply_config, orders, orders_and_other, other_only
from tests.workflows.world import DESTINATIONS, ORGANIZATION, SANDBOX, START, World, world

Prepare = Callable[[World], object]


def checks(made: World) -> tuple[Check, ...]:
    return doctor.run_checks(made.setup(), START)[0]


def no_datasets(made: World) -> None:
    made.emulator = Emulator(clock=START, organization=ORGANIZATION)
    made.emulator.seed([SANDBOX], {SANDBOX: []})
    made.write(orders())


def block_deletion(made: World) -> None:
    apply_config(made, orders_and_other())
    made.write(other_only())


def unset_secret(made: World) -> None:
    made.write(orders())
    made.env = {name: value for name, value in made.env.items() if name != "S3_ROLE"}


def fault(path: str, status: int) -> Prepare:
    def prepare(made: World) -> None:
        made.write(orders())
        made.emulator.add_fault(Fault("status", "GET", path=path, status=status, count=0))

    return prepare


LINES: dict[str, tuple[Prepare, str, CheckStatus, str]] = {
    "an emulator is not Adobe": (
        lambda made: made.write(orders()),
        "adobe",
        CheckStatus.SKIPPED,
        "access to Adobe is not checked",
    ),
    "a sandbox without datasets": (no_datasets, "datasets", CheckStatus.WARNING, "no exportable dataset is listed"),
    "a dataset that the sandbox does not have": (
        lambda made: made.write(orders(datasets=["Odrers"])),
        "plan",
        CheckStatus.FAILED,
        "1 error, first",
    ),
    "a change that a safety check blocks": (block_deletion, "plan", CheckStatus.WARNING, "a safety check blocks"),
    "sandboxes that cannot be listed": (
        fault("/sandbox-management/", 403),
        "sandbox",
        CheckStatus.SKIPPED,
        "not checked, because sandboxes",
    ),
    "datasets that cannot be listed": (
        fault("/connectionSpecs/.*/configs", 403),
        "permission-view-datasets",
        CheckStatus.FAILED,
        "is missing",
    ),
    "a secret that is not set": (unset_secret, "reference", CheckStatus.WARNING, "S3_ROLE is not set"),
    "a form that none publishes": (
        lambda made: made.write(orders(destination="sftp-password")),
        "reference-form",
        CheckStatus.SKIPPED,
        "form not checked",
    ),
    "a config with warnings": (
        lambda made: made.write(orders(schedule={"every": "8 hours", "at": "02:00"})),
        "config",
        CheckStatus.WARNING,
        "valid, with 1 warning",
    ),
    "permissions for writing": (
        lambda made: made.write(orders()),
        "permission-manage-destinations",
        CheckStatus.SKIPPED,
        "only at the first",
    ),
    "what storage must allow": (lambda made: made.write(orders()), "storage", CheckStatus.SKIPPED, "needs: policy"),
    "a service that was not probed": (
        lambda made: made.write(orders()),
        "service-profile",
        CheckStatus.SKIPPED,
        "was not probed",
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_what_was_not_asked_or_is_not_well_is_never_ok(tmp_path: Path, case: str) -> None:
    prepare, name, status, words = LINES[case]
    made = world(tmp_path)
    prepare(made)

    lines = [c for c in checks(made) if c.name == name and words in c.message]

    assert lines
    assert {c.status for c in lines} == {status}
    assert not [c for c in checks(made) if c.name == name and c.status is CheckStatus.OK and name != "reference"]


def test_no_plan_is_made_or_called_well_after_a_failed_check(tmp_path: Path) -> None:
    made = world(tmp_path)
    bucket = {**DESTINATIONS["s3-role"], "bucket": "${env:EXPORTCTL_VAR_BUCKET}"}
    made.write({**orders(), "destinations": {**DESTINATIONS, "s3-role": bucket}})

    assert {c.name: c.status for c in checks(made)[-2:]} == {
        "plan": CheckStatus.SKIPPED,
        "orphans": CheckStatus.SKIPPED,
    }
