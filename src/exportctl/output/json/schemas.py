"""
JSON Schemas of every machine document, as dicts; schemas/*.schema.json is written from them.

Strict on purpose: an unknown key is an error, so that a field cannot slip out unnoticed. Within a format version keys
are added, never taken away or given another meaning; readers should ignore what they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from exportctl.model.check import CheckStatus
from exportctl.model.plan import OutcomeStatus
from exportctl.monitor.drift import DriftGroup
from exportctl.output.json.environments import DIFF_ENVIRONMENTS, environments_schema
from exportctl.output.json.import_result import IMPORT
from exportctl.output.json.monitoring import FORECAST, RUNS, STATUS
from exportctl.output.json.patch import PATCH
from exportctl.output.json.schema_parts import (
    ADDRESS,
    ANY,
    DEFS,
    DRIFT_ENTRY,
    Json,
    choice,
    counts,
    flag,
    listing,
    make_nullable,
    make_optional,
    mapping,
    number,
    ref,
    strict_object,
    text,
)
from exportctl.output.json.snapshot_schema import SNAPSHOT, add_rehearsal
from exportctl.output.json.verify import VERIFY

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUFFIX = ".schema.json"


class OutputFolder(Protocol):
    """A `pathlib.Path`, as far as it is needed here."""

    def __truediv__(self, name: str, /) -> OutputFolder: ...
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
_PLAN = strict_object(
    "a plan",
    project=text("the config's project"),
    digest=text("16 hex digits of what is approved; `apply --only-if` takes it"),
    **_CONTENT,
)
_OUTCOMES = listing("every step of the plan, each accounted for", ref("outcome"))

_PLATFORM = make_optional(
    strict_object(
        "which sandbox",
        kind=choice("service, or an emulator, from which nothing reaches Adobe", ("service", "embedded", "loopback")),
        organization=text("IMS organization id"),
        sandbox=text("sandbox name"),
        environment=make_nullable(text("the config's environment")),
        snapshot_at=number("when the snapshot was taken that this is made from, seconds since 1970 UTC"),
    ),
    "snapshot_at",
)

_DRIFT = strict_object(
    "what the sandbox holds that was not last applied",
    project=text("the config's project"),
    failing=flag("exit code 3"),
    fail_on=listing("groups that make it fail", text("group")),
    counts=counts("entries by group", DriftGroup),
    entries=listing("by group, then in plan order", DRIFT_ENTRY),
    findings=listing("other warnings and notes", ref("finding")),
)

RESULTS: Mapping[str, Json] = {
    "plan": add_rehearsal(_PLAN),
    "plan-environments": environments_schema("the plan", _PLATFORM, ref("plan")),
    "drift": _DRIFT,
    "drift-environments": environments_schema("drift", _PLATFORM, _DRIFT),
    "apply": strict_object(
        "what became of an apply",
        project=text("the config's project"),
        digest=text("of the plan that was applied"),
        interrupted=flag("stopped by a signal"),
        converged=make_nullable(flag("the read-back ends in an empty plan; null: not read back")),
        normalised=listing("values the service keeps in another spelling", text("for people")),
        counts=counts("outcomes by status", OutcomeStatus),
        outcomes=_OUTCOMES,
        residue=make_nullable(ref("plan")),
    ),
    "renew": strict_object(
        "rolling ends that are due",
        project=text("the config's project"),
        renewals=listing(
            "one for each end",
            strict_object(
                "one renewal",
                address=ADDRESS,
                id=make_nullable(text("flow id")),
                before=make_nullable(number("seconds since 1970 UTC")),
                after=make_nullable(number("seconds since 1970 UTC")),
            ),
        ),
        lapsed=listing(
            "rolling ends that are over: exit code 4, an apply moves them on",
            strict_object(
                "one flow that has ended",
                address=ADDRESS,
                id=make_nullable(text("flow id")),
                ended=number("seconds since 1970 UTC"),
            ),
        ),
        passed_over=listing("rolling ends that it does not look after: exit code 4", ref("finding")),
        held=listing(
            "one for each stop made by hand, which stays",
            strict_object("one stop", address=ADDRESS, id=make_nullable(text("flow id")), field=ref("field")),
        ),
        counts=counts("outcomes by status", OutcomeStatus),
        outcomes=_OUTCOMES,
    ),
    "validate": strict_object(
        "what the offline checks found",
        valid=flag("no finding of level error"),
        exports=number("declared, over all environments"),
        destinations=number("declared, over all environments"),
        environments=number("declared; 0: none"),
        findings=listing("in file order", ref("finding")),
    ),
    "datasets": strict_object(
        "what can be exported",
        datasets=listing(
            "by name",
            strict_object(
                "one dataset",
                id=text("dataset id"),
                name=text("dataset name"),
                exported_by=listing("by this config", ADDRESS),
            ),
        ),
    ),
    "doctor": strict_object(
        "whether the set-up works",
        healthy=flag("no check failed"),
        checks=listing(
            "in the order they were made",
            strict_object(
                "one check",
                name=text("stable name"),
                state=choice("how it went", CheckStatus),
                message=text("for people"),
                remedy=make_nullable(text("what to do")),
            ),
        ),
    ),
    "show": strict_object(
        "a saved plan",
        exportctl=text("version that wrote the file"),
        content_digest=text("sha256 over the file's content"),
        age=number("seconds; negative: made with a later clock"),
        plan=ref("plan"),
    ),
    "explain": strict_object(
        "a rule, or the places that set values",
        topic=text("what is explained"),
        text=text("for people"),
        entries=listing(
            "values, where there are any",
            strict_object("one value", path=text("which"), value=ANY, at=make_nullable(ref("location"))),
        ),
    ),
    "verify": VERIFY,
    "import": IMPORT,
    "patch": PATCH,
    "diff-environments": DIFF_ENVIRONMENTS,
    "runs": RUNS,
    "status": STATUS,
    "status-environments": environments_schema("the status", _PLATFORM, STATUS),
    "forecast": FORECAST,
    "error": {"type": "null", "description": "there is no result"},
}


def _envelope(kind: str, result: Json) -> Json:
    return strict_object(
        f"the machine output of kind {kind}",
        format_version={"const": 1, "description": "of this form"},
        kind={"const": kind, "description": "which schema this is"},
        platform=make_nullable(_PLATFORM),
        as_of=make_nullable(number("the moment it speaks of, seconds since 1970 UTC")),
        result=result if kind == "error" else make_nullable(result),
        errors=listing("all errors; empty when there are none", ref("error")),
    )


def _saved_plan_schema() -> Json:
    header = strict_object(
        "what the plan was made for",
        organization=text("IMS organization id"),
        sandbox=text("sandbox name"),
        environment=make_nullable(text("the config's environment")),
        project=text("the config's project"),
        platform=text("service, embedded or loopback"),
    )
    return strict_object(
        "a plan saved for approval; an edited one is refused",
        format_version={"const": 1, "description": "of this form"},
        kind={"const": "saved-plan", "description": "which schema this is"},
        exportctl=text("version that wrote it"),
        content_digest=text("sha256 over all the rest"),
        plan=strict_object("the plan", header=header, as_of=number("seconds since 1970 UTC"), **_CONTENT),
    )


FILES: Mapping[str, Json] = {"saved-plan": _saved_plan_schema(), "snapshot": SNAPSHOT}


def schema(kind: str) -> Json:
    """The schema of one kind of document, with the definitions it uses."""
    body = FILES[kind] if kind in FILES else _envelope(kind, RESULTS[kind])
    defs = {**DEFS, "plan": _PLAN}
    used = _used_definitions(body, defs)
    head = {"$schema": DIALECT, "title": f"exportctl {kind}"}
    return {**head, **body, "$defs": {name: defs[name] for name in sorted(used)}}


def _used_definitions(body: Any, defs: Mapping[str, Json]) -> set[str]:
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


def write_schemas(folder: OutputFolder) -> None:
    """Write every schema below `folder`, which exists."""
    for name, content in files().items():
        (folder / name).write_text(content, encoding="utf-8")
