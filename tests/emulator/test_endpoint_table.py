"""The list of endpoints in docs/emulator.md is that of Adobe's API descriptions, and says of each what is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from exportctl.emulator.endpoints import ENDPOINTS, UNDESCRIBED, PublishedEndpoint
from tests.emulator.emulator_api import Api

OPENAPI = Path(__file__).parent.parent / "openapi"
BASES = {
    "destinations": "/data/foundation/flowservice",
    "flow-service": "/data/foundation/flowservice",
    "ad-hoc-activation": "/data/core/activation/disflowprovider",
    "sandbox": "/data/foundation",
    "catalog": "/data/foundation/catalog",
}
METHODS = ("get", "post", "put", "patch", "delete")


def published() -> set[tuple[str, str]]:
    """Method and path of every operation of the five descriptions; ids are `{id}`, and a last slash is dropped."""
    found = set()
    for name, base in BASES.items():
        document = yaml.load((OPENAPI / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        assert str(document["servers"][0]["url"]).endswith(base)
        for path, operations in document["paths"].items():
            found |= {(method.upper(), _bare(base + path)) for method in METHODS if method in operations}
    return found


def _bare(path: str) -> str:
    return re.sub(r"\{\w+\}", "{id}", path).rstrip("/")


def test_every_published_endpoint_is_listed_once() -> None:
    listed = [(one.method, _bare(one.path)) for one in ENDPOINTS if one.description != UNDESCRIBED]

    assert len(listed) == len(set(listed))
    assert set(listed) == published()


def test_every_description_is_named_by_its_file() -> None:
    assert {one.description for one in ENDPOINTS} - {UNDESCRIBED} <= set(BASES)
    assert {path.stem for path in OPENAPI.glob("*.yaml")} == set(BASES)


@pytest.fixture
def admin(api: Api) -> Api:
    """A client with every permission, in a sandbox with one object of each kind."""
    api.flow()
    api.emulator.register_client("admin", "secret", ["Manage Sandboxes", *api.emulator.credentials()[0]["permissions"]])
    api.http.headers.update({"x-api-key": "admin", "Authorization": f"Bearer {api.emulator.issue_token('admin')}"})
    return api


def is_answered(api: Api, endpoint: PublishedEndpoint) -> bool:
    """Whether the emulator knows the endpoint: any answer but that for an unknown address or method."""
    path = endpoint.path.replace("{id}", "dev" if "sandbox" in endpoint.path else "none")
    answer = api.http.request(endpoint.method, path)
    unknown = answer.status_code == 404 and answer.json() == {"message": "Resource not found"}
    return not unknown and answer.status_code != 405


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_the_emulator_answers_what_the_list_says(admin: Api, endpoint: PublishedEndpoint) -> None:
    refused_as_the_service_does = "1426" in (endpoint.why_not or "")

    assert is_answered(admin, endpoint) is (endpoint.why_not is None or refused_as_the_service_does)
