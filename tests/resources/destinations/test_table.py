"""The table of destination types: a type is found by its name and by each of its spec ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from exportctl.resources.destinations.table import (
    TYPES,
    add_type,
    folder_of,
    type_by_connection_spec,
    type_by_flow_spec,
)
from exportctl.resources.destinations.type import DestinationType


@pytest.fixture
def moved_sftp() -> Iterator[DestinationType]:
    """The type of SFTP with the spec ids of another time, in the table for one test."""
    before = TYPES["sftp"]
    moved = replace(before, connection_spec="another-connection-spec", flow_spec="another-flow-spec")
    add_type(moved)
    yield moved
    add_type(before)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_is_found_by_each_of_its_spec_ids(name: str) -> None:
    kind = TYPES[name]

    assert type_by_connection_spec(kind.connection_spec) is kind
    assert type_by_flow_spec(kind.flow_spec) is kind


def test_an_unknown_spec_id_is_no_type() -> None:
    assert type_by_connection_spec("another-connection-spec") is None
    assert type_by_flow_spec("another-flow-spec") is None


def test_an_added_type_is_found_by_its_name_and_its_ids(moved_sftp: DestinationType) -> None:
    assert TYPES["sftp"] is moved_sftp
    assert type_by_connection_spec("another-connection-spec") is moved_sftp
    assert type_by_flow_spec("another-flow-spec") is moved_sftp


def test_an_account_key_is_found_by_its_name() -> None:
    keys = TYPES["sftp"].account_keys

    assert [TYPES["sftp"].account_key(key.name) for key in keys] == [*keys]
    assert TYPES["sftp"].account_key("bucket") is None


def test_a_location_without_a_folder_has_the_empty_one() -> None:
    assert folder_of("sftp", {"path": "/in"}) == "/in"
    assert folder_of("sftp", {}) == ""
