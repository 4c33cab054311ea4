"""
JSON Schemas of every machine document, as dicts; schemas/*.schema.json is written from them.

Strict on purpose: an unknown key is an error, so that a field cannot slip out unnoticed. Within a format version keys
are added, never taken away or given another meaning; readers should ignore what they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from exportctl.checkup import State
from exportctl.drift_report import Group
from exportctl.model import Status
from exportctl.output_schema_environments import DIFF_ENVIRONMENTS, every
from exportctl.output_schema_health import FORECAST, RUNS, STATUS
from exportctl.output_schema_import import IMPORT
from exportctl.output_schema_parts import (
    ADDRESS,
    ANY,
    DEFS,
    FOUND,
    Json,
    closed,
    counts,
    flag,
    listing,
    mapping,
    maybe,
    number,
    one_of,
    optional,
    ref,
    text,
)
from exportctl.output_schema_patch import PATCH
from exportctl.output_schema_snapshot import SNAPSHOT, with_rehearsal
from exportctl.output_schema_verify import VERIFY

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUFFIX = ".schema.json"


class Folder(Protocol):
    """A `pathlib.Path`, as far as it is needed here."""

    def __truediv__(self, name: str, /) -> Folder: ...
    def write_text(self, data: str, encoding: str | None = None) -> int: ...


_PLAN_COUNTS = (
    "create",
    "update",
    "replace",
    "delete",
    "adopt",
    "held",
    "renew",
    "unchanged",
    "marker",
    "clean",
    "writes",
)


_CONTENT: Mapping[str, Json] = {
    "flags": mapping("flags that shaped the plan", ANY),
    "unset": listing("references that were not set", text("name")),
    "targeted_out": number("addresses that --target left out"),
    "counts": counts("the footer's numbers", _PLAN_COUNTS),
    "empty": flag("no create, update, replace, delete, adopt or release"),
    "refused": flag("apply would refuse"),
    "items": listing("in plan order; unchanged addresses are only counted", ref("item")),
    "findings": listing("about the plan as a whole", ref("finding")),
    "unmanaged": listing("flows that are not of this config", ref("unmanaged")),
}
_PLAN = closed(
    "a plan",
    project=text("the config's project"),
    digest=text("16 hex digits of what is approved; `apply --only-if` takes it"),
    **_CONTENT,
)
_OUTCOMES = listing("every step of the plan, each accounted for", ref("outcome"))

_PLATFORM = optional(
    closed(
        "which sandbox",
        kind=one_of("service, or an emulator, from which nothing reaches Adobe", ("service", "embedded", "loopback")),
        organization=text("IMS organization id"),
        sandbox=text("sandbox name"),
        environment=maybe(text("the config's environment")),
        snapshot=number("when the snapshot was taken that this is made from, seconds since 1970 UTC"),
    ),
    "snapshot",
)

_DRIFT = closed(
    "what the sandbox holds that was not last applied",
    project=text("the config's project"),
    failing=flag("exit code 3"),
    fail_on=listing("groups that make it fail", text("group")),
    counts=counts("entries by group", Group),
    entries=listing("by group, then in plan order", FOUND),
    findings=listing("other warnings and notes", ref("finding")),
)

RESULTS: Mapping[str, Json] = {
    "plan": with_rehearsal(_PLAN),
    "plan-environments": every("the plan", _PLATFORM, ref("plan")),
    "drift": _DRIFT,
    "drift-environments": every("drift", _PLATFORM, _DRIFT),
    "apply": closed(
        "what became of an apply",
        project=text("the config's project"),
        digest=text("of the plan that was applied"),
        interrupted=flag("stopped by a signal"),
        converged=maybe(flag("the read-back ends in an empty plan; null: not read back")),
        normalised=listing("values the service keeps in another spelling", text("for people")),
        counts=counts("outcomes by status", Status),
        outcomes=_OUTCOMES,
        residue=maybe(ref("plan")),
    ),
    "renew": closed(
        "rolling ends that are due",
        project=text("the config's project"),
        renewals=listing(
            "one for each end",
            closed(
                "one renewal",
                address=ADDRESS,
                id=maybe(text("flow id")),
                before=maybe(number("seconds since 1970 UTC")),
                after=maybe(number("seconds since 1970 UTC")),
            ),
        ),
        lapsed=listing(
            "rolling ends that are over: exit code 4, an apply moves them on",
            closed(
                "one flow that has ended",
                address=ADDRESS,
                id=maybe(text("flow id")),
                ended=number("seconds since 1970 UTC"),
            ),
        ),
        passed_over=listing("rolling ends that it does not look after: exit code 4", ref("finding")),
        held=listing(
            "one for each stop made by hand, which stays",
            closed("one stop", address=ADDRESS, id=maybe(text("flow id")), field=ref("field")),
        ),
        counts=counts("outcomes by status", Status),
        outcomes=_OUTCOMES,
    ),
    "validate": closed(
        "what the offline checks found",
        valid=flag("no finding of level error"),
        exports=number("declared, over all environments"),
        destinations=number("declared, over all environments"),
        environments=number("declared; 0: none"),
        findings=listing("in file order", ref("finding")),
    ),
    "datasets": closed(
        "what can be exported",
        datasets=listing(
            "by name",
            closed(
                "one dataset",
                id=text("dataset id"),
                name=text("dataset name"),
                exported_by=listing("by this config", ADDRESS),
            ),
        ),
    ),
    "doctor": closed(
        "whether the set-up works",
        healthy=flag("no check failed"),
        checks=listing(
            "in the order they were made",
            closed(
                "one check",
                name=text("stable name"),
                state=one_of("how it went", State),
                message=text("for people"),
                remedy=maybe(text("what to do")),
            ),
        ),
    ),
    "show": closed(
        "a saved plan",
        exportctl=text("version that wrote the file"),
        content_digest=text("sha256 over the file's content"),
        age=number("seconds; negative: made with a later clock"),
        plan=ref("plan"),
    ),
    "explain": closed(
        "a rule, or the places that set values",
        topic=text("what is explained"),
        text=text("for people"),
        entries=listing(
            "values, where there are any",
            closed("one value", path=text("which"), value=ANY, at=maybe(ref("location"))),
        ),
    ),
    "verify": VERIFY,
    "import": IMPORT,
    "patch": PATCH,
    "diff-environments": DIFF_ENVIRONMENTS,
    "runs": RUNS,
    "status": STATUS,
    "status-environments": every("the status", _PLATFORM, STATUS),
    "forecast": FORECAST,
    "error": {"type": "null", "description": "there is no result"},
}


def _envelope(kind: str, result: Json) -> Json:
    return closed(
        f"the machine output of kind {kind}",
        format_version={"const": 1, "description": "of this form"},
        kind={"const": kind, "description": "which schema this is"},
        platform=maybe(_PLATFORM),
        as_of=maybe(number("the moment it speaks of, seconds since 1970 UTC")),
        result=result if kind == "error" else maybe(result),
        errors=listing("all errors; empty when there are none", ref("error")),
    )


def _saved() -> Json:
    header = closed(
        "what the plan was made for",
        organization=text("IMS organization id"),
        sandbox=text("sandbox name"),
        environment=maybe(text("the config's environment")),
        project=text("the config's project"),
        platform=text("service, embedded or loopback"),
    )
    return closed(
        "a plan saved for approval; an edited one is refused",
        format_version={"const": 1, "description": "of this form"},
        kind={"const": "saved-plan", "description": "which schema this is"},
        exportctl=text("version that wrote it"),
        content_digest=text("sha256 over all the rest"),
        plan=closed("the plan", header=header, as_of=number("seconds since 1970 UTC"), **_CONTENT),
    )


FILES: Mapping[str, Json] = {"saved-plan": _saved(), "snapshot": SNAPSHOT}


def schema(kind: str) -> Json:
    """The schema of one kind of document, with the definitions it uses."""
    body = FILES[kind] if kind in FILES else _envelope(kind, RESULTS[kind])
    defs = {**DEFS, "plan": _PLAN}
    used = _used(body, defs)
    head = {"$schema": DIALECT, "title": f"exportctl {kind}"}
    return {**head, **body, "$defs": {name: defs[name] for name in sorted(used)}}


def _used(body: Any, defs: Mapping[str, Json]) -> set[str]:
    """Names of all definitions that a schema reaches."""
    reached: set[str] = set()
    waiting = [body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/$defs/") if isinstance(part.get("$ref"), str) else ""
            if name and name not in reached:
                reached.add(name)
                waiting.append(defs[name])
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return reached


def files() -> dict[str, str]:
    """File name -> text, for every kind."""
    return {
        f"{kind}{SUFFIX}": json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"
        for kind in sorted((*RESULTS, *FILES))
    }


def write(folder: Folder) -> None:
    """Write every schema below `folder`, which exists."""
    for name, content in files().items():
        (folder / name).write_text(content, encoding="utf-8")
