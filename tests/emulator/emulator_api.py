"""A client with no manners of its own: it sends what it is given and returns what came."""

from __future__ import annotations

from typing import Any

import httpx

from exportctl.emulator import Emulator

BASE = "/data/foundation/flowservice"
LAKE = "23598e46-f560-407b-88d5-ea6207e49db0"
S3 = "4fce964d-3f37-408f-9778-e597338a21ee"
S3_DATASETS = "269ba276-16fc-47db-92b0-c1049a3c131f"
DATASET = "65a1b2c3d4e5f60718293a4b"
START = 1767225600  # where a manual clock begins
HOUR = 3600
Json = dict[str, Any]


class Api:
    def __init__(self, emulator: Emulator, sandbox: str = "dev") -> None:
        self.emulator = emulator
        transport = httpx.WSGITransport(app=emulator)
        self.http = httpx.Client(transport=transport, base_url="http://emulator.test")
        self.http.headers.update(
            {
                "Authorization": f"Bearer {emulator.issue_token(seconds=10**9)}",
                "x-api-key": "emulator-client",
                "x-gw-ims-org-id": emulator.organization,
                "x-sandbox-name": sandbox,
            }
        )

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.http.request(method, path if path.startswith("/data") else BASE + path, **more)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, body: object) -> httpx.Response:
        return self.call("POST", path, json=body)

    def delete(self, path: str) -> httpx.Response:
        return self.call("DELETE", path)

    def act(self, flow: str, op: str, **headers: str) -> httpx.Response:
        return self.call("POST", f"/flows/{flow}/action", params={"op": op}, headers=headers)

    def item(self, path: str) -> Json:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        (item,) = answer.json()["items"]
        assert isinstance(item, dict)
        return item

    def patch(self, path: str, *operations: Json, etag: str | None = None) -> httpx.Response:
        """A PATCH with the current etag, unless another is given."""
        headers = {"If-Match": etag or self.item(path)["etag"]}
        return self.call("PATCH", path, json=list(operations), headers=headers)

    def replace(self, path: str, pointer: str, value: object) -> httpx.Response:
        return self.patch(path, {"op": "replace", "path": pointer, "value": value})

    def names(self, collection: str, **params: Any) -> list[str]:
        answer = self.get(f"/{collection}", **params)
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    def create(self, collection: str, body: Json) -> str:
        answer = self.post(f"/{collection}", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def base_body(self, name: str = "account", **more: Any) -> Json:
        params = {"s3AccessKey": "A" * 20, "s3SecretKey": "b" * 40}
        auth = {"specName": "Access Key", "params": params}
        return {"name": name, "connectionSpec": {"id": S3, "version": "1.0"}, "auth": auth, **more}

    def source_body(self, *datasets: str, **more: Any) -> Json:
        entries = [{"dataSetId": id, "name": f"name of {id}"} for id in datasets or (DATASET,)]
        spec = {"id": LAKE, "version": "1.0"}
        return {"name": "source", "connectionSpec": spec, "params": {"datasets": entries}, **more}

    def target_body(self, base: str, **more: Any) -> Json:
        params = {
            "bucketName": "acme-exports",
            "path": "aep",
            "mode": "Server-to-server",
            "datasetFileType": "PARQUET",
            "compression": "GZIP",
            **more.pop("params", {}),
        }
        spec = {"id": S3, "version": "1.0"}
        return {"name": "target", "baseConnectionId": base, "connectionSpec": spec, "params": params, **more}

    def schedule(self, **more: Any) -> Json:
        return {
            "exportMode": "FIRST_FULL_THEN_INCREMENTAL",
            "timeUnit": "hour",
            "interval": 6,
            "startTime": int(self.emulator.now) + HOUR,
            "endTime": int(self.emulator.now) + 1000 * HOUR,
            "foldernameTemplate": "%DATASET_ID%/%EXPORT_TIME%",
            **more,
        }

    def flow_body(self, source: str, target: str, name: str = "flow", **more: Any) -> Json:
        return {
            "name": name,
            "flowSpec": {"id": S3_DATASETS, "version": "1.0"},
            "sourceConnectionIds": [source],
            "targetConnectionIds": [target],
            "transformations": [],
            "scheduleParams": self.schedule(**more.pop("schedule", {})),
            **more,
        }

    def base(self, name: str = "account", **more: Any) -> str:
        return self.create("connections", self.base_body(name, **more))

    def source(self, *datasets: str, **more: Any) -> str:
        return self.create("sourceConnections", self.source_body(*datasets, **more))

    def target(self, base: str | None = None, **more: Any) -> str:
        return self.create("targetConnections", self.target_body(base or self.base(), **more))

    def flow(self, name: str = "flow", **more: Any) -> str:
        return self.create("flows", self.flow_body(self.source(), self.target(), name, **more))

    def code(self, answer: httpx.Response) -> str:
        """The FLOW code of an error, as `1404-412`."""
        return str(answer.json()["type"]).rpartition("FLOW-")[2]
