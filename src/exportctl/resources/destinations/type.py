"""
The six destination types as one table: spec ids, ways to authenticate, places, patterns. Data only, no behaviour.

Sources: flow-service.md 5 and dataset-exports.md 4 in the facts this project was built on, which restate Adobe's
`help/destinations/api/export-datasets.md` ([XD-new]), the batch activation tutorial ([AS]) and `destinations.yaml`
([D]). Ids are the same in every organisation and sandbox. Adobe has moved customers to new specs before (2022-23), so
nothing outside this table knows an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exportctl.model.secret import Secrecy

SPEC_VERSION = "1.0"  # [D] answers 422 when it is missing
DATA_LAKE_SPEC = "23598e46-f560-407b-88d5-ea6207e49db0"  # source side of every dataset export [D] [XD-new]
PROFILE_STORE_SPEC = "8a9c3494-9708-43d7-ae3f-cda01e5030e1"  # source side of every audience export [D] [AE]

# The published S3/GCS path pattern also allows %SEGMENT_…% macros, which are for audience files; its nested repeats
# backtrack badly, so this is the same set of characters without them.
OBJECT_PATH = r"^[0-9a-zA-Z/!\-_.*'()]*$"


@dataclass(frozen=True)
class AuthField:
    """
    One key of `auth` in YAML and its name on the wire.

    `hidden`: the published spec says `format: password`, so a GET may mask or omit it. `form` is a pattern its real
    values have, used to tell a value from a mask; `sample` is a made-up value of that form for the embedded emulator.
    """

    name: str
    wire: str
    secrecy: Secrecy
    hidden: bool = False
    form: str | None = None
    sample: str = "emulated-value"
    lenient: bool = False  # what breaks the live spec's pattern only warns: the published one refuses real keys


@dataclass(frozen=True)
class AuthMethod:
    """One way to authenticate: `spec_name` goes out as auth.specName."""

    name: str
    spec_name: str
    fields: tuple[AuthField, ...]


@dataclass(frozen=True)
class LocationField:
    """One key of a place in YAML and its name in the target connection's params."""

    name: str
    wire: str
    required: bool
    pattern: str | None = None
    rule: str | None = None  # what the pattern asks for, in words


@dataclass(frozen=True)
class DestinationType:
    name: str
    label: str
    connection_spec: str
    flow_spec: str
    audience_flow_spec: str
    location: tuple[LocationField, ...]
    methods: tuple[AuthMethod, ...] = ()
    account_keys: tuple[str, ...] = ()  # YAML keys that describe the account, not the place
    encryption: bool = True
    notes: tuple[str, ...] = field(default=())

    @property
    def path_key(self) -> str:
        """The YAML key of the folder, always `path`; named here so that callers need no literal."""
        return "path"

    def method(self, name: str) -> AuthMethod:
        return next(m for m in self.methods if m.name == name)

    def method_by_spec_name(self, spec_name: str | None) -> AuthMethod | None:
        return next((m for m in self.methods if m.spec_name == spec_name), None)

    def wire_names(self) -> Mapping[str, str]:
        """YAML key -> wire name of the place."""
        return {f.name: f.wire for f in self.location}


_PATH_WORDS = "letters, digits and / ! - _ . * ' ( ) only"
_S3_PATH = LocationField("path", "path", False, OBJECT_PATH, _PATH_WORDS)
