"""Live exports and accounts of a sandbox, as the tables of renames, handovers and orphans need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from exportctl.model.plan import Inventory, ListedDataset, LiveObject, Marker, Plan, PlanHeader, PlanItem, digest
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Account, AuthValue, Dataset, Destination, Export, Project
from exportctl.model.secret import Secrecy
from exportctl.plan import planner
from exportctl.plan.desired import build_desired_state
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import DATA_LAKE_SPEC
from exportctl.resources.kinds import DATASETS
from tests.plan.value_builders import AT, NOW, lake, make_object, orders, project

HEADER = PlanHeader("org", "demo", None, "acme", "embedded")
S3, SFTP = TYPES["amazon-s3"], TYPES["sftp"]
ROLE = "arn:aws:iam::123456789012:role/exports"
LOCATION = {"bucketName": "acme", "path": "aep"}
VALUES = {("destinations.lake", "role_arn"): ROLE, ("destinations.new", "role_arn"): ROLE}
SFTP_AUTH = {
    "host": AuthValue("sftp.acme.example", Secrecy.PLAIN, AT),
    "username": AuthValue("acme", Secrecy.SENSITIVE, AT),
    "password": AuthValue("${env:P}", Secrecy.SECRET, AT),
}


def export(key: str = "new", datasets: Sequence[str] = ("d1",), **changes: Any) -> Export:
    """One flow of datasets by id."""
    named = tuple(Dataset(i, None, None, AT) for i in datasets)
    return orders(
        key=key, declared_key=key.partition("/")[0], title=changes.pop("title", key), datasets=named, **changes
    )


def flow(
    key: str = "old",
    datasets: Sequence[str] = ("d1",),
    *,
    base: str = "base",
    place: Any = None,
    title: str | None = None,
    hours: int = 24,
    folder: str = "%DATASET_ID%/%EXPORT_TIME%",
    owner: str = "acme",
    type: Any = S3,
    created: int = NOW - 10 * 86400,
    applied: Sequence[str] | None = None,
) -> tuple[LiveObject, ...]:
    """
    A flow with a source and a target of its own, made by us unless `owner` says otherwise.

    `applied` are the datasets last applied, if a person changed them since.
    """
    marker = Marker(owner, "e", key, applied={DATASETS: (digest(sorted(applied or datasets)),)})
    at = {"createdAt": created * 1000}
    spec = {"connectionSpec": {"id": type.connection_spec}}
    entries = [{"dataSetId": i, "name": i.upper()} for i in datasets]
    schedule = {"interval": hours, "timeUnit": "hour", "startTime": NOW, "endTime": NOW + 86400}
    if hours == 24:
        schedule |= {"interval": 1, "timeUnit": "day"}
    part = key.replace("/", ".")  # no id holds a slash
    ids = {"sourceConnectionIds": [f"s-{part}"], "targetConnectionIds": [f"t-{part}"]}
    target = {"params": {**(place or LOCATION), "datasetFileType": "PARQUET", "compression": "GZIP"}}
    return (
        make_object("source_connection", f"s-{part}", marker, **at, connectionSpec={"id": DATA_LAKE_SPEC},
            params={"datasets": entries}),
        make_object("target_connection", f"t-{part}", marker, **at, **spec, **target, baseConnectionId=base),
        make_object("flow", f"f-{part}", marker, **{**at, **ids, "name": title or key}, state="enabled",
            flowSpec={"id": type.flow_spec}, scheduleParams={**schedule, "foldernameTemplate": folder}),
    )  # fmt: skip


def account(
    key: str = "lake",
    identity: str = "base",
    *,
    type: Any = S3,
    method: str = "role",
    params: Any = None,
    owner: str = "acme",
    **marked: Any,
) -> LiveObject:
    """A base connection of ours; `params` as the wire has them, by default the role of VALUES."""
    spec = {"connectionSpec": {"id": type.connection_spec}}
    if type.methods:
        spec["auth"] = {"specName": type.method(method).spec_name, "params": params or {"s3Role": ROLE}}
    return make_object("base_connection", identity, Marker(owner, "d", key, **marked), **spec)


def build_project(*exports: Export, destinations: Sequence[Destination] = (), **changes: Any) -> Project:
    made = project(*exports, destinations=tuple(destinations) or (lake(),))
    return Project(**{**made.__dict__, **changes})


def build_plan(
    given: Project,
    *objects: LiveObject,
    options: PlanOptions = PlanOptions(),  # noqa: B008
    values: Any = None,
    specs: Any = None,
    lists_datasets: bool = True,
) -> Plan:
    """
    The plan of a config in a sandbox of these objects, where datasets d1 … d9 can be exported.

    `lists_datasets` False: a plan that is only for reading, without the list of datasets.
    """
    kinds = sorted({o.kind for o in objects})
    listed = tuple(ListedDataset(f"d{n}", f"D{n}") for n in range(1, 10))
    live = Inventory({k: tuple(o for o in objects if o.kind == k) for k in kinds}, listed, specs or {})
    live = live if lists_datasets else replace(live, datasets=None)
    return planner.build_plan(
        build_desired_state(given, VALUES if values is None else values, {}), live, HEADER, options, NOW
    )


def item(made: Plan, address: str) -> PlanItem:
    (found,) = [i for i in made.items if str(i.address) == address]
    return found


def sftp_lake(key: str = "lake", **changes: Any) -> Destination:
    made = {"type": "sftp", "location": {"path": "/in"}, "account": Account("password", SFTP_AUTH), **changes}
    return lake(key=key, **made)
