"""
Questions that reading answers: what the live connection specs offer, and the forms of lists and refusals.

Source of the destination types: the service's own specs, because Adobe adds ways to authenticate several times a year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from exportctl.client.client import Client
from exportctl.client.inventory import list_datasets, read_connection_specs
from exportctl.errors import ServiceError
from exportctl.probe.bodies import TARGETS
from exportctl.probe.cleanup import LISTED_SECONDS
from exportctl.probe.question_group import ProbeRun, QuestionGroup, is_refusal
from exportctl.probe.session import ProbeSession, json_body
from exportctl.profile.answers import Need, ProbeAnswer, ProbeQuestion, no_answer
from exportctl.resources.destinations.azure_blob import AZURE_BLOB
from exportctl.resources.destinations.data_landing_zone import DATA_LANDING_ZONE
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.spec_names import live_encryption, live_method, published_encryption

WORDS = re.compile(r"[A-Za-z0-9 ./()-]{1,60}")  # a name that a spec may have: no address, no id of anybody
RESERVED = "=&+#%?/"

QUESTIONS = (
    ProbeQuestion("configs_specs", "Lists exportable datasets under the connection spec of the landing zone."),
    ProbeQuestion("landing_zone_encryption", "Reads encryptionSpecs in the connection spec of the landing zone."),
    ProbeQuestion("blob_service_principal", "Reads authSpec in the connection spec of Azure Blob."),
    ProbeQuestion(
        "authentication",
        "Reads authSpec in the six connection specs.",
        Need.FACT,
        "Which ways to authenticate do the live specs offer?",
    ),
    ProbeQuestion(
        "encryption",
        "Reads encryptionSpecs in the six connection specs.",
        Need.FACT,
        "For which destination types do the live specs offer encryption?",
    ),
)
LIST_QUESTIONS = (
    ProbeQuestion("empty_list", "Lists target connections with a name that none has."),
    ProbeQuestion("not_found_status", "Reads a target connection with a made-up id, and looks at the status."),
    ProbeQuestion(
        "continuation_token",
        "Lists target connections in pages of one.",
        Need.FACT,
        "Which reserved characters does a continuation token contain?",
    ),
)


def ask_about_specs(run: ProbeRun) -> Iterator[ProbeAnswer]:
    """Read the six connection specs, and a list of datasets."""
    yield _answer_configs(run)
    found = read_connection_specs(run.session.client)
    specs = {name: found.get(kind.connection_spec, {}) for name, kind in TYPES.items()}
    ways = {name: _names(spec, "authSpec") for name, spec in specs.items()}
    yield ProbeAnswer("landing_zone_encryption", _encryption_setting(specs[DATA_LANDING_ZONE.name]))
    yield ProbeAnswer("blob_service_principal", _principal_setting(specs[AZURE_BLOB.name]))
    yield ProbeAnswer("authentication", "; ".join(f"{name}: {', '.join(ways[name]) or 'none'}" for name in ways))
    encrypted = [name for name, spec in specs.items() if _names(spec, "encryptionSpecs")]
    yield ProbeAnswer("encryption", ", ".join(encrypted) or "none")


def _encryption_setting(spec: Mapping[str, Any]) -> str:
    """Say whether a spec offers encryption that exportctl can use, and under the published names."""
    found = live_encryption(spec)
    if found is None:
        return "absent"
    known = published_encryption()
    return "listed" if (found.spec_name, found.key) == (known.spec_name, known.key) else "renamed"


def _principal_setting(spec: Mapping[str, Any]) -> str:
    """Say whether a spec offers a service principal that exportctl can use, and under the names of the data lake."""
    assumed = next(way for way in AZURE_BLOB.methods if way.is_named_by_spec)
    found = live_method(assumed, spec)
    if found is None:
        return "absent"
    return "listed" if found == assumed else "renamed"


def _answer_configs(run: ProbeRun) -> ProbeAnswer:
    """Look whether the spec of the landing zone lists the dataset too; the spec of the data lake lists it."""
    try:
        listed = list_datasets(run.session.client, DATA_LANDING_ZONE.connection_spec)
    except ServiceError as error:
        if not (is_refusal(error) or error.status == 404):
            raise
        return ProbeAnswer("configs_specs", "data-lake")
    is_listed = any(one.id == run.dataset.id for one in listed)
    return ProbeAnswer("configs_specs", "both" if is_listed else "data-lake")


def _names(spec: Mapping[str, Any], member: str) -> list[str]:
    """Return the names in a list of a spec. A name of an unknown form is left out: it could hold anything."""
    listed = spec.get(member)
    names = [str(one.get("name")) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [name for name in names if WORDS.fullmatch(name)]


def ask_about_lists(run: ProbeRun) -> Iterator[ProbeAnswer]:
    """Read a list without objects, an object that does not exist, and the first page of a list with two pages."""
    yield _answer_empty_list(run.session)
    yield _answer_not_found(run.session)
    token = run.session.wait_for(lambda: _next_token(run.session.client), LISTED_SECONDS)
    if token is None:
        yield no_answer("continuation_token", "the list had no second page")
    else:
        yield ProbeAnswer("continuation_token", "".join(c for c in RESERVED if c in token) or "none")


def _answer_empty_list(session: ProbeSession) -> ProbeAnswer:
    session.check_stop()
    unused = f"{session.names.of('target')}-of-nothing"
    body = json_body(session.client.exchange("GET", TARGETS, params=[("property", f"name=={unused}")]))
    if body.get("items"):
        return no_answer("empty_list", "the service ignores the filter by name")
    found = {key for key in ("items", "_links") if key in body}
    known = {frozenset({"items", "_links"}): "keys", frozenset[str](): "bare"}
    setting = known.get(frozenset(found))
    if setting is None:
        return no_answer("empty_list", "an empty list has one of the two keys, and no setting plays that")
    return ProbeAnswer("empty_list", setting)


def _answer_not_found(session: ProbeSession) -> ProbeAnswer:
    session.check_stop()
    try:
        session.client.get(f"{TARGETS}/{uuid4()}")
    except ServiceError as error:
        if error.status in (400, 404):
            return ProbeAnswer("not_found_status", error.status)
        raise
    return no_answer("not_found_status", "the service found an object with a made-up id")


def _next_token(client: Client) -> str | None:
    """Return the token of the second page, decoded."""
    body = json_body(client.exchange("GET", TARGETS, params=[("limit", "1")]))
    links = body.get("_links")
    following = links.get("next") if isinstance(links, dict) else None
    href = following.get("href") if isinstance(following, dict) else None
    query = urlsplit(str(href or "")).query
    return unquote(query.partition("continuationToken=")[2]) or None


GROUP = QuestionGroup("live specs", QUESTIONS, ask_about_specs)
LIST_GROUP = QuestionGroup("lists", LIST_QUESTIONS, ask_about_lists)
