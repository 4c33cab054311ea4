"""A plan does not say that the YAML changed if only the value of a variable in it may have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exportctl.model.plan import Cause, FieldChange
from exportctl.output import phrases
from tests.workflows.world import DESTINATIONS, World, config, world

NAME = "EXPORTCTL_VAR_TEXT"
TEXT = f"${{env:{NAME}}}"
BY_NAME = f"the value to send changed (the YAML, or the variable {TEXT}) since the last apply"
LAKE = {"type": "amazon-s3", "bucket": "acme", "auth": {"role_arn": "${env:S3_ROLE}"}}
PASSWORD = {"username": "acme", "password": "${env:SFTP_PASSWORD}"}
SFTP = {"type": "sftp", "host": "h.example", "path": "/in", "auth": PASSWORD}


def export(**given: Any) -> dict[str, Any]:
    return config(destinations=DESTINATIONS, exports={"orders": {"datasets": ["Orders"], **given}})


def to(destination: Mapping[str, Any]) -> dict[str, Any]:
    return {**export(destination="mine"), "destinations": {**DESTINATIONS, "mine": destination}}


def with_datasets(datasets: Any, entries: Mapping[str, Any]) -> dict[str, Any]:
    return {**export(datasets=datasets), "datasets": entries}


# the field that the plan shows, a config with the variable, and two values of the variable
CASES: Mapping[str, tuple[str, Mapping[str, Any], str, str]] = {
    "title": ("title", export(title=f"Orders {TEXT}"), "a", "b"),
    "description": ("description", export(description=TEXT), "a", "b"),
    "folder": ("folder", export(folder=f"{TEXT}/%DATASET_ID%/%EXPORT_TIME%"), "a", "b"),
    "subpath": ("path", export(subpath=TEXT), "a", "b"),
    "path of the destination": ("path", to({**LAKE, "path": TEXT}), "a", "b"),
    "bucket": ("bucket", to({**LAKE, "bucket": f"acme-{TEXT}"}), "one", "two"),
    "choice of the destination": ("path", export(destination=TEXT), "s3-key", "s3-key-too"),
    "time of day": ("schedule.at", export(schedule={"every": "1 day", "at": TEXT}), "02:00", "03:00"),
    "named schedule": (
        "schedule.every",
        {**export(schedule="daily"), "schedules": {"daily": {"every": TEXT, "at": "00:00"}}},
        "3 hours", "6 hours",
    ),
    "default of a schedule": (
        "schedule.every",
        {**export(), "defaults": {**config()["defaults"], "schedule": {"every": TEXT, "at": "00:00"}}},
        "3 hours", "6 hours",
    ),
    "end": ("end", export(end=TEXT), "2028-01-01", "2028-02-01"),
    "end of a schedule": ("end", export(schedule={"every": "1 day", "end": TEXT}), "2028-01-01", "2028-02-01"),
    "type of the files": ("format.type", export(format={"type": TEXT}), "parquet", "json"),
    "choice of the format": ("format.type", export(format=TEXT), "parquet", "json"),
    "name of a dataset": ("datasets", export(datasets=["Returns", TEXT]), "Orders", "App Events"),
    "dataset behind an alias": ("datasets", with_datasets(["one"], {"one": {"name": TEXT}}), "Orders", "App Events"),
    "dataset of a group": ("datasets", with_datasets(["all"], {"all": ["Returns", TEXT]}), "Orders", "App Events"),
    "host of the account": ("host", to({**SFTP, "host": TEXT}), "a.example", "b.example"),
    "secret_version": ("auth.secret_version", to({**SFTP, "auth": {**PASSWORD, "secret_version": TEXT}}), "1", "2"),
}  # fmt: skip


def with_value(made: World, value: str) -> World:
    return replace(made, env={**made.env, NAME: value})


def changes(made: World) -> dict[str, FieldChange]:
    return {c.path: c for item in made.plan().items for c in item.fields}


def applied_then(folder: Path, content: Mapping[str, Any], before: str, after: str) -> World:
    """A sandbox with an applied config, and another value of the variable."""
    made = world(folder, page_size=100)
    other = {"type": "amazon-s3", "bucket": "acme-lake", "path": "too", "account": {"of": "s3-key"}}
    made.write({**content, "destinations": {**content["destinations"], "s3-key-too": other}})
    _, check = with_value(made, before).apply()
    assert check.passed
    made.emulator.advance(61)
    return with_value(made, after)


@pytest.mark.parametrize("name", CASES)
def test_a_field_whose_variable_changed_names_the_variable(tmp_path: Path, name: str) -> None:
    path, content, before, after = CASES[name]

    change = changes(applied_then(tmp_path, content, before, after))[path]

    assert (change.cause, phrases.cause(change)) == (Cause.PENDING, f"pending change: {BY_NAME}")


def test_only_the_part_of_an_account_with_the_variable_names_it(tmp_path: Path) -> None:
    made = applied_then(tmp_path, to({**SFTP, "host": TEXT, "port": 22}), "a.example", "b.example")
    made.write(to({**SFTP, "host": TEXT, "port": 2222}))

    found = {path: phrases.cause(change) for path, change in changes(made).items()}

    assert (BY_NAME in found["host"], "the YAML changed" in found["port"]) == (True, True)


def test_a_value_that_the_service_hides_names_every_variable_of_its_account(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    (tmp_path / "role").write_text("arn:aws:iam::123456789012:role/one", encoding="utf-8")
    made.write(to({**LAKE, "auth": {"role_arn": "${file:role}"}}))
    made.apply()
    made.emulator.advance(61)
    (tmp_path / "role").write_text("arn:aws:iam::123456789012:role/two", encoding="utf-8")

    assert "(the YAML, or the file ${file:role})" in phrases.cause(changes(made)["auth.role_arn"])


def test_a_default_of_a_variable_is_not_shown(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    made.write(to({**LAKE, "auth": {"role_arn": "${env:ROLE:-arn:aws:iam::123456789012:role/hidden}"}}))
    made.apply()
    made.emulator.advance(61)

    said = phrases.cause(changes(replace(made, env={**made.env, "ROLE": made.env["S3_ROLE"]}))["auth.role_arn"])

    assert ("the variable ${env:ROLE})" in said, "hidden" in said) == (True, False)


@pytest.mark.parametrize("edit", [lambda c: {**c, "title": "b"}, lambda c: {**c, "description": "b"}])
def test_a_value_without_a_variable_changed_in_the_yaml(
    tmp_path: Path, edit: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    made = applied_then(tmp_path, export(subpath=TEXT), "a", "a")
    made.write(export(**edit({"subpath": TEXT})))

    assert [phrases.cause(c) for c in changes(made).values()] == [
        "pending change: the YAML changed since the last apply"
    ]


def test_a_variable_and_a_hand_that_changed_the_same_value_are_a_conflict_of_both(tmp_path: Path) -> None:
    made = applied_then(tmp_path, export(title=TEXT), "a", "b")
    made.emulator.ui.rename(made.flow("a")["id"], "theirs")

    said = phrases.cause(changes(made)["title"])

    assert said.startswith(f"conflict: the value to send changed (the YAML, or the variable {TEXT}), and the sandbox")
