"""To the wire and back: what is sent is read again as what was meant; whatever a service shows can be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.model import schedule as schedules
from exportctl.model.plan import SensitiveValue, UnknownValue
from exportctl.model.secret import Secrecy
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import AuthMethod, DestinationType
from exportctl.resources.kinds import KINDS, LOCATION
from exportctl.resources.patch_effect import is_patch_applied

NOW = 1_800_000_000

intervals = st.sampled_from(["1 hour", "3 hours", "6 hours", "8 hours", "9 hours", "12 hours", "1 day", "once"])
words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)


def sent_body(kind: str, type_name: str, fields: Any, refs: Any = ()) -> dict[str, Any]:
    return wire.create_body(kind, type_name, fields, dict(refs), title="T", description="D", now=NOW)


# -- round trips ------------------------------------------------------------------------------------------------------


@given(st.sampled_from([*TYPES.values()]), st.data())
def test_a_place_and_format_sent_are_read_again(kind: DestinationType, data: st.DataObject) -> None:
    place = {f.name: data.draw(words) for f in kind.location if f.required or data.draw(st.booleans())}
    form = {"type": data.draw(st.sampled_from(["parquet", "json"])),
            "compression": data.draw(st.sampled_from(["gzip", "none"])),
            "manifest": data.draw(st.booleans())}  # fmt: skip
    body = sent_body("target_connection", kind.name, {"location": place, "format": form}, {"baseConnectionId": "b"})
    assert wire.read_fields("target_connection", body) == {"location": place, "format": form}
    assert (body["baseConnectionId"], body["name"], body["description"]) == ("b", "T", "D")
    assert wire.destination_type(body) is kind


@given(intervals, st.integers(0, 86399), st.one_of(st.none(), st.integers(NOW, 2 * NOW)), words)
def test_a_schedule_sent_is_read_again(every: str, at: int, end: int | None, folder: str) -> None:
    start = {"every": every, "at": at, "not_before": None}
    fields = {"title": "T", "schedule.every": every, "schedule.start": start, "end": end, "folder": folder}
    refs = {"sourceConnectionIds": ["s"], "targetConnectionIds": ["t"]}
    body = sent_body("flow", "amazon-s3", fields, refs) | {"state": "enabled"}
    read = wire.read_fields("flow", body)
    assert (read["title"], read["schedule.every"], read["end"], read["folder"], read["enabled"]) == (
        "T",
        every,
        end,
        folder,
        True,
    )
    assert read["schedule.start"] >= NOW + 1800
    assert read["schedule.at"] == schedules.grid_offset(at, every)
    assert wire.destination_type(body) is TYPES["amazon-s3"]


@given(st.dictionaries(st.text("0123456789abcdef", min_size=24, max_size=24), words, max_size=4))
def test_a_dataset_list_sent_is_read_again(datasets: dict[str, str]) -> None:
    body = sent_body("source_connection", "amazon-s3", {"datasets": sorted(datasets.items())})
    assert wire.read_fields("source_connection", body) == {"datasets": sorted(datasets), "names": datasets}


def test_a_dataset_name_that_is_no_text_is_no_name() -> None:
    entries = [{"dataSetId": "d1", "name": 7}, {"dataSetId": "d2", "name": ""}, {"dataSetId": "d3", "name": "Orders"}]

    read = wire.read_fields("source_connection", {"params": {"datasets": entries}})

    assert read == {"datasets": ["d1", "d2", "d3"], "names": {"d3": "Orders"}}


METHODS = [(t, m) for t in TYPES.values() for m in t.methods]


@pytest.mark.parametrize(("kind", "method"), METHODS, ids=lambda x: x.name)
def test_an_account_sent_is_read_again_but_for_its_secrets(kind: DestinationType, method: AuthMethod) -> None:
    auth = {f.name: f.sample for f in method.fields}
    body = sent_body("base_connection", kind.name, {"method": method.name, "auth": auth})
    assert wire.auth_method(body) == method
    expected = {
        f.name: f.sample if f.secrecy is Secrecy.PLAIN else SensitiveValue(f.sample)
        for f in method.fields
        if f.secrecy is not Secrecy.SECRET
    }
    assert wire.read_fields("base_connection", body) == {"auth": expected}
    assert wire.unknown_auth(body) == ()


def test_an_account_without_authentication_sends_none() -> None:
    body = sent_body("base_connection", "data-landing-zone", {"method": None, "auth": {}})
    assert "auth" not in body
    assert wire.read_fields("base_connection", body) == {"auth": {}}


def test_an_encryption_key_goes_out_in_the_published_form() -> None:
    body = sent_body("base_connection", "amazon-s3", {"method": None, "auth": {}, "encryption": "KEY"})
    assert body["encryptionSpecs"]["params"]["publicKey"] == "KEY"


# -- what a service may show ------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
MEMBERS = ("auth", "params", "scheduleParams", "connectionSpec", "flowSpec", "name", "state", "sourceConnectionIds")
schedules_shown = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("interval", "startTime", "endTime", "foldernameTemplate"), json_values)
    | {"timeUnit": st.sampled_from(["hour", "day", "week", None])},
)  # fmt: skip


@given(
    st.sampled_from([*KINDS]),
    st.dictionaries(st.sampled_from(MEMBERS), json_values, max_size=5),
    st.one_of(json_values, schedules_shown),
    st.sampled_from([*TYPES.values()]),
)
def test_whatever_is_shown_is_read_without_an_error(kind: str, raw: dict[str, Any], schedule: Any, card: Any) -> None:
    for shown in (raw, {**raw, "scheduleParams": schedule}, {**raw, "connectionSpec": {"id": card.connection_spec}}):
        wire.read_fields(kind, shown)
        wire.destination_type(shown)
        wire.auth_method(shown)
        wire.unknown_auth(shown)
        for name in KINDS[kind].refs:
            wire.ids(shown, name)


SHOWN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an interval as text": ({"interval": "6", "timeUnit": "hour"}, {"schedule.every": "6 hours"}),
    "a missing mode": ({"interval": 1, "timeUnit": "day"}, {"schedule.every": "1 day"}),
    "an interval of zero": ({"interval": 0, "timeUnit": "day"}, {"schedule.every": "once"}),
    "an unknown unit": ({"interval": 1, "timeUnit": "week"}, {"schedule.every": None, "schedule.at": None}),
    "an interval that is no number": ({"interval": "often", "timeUnit": "day"}, {"schedule.every": None}),
    "an interval that is a flag": ({"interval": True, "timeUnit": "day"}, {"schedule.every": None}),
    "a start as text": (
        {"interval": 1, "timeUnit": "day", "startTime": "7200"},
        {"schedule.start": 7200, "schedule.at": 7200},
    ),
    "no start": ({"interval": 1, "timeUnit": "day"}, {"schedule.start": None, "schedule.at": None}),
    "the tutorial's template": ({"foldernameTemplate": "a"}, {"folder": "a"}),
    "the specification's template": ({"folderNameTemplate": "b"}, {"folder": "b"}),
    "no template": ({}, {"folder": "%DATASET_ID%/%EXPORT_TIME%"}),
}


@pytest.mark.parametrize("row", SHOWN)
def test_a_live_schedule_is_read_in_every_form(row: str) -> None:
    raw, expected = SHOWN[row]
    read = wire.read_fields("flow", {"scheduleParams": raw})
    assert {k: read[k] for k in expected} == expected


ROLE = {"connectionSpec": {"id": TYPES["amazon-s3"].connection_spec}, "auth": {"specName": "Assumed Role"}}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"s3Role": "arn:aws:iam::123456789012:role/x"}, SensitiveValue("arn:aws:iam::123456789012:role/x")),
        ({"s3Role": "*****"}, UnknownValue.HIDDEN),
        ({}, UnknownValue.HIDDEN),
        ({"s3Role": None}, UnknownValue.HIDDEN),
    ],
    ids=["shown", "masked", "omitted", "null"],
)
def test_a_role_the_service_hides_is_known_to_be_hidden(params: Any, expected: Any) -> None:
    raw = {**ROLE, "auth": {"specName": "Assumed Role", "params": params}}
    assert wire.read_fields("base_connection", raw) == {"auth": {"role_arn": expected}}


def test_an_account_field_that_is_not_there_is_left_out() -> None:
    sftp = {"connectionSpec": {"id": TYPES["sftp"].connection_spec}}
    raw = {**sftp, "auth": {"specName": "SFTP with Password", "params": {"domain": "x", "username": "u"}}}
    assert wire.read_fields("base_connection", raw) == {"auth": {"host": "x", "username": SensitiveValue("u")}}


def test_keys_no_field_stands_for_are_named_but_for_the_services_own() -> None:
    raw = {**ROLE, "auth": {"specName": "Assumed Role", "params": {"s3Role": "x", "authorizedDate": "y", "odd": "z"}}}
    assert wire.unknown_auth(raw) == ("odd",)


def test_of_a_target_the_params_of_its_type_are_known_and_of_an_unknown_type_those_that_every_type_has() -> None:
    everywhere = {"datasetFileType", "compression", "includeFileManifest", "mode"}
    s3 = {"connectionSpec": {"id": TYPES["amazon-s3"].connection_spec}}
    assert wire.known_params(s3) == everywhere | {"bucketName", "path"}
    assert wire.known_params({"connectionSpec": {"id": "unknown"}}) == everywhere
    assert wire.known_params({**s3, "params": {"mode": "FTP"}}) == wire.known_params(s3) - {"mode"}


def test_ids_are_read_from_a_list_from_text_and_from_nothing() -> None:
    raw = {"a": ["x", "y"], "b": "x", "c": None}
    assert [wire.ids(raw, n) for n in "abcd"] == [("x", "y"), ("x",), (), ()]


# -- patches ----------------------------------------------------------------------------------------------------------


def patch_operations(
    kind: str, fields: Any, raw: Any, refs: Any = (), description: str | None = None
) -> dict[str, Any]:
    """Path -> (operation, value)."""
    ops = wire.patch_operations(kind, "amazon-s3", fields, dict(refs), raw, description=description, now=NOW)
    return {op["path"]: (op["op"], op["value"]) for op in ops}


LIVE = {"exportMode": "FIRST_FULL_THEN_INCREMENTAL", "timeUnit": "day", "interval": "1", "startTime": "7200",
        "endTime": None, "folderNameTemplate": "a", "unknown": {"kept": True}}  # fmt: skip


def test_a_schedule_patch_is_the_live_one_with_our_fields_laid_over_it() -> None:
    ops = patch_operations("flow", {"end": 9000}, {"scheduleParams": LIVE})
    assert ops == {
        "/scheduleParams": (
            "replace",
            {"exportMode": "FIRST_FULL_THEN_INCREMENTAL", "timeUnit": "day", "interval": 1, "startTime": 7200,
             "endTime": 9000, "folderNameTemplate": "a", "unknown": {"kept": True}},
        )
    }  # fmt: skip


@pytest.mark.parametrize("key", ["foldernameTemplate", "folderNameTemplate"])
def test_the_template_keeps_the_spelling_that_was_found(key: str) -> None:
    value = patch_operations("flow", {"folder": "new"}, {"scheduleParams": {key: "before"}})["/scheduleParams"][1]
    assert {k: v for k, v in value.items() if "emplate" in k} == {key: "new"}


def test_a_template_where_there_was_none_takes_the_tutorials_spelling() -> None:
    assert patch_operations("flow", {"folder": "new"}, {})["/scheduleParams"] == ("add", {"foldernameTemplate": "new"})


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("once", ("DAILY_FULL_EXPORT", "day", 0)),
        ("1 day", ("FIRST_FULL_THEN_INCREMENTAL", "day", 1)),
        ("3 hours", ("FIRST_FULL_THEN_INCREMENTAL", "hour", 3)),
        ("1 hour", ("FIRST_FULL_THEN_INCREMENTAL", "hour", 1)),
    ],
)
def test_every_sets_mode_unit_and_interval_and_leaves_the_start(every: str, expected: Any) -> None:
    value = patch_operations("flow", {"schedule.every": every}, {"scheduleParams": LIVE})["/scheduleParams"][1]
    assert (value["exportMode"], value["timeUnit"], value["interval"]) == expected
    assert value["startTime"] == 7200


def test_title_description_and_references_are_one_operation_each() -> None:
    ops = patch_operations(
        "flow", {"title": "New"}, {"name": "Old"}, {"sourceConnectionIds": ["s"]}, description="text"
    )
    assert ops == {
        "/name": ("replace", "New"),
        "/description": ("add", "text"),
        "/sourceConnectionIds": ("add", ["s"]),
    }


def test_nothing_to_write_is_no_operation() -> None:
    assert patch_operations("flow", {}, {"name": "x"}) == {}


LOCATION_PARAMS = {"bucketName": "acme", "path": "a", "mode": "Server-to-server", "unknown": 1}


def test_a_format_patch_keeps_a_word_in_the_letters_that_the_service_shows() -> None:
    live = {"params": {"datasetFileType": "Delta", "compression": "gzip"}}
    form = {"type": "delta", "compression": "zstd", "manifest": False}
    sent = patch_operations("target_connection", {"format": form}, live)["/params"][1]
    assert sent == {"datasetFileType": "Delta", "compression": "ZSTD"}


def test_a_location_patch_keeps_what_it_does_not_know() -> None:
    ops = patch_operations(
        "target_connection", {LOCATION: {"bucket": "acme", "path": "b"}}, {"params": LOCATION_PARAMS}
    )
    assert ops == {"/params": ("replace", {**LOCATION_PARAMS, "path": "b"})}


def test_a_path_taken_out_is_sent_as_the_empty_one() -> None:
    ops = patch_operations("target_connection", {"location": {"bucket": "acme"}}, {"params": LOCATION_PARAMS})
    assert ops["/params"][1]["path"] == ""


def format_fields(manifest: bool) -> dict[str, Any]:
    return {"format": {"type": "json", "compression": "gzip", "manifest": manifest}}


@pytest.mark.parametrize(
    ("live", "wanted", "sent_as"),
    [(True, True, True), (True, False, False), (False, True, True),
     (False, False, None), (None, False, None), (None, True, True)],
    ids=["stays on", "goes off by saying so", "goes on", "stays off", "was never there", "is put in"],
)  # fmt: skip
def test_a_manifest_is_switched_off_by_false_since_a_merging_service_would_keep_it(
    live: bool | None, wanted: bool, sent_as: bool | None
) -> None:
    params = {**LOCATION_PARAMS, **({} if live is None else {"includeFileManifest": live})}
    value = patch_operations("target_connection", format_fields(wanted), {"params": params})["/params"][1]
    assert value.get("includeFileManifest") == sent_as
    assert (value["datasetFileType"], value["compression"]) == ("JSON", "GZIP")


def test_auth_is_replaced_whole() -> None:
    ops = patch_operations(
        "base_connection", {"method": "role", "auth": {"role_arn": "x"}}, {"auth": {"params": {"s3Role": "y"}}}
    )
    assert ops == {"/auth/params": ("replace", {"s3Role": "x"})}


COMPARE_CASES: dict[str, tuple[Any, Any, bool]] = {
    "as sent": ({"a": 1}, {"a": 1}, True),
    "more than sent": ({"a": 1}, {"a": 1, "b": 2}, True),
    "a number as text": ({"a": 1}, {"a": "1"}, True),
    "less than sent": ({"a": 1}, {}, False),
    "another value": ({"a": 1}, {"a": 2}, False),
    "no object any more": ({"a": 1}, "a", False),
    "a list": (["s"], ["s"], True),
    "another list": (["s"], ["t"], False),
}


@pytest.mark.parametrize("row", COMPARE_CASES)
def test_a_write_whose_answer_was_lost_is_recognised(row: str) -> None:
    value, shown, arrived = COMPARE_CASES[row]
    assert is_patch_applied([{"op": "replace", "path": "/x", "value": value}], {"x": shown}) == arrived


def test_auth_is_shown_masked_so_it_does_not_count() -> None:
    assert is_patch_applied([{"op": "replace", "path": "/auth/params", "value": {"s3Role": "x"}}], {})


# -- what no config describes -----------------------------------------------------------------------------------------

values = st.recursive(st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2))
unknown = st.dictionaries(words.map("x-{}".format), values, max_size=4)


@given(unknown, unknown, intervals)
def test_every_patch_keeps_the_keys_it_does_not_know(
    of_schedule: dict[str, Any], of_place: dict[str, Any], every: str
) -> None:
    start = {"every": every, "at": 17, "not_before": None}
    schedule = {**of_schedule, "timeUnit": "day", "interval": 1, "startTime": NOW}
    of_flow: list[dict[str, Any]] = [{"schedule.every": every, "schedule.start": start}, {"end": NOW}, {"folder": "x"}]
    for fields in of_flow:
        sent = patch_operations("flow", fields, {"scheduleParams": schedule})["/scheduleParams"][1]
        assert {key: sent[key] for key in of_schedule} == of_schedule
    form = {"type": "json", "compression": "gzip", "manifest": False}
    of_target: list[dict[str, Any]] = [{"location": {"path": "b"}}, {"format": form}]
    for fields in of_target:
        sent = patch_operations("target_connection", fields, {"params": of_place})["/params"][1]
        assert {key: sent[key] for key in of_place} == of_place


def test_a_folder_in_both_spellings_is_changed_in_both() -> None:
    shown = {"scheduleParams": {"foldernameTemplate": "a", "folderNameTemplate": "a"}}
    value = patch_operations("flow", {"folder": "b"}, shown)["/scheduleParams"][1]
    assert value == {"foldernameTemplate": "b", "folderNameTemplate": "b"}


@pytest.mark.parametrize(
    ("shown", "every"),
    [
        ({"exportMode": "DAILY_FULL_EXPORT", "timeUnit": "day"}, "once"),
        ({"exportMode": "daily_full_export", "timeUnit": "day", "interval": None}, "once"),
        ({"exportMode": "FIRST_FULL_THEN_INCREMENTAL", "timeUnit": "day"}, None),
    ],
)
def test_a_service_may_leave_out_the_interval_of_a_one_time_export(shown: dict[str, Any], every: str | None) -> None:
    assert wire.live_every(shown) == every
    sent = wire.schedule_params(shown, {}, 0)
    assert sent.get("interval") == (0 if every else None)
