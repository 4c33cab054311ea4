"""What is ours and no longer declared: released, deleted, or left because others use it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exportctl.errors import Level
from exportctl.model.loss import Loss
from exportctl.model.plan import Action, LiveObject, Marker, PlanItem, Verb
from exportctl.model.project import RemovedEntry
from exportctl.model.schedule import schedule_phrase
from tests.plan.plan_builders import account, build_plan, build_project, flow, item
from tests.plan.value_builders import AT, NOW, lake

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


# -- what a deletion loses --------------------------------------------------------------------------------------------

RAN = {"id": "r", "state": "success", "startedAtUTC": 1_700_000_000_000, "completedAtUTC": 1_700_000_060_000}


def test_a_deletion_says_what_is_lost_and_why() -> None:
    source, target, live = flow("old", ["d2", "d1", "gone"], hours=6)
    live = replace(live, raw={**live.raw, "lastRunDetails": RAN})

    lost = planned("exports.old", removed("exports", "old", "delete"), source, target, live).lost

    assert lost == Loss(
        type="amazon-s3",
        datasets=(("d1", "D1"), ("d2", "D2"), ("gone", "GONE")),
        place="s3://acme/aep",
        location={"bucket": "acme", "path": "aep"},
        format={"type": "parquet", "compression": "gzip", "manifest": False},
        folder="%DATASET_ID%/%EXPORT_TIME%",
        schedule=schedule_phrase("6 hours", NOW % (6 * 3600)),
        reason="decided",
        last_run=1_700_000_000,
        last_run_state="done",
    )


def test_what_the_service_does_not_show_of_a_deleted_flow_is_not_made_up() -> None:
    _, _, live = flow("old")
    lost = planned("exports.old", (), replace(live, raw={**live.raw, "scheduleParams": {}})).lost

    assert lost == Loss(type="amazon-s3", folder="%DATASET_ID%/%EXPORT_TIME%")


@pytest.mark.parametrize(("do", "reason"), [("delete", "decided"), (None, None)])
def test_the_deletion_of_an_account_gives_the_reason(do: str | None, reason: str | None) -> None:
    entries = removed("destinations", "lake", do) if do else ()

    assert planned("destinations.lake", entries, account()).lost == Loss(type="amazon-s3", reason=reason)


def test_a_release_loses_nothing() -> None:
    assert planned("exports.old", removed("exports", "old", "release"), *flow("old")).lost is None
