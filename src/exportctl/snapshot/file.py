"""
Convert a Snapshot to versioned JSON text and back; the reader notices an edit.

    build_snapshot(header, live, moment)   -> Snapshot, every object without secrets
    dump_snapshot(snapshot)                -> text of the file; equal snapshots give equal bytes
    load_snapshot(text)                    -> Snapshot; refuses everything but the bytes that `dump_snapshot` wrote
    check_header(snapshot, header)         checks that the config names the sandbox of the snapshot

A snapshot belongs to a sandbox, not to a project: every config of that sandbox can be planned against it. The objects
are the service's own JSON, by kind. The caller checks the text for known secret values before it writes the file. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from exportctl import __version__
from exportctl.errors import Error
from exportctl.frozen import dataclass
from exportctl.model.json_form import (
    Json,
    JsonObject,
    Member,
    SealedContent,
    SealedFile,
    SealError,
    choice,
    json_object,
    listing,
    mapping,
    nullable,
    number,
    part,
    text,
)
from exportctl.model.plan import PLATFORMS, Inventory, ListedDataset, PlanHeader
from exportctl.resources.kinds import KINDS
from exportctl.snapshot.redact import redact_object

KIND = "snapshot"
_NEW = "take a new one with `exportctl snapshot --out FILE`"
_HEADER_FIELDS = ("platform", "organization", "sandbox", "environment")  # of a PlanHeader


@dataclass(frozen=True)
class Snapshot:
    """
    One sandbox as it was read at `taken_at` (seconds since 1970 UTC).

    `header` has the fields of a PlanHeader that name the sandbox, `objects` the service's JSON by kind, `specs` the
    connection specs by id.
    """

    header: Mapping[str, str | None]
    taken_at: int
    objects: Mapping[str, tuple[Json, ...]]
    datasets: tuple[ListedDataset, ...]
    specs: Mapping[str, Mapping[str, Any]]

    @property
    def count(self) -> int:
        """The number of objects in it."""
        return sum(len(listed) for listed in self.objects.values())


_HEADER = JsonObject[Mapping[str, str | None]](
    "the sandbox that was read",
    platform=choice("service, or an emulator", PLATFORMS, itemgetter("platform")),
    organization=text("IMS organization id", itemgetter("organization")),
    sandbox=text("sandbox name", itemgetter("sandbox")),
    environment=nullable(text("the config's environment", itemgetter("environment"))),
)
_OBJECT: Member[Any] = json_object("the service's JSON, without auth values and credentials")


_OBJECTS = JsonObject[Any](
    "by kind", **{kind: listing("in the order of the list", _OBJECT, itemgetter(kind)) for kind in KINDS}
)
CONTENT = JsonObject[Snapshot](
    "what was read",
    header=part(_HEADER),
    taken_at=number("seconds since 1970 UTC"),
    objects=part(_OBJECTS),
    datasets=listing(
        "datasets that can be exported",
        JsonObject[ListedDataset]("one dataset", id=text("dataset id"), name=text("dataset name")),
    ),
    specs=mapping("connection specs by id", json_object("the service's JSON")),
)
FILE = SealedFile(
    "a sandbox as exportctl read it; exportctl refuses an edited one",
    kind=KIND,
    format_version=3,
    name="snapshot",
    content=CONTENT,
    indent=1,
    has_one_line_items=True,
)
_PROBLEMS = {
    "json": ("the snapshot is not JSON", f"the file may be cut; {_NEW}"),
    "kind": ("the file is not a snapshot", _NEW),
    "version": (f"the snapshot has format version {{}}, but this exportctl reads {FILE.format_version}", _NEW),
    "edited": ("the snapshot was edited: its content does not match its digest", _NEW),
}


def build_snapshot(header: PlanHeader, live: Inventory, moment: int) -> Snapshot:
    """Build a snapshot of an inventory, in the order of its lists, without secrets."""
    return Snapshot(
        header={name: getattr(header, name) for name in _HEADER_FIELDS},
        taken_at=moment,
        objects={kind: tuple(redact_object(one.raw) for one in live.objects_of_kind(kind)) for kind in KINDS},
        datasets=live.datasets or (),
        specs=live.specs,
    )


def dump_snapshot(snapshot: Snapshot) -> str:
    """Return the text of the file: one line for each object, sorted keys, ASCII, a line end at the end."""
    return FILE.dump(SealedContent(CONTENT.encode(snapshot), __version__))


def load_snapshot(text: str) -> Snapshot:
    """
    Read a snapshot.

    Raises:
        Error: the text is not JSON, not a snapshot, has another format version, or was edited.
    """
    try:
        return _snapshot(FILE.load(text).content)
    except SealError as error:
        message, hint = _PROBLEMS[error.problem]
        raise Error(message.format(error.found), rule=f"snapshot-{error.problem}", hint=hint) from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        message = "a part of the snapshot is missing or has the wrong type"
        raise Error(message, rule="snapshot-edited", hint=_NEW) from error


def check_header(snapshot: Snapshot, header: PlanHeader) -> None:
    """
    Check that the config names the sandbox of the snapshot.

    Raises:
        Error: the platform, organization, sandbox or environment differ; the message says which.
    """
    sides = ((name, snapshot.header[name], getattr(header, name)) for name in _HEADER_FIELDS)
    wrong = [
        f"{name} is {_quoted_name(before)} in the snapshot and {_quoted_name(wanted)} in the config"
        for name, before, wanted in sides
        if before != wanted
    ]
    if wrong:
        hint = f"choose the environment of the snapshot, or {_NEW}"
        raise Error(f"the snapshot is of another sandbox: {'; '.join(wrong)}", rule="snapshot-other-sandbox", hint=hint)


def _quoted_name(value: str | None) -> str:
    return "none" if value is None else f'"{value}"'


def _snapshot(content: Json) -> Snapshot:
    """
    Build a snapshot of the content of a file.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: a part is missing or has the wrong type.
    """
    _typed_values((str, type(None)), content["header"].values())
    specs = dict(content["specs"])
    (taken_at,) = _typed_values(int, [content["taken_at"]])
    _typed_values(dict, specs.values())
    return Snapshot(
        header={name: content["header"][name] for name in _HEADER_FIELDS},
        taken_at=taken_at,
        objects={kind: _typed_values(dict, content["objects"][kind]) for kind in KINDS},
        datasets=tuple(ListedDataset(*_typed_values(str, (d["id"], d["name"]))) for d in content["datasets"]),
        specs=specs,
    )


def _typed_values(kind: type | tuple[type, ...], values: Iterable[Any]) -> tuple[Any, ...]:
    found = tuple(values)
    if not all(isinstance(value, kind) for value in found):
        raise TypeError
    return found
