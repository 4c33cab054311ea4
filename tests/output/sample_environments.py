"""Environments for the view tests: two compared, with every origin and a difference without a line; one of two read."""

from __future__ import annotations

from typing import TypeVar

from exportctl.config.environment_diff import (
    DifferenceCause,
    DifferenceOrigin,
    EnvironmentDiff,
    FieldDifference,
    OneSidedDeclaration,
)
from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.plan import SensitiveValue
from exportctl.output.environments import EnvironmentResult

T = TypeVar("T")
FINDINGS = (
    Finding("bad", "wrong", SourcePosition("a.yaml", 1, 2), "fix it"),
    Finding("odd", "odd", level=Level.WARNING),
)


def one_of_two(found: T) -> tuple[EnvironmentResult[T], ...]:
    """dev as it was read, and prod, which was not."""
    return EnvironmentResult("dev", found), EnvironmentResult("prod", None, FINDINGS)


def two_environments() -> EnvironmentDiff:
    overlay = DifferenceCause(DifferenceOrigin.OVERLAY, SourcePosition("exports.yaml", 20, 5), "prod")
    listed = DifferenceCause(DifferenceOrigin.LIST, SourcePosition("exports.yaml", 12, 9), "dev")
    reference = DifferenceCause(
        DifferenceOrigin.REFERENCE, SourcePosition("exports.yaml", 8, 3), written="acme-${environment}"
    )
    return EnvironmentDiff(
        "dev",
        "prod",
        (OneSidedDeclaration("exports.orders", "prod", (listed,)), OneSidedDeclaration("exports.web", "dev", ())),
        (
            FieldDifference("destinations.lake", "auth.role_arn", SensitiveValue("a"), None, (overlay,)),
            FieldDifference("destinations.lake", "bucket", "acme-dev", "acme-prod", (reference,)),
            FieldDifference("exports.sales", "datasets", ["Orders"], ["Orders", "Returns"], ()),
        ),
        3,
    )
