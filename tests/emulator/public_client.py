"""
A client that sends the requests of public clients and tutorials, and knows nothing of exportctl.

The order and the form of the requests are those of Adobe's Python client aepp, of Adobe's Postman collection and of the
tutorials that edit destinations and dataflows. It also runs against a served emulator:

    python -m tests.emulator.public_client http://127.0.0.1:8025 ORGANIZATION SANDBOX DATASET
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import httpx

FLOW_SERVICE = "/data/foundation/flowservice"
AD_HOC = "/data/core/activation/disflowprovider/adhocrun"
LANDING_ZONE = "10440537-2a7b-4583-ac39-ed38d4b848e8"
LANDING_ZONE_FLOWS = "cd2fc47e-e838-4f38-a581-8fff2f99b63a"
S3 = "4fce964d-3f37-408f-9778-e597338a21ee"
YEAR = 365 * 86400
Json = dict[str, Any]


class PublicClient:
    """One credential in one sandbox. Headers are sent as these clients send them: a content type with every request."""

    def __init__(self, http: httpx.Client, organization: str, sandbox: str, client_id: str, secret: str) -> None:
        self.http = http
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": "openid,AdobeID,read_organizations",
        }
        self.tokens = {
            "/ims/token/v2": self._token(http.post("/ims/token/v2", params=form)),  # as the Postman collection
            "/ims/token/v3": self._token(http.post("/ims/token/v3", data=form)),  # as aepp
        }
        self.headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.tokens['/ims/token/v3']}",
            "x-api-key": client_id,
            "x-gw-ims-org-id": organization,
            "x-sandbox-name": sandbox,
        }

    @staticmethod
    def _token(answer: httpx.Response) -> str:
        body = answer.json()
        assert body["token_type"] == "bearer" and body["expires_in"] > 0
        return str(body["access_token"])

    def get(self, path: str, params: Json | None = None) -> Json:
        found: Json = self.http.get(FLOW_SERVICE + path, params=params, headers=self.headers).json()
        return found

    def post(self, path: str, body: Json) -> Json:
        made: Json = self.http.post(FLOW_SERVICE + path, json=body, headers=self.headers).json()
        return made

    def patch(self, path: str, operations: list[Json]) -> Json:
        """Read the etag, then send only what changes."""
        etag = self.get(path)["items"][0]["etag"]
        headers = {**self.headers, "if-match": etag}
        changed: Json = self.http.patch(FLOW_SERVICE + path, json=operations, headers=headers).json()
        return changed

    def act(self, flow: str, action: str) -> Json:
        """POST an action with the query in the address, without a body and without a content type."""
        headers = {key: value for key, value in self.headers.items() if key != "Content-Type"}
        done: Json = self.http.post(f"{FLOW_SERVICE}/flows/{flow}/action?op={action}", headers=headers).json()
        return done

    # -- lists --------------------------------------------------------------------------------------------------------

    def flows(self, **params: str) -> list[Json]:
        """Cut the token at an equals sign, and send it as a parameter beside the others."""
        query: Json = {"limit": 100, "count": False, **params}
        answer = self.get("/flows", query)
        found = list(answer.get("items", []))
        while link := answer.get("_links", {}).get("next", {}).get("href", ""):
            answer = self.get("/flows", {**query, "continuationToken": link.split("=")[1]})
            found += answer["items"]
        return found

    def connections(self) -> list[Json]:
        """Append the next link to the base path, and send the limit beside it."""
        answer = self.get("/connections", {"limit": 20})
        found = list(answer["items"])
        while link := answer.get("_links", {}).get("next", {}).get("href", ""):
            separator = "&" if "?" in link else "?"
            answer = self.get(f"{link}{separator}limit=20")
            found += answer["items"]
        return found

    def exportable_datasets(self, spec: str) -> list[Json]:
        query: Json = {"outputType": "activationDatasets", "outputField": "datasets", "limit": 100, "start": 0}
        answer = self.get(f"/connectionSpecs/{spec}/configs", query)
        found = list(answer["items"])
        while answer["pageInfo"]["hasNext"]:
            query["start"] += 100
            answer = self.get(f"/connectionSpecs/{spec}/configs", query)
            found += answer["items"]
        return found

    # -- an export to the landing zone --------------------------------------------------------------------------------

    def export_to_landing_zone(self, dataset: str, start: str) -> str:
        """Create a whole export: numbers as text, `data` of another format, `frequency` beside timeUnit."""
        assert dataset in {row["id"] for row in self.exportable_datasets(LANDING_ZONE)}
        base = self.post("/connections", {"name": "base", "connectionSpec": {"id": LANDING_ZONE, "version": "1.0"}})
        source = self._source("source", dataset, "delimited")
        target = self.post(
            "/targetConnections",
            {
                "name": "target",
                "description": "made by a script",
                "baseConnectionId": base["id"],
                "params": {
                    "mode": "Server-to-server",
                    "path": "/exports",
                    "compression": "GZIP",
                    "datasetFileType": "JSON",
                },
                "connectionSpec": {"id": LANDING_ZONE, "version": "1.0"},
            },
        )
        schedule = {
            "timeUnit": "day",
            "frequency": "hour",
            "interval": "1",
            "exportMode": "FIRST_FULL_THEN_INCREMENTAL",
            "startTime": start,
            "foldernameTemplate": "%DESTINATION%_%DATASET_ID%_%DATETIME(YYYYMMdd_HHmmss)%",
        }
        return self._flow("one call", source, target["id"], schedule)

    def parked_export(self, dataset: str, now: int) -> str:
        """Create a flow that starts in a year, to be run on demand: `auth` null, lower-case values, no export mode."""
        spec = {"id": LANDING_ZONE, "version": "1.0"}
        base = self.post("/connections", {"name": "parked base", "auth": None, "connectionSpec": spec})
        params = {
            "mode": "Server-to-server",
            "compression": "gzip",
            "datasetFileType": "parquet",
            "path": "parked",
        }
        target = self.post(
            "/targetConnections",
            {"name": "parked target", "baseConnectionId": base["id"], "params": params, "connectionSpec": spec},
        )
        source = self._source("parked source", dataset, "parquet")
        schedule = {"interval": 1, "timeUnit": "day", "startTime": now + YEAR}
        return self._flow("parked", source, target["id"], schedule)

    def _source(self, name: str, dataset: str, format: str) -> str:
        specs = self.get("/connectionSpecs")["items"]
        lake = next(spec["id"] for spec in specs if spec["name"] == "activation-datalake")
        body = {
            "name": name,
            "data": {"format": format},
            "connectionSpec": {"id": lake, "version": "1.0"},
            "params": {"datasets": [{"dataSetId": dataset}]},
        }
        return str(self.post("/sourceConnections", body)["id"])

    def _flow(self, name: str, source: str, target: str, schedule: Json) -> str:
        body = {
            "name": name,
            "flowSpec": {"id": LANDING_ZONE_FLOWS, "version": "1.0"},
            "sourceConnectionIds": [source],
            "targetConnectionIds": [target],
            "transformations": [],
            "scheduleParams": schedule,
        }
        return str(self.post("/flows", body)["id"])

    def run_on_demand(self, flow: str, dataset: str, wait: Callable[[float], None], tries: int = 6) -> Json:
        """Ask for a run until the flow is old enough, follow `statusURL`, and return the run when it has ended."""
        headers = {**self.headers, "Accept": "application/vnd.adobe.adhoc.dataset.activation+json; version=1"}
        body = {"activationInfo": {"destinations": [{"flowId": flow, "datasets": [{"id": dataset}]}]}}
        answer = self.http.post(AD_HOC, json=body, headers=headers).json()
        for _ in range(tries):
            if "Following order ID(s) are not ready for dataset export" not in str(answer):
                break
            wait(120)
            answer = self.http.post(AD_HOC, json=body, headers=headers).json()
        address = answer["destinations"][0]["datasets"][0]["statusURL"]
        while True:
            run: Json = self.http.get(address, headers=self.headers).json()["items"][0]
            if "completedAtUTC" in run["metrics"]["durationSummary"]:
                return run
            wait(30)

    def park_again(self, flow: str, now: int) -> Json:
        """Move only the start, by an operation in capitals, and disable the flow."""
        moved = [{"op": "Replace", "path": "/scheduleParams", "value": {"startTime": now + YEAR}}]
        self.patch(f"/flows/{flow}", moved)
        return self.act(flow, "disable")

    # -- edits as the tutorials make them -----------------------------------------------------------------------------

    def s3_account(self) -> str:
        params = {"s3SecretKey": "b" * 40, "s3AccessKey": "A" * 20}
        auth = {"specName": "Access Key", "params": params}
        body = {"name": "s3", "auth": auth, "connectionSpec": {"id": S3, "version": "1.0"}}
        return str(self.post("/connections", body)["id"])

    def edit_account(self, base: str, access_key: str, secret_key: str) -> Json:
        value = {"s3AccessKey": access_key, "s3SecretKey": secret_key}
        return self.patch(f"/connections/{base}", [{"op": "replace", "path": "/auth/params", "value": value}])

    def edit_location(self, target: str, path: str) -> Json:
        return self.patch(
            f"/targetConnections/{target}", [{"op": "replace", "path": "/params", "value": {"path": path}}]
        )

    def edit_texts(self, flow: str, name: str, description: str) -> Json:
        texts = [
            {"op": "replace", "path": "/name", "value": name},
            {"op": "add", "path": "/description", "value": description},
        ]
        return self.patch(f"/flows/{flow}", texts)

    def delete(self, path: str) -> int:
        """Delete an object, and return the status of the GET that confirms it."""
        assert self.http.delete(FLOW_SERVICE + path, headers=self.headers).status_code in (202, 204)
        return self.http.get(FLOW_SERVICE + path, headers=self.headers).status_code


def main(url: str, organization: str, sandbox: str, dataset: str) -> None:
    """Create an export, edit it and remove its flow, on a served emulator."""
    with httpx.Client(base_url=url) as http:
        client = PublicClient(http, organization, sandbox, "emulator-client", "emulator-client-secret")
        flow = client.export_to_landing_zone(dataset, str(int(time.time()) + 86400))
        target = client.get(f"/flows/{flow}")["items"][0]["targetConnectionIds"][0]
        client.edit_location(target, "elsewhere")
        client.edit_texts(flow, "renamed", "by a script")
        client.act(flow, "disable")
        sys.stdout.write(f"{len(client.flows())} flows, {len(client.connections())} connections\n")
        sys.stdout.write(f"GET after DELETE: {client.delete(f'/flows/{flow}')}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
