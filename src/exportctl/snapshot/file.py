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

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exportctl import __version__
from exportctl.errors import Error
from exportctl.model.json_form import (
    Json,
    JsonObject,
    Member,
    SealedContent,
    choice,
    json_object,
    listing,
    mapping,
    nullable,
    number,
    part,
    sealed_file,
    text,
)
from exportctl.model.plan import PLATFORMS, Inventory, ListedDataset, PlanHeader
from exportctl.resources.kinds import KINDS
from exportctl.snapshot.redact import redact_object

FORMAT_VERSION = 2
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
    platform=choice("service, or an emulator", PLATFORMS, lambda header: header["platform"]),
    organization=text("IMS organization id", lambda header: header["organization"]),
    sandbox=text("sandbox name", lambda header: header["sandbox"]),
    environment=nullable(text("the config's environment", lambda header: header["environment"])),
)
_OBJECT: Member[Any] = json_object("the service's JSON, without auth values and credentials")


def _objects_of(kind: str) -> Callable[[Any], Any]:
    """Return the function that takes the objects of one kind."""
    return lambda objects: objects[kind]


_OBJECTS = JsonObject[Any](
    "by kind", **{kind: listing("in the order of the list", _OBJECT, _objects_of(kind)) for kind in KINDS}
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
FILE = sealed_file(
    "a sandbox as exportctl read it; exportctl refuses an edited one",
    kind=KIND,
    format_version=FORMAT_VERSION,
    name="snapshot",
    content=CONTENT,
)


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
    """Return the text of the file: sorted keys, ASCII, a line end at the end."""
    return _text(CONTENT.encode(snapshot), __version__)


def load_snapshot(text: str) -> Snapshot:
    """
    Read a snapshot.

    Raises:
        Error: the text is not JSON, not a snapshot, has another format version, or was edited.
    """
    document = _parse_document(text)
    if document.get("kind") != KIND:
        raise Error("the file is not a snapshot", rule="snapshot-kind", hint=_NEW)
    if document.get("format_version") != FORMAT_VERSION:
        found = json.dumps(document.get("format_version"))
        message = f"the snapshot has format version {found}, but this exportctl reads {FORMAT_VERSION}"
        raise Error(message, rule="snapshot-version", hint=_NEW)
    content, version = document.get("snapshot"), document.get("exportctl")
    # The digest notices an edit by hand; the comparison of bytes also notices an edit that leaves the same JSON values.
    if not isinstance(content, dict) or not isinstance(version, str) or _text(content, version) != text:
        message = "the snapshot was edited: its content does not match its digest"
        raise Error(message, rule="snapshot-edited", hint=_NEW)
    try:
        return _snapshot(content)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        message = "a part of the snapshot is missing or has the wrong type"
        raise Error(message, rule="snapshot-edited", hint=_NEW) from error


def check_header(snapshot: Snapshot, header: PlanHeader) -> None:
    """
    Check that the config names the sandbox of the snapshot.

    Raises:
        Error: the platform, organisation, sandbox or environment differ; the message says which.
    """
    wanted = {name: getattr(header, name) for name in _HEADER_FIELDS}
    wrong = [
        f"{name} is {_quoted_name(snapshot.header[name])} in the snapshot and "
        f"{_quoted_name(wanted[name])} in the config"
        for name in _HEADER_FIELDS
        if snapshot.header[name] != wanted[name]
    ]
    if wrong:
        hint = f"choose the environment of the snapshot, or {_NEW}"
        raise Error(f"the snapshot is of another sandbox: {'; '.join(wrong)}", rule="snapshot-other-sandbox", hint=hint)


def _quoted_name(value: str | None) -> str:
    return "none" if value is None else f'"{value}"'


def _parse_document(text: str) -> Json:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Error("the snapshot is not JSON", rule="snapshot-json", hint=f"the file may be cut; {_NEW}") from error
    return document if isinstance(document, dict) else {}


def _text(content: Json, version: str) -> str:
    document = FILE.encode(SealedContent(content, version))
    return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=True) + "\n"


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
