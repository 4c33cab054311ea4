"""What we would send, compared with the live connection spec."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.errors import Level
from exportctl.model.project import Account, AuthValue, Format
from exportctl.model.secret import Secrecy
from exportctl.plan.spec_check import check_account, check_export
from exportctl.resources.destinations.table import TYPES
from tests.plan.plan_builders import account, build_plan, build_project, export, item
from tests.plan.value_builders import AT, desired_account, desired_export, lake

S3 = TYPES["amazon-s3"].connection_spec
SFTP = TYPES["sftp"].connection_spec


def target(**properties: Any) -> dict[str, Any]:
    return {S3: {"targetSpec": {"spec": {"properties": properties}}}}


def auth(spec_name: str, **properties: Any) -> dict[str, Any]:
    return {"authSpec": [{"name": "Other"}, {"name": spec_name, "spec": {"properties": properties}}]}


LOCATION_CASES: dict[str, tuple[Any, str | None]] = {
    "the right type": ({"type": "string"}, None),
    "another type": ({"type": "integer"}, 'bucket: "acme" is not of type integer'),
    "a number is asked for": ({"type": "number"}, 'bucket: "acme" is not of type number'),
    "an unknown type": ({"type": "secret"}, None),
    "no type": ({}, None),
    "in the enum": ({"type": "string", "enum": ["acme", "x"]}, None),
    "not in the enum": ({"enum": ["x", "y"]}, 'bucket: "acme" is not one of x, y'),
    "matches": ({"pattern": "^a"}, None),
    "does not match": ({"pattern": "^b"}, 'bucket: "acme" does not match ^b'),
    "a pattern of another engine": ({"pattern": "(?<name"}, None),
    "a pattern that is no text": ({"pattern": 3}, None),
    "a rule of no known form": ("odd", None),
    "not listed": (None, None),
}


@pytest.mark.parametrize("row", LOCATION_CASES)
def test_a_parameter_of_the_place(row: str) -> None:
    rule, words = LOCATION_CASES[row]
    found = check_export(desired_export(), target(bucketName=rule))
    assert [(f.rule, f.message, f.level, f.at) for f in found] == (
        [("spec-refuses", f"exports.orders: {words}", Level.ERROR, AT)] if words else []
    )


@pytest.mark.parametrize(
    ("changed", "refused"),
    [((), []), (("path",), []), (("format.type",), ["format.type"]), (("bucket",), ["bucket"])],
    ids=str,
)
def test_a_value_that_is_live_already_is_not_checked(changed: tuple[str, ...], refused: list[str]) -> None:
    specs = target(bucketName={"enum": ["x"]}, datasetFileType={"enum": ["JSON"]})

    found = check_export(desired_export(), specs, changed)

    assert [f.message.split()[1].rstrip(":") for f in found] == refused


def test_a_flag_is_no_number_and_a_number_no_flag() -> None:
    forced = desired_export(format=Format("parquet", "gzip", "force"))
    assert check_export(forced, target(includeFileManifest={"type": "boolean"})) == ()
    (found,) = check_export(forced, target(includeFileManifest={"type": "integer"}))
    assert found.message == 'exports.orders: format.manifest: "True" is not of type integer'


def test_the_path_is_checked_offline_only() -> None:
    assert check_export(desired_export(), target(path={"pattern": "^never$"})) == ()


def test_what_is_required_or_unlisted_does_not_count() -> None:
    specs = {S3: {"targetSpec": {"spec": {"required": ["fileType"], "properties": {"fileType": {"type": "string"}}}}}}
    assert check_export(desired_export(), specs) == ()


@pytest.mark.parametrize(
    "spec",
    [{}, {"targetSpec": None}, {"targetSpec": {"spec": None}}, {"targetSpec": {"spec": {"properties": []}}}],
    ids=["empty", "no target spec", "no schema", "a list of properties"],
)
def test_a_spec_without_a_usable_form_refuses_nothing(spec: Any) -> None:
    assert check_export(desired_export(), {S3: spec}) == ()


def test_a_type_the_service_does_not_offer_is_not_checked() -> None:
    assert check_export(desired_export(), {}) == ()
    assert check_account(desired_account(), {}) == ()


ARN = "arn:aws:iam::1:role/x"


def test_a_sensitive_value_is_checked_and_never_shown() -> None:
    account = desired_account(role_arn=ARN)
    (found,) = check_account(account, {S3: auth("Assumed Role", s3Role={"pattern": "^never$"})})
    assert found.message == "destinations.lake: auth.role_arn: its value does not match ^never$"
    assert ARN not in str(found)
    assert found.level is Level.ERROR
    assert found.at == AT


def test_the_published_pattern_of_s3_keys_refuses_real_ones_so_it_only_warns() -> None:
    fields = {
        "access_key_id": AuthValue("AKIA", Secrecy.SENSITIVE, AT),
        "secret_access_key": AuthValue("${env:S}", Secrecy.SECRET, AT),
    }
    account = desired_account(lake(account=Account("key", fields)), access_key_id="AKIAEXAMPLEEXAMPLE00")
    (found,) = check_account(account, {S3: auth("Access Key", s3AccessKey={"pattern": "^never$"})})
    assert found.level is Level.WARNING


def test_a_value_that_is_not_set_is_not_checked() -> None:
    assert check_account(desired_account(), {S3: auth("Assumed Role", s3Role={"pattern": "^never$"})}) == ()


def test_very_long_values_are_not_matched_since_published_patterns_backtrack() -> None:
    account = desired_account(role_arn="x" * 513)
    assert check_account(account, {S3: auth("Assumed Role", s3Role={"pattern": "^never$"})}) == ()


@pytest.mark.parametrize(
    "spec",
    [{}, {"authSpec": None}, auth("Other Way"), {"authSpec": [{"name": "Assumed Role", "spec": None}]},
     {"authSpec": [{"name": "Assumed Role", "spec": {"properties": []}}]}],
    ids=["empty", "no auth spec", "another way only", "no schema", "a list of properties"],
)  # fmt: skip
def test_an_auth_spec_without_a_usable_form_refuses_nothing(spec: Any) -> None:
    assert check_account(desired_account(role_arn=ARN), {S3: spec}) == ()


def test_an_account_without_authentication_has_nothing_to_check() -> None:
    landing = lake(type="data-landing-zone", location={"path": "x"}, account=Account())
    assert check_account(desired_account(landing), {TYPES["data-landing-zone"].connection_spec: {}}) == ()


def test_plain_account_fields_are_checked_and_shown() -> None:
    fields = {
        "host": AuthValue("sftp.acme.example", Secrecy.PLAIN, AT),
        "username": AuthValue("acme", Secrecy.SENSITIVE, AT),
        "password": AuthValue("${env:P}", Secrecy.SECRET, AT),
    }
    sftp = lake(type="sftp", location={"path": "/in"}, account=Account("password", fields))
    (found,) = check_account(desired_account(sftp), {SFTP: auth("SFTP with Password", domain={"enum": ["x"]})})
    assert found.message == 'destinations.lake: host: "sftp.acme.example" is not one of x'


def test_only_an_account_that_the_plan_writes_is_checked() -> None:
    specs = {S3: auth("Assumed Role", s3Role={"pattern": "^never$"})}
    given = build_project(export("orders"))

    created, kept = build_plan(given, specs=specs), build_plan(given, account(), specs=specs)

    rules = [[f.rule for f in item(made, "destinations.lake").findings] for made in (created, kept)]
    assert rules == [["spec-refuses"], []]
