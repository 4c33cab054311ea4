"""What `verify` needs to know about one export: the live flow, and what its YAML expects. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.model.plan import MAX_TIMESTAMP, Address, LiveObject
from exportctl.model.project import Export
from exportctl.monitor.delivery.former_schedules import FormerTicks, former_ticks
from exportctl.resources import flow_states, run, wire
from exportctl.resources.destinations.type import DestinationType
from exportctl.resources.kinds import END, EVERY, FLOW, LOCATION, SOURCE_CONNECTION, START, TARGET_CONNECTION
from exportctl.resources.unknown_schedule import unknown_end, unknown_schedule

BACKGROUND_CLIENT = "acp_foundation_connectors"  # writes after runs and after writes of others [D samples]
GRACE = 2 * schedule.HOUR  # how long a run may take to show up where `expect.within` is not given


@dataclass(frozen=True)
class DeliveryExpectation:
    """The live facts of one export. Moments are in seconds since 1970 UTC."""

    address: Address
    flow: str
    title: str
    destination_names: tuple[str, ...]  # what %DESTINATION% may stand for, the likeliest first
    sandbox: str
    type: DestinationType
    destination: str
    datasets: Mapping[str, str]  # ids -> names, in the order of the source connection
    enabled: bool | None  # None: the state says neither
    every: str | None  # None, as `start`: the schedule cannot be read
    start: int | None
    end: int  # beyond all runs, if exportctl cannot read it
    created: int
    changed: int  # when anyone but the service last changed the flow, creation included
    location_changed: int  # the last change of its target connection
    folder_changed: int  # the last change that can have moved its folders
    prefix: str  # the path of the target without slashes at its ends
    folder: str
    format: str
    compression: str
    manifest: bool
    shown_state: str = ""  # as the service shows it
    unknown_schedule: str | None = None  # as the service shows it, where exportctl cannot read it
    unknown_end: str | None = None  # the same: a run that is missing may not have been due
    datasets_changed: int = 0  # when the flow got another list of datasets; 0: it has its first one
    within: int | None = None  # None: the YAML expects nothing
    non_empty: bool = False
    former_ticks: tuple[FormerTicks, ...] = ()  # of the schedules that the YAML states as former ones, oldest first
    former_until: int | None = None  # this is a former location, which the YAML states until then

    @property
    def grace(self) -> int:
        return self.within if self.within is not None else GRACE

    @property
    def step(self) -> int:
        """Return the seconds between runs; 0 for a one-time export and for a schedule that cannot be read."""
        return schedule.interval_seconds(self.every) if self.every else 0

    @property
    def retention(self) -> int | None:
        """Return how long the storage keeps files, in seconds; None without a limit."""
        return self.type.retention_days * schedule.DAY if self.type.retention_days else None

    def state(self, as_of: int) -> str:
        """Return enabled, disabled, finished (a one-time export after its run), expired, unknown, or what it shows."""
        if self.every is None or self.start is None:
            return "unknown"
        if self.every == schedule.ONCE and self.start <= as_of:
            return "finished"
        if self.end <= as_of:
            return "expired"
        if self.enabled is None:
            return self.shown_state or "unknown"
        return "enabled" if self.enabled else "disabled"


@dataclass(frozen=True)
class WrittenFolders:
    """What the folders of a flow depend on (see `folder_layout.FolderWriter`), and the storage that they are in."""

    flow: str
    title: str
    destination_names: tuple[str, ...]
    sandbox: str
    datasets: Mapping[str, str]
    prefix: str
    folder: str
    storage: tuple[str, ...]  # the destination type, and its location without the folder


def written_folders(
    flow: LiveObject,
    source_object: LiveObject,
    target_object: LiveObject,
    base: LiveObject | None,
    *,
    sandbox: str,
) -> WrittenFolders | None:
    """Return where a flow writes; None for a destination type that exportctl cannot read."""
    kind = wire.destination_type(target_object.raw)
    if kind is None:
        return None
    fields, target = wire.read_fields(FLOW.name, flow.raw), wire.read_fields(TARGET_CONNECTION.name, target_object.raw)
    source = wire.read_fields(SOURCE_CONNECTION.name, source_object.raw)
    title, location = str(fields["title"]), target[LOCATION]
    return WrittenFolders(
        flow=flow.id,
        title=title,
        destination_names=(target_object.name, *([base.name] if base else []), title),
        sandbox=sandbox,
        datasets={one: str(source["names"].get(one) or one) for one in source["datasets"]},
        prefix=str(location.get(kind.folder_key) or "").strip("/"),
        folder=str(fields["folder"]),
        storage=(kind.name, *(str(location.get(f.name)) for f in kind.location if f.name != kind.folder_key)),
    )


def delivery_expectation(
    export: Export,
    flow: LiveObject,
    source_object: LiveObject,
    target_object: LiveObject,
    base: LiveObject | None = None,
    *,
    sandbox: str,
) -> DeliveryExpectation | None:
    """Return the facts of one export; None for a destination type that exportctl cannot read."""
    written = written_folders(flow, source_object, target_object, base, sandbox=sandbox)
    kind = wire.destination_type(target_object.raw)
    if kind is None or written is None:
        return None
    fields, target = wire.read_fields(FLOW.name, flow.raw), wire.read_fields(TARGET_CONNECTION.name, target_object.raw)
    return DeliveryExpectation(
        address=Address("exports", export.key),
        flow=flow.id,
        title=written.title,
        destination_names=written.destination_names,
        sandbox=sandbox,
        type=kind,
        destination=export.destination,
        datasets=written.datasets,
        enabled=fields["enabled"],
        shown_state=flow_states.state_word(flow.raw),
        unknown_schedule=unknown_schedule(flow.raw),
        every=fields[EVERY],
        start=fields[START],
        end=_end_of_runs(flow),
        unknown_end=unknown_end(flow.raw),
        created=flow.created_at,
        datasets_changed=source_object.created_at if source_object.created_at > flow.created_at else 0,
        changed=max(flow.created_at, source_object.created_at, last_change(flow.raw)),
        location_changed=max(target_object.created_at, last_change(target_object.raw)),
        folder_changed=max(flow.created_at, last_change(flow.raw) if can_change_folder(flow.raw) else 0),
        prefix=written.prefix,
        folder=written.folder,
        format=str(target["format"]["type"]),
        compression=str(target["format"]["compression"]),
        manifest=bool(target["format"]["manifest"]),
        within=export.expect.within if export.expect else None,
        non_empty=export.expect.non_empty if export.expect else False,
        former_ticks=former_ticks(export.former_schedules, flow.created_at),
    )


def _end_of_runs(flow: LiveObject) -> int:
    if unknown_end(flow.raw) is not None:
        return MAX_TIMESTAMP
    return wire.read_fields(FLOW.name, flow.raw)[END] or schedule.default_end(flow.created_at)


def can_change_folder(raw: Mapping[str, Any]) -> bool:
    """
    Say whether the last change of a flow can have given it other folders.

    Any change of the schedule replaces it as a whole, and it holds the folder template. A name can be part of a folder.
    """
    operations = wire.members(raw.get("lastOperation")).get("ops")
    if not isinstance(operations, list):
        return wire.members(raw.get("lastOperation")).get("operation") != "create"
    paths = [str(wire.members(one).get("path")) for one in operations]
    named = "%DESTINATION_INSTANCE_NAME%" in str(wire.read_fields(FLOW.name, raw)["folder"])
    return any(path.startswith("/scheduleParams") or (named and path == "/name") for path in paths)


def last_change(raw: Mapping[str, Any]) -> int:
    """
    Return when a person or a tool last wrote an object, in seconds.

    This is its last operation, or `updatedAt` unless that is from the background client, which every run can cause
    (flow-service.md 2.6).
    """
    operation = wire.members(raw.get("lastOperation"))
    moments = [run.seconds_from_ms(operation.get(key)) or 0 for key in ("started", "updated")]
    by_service = raw.get("updatedClient") == BACKGROUND_CLIENT
    return max(*moments, 0 if by_service else run.seconds_from_ms(raw.get("updatedAt")) or 0)
