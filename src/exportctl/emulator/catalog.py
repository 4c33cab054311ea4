"""
Catalog's datasets, read only: what a dataset is called, which schema it has, and how its data behaves.

In: a request that passed the gateway. Out: an answer. Source: catalog.yaml, and [CF] for lists.
"""

from __future__ import annotations

from exportctl.emulator import auth
from exportctl.emulator.data.rows import EVENT, SNAPSHOT
from exportctl.emulator.read_view import RequestContext
from exportctl.emulator.store import Record
from exportctl.emulator.switches import Switches
from exportctl.emulator.wire import Answer, Json, Request, RequestRefused, message_error, problem_error

PATH = "/data/foundation/catalog"
LIST_PARAMETERS = {"limit", "start", "properties", "name"}
_BEHAVIORS = "https://ns.adobe.com/xdm/data/"


def answer(ctx: RequestContext, request: Request, credential: Record) -> Answer:
    """Return what Catalog answers."""
    collection, _, id = request.path.removeprefix(PATH).strip("/").partition("/")
    if collection != "dataSets" or "/" in id:
        raise message_error(404, "Resource not found")
    if request.method != "GET":
        raise message_error(405, "Method not allowed")
    # rule: catalog-permission
    if auth.VIEW_DATASETS not in credential.doc["permissions"]:
        raise _refusal(403, "Forbidden", f"The permission {auth.VIEW_DATASETS} is missing")
    return _answer_dataset(ctx, request, id) if id else _answer_list(ctx, request)


def _answer_dataset(ctx: RequestContext, request: Request, id: str) -> Answer:
    # rule: catalog-dataset
    _check_parameters(request, {"properties"})
    found = ctx.store.get("datasets", id)
    if found is None or found.sandbox != ctx.sandbox:
        raise _refusal(404, "NotFound", f"No dataset {id} in this sandbox")
    return Answer(200, {id: _dataset_json(ctx, found, request)})


def _answer_list(ctx: RequestContext, request: Request) -> Answer:
    # rule: catalog-list
    _check_parameters(request, LIST_PARAMETERS)
    start, limit = _parse_number(request, "start", 0, least=0), _parse_number(request, "limit", 20, least=1)
    name = request.value("name")
    found = [row for row in ctx.store.list_records("datasets", ctx.sandbox) if name in (None, row.doc["name"])]
    page = found[start : start + min(limit, 100)]
    return Answer(200, {row.id: _dataset_json(ctx, row, request) for row in page})


def _check_parameters(request: Request, known: set[str]) -> None:
    strange = [key for key, _ in request.query if key not in known]
    if strange:
        raise _refusal(400, "BadRequest", f"The emulator's Catalog does not know the parameter {strange[0]}")


def _parse_number(request: Request, name: str, default: int, least: int) -> int:
    text = request.value(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < least:
        raise _refusal(400, "BadRequest", f"{name} must be a number from {least}")
    return int(text)


def _refusal(status: int, title: str, detail: str) -> RequestRefused:
    return problem_error("catalog", status, title, detail)


def _dataset_json(ctx: RequestContext, dataset: Record, request: Request) -> Json:
    """Return a dataset as Catalog shows it: its id is the key, and not a member."""
    doc = {key: value for key, value in dataset.doc.items() if key != "id"} | {
        "version": "1.0.0",
        "createdUser": "acp_foundation_catalog@AdobeID",
        "createdClient": "acp_foundation_catalog",
        "files": f"@/dataSetFiles?dataSetId={dataset.id}",
        **_classification(dataset, ctx.switches),
    }
    wanted = request.value("properties")
    names = None if wanted is None else {name.strip() for name in wanted.split(",")}
    return {key: value for key, value in doc.items() if names is None or key in names}


def _classification(dataset: Record, switches: Switches) -> Json:
    """Return the classification as a member of the dataset, or nothing for one that has none."""
    # rule: catalog-classification
    kind = dataset.hidden.get("kind")
    behavior = dataset.hidden.get("behavior", "time-series" if kind == EVENT else "record")
    if not behavior or switches.data_behavior == "missing":
        return {}
    word = {"upper": behavior.upper(), "uri": _BEHAVIORS + behavior}.get(switches.data_behavior, behavior)
    manager = "SYSTEM" if kind == SNAPSHOT else "CUSTOMER"
    return {"classification": {"dataBehavior": word, "managedBy": manager}}
