"""
Convert a Plan to JSON values: one form for the saved file, its digest and the JSON output.

`encode_plan` gives dicts, lists, text and numbers. A sensitive value becomes `(sensitive)`, and a value that cannot be
compared says why; a Plan contains no secret. Unchanged addresses without content are only counted. deserialize.py has
the way back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.bound_values import BoundValues
from exportctl.model.hold import FREEZE, NEAR_RUN, Hold
from exportctl.model.json_form import (
    Definition,
    Json,
    JsonObject,
    Member,
    choice,
    counts,
    flag,
    listing,
    mapping,
    nullable,
    number,
    optional,
    part,
    text,
)
from exportctl.model.loss import Loss
from exportctl.model.next_steps import MoveOffer, NextStep
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import (
    PLATFORMS,
    Action,
    Actor,
    Address,
    Cause,
    Consequence,
    FieldChange,
    Marker,
    Plan,
    PlanHeader,
    PlanItem,
    Refusal,
    SensitiveValue,
    Step,
    Verb,
)
from exportctl.model.ref import Ref
from exportctl.model.volume import SentRuns, UnknownVolume, Volume
from exportctl.planfile.binding import bound_items

T = TypeVar("T")

_PLAIN = frozenset({str, int, bool, type(None)})  # types of most values, which JSON has too
_MOMENT = "seconds since 1970 UTC"
COUNTS = (
    "create",
    "update",
    "replace",
    "delete",
    "adopt",
    "move",
    "paused",
    "renew",
    "blocked",
    "unchanged",
    "marker",
    "clean",
    "writes",
)


def value(shown: Any) -> Any:
    """
    Return the value of a field for a document. A `Ref` becomes `{"ref": step}`.

    Raises:
        TypeError: the value has an unknown type, so it is not certain that it may be shown.
    """
    if type(shown) in _PLAIN:
        return shown
    if isinstance(shown, SensitiveValue):
        return str(shown)
    if isinstance(shown, Ref):
        return {"ref": shown.step}
    if isinstance(shown, str):
        return str(shown)
    if isinstance(shown, Mapping):
        return {str(k): value(v) for k, v in sorted(shown.items(), key=lambda pair: str(pair[0]))}
    if isinstance(shown, frozenset | set):
        return sorted((value(v) for v in shown), key=str)
    if isinstance(shown, Sequence):
        return [value(v) for v in shown]
    raise TypeError(f"a plan cannot contain the type {type(shown).__name__}")


def field_value(get: Callable[[T], Any] | None = None) -> Member[T]:
    """Describe a value of a managed field."""
    description = "a value of the field: text, number, true or false, list, map or null; masked if sensitive"
    return Member(lambda: {"description": description}, value, get)


def address(get: Callable[[T], Address | None] | None = None) -> Member[T]:
    """Describe an address."""
    return Member(lambda: {"type": "string", "description": "exports.NAME or destinations.NAME"}, str, get)


POSITION = Definition[SourcePosition](
    "source_position", "a line of a config file", file=text("path"), line=number("from 1"), column=number("from 1")
)


ERROR = Definition[Finding](
    "error",
    "what is wrong, where, and how to fix it",
    rule=text("stable id"),
    message=text("for people"),
    file=nullable(text("path of the config file", lambda f: f.at.file if f.at else None)),
    line=nullable(number("from 1", lambda f: f.at.line if f.at else None)),
    column=nullable(number("from 1", lambda f: f.at.column if f.at else None)),
    hint=nullable(text("how to fix it")),
)
FINDING = Definition[Finding](
    "finding",
    "one message about a config or a plan",
    **ERROR.members,
    level=choice("how serious it is", Level),
)
ACTOR = Definition[Actor](
    "actor",
    "who changed the live side, where the service still records it",
    by=nullable(text("user id or mail address as recorded")),
    client=nullable(text("IMS client id; exc_app is the UI")),
    at=nullable(number(_MOMENT)),
    note=nullable(text("why the user or the client is missing")),
)
FIELD = Definition[FieldChange](
    "field",
    "one difference between live (before) and config (after)",
    path=text("the key in the YAML, e.g. path or schedule.every"),
    field=text("the managed field it belongs to"),
    before=field_value(),
    after=field_value(),
    cause=choice("why the two sides differ", Cause),
    actor=nullable(part(ACTOR)),
    at=nullable(part(POSITION)),
    note=optional(text("more about the cause"), lambda f: f.note is not None),
)
MARKER = Definition[Marker](
    "marker",
    "the ownership marker at the end of a description",
    project=text("the project that owns the object"),
    address=address(),
    generation=number("each replacement adds 1"),
    protected=flag("`protect` is set"),
    being_replaced=flag("a replacement of the object has begun"),
    last_seen_enabled=flag("the flow was enabled when exportctl last saw it"),
    disables=optional(flag("exportctl disabled the flow, or is about to"), lambda m: m.disables),
    enables=optional(flag("exportctl enabled the flow, or is about to"), lambda m: m.enables),
    committed_at=optional(
        number("commit time of the config last applied, in seconds since 1970 UTC"),
        lambda m: m.committed_at is not None,
    ),
    moved_from=optional(
        text("trace of the project and the address that the flow came from"), lambda m: m.moved_from is not None
    ),
    applied=mapping(
        "by field: digests of the value that was last applied", listing("one or two", text("digest, or seconds"))
    ),
)
STEP = Definition[Step](
    "step",
    "one write request",
    key=text("name of the step in this plan"),
    action=choice("what the request does", Action),
    kind=text("the service's kind of object"),
    address=address(),
    id=nullable(text("id of the object; null before it is created")),
    fields=mapping("the fields that are sent", field_value()),
    refs=mapping("ids of other objects; {ref: step} for an object that a step creates", field_value()),
    marker=nullable(part(MARKER)),
    remove_marker=flag("the request removes the ownership marker"),
    operation=nullable(text("operation of an `act`, e.g. disable")),
    needs=listing("steps that must be done before this one", text("key of a step"), lambda s: sorted(s.needs)),
    seen=mapping("by field: salted SHA-256 of the value that was read", text("64 hex digits")),
    secrets=listing(
        "secret references with a value that apply sends",
        text("name of the reference, never its value"),
        lambda s: sorted(s.secrets),
    ),
    type=text("destination type"),
    title=text("name of the connection that is created"),
    text=nullable(text("the description without the ownership marker")),
    detects_hidden_flow=flag("a deletion that fails while a flow that this credential cannot see uses the object"),
)
CONSEQUENCE = JsonObject[Consequence](
    "one consequence of the changes",
    rule=text("stable id"),
    text=text("for people"),
    level=text("info, warning, or cost (may send data again)"),
    readers=optional(
        listing("the `readers` of the export that must change too", text("as the config names them")),
        lambda c: bool(c.readers),
    ),
)

MOVE_OFFER = JsonObject[MoveOffer](
    "a flow of another project that an entry of `move_from` can move here",
    project=text("the project that owns the flow"),
    export=text("KEY or KEY/PART of the export in that project"),
    flow=text("flow id"),
    to=text("KEY or KEY/PART of the export in this project"),
)
REFUSAL = JsonObject[Refusal](
    "one safety check that blocks",
    safety_check=text("name of the safety check"),
    text=text("for people"),
    allow=text("the one edit or flag that allows exactly this"),
    moves=optional(listing("flows that can move here instead", MOVE_OFFER), lambda r: bool(r.moves)),
)
BOUND = JsonObject[BoundValues](
    "salted SHA-256 digests of what the approval covers and the document does not show",
    fields=mapping("of sensitive values of fields, by number, path and side", text("64 hex digits")),
    steps=mapping(
        "by step: of sensitive texts that it sends, and of the values behind their references",
        mapping("by name", text("64 hex digits; or that the variable was not set")),
    ),
)
LOSS = JsonObject[Loss](
    "what a deleted or replaced flow exports until then; the delivered files stay",
    type=nullable(text("destination type; null: exportctl does not know it")),
    datasets=listing(
        "by name",
        JsonObject[tuple[str, str]](
            "one dataset", id=text("dataset id", lambda d: d[0]), name=text("dataset name", lambda d: d[1])
        ),
    ),
    place=text("the location in one text, e.g. s3://acme/aep"),
    location=mapping("by key of the YAML", field_value()),
    format=mapping("by key of the YAML", field_value()),
    folder=nullable(text("the folder template")),
    schedule=nullable(text("the schedule in words")),
    reason=nullable(text("the reason in the `removed` entry")),
    last_run=nullable(number(f"when the newest run began that the flow shows, {_MOMENT}")),
    last_run_state=nullable(text("done, partial, failed or running")),
)
VOLUME = JsonObject[Volume](
    "what is known of the volume of a full export",
    sent=listing(
        "what the runs of a flow sent so far; it is no size of a full export",
        JsonObject[SentRuns](
            "one flow",
            flow=text("flow id"),
            name=text("flow name"),
            runs=number("runs that succeeded"),
            since=number(f"when the oldest of them began, {_MOMENT}"),
            rows=nullable(number("rows; null: no run says it")),
            size=nullable(number("bytes; null: no run says it of these datasets")),
            is_whole=flag("the service shows no older run"),
            datasets=listing("what this tells about", text("dataset name")),
            others=number("further datasets of the flow in these numbers"),
        ),
    ),
    unknown=listing(
        "datasets of which nothing is known",
        JsonObject[UnknownVolume]("one dataset", dataset=text("dataset name"), reason=text("for people")),
    ),
)
ITEM = Definition[PlanItem](
    "item",
    "everything that a plan says and does about one address",
    address=address(),
    verb=choice("what happens", Verb),
    id=nullable(text("id of the flow or of the account")),
    service_state=optional(
        text("the state as the service shows it; only if it is neither enabled nor disabled"),
        lambda i: i.service_state is not None,
    ),
    paused=flag("the flow was paused by hand; exportctl leaves it paused", lambda i: i.is_paused),
    renewal_due=flag("the plan moves a rolling end", lambda i: i.has_renewal),
    fields=listing("the differences", FIELD),
    steps=listing("the writes, in order", STEP),
    consequences=listing("what follows from the changes", CONSEQUENCE),
    refusals=listing("safety checks that block the changes", REFUSAL),
    findings=listing("warnings and notes", FINDING),
    schedule=nullable(text("the schedule in words")),
    ends=nullable(number(f"when it ends after this plan, {_MOMENT}")),
    next_before=listing("next runs without this plan", number(_MOMENT)),
    next_after=listing("next runs after this plan", number(_MOMENT)),
    at=nullable(part(POSITION)),
    lost=optional(part(LOSS), lambda i: i.lost is not None),
    volume=optional(part(VOLUME), lambda i: i.volume is not None),
    bound=part(BOUND),
)
_APPROVED_ITEM = ITEM.subset(  # what staleness.py reads of an item
    "address",
    "verb",
    "id",
    "steps",
    "bound",
    fields=listing("", FIELD.subset("path", "field", "before", "after", "cause")),
    consequences=listing("", CONSEQUENCE.subset("rule")),
    refusals=listing("", REFUSAL.subset("safety_check", "text", "allow")),
)
OTHER_FLOW = Definition[OtherFlow](
    "other_flow",
    "a live flow that this config does not manage",
    id=text("flow id"),
    name=text("flow name"),
    type=nullable(text("destination type; null: exportctl does not know it")),
    owner=nullable(text("project that owns the flow; null: no project")),
    enabled=nullable(flag("the flow is enabled; null: its state is neither enabled nor disabled")),
    state=text("the state as the service shows it; empty: it shows none"),
    ends=nullable(number(_MOMENT)),
    assumed_end=flag("the service shows no end; `ends` is the default, computed from the creation"),
    moved_from=optional(text("the address that the flow had in this project"), lambda u: u.moved_from is not None),
)
HOLD = JsonObject[Hold](
    "what keeps an apply from writing at the moment of the plan",
    safety_check=choice("the kind", (FREEZE, NEAR_RUN)),
    subject=text("the name of the freeze, or the address with a run nearby"),
    until=nullable(number(f"when it passes, {_MOMENT}; null: not known")),
    text=text("for people"),
    allow=text("the one option that allows exactly this"),
)
NEXT_STEP = JsonObject[NextStep](
    "what to do about the whole plan",
    text=text("for people"),
    yaml=text("the lines to paste into the config"),
)
HEADER = JsonObject[PlanHeader](
    "what the plan was made for",
    organization=text("IMS organization id"),
    sandbox=text("sandbox name"),
    environment=nullable(text("the config's environment")),
    project=text("the config's project"),
    platform=choice("service, or an emulator, from which nothing reaches Adobe", PLATFORMS),
    snapshot_at=optional(
        number(f"when the snapshot behind this document was taken, {_MOMENT}"), lambda h: h.snapshot_at is not None
    ),
    url=text("where apply sends its requests"),
    repository=nullable(text("the repository that apply writes into descriptions")),
)
CONTENT: Mapping[str, Member[Plan]] = {
    "options": mapping("options that the plan was made with", field_value()),
    "unset": listing("references without a value", text("name"), lambda p: sorted(p.unset)),
    "targeted_out": number("addresses that --target left out"),
    "excluded": listing("addresses that --exclude left out, also because of what they need", address()),
    "counts": counts("the footer's numbers", COUNTS, lambda p: {**p.counts(), "writes": len(p.steps())}),
    "empty": flag(
        "no create, update, replace, delete, adopt, move or release, and no orphan to delete", lambda p: p.is_empty
    ),
    "refused": flag("a safety check blocks the plan", lambda p: p.is_refused),
    "items": listing("in plan order; unchanged addresses are only counted", ITEM, lambda p: _listed_items(p)),
    "findings": listing("messages about the plan as a whole", FINDING),
    "other_flows": listing("live flows that this config does not manage", OTHER_FLOW),
    "holds": listing("what keeps an apply from writing at `as_of`; no part of the approval", HOLD),
    "next_steps": listing("edits that the plan offers as a whole", NEXT_STEP),
}
SAVED_PLAN = JsonObject[Plan]("the plan", header=part(HEADER), as_of=number(_MOMENT), **CONTENT)


def has_content(shown: PlanItem) -> bool:
    """Check whether a document lists the item; an unchanged address without content is only counted."""
    return shown.verb is not Verb.UNCHANGED or bool(shown.fields or shown.steps or shown.refusals or shown.findings)


def _listed_items(plan: Plan) -> Iterator[PlanItem]:
    return bound_items(replace(plan, items=tuple(filter(has_content, plan.items))))


def encode_plan(plan: Plan) -> Json:
    """Return the whole plan as JSON values, in plan order."""
    return SAVED_PLAN.encode(plan)


def encode_approved_items(plan: Plan) -> Iterator[Json]:
    """Yield the items of `encode_plan` with what an approval reads of them, each when it is its turn."""
    return map(_APPROVED_ITEM.encode, _listed_items(plan))
