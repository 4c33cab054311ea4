"""What is ours and no longer declared: released, deleted, or left because others use it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exportctl.errors import Level
from exportctl.model.plan import Action, LiveObject, Marker, PlanItem, Verb
from exportctl.model.project import RemovedEntry
from tests.plan.plan_builders import account, build_plan, build_project, flow, item
from tests.plan.value_builders import AT, lake

OTHER = lake(key="other")


def removed(root: str, name: str, do: str) -> tuple[RemovedEntry, ...]:
    return (RemovedEntry(root, name, do, "decided", AT),)


def planned(address: str, entries: tuple[RemovedEntry, ...], *live: LiveObject) -> PlanItem:
    """What becomes of an address that the config no longer declares."""
    return item(build_plan(build_project(destinations=[OTHER], removed=entries), *live), address)


def released_ids(shown: PlanItem) -> list[str | None]:
    return [step.id for step in shown.steps if step.remove_marker]


def test_a_released_flow_loses_its_marker_and_that_of_its_target() -> None:
    shown = planned("exports.old", removed("exports", "old", "release"), *flow("old"))

    assert (shown.verb, released_ids(shown)) == (Verb.RELEASE, ["f-old", "t-old"])


def test_a_target_that_another_flow_uses_keeps_its_marker() -> None:
    source, target, live = flow("theirs", owner="theirs")
    sharing = replace(live, raw={**live.raw, "targetConnectionIds": ["t-old"]})

    shown = planned("exports.old", removed("exports", "old", "release"), *flow("old"), source, target, sharing)

    assert released_ids(shown) == ["f-old"]


def test_a_target_that_another_flow_uses_is_not_deleted() -> None:
    source, target, live = flow("theirs", owner="theirs")
    sharing = replace(live, raw={**live.raw, "targetConnectionIds": ["t-old"]})

    shown = planned("exports.old", removed("exports", "old", "delete"), *flow("old"), source, target, sharing)

    assert [step.id for step in shown.steps if step.action is Action.DELETE] == ["f-old", "s-old"]


@pytest.mark.parametrize("marker", [None, Marker("theirs", "e", "web")], ids=["no marker", "that of others"])
def test_a_flow_without_our_marker_is_released_by_the_marker_of_its_target(marker: Marker | None) -> None:
    source, target, live = flow("old")

    shown = planned("exports.old", removed("exports", "old", "release"), source, target, replace(live, marker=marker))

    assert released_ids(shown) == ["t-old"]


def test_an_account_is_released_although_flows_use_it() -> None:
    shown = planned(
        "destinations.lake", removed("destinations", "lake", "release"), account(), *flow("a", owner="theirs")
    )

    assert (shown.verb, shown.id, released_ids(shown)) == (Verb.RELEASE, "base", ["base"])


def test_an_account_that_others_use_stays_and_they_are_named() -> None:
    entries = removed("destinations", "lake", "delete")
    by_flow = planned("destinations.lake", entries, account(), *flow("a", owner="theirs"))
    by_target = planned("destinations.lake", entries, account(), flow("a", owner="theirs")[1])

    assert [f.message for f in by_flow.findings] == [
        'destinations.lake: the base connection base stays, because it is used by "a"'
    ]
    assert [(f.level, "release" in str(f.hint)) for f in by_flow.findings] == [(Level.WARNING, True)]
    assert [f.message for f in by_target.findings] == [
        "destinations.lake: the base connection base stays, because it is used by 1 target connection"
    ]


def test_an_account_is_deleted_after_the_flows_on_it() -> None:
    entries = (*removed("destinations", "lake", "delete"), *removed("exports", "old", "delete"))
    plan = build_plan(build_project(destinations=[OTHER], removed=entries), account(), *flow("old"))

    (deletion,) = item(plan, "destinations.lake").steps
    deleted = [s.key for s in item(plan, "exports.old").steps if s.kind != "source_connection"]
    assert deletion.action is Action.DELETE
    assert set(deletion.needs) == set(deleted)


def test_people_who_approve_the_deletion_of_an_account_read_its_title() -> None:
    shown = planned("destinations.lake", removed("destinations", "lake", "delete"), replace(account(), name="Lake"))

    assert (shown.verb, [(c.path, c.before, c.after) for c in shown.fields]) == (
        Verb.DELETE,
        [("title", "Lake", None)],
    )
