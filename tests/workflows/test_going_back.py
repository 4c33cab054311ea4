"""
An apply killed at any request, then the former config: the former state is back, or a safety check says what to do.

`python -m pytest -m slow tests/workflows/test_going_back.py` kills at every request; the ordinary suite takes a sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exportctl.cli import exit_codes
from exportctl.model.plan import Address, Cause, Plan
from exportctl.model.plan_options import PlanOptions
from exportctl.output.text import plan as text_plan
from tests.workflows.test_interruptions import kill_apply_after, telling_deaths
from tests.workflows.test_laws import LISTED
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config, world

Content = Mapping[str, Any]
DAY = 86_400
NO_FLAGS = PlanOptions()
OTHERS = {"returns": {"datasets": ["Returns"], "subpath": "returns"}}  # never the last flow of the project
KEYS = {"access_key_id": "${env:S3_KEY}", "secret_access_key": "${env:S3_SECRET}"}
UNTRUE = ("by hand", "a person", "in the sandbox", "duplicate")  # nobody but exportctl touched anything


def exports(**orders: Any) -> dict[str, Any]:
    """The config of `orders`, of which each account that it may use is declared."""
    return config(destinations=DESTINATIONS, exports={"orders": {"datasets": ["Orders"], **orders}, **OTHERS})


def only(**declared: Any) -> dict[str, Any]:
    return config(exports={**declared, **OTHERS})


def role(**auth: Any) -> dict[str, Any]:
    changed = {**DESTINATIONS["s3-role"], "auth": auth}
    return {**exports(), "destinations": {**DESTINATIONS, "s3-role": changed}}


def removed(do: str) -> dict[str, Any]:
    return {**only(), "removed": [{"export": "orders", "do": do, "reason": "test"}]}


@dataclass(frozen=True)
class Change:
    """A change that is interrupted; `refused` are the safety checks that may stop the way back."""

    before: Content
    after: Content | Callable[[World], Content]
    flags: PlanOptions = NO_FLAGS
    refused: frozenset[str] = frozenset()
    first: Content | None = None  # applied before `before`
    days: int = 0  # that pass before the change


REPLACE = PlanOptions(allow_replace=("exports.*",))
SPLIT = {"o": {"datasets": ["Orders"]}, "r": {"datasets": ["Order Lines"]}}
JOINED = {"both": {"datasets": ["Orders", "Order Lines"]}}
GONE = frozenset({"deletion", "re-creation", "look-alike"})
CHANGES: dict[str, Change] = {
    "create": Change(only(), exports(), refused=frozenset({"deletion"})),
    "create disabled": Change(only(), exports(enabled=False), refused=frozenset({"deletion"})),
    "create with an account": Change(only(), exports(destination="gcs"), refused=frozenset({"deletion"})),
    "location": Change(exports(), exports(subpath="x", format="json")),
    "schedule and title": Change(
        exports(),
        exports(schedule={"every": "3 hours", "at": "01:00"}, title="All", folder="%EXPORT_TIME%/%DATASET_ID%"),
    ),
    "datasets": Change(exports(), exports(datasets=["Orders", "Order Lines"], title="More")),
    "fewer datasets": Change(exports(datasets=["Orders", "Order Lines"]), exports()),
    "disable": Change(exports(), exports(enabled=False)),
    "disable what is declared enabled": Change(exports(enabled=True), exports(enabled=False, subpath="x")),
    "enable": Change(exports(enabled=False), exports(enabled=True)),
    "enable by leaving it out": Change(exports(enabled=False), exports(title="On")),
    "end moved": Change(exports(end="2028-06-01"), exports(end="2028-09-01")),
    "end moved earlier": Change(exports(end="2028-06-01"), exports(end="2028-03-01")),
    "rename": Change(
        exports(title="orders"),
        only(daily={"datasets": ["Orders"], "title": "orders", "renamed_from": "orders"}),
        refused=frozenset({"deletion", "look-alike"}),
    ),
    "split": Change(only(**JOINED), only(**SPLIT), PlanOptions(allow_deletes=1), refused=GONE),
    "join": Change(only(**SPLIT), only(**JOINED), PlanOptions(allow_deletes=2), refused=GONE),
    "another type": Change(exports(), exports(destination="gcs"), REPLACE, refused=frozenset({"replacement"})),
    "another account": Change(exports(), exports(destination="s3-key"), REPLACE, refused=frozenset({"replacement"})),
    "another way to authenticate": Change(
        role(role_arn="${env:S3_ROLE}"), role(**KEYS), REPLACE, refused=frozenset({"replacement"})
    ),
    "release": Change(exports(), removed("release"), refused=frozenset({"look-alike"})),
    "removal": Change(exports(), removed("delete"), refused=frozenset({"re-creation"})),
    "secrets": Change(role(role_arn="${env:S3_ROLE}"), role(role_arn="${env:S3_ROLE}", secret_version="2")),
    "protect": Change(exports(), exports(protect=True)),
    "adopt": Change(
        removed("release"), lambda made: exports(adopt=made.flow("orders")["id"]), first=exports(), refused=GONE
    ),
    "renew": Change(exports(), exports(), PlanOptions(renew_only=True), days=155),
    "rotate": Change(
        exports(destination="s3-key"),
        exports(destination="s3-key"),
        PlanOptions(rotate=Address("destinations", "s3-key")),
    ),
}


def ready(folder: Path, change: Change) -> World:
    made = world(folder, page_size=100)
    for content in (change.first, change.before):
        if content is not None:
            made.write(content)
            made.apply()
            made.emulator.advance(LISTED)
    made.emulator.advance(change.days * DAY)
    made.write(change.after(made) if callable(change.after) else change.after)
    return made


def shape(made: World, left_out: tuple[str, ...]) -> list[Any]:
    """What the flows export, by title, without ids, etags, markers and the members of a schedule that are left out."""
    seen = made.emulator.snapshot(SANDBOX)
    sources, targets = ({c["id"]: c for c in seen[kind]} for kind in ("sourceConnections", "targetConnections"))
    return sorted(
        (
            f["name"],
            f["state"],
            f["description"].rpartition("\n")[0],
            {k: v for k, v in f["scheduleParams"].items() if k not in left_out},
            [sorted(d["dataSetId"] for d in sources[i]["params"]["datasets"]) for i in f["sourceConnectionIds"]],
            [(targets[i]["params"], targets[i]["connectionSpec"]["id"]) for i in f["targetConnectionIds"]],
        )
        for f in seen["flows"]
    )


def flow_ids(made: World) -> set[str]:
    return {f["id"] for f in made.emulator.snapshot(SANDBOX)["flows"]}


def go_back(made: World, change: Change) -> tuple[Plan, list[str]]:
    """
    Apply the former config until nothing is left to do, and return what the plans said.

    The exit codes tell the same: 0 at the end of an apply only if the next plan has nothing to do.
    """
    made.write(change.before)
    said: list[str] = []
    code = None
    for _ in range(3):
        made.emulator.advance(LISTED)
        plan = made.plan()
        said.append(text_plan.render_plan(plan))
        assert code is None or (code == exit_codes.DONE) == (not plan.steps() and not plan.is_refused), (code, said)
        if plan.is_refused or plan.errors() or not plan.steps():
            assert exit_codes.plan_exit_code(plan) == (exit_codes.BLOCKED if plan.is_refused else exit_codes.DONE)
            return plan, said
        _, check = made.apply()
        code = exit_codes.apply_exit_code(check.verdict)
        made.emulator.advance(600)
    return plan, said


def assert_former_state(folder: Path, name: str, calls: int, arrives: bool) -> None:
    change = CHANGES[name]
    made = ready(folder, change)
    left_out = ("startTime", "endTime") if change.flags.renew_only else ("startTime",)  # a renewal stays
    former, ids = shape(made, left_out), flow_ids(made)
    assert kill_apply_after(made, calls, arrives, change.flags)
    plan, said = go_back(made, change)
    checks = {r.safety_check for i in plan.items for r in i.refusals}
    causes = {c.cause for i in plan.items for c in i.fields}
    assert (plan.errors(), causes & {Cause.PAUSED, Cause.DRIFT, Cause.CONFLICT}) == ((), set()), said
    assert [w for w in UNTRUE if any(w in text for text in said)] == [], said
    addresses = [
        f["description"].rpartition("[exportctl/")[2].split()[2:4] for f in made.emulator.snapshot(SANDBOX)["flows"]
    ]
    if plan.is_refused:
        assert checks <= change.refused, (checks, said)
        assert "replacement" not in checks or not ids <= flow_ids(made), said  # never while the former flow exists
        return
    assert not plan.steps(), said
    assert shape(made, left_out) == former
    assert max(Counter(map(tuple, addresses)).values()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("arrives", [True, False], ids=["arrived", "never arrived"])
@pytest.mark.parametrize("name", CHANGES)
def test_going_back_after_a_kill_at_every_request_ends_in_the_former_state(
    tmp_path: Path, name: str, arrives: bool
) -> None:
    for calls in telling_deaths(ready(tmp_path, CHANGES[name]), CHANGES[name].flags):
        assert_former_state(tmp_path, name, calls, arrives)


@pytest.mark.parametrize(
    ("name", "arrives"),
    [
        ("create disabled", True),
        ("disable", True),
        ("disable", False),
        ("enable", False),
        ("rename", True),
        ("another type", True),
        ("another type", False),
        ("another way to authenticate", True),
        ("datasets", False),
    ],
)
def test_going_back_after_a_kill_in_the_middle_ends_in_the_former_state(
    tmp_path: Path, name: str, arrives: bool
) -> None:
    deaths = telling_deaths(ready(tmp_path, CHANGES[name]), CHANGES[name].flags)
    assert_former_state(tmp_path, name, deaths[len(deaths) // 2], arrives)
