"""
A Snapshot <-> versioned JSON text that says so when it was edited.

    taken(header, live, moment)  -> Snapshot, every object without secrets
    dump(snapshot)               text of the file; equal snapshots give equal bytes
    load(text)                   -> Snapshot; anything but the bytes that `dump` wrote is refused
    check(snapshot, header)      it was taken of the place that the config names

It belongs to a sandbox, not to a project: any config of that sandbox can be planned against it. Objects are the
service's own JSON, by kind. Whoever makes `LiveObject`s of them is not here, and no known secret value is: the caller
holds the text against those before it writes it. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exportctl import __version__
from exportctl.errors import Error
from exportctl.kinds import KINDS
from exportctl.model import Header, ListedDataset, Live, canonical
from exportctl.snapshots.redaction import Json, without_secrets

FORMAT_VERSION = 1
KIND = "snapshot"
_NEW = "take a new one with `exportctl snapshot --out FILE`"
_PLACE = ("platform", "organization", "sandbox", "environment")  # of a Header


@dataclass(frozen=True)
class Snapshot:
    """
    One sandbox as it was read at `taken_at` (seconds since 1970 UTC). `place` are the members of a Header that say
    where; `objects` the service's JSON by kind; `specs` the connection specs by id.
    """

    place: Mapping[str, str | None]
    taken_at: int
    objects: Mapping[str, tuple[Json, ...]]
    datasets: tuple[ListedDataset, ...]
    specs: Mapping[str, Mapping[str, Any]]

    @property
    def count(self) -> int:
        """How many objects it holds."""
        return sum(len(listed) for listed in self.objects.values())


def taken(header: Header, live: Live, moment: int) -> Snapshot:
    """What was read of a sandbox, in the order of the lists, without secrets."""
    return Snapshot(
        place={name: getattr(header, name) for name in _PLACE},
        taken_at=moment,
        objects={kind: tuple(without_secrets(one.raw) for one in live.of(kind)) for kind in KINDS},
        datasets=live.datasets or (),
        specs=live.specs,
    )


def dump(snapshot: Snapshot) -> str:
    """The text of the file: sorted keys, ASCII, a line end at the end."""
    content = {
        "place": dict(snapshot.place),
        "taken_at": snapshot.taken_at,
        "objects": {kind: list(listed) for kind, listed in snapshot.objects.items()},
        "datasets": [{"id": d.id, "name": d.name} for d in snapshot.datasets],
        "specs": dict(snapshot.specs),
    }
    return _text(content, __version__)


def load(text: str) -> Snapshot:
    """
    Read a snapshot.

    Raises:
        Error: not JSON, no snapshot, of another version, or not byte for byte what was written.
    """
    document = _parsed(text)
    if document.get("kind") != KIND:
        raise Error("this is no snapshot", rule="snapshot-kind", hint=_NEW)
    if document.get("format_version") != FORMAT_VERSION:
        found = json.dumps(document.get("format_version"))
        message = f"the snapshot has format version {found}, this exportctl reads {FORMAT_VERSION}"
        raise Error(message, rule="snapshot-version", hint=_NEW)
    content, version = document.get("snapshot"), document.get("exportctl")
    # The digest catches an edit by hand; the comparison of bytes also one that JSON does not tell apart.
    if not isinstance(content, dict) or not isinstance(version, str) or _text(content, version) != text:
        message = "the snapshot was edited: its content does not match its digest"
        raise Error(message, rule="snapshot-edited", hint=_NEW)
    try:
        return _snapshot(content)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Error("the snapshot lacks parts, or one is of another type", rule="snapshot-edited", hint=_NEW) from error


def check(snapshot: Snapshot, header: Header) -> None:
    """
    Raises:
        Error: the config names another platform, organisation, sandbox or environment; says which.
    """
    asked = {name: getattr(header, name) for name in _PLACE}
    wrong = [
        f"{name} is {_named(snapshot.place[name])} in the snapshot and {_named(asked[name])} in the config"
        for name in _PLACE
        if snapshot.place[name] != asked[name]
    ]
    if wrong:
        hint = f"choose the environment it was taken of, or {_NEW}"
        raise Error(f"the snapshot is of another place: {'; '.join(wrong)}", rule="snapshot-place", hint=hint)


def _named(value: str | None) -> str:
    return "none" if value is None else f'"{value}"'


def _parsed(text: str) -> Json:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Error("the snapshot is not JSON", rule="snapshot-json", hint=f"was it cut short? {_NEW}") from error
    return document if isinstance(document, dict) else {}


def _text(content: Json, version: str) -> str:
    document = {"format_version": FORMAT_VERSION, "kind": KIND, "exportctl": version, "snapshot": content}
    sealed = {**document, "content_digest": hashlib.sha256(canonical(document).encode()).hexdigest()}
    return json.dumps(sealed, sort_keys=True, indent=1, ensure_ascii=True) + "\n"


def _snapshot(content: Json) -> Snapshot:
    """Raises KeyError, TypeError, AttributeError, ValueError for a part that is missing or of another type."""
    _each((str, type(None)), content["place"].values())
    specs = dict(content["specs"])
    (taken_at,) = _each(int, [content["taken_at"]])
    _each(dict, specs.values())
    return Snapshot(
        place={name: content["place"][name] for name in _PLACE},
        taken_at=taken_at,
        objects={kind: _each(dict, content["objects"][kind]) for kind in KINDS},
        datasets=tuple(ListedDataset(*_each(str, (d["id"], d["name"]))) for d in content["datasets"]),
        specs=specs,
    )


def _each(kind: type | tuple[type, ...], values: Iterable[Any]) -> tuple[Any, ...]:
    found = tuple(values)
    if not all(isinstance(value, kind) for value in found):
        raise TypeError
    return found
