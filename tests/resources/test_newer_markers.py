"""Objects that a later exportctl wrote are never planned over: each is named, with its marker's version."""

from __future__ import annotations

import pytest

from exportctl.errors import NewerMarker
from exportctl.model.plan import LiveObject, Marker
from exportctl.resources.marker import refuse_newer_markers


def live(identity: str, marker: Marker | None, kind: str = "flow") -> LiveObject:
    return LiveObject(kind, identity, "etag", "a title", "", marker, {})


OWN = live("f-1", Marker("acme", "e", "orders"))
NEWER = live("f-2", Marker("acme", "e", "returns", damaged=True, version=3))
NEWER_ACCOUNT = live("b-1", Marker("acme", "d", "lake", damaged=True, version=9), "base_connection")
ANOTHER_PROJECT = live("f-3", Marker("other", "e", "orders", damaged=True, version=3))
UNMANAGED = live("f-4", None)


def test_markers_that_this_version_knows_are_accepted() -> None:
    refuse_newer_markers([OWN, UNMANAGED])


def test_every_newer_marker_is_named_in_the_order_of_the_addresses() -> None:
    with pytest.raises(NewerMarker) as raised:
        refuse_newer_markers([NEWER, OWN, NEWER_ACCOUNT, UNMANAGED], "acme")

    assert [finding.message for finding in raised.value.findings()] == [
        "destinations.lake: the base connection b-1 was written by a newer exportctl: upgrade "
        "(its marker is exportctl/9)",
        "exports.returns: the flow f-2 was written by a newer exportctl: upgrade (its marker is exportctl/3)",
    ]


def test_a_newer_marker_of_another_project_counts_only_where_every_project_does() -> None:
    refuse_newer_markers([ANOTHER_PROJECT], "acme")

    with pytest.raises(NewerMarker, match="f-3"):
        refuse_newer_markers([ANOTHER_PROJECT])
