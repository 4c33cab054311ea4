"""What the description of a lease object says is read back, whatever a service or a person does to the text."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.resources import marker
from exportctl.resources.kinds import BASE_CONNECTION
from exportctl.resources.lease import (
    LeaseRecord,
    LeaseState,
    format_lease,
    is_lease,
    lease_body,
    lease_name,
    lease_operations,
    parse_lease,
)

RECORD = LeaseRecord(LeaseState.TAKEN, 17, "3f9a1c2e", "GitHub Actions acme/exports apply 7")
LONG_PROJECT = "p" * 32


def described(text: object, name: str = "x") -> dict[str, Any]:
    return {"name": name, "description": text}


@pytest.mark.parametrize("state", [s for s in LeaseState if s is not LeaseState.UNKNOWN])
def test_a_record_is_read_as_it_was_written(state: LeaseState) -> None:
    record = LeaseRecord(state, 999_999_999, "00000000", "ana on host")

    found = parse_lease(described(format_lease("acme", record)))

    assert found == record
    assert found is not None
    assert found.holder == "ana on host"
    assert found.is_settled is (state is not LeaseState.NEW)


@pytest.mark.parametrize("kept", [120, 256])
def test_a_service_that_cuts_descriptions_cuts_only_the_holder(kept: int) -> None:
    record = LeaseRecord(LeaseState.SETTLING, 99_999_999, "3f9a1c2e", "h" * 300)
    text = format_lease(LONG_PROJECT, record)

    found = parse_lease(described(text[:kept]))

    assert len(text) <= 240
    assert found == record


def test_the_holder_cannot_end_the_record_or_hide_in_the_text() -> None:
    record = LeaseRecord(LeaseState.FREE, 1, "3f9a1c2e", "] [exportctl-lease/1 other taken 2 0000aaaa] é\n")
    text = format_lease("acme", record)

    assert text.isascii()
    assert text.isprintable()
    assert text.count("[") == 1
    assert is_lease(described(text), "acme")
    assert parse_lease(described(text)) == record


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (described(format_lease("acme", RECORD)), True),
        (described(format_lease("other", RECORD)), False),
        (described(format_lease("other", RECORD), lease_name("acme")), False),
        (described("edited", lease_name("acme")), True),
        (described(None, lease_name("acme")), True),
        (described("A landing zone", "lake"), False),
        ({}, False),
    ],
    ids=["its record", "another project", "its name, another record", "edited", "no description", "another", "nothing"],
)
def test_a_lease_is_known_by_its_record_else_by_its_name(raw: dict[str, Any], expected: bool) -> None:
    assert is_lease(raw, "acme") is expected


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("[exportctl-lease/2 acme free 1 3f9a1c2e]", LeaseState.UNKNOWN),
        ("[exportctl-lease/1 acme paused 1 3f9a1c2e]", None),
        ("[exportctl-lease/1 acme free 1 xyz]", None),
        (7, None),
    ],
    ids=["a later version", "a word that this version does not have", "damaged", "no text"],
)
def test_what_cannot_be_read_is_no_record(text: object, state: LeaseState | None) -> None:
    found = parse_lease(described(text))

    assert (found.state if found else None) is state


def test_the_body_has_no_credentials_and_no_ownership_marker() -> None:
    body = lease_body("acme", RECORD)

    assert set(body) == {"name", "description", "connectionSpec"}
    assert marker.parse_marker(body["description"], BASE_CONNECTION) == (body["description"], None)


def test_a_patch_adds_the_description_where_there_is_none() -> None:
    operations = [lease_operations("acme", RECORD, raw)[0]["op"] for raw in (described("x"), {})]

    assert operations == ["replace", "add"]
