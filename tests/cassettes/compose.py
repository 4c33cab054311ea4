"""Writes spec_example.yaml from the published OpenAPI files: `python -m tests.cassettes.compose`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.cassettes.recorder import FOLDER, HOST, ORIGINS, mask_auth_params

BASE = f"{HOST}/data/foundation/flowservice"
LAKE = "23598e46-f560-407b-88d5-ea6207e49db0"
UNKNOWN = "4890fc95-5a1f-4983-94bb-e060c08e3f"


@cache
def published_spec() -> Any:
    return yaml.safe_load((Path(__file__).parents[1] / "openapi" / "destinations.yaml").read_text(encoding="utf-8"))


def example(path: str, method: str, part: str, name: str | None = None) -> Any:
    """One published example: of the request (`req`) or of a status."""
    operation = published_spec()["paths"][path][method]
    content = operation["requestBody"]["content"] if part == "req" else operation["responses"][part]["content"]
    shown = content["application/json" if "application/json" in content else next(iter(content))]
    if "example" in shown:
        return shown["example"]
    found = shown["examples"][name] if name else next(iter(shown["examples"].values()))
    return (
        found["value"]
        if "value" in found
        else published_spec()["components"]["examples"][found["$ref"].split("/")[-1]]["value"]
    )


def exchange(method: str, path: str, status: int, answer: Any, body: Any = None, etag: str | None = None) -> Any:
    headers = {"Content-Type": ["application/json"]} if body is not None else {}
    if etag is not None:
        headers["If-Match"] = [etag]
    text = "" if answer is None else json.dumps(answer)
    return {
        "request": {
            "method": method,
            "uri": f"{BASE}{path}",
            "headers": headers,
            "body": "" if body is None else json.dumps(mask_auth_params(body)),
        },
        "response": {
            "status": {"code": status, "message": "OK" if status < 400 else "Error"},
            "headers": {"Content-Type": ["application/json"]} if text else {},
            "body": {"string": text},
        },
    }


def exchanges() -> list[Any]:
    made = []
    for kind in ("connections", "sourceConnections", "targetConnections", "flows"):
        one = example(f"/{kind}/{{id}}", "get", "200")["items"][0]
        created = example(f"/{kind}", "post", "201")
        sent = example(f"/{kind}", "post", "req")
        made += [
            exchange("GET", f"/{kind}?limit=100", 200, example(f"/{kind}", "get", "200")),
            exchange("GET", f"/{kind}/{one['id']}", 200, {"items": [one]}),
            exchange("GET", f"/{kind}/{UNKNOWN}", 404, example(f"/{kind}/{{id}}", "get", "404")),
            exchange("GET", f"/{kind}?limit=100&count=false", 401, example(f"/{kind}", "get", "401")),
            exchange("POST", f"/{kind}", 201, created, sent),
            exchange("DELETE", f"/{kind}/{one['id']}", 202, None),
            exchange("DELETE", f"/{kind}/{UNKNOWN}", 404, example(f"/{kind}/{{id}}", "delete", "404")),
        ]
        if kind in ("connections", "flows"):
            ops = example(f"/{kind}/{{id}}", "patch", "req")
            # the 200 of PATCH refers to an example the file lacks; its schema is id and etag, as that of POST
            stale = example(f"/{kind}/{{id}}", "patch", "412")
            made += [
                exchange("PATCH", f"/{kind}/{one['id']}", 200, created, ops, one["etag"]),
                exchange("PATCH", f"/{kind}/{one['id']}", 412, stale, ops, '"stale"'),
            ]
    made.append(exchange("POST", "/connections", 400, example("/connections", "post", "400"), {"name": "no spec"}))
    # in flow-service.yaml, whose schema of the answer is id and etag; it has no example
    flow = example("/flows/{id}", "get", "200")["items"][0]
    acted = {"id": flow["id"], "etag": flow["etag"]}
    made.append(exchange("POST", f"/flows/{flow['id']}/action?op=disable", 200, acted))
    query = "outputType=activationDatasets&outputField=datasets&properties=name,state&start=0&limit=100"
    path = f"/connectionSpecs/{LAKE}/configs?{query}"
    made.append(exchange("GET", path, 200, example("/connectionSpecs/{id}/configs", "get", "200")))
    return made


def main() -> None:
    text = yaml.safe_dump({"version": 1, "interactions": exchanges()}, sort_keys=True, width=120)
    (FOLDER / "spec_example.yaml").write_text(f"# {ORIGINS[0]}\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
