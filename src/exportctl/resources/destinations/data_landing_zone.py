"""data_landing_zone."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.project import Destination
from exportctl.resources.destinations.type import DestinationType, LocationField

DATA_LANDING_ZONE = DestinationType(
    name="data-landing-zone",
    label="Data Landing Zone",
    connection_spec="10440537-2a7b-4583-ac39-ed38d4b848e8",
    flow_spec="cd2fc47e-e838-4f38-a581-8fff2f99b63a",
    audience_flow_spec="7e635b9f-e59b-4546-8ba8-fce6496693c8",
    location=(LocationField("path", "path", True),),
    encryption=False,
    notes=("files are deleted after 7 days",),  # hard limit [DLZ]
)


def _landing_zone(destination: Destination) -> Iterator[str]:
    yield "nothing; every file is deleted after 7 days"
