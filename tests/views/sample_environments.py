"""Environments for the view tests: two compared, with every origin and a difference without a line; one of two read."""

from __future__ import annotations

from typing import TypeVar

from exportctl.environments import Cause, Comparison, Difference, Only, Origin
from exportctl.errors import Finding, Level, Location
from exportctl.model import Sensitive
from exportctl.views.sides import Side

T = TypeVar("T")
FINDINGS = (
    Finding("bad", "wrong", Location("a.yaml", 1, 2), "mend it"),
    Finding("odd", "odd", level=Level.WARNING),
)


def one_of_two(found: T) -> tuple[Side[T], ...]:
    """dev as it was read, and prod, which was not."""
    return Side("dev", found), Side("prod", None, FINDINGS)


def two_environments() -> Comparison:
    overlay = Cause(Origin.OVERLAY, Location("exports.yaml", 20, 5), "prod")
    listed = Cause(Origin.LIST, Location("exports.yaml", 12, 9), "dev")
    reference = Cause(Origin.REFERENCE, Location("exports.yaml", 8, 3), written="acme-${environment}")
    return Comparison(
        "dev",
        "prod",
        (Only("exports.orders", "prod", (listed,)), Only("exports.web", "dev", ())),
        (
            Difference("destinations.lake", "auth.role_arn", Sensitive("a"), None, (overlay,)),
            Difference("destinations.lake", "bucket", "acme-dev", "acme-prod", (reference,)),
            Difference("exports.sales", "datasets", ["Orders"], ["Orders", "Returns"], ()),
        ),
        3,
    )
