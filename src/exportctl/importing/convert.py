"""
One live flow -> its values in terms of the config, or the reason to leave it out. Pure.

Nothing is approximated: one value that the config cannot express leaves out the whole flow. Keys of a flow beside the
managed fields are only named (`kept_as_is`); every later update keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.frozen import dataclass
from exportctl.importing import kept_as_is
from exportctl.importing.kept_as_is import unmodelled_names
from exportctl.importing.result import LeftOutFlow, LeftOutReason
from exportctl.model import schedule as schedules
from exportctl.model.plan import LiveObject
from exportctl.model.project import Format, Schedule
from exportctl.model.schedule import ONCE
from exportctl.plan.desired import Specs, target_properties
from exportctl.plan.ownership import LiveFlow, Ownership
from exportctl.resources import kinds, wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import PROFILE_STORE_SPEC, DestinationType
from exportctl.resources.flow_states import state_phrase
from exportctl.resources.kinds import EVERY, FLOW, FOLDER, FORMAT, SOURCE_CONNECTION, START, TARGET_CONNECTION
from exportctl.yaml_edit.emit import is_writable

_AUDIENCE_FLOWS = frozenset(kind.audience_flow_spec for kind in TYPES.values())
_ENCRYPTION = ("encryptionSpecs", "encryption")  # on a base connection or, in the published spec, on a target
_FORMAT_WORDS = {"type": "file type", "compression": "compression"}
ReasonText = tuple[LeftOutReason, str]


@dataclass(frozen=True)
class ConversionContext:
    """What flows are checked against; `adopted` maps flow ids to the address that names them in `adopt`."""

    ownership: Ownership
    specs: Specs
    project: str
    adopted: Mapping[str, str]
    as_of: int


@dataclass(frozen=True)
class ImportableFlow:
    """
    One flow in terms of the config.

    `location` is by YAML key, without empty values. `datasets` are pairs of id and stored name, which may be "". `end`
    and `created` are in seconds; `end` is None if the service shows none. `kept` names keys that no config describes.
    """

    id: str
    title: str
    description: str
    type: DestinationType
    base: LiveObject
    location: Mapping[str, str]
    format: Format
    datasets: tuple[tuple[str, str], ...]
    schedule: Schedule
    end: int | None
    folder: str
    enabled: bool
    created: int
    kept: tuple[str, ...]
    plain: Mapping[str, object]  # values of fields that only a row of the kinds knows, where they are not the default

    @property
    def path(self) -> str:
        return self.location.get(self.type.folder_key, "")


def convert_flow(live_flow: LiveFlow, context: ConversionContext) -> ImportableFlow | LeftOutFlow:
    """Convert a flow, or return the first reason why the config cannot express it."""
    why = next(_reasons(live_flow, context), None)
    if why is not None:
        return LeftOutFlow(live_flow.flow.id, live_flow.flow.name, *why)
    kind, flow, target = live_flow.type, live_flow.fields, live_flow.target_fields
    assert kind is not None and live_flow.base_id is not None
    return ImportableFlow(
        id=live_flow.flow.id,
        title=live_flow.flow.name,
        description=live_flow.flow.text,
        type=kind,
        base=context.ownership.base_connections[live_flow.base_id],
        location=target[kinds.LOCATION],
        format=live_format(live_flow, context.specs),
        datasets=tuple(live_flow.dataset_names.items()),
        schedule=_schedule(flow[EVERY], flow[START], context.as_of),
        end=flow[kinds.END],
        folder=flow[FOLDER],
        enabled=flow[kinds.ENABLED],
        created=live_flow.flow.created_at,
        kept=unmodelled_names(live_flow),
        plain={
            rule.name: read[rule.name]
            for kind_of, read in ((FLOW, flow), (TARGET_CONNECTION, target))
            for rule in kind_of.plain_fields
            if read[rule.name] != rule.default
        },
    )


def live_format(live_flow: LiveFlow, specs: Specs) -> Format:
    """Convert the format; a manifest that the live spec does not list becomes `force`, because the flow has it."""
    shown, kind = live_flow.target_fields[FORMAT], live_flow.type
    listed = kind is not None and wire.MANIFEST in target_properties(specs.get(kind.connection_spec, {}))
    manifest = (True if listed else "force") if shown["manifest"] else False
    return Format(shown["type"], shown["compression"], manifest)


def _schedule(every: str, start: int | None, as_of: int) -> Schedule:
    """
    Convert the schedule.

    `start` is kept only if it is after the next run of the grid. A one-time export that has started needs no `at`.
    """
    if every == ONCE and (start is None or start <= as_of):
        return Schedule(ONCE, 0, 0)
    assert start is not None
    at = schedules.grid_offset(start, every)
    later = start if start > schedules.first_start(every, at, None, as_of) else None
    if every == ONCE:
        return Schedule(ONCE, 0, at, later)
    number, unit = every.split()
    return Schedule(unit.rstrip("s"), int(number), at, later)


# -- reasons, in this order; each relies on the checks before it ------------------------------------------------------


def _reasons(live_flow: LiveFlow, context: ConversionContext) -> Iterator[ReasonText]:
    yield from _ownership_reasons(live_flow, context)
    yield from _connection_reasons(live_flow)
    yield from _account_reasons(live_flow, context)
    checks = (_dataset_texts, _location_texts, _name_texts, _schedule_texts)
    yield from ((LeftOutReason.NOT_EXPRESSIBLE, text) for check in checks for text in check(live_flow))


def _ownership_reasons(live_flow: LiveFlow, context: ConversionContext) -> Iterator[ReasonText]:
    owner = live_flow.marker
    if owner and owner.project != context.project:
        yield LeftOutReason.OTHER_PROJECT, f"belongs to project {owner.project} ({owner.address})"
    if owner:
        yield LeftOutReason.DECLARED, f"is {owner.address} of this project already"
    if live_flow.flow.id in context.adopted:
        yield LeftOutReason.DECLARED, f"is adopted by {context.adopted[live_flow.flow.id]} already"
    if live_flow.type is None:
        if _is_audience_flow(live_flow):
            yield LeftOutReason.AUDIENCE, "exports audiences, no datasets"
        yield LeftOutReason.UNKNOWN_TYPE, "has a destination type that exportctl does not know"
    left = live_flow.target.marker if live_flow.target else None  # a source connection keeps its marker after a release
    if left is not None:
        claim = f"{left.address} of project {left.project}"
        yield LeftOutReason.MARKED_TARGET, f"has no marker, but its target connection has that of {claim}"


def _is_audience_flow(live_flow: LiveFlow) -> bool:
    """Return whether the flow reads the profile store or has an audience template."""
    flow = live_flow.flow.raw
    reads_profiles = PROFILE_STORE_SPEC in wire.inherited_specs(flow, "sourceConnections")  # [D]
    return reads_profiles or str(wire.members(flow.get("flowSpec")).get("id")) in _AUDIENCE_FLOWS


def _connection_reasons(live_flow: LiveFlow) -> Iterator[ReasonText]:
    for label, name in (("source", kinds.SOURCE_IDS), ("target", kinds.TARGET_IDS)):
        count = len(wire.ids(live_flow.flow.raw, name))
        if count != 1:
            yield LeftOutReason.SEVERAL_CONNECTIONS, f"has {count} {label} connections, where an export has one"
    for kind, child in ((SOURCE_CONNECTION, live_flow.source), (TARGET_CONNECTION, live_flow.target)):
        if child is None:
            yield LeftOutReason.HIDDEN, f"has a {kind.label} that this credential cannot see, or one of another kind"
    if live_flow.shared_ids:
        others = ", ".join(f'"{name}"' for name in live_flow.other_flow_names)
        yield LeftOutReason.SHARED_CONNECTIONS, f"shares its connections with other flows: {others}"


def _account_reasons(live_flow: LiveFlow, context: ConversionContext) -> Iterator[ReasonText]:
    assert live_flow.target is not None
    base = context.ownership.base_connections.get(live_flow.base_id or "")
    if base is None:
        yield LeftOutReason.HIDDEN, "has an account that this credential cannot see"
        return
    if any(wire.destination_type(o.raw) is not live_flow.type for o in (live_flow.target, base)):
        yield LeftOutReason.NOT_EXPRESSIBLE, "has a target connection or account of another destination type"
    if any(live.raw.get(key) for live in (base, live_flow.target) for key in _ENCRYPTION):
        text = "encrypts its files: that is fixed when an account is created, so an import cannot adopt it"
        yield LeftOutReason.ENCRYPTED, text


def _dataset_texts(live_flow: LiveFlow) -> Iterator[str]:
    assert live_flow.source is not None
    entries, ids = wire.members(live_flow.source.raw.get("params")).get("datasets"), live_flow.dataset_ids
    if not isinstance(entries, list) or not ids:
        yield "has a source connection without datasets"
    elif kept_as_is.has_ambiguous_datasets(live_flow) or not all(one and is_writable(one) for one in ids):
        yield "has a source connection that names a dataset twice, or one without its id"


def _location_texts(live_flow: LiveFlow) -> Iterator[str]:
    kind = live_flow.type
    assert kind is not None and live_flow.target is not None
    params, form = wire.members(live_flow.target.raw.get("params")), live_flow.target_fields[FORMAT]
    if not params:
        yield "has a target connection without params"
    for field in kind.location:
        value = params.get(field.wire)
        if not (isinstance(value, str) and is_writable(value)) and value is not None:
            yield f"has a {field.name} that is not text"
        if field.required and not value and field.name != kind.folder_key:
            yield f"has no {field.name}"
    for key in ("type", "compression"):
        if not form[key]:
            yield f"shows no {_FORMAT_WORDS[key]}"
        elif not is_writable(form[key]):
            yield f"has half a character in its {_FORMAT_WORDS[key]}"
    if params.get(wire.MANIFEST) not in (None, True, False):
        yield f"has a {wire.MANIFEST} that is neither true nor false"


def _name_texts(live_flow: LiveFlow) -> Iterator[str]:
    flow = live_flow.flow
    if not flow.name:
        yield "has no name"
    if kept_as_is.has_two_folders(live_flow):
        yield "has two folder templates, and which one counts is not published"
    if not all(is_writable(text) for text in (flow.name, flow.text, live_flow.fields[FOLDER])):
        yield "has half a character in its name, description or folder"
    elif flow.text.endswith("\r"):  # the line break before a marker would lose it
        yield "has a description that ends in a carriage return"


def _schedule_texts(live_flow: LiveFlow) -> Iterator[str]:
    params = wire.members(live_flow.flow.raw.get("scheduleParams"))
    every, start = live_flow.fields[EVERY], live_flow.fields[START]
    shown = f"interval {params.get('interval')} and timeUnit {params.get('timeUnit')}"
    if kept_as_is.has_unstable_state(live_flow):
        yield f"is {state_phrase(live_flow.state)}, neither enabled nor disabled"
    if not every and not kept_as_is.has_unusual_mode(live_flow):
        yield f"has {shown}, which is not a schedule"
    if kept_as_is.has_unusual_mode(live_flow):
        yield f"has exportMode {params['exportMode']} with {shown}"
    if kept_as_is.has_unreadable_end(live_flow):
        yield f'has the endTime "{live_flow.unknown_end}", which is not a moment that exportctl can read'
    if start is None and every != ONCE:
        yield "has no startTime that exportctl can read"
