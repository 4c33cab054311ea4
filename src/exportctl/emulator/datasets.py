"""
The list of datasets that may be exported, and the datasets themselves, which tests and people seed.

Source: flow-service.md 6.
"""

from __future__ import annotations

from exportctl.emulator import dataset_rows, specs
from exportctl.emulator.data.rows import KINDS
from exportctl.emulator.dataset_rows import Arrival
from exportctl.emulator.read_view import RequestContext
from exportctl.emulator.store import Record
from exportctl.emulator.wire import Answer, Json, Request, flow_error, invalid_body_error, not_found_error
from exportctl.frozen import dataclass

SELECTION = {"outputType", "outputField", "start", "limit", "properties", "name", "description"}
WRITE_FILTERS = {"created", "updated", "createdClient", "createdUser", "updatedUser"}
UNSUPPORTED_FILTERS = WRITE_FILTERS | {"property", "orderBy", "tags", "version", "enableErrorDiagnostics"}


@dataclass(frozen=True)
class SeedDataset:
    """
    A dataset to seed.

    `kind` is event, record or snapshot: of a snapshot dataset, each run exports the whole table. Only eligible datasets
    can be exported. `rows` arrive when the dataset is made; events happened in the `spread` seconds before.

    `behavior` is what Catalog says of its data: None what fits the kind, empty nothing. `identity` is the path of the
    primary identity of a schema of its own, empty for a schema without one. None: the schema that its kind shares.
    `change` is one of data/schema_changes.py, for a dataset that has it from the beginning.
    """

    name: str
    id: str | None = None
    eligible: bool = True
    kind: str = "record"
    rows: int = 0
    spread: int = 86400
    behavior: str | None = None
    identity: str | None = None
    change: str | None = None


def seed_dataset(ctx: RequestContext, dataset: SeedDataset) -> str:
    """Put a dataset into the sandbox, or rename the one with that id; its id."""
    if dataset.kind not in KINDS:
        raise ValueError(f"a dataset is of kind {', '.join(KINDS)}, not {dataset.kind!r}")
    id = dataset.id or ctx.store.draw_bytes().hex()[:24]
    doc = {
        "id": id,
        "name": dataset.name,
        "description": "",
        "fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"},
        "aspect": "production",
        "state": "DRAFT",
        "imsOrg": ctx.organization,
        "sandboxId": ctx.sandbox_id,
        "created": ctx.now_ms,
        "updated": ctx.now_ms,
        "schemaRef": {
            "id": _schema_id(id, dataset),
            "contentType": "application/vnd.adobe.xed-full+json;version=1",
        },
    }
    known = ctx.store.get("datasets", id)
    hidden = {**(known.hidden if known else {}), "eligible": dataset.eligible, "kind": dataset.kind}
    hidden |= {key: value for key in ("behavior", "identity") if (value := getattr(dataset, key)) is not None}
    record = Record("datasets", id, ctx.sandbox, doc, hidden, seq=known.seq if known else 0)
    if known is None and (dataset.rows or dataset.change):
        arrived = Arrival(dataset.rows, spread=dataset.spread, change=dataset.change)
        dataset_rows.add_arrival(ctx.store, record, arrived, int(ctx.now))
    ctx.store.put(record)
    return id


def _schema_id(id: str, dataset: SeedDataset) -> str:
    if dataset.identity is not None:
        return f"https://ns.adobe.com/emulator/schemas/{id}"
    return "https://ns.adobe.com/xdm/context/" + ("experienceevent" if dataset.kind == "event" else "profile")


def find_dataset(ctx: RequestContext, name: str) -> Record:
    """Return the dataset of the sandbox with that id or name; none, or more than one, is a ValueError."""
    every = ctx.store.list_records("datasets", ctx.sandbox)
    found = [row for row in every if row.id == name] or [row for row in every if row.doc["name"] == name]
    if len(found) != 1:
        known = ", ".join(sorted(row.doc["name"] for row in every))
        count = "no dataset is" if not found else "several datasets are"
        raise ValueError(f"{count} called {name!r}; there is {known}")
    return found[0]


