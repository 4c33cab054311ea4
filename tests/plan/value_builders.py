"""Small parts that the truth tables are put together from."""

from __future__ import annotations

from typing import Any

from exportctl.client.inventory import live_object
from exportctl.errors import SourcePosition
from exportctl.model.plan import Inventory, LiveObject, Marker
from exportctl.model.project import (
    Account,
    AuthValue,
    Destination,
    End,
    Export,
    Format,
    PlatformSettings,
    Project,
    Schedule,
)
from exportctl.model.secret import Secrecy
from exportctl.plan.desired import DesiredAccount, DesiredExport, DesiredState, build_desired_state
from exportctl.resources.kinds import KINDS
from exportctl.resources.marker import format_description

NOW = 1_800_000_000  # 2027-01-15 08:00:00 UTC
AT = SourcePosition("exports.yaml", 3, 1)


def lake(**changes: Any) -> Destination:
    auth = {"role_arn": AuthValue("${env:ROLE}", Secrecy.SENSITIVE, AT)}
    made: dict[str, Any] = {
        "key": "lake",
        "type": "amazon-s3",
        "title": None,
        "description": "",
        "location": {"bucket": "acme", "path": "aep"},
        "account": Account("role", auth),
        "at": AT,
    }
    return Destination(**{**made, **changes})


def orders(**changes: Any) -> Export:
    made: dict[str, Any] = {
        "key": "orders",
        "declared_key": "orders",
        "title": "Orders",
        "description": "",
        "destination": "lake",
        "datasets": (),
        "schedule": Schedule("day", 1, 7200),
        "end": End(moment=NOW + 86400),
        "format": Format("parquet", "gzip"),
        "folder": "%DATASET_ID%/%EXPORT_TIME%",
        "subpath": "",
        "at": AT,
    }
    return Export(**{**made, **changes})


def project(*exports: Export, destinations: tuple[Destination, ...] = ()) -> Project:
    return Project(
        name="acme",
        repository=None,
        environment=None,
        platform=PlatformSettings("org", "demo", "embedded", {}, AT),
        destinations={d.key: d for d in destinations or (lake(),)},
        exports={e.key: e for e in exports},
    )


def build_desired(
    export: Export | None = None, destination: Destination | None = None, specs: Any = (), values: Any = ()
) -> DesiredState:
    return build_desired_state(
        project(export or orders(), destinations=(destination or lake(),)), dict(values), dict(specs)
    )


def desired_export(destination: Destination | None = None, specs: Any = (), **changes: Any) -> DesiredExport:
    (export,) = build_desired(orders(**changes), destination, specs).exports.values()
    return export


def desired_account(destination: Destination | None = None, **values: str) -> DesiredAccount:
    known = {("destinations.lake", name): value for name, value in values.items()}
    (account,) = build_desired(None, destination, (), known).accounts.values()
    return account


def make_object(kind: str, identity: str, marker: Marker | None = None, **raw: Any) -> LiveObject:
    """One live object as a list returns it."""
    text = format_description("", None, marker, KINDS[kind]) if marker else ""
    return live_object(KINDS[kind], {"id": identity, "etag": "e", "name": identity, "description": text, **raw})


def sandbox(*objects: LiveObject) -> Inventory:
    return Inventory({name: tuple(o for o in objects if o.kind == name) for name in KINDS}, (), {})
