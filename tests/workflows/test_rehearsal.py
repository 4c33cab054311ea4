"""
A rehearsal is the real apply in an emulator of its own. It catches what the emulator's rules refuse before anything is
written, and says which line of the config is behind it.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from exportctl.emulator import Switches
from exportctl.model.plan_options import PlanOptions
from exportctl.snapshot import file as document
from exportctl.workflows import plan as plan_workflow
from exportctl.workflows import rehearse
from exportctl.workflows.rehearse import Rehearsal
from tests.workflows.strategies import accepting_switches, configs
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config, world

DAY = 86400
EVERYTHING = PlanOptions(allow_deletes=100, allow_replace=("*",), resume=("*",))
LAW = settings(max_examples=5)
MANY = settings(LAW, max_examples=500)
LISTED = 61  # seconds: promise 3 is about what is listed within a minute
Docs = dict[str, dict[str, Any]]  # of one flow, by collection


def run_rehearsal(made: World, flags: PlanOptions = PlanOptions(), /, **switches: object) -> Rehearsal:  # noqa: B008
    """The plan of what the world holds now, rehearsed from a snapshot without any environment."""
    taken = plan_workflow.take_snapshot(made.setup(), wall=lambda: 0)
    made.forget_requests()
    setup = made.setup(env={}, transport=None)
    draft = plan_workflow.plan_from_snapshot(
        setup, flags, document.load_snapshot(document.dump_snapshot(taken)), wall=lambda: 0
    )
    assert not draft.plan.errors()
    assert not draft.plan.is_refused
    found = rehearse.rehearse(draft, taken, setup, flags, switches)
    assert made.emulator.requests() == []
    return found


def export(**changes: Any) -> dict[str, Any]:
    return {"orders": {"datasets": ["Orders"], **changes}}


def destination(name: str, **changes: Any) -> dict[str, Any]:
    return {**DESTINATIONS, name: {**DESTINATIONS[name], **changes}}


def rule_off(rule: str) -> dict[str, Any]:
    return {rule: {"level": "off", "reason": "the emulator is to find it"}}


def flow_documents(made: World) -> Docs:
    snapshot = made.emulator.snapshot(SANDBOX)
    return {name: snapshot[name][0] for name in ("targetConnections", "flows")}


def edit_live(made: World, collection: str, **changes: Any) -> None:
    """The applied flow or its target, as another client may have left it; nothing checks that."""
    doc = flow_documents(made)[collection]
    made.emulator.ui.load({collection: [{**doc, **changes}]}, sandbox=SANDBOX)


def params(**changes: Any) -> Callable[[World], None]:
    return lambda made: edit_live(
        made, "targetConnections", params={**flow_documents(made)["targetConnections"]["params"], **changes}
    )


def schedule(**changes: Any) -> Callable[[World], None]:
    return lambda made: edit_live(
        made, "flows", scheduleParams={**flow_documents(made)["flows"]["scheduleParams"], **changes}
    )


def other_flow(name: str) -> Callable[[World], None]:
    def make(made: World) -> None:
        made.emulator.ui.create_flow(name, ["Returns"], sandbox=SANDBOX)

    return make


@dataclass(frozen=True)
class Payload:
    """
    What the emulator refuses. `content` is the config; where `bend` changes what is live, it was applied before without
    `changes`. `line` is text on the line that must be named, `quoted` of the service's message.
    """

    quoted: str
    address: str
    line: str
    changes: Mapping[str, Any]
    bend: Callable[[World], None] | None = None
    switches: Mapping[str, object] = field(default_factory=dict)
    service: Mapping[str, Any] = field(default_factory=dict)  # switches of the world the snapshot is of
    wait: int = 0  # seconds between the apply and the change


ORDERS = "exports.orders"
PAYLOADS = {
    "an S3 path with a blank": Payload(
        "'path' breaks the rule pattern",
        ORDERS,
        '"path": "aep exports"',
        {"destinations": destination("s3-role", path="aep exports"), "rules": rule_off("path-characters")},
    ),
    "a Blob path with a blank": Payload(
        "'path' breaks the rule pattern",
        ORDERS,
        '"subpath": "a b"',
        {"exports": export(destination="blob", subpath="a b"), "rules": rule_off("path-characters")},
    ),
    "an S3 key id that the published pattern refuses": Payload(
        "'s3AccessKey' breaks the rule pattern",
        "destinations.s3-key",
        '"access_key_id": "AKIA0189018901890189"',
        {
            "destinations": destination(
                "s3-key",
                auth={"access_key_id": "AKIA0189018901890189", "secret_access_key": "${env:S3_SECRET}"},
            ),
            "exports": export(destination="s3-key"),
        },
    ),
    "uncompressed JSON, where that is refused": Payload(
        "JSON is only supported with a compression",
        ORDERS,
        '"orders": {',
        {"exports": export(format={"type": "json", "compression": "none"}), "rules": rule_off("json-uncompressed")},
        switches={"json_uncompressed": "rejected"},
    ),
    "a manifest by force, where none is offered": Payload(
        "Unrecognized field 'includeFileManifest'",
        ORDERS,
        '"orders": {',
        {"exports": export(format={"type": "parquet", "compression": "gzip", "manifest": "force"})},
        service={"manifest": "rejected"},
    ),
    "every 8 hours, where that is refused": Payload(
        "interval 8 is not supported",
        ORDERS,
        '"orders": {',
        {"exports": export(schedule={"every": "8 hours", "at": "00:00"})},
        switches={"eight_hours": "rejected"},
    ),
    "a name that a flow has already, where names are unique": Payload(
        "An entity with the name 'orders' exists already",
        ORDERS,
        '"orders": {',
        {"exports": export()},
        bend=other_flow("orders"),
        switches={"name_unique": True},
        wait=-1,
    ),
    "a change after the first run, where no start may be past": Payload(
        "startTime is in the past",
        ORDERS,
        '"title": "Orders of the day"',
        {"exports": export(title="Orders of the day")},
        switches={"past_start": "rejected-always"},
        wait=2 * DAY,
    ),
    "a live schedule with a field of another client": Payload(
        "Unrecognized field 'backfill' in scheduleParams",
        ORDERS,
        '"folder": "x/%DATASET_ID%/%EXPORT_TIME%"',
        {"exports": export(folder="x/%DATASET_ID%/%EXPORT_TIME%")},
        bend=schedule(backfill="true"),
        switches={"patch_checks": "whole"},
    ),
    "a live schedule with both spellings of the template": Payload(
        "two folder templates",
        ORDERS,
        '"folder": "x/%DATASET_ID%/%EXPORT_TIME%"',
        {"exports": export(folder="x/%DATASET_ID%/%EXPORT_TIME%")},
        bend=schedule(folderNameTemplate="%DATASET_ID%/%EXPORT_TIME%"),
        switches={"template_key": "as-sent"},
        service={"template_key": "as-sent"},
    ),
    "a live target with a parameter of another client": Payload(
        "Unrecognized field 'delimiter'",
        ORDERS,
        '"subpath": "deeper"',
        {"exports": export(subpath="deeper")},
        bend=params(delimiter=";"),
        switches={"patch_checks": "whole"},
    ),
    "a live target whose values are spelled otherwise": Payload(
        "'compression' breaks the rule enum",
        ORDERS,
        '"subpath": "deeper"',
        {"exports": export(subpath="deeper")},
        bend=params(compression="gzip"),
        switches={"lower_case_enums": "rejected", "patch_checks": "whole"},
    ),
    "a live flow with transformations": Payload(
        "transformations must be empty",
        ORDERS,
        '"title": "Orders of the day"',
        {"exports": export(title="Orders of the day")},
        bend=lambda made: edit_live(made, "flows", transformations=[{"name": "other"}]),
    ),
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_payload_that_the_emulator_refuses_is_caught_before_any_write(payload: Payload, tmp_path: Path) -> None:
    made = world(tmp_path, Switches(**payload.service))
    if payload.wait >= 0 and (payload.bend or payload.wait):
        made.write(config())
        assert made.apply()[1].verdict.is_complete
        made.emulator.advance(payload.wait)
    if payload.bend:
        payload.bend(made)
    made.write(config(**payload.changes))

    found = run_rehearsal(made, **payload.switches)

    assert not found.verdict.is_complete
    (refused,) = [f for f in found.refused if payload.quoted in f.message]
    assert refused.message.startswith(f"{payload.address}: ")
    assert refused.at is not None
    assert refused.at.file == "exports.yaml"
    lines = (tmp_path / "exports.yaml").read_text().splitlines()
    assert payload.line in lines[refused.at.line - 1]


def test_more_than_ten_payloads_are_in_the_table() -> None:
    assert len({payload.quoted for payload in PAYLOADS.values()}) > 10


EVERY = {f"to-{name}": {"datasets": ["Orders"], "destination": name} for name in DESTINATIONS}


def test_every_destination_type_can_be_rehearsed_without_any_secret(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(config(exports=EVERY))

    found = run_rehearsal(made)

    assert found.refused == ()
    assert found.verdict.is_complete
    assert found.remaining_plan.is_empty
    assert found.writes["POST flows"] == len(EVERY) == found.writes["POST connections"]


def test_no_secret_is_read(tmp_path: Path) -> None:
    """A key that is read is checked, and this one would be refused."""
    made = world(tmp_path)
    (tmp_path / "key.pem").write_text("no key at all", encoding="utf-8")
    auth = {"username": "acme", "private_key": "${file:key.pem}"}
    made.write(config(destinations=destination("sftp-key", auth=auth), exports=export(destination="sftp-key")))

    assert run_rehearsal(made).verdict.is_complete


def test_a_change_of_everything_is_rehearsed_as_it_is_applied(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    made.write(config(exports={**EVERY, "gone": {"datasets": ["Returns"]}}))
    assert made.apply()[1].verdict.is_complete
    made.emulator.advance(61)
    later = {name: {**one, "datasets": ["Returns"], "subpath": "deeper"} for name, one in EVERY.items()}
    secrets = {name: {**one, **next_secret_version(one)} for name, one in DESTINATIONS.items()}
    removed = [{"export": "gone", "do": "delete", "reason": "no reader"}]
    made.write(config(exports=later, destinations=secrets, removed=removed))

    found = run_rehearsal(made)
    assert found.verdict.is_complete, (found.refused, found.remaining_plan)
    outcomes, final_check = made.apply()

    assert final_check.verdict.is_complete
    assert found.writes == dict(sorted(count_writes(made.writes()).items()))
    assert sorted((o.step.key, o.status) for o in found.outcomes) == sorted((o.step.key, o.status) for o in outcomes)


def next_secret_version(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"auth": {**one["auth"], "secret_version": "2"}} if "auth" in one else {}


def count_writes(writes: list[str]) -> Counter[str]:
    return Counter(write.replace("/", "") for write in writes)


def test_what_is_created_takes_no_id_of_the_snapshot(applied: World) -> None:
    before = {one["id"] for listed in applied.emulator.snapshot(SANDBOX).values() for one in listed}
    applied.write(config(exports={**export(), "returns": {"datasets": ["Returns"]}}))

    found = run_rehearsal(applied)

    assert found.verdict.is_complete
    assert {o.id for o in found.outcomes} & before == set()


def test_equal_rehearsals_say_the_same(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.write(config(exports=EVERY))

    assert run_rehearsal(made) == run_rehearsal(made)


@LAW
@given(configs(), configs())
def test_a_rehearsal_ends_as_the_apply_does(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert_ends_as_apply(first, second)


@pytest.mark.slow
@MANY
@given(configs(), configs())
def test_a_rehearsal_ends_as_the_apply_does_in_the_long_sweep(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert_ends_as_apply(first, second)


def assert_ends_as_apply(first: dict[str, Any], second: dict[str, Any]) -> None:
    for exports in (first["exports"], second["exports"]):
        for one in exports.values():
            one.pop("protect", None)  # what it blocks is a safety check, and a refused plan is not rehearsed
        exports["keeper"] = {"datasets": ["Orders"], "subpath": "keeper"}  # never all flows at once
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), page_size=100)
        made.write(first)
        assert made.apply(EVERYTHING)[1].verdict.is_complete
        made.emulator.advance(LISTED)
        made.write(second)

        found = run_rehearsal(made, EVERYTHING)
        outcomes, final_check = made.apply(EVERYTHING)

        assert found.verdict.is_complete
        assert final_check.verdict.is_complete
        assert found.writes == dict(sorted(count_writes(made.writes()).items()))
        assert sorted((o.step.key, o.status) for o in found.outcomes) == sorted(
            (o.step.key, o.status) for o in (*outcomes, *final_check.outcomes)
        )


@LAW
@given(configs(), accepting_switches())
def test_the_rehearsal_of_an_unchanged_world_makes_no_writes(content: dict[str, Any], switches: Switches) -> None:
    assert_unchanged_writes_nothing(content, switches)


@pytest.mark.slow
@MANY
@given(configs(), accepting_switches())
def test_the_rehearsal_of_an_unchanged_world_makes_no_writes_in_the_long_sweep(
    content: dict[str, Any], switches: Switches
) -> None:
    assert_unchanged_writes_nothing(content, switches)


def assert_unchanged_writes_nothing(content: dict[str, Any], switches: Switches) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches, page_size=100)
        made.write(content)
        assert made.apply()[1].verdict.is_complete
        made.emulator.advance(LISTED)

        found = run_rehearsal(made)

        assert found.writes == {}
        assert found.verdict.is_complete
