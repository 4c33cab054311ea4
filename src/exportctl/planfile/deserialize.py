"""
Read a Plan from its JSON values for display, never for apply: masked values stay masked, references are plain data.

serialize.py describes the form.
"""

from __future__ import annotations

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.bound_values import BoundValues
from exportctl.model.hold import Hold
from exportctl.model.json_form import Json
from exportctl.model.loss import Loss
from exportctl.model.next_steps import MoveOffer, NextStep
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import (
    EXPORTS,
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
    Step,
    Verb,
)
from exportctl.model.volume import SentRuns, UnknownVolume, Volume


def decode_plan(content: Json) -> Plan:
    """
    Build a Plan for display from a document.

    A document does not contain the unchanged addresses, so use its `counts` for numbers.

    Raises:
        KeyError, TypeError, ValueError: a part of the document is missing or has the wrong type.
    """
    return Plan(
        header=PlanHeader(**content["header"]),
        as_of=content["as_of"],
        items=tuple(_item(i) for i in content["items"]),
        findings=tuple(_decode_finding(f) for f in content["findings"]),
        other_flows=tuple(OtherFlow(**u) for u in content["other_flows"]),
        next_steps=tuple(NextStep(**s) for s in content["next_steps"]),
        unset=tuple(content["unset"]),
        options=content["options"],
        targeted_out=content["targeted_out"],
        excluded=tuple(content["excluded"]),
        holds=tuple(Hold(**h) for h in content["holds"]),
    )


def _item(document: Json) -> PlanItem:
    return PlanItem(
        address=_address(document["address"]),
        verb=Verb(document["verb"]),
        id=document["id"],
        fields=tuple(_field(f) for f in document["fields"]),
        steps=tuple(_step(s) for s in document["steps"]),
        consequences=tuple(
            Consequence(**{**c, "readers": tuple(c.get("readers", ()))}) for c in document["consequences"]
        ),
        refusals=tuple(_refusal(r) for r in document["refusals"]),
        findings=tuple(_decode_finding(f) for f in document["findings"]),
        ends=document["ends"],
        schedule=document["schedule"],
        next_before=tuple(document["next_before"]),
        next_after=tuple(document["next_after"]),
        at=_source_position(document["at"]),
        service_state=document.get("service_state"),
        lost=_loss(document.get("lost")),
        volume=_volume(document.get("volume")),
        bound=BoundValues(**document["bound"]),
    )


def _volume(document: Json | None) -> Volume | None:
    if document is None:
        return None
    sent = tuple(SentRuns(**{**one, "datasets": tuple(one["datasets"])}) for one in document["sent"])
    return Volume(sent, tuple(UnknownVolume(**one) for one in document["unknown"]))


def _loss(document: Json | None) -> Loss | None:
    if document is None:
        return None
    return Loss(**{**document, "datasets": tuple((d["id"], d["name"]) for d in document["datasets"])})


def _refusal(document: Json) -> Refusal:
    moves = tuple(MoveOffer(**m) for m in document.get("moves", ()))
    return Refusal(document["safety_check"], document["text"], document["allow"], moves)


def _address(text: str) -> Address:
    root, _, name = text.partition(".")
    return Address(root, name)


def _field(document: Json) -> FieldChange:
    who = document["actor"]
    changed = {
        "cause": Cause(document["cause"]),
        "actor": Actor(**who) if who else None,
        "at": _source_position(document["at"]),
    }
    return FieldChange(**{**document, **changed})


def _step(document: Json) -> Step:
    changed = {
        "action": Action(document["action"]),
        "address": _address(document["address"]),
        "marker": _marker(document["marker"]),
        "needs": tuple(document["needs"]),
        "secrets": tuple(document["secrets"]),
    }
    return Step(**{**document, **changed})


def _marker(document: Json | None) -> Marker | None:
    if document is None:
        return None
    address = _address(document["address"])
    rest = {name: shown for name, shown in document.items() if name not in ("address", "applied")}
    applied = {name: tuple(digests) for name, digests in document["applied"].items()}
    return Marker(kind="e" if address.root == EXPORTS else "d", name=address.name, applied=applied, **rest)


def _source_position(document: Json | None) -> SourcePosition | None:
    return SourcePosition(**document) if document else None


def _decode_finding(document: Json) -> Finding:
    at = {"file": document["file"], "line": document["line"], "column": document["column"]}
    position = SourcePosition(**at) if document["file"] is not None else None
    return Finding(document["rule"], document["message"], position, document["hint"], Level(document["level"]))
