"""Secrets sent again: one PATCH of the account whoever uses it, named in the plan, proved by an empty plan."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from exportctl.apply.final_check import FinalCheck
from exportctl.emulator import Fault, Switches
from exportctl.errors import ConfigError, RefusedError
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Address, Cause, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.output.json import documents as json_view
from exportctl.output.text import plan as text_plan
from exportctl.plan import rotation
from exportctl.workflows import apply as apply_workflow
from exportctl.workflows.load_config import read_project
from tests.workflows.orders_sandbox import (
    apply_config,
    field_causes,
    item,
    moved_orders,
    objects,
    orders,
    safety_checks,
)
from tests.workflows.transports import InterruptingTransport
from tests.workflows.world import DESTINATIONS, SANDBOX, SECRETS, START, World, config, world

LAKE = "destinations.s3-key"
NEW = "canary/second+canary/second+canarysecond"
DEFAULTS = {**config()["defaults"], "destination": "ours"}
OTHER = {"type": "amazon-s3", "bucket": "acme-second", "path": "x", "account": {"of": "s3-key"}}


def key_account_config(number: int = 1, **more: Any) -> dict[str, Any]:
    """So many exports on the account with an access key."""
    exports = {
        f"export-{n}": {"datasets": ["Orders"], "destination": "s3-key", "subpath": f"part-{n}"} for n in range(number)
    }
    return config(exports=exports, **more)


@pytest.fixture
def made(tmp_path: Path) -> World:
    """One export on the account with an access key, applied, and the secret changed since."""
    return prepare_world(tmp_path, key_account_config())


def prepare_world(folder: Path, content: dict[str, Any]) -> World:
    small = world(folder)
    apply_config(small, content)
    small.forget_requests()
    small.env = {**small.env, "S3_SECRET": NEW}
    return small


def rotate_flags(key: str = "s3-key") -> PlanOptions:
    address = Address("destinations", key)
    return PlanOptions((str(address),), rotate=address)


def run_rotation(made: World, flags: PlanOptions | None = None, **more: Any) -> tuple[tuple[Outcome, ...], FinalCheck]:
    """As the command does it."""
    flags = flags or rotate_flags()
    with made.open_plan(flags, **more) as planned:
        under_way = apply_workflow.start_apply(
            planned, made.setup(**more), flags, parallelism=4, stop=threading.Event()
        )
        return tuple(under_way.execute_steps()), under_way.run_final_check()


def is_done(outcomes: tuple[Outcome, ...], final_check: FinalCheck) -> bool:
    return [o.status for o in outcomes] == [OutcomeStatus.DONE] and final_check.passed


def params(made: World) -> dict[str, Any]:
    (base,) = objects(made, "connections")
    values: dict[str, Any] = base["auth"]["params"]
    return values


def sent_params(made: World) -> dict[str, Any]:
    """Without what the service adds itself."""
    return {name: value for name, value in params(made).items() if name != "authorizedDate"}


# -- what is written --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 5])
def test_one_patch_sends_the_whole_set_however_many_exports_use_the_account(tmp_path: Path, number: int) -> None:
    made = prepare_world(tmp_path, key_account_config(number))
    assert is_done(*run_rotation(made))
    assert made.writes() == ["PATCH /connections"]
    assert sent_params(made) == {"s3AccessKey": SECRETS["S3_KEY"], "s3SecretKey": NEW}


def test_an_account_shared_by_two_destinations_is_sent_once(tmp_path: Path) -> None:
    content = key_account_config(destinations={**DESTINATIONS, "second": OTHER})
    content["exports"]["second"] = {"datasets": ["Orders"], "destination": "second"}
    made = prepare_world(tmp_path, content)
    project, _ = read_project(made.setup(), START)
    assert (
        rotation.rotated_account_address(project, "second")
        == rotation.rotated_account_address(project, "s3-key")
        == Address(*LAKE.split("."))
    )
    assert is_done(*run_rotation(made))
    assert made.writes() == ["PATCH /connections"]


def test_a_plan_after_it_is_empty_and_writes_nothing(made: World) -> None:
    assert is_done(*run_rotation(made))
    made.forget_requests()
    assert (made.plan().is_empty, made.plan().steps()) == (True, ())
    made.apply()
    assert made.writes() == []


def test_it_can_be_done_again_and_again_at_the_same_moment(made: World) -> None:
    for _ in range(3):
        made.forget_requests()
        assert is_done(*run_rotation(made))
        assert made.writes() == ["PATCH /connections"]


def test_a_new_secret_version_after_it_is_a_change_and_the_same_one_is_none(made: World) -> None:
    assert is_done(*run_rotation(made))
    auth = {**DESTINATIONS["s3-key"]["auth"], "secret_version": 2}
    made.write(key_account_config(destinations={**DESTINATIONS, "s3-key": {**DESTINATIONS["s3-key"], "auth": auth}}))
    assert field_causes(made.plan(), LAKE) == {"auth.secret_version": Cause.PENDING}
    apply_config(made)
    assert is_done(*run_rotation(made))
    assert made.plan().steps() == ()


def test_a_plain_plan_does_not_send_secrets_again(made: World) -> None:
    assert made.plan().steps() == ()
    assert params(made)["s3SecretKey"] == SECRETS["S3_SECRET"]


@pytest.mark.parametrize("patching", ["replace", "merge"])
@pytest.mark.parametrize("reading", ["mask", "show", "omit"])
def test_however_the_service_shows_and_patches_an_account_it_is_one_patch_and_then_nothing(
    tmp_path: Path, reading: str, patching: str
) -> None:
    made = world(tmp_path, Switches(read_secrets=reading, patch_objects=patching, transition=5, list_lag=60))
    made.write(key_account_config(3))
    assert made.apply()[1].passed
    made.emulator.advance(120)
    made.env = {**made.env, "S3_SECRET": NEW}
    made.forget_requests()
    assert is_done(*run_rotation(made))
    assert made.writes() == ["PATCH /connections"]
    assert sent_params(made) == {"s3AccessKey": SECRETS["S3_KEY"], "s3SecretKey": NEW}
    assert made.plan().steps() == ()


# -- what goes wrong --------------------------------------------------------------------------------------------------


def test_an_etag_moved_by_the_background_is_met_with_the_new_one(made: World) -> None:
    transport = InterruptingTransport(
        made, "PATCH", "/connections/", lambda identity: made.emulator.ui.label("connections", identity, []), count=2
    )
    assert is_done(*run_rotation(made, transport=transport))
    assert transport.seen == 3
    assert params(made)["s3SecretKey"] == NEW


def test_an_account_that_another_client_changed_meanwhile_is_left_as_it_is(made: World) -> None:
    def edited(identity: str) -> None:
        (base,) = objects(made, "connections")
        auth = {**base["auth"], "params": {**base["auth"]["params"], "s3AccessKey": "AKIASOMEBODYELSES000"}}
        made.emulator.ui.load({"connections": [{**base, "etag": '"theirs"', "auth": auth}]}, sandbox=SANDBOX)

    transport = InterruptingTransport(made, "PATCH", "/connections/", edited)
    (outcome,), final_check = run_rotation(made, transport=transport)
    assert (outcome.status, outcome.rule) == (OutcomeStatus.FAILED, "stale")
    assert (transport.seen, params(made)["s3SecretKey"]) == (1, SECRETS["S3_SECRET"])
    assert not final_check.passed


def test_of_two_rotations_at_once_one_is_done_and_the_other_says_that_the_account_moved(made: World) -> None:
    first: list[bool] = []
    transport = InterruptingTransport(
        made, "PATCH", "/connections/", lambda _: first.append(is_done(*run_rotation(made)))
    )
    (outcome,), _ = run_rotation(made, transport=transport)
    assert (first, outcome.status, outcome.rule) == ([True], OutcomeStatus.FAILED, "stale")
    assert made.plan().steps() == ()
    assert is_done(*run_rotation(made))


@pytest.mark.parametrize(("when", "patches"), [("before", 2), ("after", 1)])
def test_a_lost_request_is_sent_again_and_a_lost_answer_is_not(made: World, when: str, patches: int) -> None:
    made.emulator.add_fault(Fault("lost", method="PATCH", path="/connections", when=when))
    transport = InterruptingTransport(made, "PATCH", "/connections/", lambda _: None)
    assert is_done(*run_rotation(made, transport=transport))
    assert (transport.seen, params(made)["s3SecretKey"]) == (patches, NEW)


def test_what_the_service_refuses_is_still_to_be_sent(made: World) -> None:
    made.emulator.add_fault(Fault("status", method="PATCH", path="/connections", status=400))
    (outcome,), final_check = run_rotation(made)
    assert (outcome.status, final_check.passed) == (OutcomeStatus.FAILED, False)
    assert item(final_check.plan, LAKE).verb is Verb.UPDATE
    assert params(made)["s3SecretKey"] == SECRETS["S3_SECRET"]


def test_a_secret_that_is_not_set_stops_it_before_any_write(made: World) -> None:
    env = {name: value for name, value in made.env.items() if name != "S3_SECRET"}
    with pytest.raises(ConfigError, match="S3_SECRET is not set"):
        run_rotation(made, env=env)
    assert made.writes() == []


def test_a_live_key_the_yaml_lacks_stops_it(made: World) -> None:
    (base,) = objects(made, "connections")
    auth = {**base["auth"], "params": {**base["auth"]["params"], "s3Region": "eu-west-1"}}
    made.emulator.ui.load({"connections": [{**base, "auth": auth}]}, sandbox=SANDBOX)
    assert safety_checks(made.plan(rotate_flags()), LAKE) == ["auth-keys-lost"]
    with pytest.raises(RefusedError, match="s3Region"):
        run_rotation(made)
    assert made.writes() == []
    dropped = {**DESTINATIONS["s3-key"]["auth"], "drop": ["s3Region"]}
    made.write(key_account_config(destinations={**DESTINATIONS, "s3-key": {**DESTINATIONS["s3-key"], "auth": dropped}}))
    assert (
        consequence_texts(made.plan(rotate_flags()))["auth-keys-dropped"]
        == "removes s3Region from the account, as `drop` says"
    )
    assert made.plan().steps() == ()
    assert is_done(*run_rotation(made))
    assert "auth-keys-dropped" not in consequence_texts(made.plan(rotate_flags()))
    assert "s3Region" not in params(made)


# -- whom it reaches --------------------------------------------------------------------------------------------------


def add_neighbours(made: World) -> None:
    """An audience and a flow made by hand on the account."""
    (base,) = objects(made, "connections")
    made.emulator.ui.create_flow("Audience", sandbox=SANDBOX, base=base["id"], audience=True)
    made.emulator.ui.create_flow("By hand", ["Returns"], sandbox=SANDBOX, base=base["id"])


def consequence_texts(plan: Plan) -> dict[str, str]:
    return {c.rule: c.text for c in item(plan, LAKE).consequences}


@pytest.mark.parametrize("how", ["rotate", "a new secret_version"])
def test_the_plan_names_every_flow_on_the_account_and_says_to_keep_the_former_secrets(made: World, how: str) -> None:
    add_neighbours(made)
    auth = {**DESTINATIONS["s3-key"]["auth"], "secret_version": 2}
    if how != "rotate":
        made.write(
            key_account_config(destinations={**DESTINATIONS, "s3-key": {**DESTINATIONS["s3-key"], "auth": auth}})
        )
    plan = made.plan(rotate_flags() if how == "rotate" else PlanOptions())
    assert item(plan, LAKE).verb is Verb.UPDATE
    assert all(f'"{name}"' in consequence_texts(plan)["account-users"] for name in ("Audience", "By hand", "export-0"))
    assert "keep the old secrets valid until the next good run" in consequence_texts(plan)["secrets-resent"]
    assert "exportctl verify --since" in consequence_texts(plan)["secrets-resent"]


def test_flows_of_another_project_on_the_account_are_named_and_their_config_can_never_write_it(made: World) -> None:
    shared = {"type": "amazon-s3", "bucket": "acme-theirs", "path": "x", "account": {"existing": "s3-key (acme)"}}
    theirs = {"loyalty": {"datasets": ["Returns"], "destination": "ours"}}
    ours = (made.folder / "exports.yaml").read_text(encoding="utf-8")
    apply_config(
        made, {**config(exports=theirs, destinations={"ours": shared}, defaults=DEFAULTS), "project": "theirs"}
    )
    project, _ = read_project(made.setup(), START)
    with pytest.raises(RefusedError, match="does not manage"):
        rotation.rotated_account_address(project, "ours")
    (made.folder / "exports.yaml").write_text(ours, encoding="utf-8")
    assert '"loyalty"' in consequence_texts(made.plan(rotate_flags()))["account-users"]
    with made.open_plan(rotate_flags()) as planned:
        (base,) = objects(made, "connections")
        found = rotation.account_flows(planned.live, planned.project, base["id"], START)
    assert [(p.name, p.address) for p in found] == [
        ("export-0", Address("exports", "export-0")),
        ("loyalty", None),
    ]


def test_each_flow_comes_with_its_next_run_and_one_that_is_off_without(made: World) -> None:
    add_neighbours(made)
    made.emulator.ui.disable("By hand")
    with made.open_plan(rotate_flags()) as planned:
        (base,) = objects(made, "connections")
        found = rotation.account_flows(planned.live, planned.project, base["id"], START)
    assert [(p.name, p.address, p.next_run) for p in found] == [
        ("export-0", Address("exports", "export-0"), 1_800_064_800),  # 2027-01-16 02:00 UTC
        ("Audience", None, None),
        ("By hand", None, None),
    ]


def test_no_plan_and_no_outcome_holds_the_secret(made: World) -> None:
    with made.open_plan(rotate_flags()) as planned:
        said = [text_plan.render_plan(planned.plan), json_view.render_plan(planned.plan), repr(planned.plan)]
    said += [repr(run_rotation(made))]
    assert params(made)["s3SecretKey"] == NEW
    assert [(n, s) for n, words in enumerate(said) for s in (NEW, SECRETS["S3_KEY"]) if s in words] == []


def test_the_plan_of_a_rotation_offers_no_apply_that_would_leave_it_out(made: World) -> None:
    assert "--only-if" not in text_plan.render_plan(made.plan(rotate_flags()))


def test_an_account_under_its_name_before_a_rename_is_sent_its_secrets(made: World) -> None:
    destinations = {**DESTINATIONS, "s3-key": None, "renamed": {**DESTINATIONS["s3-key"], "renamed_from": "s3-key"}}
    exports = {"export-0": {"datasets": ["Orders"], "destination": "renamed", "subpath": "part-0"}}
    made.write(config(exports=exports, destinations={k: d for k, d in destinations.items() if d}))
    check_rotation(made, "renamed")
    assert is_done(*run_rotation(made, rotate_flags("renamed")))
    assert made.writes() == ["PATCH /connections"]
    assert params(made)["s3SecretKey"] == NEW
    assert made.plan().steps() == ()


def test_flows_on_a_duplicate_of_the_account_are_named_as_not_reached(tmp_path: Path) -> None:
    made = prepare_world(tmp_path, key_account_config(2))
    (base,) = objects(made, "connections")
    duplicate = {**base, "id": "7d0b0001-0000-4000-8000-000000000001", "createdAt": base["createdAt"] + 1}
    place = next(o for o in objects(made, "targetConnections") if o["params"]["path"].endswith("part-1"))
    moved_place = {**place, "baseConnectionId": duplicate["id"]}
    made.emulator.ui.load({"connections": [duplicate], "targetConnections": [moved_place]}, sandbox=SANDBOX)
    said = consequence_texts(made.plan(rotate_flags()))
    assert said["account-users"] == 'changes every flow on this account: "export-0"'
    assert all(words in said["account-flows-unreached"] for words in ('does not change "export-1"', duplicate["id"]))


# -- what is refused --------------------------------------------------------------------------------------------------

THEIRS = {"type": "amazon-s3", "bucket": "acme-ours", "path": "x", "account": {"existing": "Theirs account"}}
REFUSED = {
    "a role alone": ("s3-role", "no-secret"),
    "the landing zone": ("landing", "no-secret"),
    "an account others made": ("theirs", "account-not-managed"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_has_no_secret_of_ours_is_refused(made: World, what: str) -> None:
    key, rule = REFUSED[what]
    made.write(key_account_config(destinations={**DESTINATIONS, "theirs": THEIRS}))
    project, _ = read_project(made.setup(), START)
    with pytest.raises(RefusedError) as refused:
        rotation.rotated_account_address(project, key)
    assert (refused.value.rule, bool(refused.value.hint)) == (rule, True)
    assert refused.value.at == project.destinations[key].at


def check_rotation(made: World, key: str = "s3-key") -> None:
    with made.open_plan(rotate_flags(key)) as planned:
        rotation.check_rotation(planned.plan, planned.project, Address("destinations", key))


def test_an_account_that_has_yet_to_be_made_is_refused(made: World) -> None:
    made.write(key_account_config(destinations={name: DESTINATIONS[name] for name in ("s3-role", "s3-key", "gcs")}))
    assert made.plan(rotate_flags("gcs")).steps() == ()
    with pytest.raises(RefusedError, match="does not exist yet") as refused:
        check_rotation(made, "gcs")
    assert (refused.value.at is not None, "first export" in str(refused.value.hint)) == (True, True)


def test_an_account_that_changes_its_way_to_authenticate_is_refused(made: World) -> None:
    role = {**DESTINATIONS["s3-key"], "auth": {"role_arn": "${env:S3_ROLE}"}}
    made.write(key_account_config(destinations={**DESTINATIONS, "s3-key": role}))
    with pytest.raises(RefusedError, match="will be replaced"):
        check_rotation(made)


# -- other changes of an account --------------------------------------------------------------------------------------


def test_from_a_key_to_a_role_is_a_replacement_that_needs_consent(tmp_path: Path) -> None:
    made = prepare_world(tmp_path, key_account_config())
    role = {**DESTINATIONS["s3-key"], "auth": {"role_arn": "${env:S3_ROLE}"}}
    made.write(key_account_config(destinations={**DESTINATIONS, "s3-key": role}))
    plan = made.plan()
    assert item(plan, LAKE).verb is Verb.REPLACE
    assert safety_checks(plan, "exports.export-0") == ["replacement"]
    with pytest.raises(RefusedError):
        made.apply()
    assert made.writes() == []


ACCOUNT_FIELDS = {
    "another host": ("sftp-password", "SFTP", {"host": "sftp.other.example"}, {}, "host"),
    "another user": ("sftp-password", "SFTP", {}, {"username": "other"}, "auth.username"),
    "another tenant": ("adls", "Azure Data Lake Gen2", {}, {"tenant_id": "t-0002"}, "auth.tenant_id"),
}


@pytest.mark.parametrize("what", ACCOUNT_FIELDS)
def test_another_field_of_the_account_is_one_patch_that_names_all_its_flows(tmp_path: Path, what: str) -> None:
    key, card, place, auth, path = ACCOUNT_FIELDS[what]
    exports = {f"to-{n}": {"datasets": ["Orders"], "destination": key, "subpath": f"part-{n}"} for n in range(2)}
    made = prepare_world(tmp_path, config(exports=exports))
    (base,) = objects(made, "connections")
    made.emulator.ui.create_flow("Audience", sandbox=SANDBOX, base=base["id"], audience=True, destination=card)
    made.forget_requests()
    declared = DESTINATIONS[key]
    after = {**declared, **place, "auth": {**declared["auth"], **auth}}
    made.write(config(exports=exports, destinations={**DESTINATIONS, key: after}))
    plan = made.plan()
    assert field_causes(plan, f"destinations.{key}") == {path: Cause.PENDING}
    (users,) = [c.text for c in item(plan, f"destinations.{key}").consequences if c.rule == "account-users"]
    assert all(f'"{name}"' in users for name in ("to-0", "to-1", "Audience"))
    apply_config(made)
    assert made.writes() == ["PATCH /connections"]


def test_a_role_needs_no_rotation_since_it_is_compared(small: World) -> None:
    apply_config(small, orders())
    small.write(moved_orders(auth={"role_arn": "arn:aws:iam::123456789012:role/other"}))
    assert field_causes(small.plan(), "destinations.s3-role") == {"auth.role_arn": Cause.PENDING}
