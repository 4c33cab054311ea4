"""
The resource-kind table: what the service calls each kind, what refers to what, and how each managed field behaves.

    level 0   base_connection   source_connection       created first, deleted last
                    │                  │
    level 1   target_connection        │                names its base connection
                    └──────┬───────────┘
    level 2              flow                            the anchor: carries the export's marker

Pure data; `wire` translates to and from JSON. Kinds are named here and nowhere else outside the emulator: other
modules use the constants below or ask for a column. A new kind is one row; a new plain field is one row of its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from exportctl.frozen import dataclass
from exportctl.model.address import DESTINATIONS, EXPORTS
from exportctl.model.consequence import Consequence
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import DATA_LAKE_SPEC

# The managed fields, named as the YAML's keys.
TITLE, DESCRIPTION, DATASETS, FOLDER, ENABLED, END = "title", "description", "datasets", "folder", "enabled", "end"
EVERY, AT, START = "schedule.every", "schedule.at", "schedule.start"
SCHEDULE, SCHEDULE_FIELDS = "schedule", frozenset({EVERY, AT, START})
FORMAT_KEYS = ("type", "compression", "manifest")
LOCATION, FORMAT = "location", "format"
NAME_MACRO = "%DESTINATION_INSTANCE_NAME%"
AUTH, SECRET_VERSION = "auth", "auth.secret_version"


class Treat(StrEnum):
    """How a managed field is compared and written; `diff` has one comparison for each."""

    VALUE = "value"  # compared and patched
    DEFAULTED = "defaulted"  # absent equals the default
    UNORDERED = "unordered"  # a set
    WRITE_ONLY = "write-only"  # never returned: compared with the marker's digest only
    BY_ACTION = "by-action"  # changed through an endpoint of its own; a flow that was paused by hand stays paused
    ENDING = "ending"  # a moment; earlier by hand is a pause, `rolling` renews it
    STARTING = "starting"  # the first run; later by hand is a pause, and a past one is never compared
    REPOINT = "repoint"  # lives on a connection that cannot be edited: create another, point the flow at it


class FieldRequest(StrEnum):
    """The request that sends a managed field."""

    PATCH = "patch"  # the POST that creates the object, and a PATCH of it
    DESCRIPTION = "description"  # the same requests, together with the ownership marker
    START = "start"  # the same requests, as the moment of the first run
    END = "end"  # the same requests, with the end that the plan has chosen
    REPOINT = "repoint"  # POST of a new source connection, then a PATCH that points the flow at it
    ACTION = "action"  # POST …/action


@dataclass(frozen=True)
class FieldRule:
    """
    One managed field.

    A field with a `schema` is plain: it is a key of an export with this JSON schema, and its value goes as it stands to
    `pointer`, a member of scheduleParams or params. The row is all that it needs. Fields without a schema have code of
    their own in config, wire and importing.
    """

    name: str
    code: str  # its letter in markers, which outlive versions: no other field of the kind ever gets it
    treat: Treat
    pointer: str
    why: str  # shown to people
    source: str  # of the fact
    default: object = None
    request: FieldRequest = FieldRequest.PATCH
    consequence: Consequence | None = None  # what a plan says of every written change of it
    only_for_macro: str | None = None  # it says so only where the folder template has this macro
    schema: Mapping[str, object] | None = None

    @property
    def is_plain(self) -> bool:
        return self.schema is not None

    @property
    def pointer_keys(self) -> tuple[str, str]:
        """The object and its member that hold a plain field."""
        _, holder, member = self.pointer.split("/")
        return holder, member


@dataclass(frozen=True)
class Kind:
    """One kind of the service's objects."""

    name: str
    label: str
    path: str
    root: str  # of the address that its marker carries
    letter: str  # of that root, in the marker
    fields: list[FieldRule]
    refs: Mapping[str, tuple[str, bool]]  # reference field -> the kind it names, and whether the wire has a list there
    filters: tuple[tuple[str, str], ...]  # keep a listing to what dataset exports are made of

    @property
    def plain_fields(self) -> tuple[FieldRule, ...]:
        return tuple(rule for rule in self.fields if rule.is_plain)

    def fields_sent_by(self, request: FieldRequest) -> tuple[str, ...]:
        """Names of the managed fields that this request sends."""
        return tuple(rule.name for rule in self.fields if rule.request is request)

    @property
    def managed_fields(self) -> tuple[str, ...]:
        """Names of the managed fields, in the order of the table."""
        return tuple(rule.name for rule in self.fields)

    def field_rule(self, name: str) -> FieldRule:
        return next(rule for rule in self.fields if rule.name == name)


def _later_files(name: str) -> Consequence:
    return Consequence("later-files", f"{name}: changes later files only; delivered files stay where they are")


_CLOUD = ",".join(t.connection_spec for t in TYPES.values())

