"""The schema of a snapshot's file, and of what a rehearsal adds to the machine output of `plan`."""

from __future__ import annotations

from exportctl.model.plan import OutcomeStatus
from exportctl.output.json.schema_parts import (
    Json,
    choice,
    counts,
    flag,
    listing,
    make_nullable,
    mapping,
    number,
    ref,
    strict_object,
    text,
)
from exportctl.resources.kinds import KINDS

_OBJECT: Json = {"type": "object", "description": "the service's JSON, without auth values and credentials"}

SNAPSHOT = strict_object(
    "a sandbox as it was read; an edited one is refused",
    format_version={"const": 1, "description": "of this form"},
    kind={"const": "snapshot", "description": "which schema this is"},
    exportctl=text("version that wrote it"),
    content_digest=text("sha256 over all the rest"),
    snapshot=strict_object(
        "what was read",
        place=strict_object(
            "where",
            platform=choice("service, or an emulator", ("service", "embedded", "loopback")),
            organization=text("IMS organization id"),
            sandbox=text("sandbox name"),
            environment=make_nullable(text("the config's environment")),
        ),
        taken_at=number("seconds since 1970 UTC"),
        objects=strict_object("by kind", **{kind: listing("in the order of the list", _OBJECT) for kind in KINDS}),
        datasets=listing(
            "what can be exported", strict_object("one dataset", id=text("dataset id"), name=text("its name"))
        ),
        specs=mapping("connection specs by id", {"type": "object", "description": "as the service has it"}),
    ),
)

_REHEARSAL = strict_object(
    "what became of this plan in the emulator; nothing reached the platform",
    converged=flag("all of it was done, and a second plan was empty"),
    reads=number("requests that read, after the plan was made"),
    writes=mapping("requests that write, refused ones too, by method and collection", number("how many")),
    counts=counts("steps by how they ended", OutcomeStatus),
    outcomes=listing("every step of the plan, each accounted for", ref("outcome")),
    refused=listing("what the emulator refused, with the place in the config; also in errors", ref("error")),
    residue=make_nullable(ref("plan")),
)


def add_rehearsal(plan: Json) -> Json:
    """The schema of a plan that may hold a rehearsal: null where the plan was refused, absent where none was asked."""
    return {**plan, "properties": {**plan["properties"], "rehearsal": make_nullable(_REHEARSAL)}}
