"""
What output schemas are made of: constructors for strict JSON Schemas, and definitions that several documents share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exportctl.errors import Level
from exportctl.model.plan import Action, Cause, OutcomeStatus, Verb
from exportctl.monitor.drift import DriftGroup

Json = dict[str, Any]


def strict_object(description: str, **properties: Json) -> Json:
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


def choice(description: str, values: Iterable[str]) -> Json:
    return {"enum": [str(v) for v in values], "description": description}


def listing(description: str, items: Json) -> Json:
    return {"type": "array", "description": description, "items": items}


def mapping(description: str, values: Json) -> Json:
    return {"type": "object", "description": description, "additionalProperties": values}


def make_nullable(shown: Json) -> Json:
    """The same or null."""
    rest = {name: part for name, part in shown.items() if name != "description"}
    return {"description": shown.get("description", ""), "anyOf": [rest, {"type": "null"}]}


def make_optional(shown: Json, *names: str) -> Json:
    """The same object, where these keys may be missing."""
    return {**shown, "required": [name for name in shown["required"] if name not in names]}


def ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def counts(description: str, names: Iterable[str]) -> Json:
    return strict_object(description, **{str(name): number(f"how many: {name}") for name in names})


ANY: Json = {"description": "a value of the field: text, number, true or false, list, map or null; masked if sensitive"}
ADDRESS = text("exports.NAME or destinations.NAME")
DEFS: Mapping[str, Json] = {
    "location": strict_object(
        "a place in a config file", file=text("path"), line=number("from 1"), column=number("from 1")
    ),
    "error": strict_object(
        "what is wrong, where, and how to mend it",
        rule=text("stable id"),
        message=text("for people"),
        file=make_nullable(text("path of the config file")),
        line=make_nullable(number("from 1")),
        column=make_nullable(number("from 1")),
        hint=make_nullable(text("the way to mend it")),
    ),
    "finding": strict_object(
        "one thing to say about a config or a plan",
        rule=text("stable id"),
        level=choice("how grave", Level),
        message=text("for people"),
        file=make_nullable(text("path of the config file")),
        line=make_nullable(number("from 1")),
        column=make_nullable(number("from 1")),
        hint=make_nullable(text("the way to mend it")),
    ),
    "actor": strict_object(
        "who moved the live side, as far as the service still says",
        by=make_nullable(text("user id or mail address as recorded")),
        client=make_nullable(text("IMS client id; exc_app is the UI")),
        at=make_nullable(number("seconds since 1970 UTC")),
        note=make_nullable(text("why somebody is missing")),
    ),
    "field": strict_object(
        "one difference between live (before) and config (after)",
        path=text("the leaf shown, e.g. place.path"),
        field=text("the managed field it belongs to"),
        before=ANY,
        after=ANY,
        cause=choice("why both sides differ", Cause),
        actor=make_nullable(ref("actor")),
        at=make_nullable(ref("location")),
    ),
    "marker": strict_object(
        "what is written at the end of a description",
        project=text("owner"),
        address=ADDRESS,
        generation=number("raised by each replacement"),
        protected=flag("protect is set"),
        being_replaced=flag("is being replaced"),
        last_seen_enabled=flag("was last seen switched on"),
        applied=mapping("field: digests of the value last applied", listing("one or two", text("digest, or seconds"))),
    ),
    "step": strict_object(
        "one write",
        key=text("names the step within the plan"),
        action=choice("what the request does", Action),
        kind=text("the service's kind of object"),
        address=ADDRESS,
        id=make_nullable(text("of the object written; null before it is created")),
        fields=mapping("what is sent", ANY),
        refs=mapping("ids, or {ref: step} for an object that a step creates", ANY),
        marker=make_nullable(ref("marker")),
        remove_marker=flag("takes the marker off"),
        operation=make_nullable(text("operation of an act, e.g. disable")),
        needs=listing("steps done before", text("key")),
        seen=mapping("digests of what was read, by field", text("digest")),
        secrets=listing("references whose values are sent", text("name, never the value")),
        type=text("destination type"),
        title=text("name of a created connection"),
        text=make_nullable(text("the description's own text")),
        detects_hidden_flow=flag("a deletion that fails when somebody hidden uses the object"),
    ),
    "item": strict_object(
        "all that a plan says and does about one address",
        address=ADDRESS,
        verb=choice("what happens", Verb),
        id=make_nullable(text("of the flow or base connection")),
        paused=flag("a stop made by hand is held"),
        renewal_due=flag("a rolling end is moved"),
        fields=listing("the differences", ref("field")),
        steps=listing("the writes, in order", ref("step")),
        consequences=listing(
            "what follows",
            strict_object(
                "one consequence",
                rule=text("stable id"),
                text=text("for people"),
                level=text("info, warning, or cost (may send data again)"),
            ),
        ),
        refusals=listing(
            "gates that refuse",
            strict_object(
                "one refusal",
                safety_check=text("which gate"),
                text=text("for people"),
                allow=text("the one edit or flag that allows exactly this"),
            ),
        ),
        findings=listing("warnings and notes", ref("finding")),
        schedule=make_nullable(text("the rhythm in words")),
        ends=make_nullable(number("when it ends after this plan, seconds since 1970 UTC")),
        next_before=listing("next runs as things stand", number("seconds since 1970 UTC")),
        next_after=listing("next runs after this plan", number("seconds since 1970 UTC")),
        at=make_nullable(ref("location")),
    ),
    "unmanaged": strict_object(
        "a live flow that is not of this config",
        id=text("flow id"),
        name=text("flow name"),
        type=make_nullable(text("destination type, null when not known here")),
        owner=make_nullable(text("project that owns it; null: nobody's config")),
        enabled=flag("switched on"),
        ends=make_nullable(number("seconds since 1970 UTC")),
        assumed_end=flag("the end is the service's default, worked out"),
    ),
    "outcome": strict_object(
        "what became of one step",
        step=text("the step's key"),
        address=ADDRESS,
        action=choice("what the request does", Action),
        operation=make_nullable(text("operation of an act")),
        kind=text("the service's kind of object"),
        id=make_nullable(text("of the object")),
        status=choice("how it ended", OutcomeStatus),
        rule=make_nullable(text("stable id of what went wrong")),
        message=make_nullable(text("for people")),
        hint=make_nullable(text("what to do")),
    ),
}

DRIFT_ENTRY = strict_object(
    "one thing found",
    group=choice("what kind of thing", DriftGroup),
    address=make_nullable(ADDRESS),
    id=make_nullable(text("flow or base connection id")),
    field=make_nullable(ref("field")),
    finding=make_nullable(ref("finding")),
    verb=make_nullable(choice("what is pending as a whole", Verb)),
    ends=make_nullable(number("seconds since 1970 UTC")),
    renewal_due=flag("the rolling end is due"),
    unmanaged=make_nullable(ref("unmanaged")),
)
