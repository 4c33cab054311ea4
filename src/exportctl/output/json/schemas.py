"""
The JSON Schema of every JSON document, as dicts; schemas/*.schema.json is written from them.

They are strict on purpose: an unknown key is an error, so no field can be added by accident. Within a format version
keys are added, never removed, and their meaning does not change. Readers should ignore keys that they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from exportctl.model.json_form import Definition, Json
from exportctl.monitor.backup import file_list_json
from exportctl.output.json import (
    backup,
    documents,
    drill,
    environments,
    fleet,
    import_and_accept,
    monitoring,
    night,
    probe,
    restore,
)
from exportctl.output.json.envelope import OUTCOME, PLAN, VERDICT, Document
from exportctl.planfile import file as planfile
from exportctl.planfile.serialize import ACTOR, ERROR, FIELD, FINDING, ITEM, MARKER, OTHER_FLOW, POSITION, STEP
from exportctl.profile import file as profile
from exportctl.snapshot import file as snapshot

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUFFIX = ".schema.json"


_DOCUMENTS: tuple[Document[Any], ...] = (
    documents.PLAN_DOCUMENT,
    monitoring.DRIFT,
    documents.APPLY,
    documents.RENEW,
    documents.VALIDATE,
    documents.DATASETS,
    documents.DOCTOR,
    documents.SHOW,
    documents.EXPLAIN,
    documents.ERRORS,
    *environments.ENVIRONMENTS.values(),
    environments.DIFF_ENVIRONMENTS,
    monitoring.VERIFY,
    backup.BACKUP,
    restore.RESTORE,
    drill.DRILL,
    import_and_accept.IMPORT,
    import_and_accept.PATCH,
    monitoring.RUNS,
    monitoring.STATUS,
    monitoring.FORECAST,
    night.NIGHTLY,
    fleet.FLEET,
    probe.PROBE,
)
RESULTS: Mapping[str, Document[Any]] = {document.kind: document for document in _DOCUMENTS}
FILES: Mapping[str, Callable[[], Json]] = {
    file_list_json.KIND: file_list_json.schema,
    planfile.KIND: planfile.FILE.schema,
    profile.KIND: profile.FILE.schema,
    snapshot.KIND: snapshot.FILE.schema,
}
DEFINITIONS: Mapping[str, Definition[Any]] = {
    one.name: one
    for one in (ACTOR, ERROR, FIELD, FINDING, ITEM, MARKER, OTHER_FLOW, OUTCOME, PLAN, POSITION, STEP, VERDICT)
}


def schema(kind: str) -> Json:
    """Return the schema of one kind of document, with the definitions that it uses."""
    body = FILES[kind]() if kind in FILES else RESULTS[kind].schema()
    used = {name: DEFINITIONS[name].schema() for name in sorted(_used_definitions(body))}
    return {"$schema": DIALECT, "title": f"exportctl {kind}", **body, "$defs": used}


def _used_definitions(body: Any) -> set[str]:
    """Return the names of all definitions that a schema reaches."""
    reached: set[str] = set()
    waiting = [body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
            reference = part.get("$ref")
            if isinstance(reference, str) and (name := reference.removeprefix("#/$defs/")) not in reached:
                reached.add(name)
                waiting.append(DEFINITIONS[name].schema())
    return reached


def files() -> dict[str, str]:
    """Return the text of each file by its name, for every kind."""
    return {
        f"{kind}{SUFFIX}": json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"
        for kind in sorted((*RESULTS, *FILES))
    }
