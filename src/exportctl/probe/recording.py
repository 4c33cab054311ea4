"""
Keep the requests and answers of a probe as cassettes of vcrpy, without secrets, ids and names. Pure.

    CassetteRecorder.start(name)            begin a cassette; the groups of questions have one each
    CassetteRecorder.record(exchange)       add one request with its answer
    CassetteRecorder.cassettes()            name -> text of the file, in vcrpy's JSON form

What is kept is listed, and all else is hidden: an unknown member of the service could hold anything. Every id becomes
the same made-up id wherever it stands. Lists keep only the objects of the probe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from exportctl.client.client import LANDING_ZONE
from exportctl.errors import Error
from exportctl.frozen import dataclass
from exportctl.model.masking import MIN_SECRET_LENGTH
from exportctl.probe.bodies import COLLECTIONS, TEXT, is_probe_name
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import DATA_LAKE_SPEC

ADOBE = "https://ns.adobe.com/"  # begins the type of an error
HOST = "https://platform.adobe.io"
HIDDEN = "(hidden)"
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
PUBLIC_IDS = {DATA_LAKE_SPEC} | {id for row in TYPES.values() for id in (row.connection_spec, row.flow_spec)}
# Members with values out of lists that Adobe publishes, and those that the probe itself wrote.
PUBLIC_MEMBERS = frozenset(
    (
        "state",
        "op",
        "path",
        "compression",
        "datasetFileType",
        "exportMode",
        "timeUnit",
        "interval",
        "specName",
        "type",
        "format",
        "value",
        "operation",
        "foldernameTemplate",
        "folderNameTemplate",
        "error_code",
        "status",
    )
)
PUBLIC_PARAMETERS = frozenset(
    ("property", "limit", "orderby", "op", "subOp", "outputType", "outputField", "properties", "start")
)
TEXT_MEMBERS = frozenset({"errorMessage", "message", "title", "detail", "detailed-message", "errorDetails"})


@dataclass(frozen=True)
class RecordedExchange:
    """One request with its answer, as they were sent."""

    method: str
    url: str
    etag: str | None
    content: bytes | None
    status: int
    body: bytes


class CassetteRecorder:
    """The cassettes of one probe. `guarded` are values that no cassette may hold, such as the organization."""

    def __init__(self, guarded: Iterable[str]) -> None:
        self._guarded = sorted({value for value in guarded if value}, key=len, reverse=True)
        self._ids: dict[str, str] = {}
        self._etags: dict[str, str] = {}
        self._cassettes: dict[str, list[dict[str, Any]]] = {}
        self._name = "probe"

    def start(self, name: str) -> None:
        self._name = re.sub(r"[^a-z0-9]+", "-", name.lower())

    def record(self, exchange: RecordedExchange) -> None:
        """Add one request with its answer; an answer that holds credentials of storage is left out."""
        url = urlsplit(exchange.url)
        if url.path.startswith(LANDING_ZONE):
            return
        is_spec = "/connectionSpecs" in url.path and not url.path.endswith("/configs")
        collection = url.path.rpartition("/flowservice")[2]
        headers = {"Content-Type": ["application/json"]} if exchange.content else {}
        if exchange.etag:
            headers["If-Match"] = [f'"{self._etag(exchange.etag)}"']
        shown = [
            (key, self._text(value) if key in PUBLIC_PARAMETERS else HIDDEN) for key, value in parse_qsl(url.query)
        ]
        query = f"?{urlencode(shown)}" if shown else ""
        request = {
            "method": exchange.method,
            "uri": f"{HOST}{self._text(url.path)}{query}",
            "body": self._body(exchange.content, collection, is_public=False) if exchange.content else None,
            "headers": headers,
        }
        answer = {
            "status": {"code": exchange.status, "message": ""},
            "headers": {"content-type": ["application/json"]},
            "body": {"string": self._body(exchange.body, collection, is_public=is_spec)},
        }
        self._cassettes.setdefault(self._name, []).append({"request": request, "response": answer})

    def cassettes(self) -> dict[str, str]:
        """
        Return the text of each cassette by its name.

        Raises:
            Error: a cassette would hold a guarded value.
        """
        found = {
            name: json.dumps({"version": 1, "interactions": listed}, indent=1, sort_keys=True) + "\n"
            for name, listed in self._cassettes.items()
        }
        for name, text in found.items():
            long = (value for value in self._guarded if len(value) >= MIN_SECRET_LENGTH)  # a short one is a common word
            if any(form in text for value in long for form in (value, quote(value, safe=""))):
                raise Error(f"the cassette {name} is not written: it would hold a private value", rule="cassette")
        return found

    # -- what is kept -------------------------------------------------------------------------------------------------

    def _body(self, content: bytes, collection: str, *, is_public: bool) -> str:
        try:
            value = json.loads(content)
        except ValueError:
            return "" if not content.strip() else HIDDEN
        if is_public:
            return self._text(json.dumps(value))
        if collection in COLLECTIONS or collection.endswith("/configs"):
            value = _without_foreign_items(value)
        return json.dumps(self._value("", value))

    def _value(self, member: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {self._text(str(key)): self._value(str(key), each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._value(member, each) for each in value]
        return self._member(member, value) if isinstance(value, str) else value

    def _member(self, member: str, value: str) -> str:
        if member in ("etag", "version") and value.startswith('"'):
            return f'"{self._etag(value)}"'
        if (
            member in PUBLIC_MEMBERS
            or member in TEXT_MEMBERS
            or value == TEXT
            or is_probe_name(value)
            or value.startswith(("/", ADOBE))
        ):
            return self._text(value)
        return self._text(value) if UUID.fullmatch(value) or re.fullmatch(r"[0-9.]{1,5}", value) else HIDDEN

    def _text(self, text: str) -> str:
        """Replace every id, etag and guarded value in a text."""
        for value in self._guarded:
            for form in (value, quote(value, safe="")):
                text = text.replace(form, "private")
        for etag, shown in self._etags.items():
            text = text.replace(etag, shown)
        return UUID.sub(lambda found: self._id(found.group().lower()), text)

    def _id(self, id: str) -> str:
        if id in PUBLIC_IDS or id in self._ids.values():
            return id
        return self._ids.setdefault(id, f"00000000-0000-4000-8000-{len(self._ids) + 1:012}")

    def _etag(self, etag: str) -> str:
        bare = etag.strip('"\\')
        return bare if bare in self._etags.values() else self._etags.setdefault(bare, f"etag-{len(self._etags) + 1}")


def _without_foreign_items(body: Any) -> Any:
    """Return a page of a list with the objects of the probe alone: the others belong to the user."""
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list):
        return body
    own = [one for one in items if isinstance(one, dict) and is_probe_name(one.get("name"))]
    return {**body, "items": own, "_links": {}} if "_links" in body else {**body, "items": own}
