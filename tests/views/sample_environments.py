"""Two environments compared, built by hand: every origin, and a difference without a line."""

from __future__ import annotations

from exportctl.environments import Cause, Comparison, Difference, Only, Origin
from exportctl.errors import Location
from exportctl.model import Sensitive


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
