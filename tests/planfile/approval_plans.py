"""Plans for the laws of saved plans: drawn by hypothesis, and one rich enough to be edited in every place."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.hold import FREEZE, NEAR_RUN, Hold
from exportctl.model.loss import Loss
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import (
    MAX_TIMESTAMP,
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

AS_OF = 1795312800
HEADER = PlanHeader("org@AdobeOrg", "prod", None, "acme", "service")

texts = st.text(max_size=8)
names = st.text("abc-", min_size=1, max_size=4)
moments = st.integers(0, MAX_TIMESTAMP)
leaf_values = st.none() | st.booleans() | st.integers(-MAX_TIMESTAMP, MAX_TIMESTAMP) | texts | texts.map(SensitiveValue)
field_values = leaf_values | st.lists(leaf_values, max_size=2) | st.dictionaries(names, leaf_values, max_size=2)
locations = st.none() | st.builds(SourcePosition, texts, st.integers(1, 9), st.integers(1, 9))
actors = st.none() | st.builds(Actor, st.none() | texts, st.none() | texts, st.none() | moments, st.none() | texts)
findings = st.builds(Finding, texts, texts, locations, st.none() | texts, st.sampled_from(Level))
markers = st.none() | st.builds(
    Marker,
    project=names,
    kind=st.just("e"),
    name=names,
    generation=st.integers(1, 9),
    protected=st.booleans(),
    applied=st.dictionaries(st.sampled_from(["title", "end"]), st.just(("3f2a",)), max_size=2),
)
addresses = st.builds(Address, st.sampled_from(["exports", "destinations"]), names)
steps = st.builds(
    Step,
    key=texts,
    action=st.sampled_from(Action),
    kind=texts,
    address=addresses,
    id=st.none() | texts,
    fields=st.dictionaries(names, field_values, max_size=2),
    refs=st.dictionaries(names, texts | texts.map(Ref), max_size=2),
    marker=markers,
    remove_marker=st.booleans(),
    operation=st.none() | texts,
    needs=st.lists(texts, max_size=2).map(tuple),
    seen=st.dictionaries(names, texts, max_size=2),
    secrets=st.lists(texts, max_size=2).map(tuple),
)
fields = st.builds(FieldChange, texts, texts, field_values, field_values, st.sampled_from(Cause), actors, locations)
losses = st.builds(
    Loss,
    type=st.none() | texts,
    datasets=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
    place=texts,
    location=st.dictionaries(names, texts, max_size=2),
    reason=st.none() | texts,
    last_run=st.none() | moments,
    last_run_state=st.none() | texts,
)
volumes = st.builds(
    Volume,
    st.lists(
        st.builds(
            SentRuns,
            *(texts, texts, st.integers(1, 9), moments, st.none() | st.integers(0, 9), st.none(), st.booleans()),
            st.lists(texts, max_size=1).map(tuple),
        ),
        max_size=1,
    ).map(tuple),
    st.lists(st.builds(UnknownVolume, texts, texts), max_size=1).map(tuple),
)
items = st.builds(
    PlanItem,
    address=addresses,
    verb=st.sampled_from(Verb),
    id=st.none() | texts,
    service_state=st.none() | texts,
    fields=st.lists(fields, max_size=2).map(tuple),
    steps=st.lists(steps, max_size=2).map(tuple),
    consequences=st.lists(st.builds(Consequence, texts, texts), max_size=1).map(tuple),
    refusals=st.lists(st.builds(Refusal, texts, texts, texts), max_size=2).map(tuple),
    findings=st.lists(findings, max_size=1).map(tuple),
    ends=st.none() | moments,
    schedule=st.none() | texts,
    next_before=st.lists(moments, max_size=1).map(tuple),
    next_after=st.lists(moments, max_size=1).map(tuple),
    at=locations,
    lost=st.none() | losses,
    volume=st.none() | volumes,
)
headers = st.builds(PlanHeader, texts, texts, st.none() | texts, texts, st.sampled_from(["service", "embedded"]))
plans = st.builds(
    Plan,
    header=headers,
    as_of=moments,
    items=st.lists(items, max_size=3, unique_by=lambda i: i.address).map(tuple),
    findings=st.lists(findings, max_size=1).map(tuple),
    other_flows=st.lists(
        st.builds(OtherFlow, texts, texts, st.none(), st.none() | texts, st.booleans(), st.none(), st.booleans()),
        max_size=1,
    ).map(tuple),
    unset=st.lists(texts, max_size=2, unique=True).map(tuple),
    excluded=st.lists(texts, max_size=1).map(tuple),
    holds=st.lists(
        st.builds(Hold, st.sampled_from([FREEZE, NEAR_RUN]), texts, st.none() | moments, texts, texts), max_size=1
    ).map(tuple),
    options=st.dictionaries(names, st.integers(0, 9) | st.lists(texts, max_size=1), max_size=1),
)

WEB = Address("exports", "web")
MARKER = Marker("acme", "e", "web", applied={"schedule.every": ("3f2a",), "end": (str(AS_OF),)})


def patch_step(**rest: Any) -> Step:
    """The one PATCH of a flow that carries everything."""
    given: dict[str, Any] = {
        "fields": {"schedule.every": "3 hours"},
        "marker": MARKER,
        "seen": {"schedule.every": "77d0", "end": "aaaa", "description": "bbbb"},
        "secrets": ("${env:KEY}",),
        **rest,
    }
    return Step("exports.web/flow/update", Action.UPDATE, "flow", WEB, "f-1", **given)


def updated_item(step: Step | None = None, **rest: Any) -> PlanItem:
    given: dict[str, Any] = {
        "fields": (
            FieldChange(
                "schedule.every", "schedule.every", "1 day", "3 hours", Cause.PENDING, None, SourcePosition("a.yaml")
            ),
        ),
        "steps": (step or patch_step(),),
        "consequences": (Consequence("mode", "may send again", "cost"),),
        "ends": AS_OF + 1000,
        "next_after": (AS_OF + 100,),
        "at": SourcePosition("a.yaml", 3, 3),
        **rest,
    }
    return PlanItem(WEB, Verb.UPDATE, "f-1", **given)


def plan(*shown: PlanItem, **rest: Any) -> Plan:
    return Plan(HEADER, AS_OF, shown, **rest)
