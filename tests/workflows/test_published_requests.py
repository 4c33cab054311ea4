"""
What exportctl sends against the request schemas that Adobe publishes, and where we knowingly differ.

A whole life of eight exports is recorded as it goes over the wire: all six destination types with each way to
authenticate, every kind of change, and the actions. The documents are incomplete and contradict each other: a
difference is no fault by itself, but an unexplained one is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft7Validator, ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT7

from exportctl.emulator import Switches
from exportctl.model.plan_options import PlanOptions
from tests.workflows.world import DESTINATIONS, World, config, world

OPENAPI = Path(__file__).parent.parent / "openapi"
BASE = "/data/foundation/flowservice"
DOCUMENTS = ("destinations", "flow-service")
Difference = tuple[str, str, str, str]
"""Document, operation, where in the request, and the keyword that it breaks."""

# (document, operation, where, keyword) -> why exportctl differs all the same.
KNOWN: dict[Difference, str] = {
    ("destinations", "post /connections", "connectionSpec.id", "enum"): (
        "the document draws S3 and SFTP; the ids of the other four are in the tutorial for dataset exports"
    ),
    ("destinations", "post /connections", "auth.specName", "enum"): (
        "the document draws access keys, passwords and SSH keys; the other ways are in the tutorials and live specs"
    ),
    ("destinations", "post /connections", "auth.params.s3SecretKey", "required"): "an assumed role has no keys",
    ("destinations", "post /connections", "auth.params.s3AccessKey", "required"): "an assumed role has no keys",
    ("destinations", "post /targetConnections", "connectionSpec.id", "enum"): "as in the base connection",
    ("destinations", "post /flows", "scheduleParams.interval", "enum"): (
        "0 is a one-time export in the prose of the same document; the UI offers 8, and other hours are found live"
    ),
    ("destinations", "patch /connections/{id}", "", "type"): (
        "drawn as one operation; its own samples and the tutorials send an array of operations"
    ),
    ("destinations", "patch /flows/{id}", "value", "type"): (
        "drawn as an object; its own samples patch texts and lists of ids"
    ),
    ("flow-service", "post /sourceConnections", "data", "required"): (
        "a document for sources; the tutorial for dataset exports has no data: the switch source_data demands it, and "
        "exportctl then sends it"
    ),
    ("flow-service", "post /targetConnections", "data", "required"): "the same: switch target_data",
    ("flow-service", "post /flows", "scheduleParams.interval", "type"): (
        "text here, an integer in every document about destinations"
    ),
    ("flow-service", "patch /connections/{id}", "", "type"): "drawn as one operation; tutorials send an array",
    **{
        ("flow-service", f"patch /{kind}/{{id}}", where, keyword): why
        for kind in ("flows", "targetConnections")
        for where, keyword, why in (
            ("op", "enum", "ADD, REPLACE and REMOVE here, lower case in destinations.yaml and in every tutorial"),
            ("value", "type", "drawn as an object; tutorials patch texts and lists of ids"),
        )
    },
    ("flow-service", "post /flows/{id}/action", "query.subOp", "required"): (
        "tutorials leave it out: the switch action_sub_op demands it, and exportctl then sends it"
    ),
    ("flow-service", "post /flows/{id}/action", "query.op", "enum"): (
        "upper case here, lower case in the tutorial; error texts use lower case too"
    ),
}


# An empty list of transformations also fits the alternative for audiences, so the one for datasets is named here.
SCHEMAS = {("destinations", "post /flows"): "Create_Batch_Destination_Flow_Request_Dataset_V2"}


@dataclass(frozen=True)
class SentRequest:
    """A write as it went over the wire."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    @property
    def operation(self) -> str:
        return f"{self.method} {re.sub(r'/[0-9a-f-]{36}', '/{id}', self.path)}"


class RecordingTransport(httpx.BaseTransport):
    """Keeps every write to the Flow Service that the emulator is asked for."""

    def __init__(self, made: World) -> None:
        self.inner = httpx.WSGITransport(app=made.emulator)
        self.sent: list[SentRequest] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(BASE)
        if request.method != "GET" and path != request.url.path:
            content = request.read()
            body = json.loads(content) if content else None
            headers, query = dict(request.headers), dict(request.url.params)
            self.sent.append(SentRequest(request.method.lower(), path, query, headers, body))
        return self.inner.handle_request(request)