BASE_CONNECTION = Kind(
    name="base_connection",
    label="base connection",
    path="/connections",
    root=DESTINATIONS,
    letter="d",
    fields=[
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
    ],
    refs={},
    filters=(("property", f"connectionSpec.id=={_CLOUD}"),),
)

SOURCE_CONNECTION = Kind(
    name="source_connection",
    label="source connection",
    path="/sourceConnections",
    root=EXPORTS,
    letter="e",
    fields=[],
    refs={},
    filters=(("property", f"connectionSpec.id=={DATA_LAKE_SPEC}"),),
)

TARGET_CONNECTION = Kind(
    name="target_connection",
    label="target connection",
    path="/targetConnections",
    root=EXPORTS,
    letter="e",
    fields=[
        FieldRule(
            LOCATION,
            "l",
            Treat.VALUE,
            "/params",
            "later files go to the new location",
            "[ED] flow-service.md 4.2",
            consequence=_later_files(LOCATION),
        ),
        FieldRule(
            FORMAT,
            "m",
            Treat.VALUE,
            "/params",
            "later files have the new form",
            "flow-service.md 4.2",
            consequence=_later_files(FORMAT),
        ),
    ],
    refs={"baseConnectionId": ("base_connection", False)},
    filters=(("property", f"connectionSpec.id=={_CLOUD}"),),
)

FLOW = Kind(
    name="flow",
    label="flow",
    path="/flows",
    root=EXPORTS,
    letter="e",
    fields=[
        FieldRule(
            TITLE,
            "t",
            Treat.VALUE,
            "/name",
            "the flow's name in the UI",
            "[UD]",
            consequence=Consequence(
                "later-folders", f"changes later folders: `folder` contains {NAME_MACRO}", "warning"
            ),
            only_for_macro=NAME_MACRO,
        ),
        FieldRule(
            DESCRIPTION, "d", Treat.VALUE, "/description", "shown in the UI", "[UD]", request=FieldRequest.DESCRIPTION
        ),
        FieldRule(
            DATASETS,
            "s",
            Treat.REPOINT,
            "/sourceConnectionIds",
            "the service cannot edit a dataset list: a new source connection, then the flow points at it",
            "[D] [XD-new] flow-service.md 4.1",
            request=FieldRequest.REPOINT,
        ),
        FieldRule(
            EVERY,
            "y",
            Treat.VALUE,
            "/scheduleParams",
            "mode and interval",
            "[D] flow-service.md 7",
            consequence=Consequence(
                "may-cause-full-re-export",
                "another interval may cause a full re-export of every dataset of the flow",
                "cost",
            ),
        ),
        FieldRule(
            AT,
            "h",
            Treat.VALUE,
            "/scheduleParams",
            "start time on the grid",
            "[D] flow-service.md 7",
            request=FieldRequest.START,
        ),
        FieldRule(
            START,
            "b",
            Treat.STARTING,
            "/scheduleParams",
            "the first run: a later start by hand is a pause",
            "[D] flow-service.md 7",
            request=FieldRequest.START,
        ),
        FieldRule(
            FOLDER,
            "f",
            Treat.DEFAULTED,
            "/scheduleParams",
            "later files go to other folders",
            "[XD-new] flow-service.md 10.2; the default is inferred",
            "%DATASET_ID%/%EXPORT_TIME%",
            consequence=_later_files(FOLDER),
        ),
        FieldRule(
            ENABLED,
            "o",
            Treat.BY_ACTION,
            "/state",
            "changed by POST …/action?op=enable or disable",
            "[UD] flow-service.md 4.2",
            request=FieldRequest.ACTION,
        ),
        FieldRule(
            END,
            "e",
            Treat.ENDING,
            "/scheduleParams",
            "a flow stops by itself at its end",
            "[XD-new] flow-service.md 7.3",
            request=FieldRequest.END,
        ),
    ],
    refs={"sourceConnectionIds": ("source_connection", True), "targetConnectionIds": ("target_connection", True)},
    filters=(("property", "inheritedAttributes.properties.isDestinationFlow==true"),),
)

# In the order of creation.
KINDS: Mapping[str, Kind] = {k.name: k for k in (BASE_CONNECTION, SOURCE_CONNECTION, TARGET_CONNECTION, FLOW)}

SOURCE_IDS = "sourceConnectionIds"
TARGET_IDS = "targetConnectionIds"
BASE_ID = "baseConnectionId"


def plain_fields() -> tuple[FieldRule, ...]:
    """Return the plain fields of all kinds: keys of an export that only their rows describe."""
    return tuple(rule for kind in KINDS.values() for rule in kind.plain_fields)


def add_field(kind: Kind, rule: FieldRule) -> None:
    """Add a plain field to the table of this process; call it before the schema of the config is imported."""
    kind.fields.append(rule)


def leaf_path(field: str, key: str) -> str:
    """Return the YAML key of one part of a managed field, below its destination or export."""
    is_own_key = field == LOCATION or (field == AUTH and any(key in t.account_key_names for t in TYPES.values()))
    return key if is_own_key else f"{field}.{key}"
