"""
The landing zone's own endpoint: who holds a token of the organization gets the keys to the files.

In: a request that passed the gateway. Out: an answer, for the storage that the setting `storage` names as the landing
zone. Source: flow-service.md 5.4; the Azure form only.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from exportctl.emulator.storage.addresses import LANDING_ZONE
from exportctl.emulator.storage.sink import StorageRefused
from exportctl.emulator.store import Store
from exportctl.emulator.wire import Answer, Json, Request, message_error

if TYPE_CHECKING:
    from exportctl.emulator.storage.settings import Endpoint

PATH = "/data/foundation/connectors/landingzone"
TYPE = "dlz_destination"
SAS_SECONDS = 7 * 86400


def answer(store: Store, request: Request) -> Answer:
    """Return the container, or credentials to it; a landing zone in a local folder has none."""
    if request.path not in (PATH, f"{PATH}/credentials"):
        raise message_error(404, "Resource not found")
    if request.method != "GET":
        raise message_error(405, "Method not allowed")
    # rule: landing-zone-type
    if request.value("type") != TYPE:
        raise message_error(400, f"type must be {TYPE}")
    endpoint = _endpoint(store)
    if request.path == PATH:
        # rule: landing-zone-container
        return Answer(200, {"containerName": _container(endpoint), "containerTTL": "7"})
    return Answer(200, _credentials(endpoint))


def _endpoint(store: Store) -> Endpoint:
    from exportctl.emulator.storage import settings

    # rule: landing-zone-local
    try:
        found = settings.parse_settings(store.get_setting("storage", {})).endpoint("data-landing-zone")
    except StorageRefused as error:
        raise message_error(404, error.reason) from error
    if found is None:
        raise message_error(
            404, "the emulator writes the landing zone to a local folder: there are no credentials to it"
        )
    return found


def _container(endpoint: Endpoint) -> str:
    return str(endpoint.values.get("container", LANDING_ZONE))


def _credentials(endpoint: Endpoint) -> Json:
    from exportctl.emulator.storage import signing

    # rule: landing-zone-credentials
    values, container = endpoint.values, _container(endpoint)
    if "sas" in values:
        sas = values["sas"].removeprefix("?")
    else:  # valid by the clock of this machine, because the storage knows no other clock
        sas = signing.container_sas(
            values["account"], values["account_key"], container, "rcwl", time.time() + SAS_SECONDS
        )
    return {
        "containerName": container,
        "SASToken": sas,
        "storageAccountName": values["account"],
        "SASUri": f"{values['url'].rstrip('/')}/{container}?{sas}",
    }
