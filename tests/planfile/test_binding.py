"""What a document says of values that it must not show, and what the digest of an approval covers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.model.plan import Address, Cause, FieldChange, Plan, SensitiveValue
from exportctl.planfile.binding import bound_items
from exportctl.planfile.file import approval_digest
from exportctl.planfile.serialize import encode_plan
from exportctl.planfile.staleness import approvals, compare_approvals
from tests.planfile.approval_plans import plan, updated_item

ROLE = FieldChange("auth.role_arn", "auth", SensitiveValue("before"), SensitiveValue("after"), Cause.PENDING)
SECRET_PLAN = plan(updated_item(fields=(ROLE,)))


def shown(made: Plan) -> set[str]:
    """The digests that a document has in place of both values."""
    (item,) = bound_items(made)
    assert item.bound is not None
    return set(item.bound.fields.values())


def items(made: Plan) -> dict[str, Any]:
    return dict(approvals(encode_plan(made)["items"]))


def test_equal_input_gives_equal_digests_of_256_bits() -> None:
    assert shown(SECRET_PLAN) == shown(SECRET_PLAN)
    assert [len(one) for one in shown(SECRET_PLAN)] == [64, 64]


@pytest.mark.parametrize("place", [{"organization": "other"}, {"sandbox": "other"}], ids=str)
def test_a_value_looks_different_in_another_sandbox_or_organization(place: dict[str, Any]) -> None:
    elsewhere = replace(SECRET_PLAN, header=replace(SECRET_PLAN.header, **place))

    assert shown(SECRET_PLAN).isdisjoint(shown(elsewhere))


def test_a_value_looks_different_at_another_address() -> None:
    (item,) = SECRET_PLAN.items
    elsewhere = replace(SECRET_PLAN, items=(replace(item, address=Address("exports", "other")),))

    assert shown(SECRET_PLAN).isdisjoint(shown(elsewhere))


def test_another_value_that_no_document_shows_is_another_plan() -> None:
    other = plan(updated_item(fields=(replace(ROLE, after=SensitiveValue("another")),)))

    assert approval_digest(other) != approval_digest(SECRET_PLAN)
    assert [found.address for found in compare_approvals(items(SECRET_PLAN), items(other))] == ["exports.web"]


@pytest.mark.parametrize(
    ("options", "is_same"),
    [({"allow_deletes": 3}, False), ({"committed_at": 1}, True)],
    ids=["another option", "another commit with the same values"],
)
def test_the_digest_of_an_approval_covers_the_options(options: dict[str, Any], is_same: bool) -> None:
    other = replace(SECRET_PLAN, options={**SECRET_PLAN.options, **options})

    assert (approval_digest(other) == approval_digest(SECRET_PLAN)) is is_same
