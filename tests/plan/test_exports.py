"""One export against its live flow: compared, left alone, replaced or adopted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.errors import Level
from exportctl.model.plan import Action, Cause, LiveObject, Marker, PlanItem, Verb, digest
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import AcceptEntry, End, Format, Schedule
from exportctl.model.schedule import default_end
from exportctl.plan.last_editor import BACKGROUND
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.wire import MANIFEST
from tests.plan.plan_builders import SFTP, account, build_plan, build_project, export, flow, item, sftp_lake
from tests.plan.value_builders import AT, NOW, desired_export, lake

DAY, HOUR = 86400, 3600
EIGHT = Schedule("day", 1, 8 * HOUR)  # the schedule of the live flow
Flow = tuple[LiveObject, ...]


def planned(*live: LiveObject, options: PlanOptions = PlanOptions(), project: Any = None, **changes: Any) -> PlanItem:  # noqa: B008
    """What the plan does with the export `orders`, which by default declares what the live flow has."""
    declared = export("orders", **{"schedule": EIGHT, **changes})
    plan = build_plan(build_project(declared, **(project or {})), account(), *live, options=options)
    return item(plan, "exports.orders")


def changed(objects: Flow, number: int, **raw: Any) -> Flow:
    """A flow with another wire form of its source (0), its target (1) or itself (2)."""
    return tuple(replace(o, raw={**o.raw, **raw}) if n == number else o for n, o in enumerate(objects))


def scheduled(**changes: Any) -> Flow:
    objects = flow("orders")
    return changed(objects, 2, scheduleParams={**objects[2].raw["scheduleParams"], **changes})


def paused(objects: Flow) -> Flow:
    """A flow that exportctl saw enabled, and that a person disabled."""
    source, target, live = changed(objects, 2, state="disabled")
    return source, target, replace(live, marker=Marker("acme", "e", "orders", last_seen_enabled=True))


def causes(shown: PlanItem) -> dict[str, Cause]:
    """Path -> cause of what differs."""
    return {c.path: c.cause for c in shown.fields if c.cause is not Cause.ALREADY_MATCHES}


def safety_checks(shown: PlanItem) -> list[str]:
    return [r.safety_check for r in shown.refusals]


def rules(shown: PlanItem) -> list[str]:
    return [f.rule for f in shown.findings if f.rule != "ending"]


def consequences(shown: PlanItem) -> list[str]:
    return [c.rule for c in shown.consequences]


# -- not comparable ---------------------------------------------------------------------------------------------------

UNREADABLE: dict[str, tuple[Flow, str]] = {
    "a hidden target": ((flow("orders")[0], flow("orders")[2]), "has several connections, or a connection that"),
    "no dataset": (changed(flow("orders"), 0, params={}), "has a source connection without datasets"),
    "no params": (changed(flow("orders"), 1, params={}), "has a target connection without params"),
    "no schedule": (changed(flow("orders"), 2, scheduleParams={}), "has no scheduleParams"),
}


@pytest.mark.parametrize("row", UNREADABLE)
def test_a_flow_that_cannot_be_read_is_left_alone(row: str) -> None:
    live, reason = UNREADABLE[row]

    shown = planned(*live)

    assert (shown.verb, shown.steps, safety_checks(shown)) == (Verb.BLOCKED, (), ["not-expressible"])
    assert shown.refusals[0].text.startswith(f"the flow f-orders {reason}")


def test_a_pause_is_shown_although_the_account_is_unknown() -> None:
    unknown = lake(account=replace(lake().account, method=None, auth={}, id="nowhere"))

    shown = planned(*paused(flow("orders")), project={"destinations": [unknown]})

    assert (shown.verb, causes(shown)) == (Verb.PAUSED, {"enabled": Cause.PAUSED})
    assert [(f.rule, f.level) for f in shown.findings if f.level is Level.ERROR] == [("account-not-found", Level.ERROR)]


def duplicate(key: str = "second", **changes: Any) -> Flow:
    """A second flow with the marker of exports.orders, of another generation if one is given."""
    marker = Marker("acme", "e", "orders", **changes)
    return tuple(replace(o, marker=marker) for o in flow(key))


@pytest.mark.parametrize(
    ("path", "deleted"), [("aep", ["s-orders"]), ("elsewhere", ["s-orders", "t-orders"])], ids=["same", "another"]
)
def test_an_orphaned_target_is_used_again_only_at_the_same_location(path: str, deleted: list[str]) -> None:
    orphans = flow("orders", place={"bucketName": "acme", "path": path}, created=NOW - 60)[:2]

    shown = planned(*orphans)

    assert [s.id for s in shown.steps if s.action is Action.DELETE] == deleted


@pytest.mark.parametrize(("state", "shown"), [("enabled", None), ("disabled", None), ("retired", "retired")])
def test_a_state_that_is_neither_enabled_nor_disabled_is_shown_in_its_own_word(state: str, shown: str | None) -> None:
    assert planned(*changed(flow("orders"), 2, state=state)).service_state == shown


def test_an_older_flow_that_no_replacement_left_is_a_duplicate_and_is_not_deleted() -> None:
    shown = planned(*flow("orders"), *duplicate(generation=2))

    assert (safety_checks(shown), shown.steps) == (["duplicates"], ())


def test_datasets_that_both_sides_changed_are_not_sent_without_consent() -> None:
    live = flow("orders", ("d1", "d2"), applied=("d1",))

    shown = planned(*live, datasets=("d1", "d3"))
    consented = planned(*live, datasets=("d1", "d3"), options=PlanOptions(resume=("exports.orders",)))

    assert (safety_checks(shown), safety_checks(consented)) == (["datasets-conflict"], [])


def test_two_flows_of_one_address_are_refused_and_listed_and_keep_names_the_one_that_stays() -> None:
    live = (*flow("orders"), *changed(duplicate(), 2, state="disabled"))

    refused, kept = planned(*live), planned(*live, keep="f-orders")

    assert (refused.verb, safety_checks(refused)) == (Verb.BLOCKED, ["duplicates"])
    assert 'f-orders ("orders"), f-second ("second", disabled)' in refused.refusals[0].text
    assert [c.text for c in kept.consequences if c.rule == "flow-deleted"] == [
        'deletes the duplicate that `keep` does not name: f-second "second"'
    ]


# -- compare ----------------------------------------------------------------------------------------------------------


def test_an_interval_of_its_own_asks_for_a_new_start_only_if_the_live_one_is_not_on_its_grid() -> None:
    on_the_grid = planned(*flow("orders"), schedule=Schedule("hour", 4, 0))
    off_the_grid = planned(*flow("orders"), schedule=Schedule("hour", 4, HOUR))

    assert "schedule.start" not in on_the_grid.steps[-1].fields
    assert "schedule.start" in off_the_grid.steps[-1].fields


def test_a_new_interval_without_a_new_start_has_its_time_of_day_in_the_marker() -> None:
    marker = planned(*flow("orders"), schedule=Schedule("hour", 4, 0)).steps[-1].marker

    assert marker is not None and marker.applied["schedule.at"] == (digest(0),)


def test_a_flow_without_a_start_gets_one_with_its_new_interval() -> None:
    shown = planned(*scheduled(startTime=None), schedule=Schedule("hour", 4, 0))

    assert "schedule.start" in shown.steps[-1].fields


def test_a_daily_flow_that_becomes_one_time_gets_a_start_that_can_still_come() -> None:
    shown = planned(*scheduled(startTime=NOW - DAY), schedule=Schedule("once", 0, 8 * HOUR))

    assert "schedule.start" in shown.steps[-1].fields


def test_a_schedule_that_starts_after_the_end_is_refused() -> None:
    shown = planned(*flow("orders"), schedule=Schedule("day", 1, 9 * HOUR, NOW + 2 * DAY))

    assert safety_checks(shown) == ["starts-after-end"]


def test_a_new_schedule_waits_while_an_end_set_by_hand_comes_before_its_first_run() -> None:
    live = scheduled(endTime=NOW + HOUR)

    shown = planned(*live, schedule=Schedule("day", 1, 12 * HOUR))

    assert causes(shown) == {"schedule.at": Cause.PAUSED, "end": Cause.PAUSED}


def test_a_disabled_export_skips_runs_and_an_earlier_end_is_a_warning() -> None:
    shown = planned(*flow("orders"), enabled=False, end=End(moment=NOW + HOUR))

    assert set(consequences(shown)) >= {"runs-skipped", "ends-earlier"}
    assert [s.operation for s in shown.steps if s.action is Action.ACT] == ["disable"]


def test_a_new_start_enables_no_flow_that_a_person_disabled_before_its_last_run() -> None:
    source, target, live = paused(flow("orders"))
    ran = replace(live, raw={**live.raw, "updatedClient": BACKGROUND})

    shown = planned(source, target, ran, schedule=Schedule("day", 1, 12 * HOUR))

    assert (shown.verb, causes(shown)["enabled"]) == (Verb.UPDATE, Cause.PAUSED)
    assert [s for s in shown.steps if s.action is Action.ACT] == []


def test_an_export_that_is_enabled_again_is_one_action() -> None:
    source, target, live = changed(flow("orders"), 2, state="disabled")
    paused_flow = replace(live, marker=replace(Marker("acme", "e", "orders"), applied={"enabled": ("fcbc",)}))

    shown = planned(source, target, paused_flow, enabled=True, options=PlanOptions(resume=("*",)))

    assert [s.operation for s in shown.steps if s.action is Action.ACT] == ["enable"]


def test_a_new_dataset_list_is_a_new_source_and_may_send_again_what_stays() -> None:
    shown = planned(*flow("orders", ("d1", "d2")), datasets=("d1", "d3"))

    assert set(consequences(shown)) >= {"may-cause-full-re-export", "datasets-lost"}
    assert [(s.kind, s.action) for s in shown.steps if s.kind == "source_connection"] == [
        ("source_connection", Action.CREATE),
        ("source_connection", Action.DELETE),
    ]


def test_what_may_send_data_again_is_said_first() -> None:
    shown = planned(*flow("orders", ("d1", "d2")), datasets=("d1",), schedule=Schedule("hour", 4, 0))

    assert consequences(shown) == ["may-cause-full-re-export", "datasets-lost"]


def orphan(key: str, datasets: tuple[str, ...], created: int = NOW - 60) -> LiveObject:
    """A source connection of exports.orders that no flow uses."""
    source = flow(key, datasets, created=created)[0]
    return replace(source, marker=Marker("acme", "e", "orders"))


def test_the_source_that_an_interrupted_run_left_is_used_if_its_datasets_fit_and_deleted_if_not() -> None:
    live = flow("orders")

    fitting = planned(*live, orphan("left", ("d1", "d3")), datasets=("d1", "d3"))
    other = planned(*live, orphan("left", ("d4",)), datasets=("d1", "d3"))

    assert [dict(s.refs) for s in fitting.steps if s.refs] == [{"sourceConnectionIds": "s-left"}]
    assert ("s-left", Action.DELETE) in [(s.id, s.action) for s in other.steps]
    assert "s-left" not in [s.id for s in fitting.steps if s.action is Action.DELETE]


def test_a_change_of_a_target_that_others_use_is_refused() -> None:
    other = changed(flow("other", owner="theirs"), 2, targetConnectionIds=["t-orders"])

    shown = planned(*flow("orders"), *other, subpath="elsewhere")

    assert safety_checks(shown) == ["shared-children"]
    assert shown.refusals[0].text.endswith("that other flows use too: other")
    assert "target_connection" not in [s.kind for s in shown.steps]


PROTECTED: dict[str, tuple[dict[str, Any], str]] = {
    "disabling": ({"enabled": False}, "disables it"),
    "removing a dataset": ({"datasets": ("d1",)}, "removes datasets from it"),
    "one run only": ({"schedule": Schedule("once", 0, 8 * HOUR)}, "ends it after one run"),
    "an earlier end": ({"end": End(moment=NOW + HOUR)}, "ends it earlier, at 2027-01-15 09:00 UTC"),
}


@pytest.mark.parametrize("row", PROTECTED)
def test_protect_refuses(row: str) -> None:
    changes, words = PROTECTED[row]
    source, target, live = flow("orders", ("d1", "d2"))
    protected = replace(live, marker=Marker("acme", "e", "orders", protected=True, last_seen_enabled=True))

    shown = planned(source, target, protected, **{"protect": True, "datasets": ("d1", "d2"), **changes})

    assert [r.text for r in shown.refusals if r.safety_check == "protect"] == [
        f"exports.orders is protected, but this change {words}"
    ]


def test_a_manifest_is_sent_only_where_the_service_offers_it_or_the_yaml_forces_it() -> None:
    asked = planned(*flow("orders"), format=Format("parquet", "gzip", True))
    forced = planned(*flow("orders"), format=Format("parquet", "gzip", "force"))

    assert rules(asked) == ["manifest-not-offered"]
    assert [s.fields.get("format", {}).get("manifest") for s in forced.steps if s.kind == "target_connection"] == [True]


def test_a_manifest_that_the_service_offers_is_sent() -> None:
    offered = {"targetSpec": {"spec": {"properties": {MANIFEST: {"type": "boolean"}}}}}
    spec = TYPES["amazon-s3"].connection_spec

    shown = desired_export(specs={spec: offered}, format=Format("parquet", "gzip", True))

    assert (shown.target_fields["format"]["manifest"], shown.findings) == (True, ())


def test_a_marker_that_was_edited_is_written_again() -> None:
    source, target, live = flow("orders")
    edited = replace(live, marker=Marker("acme", "e", "orders", damaged=True))

    shown = planned(source, target, edited)
    protected = planned(source, target, edited, protect=True)

    assert rules(shown) == ["marker-damaged"]
    assert shown.verb is Verb.MARK
    assert protected.consequences == ()  # as before: the repaired marker only says it again


def test_a_flow_that_another_of_its_files_left_is_only_cleaned() -> None:
    applied = planned(*flow("orders")).steps
    markers = {s.kind: s.marker for s in applied}
    live = tuple(replace(o, marker=markers.get(o.kind, o.marker)) for o in flow("orders"))

    assert planned(*live).verb is Verb.UNCHANGED
    assert planned(*live, orphan("left", ("d4",))).verb is Verb.CLEAN


def test_a_rolling_end_that_is_due_is_a_renewal() -> None:
    due = NOW + 20 * DAY
    source, target, live = scheduled(endTime=due)
    ours = replace(live, marker=replace(Marker("acme", "e", "orders"), applied={"end": (str(due),)}))

    shown = planned(source, target, ours, end=End(rolling=180 * DAY, renew_before=30 * DAY))

    assert (shown.verb, causes(shown)) == (Verb.RENEW, {"end": Cause.RENEWAL})


# -- replace ----------------------------------------------------------------------------------------------------------


def test_another_account_needs_a_new_flow_and_consent() -> None:
    live = flow("orders", base="elsewhere")

    refused = planned(*live)
    consented = planned(*live, options=PlanOptions(allow_replace=("exports.orders",)))

    assert (refused.verb, safety_checks(refused)) == (Verb.REPLACE, ["replacement"])
    assert safety_checks(consented) == []
    assert [(s.kind, s.action) for s in consented.steps if s.kind == "flow"] == [
        ("flow", Action.UPDATE),
        ("flow", Action.ACT),
        ("flow", Action.CREATE),
        ("flow", Action.DELETE),
    ]


@pytest.mark.parametrize(("live", "name"), [(flow("orders", type=SFTP), "sftp"), (flow("orders"), "unknown")])
def test_another_type_needs_a_new_flow(live: Flow, name: str) -> None:
    if name == "unknown":
        live = changed(live, 2, flowSpec={"id": "unknown"})

    assert planned(*live, allow_replace="f-orders").fields[0].before == f"destination type {name} -> amazon-s3"


def test_an_account_that_is_created_needs_a_new_flow_which_waits_for_it() -> None:
    declared = export("orders", schedule=EIGHT, allow_replace="f-orders")
    plan = build_plan(build_project(declared, destinations=[lake()]), *flow("orders", base="gone"))

    shown = item(plan, "exports.orders")

    assert shown.fields[0].before == "another way to authenticate, or an account that does not exist yet"
    assert shown.steps[0].needs == (item(plan, "destinations.lake").steps[0].key,)


def test_a_flow_that_was_paused_by_hand_is_not_replaced() -> None:
    shown = planned(*paused(flow("orders", base="elsewhere")), allow_replace="f-orders")

    assert [r.allow for r in shown.refusals] == ["--resume exports.orders, or declare the pause: `enabled: false`"]


def test_an_accepted_pause_must_first_be_undone() -> None:
    accepted = AcceptEntry("exports.orders", "enabled", "a test", "jane", NOW + 1, AT)
    shown = planned(
        *paused(flow("orders", base="elsewhere")), allow_replace="f-orders", project={"accept": (accepted,)}
    )

    assert [r.allow[:32] for r in shown.refusals] == ["remove the `accept` entry, then "]


LIMITS: dict[str, tuple[int | None, Cause, str | None]] = {
    "until later": (NOW + 1, Cause.ACCEPTED, "until 2027-01-15 08:00:01 UTC, by data-team: a trial"),
    "until now": (NOW, Cause.UNKNOWN_ORIGIN, None),
    "for good": (None, Cause.ACCEPTED, "for good, by data-team: a trial"),
}


@pytest.mark.parametrize("row", LIMITS)
def test_an_accepted_difference_says_until_when_and_why(row: str) -> None:
    until, cause, note = LIMITS[row]
    accepted = AcceptEntry("exports.orders", "folder", "a trial", "data-team", until, AT)

    shown = planned(*flow("orders"), folder="x/%EXPORT_TIME%", project={"accept": (accepted,)})

    assert [(c.cause, c.note) for c in shown.fields if c.field == "folder"] == [(cause, note)]


def test_a_replacement_that_was_interrupted_is_finished_without_a_second_consent() -> None:
    source, target, live = changed(flow("orders", base="elsewhere"), 2, state="disabled")
    marked = replace(live, marker=Marker("acme", "e", "orders", being_replaced=True), name="orders (being replaced)")

    shown = planned(source, target, marked)

    assert (shown.verb, safety_checks(shown), rules(shown)[0]) == (Verb.REPLACE, [], "half-built")
    assert [s.action for s in shown.steps if s.kind == "flow"] == [Action.CREATE, Action.DELETE]


def test_the_flow_that_a_newer_one_replaced_is_deleted() -> None:
    newer = duplicate("second", generation=2)
    older = tuple(replace(o, marker=Marker("acme", "e", "orders", being_replaced=True)) for o in flow("orders"))

    shown = planned(*older, *newer)

    assert 'deletes the replaced flow: f-orders "orders"' in [c.text for c in shown.consequences]


@pytest.mark.parametrize(("enabled", "checks"), [(None, ["paused"]), (False, [])])
def test_a_pause_of_the_replaced_flow_counts_only_if_the_newer_one_runs(
    enabled: bool | None, checks: list[str]
) -> None:
    end = {"end": (str(NOW + 5 * DAY),)}
    marker = Marker("acme", "e", "orders", being_replaced=True, applied=end)
    older = tuple(replace(o, marker=marker) for o in scheduled(endTime=NOW + HOUR))

    shown = planned(*older, *duplicate(generation=2), end=End(moment=NOW + 5 * DAY), enabled=enabled)

    assert safety_checks(shown) == checks


# -- adopt ------------------------------------------------------------------------------------------------------------


def unmarked(objects: Flow) -> Flow:
    return tuple(replace(o, marker=None) for o in objects)


def test_a_flow_that_the_yaml_describes_is_adopted_by_markers_only() -> None:
    shown = planned(*unmarked(flow("orders")), adopt="f-orders")

    assert (shown.verb, safety_checks(shown), consequences(shown)) == (Verb.ADOPT, [], ["adoption"])
    assert [dict(s.fields) for s in shown.steps] == [{}, {}]


def test_an_adoption_that_would_change_the_flow_is_refused() -> None:
    differs = planned(*unmarked(flow("orders")), adopt="f-orders", title="New")
    elsewhere = planned(*unmarked(flow("orders", base="elsewhere")), adopt="f-orders")

    assert differs.refusals[0].text == "the YAML differs from the flow f-orders: title"
    assert elsewhere.refusals[0].text == "the YAML differs from the flow f-orders: another account"


def test_an_adoption_of_a_flow_that_does_not_exist_is_an_error() -> None:
    shown = planned(adopt="f-gone")

    assert [(f.rule, f.level) for f in shown.findings] == [("adopt-unknown", Level.ERROR)]


def test_an_adoption_with_an_unknown_dataset_waits() -> None:
    shown = planned(*unmarked(flow("orders")), adopt="f-orders", datasets=("d1", "unknown"))

    assert (shown.verb, shown.id, shown.steps) == (Verb.UNCHANGED, "f-orders", ())


def test_a_flow_of_another_project_is_not_adopted() -> None:
    source, target, live = flow("orders", owner="theirs")

    of_theirs = planned(source, target, live, adopt="f-orders")
    target_of_theirs = planned(source, target, replace(live, marker=None), adopt="f-orders")

    for shown in (of_theirs, target_of_theirs):
        assert [r.text for r in shown.refusals] == ["the flow f-orders is owned by project theirs (exports.orders)"]


def test_an_adopted_flow_that_lost_its_marker_is_still_ours_by_its_target() -> None:
    """The source of an adopted flow has no marker."""
    source, target, live = flow("orders")

    shown = planned(replace(source, marker=None), target, replace(live, marker=None), adopt="f-orders")

    assert (shown.verb, rules(shown)) == (Verb.MARK, ["marker-lost"])


# -- no flow ----------------------------------------------------------------------------------------------------------


def test_a_flow_whose_target_has_our_marker_may_be_ours() -> None:
    source, target, live = flow("orders")
    source, end = replace(source, marker=None), End(moment=NOW + 5 * DAY)

    lost = planned(source, target, replace(live, marker=None), end=end)
    overwritten = planned(source, target, replace(live, marker=Marker("theirs", "e", "orders")), end=end)

    assert [r.safety_check for r in lost.refusals] == ["look-alike"]
    assert [r.safety_check for r in overwritten.refusals] == ["other-project"]
    assert rules(lost) == rules(overwritten) == ["marker-lost", "location-shared-with-others"]


def test_a_new_flow_without_a_declared_end_has_none_in_its_marker_and_ends_when_the_service_says() -> None:
    shown = planned(end=End())

    marker = shown.steps[-1].marker
    assert marker is not None
    assert ("end" in marker.applied, shown.ends) == (False, default_end(NOW))


def test_connections_of_more_than_a_day_without_a_flow_need_consent_for_a_new_one() -> None:
    old = orphan("left", ("d1",), created=NOW - 2 * DAY)

    refused = planned(old)
    consented = planned(old, options=PlanOptions(allow_recreate=("exports.orders",)))

    assert (safety_checks(refused), safety_checks(consented)) == (["re-creation"], [])
    assert "full-re-export" in consequences(consented)


def test_an_sftp_export_of_an_account_that_another_destination_declares() -> None:
    """`account: {of: …}` is the account of that destination."""
    shared = sftp_lake("copy", account=replace(lake().account, method=None, auth={}, of="lake"))
    declared = export("orders", destination="copy")
    values = {("destinations.lake", "username"): "acme"}

    plan = build_plan(build_project(declared, destinations=[sftp_lake(), shared]), values=values)

    (created,) = item(plan, "destinations.lake").steps
    assert created.key in [need for s in item(plan, "exports.orders").steps for need in s.needs]


def test_a_time_of_day_that_cannot_be_compared_yet_is_written_down_if_it_is_the_same() -> None:
    accepted = AcceptEntry("exports.orders", "schedule.every", "for the fair", "jane", NOW + DAY, AT)

    shown = planned(*scheduled(interval=12, timeUnit="hour"), project={"accept": (accepted,)})

    assert causes(shown)["schedule.every"] is Cause.ACCEPTED
    (written,) = [s.marker for s in shown.steps if s.kind == "flow"]
    assert written is not None and written.applied["schedule.at"] == (digest(8 * HOUR),)


@pytest.mark.parametrize("seen", [False, True], ids=["seen off before", "seen on before"])
def test_an_end_that_a_person_moved_says_nothing_about_whether_the_flow_is_on(seen: bool) -> None:
    source, target, live = scheduled(endTime=NOW + HOUR)
    marker = Marker("acme", "e", "orders", last_seen_enabled=seen, applied={"end": (str(NOW + 5 * DAY),)})

    shown = planned(source, target, replace(live, marker=marker), end=End(moment=NOW + 5 * DAY))

    assert causes(shown)["end"] is Cause.PAUSED
    (written,) = [s.marker for s in shown.steps if s.kind == "flow"]
    assert written is not None and written.last_seen_enabled
