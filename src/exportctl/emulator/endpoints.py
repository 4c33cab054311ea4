"""
Every endpoint that Adobe's API descriptions list, with what the emulator does with it: it answers, or why it does not.

Pure data; docs/emulator.md shows it, and a test compares it with the descriptions and with the emulator.
"""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.emulator import catalog, landing_zone, sandbox_management, schema_registry
from exportctl.emulator.read_view import COLLECTIONS
from exportctl.emulator.routes import AD_HOC_PATH, FLOW_SERVICE_PATH
from exportctl.frozen import dataclass

TOOLING_PATH = "/data/foundation/exim"
UNDESCRIBED = "-"  # only pages tell of it: of the identity service, the landing zone and the Schema Registry

_SPECS = "clients may not write specs; the emulator answers 1426"
_SOURCES = "describes the files and columns of sources; a destination has none to show"
_CATALOG = (
    "the emulator's datasets are added with `exportctl emulator seed --dataset NAME`; clients of exports only read them"
)
_BATCHES = "describes ingestion, not exports"
_ADMIN = "the emulator's sandboxes are added with `exportctl emulator seed --sandbox NAME`"
_TOOLING = "copies configurations between sandboxes; it does not move exports"


@dataclass(frozen=True)
class PublishedEndpoint:
    """One method and path. `why_not` is None if the emulator answers, else the reason why it does not."""

    description: str
    method: str
    path: str
    why_not: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


# API description, base path, and its endpoints: path, methods, and why the emulator does not answer them.
_ROWS: tuple[tuple[str, str, tuple[tuple[str, str, str | None], ...]], ...] = (
    (
        "flow-service",
        FLOW_SERVICE_PATH,
        (
            *((f"/{name}", "GET POST", None) for name in COLLECTIONS),
            *((f"/{name}/{{id}}", "GET PATCH DELETE", None) for name in COLLECTIONS),
            *((f"/{name}/{{id}}/action", "POST", None) for name in (*COLLECTIONS, "runs")),
            *((f"/{name}/search", "POST", None) for name in ("connections", "flows", "flowSpecs")),
            ("/connections/{id}/test", "GET", None),
            ("/connections/{id}/explore", "GET", None),
            ("/connections/{id}/configs", "GET", _SOURCES),
            ("/runs", "GET POST", None),
            ("/runs/{id}", "GET PUT", None),
            ("/connectionSpecs", "GET", None),
            ("/connectionSpecs", "POST", _SPECS),
            ("/connectionSpecs/{id}", "GET", None),
            ("/connectionSpecs/{id}", "PUT", _SPECS),
            ("/connectionSpecs/{id}/configs", "GET", None),
            ("/connectionSpecs/{id}/explore", "GET", _SOURCES),
            ("/flowSpecs", "GET", None),
            ("/flowSpecs", "POST", _SPECS),
            ("/flowSpecs/{id}", "GET", None),
            ("/flowSpecs/{id}", "PUT", _SPECS),
        ),
    ),
    ("ad-hoc-activation", AD_HOC_PATH.removesuffix("/adhocrun"), (("/adhocrun", "POST", None),)),
    (
        "sandbox",
        sandbox_management.PATH,
        (
            ("/", "GET", None),
            ("/sandboxTypes", "GET", None),
            ("/sandboxes", "GET", None),
            ("/sandboxes", "POST", _ADMIN),
            ("/sandboxes/{id}", "GET", None),
            ("/sandboxes/{id}", "PUT PATCH DELETE", _ADMIN),
        ),
    ),
    (
        "sandbox",
        TOOLING_PATH,
        (
            ("/packages", "GET POST PUT", _TOOLING),
            ("/packages/{id}", "GET DELETE", _TOOLING),
            *((f"/packages/{name}", "PUT", _TOOLING) for name in ("import", "update")),
            ("/packages/jobs", "GET", _TOOLING),
            *((f"/packages/{{id}}/{name}", "GET", _TOOLING) for name in ("export", "import")),
            ("/packages/{id}/children", "POST", _TOOLING),
            ("/packages/payload/{id}", "GET", _TOOLING),
            ("/packages/preflight/{id}/export", "GET", _TOOLING),
            *((f"/handshake/{name}", "POST", _TOOLING) for name in ("bulkCreate", "action")),
            ("/handshake/list", "GET", _TOOLING),
            ("/transfer", "POST", _TOOLING),
            ("/transfer/{id}", "GET", _TOOLING),
            ("/transfer/list", "GET", _TOOLING),
            ("/transfer/pullRequest", "POST", _TOOLING),
            ("/tools/job/{id}", "GET", _TOOLING),
        ),
    ),
    (
        "catalog",
        catalog.PATH,
        (
            ("/", "GET POST", _CATALOG),
            ("/dataSets", "GET", None),
            ("/dataSets", "POST", _CATALOG),
            ("/dataSets/{id}", "GET", None),
            ("/dataSets/{id}", "PUT PATCH DELETE", _CATALOG),
            ("/dataSets/{id}/credentials", "GET", _CATALOG),
            ("/v2/dataSets/{id}", "PATCH", _CATALOG),
            ("/tags/{id}", "GET", _CATALOG),
            ("/batches", "GET POST", _BATCHES),
            ("/batches/{id}", "GET POST PUT PATCH DELETE", _BATCHES),
            ("/batches/uniques/{id}", "GET", _BATCHES),
            ("/lastBatches", "GET", _BATCHES),
        ),
    ),
    (
        UNDESCRIBED,
        "",
        (
            ("/ims/token/v3", "POST", None),
            ("/ims/token/v2", "POST", None),
            (schema_registry.DESCRIPTORS_PATH, "GET", None),
            (landing_zone.PATH, "GET", None),
            (f"{landing_zone.PATH}/credentials", "GET", None),
            (
                f"{landing_zone.PATH}/credentials",
                "POST",
                "makes a new key: the emulator's keys are those of its storage",
            ),
        ),
    ),
)


def _expand_rows() -> Iterator[PublishedEndpoint]:
    for description, base, rows in _ROWS:
        for path, methods, why_not in rows:
            for method in methods.split():
                yield PublishedEndpoint(description, method, base + path, why_not)


ENDPOINTS: tuple[PublishedEndpoint, ...] = tuple(_expand_rows())
