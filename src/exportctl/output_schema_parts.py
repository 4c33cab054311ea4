"""
What output schemas are made of: constructors for strict JSON Schemas, and definitions that several documents share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exportctl.drift_report import Group
from exportctl.errors import Level
from exportctl.model import Action, Cause, Status, Verb

Json = dict[str, Any]


def closed(description: str, **properties: Json) -> Json:
    """An object that has exactly these keys."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def text(description: str) -> Json:
    return {"type": "string", "description": description}


def number(description: str) -> Json:
    return {"type": "integer", "description": description}


def flag(description: str) -> Json:
    return {"type": "boolean", "description": description}


def one_of(description: str, values: Iterable[str]) -> Json:
    return {"enum": [str(v) for v in values], "description": description}


def listing(description: str, items: Json) -> Json:
    return {"type": "array", "description": description, "items": items}


def mapping(description: str, values: Json) -> Json:
    return {"type": "object", "description": description, "additionalProperties": values}


def maybe(shown: Json) -> Json:
    """The same or null."""
    rest = {name: part for name, part in shown.items() if name != "description"}
    return {"description": shown.get("description", ""), "anyOf": [rest, {"type": "null"}]}


def optional(shown: Json, *names: str) -> Json:
    """The same object, where these keys may be missing."""
    return {**shown, "required": [name for name in shown["required"] if name not in names]}


def ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def counts(description: str, names: Iterable[str]) -> Json:
    return closed(description, **{str(name): number(f"how many: {name}") for name in names})


ANY: Json = {"description": "a value of the field: text, number, true or false, list, map or null; masked if sensitive"}
ADDRESS = text("exports.NAME or destinations.NAME")
DEFS: Mapping[str, Json] = {
    "location": closed("a place in a config file", file=text("path"), line=number("from 1"), column=number("from 1")),
    "error": closed(
        "what is wrong, where, and how to mend it",
        rule=text("stable id"),
        message=text("for people"),
        file=maybe(text("path of the config file")),
        line=maybe(number("from 1")),
        column=maybe(number("from 1")),
        hint=maybe(text("the way to mend it")),
    ),
    "finding": closed(
        "one thing to say about a config or a plan",
        rule=text("stable id"),
        level=one_of("how grave", Level),
        message=text("for people"),
        file=maybe(text("path of the config file")),
        line=maybe(number("from 1")),
        column=maybe(number("from 1")),
        hint=maybe(text("the way to mend it")),
    ),
    "actor": closed(
        "who moved the live side, as far as the service still says",
        by=maybe(text("user id or mail address as recorded")),
        client=maybe(text("IMS client id; exc_app is the UI")),
        at=maybe(number("seconds since 1970 UTC")),
        note=maybe(text("why somebody is missing")),
    ),
    "field": closed(
        "one difference between live (before) and config (after)",
        path=text("the leaf shown, e.g. place.path"),
        field=text("the managed field it belongs to"),
        before=ANY,
        after=ANY,
        cause=one_of("why both sides differ", Cause),
        actor=maybe(ref("actor")),
        at=maybe(ref("location")),
    ),
    "marker": closed(
        "what is written at the end of a description",
        project=text("owner"),
        address=ADDRESS,
        generation=number("raised by each replacement"),
        protected=flag("protect is set"),
        replaced=flag("is being replaced"),
        seen_on=flag("was last seen switched on"),
        applied=mapping("field: digests of the value last applied", listing("one or two", text("digest, or seconds"))),
    ),
    "step": closed(
        "one write",
        key=text("names the step within the plan"),
        action=one_of("what the request does", Action),
        kind=text("the service's kind of object"),
        address=ADDRESS,
        id=maybe(text("of the object written; null before it is created")),
        fields=mapping("what is sent", ANY),
        refs=mapping("ids, or {ref: step} for an object that a step creates", ANY),
        marker=maybe(ref("marker")),
        unmark=flag("takes the marker off"),
        act=maybe(text("operation of an act, e.g. disable")),
        needs=listing("steps done before", text("key")),
        seen=mapping("digests of what was read, by field", text("digest")),
        secrets=listing("references whose values are sent", text("name, never the value")),
        type=text("destination type"),
        title=text("name of a created connection"),
        text=maybe(text("the description's own text")),
        probe=flag("a deletion that fails when somebody hidden uses the object"),
    ),
    "item": closed(
        "all that a plan says and does about one address",
        address=ADDRESS,
        verb=one_of("what happens", Verb),
        id=maybe(text("of the flow or base connection")),
        held=flag("a stop made by hand is held"),
        renewed=flag("a rolling end is moved"),
        fields=listing("the differences", ref("field")),
        steps=listing("the writes, in order", ref("step")),
        consequences=listing(
            "what follows",
            closed(
                "one consequence",
                rule=text("stable id"),
                text=text("for people"),
                level=text("info, warning, or cost (may send data again)"),
            ),
        ),
        refusals=listing(
            "gates that refuse",
            closed(
                "one refusal",
                gate=text("which gate"),
                text=text("for people"),
                allow=text("the one edit or flag that allows exactly this"),
            ),
        ),
        findings=listing("warnings and notes", ref("finding")),
        schedule=maybe(text("the rhythm in words")),
        ends=maybe(number("when it ends after this plan, seconds since 1970 UTC")),
        next_before=listing("next runs as things stand", number("seconds since 1970 UTC")),
        next_after=listing("next runs after this plan", number("seconds since 1970 UTC")),
        at=maybe(ref("location")),
    ),
    "unmanaged": closed(
        "a live flow that is not of this config",
        id=text("flow id"),
        name=text("flow name"),
        type=maybe(text("destination type, null when not known here")),
        owner=maybe(text("project that owns it; null: nobody's config")),
        enabled=flag("switched on"),
        ends=maybe(number("seconds since 1970 UTC")),
        assumed_end=flag("the end is the service's default, worked out"),
    ),
    "outcome": closed(
        "what became of one step",
        step=text("the step's key"),
        address=ADDRESS,
        action=one_of("what the request does", Action),
        act=maybe(text("operation of an act")),
        kind=text("the service's kind of object"),
        id=maybe(text("of the object")),
        status=one_of("how it ended", Status),
        rule=maybe(text("stable id of what went wrong")),
        message=maybe(text("for people")),
        hint=maybe(text("what to do")),
    ),
}

FOUND = closed(
    "one thing found",
    group=one_of("what kind of thing", Group),
    address=maybe(ADDRESS),
    id=maybe(text("flow or base connection id")),
    field=maybe(ref("field")),
    finding=maybe(ref("finding")),
    verb=maybe(one_of("what is pending as a whole", Verb)),
    ends=maybe(number("seconds since 1970 UTC")),
    renewal_due=flag("the rolling end is due"),
    unmanaged=maybe(ref("unmanaged")),
)
