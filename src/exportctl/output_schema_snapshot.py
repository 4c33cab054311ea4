"""The schema of a snapshot's file, and of what a rehearsal adds to the machine output of `plan`."""

from __future__ import annotations

from exportctl.kinds import KINDS
from exportctl.model import Status
from exportctl.output_schema_parts import Json, closed, counts, flag, listing, mapping, maybe, number, one_of, ref, text

_OBJECT: Json = {"type": "object", "description": "the service's JSON, without auth values and credentials"}

SNAPSHOT = closed(
    "a sandbox as it was read; an edited one is refused",
    format_version={"const": 1, "description": "of this form"},
    kind={"const": "snapshot", "description": "which schema this is"},
    exportctl=text("version that wrote it"),
    content_digest=text("sha256 over all the rest"),
    snapshot=closed(
        "what was read",
        place=closed(
            "where",
            platform=one_of("service, or an emulator", ("service", "embedded", "loopback")),
            organization=text("IMS organization id"),
            sandbox=text("sandbox name"),
            environment=maybe(text("the config's environment")),
        ),
        taken_at=number("seconds since 1970 UTC"),
        objects=closed("by kind", **{kind: listing("in the order of the list", _OBJECT) for kind in KINDS}),
        datasets=listing("what can be exported", closed("one dataset", id=text("dataset id"), name=text("its name"))),
        specs=mapping("connection specs by id", {"type": "object", "description": "as the service has it"}),
    ),
)

_REHEARSAL = closed(
    "what became of this plan in the emulator; nothing reached the platform",
    converged=flag("all of it was done, and a second plan was empty"),
    reads=number("requests that read, after the plan was made"),
    writes=mapping("requests that write, refused ones too, by method and collection", number("how many")),
    counts=counts("steps by how they ended", Status),
    outcomes=listing("every step of the plan, each accounted for", ref("outcome")),
    refused=listing("what the emulator refused, with the place in the config; also in errors", ref("error")),
    residue=maybe(ref("plan")),
)


def with_rehearsal(plan: Json) -> Json:
    """The schema of a plan that may hold a rehearsal: null where the plan was refused, absent where none was asked."""
    return {**plan, "properties": {**plan["properties"], "rehearsal": maybe(_REHEARSAL)}}