def export(destination: str, **more: Any) -> dict[str, Any]:
    return {"datasets": ["Orders"], "destination": destination, **more}


def live_a_whole_life(folder: Path, **switches: Any) -> list[SentRequest]:
    """Create, change, disable, enable and remove an export on every account, and return what was sent."""
    made = world(folder, Switches(**switches), page_size=100)
    recording = RecordingTransport(made)

    def apply(content: dict[str, Any], flags: PlanOptions | None = None) -> None:
        made.write(content)
        assert made.apply(flags or PlanOptions(), transport=recording)[1].passed
        made.emulator.advance(120)

    exports = {name: export(name, description="of a person") for name in DESTINATIONS}
    exports["s3-role"] |= {
        "schedule": {"every": "once", "at": "04:00"},
        "format": {"type": "json", "compression": "gzip"},
    }
    exports["s3-key"] |= {"schedule": {"every": "8 hours", "at": "00:00"}}
    apply(config(exports=exports))

    changed = {name: {**one, "title": f"{name} renamed", "subpath": "deeper"} for name, one in exports.items()}
    changed["blob"] |= {"schedule": {"every": "6 hours", "at": "01:00"}, "end": "2028-01-01", "folder": "%DATASET_ID%"}
    changed["gcs"] |= {"datasets": ["Orders", "Returns"]}
    secrets = {
        name: {**one, "auth": {**one["auth"], "secret_version": "2"}} if "auth" in one else one
        for name, one in DESTINATIONS.items()
    }
    apply(config(exports=changed, destinations=secrets))

    changed["sftp-key"] |= {"enabled": False}
    apply(config(exports=changed, destinations=secrets))
    changed["sftp-key"] |= {"enabled": True}
    apply(config(exports=changed, destinations=secrets))

    removed = {name: one for name, one in changed.items() if name != "landing"}
    gone = [{"export": "landing", "do": "delete", "reason": "test"}]
    apply(config(exports=removed, destinations=secrets, removed=gone), PlanOptions(allow_deletes=9))
    return recording.sent


def _bare(path: str) -> str:
    return re.sub(r"\{\w+\}", "{id}", path).rstrip("/")


