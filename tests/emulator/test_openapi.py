"""
The answers of the emulator against the response schemas that Adobe publishes, and where we knowingly differ.

The documents are incomplete and contradict each other: a difference is no fault by itself, but an unexplained one is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft7Validator, validators
from referencing import Registry
from referencing.jsonschema import DRAFT7

from exportctl.emulator import Fault, SeedDataset
from tests.emulator.emulator_api import Api, Json

OPENAPI = Path(__file__).parent.parent / "openapi"
DOCUMENTS = ("destinations", "flow-service")
LAKE = "23598e46-f560-407b-88d5-ea6207e49db0"
Answer = tuple[str, str, int, Any]

# (document, operation, where, keyword) -> why the emulator differs; `*` stands for any operation.
KNOWN = {
    ("destinations", "*", "envelope", "items"): (
        "the document draws connections without the items envelope that its own samples have"
    ),
    ("destinations", "*", "inheritedAttributes.sourceConnections", "type"): "drawn as an object; samples have an array",
    ("destinations", "*", "inheritedAttributes.targetConnections", "type"): "drawn as an object; samples have an array",
    ("destinations", "*", "inheritedAttributes.baseConnection", "type"): (
        "drawn as a string that has properties; samples have an object"
    ),
    ("destinations", "*", "auth", "oneOf"): "the alternatives lack authorizedDate, which samples have, or overlap",
    ("destinations", "*", "params", "oneOf"): "the alternatives overlap: S3 params fit the older and the newer one",
    ("destinations", "get /sourceConnections", "typeInfo", "required"): "data lake samples have none",
    ("destinations", "get /sourceConnections/{id}", "typeInfo", "required"): "data lake samples have none",
    ("destinations", "get /flows", "description", "required"): "optional for clients, so it may be missing",
    ("destinations", "get /flows/{id}", "description", "required"): "optional for clients, so it may be missing",
    ("flow-service", "*", "scheduleParams.interval", "type"): "an integer in every destination source; a switch",
}
# (document, status) -> why an answer that the document does not mention is given all the same.
UNPUBLISHED = {
    ("flow-service", 202): "DELETE is 202 in destinations.yaml and 204 here; a switch",
    ("flow-service", 400): "FLOW 400 codes are in the error tables, not in the operations",
    ("destinations", 400): "FLOW 400 codes are in the error tables, not in the operations",
    ("flow-service", 401): "left out of some operations",
    ("flow-service", 404): "in destinations.yaml",
    ("flow-service", 412): "in destinations.yaml",
    ("flow-service", 422): "in destinations.yaml",
    ("destinations", 422): "left out of some operations",
}


def _nullable_type(validator: Any, types: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not (instance is None and schema.get("nullable")):
        yield from Draft7Validator.VALIDATORS["type"](validator, types, instance, schema)


Published = validators.extend(  # type: ignore[no-untyped-call]  # the stubs leave its arguments open
    Draft7Validator, {"type": _nullable_type}
)


@pytest.fixture
def answers(api: Api) -> list[Answer]:
    """One answer of each kind, by operation."""
    kept: list[Answer] = []

    def keep(operation: str, answer: httpx.Response) -> None:
        body = answer.json() if answer.content else None
        kept.append((operation.split()[0].lower(), operation.split()[1], answer.status_code, body))

    def create(collection: str, body: Json) -> str:
        answer = api.post(f"/{collection}", body)
        keep(f"POST /{collection}", answer)
        return str(answer.json()["id"])

    base = create("connections", api.base_body())
    target = create("targetConnections", api.target_body(base))
    source = create("sourceConnections", api.source_body())
    flow = create("flows", api.flow_body(source, target))
    made = {"flows": flow, "targetConnections": target, "sourceConnections": source, "connections": base}
    for kind, id in made.items():
        one = f"/{kind}/{{id}}"
        keep(f"GET /{kind}", api.get(f"/{kind}"))
        keep(f"GET /{kind}", api.get(f"/{kind}", property="nonsense==x"))
        keep(f"POST /{kind}", api.post(f"/{kind}", {}))
        keep(f"GET {one}", api.get(f"/{kind}/{id}"))
        keep(f"GET {one}", api.get(f"/{kind}/none"))
        keep(f"PATCH {one}", api.replace(f"/{kind}/{id}", "/name", "new"))
        keep(f"PATCH {one}", api.patch(f"/{kind}/{id}", {"op": "replace", "path": "/name", "value": "x"}, etag='"x"'))
        keep(f"DELETE {one}", api.delete(f"/{kind}/none"))
        api.emulator.add_fault(Fault("expire-token", path=f"/{kind}"))
        keep(f"GET /{kind}", api.get(f"/{kind}"))
        api.http.headers["Authorization"] = f"Bearer {api.emulator.issue_token()}"
    unversioned = {**api.base_body(), "connectionSpec": {"id": "4fce964d-3f37-408f-9778-e597338a21ee"}}
    keep("POST /connections", api.post("/connections", unversioned))
    keep("POST /flows/{id}/action", api.act(flow, "disable"))
    keep("GET /connectionSpecs", api.get("/connectionSpecs"))
    keep("GET /connectionSpecs/{id}", api.get(f"/connectionSpecs/{LAKE}"))
    keep("GET /flowSpecs", api.get("/flowSpecs"))
    keep("GET /runs", api.get("/runs"))
    for kind, id in made.items():
        keep(f"DELETE /{kind}/{{id}}", api.delete(f"/{kind}/{id}"))
        api.emulator.advance(1)
    return kept


@pytest.mark.parametrize("document", DOCUMENTS)
def test_answers_differ_from_the_published_schemas_only_where_we_know(answers: list[Answer], document: str) -> None:
    published = yaml.load((OPENAPI / f"{document}.yaml").read_text(), Loader=yaml.CSafeLoader)
    operations = {re.sub(r"\{\w+\}", "{id}", path).rstrip("/"): found for path, found in published["paths"].items()}
    registry = Registry().with_resource("urn:published", DRAFT7.create_resource(published))
    differences, checked = set(), 0
    for method, path, status, body in answers:
        operation = operations.get(path, {}).get(method)
        if operation is None:
            continue
        response = operation["responses"].get(str(status))
        if response is None:
            assert (document, status) in UNPUBLISHED, f"{document}: {method} {path} answers {status}"
            continue
        schema = response.get("content", {}).get("application/json", {}).get("schema")
        if schema:
            checked += 1
            differences |= {(document, f"{method} {path}", *found) for found in _differences(schema, body, registry)}

    assert checked > 15
    unexplained = {found for found in differences if found not in KNOWN and (document, "*", *found[2:]) not in KNOWN}
    assert unexplained == set()
    met = {key for key in KNOWN if any(found == key or (document, "*", *found[2:]) == key for found in differences)}
    assert met == {key for key in KNOWN if key[0] == document}


def test_what_catalog_shows_of_datasets_fits_the_published_schemas(api: Api) -> None:
    text = json.dumps(yaml.load((OPENAPI / "catalog.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    paths = json.loads(text.replace('"#/', '"urn:published#/'))["paths"]
    registry = Registry().with_resource("urn:published", DRAFT7.create_resource(json.loads(text)))
    (id,) = api.emulator.seed(datasets={"dev": [SeedDataset("Clicks", kind="event")]})["dev"].values()

    for path, asked in (("/dataSets", "dataSets"), ("/dataSets/{DATASET_ID}", f"dataSets/{id}")):
        responses = paths[path]["get"]["responses"]
        answer = api.get(f"/data/foundation/catalog/{asked}")
        validator = Published(
            responses[str(answer.status_code)]["content"]["application/json"]["schema"], registry=registry
        )
        assert [error.message for error in validator.iter_errors(answer.json())] == []
        assert answer.json()[id]["name"] == "Clicks"
        for status in (
            api.get("/data/foundation/catalog/dataSets/none"),
            api.get("/data/foundation/catalog/dataSets?x=1"),
        ):
            assert str(status.status_code) in responses


def _differences(schema: Any, body: Any, registry: Registry) -> Iterator[tuple[str, str]]:
    """Where a body breaks a schema, and by which keyword; of several alternatives the first counts."""
    refs = [schema["$ref"]] if "$ref" in schema else [one["$ref"] for one in schema["oneOf"]]
    validator = Published({"$ref": f"urn:published{refs[0]}"}, registry=registry)
    if "items" in body and _draws_one_object(refs[0], registry):
        yield "envelope", "items"
        bodies = body["items"]
    else:
        bodies = [body]
    for one in bodies:
        for error in validator.iter_errors(one):
            parts = [str(part) for part in error.absolute_path if isinstance(part, str) and part != "items"]
            if error.validator == "required":
                parts.append(re.findall(r"'(\w+)'", error.message)[0])
            yield ".".join(parts), str(error.validator)


def _draws_one_object(ref: str, registry: Registry) -> bool:
    schema = registry.resolver("urn:published").lookup(f"urn:published{ref}").contents
    return "items" not in schema.get("properties", {}) and "id" in schema.get("required", [])
