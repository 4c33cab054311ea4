"""One flow as the service lists it, with its connections and account, and a `Live` made of such documents."""

from __future__ import annotations

from typing import Any

from exportctl.client.inventory import live_object
from exportctl.model.plan import Inventory, ListedDataset
from exportctl.resources.destinations.amazon_s3 import AMAZON_S3
from exportctl.resources.destinations.type import DATA_LAKE_SPEC
from exportctl.resources.kinds import BASE_CONNECTION, FLOW, SOURCE_CONNECTION, TARGET_CONNECTION

NOW = 1_800_000_000  # 2027-01-15 08:00:00 UTC
DAY, HOUR = 86400, 3600
MIDNIGHT = NOW // DAY * DAY
Docs = dict[str, dict[str, Any]]
LISTED_SPECS: Docs = {AMAZON_S3.connection_spec: {"targetSpec": {"spec": {"properties": {"includeFileManifest": {}}}}}}


def documents() -> Docs:
    """One flow as the service lists it, with its connections, by kind."""
    head = {"etag": "e", "createdAt": NOW * 1000}
    card = {"id": AMAZON_S3.connection_spec, "version": "1.0"}
    return {
        "base": {
            **head,
            "id": "b",
            "name": "Lake",
            "connectionSpec": {**card},
        },
        "source": {
            **head,
            "id": "s",
            "connectionSpec": {"id": DATA_LAKE_SPEC},
            "params": {"datasets": [{"dataSetId": "d1", "name": "Orders"}, {"dataSetId": "d2"}]},
        },
        "target": {
            **head,
            "id": "t",
            "connectionSpec": {**card},
            "baseConnectionId": "b",
            "params": {"bucketName": "acme", "path": "aep", "datasetFileType": "JSON", "compression": "GZIP"},
        },
        "flow": {
            **head,
            "id": "f",
            "name": "Orders",
            "description": "Feeds the lake",
            "flowSpec": {"id": AMAZON_S3.flow_spec},
            "state": "enabled",
            "sourceConnectionIds": ["s"],
            "targetConnectionIds": ["t"],
            "scheduleParams": {"timeUnit": "hour", "interval": "6", "startTime": MIDNIGHT + HOUR, "endTime": NOW + DAY},
        },
    }


def live_sandbox(docs: Docs) -> Inventory:
    """A sandbox that holds these, as far as they are there."""
    kinds = {"base": BASE_CONNECTION, "source": SOURCE_CONNECTION, "target": TARGET_CONNECTION, "flow": FLOW}
    objects = {kind.name: (live_object(kind, docs[key]),) for key, kind in kinds.items() if key in docs}
    return Inventory(objects, (ListedDataset("d1", "Orders"), ListedDataset("d2", "Two")), LISTED_SPECS)
