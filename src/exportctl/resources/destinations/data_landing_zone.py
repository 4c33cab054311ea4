"""
Data Landing Zone: Adobe's own storage, one container for each sandbox. It has no account of the customer's.

Source: dataset-exports.md 4.1-4.3 and [DLZ].
"""

from __future__ import annotations

from exportctl.resources.destinations.object_storage import FOLDER
from exportctl.resources.destinations.type import DestinationType, IdentityRule, Protocol, Scope, constant_needs

_RETENTION_DAYS = 7  # a hard limit [DLZ]

DATA_LANDING_ZONE = DestinationType(
    name="data-landing-zone",
    label="Data Landing Zone",
    connection_spec="10440537-2a7b-4583-ac39-ed38d4b848e8",
    flow_spec="cd2fc47e-e838-4f38-a581-8fff2f99b63a",
    audience_flow_spec="7e635b9f-e59b-4546-8ba8-fce6496693c8",
    location=(FOLDER,),
    protocol=Protocol.LANDING_ZONE,
    identity=IdentityRule(Scope.SANDBOX, "the landing zone"),
    retention_days=_RETENTION_DAYS,
    noun="landing zone",
    needs=constant_needs(f"nothing; every file is deleted after {_RETENTION_DAYS} days"),
    failure_checks="nothing on your side but the licensed volume of the landing zone",
    aliases=("dlz", "landing-zone"),
)
