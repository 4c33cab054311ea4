"""How a rotation is counted in the marker, and what a plan's flags say of it."""

from __future__ import annotations

import pytest

from exportctl.model.plan import Address, Marker
from exportctl.model.plan_options import PlanOptions
from exportctl.plan.accounts import next_secret_version
from exportctl.resources import marker
from exportctl.resources.kinds import BASE_CONNECTION

LAKE = Address("destinations", "lake")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("aaaa",), ("aaaa", "0001")),
        (("aaaa", "0001"), ("aaaa", "0002")),
        (("aaaa", "00ff"), ("aaaa", "0100")),
        (("aaaa", "ffff"), ("aaaa", "0000")),
    ],
    ids=["first", "second", "carried", "begun again"],
)
def test_each_rotation_leaves_another_marker_that_is_read_as_it_was_written(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    assert next_secret_version(before) == after
    written = Marker("acme", "d", "lake", applied={"auth": ("bbbb",), "auth.secret_version": after})
    text = marker.format_description("", None, written, BASE_CONNECTION)
    assert marker.parse_marker(text, BASE_CONNECTION)[1] == written
    earlier = Marker("acme", "d", "lake", applied={"auth": ("bbbb",), "auth.secret_version": before})
    assert marker.format_description("", None, earlier, BASE_CONNECTION) != text


def test_the_flags_of_a_plan_name_a_rotation_and_nothing_where_there_is_none() -> None:
    assert PlanOptions(rotate=LAKE).to_json_values()["rotate"] == "destinations.lake"
    assert "rotate" not in PlanOptions().to_json_values()
    assert PlanOptions.from_json_values(PlanOptions().to_json_values()) == PlanOptions()
