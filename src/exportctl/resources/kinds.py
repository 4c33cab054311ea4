"""
The resource-kind table: what the service calls each kind, what refers to what, and how each managed field behaves.

    level 0   base_connection   source_connection       created first, deleted last
                    │                  │
    level 1   target_connection        │                names its base connection
                    └──────┬───────────┘
    level 2              flow                            the anchor: carries the export's marker

Pure data; `wire` translates to and from JSON. Kinds are named here and nowhere else outside the emulator: other
modules ask for a role (`ANCHOR`, `PLACE`, `CONTENT`, `ACCOUNT`) or for a column. A new kind is one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from exportctl.model.plan import DESTINATIONS, EXPORTS
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import DATA_LAKE_SPEC

# The managed fields, named as the YAML's keys. START is sent and read, but never compared.
TITLE, DESCRIPTION, DATASETS, FOLDER, ENABLED, END = "title", "description", "datasets", "folder", "enabled", "end"
EVERY, AT, START = "schedule.every", "schedule.at", "schedule.start"
SCHEDULE, SCHEDULE_FIELDS = "schedule", frozenset({EVERY, AT})
FORMAT_KEYS = ("type", "compression", "manifest")
LOCATION, FORMAT = "location", "format"
AUTH, SECRET_VERSION = "auth", "auth.secret_version"


class Treat(StrEnum):
    """How a managed field is compared and written; `diff` has one comparison for each."""

    VALUE = "value"  # compared and patched
    DEFAULTED = "defaulted"  # absent equals the default
    UNORDERED = "unordered"  # a set
    WRITE_ONLY = "write-only"  # never returned: compared with the marker's digest only
    BY_ACTION = "by-action"  # changed through an endpoint of its own; a stop made by hand is held
    ENDING = "ending"  # a moment; earlier by hand is a stop, `rolling` renews it
    REPOINT = "repoint"  # lives on a connection that cannot be edited: create another, point the flow at it


@dataclass(frozen=True)
class FieldRule:
    """
    One managed field: `why` is shown to people, `source` is where the fact comes from.

    `code` is its letter in the ownership marker. Markers outlive versions: a letter never changes its meaning, and no
    other field of the kind gets it, not even after this one is gone.
    """

    name: str
    code: str
    treat: Treat
    pointer: str
    why: str
    source: str
    default: object = None


@dataclass(frozen=True)
class Kind:
    """
    One kind of the service's objects.

    `root` and `letter` name the address its marker carries; `refs` maps a reference field to the kind it names and
    whether the wire has a list there; `filters` keep a listing to what dataset exports are made of.
    """

    name: str
    label: str
    path: str
    root: str
    letter: str
    fields: tuple[FieldRule, ...]
    refs: Mapping[str, tuple[str, bool]]
    filters: tuple[tuple[str, str], ...]

    @property
    def managed_fields(self) -> tuple[str, ...]:
        """Names of the managed fields, in the order of the table."""
        return tuple(rule.name for rule in self.fields)

    def field_rule(self, name: str) -> FieldRule:
        return next(rule for rule in self.fields if rule.name == name)


_CLOUD = ",".join(t.connection_spec for t in TYPES.values())

BASE_CONNECTION = Kind(
    name="base_connection",
    label="base connection",
    path="/connections",
    root=DESTINATIONS,
    letter="d",
    fields=(
        FieldRule(
            AUTH,
            "a",
            Treat.VALUE,
            "/auth/params",
            "adding or replacing overrides every earlier parameter, so the whole set is sent",
            "[D] flow-service.md 4.1",
        ),
        FieldRule(
            SECRET_VERSION,
            "n",
            Treat.WRITE_ONLY,
            "/auth/params",
            "secrets are never compared; a new secret_version sends them again",
            "flow-service.md 2.2",
        ),
    ),
    refs={},
    filters=(("property", f"connectionSpec.id=={_CLOUD}"),),
)

SOURCE_CONNECTION = Kind(
    name="source_connection",
    label="source connection",
    path="/sourceConnections",
    root=EXPORTS,
    letter="e",
    fields=(),
    refs={},
    filters=(("property", f"connectionSpec.id=={DATA_LAKE_SPEC}"),),
)

TARGET_CONNECTION = Kind(
    name="target_connection",
    label="target connection",
    path="/targetConnections",
    root=EXPORTS,
    letter="e",
    fields=(
        FieldRule(
            LOCATION, "l", Treat.VALUE, "/params", "later files go to the new location", "[ED] flow-service.md 4.2"
        ),
        FieldRule(FORMAT, "m", Treat.VALUE, "/params", "later files have the new form", "flow-service.md 4.2"),
    ),
    refs={"baseConnectionId": ("base_connection", False)},
    filters=(("property", f"connectionSpec.id=={_CLOUD}"),),
)

FLOW = Kind(
    name="flow",
    label="flow",
    path="/flows",
    root=EXPORTS,
    letter="e",
    fields=(
        FieldRule(TITLE, "t", Treat.VALUE, "/name", "the flow's name in the UI", "[UD]"),
        FieldRule(DESCRIPTION, "d", Treat.VALUE, "/description", "shown in the UI", "[UD]"),
        FieldRule(
            DATASETS,
            "s",
            Treat.REPOINT,
            "/sourceConnectionIds",
            "the service cannot edit a dataset list: a new source connection, then the flow points at it",
            "[D] [XD-new] flow-service.md 4.1",
        ),
        FieldRule(EVERY, "y", Treat.VALUE, "/scheduleParams", "mode and interval", "[D] flow-service.md 7"),
        FieldRule(AT, "h", Treat.VALUE, "/scheduleParams", "start time on the grid", "[D] flow-service.md 7"),
        FieldRule(
            FOLDER,
            "f",
            Treat.DEFAULTED,
            "/scheduleParams",
            "later files go to other folders",
            "[XD-new] flow-service.md 10.2; the default is inferred",
            "%DATASET_ID%/%EXPORT_TIME%",
        ),
        FieldRule(
            ENABLED,
            "o",
            Treat.BY_ACTION,
            "/state",
            "changed by POST …/action?op=enable or disable",
            "[UD] flow-service.md 4.2",
        ),
        FieldRule(
            END,
            "e",
            Treat.ENDING,
            "/scheduleParams",
            "a flow stops by itself at its end",
            "[XD-new] flow-service.md 7.3",
        ),
    ),
    refs={"sourceConnectionIds": ("source_connection", True), "targetConnectionIds": ("target_connection", True)},
    filters=(("property", "inheritedAttributes.properties.isDestinationFlow==true"),),
)

KINDS: Mapping[str, Kind] = {
    k.name: k for k in (BASE_CONNECTION, SOURCE_CONNECTION, TARGET_CONNECTION, FLOW)
}  # creation order

SOURCE_IDS = "sourceConnectionIds"
TARGET_IDS = "targetConnectionIds"
BASE_ID = "baseConnectionId"


def leaf_path(field: str, key: str) -> str:
    """Return the YAML key of one part of a managed field, below its destination or export."""
    is_own_key = field == LOCATION or (field == AUTH and any(key in t.account_key_names for t in TYPES.values()))
    return key if is_own_key else f"{field}.{key}"