def ingest(ctx: RequestContext, name: str, arrived: Arrival) -> Json:
    """Let rows come into a dataset, change and go; what came in."""
    counts = (arrived.rows, arrived.updated, arrived.removed)
    if any(type(count) is not int or count < 0 for count in (*counts, arrived.spread)) or not any(counts):
        raise ValueError(
            "rows, update and remove are numbers, one of them from 1; spread is a number of seconds from 0"
        )
    record = ctx.store.get("datasets", find_dataset(ctx, name).id)
    assert record is not None
    first = dataset_rows.row_total(record)
    dataset_rows.add_arrival(ctx.store, record, arrived, int(ctx.now))
    ctx.store.put(record)
    return {"dataset": record.id, "first": first, "rows": arrived.rows, "at": int(ctx.now), "spread": arrived.spread}


def _eligible_datasets(ctx: RequestContext) -> list[Json]:
    return [row.doc for row in ctx.store.list_records("datasets", ctx.sandbox) if row.hidden["eligible"]]


def answer(ctx: RequestContext, spec: str, request: Request) -> Answer:
    """Return the answer to GET /connectionSpecs/{id}/configs."""
    if spec not in specs.connection_specs(ctx.switches):
        raise not_found_error("connectionSpecs", spec)
    # rule: configs-specs
    listing = (specs.DATA_LAKE, specs.LANDING_ZONE) if ctx.switches.configs_specs == "both" else (specs.DATA_LAKE,)
    if spec not in listing:
        raise invalid_body_error("configs list no datasets under this connection spec")
    _check_parameters(request)
    start, limit = _parse_number(request, "start", 0, 0, None), _parse_number(request, "limit", 20, 1, 100)
    rows = ctx.store.remember(("datasets", ctx.sandbox), lambda: _eligible_datasets(ctx))
    for key in ("name", "description"):
        wanted = request.value(key)
        rows = rows if wanted is None else [row for row in rows if row[key] == wanted]
    page = rows[start : start + limit]
    # rule: configs-page-info
    info: Json = {"start": start, "end": start + max(len(page) - 1, 0)}
    if ctx.switches.configs_total != "absent":
        info["total"] = _shown_total(ctx.switches.configs_total, len(rows), len(page), start)
    if ctx.switches.configs_has_next == "shown":
        info["hasNext"] = start + len(page) < len(rows)
    return Answer(200, {"items": [_selected_properties(row, request) for row in page], "pageInfo": info})


def _shown_total(setting: str, every: int, shown: int, start: int) -> int:
    """Return what a page says is the number of all rows; the defect of a wrong one grows with the list, or the page."""
    totals = {"all": every, "page": shown, "low": every // 2, "high": 2 * every + 7}
    return totals[setting] if setting in totals else max(0, every - start) if setting == "shrinking" else every + start


def _check_parameters(request: Request) -> None:
    # rule: configs-parameters
    unknown = [key for key, _ in request.query if key not in SELECTION | UNSUPPORTED_FILTERS]
    if unknown:
        raise flow_error(1451, 400, f"Query parameter [{unknown[0]}] is not known")
    if request.value("outputType") != "activationDatasets" or request.value("outputField") != "datasets":
        raise invalid_body_error("outputType=activationDatasets and outputField=datasets are required")
    unsupported = [key for key, _ in request.query if key in UNSUPPORTED_FILTERS]
    if unsupported:
        raise invalid_body_error(f"The emulator does not filter datasets by [{unsupported[0]}]")


def _parse_number(request: Request, name: str, default: int, least: int, most: int | None) -> int:
    text = request.value(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid_body_error(f"{name} must be a number")
    if int(text) < least or (most is not None and int(text) > most):
        raise invalid_body_error(f"{name} is out of range")
    return int(text)


def _selected_properties(row: Json, request: Request) -> Json:
    wanted = request.value("properties")
    if wanted is None:
        return row
    names = {"id", *(name.strip() for name in wanted.split(","))}
    return {key: row[key] for key in row if key in names}