@cache
def operations(document: str) -> tuple[dict[str, Any], Registry]:
    """Operations by method and path, ids as `{id}`, and the registry that resolves their references."""
    published = yaml.load((OPENAPI / f"{document}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    found = {
        f"{method} {_bare(path)}": operation
        for path, methods in published["paths"].items()
        for method, operation in methods.items()
    }
    return found, Registry().with_resource("urn:published", DRAFT7.create_resource(published))


def differences(document: str, request: SentRequest) -> Iterator[Difference]:
    known, registry = operations(document)
    operation = known.get(request.operation)
    if operation is None:
        return
    named = SCHEMAS.get((document, request.operation))
    schema = {"$ref": f"#/components/schemas/{named}"} if named else None
    for where, keyword in (*_of_query(operation, request), *_of_body(operation, request, registry, schema)):
        yield document, request.operation, where, keyword


def _of_query(operation: Mapping[str, Any], request: SentRequest) -> Iterator[tuple[str, str]]:
    drawn = {one["name"]: one for one in operation.get("parameters", ()) if one.get("in") == "query"}
    for name, parameter in drawn.items():
        allowed = parameter["schema"].get("enum")
        if parameter.get("required") and name not in request.query:
            yield f"query.{name}", "required"
        elif name in request.query and allowed and request.query[name] not in allowed:
            yield f"query.{name}", "enum"
    yield from ((f"query.{name}", "unknown") for name in request.query if name not in drawn)


def _of_body(
    operation: Mapping[str, Any], request: SentRequest, registry: Registry, named: Any
) -> Iterator[tuple[str, str]]:
    drawn = operation.get("requestBody")
    if request.body is None:
        if drawn and drawn.get("required"):
            yield "", "required"
        return
    assert drawn, f"{request.operation} has no body"
    schema = _absolute(named or drawn["content"]["application/json"]["schema"])
    yield from set(_flat(Draft7Validator(schema, registry=registry).iter_errors(request.body)))


def _absolute(schema: Any) -> Any:
    """Return a schema whose references lead into the published document."""
    if isinstance(schema, dict):
        return {key: f"urn:published{value}" if key == "$ref" else _absolute(value) for key, value in schema.items()}
    return [_absolute(one) for one in schema] if isinstance(schema, list) else schema


def _flat(errors: Iterable[ValidationError]) -> Iterator[tuple[str, str]]:
    """Yield where and by which keyword; of alternatives, the one that fits best, and overlaps are none."""
    for error in errors:
        if error.validator == "oneOf" and not error.context:
            continue  # two alternatives fit
        if error.validator == "oneOf":
            branches: dict[int, list[ValidationError]] = {}
            for inner in error.context or ():
                branches.setdefault(int(inner.schema_path[0]), []).append(inner)
            best = min(branches.values(), key=_badness)
            foreign = [one for one in best if _names_another_spec(one)]  # then the rest says nothing
            yield from _flat(foreign or best)
            continue
        parts = [part for part in error.absolute_path if isinstance(part, str)]
        if error.validator == "required":
            parts.append(re.findall(r"'(\w+)'", error.message)[0])
        yield ".".join(parts), str(error.validator)


def _badness(branch: Iterable[ValidationError]) -> tuple[bool, int]:
    """How badly an alternative fits: that of another connection spec last."""
    errors = list(branch)
    return any(map(_names_another_spec, errors)), len(errors)


def _names_another_spec(error: ValidationError) -> bool:
    return list(error.absolute_path)[-2:] == ["connectionSpec", "id"]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> list[SentRequest]:
    return live_a_whole_life(tmp_path_factory.mktemp("life"))


def test_the_life_has_every_write_of_exportctl(sent: list[SentRequest]) -> None:
    kinds = ("connections", "sourceConnections", "targetConnections", "flows")

    assert {one.operation for one in sent} >= {
        *(f"post /{kind}" for kind in kinds),
        *(f"delete /{kind}/{{id}}" for kind in ("sourceConnections", "targetConnections", "flows")),
        *(f"patch /{kind}/{{id}}" for kind in ("connections", "targetConnections", "flows")),
        "post /flows/{id}/action",
    }
    specs = {one.body["connectionSpec"]["id"] for one in sent if one.operation == "post /connections"}
    assert len(specs) == 6
    paths = {step["path"] for one in sent if one.method == "patch" for step in one.body}
    assert paths >= {"/name", "/description", "/params", "/scheduleParams", "/sourceConnectionIds", "/auth/params"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_requests_differ_from_the_published_schemas_only_where_we_know(sent: list[SentRequest], document: str) -> None:
    found = {one for request in sent for one in differences(document, request)}

    assert found - set(KNOWN) == set()
    assert {one for one in KNOWN if one[0] == document} - found == set()


def test_every_known_difference_has_its_reason() -> None:
    assert all(len(why) > 10 for why in KNOWN.values())


def test_every_patch_has_the_etag_that_the_documents_demand(sent: list[SentRequest]) -> None:
    patches = [one for one in sent if one.method == "patch"]

    assert patches
    assert all(re.fullmatch(r'"[0-9a-f-]+"', one.headers["if-match"]) for one in patches)
    assert all(one.headers["content-type"] == "application/json" for one in sent if one.body is not None)


DEMANDS: dict[str, Difference] = {
    "source_data": ("flow-service", "post /sourceConnections", "data", "required"),
    "target_data": ("flow-service", "post /targetConnections", "data", "required"),
    "action_sub_op": ("flow-service", "post /flows/{id}/action", "query.subOp", "required"),
}


def test_a_service_that_demands_what_the_document_demands_gets_it(tmp_path: Path) -> None:
    sent = live_a_whole_life(tmp_path, **dict.fromkeys(DEMANDS, "required"))

    for demand in DEMANDS.values():
        _, operation, _, _ = demand
        requests = [one for one in sent if one.operation == operation]
        complete = [one for one in requests if demand not in differences("flow-service", one)]
        assert complete, demand
        if operation != "post /flows/{id}/action":  # the demand is known after the first refusal
            assert demand not in differences("flow-service", requests[-1])
