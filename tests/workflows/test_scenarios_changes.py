"""Accounts, datasets and schedules: what is looked up, what is sent, and what is left exactly as it is."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.emulator import SeedDataset, Switches
from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from tests.workflows.orders_sandbox import (
    DAY,
    HOUR,
    apply_config,
    dataset,
    field_causes,
    findings,
    item,
    moved_orders,
    objects,
    orders,
    safety_checks,
    source,
    target,
    writes_of,
)
from tests.workflows.world import DESTINATIONS, SANDBOX, START, World, config, world

LEAD = 1800
MIDNIGHT = START - START % DAY


# -- accounts ---------------------------------------------------------------------------------------------------------


def existing_account_config(account: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """`orders` on an account that another team made."""
    lake = {"type": "amazon-s3", "bucket": "acme-exports", "path": "ours", "account": account}
    return config(
        destinations={"lake": lake, "gcs": DESTINATIONS["gcs"]},
        defaults={**config()["defaults"], "destination": "lake"},
        **changes,
    )


def create_flow_by_hand(small: World, name: str = "Theirs") -> dict[str, Any]:
    return small.emulator.ui.create_flow(name, ["Loyalty Profiles"], sandbox=SANDBOX)


@pytest.mark.parametrize("by", ["existing", "id"])
def test_an_account_made_by_others_is_used_and_never_written(small: World, by: str) -> None:
    made = create_flow_by_hand(small)
    (before,) = objects(small, "connections")
    small.write(existing_account_config({"existing": "Theirs account"} if by == "existing" else {"id": made["base"]}))
    assert writes_of(small) == ["POST /flows", "POST /sourceConnections", "POST /targetConnections"]
    assert target(small)["baseConnectionId"] == made["base"]
    (after,) = objects(small, "connections")
    assert {k: after[k] for k in ("name", "auth")} == {k: before[k] for k in ("name", "auth")}
    assert not after.get("description")


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ({"existing": "Their account"}, 'no Amazon S3 account in this sandbox has the title "Their account"'),
        ({"id": "00000000-0000-4000-8000-000000000000"}, "no base connection in this sandbox has the id 0000"),
    ],
    ids=["by title", "by id"],
)
def test_an_account_that_is_not_there_stops_its_exports_and_names_what_is(
    small: World, account: dict[str, Any], words: str
) -> None:
    create_flow_by_hand(small)
    other = {"datasets": ["Returns"], "destination": "gcs"}
    small.write(existing_account_config(account, exports={"orders": {"datasets": ["Orders"]}, "other": other}))
    plan = small.plan()
    (error,) = plan.errors()
    assert (error.rule, item(plan).verb, item(plan, "exports.other").verb) == (
        "account-not-found",
        Verb.UNCHANGED,
        Verb.CREATE,
    )
    assert words in error.message
    if "existing" in account:
        assert error.hint is not None
        assert '"Theirs account"' in error.hint


def test_two_accounts_of_one_title_are_ambiguous_and_listed(small: World) -> None:
    made = [create_flow_by_hand(small)["base"], create_flow_by_hand(small)["base"]]
    small.write(existing_account_config({"existing": "Theirs account"}))
    (error,) = small.plan().errors()
    assert error.rule == "account-not-found"
    assert ", ".join(sorted(made)) in error.message


def test_an_account_of_another_type_with_that_title_is_not_it(small: World) -> None:
    small.emulator.ui.create_flow("Theirs", ["Orders"], sandbox=SANDBOX, destination="Google Cloud Storage")
    small.write(existing_account_config({"existing": "Theirs account"}))
    assert [f.rule for f in small.plan().errors()] == ["account-not-found"]


def test_two_destinations_may_share_one_account(small: World) -> None:
    destinations = {
        **DESTINATIONS,
        "second": {"type": "amazon-s3", "bucket": "acme-second", "path": "x", "account": {"of": "s3-role"}},
    }
    exports = {"orders": {"datasets": ["Orders"]}, "second": {"datasets": ["Orders"], "destination": "second"}}
    apply_config(small, config(destinations=destinations, exports=exports))
    assert len(objects(small, "connections")) == 1
    assert {t["params"]["bucketName"] for t in objects(small, "targetConnections")} == {"acme-lake", "acme-second"}


def test_sending_secrets_again_names_every_flow_on_the_account_audiences_too(small: World) -> None:
    apply_config(small, orders())
    (base,) = objects(small, "connections")
    small.emulator.ui.create_flow("Audience", sandbox=SANDBOX, base=base["id"], audience=True)
    small.emulator.ui.create_flow("By hand", ["Returns"], sandbox=SANDBOX, base=base["id"])
    small.write(moved_orders(auth={"role_arn": "${env:S3_ROLE}", "secret_version": "2"}))
    plan = small.plan()
    (users,) = [c for c in item(plan, "destinations.s3-role").consequences if c.rule == "account-users"]
    assert all(f'"{name}"' in users.text for name in ("Audience", "By hand", "orders"))
    assert field_causes(plan, "destinations.s3-role") == {"auth.secret_version": Cause.PENDING}
    assert writes_of(small) == ["PATCH /connections"]


def set_account_key(world: World, **more: str) -> None:
    (base,) = objects(world, "connections")
    params = {**base["auth"]["params"], **more}
    world.emulator.ui.load({"connections": [{**base, "auth": {**base["auth"], "params": params}}]}, sandbox=SANDBOX)


def test_a_live_auth_key_the_yaml_lacks_stops_a_write_that_would_lose_it(small: World) -> None:
    apply_config(small, orders())
    set_account_key(small, s3Region="eu-west-1")
    assert safety_checks(small.plan(), "destinations.s3-role") == []  # nothing is written, nothing is lost
    small.write(moved_orders(auth={"role_arn": "${env:S3_ROLE}", "secret_version": "2"}))
    plan = small.plan()
    assert safety_checks(plan, "destinations.s3-role") == ["auth-keys-lost"]
    assert "s3Region" in item(plan, "destinations.s3-role").refusals[0].allow
    apply_config(small, moved_orders(auth={"role_arn": "${env:S3_ROLE}", "secret_version": "2", "drop": ["s3Region"]}))
    assert "s3Region" not in objects(small, "connections")[0]["auth"]["params"]


def test_what_the_service_adds_to_auth_itself_is_not_lost(small: World) -> None:
    apply_config(small, orders())
    set_account_key(small, authorizedDate="2027-01-15")
    small.write(moved_orders(auth={"role_arn": "${env:S3_ROLE}", "secret_version": "2"}))
    assert safety_checks(small.plan(), "destinations.s3-role") == []


def test_a_plan_with_references_unset_compares_nothing_it_cannot_know(small: World) -> None:
    apply_config(small, orders())
    bare = World(small.folder, small.emulator, env={k: v for k, v in small.env.items() if k != "S3_ROLE"})
    plan = bare.plan()
    assert plan.is_empty
    assert plan.steps() == ()


# -- datasets ---------------------------------------------------------------------------------------------------------


def seed_datasets(small: World, *datasets: SeedDataset) -> None:
    small.emulator.seed((), {SANDBOX: list(datasets)})


def test_a_dataset_that_is_gone_is_a_finding_and_the_flow_keeps_its_list(small: World) -> None:
    apply_config(small, orders())
    seed_datasets(small, SeedDataset("Orders", dataset(small, "Orders"), eligible=False))
    plan = small.plan()
    assert (findings(plan), item(plan).verb, plan.errors()) == (["dataset-gone"], Verb.UNCHANGED, ())
    apply_config(small, orders(title="Other title"))
    assert len(source(small, "Other title")["params"]["datasets"]) == 1


def test_a_dataset_called_otherwise_now_is_a_finding_and_its_new_name_no_change(small: World) -> None:
    apply_config(small, orders())
    seed_datasets(small, SeedDataset("Orders of 2027", dataset(small, "Orders")))
    plan = small.plan()
    assert (findings(plan), plan.steps()) == (["dataset-name"], ())
    small.write(orders(datasets=["Orders of 2027"], title="orders"))
    plan = small.plan()
    assert (findings(plan), plan.steps()) == ([], ())


def test_a_name_that_means_another_dataset_now_is_refused(small: World) -> None:
    apply_config(small, orders())
    before = dataset(small, "Orders")
    seed_datasets(small, SeedDataset("Orders of old", before), SeedDataset("Orders"))
    plan = small.plan()
    assert safety_checks(plan) == ["dataset-renamed"]
    assert before in item(plan).refusals[0].text
    small.write(orders(datasets=[{"id": before}]))
    assert (safety_checks(small.plan()), small.plan().steps()) == ([], ())


def test_a_second_dataset_of_the_same_name_does_not_move_a_live_flow(small: World) -> None:
    apply_config(small, orders())
    seed_datasets(small, SeedDataset("Orders"))
    assert small.plan().steps() == ()


UNKNOWN: dict[str, tuple[Any, str]] = {
    "an unknown name": ("Odrers", "dataset-unknown"),
    "a name two have": ("Twice", "dataset-ambiguous"),
    "an unknown id": ({"id": "0" * 24}, "dataset-not-eligible"),
    "a name that cannot be exported": ("Internal", "dataset-unknown"),
}


@pytest.mark.parametrize("mistake", UNKNOWN)
def test_a_dataset_that_cannot_be_had_stops_its_export_and_no_other(small: World, mistake: str) -> None:
    seed_datasets(small, SeedDataset("Twice"), SeedDataset("Twice"), SeedDataset("Internal", eligible=False))
    declared, rule = UNKNOWN[mistake]
    exports = {"orders": {"datasets": [declared]}, "other": {"datasets": ["Returns"], "subpath": "other"}}
    small.write(config(exports=exports))
    plan = small.plan()
    assert [f.rule for f in plan.errors()] == [rule]
    assert (item(plan).steps, item(plan, "exports.other").verb) == ((), Verb.CREATE)


def test_an_unknown_name_tells_the_nearest_and_an_ambiguous_one_its_ids(small: World) -> None:
    seed_datasets(small, SeedDataset("Twice"), SeedDataset("Twice"))
    small.write(orders(datasets=["Odrers", "Twice"]))
    unknown, ambiguous = small.plan().errors()
    assert unknown.hint is not None
    assert '"Orders"' in unknown.hint
    ids = sorted(d["id"] for d in small.emulator.datasets(SANDBOX) if d["name"] == "Twice")
    assert ", ".join(ids) in ambiguous.message


# -- manifest ---------------------------------------------------------------------------------------------------------

MANIFEST = {"type": "parquet", "compression": "gzip", "manifest": True}


def test_a_manifest_goes_out_where_the_service_offers_it(small: World) -> None:
    apply_config(small, orders(format=MANIFEST))
    assert target(small)["params"]["includeFileManifest"] is True
    apply_config(small, orders(format="parquet"))
    assert target(small)["params"].get("includeFileManifest") in (None, False)


def test_a_manifest_the_service_does_not_offer_is_not_sent_and_is_no_difference(tmp_path: Any) -> None:
    plain = world(tmp_path, Switches(manifest="rejected"))
    plain.write(orders(format=MANIFEST))
    assert "manifest-not-offered" in findings(plain.plan())
    apply_config(plain)
    assert "includeFileManifest" not in target(plain)["params"]
    assert plain.plan().steps() == ()


def test_a_forced_manifest_is_sent_whatever_the_service_lists(tmp_path: Any) -> None:
    plain = world(tmp_path, Switches(manifest="rejected"))
    plain.write(orders(format={**MANIFEST, "manifest": "force"}))
    assert "manifest-not-offered" not in findings(plain.plan())
    outcomes, final_check = plain.apply()
    assert not final_check.passed
    assert any("includeFileManifest" in (o.message or "") for o in outcomes)


# -- schedules --------------------------------------------------------------------------------------------------------


def schedule(world: World, title: str = "orders") -> dict[str, Any]:
    shown: dict[str, Any] = world.flow(title)["scheduleParams"]
    return shown


SAME_START: dict[str, dict[str, Any]] = {
    "another title": {"title": "Other"},
    "another folder": {"folder": "%DATASET_NAME%/%EXPORT_TIME%"},
    "another end": {"end": "2028-06-01"},
    "other datasets": {"datasets": ["Returns"]},
    "a description": {"description": "For the lake"},
    "protect": {"protect": True},
    "another interval on the same grid": {"schedule": {"every": "6 hours", "at": "02:00"}},
    "another interval, its own name for the same hour": {"schedule": {"every": "12 hours", "at": "14:00"}},
}


@pytest.mark.parametrize("change", SAME_START)
def test_a_patch_sends_the_live_start_unchanged(small: World, change: str) -> None:
    apply_config(small, orders())
    before = schedule(small)["startTime"]
    small.emulator.advance(40 * DAY)
    apply_config(small, orders(**SAME_START[change]))
    assert schedule(small, SAME_START[change].get("title", "orders"))["startTime"] == before


@pytest.mark.parametrize("every", ["3 hours", "6 hours", "9 hours", "12 hours", "1 day"])
@pytest.mark.parametrize("at", ["00:30", "08:20", "23:45"])
def test_another_time_of_day_starts_again_on_its_grid_and_half_an_hour_ahead(small: World, every: str, at: str) -> None:
    apply_config(small, orders(schedule={"every": every, "at": "02:00"}))
    small.emulator.advance(3 * DAY + 17)
    small.write(orders(schedule={"every": every, "at": at}))
    assert field_causes(small.plan()) == {"schedule.at": Cause.PENDING}
    assert writes_of(small) == ["PATCH /flows"]
    start = schedule(small)["startTime"]
    phase = int(at[:2]) * HOUR + int(at[3:]) * 60
    assert (start - phase) % (3 * HOUR) == 0
    assert START + 3 * DAY + 17 + LEAD <= start <= START + 4 * DAY + 17 + LEAD


def test_another_interval_off_the_grid_starts_again(small: World) -> None:
    apply_config(small, orders())
    small.write(orders(schedule={"every": "6 hours", "at": "01:00"}))
    assert field_causes(small.plan()) == {"schedule.every": Cause.PENDING}
    apply_config(small)
    assert schedule(small)["startTime"] % (6 * HOUR) == HOUR
    assert schedule(small)["startTime"] >= START + LEAD


def test_a_start_is_not_before_the_declared_one(small: World) -> None:
    apply_config(small, orders(schedule={"every": "1 day", "at": "02:00", "start": "2027-03-01"}))
    assert schedule(small)["startTime"] == 1_803_866_400  # 2027-03-01 02:00 UTC


def test_an_interval_changed_by_hand_and_in_the_yaml_keeps_the_start_sent_last(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.schedule("orders", {"timeUnit": "hour", "interval": 12})
    small.write(orders(schedule={"every": "6 hours", "at": "02:00"}))
    before = schedule(small)["startTime"]
    assert field_causes(small.plan()) == {"schedule.every": Cause.CONFLICT}
    apply_config(small)
    assert (schedule(small)["interval"], schedule(small)["startTime"]) == (6, before)


# -- once -------------------------------------------------------------------------------------------------------------

ONCE: dict[str, Any] = {"schedule": {"every": "once", "at": "05:00"}}


def one_time_orders(**changes: Any) -> dict[str, Any]:
    defaults = {k: v for k, v in config()["defaults"].items() if k != "end"}
    return {**orders(**ONCE, **changes), "defaults": defaults}


def test_a_one_time_export_is_a_full_one_and_has_no_end(small: World) -> None:
    apply_config(small, one_time_orders())
    shown = schedule(small)
    assert (shown["exportMode"], shown["timeUnit"], shown["interval"]) == ("DAILY_FULL_EXPORT", "day", 0)
    assert shown["startTime"] == MIDNIGHT + DAY + 5 * HOUR
    assert "endTime" not in shown


def test_a_one_time_export_that_ran_is_finished_and_not_started_again(small: World) -> None:
    apply_config(small, one_time_orders())
    small.emulator.advance(400 * DAY)
    plan = small.plan()
    assert (plan.steps(), findings(plan), item(plan).next_after) == ((), [], ())
    before = schedule(small)["startTime"]
    apply_config(small, one_time_orders(title="Other"))
    assert schedule(small, "Other")["startTime"] == before


def test_a_one_time_export_that_ran_is_not_started_by_another_hour(small: World) -> None:
    apply_config(small, one_time_orders())
    small.emulator.advance(2 * DAY)
    small.write(
        one_time_orders()
        | {"exports": {"orders": {"datasets": ["Orders"], "schedule": {"every": "once", "at": "07:00"}}}}
    )
    assert small.plan().steps() == ()


def test_a_one_time_export_with_a_start_long_past_is_an_error_until_its_flow_exists(small: World) -> None:
    late = one_time_orders()
    late["exports"]["orders"]["schedule"] = {**ONCE["schedule"], "start": "2027-02-01"}
    apply_config(small, late)
    small.emulator.advance(400 * DAY)
    assert small.plan().errors() == ()


def test_a_daily_export_turned_into_a_one_time_one_gets_a_start_that_can_still_come(small: World) -> None:
    apply_config(small, orders(end="2028-06-01", schedule={"every": "1 day", "at": "05:00"}))
    small.emulator.advance(10 * DAY)
    small.write(orders(end="2028-06-01", **ONCE))
    plan = small.plan()
    assert field_causes(plan) == {"schedule.every": Cause.PENDING}
    assert "may-cause-full-re-export" in [c.rule for c in item(plan).consequences]
    (run,) = item(plan).next_after
    apply_config(small)
    assert schedule(small)["startTime"] == run >= START + 10 * DAY + LEAD


# -- what a service may do to a value ---------------------------------------------------------------------------------


@pytest.mark.parametrize("normalise", ["trailing-slash", "case"])
def test_another_spelling_by_the_service_is_said_once_and_never_drifts(tmp_path: Any, normalise: str) -> None:
    other = world(tmp_path, Switches(normalise=normalise))
    other.write(orders(subpath="x", folder="%DATASET_ID%/%EXPORT_TIME%/", description="For the Lake"))
    _, final_check = other.apply()
    assert final_check.passed
    assert other.plan().steps() == ()
    assert set(field_causes(other.plan()).values()) <= {Cause.NORMALISED}
    other.emulator.ui.rename("orders", "mine")
    assert field_causes(other.plan())["title"] is Cause.DRIFT


@pytest.mark.parametrize("key", ["foldernameTemplate", "folderNameTemplate", "as-sent"])
@pytest.mark.parametrize("interval", ["integer", "string"])
def test_either_spelling_of_the_template_and_of_the_interval_is_read_and_kept(
    tmp_path: Any, key: str, interval: str
) -> None:
    other = world(tmp_path, Switches(template_key=key, interval_type=interval))
    apply_config(other, orders())
    apply_config(other, orders(folder="%DATASET_NAME%/%EXPORT_TIME%", schedule={"every": "6 hours", "at": "02:00"}))
    assert other.plan().steps() == ()


def test_an_end_the_service_chose_itself_is_no_drift(small: World) -> None:
    apply_config(small, one_time_orders())
    small.emulator.switches = Switches(default_end_time="shown")
    assert small.plan().steps() == ()


def test_flags_that_allow_more_than_is_needed_change_nothing(small: World) -> None:
    apply_config(small, orders())
    everything = PlanOptions(("*",), 99, ("*",), ("*",), ("*",))
    assert small.plan(everything).steps() == ()
